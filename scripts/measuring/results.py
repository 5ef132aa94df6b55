"""What is written of a measurement: a marked part of benches/RESULTS.md, and plots."""
import os
from math import floor, log10
from pathlib import Path

from .environment import ROOT

RESULTS = ROOT / "benches" / "RESULTS.md"


def write_whole(path, text):
    """A file that has its name only when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(text)
    os.replace(part, path)


def rewrite(name, command, text, path=RESULTS):
    """Puts `text` between the marks of `name`; behind everything else where there are none yet."""
    begin, end = f"<!-- {name}: written by `{command}` -->", f"<!-- end of {name} -->"
    old = path.read_text() if path.exists() else ""
    before, found, rest = old.partition(begin)
    after = rest.partition(end)[2] if found else "\n"
    write_whole(path, f"{before.rstrip()}\n\n{begin}\n\n{text.strip()}\n\n{end}{after}")


def table(head, rows):
    lines = ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]
    return "\n".join(lines)


def number(value, digits=3):
    """With that many digits that count, and never fewer before the point."""
    if value == 0:
        return "0"
    return f"{value:.{max(0, digits - 1 - floor(log10(abs(value))))}f}"


def figures(rows, columns, width, height):
    """A figure and its axes: opaque and dark on light, so that it reads the same on a dark page."""
    import matplotlib

    matplotlib.use("svg")
    # Letters as outlines: they look the same and are as wide on every machine.
    matplotlib.rcParams.update({"svg.fonttype": "path", "svg.hashsalt": "otinterp", "font.size": 10, "axes.spines.top": False,
                                "axes.spines.right": False, "axes.grid": True, "grid.color": "#dddddd", "axes.titlesize": 11,
                                "figure.facecolor": "#ffffff", "axes.facecolor": "#ffffff", "text.color": "#1a1a1a"})
    from matplotlib import pyplot

    return pyplot.subplots(rows, columns, figsize=(width, height), squeeze=False, layout="constrained")


def log_ticks(axis):
    """Plain numbers along a logarithmic axis, at 1, 2 and 5 of every decade."""
    from matplotlib import ticker

    axis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5), numticks=20))
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(ticker.NullFormatter())


def save(figure, path):
    part = Path(path).with_name(f".{Path(path).name}.part")
    figure.savefig(part, format="svg", bbox_inches="tight", pad_inches=0.15, metadata={"Date": None})
    os.replace(part, path)
