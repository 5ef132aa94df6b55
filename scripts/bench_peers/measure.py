"""Every method on the same frames, in one run on one core; the table, the plot and the file of it."""
import json, subprocess, sys
from datetime import date

import cv2

from measuring import environment, frames, ours, quality, results

from . import peers, rife
from .missing import Missing

TRIPLETS = ["middlebury", "davis", "ucf101"]
SIZES = ["480p", "720p", "1080p"]
TURNS = 2  # of the few clips, of which the shorter time counts; of triplets there are many
# MVTools where it can't be run: version 29, measured by the project on another machine, and CPU ms for one at 1080p.
MVTOOLS_EARLIER = {"middlebury": 33.58, "davis": 25.34, "ucf101": 33.49}
MVTOOLS_EARLIER_MS = 165
AGREEMENT = {"psnr_db": 0.01, "ssim": 1e-4}  # between the scorer here and `otinterp score`


def sets(data, only):
    made = environment.TARGET / "bench-peers" / "frames"
    wanted = [frames.triplets(data, name) for name in TRIPLETS if name in only]
    wanted += [frames.clips(data, size, made, frames.CLIPS) for size in SIZES if size in only]
    return [part for part in wanted if part.runs]


def name_of(part):
    return part.size if part.name == "clips" else part.name


def turns_of(part):
    return TURNS if part.name == "clips" else 1


def line(method, part, frame_scores):
    mean = {key: ours.mean(frame_scores, key) for key in ("psnr_db", "ssim", "cpu_ms")}
    return {"method": method, "size": part.size, "set": part.name, "psnr_db": mean["psnr_db"], "ssim": mean["ssim"],
            "cpu_ms_per_inbetween": mean["cpu_ms"]}


def of_peer(rebuild, part):
    """Scores of a peer's frames."""
    scores = []
    for run in part.runs:
        known, truths = run.pictures()
        turns = [rebuild(known) for _ in range(turns_of(part))]
        cpu_ms = min(ms for _, ms in turns)
        scores += [{"psnr_db": quality.psnr_db(m, t), "ssim": quality.ssim(m, t), "cpu_ms": cpu_ms} for m, t in zip(turns[0][0], truths)]
    return scores


def of_ours(program, part, preset):
    turns = [ours.score(program, part.folder, preset)["ot"] for _ in range(turns_of(part))]
    return ours.fastest(turns)


def check_scorers(program, part, here):
    """Both scorers see the same cross-fades."""
    frame_scores = ours.score(program, part.folder, "fast", ("crossfade",))["crossfade"]
    for key, most in AGREEMENT.items():
        there = ours.mean(frame_scores, key)
        if abs(there - here[key]) > most:
            sys.exit(f"{name_of(part)}: the cross-fade's {key} is {here[key]:.5f} here and {there:.5f} by otinterp score")


def everything(program, only):
    """Prints a line for every method and set; writes all of it where nothing was left out."""
    data, lines, missing = environment.data(), [], {}
    parts = sets(data, only)
    if not parts:
        sys.exit(f"{data} has none of {', '.join(only)}")
    print(f"{'method':<28} {'set':<12} {'PSNR dB':>8} {'SSIM':>7} {'CPU ms':>9}")

    def add(method, part, scores):
        lines.append(line(method, part, scores))
        last = lines[-1]
        print(f"{method:<28} {name_of(part):<12} {last['psnr_db']:>8.3f} {last['ssim']:>7.4f} {last['cpu_ms_per_inbetween']:>9.1f}", flush=True)
        return last

    folder = environment.TARGET / "bench-peers"
    folder.mkdir(parents=True, exist_ok=True)
    for method, make in peers.PEERS.items():
        try:
            rebuild = make(folder)
            for part in parts:
                last = add(method, part, of_peer(rebuild, part))
                if method == "cross-fade":
                    check_scorers(program, part, last)
        except Missing as what:
            missing[method] = str(what)
            print(f"{method:<28} not installed: {what}", flush=True)
    for preset in ours.PRESETS:
        for part in parts:
            add(f"otinterp {preset}", part, of_ours(program, part, preset))
    write(parts, lines, missing, whole=set(only) == set(TRIPLETS + SIZES))


def write(parts, lines, missing, whole):
    """A run that leaves sets out goes to target/ alone."""
    target, benches = environment.TARGET, environment.ROOT / "benches"
    results.write_whole(target / "bench-peers.json", json.dumps(lines, indent=1) + "\n")
    svg = (benches if whole else target) / "peers.svg"
    plot(parts, lines, svg)
    page = results.RESULTS if whole else target / "bench-peers.md"
    results.rewrite("peers", "make bench-peers", text(parts, lines, missing), page)
    print(f"Results: {page}, {svg}, {target / 'bench-peers.json'}")


