"""The cases, ours and the peers in turn, and what is written of them."""
import json, subprocess, tempfile, time, warnings
from pathlib import Path
from statistics import median

import numpy as np

from . import peers

STOP = 1e-4
LIMIT = 5000  # iterations of a solve to STOP
SECONDS = 0.4  # between the two runs of a slope, at least
TURNS = 3
LONG = 2.0  # seconds from which on one turn is enough
BOTH = [(False, peers.DENSE), (True, peers.DENSE_LOG)]
SEPARABLE = [(False, peers.SEPARABLE)]


def uniform(random, count, n):
    """Costs without any structure."""
    return random.random((count, n, n), dtype=np.float32)


def clouds(random, count, n):
    """Squared distances, at most 1, between points of a square and of the square half a side beside it."""
    x, y = random.random((2, count, n, 2), dtype=np.float32)
    cost = ((x[:, :, None] - y[:, None] - np.float32([0.5, 0])) ** 2).sum(3)
    return cost / cost.max()


class Task:
    """Random problems, `count` of them, that all solve. Without costs they are grids of n x n points."""

    def __init__(self, folder, name, n, count, eps, costs=None):
        self.name, self.n, self.eps, self.kind = name, n, eps, "dense" if costs else "separable"
        random = np.random.default_rng(1)
        points = n if costs else n * n
        arrays = {x: random.random((count, points), dtype=np.float32) + np.float32(0.5) for x in "ab"}
        for masses in arrays.values():
            masses /= masses.sum(1, keepdims=True, dtype=np.float64)
        if costs:
            arrays["cost"] = costs(random, count, n)
        self.folder = tempfile.TemporaryDirectory(dir=folder)
        for name, values in arrays.items():
            values.tofile(Path(self.folder.name) / f"{name}.f32")
            setattr(self, name, values)

    def error(self, plan):
        """L1 error of both marginals of the last problem."""
        sums = (plan.sum(axis, dtype=np.float64) for axis in (1, 0))
        return float(sum(np.abs(s - m).sum() for s, m in zip(sums, (self.a[-1], self.b[-1]))))


class Ours:
    def __init__(self, program, task):
        command = [program, "peers", task.kind, str(task.n), str(task.eps), task.folder.name]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def solve(self, log, iterations, stop, check_every=10):
        request = json.dumps({"log": log, "sweeps": iterations, "tolerance": stop, "check_every": check_every})
        print(request, file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())


def seconds(solve, *arguments):
    start = time.perf_counter()
    solve(*arguments)
    return time.perf_counter() - start


def per_iteration(run):
    """A function that measures an iteration: the slope of `run(iterations)` seconds between enough of them."""
    low, high = 2, 7
    start = min(run(low), run(low))  # the first compiles
    while min(run(high), run(high)) - start < SECONDS and high < LIMIT:
        high *= 4
    return lambda: (run(high) - run(low)) / (high - low)


def take_turns(first, second, turns=TURNS):
    """The medians of two measurements made in turn."""
    pairs = [(first(), second()) for _ in range(turns)]
    return (median(x) for x in zip(*pairs))


def compare(task, ours, log, make):
    """One line of the table."""
    solve = make(task, log)
    own, peer = take_turns(
        per_iteration(lambda k: ours.solve(log, k, 0.0, k)["seconds"]), per_iteration(lambda k: seconds(solve, k, 0.0)))
    rates = dict(ours_ns_per_iteration=own * 1e9, peer_ns_per_iteration=peer * 1e9, ratio=peer / own)
    return rates | times_to_stop(task, ours, log, solve)


def compare_stabilised(task, ours, _, make):
    """The same where the costs' range is too large for the plain scaling form: a log form of the peer beside the form
    that ours takes by itself, looks at its scalings included. (It may end early, where sums no longer change.)"""
    solve = make(task, True)

    def own():
        low, high = ours.solve(False, 10, 0.0), ours.solve(False, 60, 0.0)
        return (high["seconds"] - low["seconds"]) / (high["iterations"] - low["iterations"])

    own, peer = take_turns(own, per_iteration(lambda k: seconds(solve, k, 0.0)))
    rates = dict(ours_ns_per_iteration=own * 1e9, peer_ns_per_iteration=peer * 1e9, ratio=peer / own)
    return rates | times_to_stop(task, ours, False, solve)


