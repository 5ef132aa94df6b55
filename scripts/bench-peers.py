#!/usr/bin/env python3
"""Quality and CPU time beside ffmpeg's minterpolate, MVTools and DIS flow: one run, one core, the same frames.

    scripts/bench-peers.py              makes target/bench-peers-venv on first use (pinned versions), then measures everything
    scripts/bench-peers.py SET...       only these: middlebury davis ucf101 480p 720p 1080p; results go to target/ alone
    scripts/bench-peers.py --here ...   with the Python that runs it; what it lacks counts as not installed

Needs the folder OTINTERP_DATA. Writes target/bench-peers.json, [{method, size, set, psnr_db, ssim, cpu_ms_per_inbetween}],
benches/peers.svg and the table in benches/RESULTS.md. Takes about a quarter of an hour.
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
