//! Smooth step, and the binomial mean of 3×3 samples.

/// From 0 at the first of two bounds to 1 at the second.
pub fn smooth_step(value: f32, (from, to): (f32, f32)) -> f32 {
    let step = ((value - from) / (to - from)).clamp(0.0, 1.0);
    step * step * (3.0 - 2.0 * step)
}

/// Means of three rows and three columns, weights 1, 2, 1.
#[inline(always)]
pub fn smooth(rows: [&[f32]; 3], out: &mut [f32], line: &mut [f32]) {
    let n = out.len();
    let (above, here, below) = (&rows[0][..n], &rows[1][..n], &rows[2][..n]);
    let line = &mut line[..n];
    for x in 0..n {
        line[x] = 0.25 * (above[x] + below[x]) + 0.5 * here[x];
    }
    for x in 1..n.saturating_sub(1) {
        out[x] = 0.25 * (line[x - 1] + line[x + 1]) + 0.5 * line[x];
    }
    let last = n - 1;
    out[0] = 0.75 * line[0] + 0.25 * line[1.min(last)];
    out[last] = 0.75 * line[last] + 0.25 * line[last.saturating_sub(1)];
}
