#!/usr/bin/env python3
"""Times the transport core beside POT, OTT-JAX, GeomLoss and NumPy's BLAS: one run, one core, the same data, f32.

    scripts/bench-ot-peers.py          makes target/peers-venv on first use (pinned versions), then measures
    scripts/bench-ot-peers.py --here   measures with the Python that runs it; what it lacks counts as not installed

Writes target/bench-ot-peers.json after every line: [{case, peer, threads, ours_ns_per_iteration,
peer_ns_per_iteration, ratio, ...}]. An iteration updates both scalings (or potentials). Its time is the slope between
two numbers of iterations. Ours and the peer take turns, medians count. The whole time until the marginals' L1 error
is 1e-4 (by each one's own stopping rule) stands beside it, with the error that the plan then really has.
At small eps, where not everyone converges, an iteration's time is the whole solve's over its iterations.
"""
import json, os, subprocess

from measuring import environment

# Installed line by line, so that one that this machine cannot have leaves the others.
PINNED = [
    ["numpy==2.4.6", "POT==0.9.7.post1"],
    ["jax==0.10.2", "ott-jax==0.6.0"],
    # PyTorch for CPUs alone where that index can be reached: PyPI's own build for Linux brings gigabytes for GPUs.
    ["torch==2.15.0", "geomloss==0.3.1", "--extra-index-url", "https://download.pytorch.org/whl/cpu", "--retries", "1"],
]


def benchmark():
    """Our own side, built; `OTINTERP_BENCH` may name it."""
    if built := os.environ.get("OTINTERP_BENCH"):
        return built
    command = ["cargo", "bench", "--no-default-features", "--bench", "ot", "--no-run", "--message-format", "json"]
    lines = subprocess.run(command, check=True, cwd=environment.ROOT, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return next(x["executable"] for x in map(json.loads, lines) if x.get("executable"))


if __name__ == "__main__":
    environment.enter(__file__, "peers-venv", PINNED)
    program = benchmark()
    environment.one_core()
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    from bench_ot_peers import measure

    measure.everything(program, environment.TARGET)
