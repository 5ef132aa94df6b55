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
import json, os, shutil, subprocess, sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / "target" / "peers-venv" / "bin" / "python"
# Installed line by line, so that one that this machine cannot have leaves the others.
PINNED = [
    ["numpy==2.4.6", "POT==0.9.7.post1"],
    ["jax==0.10.2", "ott-jax==0.6.0"],
    # PyTorch for CPUs alone where that index can be reached: PyPI's own build for Linux brings gigabytes for GPUs.
    ["torch==2.15.0", "geomloss==0.3.1", "--extra-index-url", "https://download.pytorch.org/whl/cpu", "--retries", "1"],
]
FOR_PYTHONS = ["python3.14", "python3.13", "python3.12", "python3"]


def works(python):
    return shutil.which(python) and subprocess.run([python, "-c", ""], capture_output=True).returncode == 0


def enter_environment():
    """Runs this script again inside its own environment."""
    if not PYTHON.exists():
        base = next(filter(works, FOR_PYTHONS), sys.executable)
        subprocess.run([base, "-m", "venv", PYTHON.parent.parent], check=True)
        for group in PINNED:
            subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", *group], check=False)
    os.execv(PYTHON, [str(PYTHON), __file__, "--here"])


def one_core():
    # Set for old OpenBLAS builds on some machines, where they slow current ones.
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        os.environ.pop(name, None)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def benchmark():
    """Our own side, built; `OTINTERP_BENCH` may name it."""
    if built := os.environ.get("OTINTERP_BENCH"):
        return built
    command = ["cargo", "bench", "--no-default-features", "--bench", "ot", "--no-run", "--message-format", "json"]
    lines = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return next(x["executable"] for x in map(json.loads, lines) if x.get("executable"))


if __name__ == "__main__":
    if "--here" not in sys.argv:
        enter_environment()
    program = benchmark()
    one_core()
    from bench_ot_peers import measure

    measure.everything(program, ROOT / "target")
