//! What tests of several subjects share.
#![allow(dead_code, reason = "each subject uses its part")]

pub mod clips;
pub mod normal;
#[cfg(feature = "video")]
pub mod played;
pub mod room;
pub mod small_disk;
pub mod texture;
#[cfg(feature = "video")]
pub mod through_ffmpeg;
