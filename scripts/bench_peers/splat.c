/* In-betweens from optical flow both ways, after Baker et al., "A Database and Evaluation Methodology for Optical Flow",
 * IJCV 2011, section 3.3.3: the flow is carried to time t, where several arrive the one that explains its pixel counts,
 * holes are filled from their rims inwards, and both frames are sampled along what results. Kinder to the flow than
 * theirs: the flows of both frames are carried, onto the four nearest pixels, weighted instead of picked, and sampled by
 * cubic convolution. One thread. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A colour, and a fourth lane that is not used. */
typedef float Rgb __attribute__((vector_size(16)));

/* Weight of a flow whose ends differ by `error` code values a channel: exp(-error / ERROR_SCALE). */
#define ERROR_SCALE 12.75f
/* Carried weight under which a pixel is a hole. */
#define HOLE 1e-3f

typedef struct {
    float weight, dx, dy;
} Motion;

static int clamp(int value, int limit) {
    return value < 0 ? 0 : value >= limit ? limit - 1 : value;
}

static Rgb *colours(const uint8_t *rgb, int count) {
    Rgb *out = aligned_alloc(64, ((size_t)count * sizeof(Rgb) + 63) / 64 * 64);
    for (int i = 0; i < count; i++)
        out[i] = (Rgb){rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2], 0};
    return out;
}

/* Mean absolute difference of a pixel and the nearest one to where its flow leads. */
static float difference(const Rgb *from, const Rgb *to, int at, float x, float y, int width, int height) {
    Rgb d = from[at] - to[clamp((int)lrintf(y), height) * width + clamp((int)lrintf(x), width)];
    return (fabsf(d[0]) + fabsf(d[1]) + fabsf(d[2])) * (1.0f / 3.0f);
}

/* Carries the flow of one frame over `share` of its way, and adds it up as motion from the first frame to the second. */
static void carry(const Rgb *from, const Rgb *to, const float *flow, float share, float sign, int width, int height,
                  Motion *sums) {
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            int at = y * width + x;
            float dx = flow[2 * at], dy = flow[2 * at + 1];
            float weight = expf(difference(from, to, at, x + dx, y + dy, width, height) * (-1.0f / ERROR_SCALE));
            float px = x + share * dx, py = y + share * dy;
            float left = floorf(px), top = floorf(py), fx = px - left, fy = py - top;
            for (int j = 0; j < 2; j++)
                for (int i = 0; i < 2; i++) {
                    int tx = (int)left + i, ty = (int)top + j;
                    if (tx < 0 || ty < 0 || tx >= width || ty >= height)
                        continue;
                    float w = weight * (i ? fx : 1 - fx) * (j ? fy : 1 - fy);
                    Motion *m = sums + ty * width + tx;
                    m->weight += w, m->dx += sign * w * dx, m->dy += sign * w * dy;
                }
        }
}

/* Sums become means; holes take the mean of their known neighbours, ring after ring from the rim inwards. */
static void fill(Motion *sums, int width, int height) {
    int count = width * height, holes = 0, *open = malloc((size_t)count * sizeof(int));
    for (int i = 0; i < count; i++) {
        Motion *m = sums + i;
        if (m->weight < HOLE) {
            *m = (Motion){0, 0, 0};
            open[holes++] = i;
        } else {
            m->dx /= m->weight, m->dy /= m->weight, m->weight = 1;
        }
    }
    while (holes) {
        int left = 0;
        for (int k = 0; k < holes; k++) {
            int x = open[k] % width, y = open[k] / width;
            Motion sum = {0, 0, 0};
            for (int j = y > 0 ? y - 1 : 0; j <= y + 1 && j < height; j++)
                for (int i = x > 0 ? x - 1 : 0; i <= x + 1 && i < width; i++) {
                    Motion m = sums[j * width + i];
                    if (m.weight == 1) /* those of this ring hold 2 */
                        sum.weight += 1, sum.dx += m.dx, sum.dy += m.dy;
                }
            if (sum.weight > 0)
                sums[open[k]] = (Motion){2, sum.dx / sum.weight, sum.dy / sum.weight};
            else
                open[left++] = open[k];
        }
        if (left == holes)
            break; /* nothing was carried anywhere */
        for (int i = 0; i < count; i++)
            sums[i].weight = sums[i].weight > 0;
        holes = left;
    }
    free(open);
}

/* Cubic convolution (Keys, a = -1/2). */
static void taps(float f, float *w) {
    w[0] = ((-0.5f * f + 1.0f) * f - 0.5f) * f;
    w[1] = (1.5f * f - 2.5f) * f * f + 1.0f;
    w[2] = ((-1.5f * f + 2.0f) * f + 0.5f) * f;
    w[3] = (0.5f * f - 0.5f) * f * f;
}

static Rgb sample(const Rgb *picture, float x, float y, int width, int height) {
    x = fminf(fmaxf(x, -1), width), y = fminf(fmaxf(y, -1), height);
    int left = (int)floorf(x), top = (int)floorf(y);
    float wx[4], wy[4];
    taps(x - left, wx), taps(y - top, wy);
    Rgb sum = {0, 0, 0, 0};
    if (left >= 1 && top >= 1 && left + 2 < width && top + 2 < height) {
        for (int j = 0; j < 4; j++) {
            const Rgb *row = picture + (size_t)(top - 1 + j) * width + left - 1;
            sum += wy[j] * (wx[0] * row[0] + wx[1] * row[1] + wx[2] * row[2] + wx[3] * row[3]);
        }
        return sum;
    }
    for (int j = 0; j < 4; j++) {
        const Rgb *row = picture + (size_t)clamp(top - 1 + j, height) * width;
        for (int i = 0; i < 4; i++)
            sum += wy[j] * wx[i] * row[clamp(left - 1 + i, width)];
    }
    return sum;
}

static int inside(float x, float y, int width, int height) {
    return x >= 0 && y >= 0 && x <= width - 1 && y <= height - 1;
}

/* The frame at `t`: `forward` leads from `first` to `second`, `backward` the other way; dx and dy in turn, in pixels. */
void in_between(const uint8_t *first, const uint8_t *second, const float *forward, const float *backward, int width,
                int height, float t, uint8_t *out) {
    int count = width * height;
    Rgb *a = colours(first, count), *b = colours(second, count);
    Motion *motion = calloc((size_t)count, sizeof(Motion));
    carry(a, b, forward, t, 1, width, height, motion);
    carry(b, a, backward, 1 - t, -1, width, height, motion);
    fill(motion, width, height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            int at = y * width + x;
            float dx = motion[at].dx, dy = motion[at].dy;
            float ax = x - t * dx, ay = y - t * dy, bx = x + (1 - t) * dx, by = y + (1 - t) * dy;
            /* What leaves the picture is seen in one frame only. */
            int in_a = inside(ax, ay, width, height), in_b = inside(bx, by, width, height);
            float share = in_a == in_b ? t : in_b;
            Rgb colour = (1 - share) * sample(a, ax, ay, width, height) + share * sample(b, bx, by, width, height);
            for (int c = 0; c < 3; c++)
                out[3 * at + c] = (uint8_t)lrintf(fminf(fmaxf(colour[c], 0), 255));
        }
    free(a), free(b), free(motion);
}
