//! Clips: sources of pictures with exact times, sinks that take them at a constant rate.
//!
//! A [`Source`] hands out pictures in the order in which they are shown, each with its exact time;
//! a [`Sink`] takes pictures and when each is shown. Y4M is spoken on any reader or writer; all
//! else goes through FFmpeg's libraries and needs the feature `video`.

pub mod peeked;
pub mod range;
pub mod time;
pub mod timecodes;
pub mod y4m;

#[cfg(feature = "video")]
mod decode;
#[cfg(feature = "video")]
mod encoder;
#[cfg(feature = "video")]
mod ffi;
#[cfg(feature = "video")]
mod filter;
#[cfg(feature = "video")]
mod hdr;
#[cfg(feature = "video")]
mod mux;
#[cfg(feature = "video")]
mod packets;
#[cfg(feature = "video")]
mod piped;
#[cfg(feature = "video")]
mod pixel;
#[cfg(feature = "video")]
mod place;
mod raw;
#[cfg(feature = "video")]
mod rgb;
#[cfg(feature = "video")]
mod sequence;
#[cfg(feature = "video")]
mod sink;
#[cfg(feature = "video")]
mod skip;
#[cfg(feature = "video")]
mod sound;
#[cfg(feature = "video")]
mod source;
#[cfg(feature = "video")]
mod survey;

#[cfg(feature = "video")]
pub use encoder::{EncoderInfo, Encoding, Lossless, encoders};
#[cfg(feature = "video")]
pub use mux::Beside;
#[cfg(feature = "video")]
pub use pixel::{can_be_read, raw_name};
pub use raw::RawVideo;
#[cfg(feature = "video")]
pub use rgb::RgbFrames;
#[cfg(feature = "video")]
pub use sequence::NumberedName;
#[cfg(feature = "video")]
pub use sink::{FileSink, can_write, holds_variable_rates, is_image_file, write_clip};
#[cfg(feature = "video")]
pub use sound::Sound;
#[cfg(feature = "video")]
pub use source::{FileSource, Origin, ReadOptions};
#[cfg(feature = "video")]
pub use survey::{Length, encoder_for, length, streams_beside};

use otinterp::picture::{Format, Picture, PictureError};
use std::io;
use time::Rational;

/// Why a clip cannot be read or written. The file's name is added by the caller.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system says no.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The bytes are not what they should be, or FFmpeg refuses them.
    #[error("{0}")]
    Invalid(String),
    /// Size or pixel format change within the clip.
    #[error("frame {index} is {found}, the first is {first}; such clips cannot be retimed")]
    Changed {
        /// Index of the frame, from 0.
        index: u64,
        /// Size and format of that frame.
        found: String,
        /// Size and format of the first.
        first: String,
    },
    /// The samples do not make a picture.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// FFmpeg failed at something.
    #[cfg(feature = "video")]
    #[error("{doing}: {why}")]
    Ffmpeg {
        /// What was tried.
        doing: String,
        /// What FFmpeg says.
        why: ffmpeg_next::Error,
    },
}

/// A result of this module.
pub type Result<T> = std::result::Result<T, Error>;

/// One picture of a clip.
#[derive(Debug)]
pub struct Frame {
    /// The picture.
    pub picture: Picture,
    /// When it is shown, in seconds on the clip's own clock. Strictly increasing.
    pub time: Rational,
    /// How long it is shown, in seconds, as far as the clip says so.
    pub duration: Option<Rational>,
}

/// What is known of a clip before its frames are read.
#[derive(Debug, Clone)]
pub struct Info {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Format of every picture.
    pub format: Format,
    /// Frames per second, on average.
    pub rate: Option<Rational>,
    /// Duration in seconds as announced: for progress only.
    pub duration: Option<Rational>,
    /// Width : height of a pixel, if known.
    pub sample_aspect: Option<(u32, u32)>,
    /// Whether frames hold two fields.
    pub interlaced: bool,
    /// Where chroma samples sit, if known.
    pub siting: Option<Siting>,
}

