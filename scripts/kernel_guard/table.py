"""The committed table, and what has become worse than it."""
from collections import Counter

from measuring.environment import ROOT

from . import counts, shells

PATH = ROOT / "benches" / "kernel-table.tsv"
HEADER = """# What each kernel's instructions are, at each level of vector instructions (x86-64). Written and read by scripts/kernel-guard.
# floats: share of packed instructions among arithmetic on floats; whole: packed instructions of arithmetic on whole numbers;
# calls: of functions that were not inlined, those of the allocator, copies and panics left out.
# kernel	level	floats	whole	calls
"""
# What a recompile scatters is nothing: with the crate cut into a workspace, or edited elsewhere, the shells kept their counts to the
# instruction. One loop over floats and one over whole numbers, broken on purpose in the largest kernel (some 150 loops), cost it 0.004 to
# 0.009 of the share and 1.1 to 1.3 % of the whole numbers; smaller kernels lose more. What is left is for edits between loops.
TOLERANCE = 0.003


def measured():
    """{(kernel, level): its counts}. Of several copies of a kernel, in the libraries that use it, the one with fewer packed counts."""
    found = {}
    for library in shells.libraries():
        for kernel, level, lines in shells.shells(library):
            new = counts.counted(lines)
            known = found.setdefault((kernel, level), new)
            if new.share() < known.share():
                found[kernel, level] = new
    return found


def write(found):
    rows = (f"{kernel}\t{level}\t{c.share():.4f}\t{c.whole}\t{len(c.called)}\n" for (kernel, level), c in sorted(found.items()))
    PATH.write_text(HEADER + "".join(rows))


def read():
    """{(kernel, level): (share, whole, calls)}"""
    rows = [line.split("\t") for line in PATH.read_text().splitlines() if not line.startswith("#")]
    return {(kernel, level): (float(share), int(whole), int(calls)) for kernel, level, share, whole, calls in rows}


def worse(found, table):
    """A line for everything that the table does not allow."""
    for kernel, level in sorted({*found, *table}):
        name = f"{kernel} {level}"
        if (kernel, level) not in table:
            yield f"{name}: not in the table"
        elif (kernel, level) not in found:
            yield f"{name}: in the table alone"
        else:
            yield from (f"{name}: {fault}" for fault in faults(found[kernel, level], *table[kernel, level]))


def faults(now, share, whole, calls):
    if now.share() < share - TOLERANCE:
        yield f"{now.share():.1%} of the arithmetic on floats is packed, {share:.1%} before"
    if now.whole < whole * (1 - TOLERANCE):
        yield f"{now.whole} packed instructions of arithmetic on whole numbers, {whole} before"
    if len(now.called) > calls:
        named = ", ".join(f"{count} of {name}" for name, count in Counter(now.called).items())
        yield f"{len(now.called)} calls, {calls} before: {named}"
