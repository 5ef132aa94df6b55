"""Every file that the cases read, made in one folder: pictures, fields of numbers, tables, clips."""
import array, random, shutil, subprocess

from . import pictures

SIZES = [(1, 7), (7, 1), (64, 48), (320, 240), (640, 480), (1025, 769), (1280, 720), (1920, 1080)]
ASSETS = {"pair_a.png": "pair/a.png", "pair_b.png": "pair/b.png", "middle.png": "pair/middle.png", "blob_a.png": "blob/a.png",
          "blob_b.png": "blob/b.png", "24fps.mp4": "clip/24fps.mp4", "12fps.mp4": "clip/12fps.mp4"}
MOVING = [(k, 0) for k in range(5)]
CUT = [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]
DUPLICATES = [(0, 0), (0, 0), (1, 0), (1, 0), (2, 0), (2, 0), (3, 0)]
# name: Y4M's colour word, luma samples per chroma sample, frames
Y4M = {
    "420": ("420mpeg2", (2, 2), MOVING),
    "420jpeg": ("420jpeg", (2, 2), MOVING[:3]),
    "422": ("422", (2, 1), MOVING[:3]),
    "444": ("444", (1, 1), MOVING[:3]),
    "mono": ("mono", None, MOVING[:3]),
    "420p10": ("420p10", (2, 2), MOVING[:3]),
    "422p10": ("422p10", (2, 1), MOVING[:3]),
    "mono10": ("mono10", None, MOVING[:3]),
    "cut": ("420mpeg2", (2, 2), CUT),
    "duplicates": ("420mpeg2", (2, 2), DUPLICATES),
}
# Pixel formats of clips that only FFmpeg writes.
PIXEL_FORMATS = ["yuv420p", "yuv422p10le", "yuv444p12le", "yuva420p", "gbrp", "rgb24", "gray16le", "nv12"]
VARIABLE = "setpts='(N+0.4*mod(N,3))/(24*TB)'"


def make(folder, assets):
    for name, path in ASSETS.items():
        shutil.copyfile(assets / path, folder / name)
    world = pictures.World(len(MOVING))
    stills(world, folder)
    fields(world, folder)
    tables(folder)
    triplets(world, folder / "triplets" / "made")
    for name, (colour, subsampling, frames) in Y4M.items():
        (folder / f"{name}.y4m").write_bytes(pictures.y4m(world, colour, subsampling, 190, 108, frames))
    interlaced = (folder / "420.y4m").read_bytes().replace(b" Ip ", b" It ", 1)
    (folder / "interlaced.y4m").write_bytes(interlaced)
    if shutil.which("ffmpeg"):
        clips(folder)


def stills(world, folder):
    """NAME_a and NAME_b: colour in every size, and the other kinds of pictures."""
    for width, height in SIZES:
        for k, end in enumerate("ab"):
            planes = [world.plane(width, height, k, c) for c in range(3)]
            (folder / f"{width}x{height}_{end}.ppm").write_bytes(pictures.pnm(width, height, planes))
    width, height = 233, 151
    for k, end in enumerate("ab"):
        rgb = [world.plane(width, height, k, c) for c in range(3)]
        low, alpha, luma = world.plane(width, height, k, 5), world.mask(width, height, k), rgb[:1]
        high_low = [plane for c in rgb for plane in (c, low)]
        dimmed = [plane.translate(bytes(v * 9 // 10 for v in range(256))) for plane in rgb] if k else rgb
        kinds = {"rgb": (rgb, 8), "gray": (luma, 8), "rgba": ([*rgb, alpha], 8), "gray_alpha": ([*luma, alpha], 8),
                 "rgb16": (high_low, 16), "gray16": (high_low[:2], 16), "rgba16": ([*high_low, alpha, alpha], 16), "dimmed": (dimmed, 8)}
        for name, (planes, bits) in kinds.items():
            (folder / f"{name}_{end}.png").write_bytes(pictures.png(width, height, planes, bits))
        (folder / f"gray_{end}.pgm").write_bytes(pictures.pnm(width, height, luma))


def fields(world, folder):
    """Fields of numbers, and histograms in one and two dimensions."""
    for k, end in enumerate("ab"):
        mask, texture = world.mask(120, 90, k), world.plane(120, 90, k)
        density = [m * t / 4096.0 for m, t in zip(mask, texture)]
        (folder / f"field_{end}.npy").write_bytes(pictures.npy(density, (90, 120)))
        (folder / f"bins_{end}.npy").write_bytes(pictures.npy(density[120 * 45:120 * 46], (120,)))
        (folder / f"bins_{end}.csv").write_text("\n".join(str(t + 1) for t in texture[:64]) + "\n")


def tables(folder):
    """Point clouds: two and three dimensions, with and without masses."""
    rng = random.Random(4)
    for end, count, centre in (("x", 150, 0.0), ("y", 130, 2.5)):
        rows = [[rng.gauss(centre, 1), rng.gauss(0, 1 + centre), rng.random() + 0.1] for _ in range(count)]
        (folder / f"{end}.csv").write_text("".join(f"{a!r},{b!r}\n" for a, b, _ in rows))
        (folder / f"{end}_weight.csv").write_text("u,v,weight\n" + "".join(f"{a!r},{b!r},{w!r}\n" for a, b, w in rows))
        (folder / f"{end}3.npy").write_bytes(pictures.npy(array.array("f", [v for row in rows for v in row]), (count, 3)))


def triplets(world, folder):
    for scene in range(2):
        (folder / f"scene{scene}").mkdir(parents=True)
        for k, name in enumerate(("im1", "gt", "im3")):
            planes = [world.plane(160, 120, k + scene, c) for c in range(3)]
            (folder / f"scene{scene}" / f"{name}.png").write_bytes(pictures.png(160, 120, planes))


def clips(folder):
    """Without loss: every pixel format, times that vary, and sound."""
    source = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=190x108:rate=24"]
    exact = ["-flags", "+bitexact", "-fflags", "+bitexact"]
    lossless = [*exact, "-frames:v", "4", "-c:v"]
    for name in PIXEL_FORMATS:
        codec = "rawvideo" if name in ("nv12", "rgb24") else "ffv1"
        subprocess.run([*source, *lossless, codec, "-pix_fmt", name, folder / f"{name}.nut"], check=True)
    subprocess.run([*source, "-vf", "scale=48:32", *lossless, "ffv1", "-pix_fmt", "yuv420p", folder / "small.nut"], check=True)
    varied = ["-vf", VARIABLE, "-fps_mode", "passthrough", *lossless, "ffv1", "-pix_fmt", "yuv420p"]
    subprocess.run([*source, *varied, folder / "varied.mkv"], check=True)
    sound = ["-f", "lavfi", "-i", "sine=frequency=440", "-t", "0.25", *exact, "-c:v", "ffv1", "-pix_fmt", "yuv420p", "-c:a", "pcm_s16le"]
    subprocess.run([*source, *sound, folder / "sound.mkv"], check=True)
