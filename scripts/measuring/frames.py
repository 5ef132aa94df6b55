"""Frames whose true in-betweens are known: triplets, and runs of real clips brought to standard sizes."""
import subprocess, sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2

SIZES = {"480p": (854, 480), "720p": (1280, 720), "1080p": (1920, 1080), "4K": (3840, 2160)}
# 1080p material: foliage under a fast pan, animation with very fast motion, a rider under a zooming pan.
CLIPS = ["clips/red_tree_1080p.264", "clips/bbb_1080p60_fast.webm", "seq/motocross/%05d.jpg"]
# Full range, 60 frames a second, held upright: the pictures as they are stored, lying.
CLIPS_4K = ["hard/portrait_4k60_rot.mp4"]
LENGTH = 7  # frames of a run, of which every other one is left out
SCALER = "flags=area+accurate_rnd+full_chroma_int"


@dataclass
class Run:
    """Successive frames, in turn known and to be rebuilt."""

    files: list

    def pictures(self):
        """(known, truths) as 8-bit RGB."""
        pictures = [cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB) for file in self.files]
        return pictures[::2], pictures[1::2]


@dataclass
class Set:
    """Runs that are scored together. `folder` is what `otinterp score` is given."""

    name: str
    size: str
    folder: Path
    runs: list

    def count(self):
        return sum(len(run.files) // 2 for run in self.runs)


def triplets(data, name):
    folder = data / "triplets" / name
    if not folder.is_dir():
        print(f"skipped, not there: {folder}", file=sys.stderr)
        return Set(name, "", folder, [])
    runs = [Run([scene / f"{part}.png" for part in ("im1", "gt", "im3")]) for scene in sorted(folder.iterdir()) if scene.is_dir()]
    sizes = Counter(cv2.imread(str(run.files[1])).shape[1::-1] for run in runs)
    return Set(name, "{}×{}".format(*sizes.most_common(1)[0][0]), folder, runs)


def clips(data, size, made, sources):
    """The beginnings of clips at a standard size, as numbered PNG under `made`; what is missing is left out by name."""
    runs = []
    for source in sources:
        first = data / source.replace("%05d", "00000")
        if not first.exists():
            print(f"skipped, not there: {first}", file=sys.stderr)
            continue
        name = Path(source).parent.name if "%" in source else Path(source).stem
        runs.append(Run(extracted(data / source, SIZES[size], made / size / name)))
    return Set("clips", size, made / size, runs)


def extracted(source, size, folder):
    files = [folder / f"{i:05}.png" for i in range(LENGTH)]
    if not all(file.exists() for file in files):
        folder.mkdir(parents=True, exist_ok=True)
        scale = f"scale={size[0]}:{size[1]}:{SCALER},format=rgb24"
        command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-noautorotate", "-i", source, "-vf", scale, "-frames:v", str(LENGTH),
                   "-start_number", "0", folder / "%05d.png"]
        subprocess.run(command, check=True)
    return files
