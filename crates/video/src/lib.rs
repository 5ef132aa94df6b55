//! Clips: sources of pictures with exact PTS, sinks that take them at a constant or variable frame rate.
//!
//! A [`Source`] hands out pictures in the order in which they are shown, each with its exact time;
//! a [`Sink`] takes pictures and when each is shown. [`open_clip`] and [`create_clip`] are the doors to both: they exist
//! in every build, Y4M is spoken by all, and the rest goes through FFmpeg's libraries, which are linked with the feature
//! `video`.

pub mod range;
pub mod time;
pub mod timecodes;
pub mod y4m;

mod clip;
mod doors;
mod facts;
mod ffi;
#[cfg(feature = "video")]
mod ffmpeg;
#[cfg(not(feature = "video"))]
#[path = "without.rs"]
mod ffmpeg;
mod numbered;
mod options;
mod peeked;
mod pipe;
mod stop;

pub use clip::{Created, Destination, Error, Frame, Info, Result, Sink, Siting, Source};
pub use doors::{
    Clip, check_container, create_clip, encoder_for, holds_rotation, holds_sound_of,
    holds_variable_rates, is_y4m, open_clip, streams_beside, write_clip,
};
pub use facts::{Beside, EncoderInfo, Length, Lossless};
pub use ffi::process::{keep_memory_flat, leave, quiet_libraries, reuse_memory};
#[cfg(feature = "video")]
pub use ffmpeg::{FileSink, FileSource};
pub use ffmpeg::{
    RgbFrames, can_be_read, encoders, ffmpeg_versions, is_image_file, raw_name, show_ffmpeg_log,
};
pub use numbered::NumberedName;
pub use options::{Access, Encoding, FieldOrder, RawVideo, ReadOptions, Sound};
pub use pipe::Pipe;
pub use stop::stop_when;
pub use time::Shown;
