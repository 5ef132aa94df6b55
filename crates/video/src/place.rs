//! Where the bytes of a clip come from.

use super::decode::{failed, file_url, open_input};
use super::raw::RawVideo;
use super::{Error, Result, ffi, pixel};
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format;
use ffmpeg_next::format::context::{Input, StreamIo};
use ffmpeg_next::{Dictionary, Format};
use std::io::Read;
use std::path::{Path, PathBuf};

/// What is opened to read a clip, once more where that is possible.
#[derive(Debug, Clone)]
pub(super) enum Place {
    File(PathBuf),
    Raw(PathBuf, RawVideo),
    /// Read once, and never again.
    Pipe,
}

impl Place {
    /// Opens it from its beginning.
    ///
    /// # Errors
    /// [`Error`] if there is no such clip, or it is a pipe.
    pub(super) fn open(&self) -> Result<Input> {
        match self {
            Self::File(path) => open_input(path),
            Self::Raw(path, raw) => open_raw(Some(path), raw),
            Self::Pipe => Err(Error::Invalid("a pipe is read only once".to_owned())),
        }
    }

    pub(super) fn is_pipe(&self) -> bool {
        matches!(self, Self::Pipe)
    }
}

/// Lets FFmpeg find out what comes from a reader that cannot be wound back.
pub(super) fn open_stream(reader: impl Read + Send + 'static) -> Result<Input> {
    super::init()?;
    let stream = StreamIo::from_read(reader).map_err(|why| failed("opening", why))?;
    format::input_from_stream(stream, None, None).map_err(|why| match why {
        ffmpeg::Error::InvalidData => Error::Invalid(
            "it is neither Y4M nor a clip that FFmpeg can read from a pipe; \
             raw video needs --size, --pix-fmt and --source-fps"
                .to_owned(),
        ),
        why => failed("opening", why),
    })
}

/// Opens raw video, from standard input where there is no file.
pub(super) fn open_raw(path: Option<&Path>, raw: &RawVideo) -> Result<Input> {
    super::init()?;
    let url = match path {
        Some(path) => {
            if std::fs::metadata(path)?.is_dir() {
                return Err(Error::Invalid("it is a folder, not a clip".to_owned()));
            }
            std::fs::File::open(path)?;
            file_url(path)?
        }
        None => "pipe:0".to_owned(),
    };
    if pixel::by_name(&raw.pixel_format).is_none() {
        let name = raw.pixel_format.escape_debug();
        let why = format!("FFmpeg has no pixel format '{name}'");
        return Err(Error::Invalid(why));
    }
    let doing = |why| failed("opening", why);
    let demuxer = ffi::demuxer("rawvideo").ok_or_else(|| doing(ffmpeg::Error::DemuxerNotFound))?;
    let mut options = Dictionary::new();
    options.set("video_size", &format!("{}x{}", raw.width, raw.height));
    options.set("pixel_format", &raw.pixel_format);
    // FFmpeg takes the fractions of its own list alone: times are counted in frames instead.
    options.set("framerate", "1");
    let opened = format::open_with(&url, &Format::Input(demuxer), options);
    opened.map(format::Context::input).map_err(doing)
}
