//! Stubs for FFmpeg in builds without it: the same names, which refuse in one line that says what to do.

use crate::clip::{Created, Destination, Error, Frame, Info, Result, Source};
use crate::facts::{Beside, EncoderInfo, Length};
use crate::options::{Access, Encoding, FieldOrder, RawVideo, ReadOptions};
use crate::time::{OutputClock, Rational};
use crate::y4m::Y4mSource;
use otinterp::picture::{Format, Picture};
use std::convert::Infallible;
use std::fs::File;
use std::io::Read;
use std::path::Path;

fn cannot_read<T>() -> Result<T> {
    let why = "this otinterp was built without video (FFmpeg), and reads clips as Y4M only; \
               convert it to .y4m, or build with the feature 'video'";
    Err(Error::Invalid(why.to_owned()))
}

fn cannot_write<T>() -> Result<T> {
    let why = "this otinterp was built without video (FFmpeg), and writes clips as Y4M only; \
               name it .y4m, or build with the feature 'video'";
    Err(Error::Invalid(why.to_owned()))
}

/// What a written file takes over from its source; there is none.
#[derive(Debug, Clone)]
pub struct Origin(Infallible);

impl Origin {
    pub(crate) fn restrict(&mut self, _start: Rational, _until: Option<Rational>) {
        match self.0 {}
    }
}

/// A clip through FFmpeg; there is none.
pub(crate) struct FileSource(Infallible);

impl FileSource {
    pub(crate) fn open_with(path: &Path, _options: &ReadOptions) -> Result<Self> {
        // That there is no such file comes first.
        File::open(path)?;
        cannot_read()
    }

    pub(crate) fn open_pipe(
        _reader: impl Read,
        _raw: Option<&RawVideo>,
        _options: &ReadOptions,
    ) -> Result<Self> {
        cannot_read()
    }

    pub(crate) fn open_raw(_path: &Path, _raw: &RawVideo, _options: &ReadOptions) -> Result<Self> {
        cannot_read()
    }

    pub(crate) fn average_rate(&self) -> Result<Option<Rational>> {
        match self.0 {}
    }

    pub(crate) fn origin(&self) -> Origin {
        match self.0 {}
    }

    pub(crate) fn pixel_format(&self) -> &'static str {
        match self.0 {}
    }
}

impl Source for FileSource {
    fn info(&self) -> &Info {
        match self.0 {}
    }

    fn next(&mut self) -> Result<Option<Frame>> {
        match self.0 {}
    }
}

pub(crate) fn create(
    _to: &Destination,
    _info: &Info,
    _clock: &OutputClock,
    _encoding: &Encoding,
    _origin: Option<&Origin>,
) -> Result<Created> {
    cannot_write()
}

pub(crate) fn container_of(_path: &Path) -> Result<()> {
    cannot_write()
}

pub(crate) fn holds_variable_rates(_path: &Path) -> bool {
    false
}

pub(crate) fn holds_rotation(_path: &Path) -> bool {
    false
}

/// Interlaced frames stay as they are.
pub(crate) fn deinterlaced<R: Read + Send + 'static>(
    source: Y4mSource<R>,
    _order: FieldOrder,
) -> Result<Box<dyn Source>> {
    Ok(Box::new(source))
}

/// Whether FFmpeg writes pictures under such a name; there is none.
pub fn is_image_file(_path: &Path) -> bool {
    false
}

/// Without FFmpeg raw video is refused when it is opened, whatever its format.
pub fn can_be_read(_pixel_format: &str) -> bool {
    true
}

/// FFmpeg's name of a pixel format; there is none.
pub fn raw_name(_format: Format, _source: &str) -> Option<&'static str> {
    None
}

/// The versions of FFmpeg's libraries; there are none.
pub fn ffmpeg_versions() -> Option<String> {
    None
}

/// There is no log.
///
/// # Errors
/// None.
pub fn show_ffmpeg_log() -> Result<()> {
    Ok(())
}

/// Refuses.
///
/// # Errors
/// Always.
pub fn encoders() -> Result<Vec<EncoderInfo>> {
    let why = "this otinterp was built without video (FFmpeg), and has no encoders; \
               build with the feature 'video'";
    Err(Error::Invalid(why.to_owned()))
}

pub(crate) fn length(origin: &Origin) -> Result<Length> {
    match origin.0 {}
}

pub(crate) fn encoder_for(
    _path: &Path,
    _info: &Info,
    _clock: &OutputClock,
    _encoding: &Encoding,
    _origin: Option<&Origin>,
) -> Result<(String, String)> {
    cannot_write()
}

pub(crate) fn holds_sound_of(_clip: &Path, _name: &Path, _access: Access) -> bool {
    true
}

pub(crate) fn streams_beside(_: &Path, _: &OutputClock, origin: &Origin) -> Result<Beside> {
    match origin.0 {}
}

/// The frames of a clip as 8-bit RGB; there are none.
#[derive(Debug)]
pub struct RgbFrames(Infallible);

impl RgbFrames {
    /// Refuses.
    ///
    /// # Errors
    /// Always.
    pub fn open(path: &Path, _access: Access) -> Result<Self> {
        File::open(path)?;
        cannot_read()
    }
}

impl Iterator for RgbFrames {
    type Item = Result<Picture>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.0 {}
    }
}
