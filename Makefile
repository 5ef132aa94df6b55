# `make demo` and `make test` do all the set-up themselves; both can be run again and again.

.PHONY: all demo test lint deny fit-gate test-page bench bench-ot bench-peers bench-scale sweep-presets quality assets setup setup-test kernel-guard fuzz dist
.NOTPARALLEL:

all: demo

# FFmpeg's development packages, clang and pkg-config, where they are missing.
setup:
	@scripts/setup.sh

# The same and what only the tests need.
setup-test:
	@scripts/setup.sh --tests

demo: setup
	cargo build --release
	@mkdir -p demo
	cargo run --release --quiet -- frames assets/pair/a.png assets/pair/b.png -n 8 -o demo/frames/ -y
	cargo run --release --quiet -- compare assets/pair/a.png assets/pair/b.png \
	    --truth assets/pair/middle.png -o demo/compare.png -y
	@echo
	@echo "Eight in-betweens of assets/pair/a.png and b.png: $(CURDIR)/demo/frames/"
	@echo "Cross-fade above, transport below:                $(CURDIR)/demo/compare.png"

# What is compiled anew without FFmpeg. All are named together: a crate alone asks less of what it depends on, and all of
# that, the engine too, would be compiled once more.
WITHOUT_FFMPEG = --no-default-features -p otinterp-video -p otinterp-cli -p otinterp

lint: setup-test
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy $(WITHOUT_FFMPEG) --all-targets -- -D warnings
	@if cargo deny --version >/dev/null 2>&1; then $(MAKE) --no-print-directory deny; \
	    else echo "skipped: cargo deny: it is not installed; make deny installs it"; fi

# Licences, banned crates and sources of what the workspace depends on, by deny.toml. Compiling cargo-deny takes minutes.
deny:
	@cargo deny --version >/dev/null 2>&1 || cargo install cargo-deny --locked
	cargo deny check licenses bans sources

# Without FFmpeg run what is another program there; with it, all. The engine's unit tests need no speed: less optimised,
# they are compiled in a third of the time. See docs/TESTING.md.
test: lint
	cargo test $(WITHOUT_FFMPEG) --lib
	cargo test $(WITHOUT_FFMPEG) --test measures --test retime -- without_video batch:: report:: y4m::
	cargo test -p otinterp-engine -p otinterp --lib --config profile.dev.package.otinterp-engine.opt-level=1
	cargo test --workspace --doc
	cargo test --workspace --exclude otinterp-engine --lib --tests

# Uses pages of `report` in Chromium, with playwright-core from the npm registry. `make test` skips that where it is not installed.
test-page:
	@scripts/setup.sh --page
	cd tests/page && npm ci --no-audit --no-fund
	cargo test --workspace --test report -- --nocapture browser::

# Fuzzes each reader for MINUTES, with a nightly compiler and cargo-fuzz. The seeds and mutations of them are part of `make test`.
MINUTES = 1
fuzz: setup
	scripts/fuzz $(MINUTES)

# A Debian package and a folder with FFmpeg's libraries, under target/dist.
dist: setup
	scripts/dist

# Fails if a kernel's loops are no longer compiled to vector instructions; builds the libraries for release.
kernel-guard: setup-test
	scripts/kernel-guard

# The transport's kernels, the stages of an in-between, and whole in-betweens. Some minutes.
bench: setup
	cargo bench --bench ot --bench stages --bench interpolate
	@echo
	@echo "Results: kernels       target/bench-ot.json"
	@echo "         stages        target/bench-stages.json"
	@echo "         end to end    target/criterion/1080p/ (solve/PRESET and render/PRESET)"

# These need python3, and the folder that $$OTINTERP_DATA names. Each writes its part of benches/RESULTS.md anew.
# Beside minterpolate, MVTools and DIS flow.
bench-peers: setup-test
	scripts/bench-peers.py

# Cost per pixel, speed-up by threads, and memory.
bench-scale: setup-test
	scripts/bench-scale.py

# Which settings no other settings beat.
sweep-presets: setup-test
	scripts/sweep-presets.py

# The transport core's kernels as a share of what this machine can do; also target/bench-ot.json.
# scripts/bench-ot-peers.py runs other libraries beside it.
bench-ot:
	cargo bench --no-default-features --bench ot

# Fits the gate of the renderer to scenes in layers, made here. Some minutes.
fit-gate: setup
	cargo run --release --example fit_gate -- crates/engine/src/render/layered/gate/weights.rs
	cargo fmt

# Rebuilds the true middle frames of 24 scenes in layers, made here, and of the triplets under $$OTINTERP_DATA/triplets (one
# folder per set) if there are any, and fails if a set falls behind its floor. With QUALITY_ARGS=--scenes every frame is listed.
quality: setup
	cargo build --release --bin otinterp --example layered_scenes
	@rm -rf target/layered
	target/release/examples/layered_scenes target/layered --seeds 0-23 --size 640x360
	failed=0; for preset in fast balanced best; do \
	    target/release/otinterp score target/layered --preset $$preset \
	        --floors benches/quality-floors-layered.toml $(QUALITY_ARGS) || failed=1; \
	done; \
	test -n "$$OTINTERP_DATA" || echo "make quality: no triplets; set OTINTERP_DATA to a folder with triplets/SET/SCENE/{im1,gt,im3}.png"; \
	test -z "$$OTINTERP_DATA" || for preset in balanced best; do \
	    target/release/otinterp score "$$OTINTERP_DATA/triplets" --preset $$preset \
	        --floors benches/quality-floors.toml $(QUALITY_ARGS) || failed=1; \
	done; \
	exit $$failed

# Makes the files under assets/ anew.
assets: setup
	cargo run --release --example make_assets
	cargo run --release --quiet -- compare assets/pair/a.png assets/pair/b.png --width 1040 \
	    -o assets/compare.png -y
	cargo run --release --quiet -- compare assets/photo/a.jpg assets/photo/b.jpg --width 880 \
	    -o assets/photo.png -y
