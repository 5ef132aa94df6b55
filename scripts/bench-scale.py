#!/usr/bin/env python3
"""How cost grows: CPU time per pixel from 480p to 4K, speed-up by threads, and the memory that a pair of stills takes.

    scripts/bench-scale.py             makes target/bench-peers-venv on first use, then measures, on a machine without other work
    scripts/bench-scale.py PRESET...   only these; results go to target/ alone

Needs the folder OTINTERP_DATA. Writes target/bench-scale.json and its part of benches/RESULTS.md.
"""
import json, os, subprocess, sys, tempfile
from datetime import date
from pathlib import Path

from measuring import environment

SIZES = ["480p", "720p", "1080p", "4K"]
THREADED = ["1080p", "4K"]
STILLS = {"1080p": (1920, 1080), "4K": (3840, 2160), "8K": (7680, 4320)}
TURNS = 2  # of which the shorter time counts
# Share of a thread's wall-clock time that it must have had a core for its times to count.
QUIET = 0.97
FORETOLD = [4, 8, 16]


def cost_per_pixel(program, presets, made):
    """Every line: one preset at one size. Pinned to one core by the caller."""
    from measuring import frames, ours

    for size in SIZES:
        part = frames.clips(environment.data(), size, made, frames.CLIPS_4K)
        width, height = frames.SIZES[size]
        for preset in presets:
            scores = ours.fastest([ours.score(program, part.folder, preset)["ot"] for _ in range(TURNS)])
            cpu_ms = ours.mean(scores, "cpu_ms")
            yield {"what": "cost", "size": size, "preset": preset, "frames": len(scores), "cpu_ms": cpu_ms,
                   "cpu_ms_per_megapixel": cpu_ms / (width * height * 1e-6)}


def threads(program, presets, made):
    """Wall-clock time with one thread and with one for each core; the serial share that this means by Amdahl's law,
    T(n) = T(1) (s + (1 - s) / n)."""
    from measuring import frames, ours

    cores = os.cpu_count()
    for size in THREADED:
        part = frames.clips(environment.data(), size, made, frames.CLIPS_4K)
        for preset in presets:
            one, all = ([ours.mean(scores, key) for key in ("wall_ms", "cpu_ms")] for scores in (
                ours.fastest([ours.score(program, part.folder, preset, threads=n)["ot"] for _ in range(TURNS)]) for n in (1, cores)))
            ratio = all[0] / one[0]
            serial = (ratio - 1 / cores) / (1 - 1 / cores) if cores > 1 else None
            yield {"what": "threads", "size": size, "preset": preset, "threads": cores, "wall_ms_one": one[0], "wall_ms": all[0],
                   "cpu_ms_one": one[1], "cpu_ms": all[1], "serial_share": serial, "quiet": one[1] / one[0] >= QUIET}


def memory(program, presets, made):
    """Peak resident memory of the whole command on a pair of stills; 8K is enlarged from 4K."""
    from measuring import frames

    part = frames.clips(environment.data(), "4K", made, frames.CLIPS_4K)
    with tempfile.TemporaryDirectory(dir=made) as folder:
        for size, (width, height) in STILLS.items():
            pair = [Path(folder) / f"{size}-{i}.png" for i in (0, 2)]
            for i, file in zip((0, 2), pair):
                scale = f"scale={width}:{height}:flags=lanczos+accurate_rnd+full_chroma_int,format=rgb24"
                subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", part.runs[0].files[i], "-vf", scale, file], check=True)
            for preset in presets:
                command = [program, "frames", *map(str, pair), "-n", "1", "-y", "-q", "--preset", preset, "-o", f"{folder}/middle.png"]
                process = subprocess.Popen(command)
                _, status, used = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
                if process.returncode:
                    sys.exit(f"{size}, {preset}: the command failed")
                peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
                yield {"what": "memory", "size": size, "preset": preset, "peak_bytes": peak, "cpu_ms": (used.ru_utime + used.ru_stime) * 1e3}


def text(lines, presets):
    from measuring import results

    of = {(x["what"], x["size"], x["preset"]): x for x in lines}
    cost = [[f"`{p}`", *(f"{results.number(of['cost', s, p]['cpu_ms'])} ({results.number(of['cost', s, p]['cpu_ms_per_megapixel'])})" for s in SIZES)]
            for p in presets]
    memory = [[f"`{p}`", *(f"{of['memory', s, p]['peak_bytes'] / 2**30:.2f}" for s in STILLS)] for p in presets]
    cores = os.cpu_count()
    speed = []
    for size in THREADED:
        for preset in presets:
            x = of["threads", size, preset]
            speed.append([size, f"`{preset}`", results.number(x["wall_ms_one"]), results.number(x["wall_ms"]), f"{x['cpu_ms'] / x['cpu_ms_one']:.2f}", *amdahl(x)])
    head = ["", "", "1 thread", f"{cores} threads", "CPU, ratio", "serial share", *(f"× at {n}" for n in FORETOLD)]
    return f"""## Size, threads, memory

One clip of 3840×2160, reduced by area, every other of seven frames rebuilt ({date.today():%Y-%m}, {environment.processor()}).
CPU milliseconds for one in-between on one core, and in brackets for a megapixel of it (how fine motion is solved depends on the size):

{results.table(["", *SIZES], cost)}

Wall-clock milliseconds for one in-between by the number of threads; how much more CPU time all threads take together; the share of the time
with one thread that does not get shorter, if the rest is divided by the number of threads; and how many times as fast more cores can then be,
by Amdahl's law. That share holds what is not parallel, and what two cores take from each other in caches and memory.

{results.table(head, speed)}

Peak memory of `otinterp frames A B -n 1` with all cores, GiB, RGB of 8 bits, files included:

{results.table(["", *(f"{s}" for s in STILLS)], memory)}"""


def amdahl(line):
    """The serial share, and the speed-ups that it leaves."""
    if not line["quiet"]:
        return ["busy machine", *("–" for _ in FORETOLD)]
    if line["serial_share"] is None:
        return ["–", *("–" for _ in FORETOLD)]
    s = max(0.0, line["serial_share"])
    return [f"{100 * s:.0f} %", *(f"{1 / (s + (1 - s) / n):.1f}" for n in FORETOLD)]


def main():
    from measuring import frames, ours, results

    if unknown := [word for word in sys.argv[1:] if word not in ours.PRESETS]:
        sys.exit(f"{unknown[0]} is none of {', '.join(ours.PRESETS)}")
    presets = sys.argv[1:] or ours.PRESETS
    program = ours.build()
    target = environment.TARGET
    made = target / "bench-peers" / "scale"
    made.mkdir(parents=True, exist_ok=True)
    if not (clip := environment.data() / frames.CLIPS_4K[0]).exists():
        sys.exit(f"{clip} is missing: nothing else is 4K")
    lines = []

    def take(more):
        for line in more:
            print(json.dumps(line), flush=True)
            lines.append(line)

    take(memory(program, presets, made))
    take(threads(program, presets, made))
    environment.one_core()
    take(cost_per_pixel(program, presets, made))
    results.write_whole(target / "bench-scale.json", json.dumps(lines, indent=1) + "\n")
    page = results.RESULTS if presets == ours.PRESETS else target / "bench-scale.md"
    results.rewrite("scale", "make bench-scale", text(lines, presets), page)
    print(f"Results: {page}, {target / 'bench-scale.json'}")


if __name__ == "__main__":
    environment.enter(__file__)
    environment.data()
    main()
