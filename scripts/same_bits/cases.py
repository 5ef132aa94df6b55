"""What both programs are asked to do."""
import shutil
from dataclasses import dataclass

from .inputs import PIXEL_FORMATS, SIZES

PRESETS = ["fast", "balanced", "best"]


@dataclass(frozen=True)
class Case:
    """A run of the program. An argument that begins with @ names an input."""
    name: str
    args: tuple
    # What OTINTERP_CPU holds: the first of these that the program knows.
    levels: tuple = ()
    # Its outputs must also be those of the case of this name.
    like: str = ""


def case(name, *words, levels=(), like=""):
    """The words may hold several arguments each, between blanks."""
    return Case(name, tuple(argument for word in words for argument in word.split()), tuple(levels), like)


def everything():
    groups = [sizes, kinds_of_pictures, methods, threads_and_levels, flow, pipes, distances, figures]
    if shutil.which("ffmpeg"):
        groups.append(clips)
    return [one for group in groups for one in group()]


def frames(name, pair, options, **more):
    suffix = "" if "." in pair else ".png"
    stem, dot, ending = (pair + suffix).rpartition(".")
    return case(f"frames {name}", f"frames @{stem}_a{dot}{ending} @{stem}_b{dot}{ending}", options, **more)


def sizes():
    for preset in PRESETS:
        for width, height in SIZES:
            times = "0.5" if width > 1000 else "0.3,0.5"
            yield frames(f"{width}x{height} {preset}", f"{width}x{height}.ppm", f"--preset {preset} --times {times} -o - --format rgb24")
        yield frames(f"pair {preset}", "pair", f"--preset {preset} -n 3 --json -o out/")
        yield frames(f"many times {preset}", "320x240.ppm", f"--preset {preset} --times 0,0.05,0.25,0.5,0.731,0.95,1 -o - --format rgb24")
        yield frames(f"1920x1080 report {preset}", "1920x1080.ppm", f"--preset {preset} --times 0.4 --json -o out.ppm")


def kinds_of_pictures():
    for name in ("rgb", "gray", "rgba", "gray_alpha", "rgb16", "gray16", "rgba16", "dimmed"):
        yield frames(name, name, "-n 2 -o out/")
    yield frames("rgba best", "rgba", "--preset best -o out/")
    yield frames("rgba fast", "rgba", "--preset fast -o out/")
    yield frames("gray best", "gray", "--preset best -o out/")
    yield frames("gray pgm", "gray.pgm", "-o out.pgm")
    yield frames("to y4m", "rgb", "-n 2 --endpoints --format y4m -o -")
    yield frames("to gif", "rgb", "-n 3 --endpoints -o out.gif")
    yield frames("npy crossfade", "field.npy", "--method crossfade -n 2 -o out/")


def methods():
    for mass, pair in (("luma", "rgba"), ("alpha", "rgba"), ("rgb", "rgb")):
        yield frames(f"mass {mass}", pair, f"--method mass --mass {mass} -n 2 -o out/ --json")
    yield frames("mass blob", "blob", "--method mass -n 2 -o out/")
    yield frames("mass 16 bit", "rgb16", "--method mass -o out/")
    yield frames("mass npy", "field.npy", "--method mass -n 2 -o out/ --json")
    yield frames("mass npy slack", "field.npy", "--method mass --unbalanced slack --reach 20 -n 2 -o out/ --json")
    yield frames("mass slack", "dimmed", "--method mass --unbalanced slack -o out/")
    yield frames("mass background", "dimmed", "--method mass --background auto -o out/")
    yield frames("mass 320x240", "320x240.ppm", "--method mass -o out.ppm")
    for method in ("crossfade", "hold"):
        yield frames(method, "rgba", f"--method {method} --times 0.2,0.5,0.8 -o out/ --json")
        yield frames(f"{method} 16 bit", "rgb16", f"--method {method} -o out/")


def threads_and_levels():
    """The same work with other threads, and with every level of vector instructions."""
    for preset in PRESETS:
        work = f"--preset {preset} --times 0.5 -o - --format rgb24"
        for width, height in ((640, 480), (1920, 1080)):
            for count in (1, 3):
                # Two times were asked for in the smaller size.
                times = "--times 0.3,0.5" if width == 640 else "--times 0.5"
                yield frames(f"{width}x{height} {preset} threads {count}", f"{width}x{height}.ppm",
                             f"--preset {preset} {times} -o - --format rgb24 --threads {count}", like=f"frames {width}x{height} {preset}")
        for pair in ("320x240.ppm", "1920x1080.ppm"):
            size = pair.removesuffix(".ppm")
            yield frames(f"{size} {preset} avx512", pair, work, levels=["avx512"])
            yield frames(f"{size} {preset} avx2", pair, work, levels=["avx2"], like=f"frames {size} {preset} avx512")
            yield frames(f"{size} {preset} scalar", pair, work, levels=["scalar"])
            yield frames(f"{size} {preset} sse2", pair, work, levels=["sse2", "scalar"])
    for levels in (["scalar"], ["sse2", "scalar"], ["avx2"], ["avx512"]):
        yield frames(f"mass {levels[0]}", "64x48.ppm", "--method mass --mass rgb -o out.ppm", levels=levels)
        yield case(f"distance {levels[0]}", "distance @64x48_a.ppm @64x48_b.ppm --debiased --json", levels=levels)
        yield case(f"points {levels[0]}", "points @x.csv @y.csv --eps 0.5 --map map.npy", levels=levels)


