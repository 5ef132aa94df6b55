//! Commands that measure, from the outside: `distance`, `points`, `score`.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

#[path = "../common/mod.rs"]
mod common;
mod distance;
mod points;
mod score;
