"""Moving pictures made of bytes: a textured background that moves by a fraction of a pixel, and over it an ellipse and a fast small ball.

Rows are cut from one tile of noise, so that large pictures cost little without any library.
"""
import array, random, struct, sys, zlib

TILE_WIDTH, TILE_HEIGHT = 384, 288
BACKGROUND_PX = (5.5, 2.25)  # motion from frame to frame
OBJECT_PX = (-9, 6)


def noise(seed, dx, dy):
    """A periodic tile, 8 bits, of three octaves of interpolated random values; what it shows is moved by (dx, dy) px."""
    rng = random.Random(seed)
    total = [0.0] * (TILE_WIDTH * TILE_HEIGHT)
    for cell, height in ((32, 90.0), (8, 90.0), (3, 60.0)):
        columns, rows = TILE_WIDTH // cell, TILE_HEIGHT // cell
        lattice = [[rng.random() * height for _ in range(columns)] for _ in range(rows)]
        across = [interpolated(row, cell, dx, TILE_WIDTH) for row in lattice]
        for y in range(TILE_HEIGHT):
            place = ((y - dy) / cell) % rows
            above, below, share = across[int(place) % rows], across[(int(place) + 1) % rows], place % 1.0
            start = y * TILE_WIDTH
            total[start:start + TILE_WIDTH] = [t + a + (b - a) * share
                                               for t, a, b in zip(total[start:start + TILE_WIDTH], above, below)]
    return bytes(int(value) for value in total)


def interpolated(values, cell, shift, length):
    places = [((x - shift) / cell) % len(values) for x in range(length)]
    return [values[int(p) % len(values)] * (1 - p % 1.0) + values[(int(p) + 1) % len(values)] * (p % 1.0) for p in places]


class World:
    """What the planes of all pictures are cut from: `frames` tiles of one background, and the object's texture."""

    def __init__(self, frames=4):
        self.tiles = [noise(1, BACKGROUND_PX[0] * k, BACKGROUND_PX[1] * k) for k in range(frames)]
        self.texture = noise(2, 0, 0)
        self.other = noise(3, 0, 0)

    def plane(self, width, height, frame, channel=0, scene=0):
        """Samples of 8 bits, row after row. Every channel sees another part of the tile; scene 1 is another background."""
        tile = self.other if scene else self.tiles[frame]
        rows = [bytearray(cut(tile, channel * 3, y + channel * 2, width)) for y in range(height)]
        for centre, radii, texture in self.objects(width, height, frame):
            for y, left, right in spans(centre, radii, width, height):
                row = y - centre[1] + 70 * (channel + 1)
                rows[y][left:right] = cut(texture, left - centre[0] + 90, row, right - left)
        return b"".join(rows)

    def objects(self, width, height, frame):
        """(centre, radii, texture) of the ellipse and of the ball, farthest first; all in whole px."""
        ellipse = (width // 2 + OBJECT_PX[0] * frame, height // 2 + OBJECT_PX[1] * frame)
        ball = (width // 4 + max(width // 16, 1) * frame, height // 4)
        small = max(min(width, height) // 24, 1)
        return [(ellipse, (max(width // 5, 1), max(height // 6, 1)), self.texture), (ball, (small, small), self.other)]

    def mask(self, width, height, frame):
        """255 on the ellipse, 0 far from it."""
        centre, radii, _ = self.objects(width, height, frame)[0]
        rows = [bytearray(width) for _ in range(height)]
        for shell in range(4, -1, -1):
            for y, left, right in spans(centre, (radii[0] + shell * 2, radii[1] + shell * 2), width, height):
                rows[y][left:right] = bytes([255 - 60 * shell]) * (right - left)
        return b"".join(rows)


def cut(tile, x, y, length):
    """A stretch of a row of the periodic tile."""
    x, y = x % TILE_WIDTH, y % TILE_HEIGHT
    row = tile[y * TILE_WIDTH:(y + 1) * TILE_WIDTH]
    return (row[x:] + row * (length // TILE_WIDTH + 1))[:length]


def spans(centre, radii, width, height):
    """(y, left, right) of the rows of an ellipse, inside the picture."""
    for y in range(max(centre[1] - radii[1], 0), min(centre[1] + radii[1] + 1, height)):
        half = int(radii[0] * (1 - ((y - centre[1]) / (radii[1] + 0.5)) ** 2) ** 0.5)
        left, right = max(centre[0] - half, 0), min(centre[0] + half + 1, width)
        if left < right:
            yield y, left, right


def interleaved(planes):
    samples = bytearray(len(planes) * len(planes[0]))
    for k, plane in enumerate(planes):
        samples[k::len(planes)] = plane
    return bytes(samples)


def png(width, height, planes, bits=8):
    """A PNG file of 1 to 4 planes; with 16 bits every plane stands as its high and its low bytes."""
    channels = len(planes) * 8 // bits
    color = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    samples, stride = interleaved(planes), width * len(planes)
    rows = b"".join(b"\0" + samples[y * stride:(y + 1) * stride] for y in range(height))
    chunks = [(b"IHDR", struct.pack(">2I5B", width, height, bits, color, 0, 0, 0)), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")]
    body = b"".join(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks)
    return b"\x89PNG\r\n\x1a\n" + body


def pnm(width, height, planes):
    return b"P%d %d %d 255\n" % (6 if len(planes) == 3 else 5, width, height) + interleaved(planes)


def npy(values, shape):
    """An array of f32."""
    header = repr({"descr": "<f4", "fortran_order": False, "shape": tuple(shape)})
    header += " " * (-(len(header) + 11) % 64) + "\n"
    numbers = array.array("f", values)
    if sys.byteorder == "big":
        numbers.byteswap()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + numbers.tobytes()


TEN_BITS_LOW = bytes((v << 2 | v >> 6) & 255 for v in range(256))
TEN_BITS_HIGH = bytes(v >> 6 for v in range(256))


def y4m(world, colour, subsampling, width, height, frames):
    """Y4M of (frame, scene)s; `subsampling` is the luma samples per chroma sample across and down, or none for grey."""
    out = [b"YUV4MPEG2 W%d H%d F24:1 Ip A1:1 C%s\n" % (width, height, colour.encode())]
    sizes = [(width, height)]
    if subsampling:
        sizes += [(-(-width // subsampling[0]), -(-height // subsampling[1]))] * 2
    for frame, scene in frames:
        out.append(b"FRAME\n")
        for channel, size in enumerate(sizes):
            plane = world.plane(*size, frame, channel, scene)
            if "p10" in colour or colour == "mono10":
                plane = interleaved([plane.translate(TEN_BITS_LOW), plane.translate(TEN_BITS_HIGH)])
            out.append(plane)
    return b"".join(out)
