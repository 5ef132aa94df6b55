#!/usr/bin/env python3
"""Times the transport core beside POT, OTT-JAX, GeomLoss and NumPy's BLAS: one run, one core.

    scripts/bench-ot-peers.py          makes target/peers-venv on first use (pinned versions), then measures
    scripts/bench-ot-peers.py --here   measures with the Python that runs it

Writes target/bench-ot-peers.json: [{case, peer, threads, ours_ns_per_iteration, peer_ns_per_iteration, ratio}].
An iteration updates both scalings (or potentials). Its time is the slope between two counts of iterations, the
median of three. Every peer's answer is checked against the marginals before it is timed. Where a peer has no
batches, it solves a few of the problems, and the time is scaled up.
"""
import json, os, subprocess, sys, time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "target"
PINNED = ["POT==0.9.7.post1", "ott-jax==0.6.0", "jax==0.10.2", "geomloss==0.3.1", "torch==2.15.0", "numpy==2.4.6"]
EPS = 0.05
FEW = 10


def enter_environment():
    """Runs this script again inside its own environment, on one core."""
    python = TARGET / "peers-venv" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", python.parent.parent], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PINNED], check=True)
    os.execv(python, [str(python), __file__, "--here"])


def one_core():
    # Set for old OpenBLAS builds on some machines, where they slow current ones.
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        os.environ.pop(name, None)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def slope(run, low, high):
    """Seconds an iteration."""
    run(low), run(high)
    slopes = []
    for _ in range(3):
        start = time.perf_counter()
        run(low)
        middle = time.perf_counter()
        run(high)
        slopes.append(((time.perf_counter() - middle) - (middle - start)) / (high - low))
    return sorted(slopes)[1]