def text(parts, lines, missing):
    cells = {(x["method"], x["set"], x["size"]): x for x in lines}
    head = [""] + [f"{name_of(p)} ({p.count()}{'' if p.name == 'clips' else ', ' + p.size})" for p in parts]
    rows = []
    for method in [*peers.PEERS, *(f"otinterp {preset}" for preset in ours.PRESETS)]:
        row = [f"{method}"]
        for part in parts:
            x = cells.get((method, part.name, part.size))
            row.append(f"{x['psnr_db']:.2f} / {x['ssim']:.4f}, {results.number(x['cpu_ms_per_inbetween'])}" if x else absent(method, part, missing))
        rows.append(row)
    return f"""## Beside other interpolators

Mean RGB PSNR / SSIM of rebuilt frames, and CPU milliseconds for one in-between, without decoding and encoding; all on one core, in one run
({date.today():%Y-%m}, {environment.processor()}, FFmpeg {ffmpeg_version()}, OpenCV {cv2.__version__}). 480p to 1080p are the beginnings of
three clips of 1080p (foliage under a fast pan, animation with very fast motion, a rider under a zooming pan), reduced by area, every other
frame left out. In brackets the number of frames and their commonest size. User and system time; of clips the shorter of {TURNS} turns.
`minterpolate` is measured as a process, less the same chain with `fps=50` in its place; MVTools less its changes of colour model.
Each flow is solved both ways and rendered by `scripts/bench_peers/splat.c`. RIFE is a network, run by PyTorch with 32-bit floats where
it is installed (the head of `scripts/bench-peers.py` says how). All know the two frames alone: `otinterp` moves straight (`--motion straight`).

{results.table(head, rows)}

![Quality against CPU time for all methods](peers.svg)"""


def absent(method, part, missing):
    if method == "MVTools, block" and method in missing:
        earlier = MVTOOLS_EARLIER.get(part.name)
        if earlier:
            return f"not installed; {earlier} measured earlier on another machine"
        if part.size == "1080p":
            return f"not installed; {MVTOOLS_EARLIER_MS} ms measured earlier on another machine"
    return "not installed" if method in missing else "–"


def ffmpeg_version():
    return subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True).stdout.split()[2]


# What is drawn as one curve: its name, its points, how it looks.
CURVES = [
    ("minterpolate: defaults, bidir", ["minterpolate, defaults", "minterpolate, bidir, 8×8"], {"color": "#b35900", "marker": "s"}),
    ("MVTools, block", ["MVTools, block"], {"color": "#7a3db8", "marker": "D"}),
    ("DIS: ultrafast, medium", ["DIS ultrafast + splatting", "DIS medium + splatting"], {"color": "#0b6e4f", "marker": "^"}),
    ("RIFE: 3.1, 4.25", list(rife.RIFE), {"color": "#b3261e", "marker": "v"}),
    ("otinterp: fast, balanced, best", [f"otinterp {p}" for p in ours.PRESETS], {"color": "#0b57d0", "marker": "o"}),
]


def plot(parts, lines, path):
    cells = {(x["method"], x["set"], x["size"]): x for x in lines}
    columns = min(3, len(parts))
    rows = -(-len(parts) // columns)
    figure, axes = results.figures(rows, columns, 4.2 * columns, 3.3 * rows + 0.9)
    for axis in axes.flat[len(parts):]:
        axis.set_visible(False)
    for axis, part in zip(axes.flat, parts):
        for label, methods, look in CURVES:
            points = [cells[m, part.name, part.size] for m in methods if (m, part.name, part.size) in cells]
            x, y = ([p[key] for p in points] for key in ("cpu_ms_per_inbetween", "psnr_db"))
            axis.plot(x, y, label=label, linewidth=2 if "otinterp" in label else 1.2, markersize=6, **look)
        axis.set_xscale("log")
        axis.margins(0.1)
        results.log_ticks(axis.xaxis)
        title = part.size + ", clips" if part.name == "clips" else f"{part.name}, {part.size}"
        # So far below and so fast that its point would press all others together.
        if fade := cells.get(("cross-fade", part.name, part.size)):
            title += f"\n(cross-fade {fade['psnr_db']:.1f} dB, {results.number(fade['cpu_ms_per_inbetween'], 1)} ms)"
        axis.set_title(title)
        axis.set_xlabel("CPU ms for one in-between, one core")
        axis.set_ylabel("PSNR, dB")
    figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    results.save(figure, path)
