#!/bin/sh
# Installs what building otinterp needs and this machine lacks: FFmpeg's development files, clang
# (its library reads their headers), pkg-config and a C linker. With --tests also what the tests
# need: the ffmpeg program, rustfmt, clippy, python3 and objdump; with --page also node, npm and a
# Chromium. Says what it installs; does nothing if all is there.
set -eu

tests=no
page=no
case "${1:-}" in
    --tests) tests=yes ;;
    --page) tests=yes page=yes ;;
esac

has() { command -v "$1" >/dev/null 2>&1; }
say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# Runs a command as root.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif has sudo; then
        sudo "$@"
    else
        fail "root is needed; run this as root, then make again: $*"
    fi
}

# A browser that the pages' test finds by itself, or is told.
has_chromium() {
    [ -n "${CHROMIUM:-}" ] || has chromium || has chromium-browser || has google-chrome
}

# FFmpeg counts as there in whatever way it was installed, as long as pkg-config knows it.
has_ffmpeg_libs() {
    has pkg-config && pkg-config --exists libavcodec libavfilter libavformat libavutil libswscale
}

setup_debian() {
    installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }
    missing=
    need() { missing="$missing $1"; }
    has cc || need build-essential
    has pkg-config || need pkg-config
    has clang || need clang
    [ -n "${LIBCLANG_PATH:-}" ] || installed libclang-dev || need libclang-dev
    has_ffmpeg_libs || for package in libavcodec-dev libavfilter-dev libavformat-dev libavutil-dev libswscale-dev; do
        installed "$package" || need "$package"
    done
    if [ $tests = yes ]; then
        has ffmpeg || need ffmpeg
        has python3 || need python3
        has objdump || need binutils
    fi
    if [ $page = yes ]; then
        has node || need nodejs
        has npm || need npm
        has_chromium || need chromium
    fi
    [ -n "$missing" ] || return 0
    say "installing with apt-get:$missing"
    as_root apt-get update -q
    # shellcheck disable=SC2086 # a list of words
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends $missing
}

setup_macos() {
    xcode-select -p >/dev/null 2>&1 || fail "install Apple's command line tools: xcode-select --install"
    missing=
    has_ffmpeg_libs || missing="$missing ffmpeg"
    has pkg-config || missing="$missing pkg-config"
    has clang || missing="$missing llvm"
    if [ $page = yes ]; then
        has npm || missing="$missing node"
        has_chromium || fail "install Chromium or Chrome and set CHROMIUM to its program, then make again"
    fi
    [ -n "$missing" ] || return 0
    has brew || fail "missing:$missing. Install Homebrew, then make again, which runs: brew install$missing"
    say "installing with Homebrew:$missing"
    # shellcheck disable=SC2086 # a list of words
    brew install $missing
}

setup_other() {
    has cc && has clang && has_ffmpeg_libs && return 0
    fail "install these with your package manager, then make again: a C compiler, clang with its" \
        "library, pkg-config, and the development files of FFmpeg (libavcodec, libavfilter," \
        "libavformat, libavutil, libswscale)"
}

setup_rust() {
    has cargo || fail "cargo is missing; install Rust with rustup, then make again"
    [ $tests = yes ] || return 0
    for component in rustfmt clippy; do
        # rustup leaves a stub where a component is missing: only running it tells.
        cargo "${component#rust}" --version >/dev/null 2>&1 && continue
        has rustup || fail "$component is missing; install it beside cargo, then make again"
        say "installing with rustup: $component"
        rustup component add "$component"
    done
}

if has apt-get; then
    setup_debian
elif [ "$(uname)" = Darwin ]; then
    setup_macos
else
    setup_other
fi
setup_rust
