//! What a clip is to the rest of the program: [`Source`] (demuxer and decoder) gives pictures with their PTS, [`Sink`]
//! (encoder and muxer) takes them.

use crate::time::{Rational, Shown};
use otinterp::picture::{Format, Picture, PictureError};
use std::io;
use std::path::Path;

/// Why a clip cannot be read or written. The file's name is added by the caller.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system says no.
    #[error(transparent)]
    Io(io::Error),
    /// The bytes are not what they should be, or FFmpeg refuses them.
    #[error("{0}")]
    Invalid(String),
    /// The samples do not make a picture.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The user wants an end, while a pipe or the network was waited for.
    #[error("stopped")]
    Stopped,
    /// FFmpeg failed: what was tried, and what it says.
    #[error("{0}: {1}")]
    Ffmpeg(String, String),
}

impl From<io::Error> for Error {
    /// Readers hand on what they are told as an error of the system's.
    fn from(error: io::Error) -> Self {
        error.downcast().unwrap_or_else(Self::Io)
    }
}

/// A result of this module.
pub type Result<T> = std::result::Result<T, Error>;

/// Said of a clip whose interlaced frames were made whole.
#[cfg(feature = "video")]
pub(crate) const DEINTERLACED: &str =
    "it is interlaced; bwdif made one whole frame of each (--no-deinterlace: as it is)";
/// Said of one whose were not.
pub(crate) const MOVED_AS_ONE: &str =
    "it is interlaced; both fields of a frame are moved as one picture";

/// One picture of a clip.
#[derive(Debug)]
pub struct Frame {
    /// The picture.
    pub picture: Picture,
    /// When it is shown, in seconds on the clip's own clock. Strictly increasing.
    pub time: Rational,
    /// How long it is shown, in seconds, as far as the clip says so.
    pub duration: Option<Rational>,
    /// Whether it lies outside the part that is asked for: read for its motion and for cuts, never shown.
    pub is_context: bool,
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

/// Where a clip goes. Its container follows from the extension of the name.
#[derive(Debug, Clone, Copy)]
pub enum Destination<'a> {
    /// A file, which is emptied.
    File(&'a Path),
    /// Standard output, as a file of this name would be: in a container that needs no seeking.
    Stdout(&'a Path),
    /// A file that is made of what one run after another has appended to `data`; of Y4M, `data` is the clip itself.
    Kept {
        /// The file, or of Y4M its name when it is whole.
        file: &'a Path,
        /// What outlives a run.
        data: &'a Path,
        /// Whether an earlier run has left anything there.
        is_begun: bool,
    },
}

impl<'a> Destination<'a> {
    /// From this name the container follows.
    pub fn name(&self) -> &'a Path {
        match self {
            Self::File(name) | Self::Stdout(name) | Self::Kept { file: name, .. } => name,
        }
    }
}

/// A clip that is open for writing, and what to say of it.
pub struct Created {
    /// Takes the pictures.
    pub sink: Box<dyn Sink>,
    /// FFmpeg's name of the encoder, or `y4m`.
    pub codec: String,
    /// FFmpeg's name of the pixel format, or that of Y4M.
    pub pixel_format: String,
    /// How many streams beside the video are copied: their bytes are unchanged but for times in
    /// subtitles and for what subtitles of another codec need, their times go with the picture.
    pub streams_copied: usize,
    /// How many streams of sound are stretched.
    pub streams_stretched: usize,
    /// What the user should know, one sentence each: a changed pixel format, streams left out.
    pub notes: Vec<String>,
}