def ours():
    """Our own times; `OTINTERP_BENCH` may name the built benchmark."""
    built = os.environ.get("OTINTERP_BENCH")
    command = [built] if built else ["cargo", "bench", "--no-default-features", "--bench", "ot", "--"]
    out = subprocess.run([*command, "peers"], check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout
    return {line["case"]: line for line in json.loads(out.splitlines()[-1])}


def dense_peers(np, n, count, high):
    """(peer, log domain, seconds an iteration of all problems) for `count` problems of n × n, each with its own cost."""
    import geomloss._legacy.sinkhorn_divergence as divergence
    import geomloss._legacy.sinkhorn_samples as samples
    import jax, jax.numpy as jnp, ot, torch
    from ott.geometry import geometry
    from ott.problems.linear import linear_problem
    from ott.solvers.linear import sinkhorn

    torch.set_num_threads(1)
    few = min(count, FEW)
    rng = np.random.default_rng(0)
    costs = rng.random((few, n, n), dtype=np.float32)
    a = (rng.random((few, n), dtype=np.float32) + 0.5)
    b = (rng.random((few, n), dtype=np.float32) + 0.5)
    a /= a.sum(1, keepdims=True)
    b /= b.sum(1, keepdims=True)

    def check(peer, plan):
        plan = np.asarray(plan, dtype=np.float64)
        error = np.abs(plan.sum(1) - a[0]).sum() + np.abs(plan.sum(0) - b[0]).sum()
        assert error < 1e-2, f"{peer}: marginal error {error}"

    kernels = np.exp(-costs / np.float32(EPS))

    def blas(k):
        for i in range(few):
            v = np.ones(n, np.float32)
            for _ in range(k):
                u = a[i] / (kernels[i] @ v)
                v = b[i] / (u @ kernels[i])
        return u, v

    u, v = blas(high)
    assert abs((v * (u @ kernels[-1])).sum() - 1) < 1e-3
    yield "numpy (BLAS loop)", False, slope(blas, high // 5, high) * count / few

    for method, log in (("sinkhorn", False), ("sinkhorn_log", True)):
        def pot(k):
            return [ot.sinkhorn(a[i], b[i], costs[i], EPS, method=method, numItermax=k, stopThr=0, warn=False) for i in range(few)]

        check(method, pot(high)[0])
        yield "POT", log, slope(pot, high // 5, high) * count / few

    for log in (False, True):
        programs = {}

        def ott(k):
            if k not in programs:
                solver = sinkhorn.Sinkhorn(lse_mode=log, threshold=0.0, inner_iterations=k, min_iterations=k, max_iterations=k)

                def solve(c, x, y):
                    out = solver(linear_problem.LinearProblem(geometry.Geometry(cost_matrix=c, epsilon=EPS), x, y))
                    return out.f, out.g

                programs[k] = jax.jit(jax.vmap(solve))
            return jax.block_until_ready(programs[k](jnp.asarray(costs), jnp.asarray(a), jnp.asarray(b)))

        f, g = (np.asarray(x[0], np.float64) for x in ott(high))
        check("OTT-JAX", np.exp((f[:, None] + g[None] - costs[0]) / EPS))
        yield "OTT-JAX", log, slope(ott, high // 5, high) * count / few

    c, weights = torch.from_numpy(costs), [divergence.log_weights(torch.from_numpy(x)) for x in (a, b)]
    c_t = c.transpose(1, 2).contiguous()

    def geomloss(k):
        return divergence.sinkhorn_loop(samples.softmin_tensorized, *weights, None, None, c, c_t, [EPS] * k, None, debias=False)

    _, _, g, f = geomloss(high)
    f, g = (np.asarray(x[0], np.float64).reshape(-1) for x in (f, g))
    check("GeomLoss", a[0][:, None] * b[0] * np.exp((f[:, None] + g[None] - costs[0]) / EPS))
    yield "GeomLoss", True, slope(geomloss, high // 5, high) * count / few


def separable_peers(np, n, count, high):
    """A BLAS loop over grids with one 1-D kernel."""
    rng = np.random.default_rng(0)
    a, b = (rng.random((count, n, n), dtype=np.float32) + 0.5 for _ in range(2))
    a /= a.sum((1, 2), keepdims=True)
    b /= b.sum((1, 2), keepdims=True)
    x = (np.arange(n) / n).astype(np.float32)
    k = np.exp(-((x[:, None] - x[None]) ** 2) / np.float32(EPS))

    def apply(v):
        return ((k @ v).reshape(count * n, n) @ k).reshape(count, n, n)

    def blas(steps):
        v = np.ones_like(b)
        for _ in range(steps):
            u = a / apply(v)
            v = b / apply(u)
        return u, v

    u, v = blas(high)
    assert np.abs(u * apply(v) - a).sum((1, 2)).max() < 1e-2
    yield "numpy (BLAS loop)", False, slope(blas, high // 5, high)


def main():
    one_core()
    if "--here" not in sys.argv:
        enter_environment()
    import numpy as np

    own, lines = ours(), []
    cases = [
        ("dense 256x256 x1000", dense_peers(np, 256, 1000, 50)),
        ("dense 4096x4096", dense_peers(np, 4096, 1, 10)),
        ("separable 16x16 x1000", separable_peers(np, 16, 1000, 100)),
        ("separable 64x64", separable_peers(np, 64, 1, 2000)),
    ]
    print(f"{'case':<26} {'peer':<20} {'ours, ms':>10} {'peer, ms':>10} {'ratio':>7}")
    for case, peers in cases:
        for peer, log, seconds in peers:
            name = case + (" log" if log else "")
            mine = own[name]["ns_per_iteration"]
            line = dict(case=name, peer=peer, threads=1, ours_ns_per_iteration=mine, peer_ns_per_iteration=seconds * 1e9, ratio=seconds * 1e9 / mine)
            lines.append(line)
            print(f"{name:<26} {peer:<20} {mine / 1e6:>10.3f} {seconds * 1e3:>10.3f} {line['ratio']:>7.2f}", flush=True)
    for name, line in own.items():
        print(f"{name:<26} to a marginal error of 1e-4: {line['ms_to_1e_4']:.1f} ms")
    TARGET.mkdir(exist_ok=True)
    (TARGET / "bench-ot-peers.json").write_text(json.dumps(lines, indent=1))


if __name__ == "__main__":
    main()
