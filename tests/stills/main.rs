//! Commands on still pictures and fields, from the outside: `frames`, `compare`, `flow`, `inspect`, `path`, `--method mass`.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod assets;
#[path = "../common/mod.rs"]
mod common;
mod compare;
mod continuity;
mod flow;
mod frames;
mod inspect;
#[cfg(unix)]
mod interrupts;
mod mass;
#[cfg(unix)]
mod outputs;
mod path;
mod readers;
mod truths;
