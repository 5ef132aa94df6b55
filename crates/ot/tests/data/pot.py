"""Reference plans by POT for transport/pot.rs. Writes pot.json beside this script.

    pip install POT==0.9.7.post1 numpy && python crates/ot/tests/data/pot.py

Costs are integers / 1024 and masses integers over their sum rounded to float32, so that both sides solve the same
problem to the bit. POT works in float64, to a marginal error far below the 1e-4 that is asked of us.
"""

import json
import pathlib

import numpy as np
import ot

SEED = 20240607
rng = np.random.default_rng(SEED)


def masses(n, zeros=False):
    m = rng.integers(1, 100, n)
    if zeros:
        m[rng.permutation(n)[: n // 3]] = 0
    return m


def float32(m, total=None):
    return (m / (m.sum() if total is None else total)).astype(np.float32).astype(np.float64)


def squared(x, y):
    return ((x[:, None] - y[None]) ** 2).sum(-1)


def solve(a, b, cost, eps, slack):
    keep_a, keep_b = a > 0, b > 0
    plan = np.zeros(cost.shape)
    a_, b_, c_ = a[keep_a], b[keep_b], cost[np.ix_(keep_a, keep_b)]
    if slack is None:
        b_ = b_ * (a_.sum() / b_.sum())
        p = ot.sinkhorn(a_, b_, c_, eps, method="sinkhorn_log", numItermax=1_000_000, stopThr=1e-12)
    else:
        reg_m = tuple(np.inf if s is None else s for s in slack)
        p = ot.unbalanced.sinkhorn_unbalanced(
            a_, b_, c_, eps, reg_m, method="sinkhorn", reg_type="kl",
            numItermax=100_000, stopThr=1e-15)
    plan[np.ix_(keep_a, keep_b)] = p
    return plan


cases = []
for kind in ["uniform", "points", "zeros", "grid", "unbalanced", "semirelaxed"]:
    for k in range(10 if kind in ("uniform", "points") else 8 if kind != "grid" else 6):
        n, m = rng.integers(1, 13, 2)
        grid = None
        slack = None
        a, b = masses(n, kind == "zeros"), masses(m, kind == "zeros")
        if kind == "points":
            cost = squared(rng.integers(0, 24, (n, 2)), rng.integers(0, 24, (m, 2)))
        elif kind == "grid":
            grid = [int(s) for s in rng.integers(1, 5, 2)]
            at = np.stack(np.meshgrid(*map(np.arange, grid), indexing="ij"), -1).reshape(-1, 2)
            cost = 64 * squared(at, at)
            n = m = len(at)
            a, b = masses(n), masses(m)
        else:
            cost = rng.integers(0, 1024, (n, m))
        eps = float(np.float32([0.02, 0.05, 0.2][k % 3]))
        total_a, total_b = int(a.sum()), int(b.sum())
        if kind == "unbalanced":
            slack = [float(np.float32(s)) for s in rng.choice([0.05, 0.3, 2.0], 2)]
            total_b = int(total_b * 0.7) + 1
        if kind == "semirelaxed":
            slack = [None, float(np.float32(rng.choice([0.1, 1.0])))]
        plan = solve(float32(a, total_a), float32(b, total_b), cost / 1024, eps, slack)
        assert np.isfinite(plan).all()
        cases.append(dict(kind=kind, grid=grid, eps=eps, slack=slack, a=a.tolist(), b=b.tolist(),
                          total_a=total_a, total_b=total_b, cost=cost.tolist(),
                          plan=[[float(f"{p:.8g}") for p in row] for row in plan]))

out = pathlib.Path(__file__).with_name("pot.json")
head = dict(pot=ot.__version__, numpy=np.__version__, seed=SEED)
lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
out.write_text("{" + json.dumps(head)[1:-1] + ', "cases": [\n' + lines + "\n]}\n")
print(len(cases), "cases")
