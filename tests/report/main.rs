//! `otinterp report` from the outside: what its pages hold, and what they do in a browser.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod browser;
mod clips;
#[path = "../common/mod.rs"]
mod common;
mod page;
mod pictures;
mod scores;