def flow():
    maps = "-o ab.flo -o ab.npy -o kitti:kitti.png -o colours.png -o confidence:confidence.npy -o visibility:visibility.npy -o order:order.npy"
    for preset in PRESETS:
        yield case(f"flow {preset}", f"flow @rgb_a.png @rgb_b.png --preset {preset} --json", maps)
        yield case(f"flow 1280x720 {preset}", f"flow @1280x720_a.ppm @1280x720_b.ppm --preset {preset} -o ab.flo --json")
    yield case("flow backward", "flow @rgb_a.png @rgb_b.png --backward --json", maps)
    yield case("flow arrows", "flow @pair_a.png @pair_b.png -o arrows.svg -o arrows:arrows.png -o confidence:confidence.png")
    yield case("flow mass", "flow @field_a.npy @field_b.npy --method mass -o ab.npy --json")
    yield case("flow mass backward", "flow @field_a.npy @field_b.npy --method mass --backward -o ab.npy --json")


def retime(name, clip, options, out="-o -"):
    return case(f"retime {name}", f"retime @{clip}", options, out, "--json")


def pipes():
    """Y4M to Y4M and to bare samples."""
    for name in ("420", "420jpeg", "422", "444", "mono", "420p10", "422p10", "mono10"):
        yield retime(f"{name} factor 2", f"{name}.y4m", "--factor 2")
    for preset in ("fast", "best"):
        yield retime(f"420 {preset}", "420.y4m", f"--factor 2 --preset {preset}")
    for method in ("mass", "crossfade", "hold"):
        yield retime(f"420 {method}", "420.y4m", f"--fps 40 --method {method}")
    yield retime("fps 60", "420.y4m", "--fps 60")
    yield retime("slow 3, raw", "420.y4m", "--slow 3 --format raw")
    yield retime("part", "420.y4m", "--factor 3 --range 1f-4f")
    yield retime("cut", "cut.y4m", "--factor 2")
    yield retime("cut, crossfade", "cut.y4m", "--factor 2 --cut crossfade")
    yield retime("duplicates", "duplicates.y4m", "--factor 2 --duplicates replace")
    yield retime("interlaced", "interlaced.y4m", "--factor 2")
    yield retime("timecodes", "420.y4m", "--fps 50 --timecodes times.txt", out="-o out.y4m")
    yield case("retime dry run", "retime @420.y4m @cut.y4m --factor 2 --out-dir out --dry-run --json")
    yield case("retime batch", "retime @444.y4m @420.y4m --factor 2 --out-dir out --jobs 2 --json")


def clips():
    """With FFmpeg's decoders and containers."""
    for name in PIXEL_FORMATS:
        yield retime(name, f"{name}.nut", "--factor 2 --format raw")
    yield retime("mp4", "24fps.mp4", "--fps 60 --end 12f")
    yield retime("mp4 best", "12fps.mp4", "--factor 2 --end 6f --preset best")
    yield retime("varied", "varied.mkv", "--fps 60")
    yield retime("varied, vfr", "varied.mkv", "--fps 60 --vfr --timecodes times.txt", out="-o out.mkv --codec ffv1")
    yield retime("sound", "sound.mkv", "--slow 2", out="-o out.mkv --codec ffv1")
    yield retime("nut", "24fps.mp4", "--factor 2 --end 3f --format nut")
    yield case("score clip", "score @24fps.mp4 --max 4 --json")
    yield case("distance clip", "distance @small.nut --json")


def distances():
    for p in (1, 2):
        yield case(f"distance pictures p{p}", f"distance @64x48_a.ppm @64x48_b.ppm --p {p} --json")
        yield case(f"distance debiased p{p}", f"distance @blob_a.png @blob_b.png --p {p} --debiased --json")
        yield case(f"distance points p{p}", f"distance @x.csv @y.csv --points --p {p} --debiased --json")
    yield case("distance eps", "distance @field_a.npy @field_b.npy --debiased --eps 40 --json")
    yield case("distance weights", "distance @x_weight.csv @y_weight.csv --json")
    yield case("distance 3 dimensions", "distance @x3.npy @y3.npy --points --json")
    yield case("distance bins npy", "distance @bins_a.npy @bins_b.npy --json")
    yield case("distance bins csv", "distance @bins_a.csv @bins_b.csv --json")
    yield case("distance against", "distance --against @64x48_a.ppm @64x48_b.ppm @64x48_a.ppm --json --plot plot.svg")
    yield case("points exact", "points @x.csv @y.csv --coupling c.npz --map m.npy --velocities v.npy --positions p.npy --plot rows.svg --json")
    yield case("points eps", "points @x.csv @y.csv --eps 0.3 --coupling c.csv --map m.csv --times 0.2,0.7 --positions p.csv --json")
    yield case("points weights", "points @x_weight.csv @y_weight.csv --coupling c.csv --map m.npy --json")
    yield case("points batches", "points @x3.npy @y3.npy --batch 32 --batches 5 --seed 7 --pairs pairs.npy --velocities v.npy --json")
    yield case("points batches csv", "points @x.csv @y.csv --batch 64 --pairs pairs.csv --json")
    yield case("points demo", "points --demo --plot demo.png --json")


def figures():
    yield case("path", "path @64x48_a.ppm @64x48_b.ppm --frames 2 --json --plot way.svg")
    yield case("path npy", "path @field_a.npy @field_b.npy --json")
    yield case("path alpha", "path @rgba_a.png @rgba_b.png --mass alpha --frames 1 --json")
    yield case("compare", "compare @pair_a.png @pair_b.png --truth @middle.png -o out.png --json")
    yield case("compare mass", "compare @blob_a.png @blob_b.png --method mass --times 0.3,0.6 --width 500 -o out.png --json")
    for preset in PRESETS:
        yield case(f"score {preset}", f"score @triplets --preset {preset} --method ot --method crossfade --json --scenes")
    yield case("score mass, hold", "score @triplets --method mass --method hold --json")