def times_to_stop(task, ours, log, solve):
    start = time.perf_counter()
    iterations, plan = solve(LIMIT, STOP)  # and compiles
    turns = TURNS if time.perf_counter() - start < LONG else 1
    answer = ours.solve(log, LIMIT, STOP)
    own, peer = take_turns(lambda: ours.solve(log, LIMIT, STOP)["seconds"], lambda: seconds(solve, LIMIT, STOP), turns)
    return dict(
        ours_ms=own * 1e3, ours_iterations=answer["iterations"], ours_error=answer["error"], ours_form=answer["form"],
        peer_ms=peer * 1e3, peer_iterations=iterations, peer_error=finite(task.error(plan())),
    )


def compare_small_eps(task, ours, log, make):
    """What each makes of an eps of a thousandth of the costs: an iteration's time is the mean of the whole solve."""
    line = times_to_stop(task, ours, False, make(task, log))
    own, peer = (line[f"{who}_ms"] * 1e6 / max(1, line[f"{who}_iterations"]) for who in ("ours", "peer"))
    ratio = None if line["peer_error"] is None else peer / own
    return dict(ours_ns_per_iteration=own, peer_ns_per_iteration=peer, ratio=ratio) | line


def finite(error):
    return error if np.isfinite(error) else None


def outcome(error):
    if error is None:
        return "NaN"
    return f"error {error:.0e}" + ("" if error <= 1.1 * STOP else f", above {STOP:.0e}")


def measure(program, task, groups, comparison):
    """Yields the lines of a case."""
    ours = Ours(program, task)
    for log, peers in groups:
        for name, make in peers:
            line = dict(case=task.name + (" log" if log else ""), peer=name, threads=1, ours_ns_per_iteration=None,
                        peer_ns_per_iteration=None, ratio=None)
            try:
                with np.errstate(all="ignore"):
                    line |= comparison(task, ours, log, make)
            except ImportError as missing:
                line["note"] = f"not installed: {missing.name}"
            yield line


def show(line):
    print(f"{line['case']:<28} {line['peer']:<18}", end=" ")
    if "note" in line:
        print(line["note"], flush=True)
        return
    ratio = "-" if line["ratio"] is None else f"{line['ratio']:.1f}"
    print(f"{line['ours_ns_per_iteration'] / 1e6:>9.4f} {line['peer_ns_per_iteration'] / 1e6:>9.4f} {ratio:>7}", end=" ")
    for who in ("ours", "peer"):
        print(f"{line[who + '_ms']:>9.1f} ms, {line[who + '_iterations']:>4.0f}: {outcome(line[who + '_error']):<24}", end=" ")
    print(flush=True)


def everything(program, target):
    """Prints the table and writes the JSON file anew after every line, so that a run cut short leaves what it has."""
    target.mkdir(exist_ok=True)
    small_eps = BOTH + [(False, peers.STABILISED)]
    cases = [
        (("dense 256x256 x1000", 256, 1000, 0.05, uniform), BOTH, compare),
        (("dense 256x256 x1000 eps 5e-3", 256, 1000, 5e-3, uniform), [(True, peers.FASTEST_LOG)], compare_stabilised),
        (("dense 4096x4096", 4096, 1, 0.05, uniform), BOTH, compare),
        (("separable 16x16 x1000", 16, 1000, 0.05), SEPARABLE, compare),
        (("separable 64x64", 64, 1, 0.05), SEPARABLE, compare),
        (("clouds 256x256 eps 1e-3", 256, 1, 1e-3, clouds), small_eps, compare_small_eps),
    ]
    warnings.simplefilter("ignore")  # of over- and underflow: the errors tell
    lines = []
    print(f"{'':<47} {'ms an iteration':>19} {'':>7} {'to a marginal error of 1e-4: time, iterations, error it has':>71}")
    print(f"{'case':<28} {'peer':<18} {'ours':>9} {'peer':>9} {'ratio':>7} {'ours':>12} {'peer':>44}")
    for what, groups, comparison in cases:
        for line in measure(program, Task(target, *what), groups, comparison):
            lines.append(line)
            (target / "bench-ot-peers.json").write_text(json.dumps(lines, indent=1))
            show(line)
