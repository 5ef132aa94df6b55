"""All cases, both programs, one table."""
import os, tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from measuring.environment import ROOT

from . import cases, inputs, outputs


def compared(ours, theirs, kinds):
    """Prints a line per case and kind; {status: how many}."""
    todo = cases.everything()
    counts = {"ok": 0, "DIFFERS": 0, "missing": 0}
    known = {}
    with tempfile.TemporaryDirectory(prefix="same-bits-") as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        made = Path(folder) / "inputs"
        made.mkdir()
        inputs.make(made, ROOT / "assets")

        def both(numbered):
            index, case = numbered
            return case, [result(program, case, Path(folder) / side / str(index), made) for side, program in (("ours", ours), ("theirs", theirs))]

        for case, (mine, other) in pool.map(both, enumerate(todo)):
            known[case.name] = mine
            for kind, status, note in [*lines(mine, other), *unlike(case, mine, known)]:
                if kind in kinds or kind == "-":
                    counts[status] += 1
                    print(f"{status:8} {kind:8} {case.name:34} {note}".rstrip(), flush=True)
    return counts


def result(program, case, folder, made):
    """The hashes, or why there are none."""
    folder.mkdir(parents=True)
    try:
        return outputs.hashes(program, case, folder, made)
    except (outputs.Unknown, outputs.Failed) as error:
        return error
    finally:
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()


def lines(mine, other):
    """(kind, status, note) of every kind that one of the two has."""
    failures = [(who, r) for who, r in (("this tree", mine), ("revision", other)) if isinstance(r, Exception)]
    if failures:
        # What neither can do is no difference, and what one does not know yet or any more is none of bits.
        same = len(failures) == 2 and type(mine) is type(other)
        status = "missing" if same or all(isinstance(r, outputs.Unknown) for _, r in failures) else "DIFFERS"
        yield "-", status, "; ".join(f"{who}: {r}" for who, r in failures)
        return
    for kind in outputs.KINDS:
        a, b = mine.get(kind), other.get(kind)
        if a == b and a:
            yield kind, "ok", a[:16]
        elif a or b:
            yield kind, "DIFFERS", f"this tree {(a or 'has none')[:16]}, revision {(b or 'has none')[:16]}"


def unlike(case, mine, known):
    """What must be the same as another case in this tree's program."""
    if case.like and isinstance(mine, dict) and isinstance(known[case.like], dict):
        for kind, value in mine.items():
            if value != (first := known[case.like].get(kind)):
                yield kind, "DIFFERS", f"{value[:16]}, and `{case.like}` {(first or 'has none')[:16]}"
