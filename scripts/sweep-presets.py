#!/usr/bin/env python3
"""Which settings of the method no other settings beat: quality on public triplets against CPU time, over a whole grid.

    scripts/sweep-presets.py             makes target/bench-peers-venv on first use, measures, writes all of it
    scripts/sweep-presets.py --again     draws and writes again what the last run measured
    scripts/sweep-presets.py --few       a third of the scenes; results go to target/ alone

Needs the folder OTINTERP_DATA. The grid is in examples/sweep_presets/recipe.rs. Writes target/sweep-presets.json,
benches/presets.svg and the table in benches/RESULTS.md.
"""
import json, os, subprocess, sys
from collections import defaultdict
from datetime import date

from measuring import environment

# Of UCF101's small pictures every fifth.
SETS = {"middlebury": 1, "davis": 1, "ucf101": 5}
FEWER = 3
SETTINGS = ["finest_solved", "finest_refined", "warps", "cell_log2"]
LEVELS = ["full", "half", "quarter", "eighth"]


def build():
    """The example's path; `OTINTERP_SWEEP` may name a built one."""
    if built := os.environ.get("OTINTERP_SWEEP"):
        return built
    subprocess.run(["cargo", "build", "--release", "--quiet", "--example", "sweep_presets"], check=True, cwd=environment.ROOT)
    return environment.TARGET / "release" / "examples" / "sweep_presets"


def measured(program, file, fewer):
    """Lines of the example, shown as they come and written in the end."""
    folders = [f"{environment.data() / 'triplets' / name}:{every * (FEWER if fewer else 1)}" for name, every in SETS.items()]
    run = subprocess.Popen([program, *folders], stdout=subprocess.PIPE, text=True)
    lines = []
    for text in run.stdout:
        lines.append(json.loads(text))
        print(text, end="", flush=True)
    if run.wait():
        sys.exit("the sweep failed")
    file.write_text(json.dumps(lines, indent=1) + "\n")


def points(lines):
    """Means over the sets, each set counting the same."""
    groups = defaultdict(list)
    for line in lines:
        groups[line["preset"] or tuple(line[name] for name in SETTINGS)].append(line)
    mean = lambda group, key: sum(line[key] for line in group) / len(group)
    return [{"key": key, "sets": {line["set"]: line for line in group}, **{k: mean(group, k) for k in ("psnr_db", "ssim", "cpu_ms")}}
            for key, group in groups.items()]


def front(settings):
    """Those that are better than all that are as fast."""
    best, kept = float("-inf"), []
    for point in sorted(settings, key=lambda p: (p["cpu_ms"], -p["psnr_db"])):
        if point["psnr_db"] > best:
            best = point["psnr_db"]
            kept.append(point)
    return kept


def same(preset, settings):
    """What the table says of a preset that gives the very pictures of a point of the grid."""
    quality = lambda point: [(x["set"], x["psnr_db"]) for x in point["sets"].values()]
    keys = [p["key"] for p in settings if quality(p) == quality(preset)]
    return [f"= {LEVELS[keys[0][0]]}, {LEVELS[keys[0][1]]}", str(keys[0][2]), str(keys[0][3])] if keys else ["not of the grid", "", ""]


def text(settings, presets, kept, results):
    sets = list(kept[0]["sets"])
    head = ["solved to", "refined to", "warps", "log2 of cells, px", *(f"{name}" for name in sets), "mean PSNR", "CPU ms"]

    def row(names, point):
        cells = [f"{x['psnr_db']:.2f} / {x['ssim']:.4f}" for x in point["sets"].values()]
        return [*names, *cells, f"{point['psnr_db']:.3f}", results.number(point["cpu_ms"])]

    rows = [row([LEVELS[p["key"][0]], LEVELS[p["key"][1]], str(p["key"][2]), str(p["key"][3])], p) for p in kept]
    rows += [row([f"`{p['key']}`", *same(p, settings)], p) for p in presets]
    counts = ", ".join(f"{line['scenes']} of {name}" for name, line in kept[0]["sets"].items())
    return f"""## Settings that no others beat

All {len(settings)} points of the grid in `examples/sweep_presets/recipe.rs`, on {counts}: PSNR / SSIM, the mean of the sets' PSNR, and the mean
of their CPU milliseconds for one in-between, solved and rendered on one core ({date.today():%Y-%m}, {environment.processor()}). Listed are those that
are better than all that take no longer, then the presets as they are, by the main door.

{results.table(head, rows)}

![Quality against CPU time of all settings](presets.svg)"""


def plot(settings, presets, kept, path, results):
    figure, [[axis]] = results.figures(1, 1, 8, 5)
    xy = lambda some: ([p["cpu_ms"] for p in some], [p["psnr_db"] for p in some])
    axis.scatter(*xy(settings), s=16, color="#8a8a8a", label="settings")
    axis.plot(*xy(kept), color="#0b57d0", marker="o", markersize=5, label="not beaten by any")
    for point, marker in zip(presets, "sD^"):
        axis.plot(*xy([point]), linestyle="none", marker=marker, markersize=9, color="#b35900", label=f"preset {point['key']}")
    axis.set_xscale("log")
    axis.set_xlabel("CPU ms for one in-between on one core, mean of the sets")
    axis.set_ylabel("PSNR, dB, mean of the sets")
    results.log_ticks(axis.xaxis)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    results.save(figure, path)


def main():
    again, fewer = "--again" in sys.argv, "--few" in sys.argv
    from measuring import results

    file = environment.TARGET / ("sweep-presets-few.json" if fewer else "sweep-presets.json")
    if not again:
        program = build()
        environment.one_core()
        measured(program, file, fewer)
    every = points(json.loads(file.read_text()))
    presets = [p for p in every if isinstance(p["key"], str)]
    settings = [p for p in every if not isinstance(p["key"], str)]
    kept = front(settings)
    folder = environment.TARGET if fewer else environment.ROOT / "benches"
    page = environment.TARGET / "sweep-presets.md" if fewer else results.RESULTS
    plot(settings, presets, kept, folder / "presets.svg", results)
    results.rewrite("presets", "make sweep-presets", text(settings, presets, kept, results), page)
    print(f"Results: {page}, {folder / 'presets.svg'}, {file}")


if __name__ == "__main__":
    environment.enter(__file__)
    environment.data()
    main()
