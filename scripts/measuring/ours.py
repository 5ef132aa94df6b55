"""Our own command: built, and asked for scores."""
import json, os, subprocess

from .environment import ROOT, TARGET

PRESETS = ["fast", "balanced", "best"]


def build():
    """The command's path; `OTINTERP` may name a built one."""
    if built := os.environ.get("OTINTERP"):
        return built
    subprocess.run(["cargo", "build", "--release", "--quiet"], check=True, cwd=ROOT)
    return str(TARGET / "release" / "otinterp")


def score(program, folder, preset, methods=("ot",), threads=1):
    """{method: frames}, each frame with psnr_db, ssim, wall_ms and cpu_ms for solving and rendering it alone: between two frames, of
    which others know no more."""
    command = [program, "score", folder, "--json", "--quiet", "--preset", preset, "--threads", str(threads), "--motion", "straight"]
    command += [word for method in methods for word in ("--method", method)]
    report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    frames = {method: [] for method in methods}
    for part in report["sets"]:
        for method in part["methods"]:
            frames[method["method"]] += method["frames"]
    return frames


def fastest(turns):
    """Frames measured several times, each with its shortest times."""
    return [{**frames[0], **{key: min(f[key] for f in frames) for key in ("wall_ms", "cpu_ms")}} for frames in zip(*turns)]


def mean(frames, key):
    return sum(frame[key] for frame in frames) / len(frames)
