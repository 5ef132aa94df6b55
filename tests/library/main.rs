//! The library: in-betweens and motions of pictures whose truth is known.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

#[path = "../common/mod.rs"]
mod common;
mod edges;
mod engine;
mod fast;
mod layers;
mod motion;
mod paths;
mod pictures;
mod scenes;