/// Where subsampled chroma sits between luma samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Siting {
    /// Beside the left luma column, between two rows (MPEG-2, H.264).
    Left,
    /// Amid four luma samples (JPEG, MPEG-1).
    Center,
    /// On the upper left luma sample (BT.2020, DV).
    TopLeft,
}

/// A clip being read.
pub trait Source: Send {
    /// What is known of the clip.
    fn info(&self) -> &Info;

    /// The next picture in showing order; `None` at the end.
    ///
    /// # Errors
    /// [`Error`] if the clip cannot be read on.
    fn next(&mut self) -> Result<Option<Frame>>;

    /// Passes over frames that are shown before `time`, in seconds on the clip's own clock, as far as that is quick and
    /// sure: perhaps over none. Those that come then are the same as if the others had been read.
    fn skip_before(&mut self, _time: Rational) {}

    /// What went wrong so far without ending the clip, one sentence each.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
}

/// When a picture of the output is shown, in seconds from the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// From when on.
    pub at: Rational,
    /// For how long.
    pub duration: Rational,
}

impl Shown {
    /// Picture `index`, from 0, of those that come at a constant `rate`, in pictures per second.
    pub fn nth(index: u64, rate: Rational) -> Self {
        Self {
            at: Rational::from_integer(index.into()) / rate,
            duration: rate.recip(),
        }
    }
}

/// A clip being written.
pub trait Sink: Send {
    /// Appends a picture, which is shown after all before it. Sinks of a constant rate pass over `shown`.
    ///
    /// # Errors
    /// [`Error`] if it cannot be encoded or written.
    fn write(&mut self, picture: &Picture, shown: Shown) -> Result<()>;

    /// A picture that an earlier run has written, in its turn.
    ///
    /// # Errors
    /// [`Error`] if what goes with it cannot be written.
    fn passed(&mut self, _shown: Shown) -> Result<()> {
        Ok(())
    }

    /// Brings all pictures so far to where they outlive this run, so that a later one can go on from here; or says that it
    /// cannot. The result depends on where this is done, for encoders look back.
    ///
    /// # Errors
    /// [`Error`] if they cannot be encoded or written.
    fn checkpoint(&mut self) -> Result<bool> {
        Ok(false)
    }

    /// Writes what is still held back. Nothing may be written after it.
    ///
    /// # Errors
    /// [`Error`] if it cannot be encoded or written.
    fn finish(&mut self) -> Result<()>;
}

/// Lets FFmpeg write its own warnings to stderr.
///
/// # Errors
/// [`Error`] if FFmpeg cannot be started.
#[cfg(feature = "video")]
pub fn show_ffmpeg_log() -> Result<()> {
    init()?;
    ffmpeg_next::log::set_level(ffmpeg_next::log::Level::Warning);
    Ok(())
}

/// Sets the process's allocator so that freed memory is used again at once. For programs, before they start other threads.
#[cfg(feature = "video")]
pub fn reuse_memory() {
    ffi::reuse_memory();
}

/// Keeps libraries quiet that write to stderr whatever FFmpeg is told. For programs, before they start other threads.
#[cfg(feature = "video")]
pub fn quiet_libraries() {
    ffi::quiet_libraries();
}

/// Sets the process's allocator so that clips with large pictures need the same memory however long they are.
#[cfg(feature = "video")]
pub fn keep_memory_flat() {
    ffi::keep_memory_flat();
}

/// The versions of the FFmpeg libraries that a result depends on.
#[cfg(feature = "video")]
pub fn ffmpeg_versions() -> String {
    let versions = [
        ffmpeg_next::codec::version(),
        ffmpeg_next::format::version(),
        ffmpeg_next::filter::version(),
        ffmpeg_next::software::scaling::version(),
    ];
    versions.map(|v| v.to_string()).join(" ")
}

/// Readies FFmpeg; its own log stays quiet, its errors come back as [`Error`].
#[cfg(feature = "video")]
fn init() -> Result<()> {
    static QUIET: std::sync::Once = std::sync::Once::new();
    QUIET.call_once(|| ffmpeg_next::log::set_level(ffmpeg_next::log::Level::Quiet));
    ffmpeg_next::init().map_err(|why| decode::failed("starting FFmpeg", why))
}
