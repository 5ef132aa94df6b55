//! Commands that measure, from the outside: `distance`, `points`, `score`; and the scenes in layers that `score` is
//! given.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

#[path = "../common/mod.rs"]
mod common;
mod distance;
mod layered;
mod points;
mod score;
mod tables;
