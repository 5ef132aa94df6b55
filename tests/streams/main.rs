//! What `retime` keeps of clips through FFmpeg: times, sound, colours, formats, pipes.
#![cfg(feature = "video")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod audio;
mod beside;
mod clips;
#[cfg(unix)]
mod closed_pipes;
mod colour;
#[path = "../common/mod.rs"]
mod common;
mod edits;
mod encoded;
mod formats;
mod inputs;
mod jumps;
mod lists;
mod pipes;
mod rates;
#[cfg(unix)]
mod readme;
mod rewritten;
mod rules;
mod start;
mod table;
mod times;
mod times_hard;
