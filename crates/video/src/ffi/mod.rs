//! Foreign functions: the few fields and calls of FFmpeg for which `ffmpeg-next` has no safe door, and those of the C library.
#![allow(unsafe_code)]

#[cfg(feature = "video")]
pub mod container;
#[cfg(feature = "video")]
pub mod input;
#[cfg(feature = "video")]
pub mod pixel;
pub mod process;
#[cfg(feature = "video")]
pub mod stream;
#[cfg(feature = "video")]
pub mod subtitle;
