//! FFmpeg's libraries themselves: start, log, versions, errors.

use crate::clip::{Error, Result};
use ffmpeg_next as ffmpeg;
use std::sync::Once;

/// Readies FFmpeg; its own log stays quiet, its errors come back as [`Error`].
pub(super) fn init() -> Result<()> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| ffmpeg::log::set_level(ffmpeg::log::Level::Quiet));
    ffmpeg::init().map_err(|why| failed("starting FFmpeg", why))
}

/// Lets FFmpeg write its own warnings to stderr.
///
/// # Errors
/// [`Error`] if FFmpeg cannot be started.
pub fn show_ffmpeg_log() -> Result<()> {
    init()?;
    ffmpeg::log::set_level(ffmpeg::log::Level::Warning);
    Ok(())
}

/// The versions of the FFmpeg libraries that a result depends on.
pub fn ffmpeg_versions() -> Option<String> {
    let versions = [
        ffmpeg::codec::version(),
        ffmpeg::format::version(),
        ffmpeg::filter::version(),
        ffmpeg::software::scaling::version(),
    ];
    Some(versions.map(|v| v.to_string()).join(" "))
}

/// FFmpeg failed at something.
pub(super) fn failed(doing: &str, why: ffmpeg::Error) -> Error {
    Error::Ffmpeg(doing.to_owned(), why.to_string())
}

/// Whether a decoder, an encoder or a filter has nothing to give before it is given more, or ever again.
pub(super) fn is_drained(why: &ffmpeg::Error) -> bool {
    match why {
        ffmpeg::Error::Eof => true,
        ffmpeg::Error::Other { errno } => *errno == ffmpeg::error::EAGAIN,
        _ => false,
    }
}

/// The outcome of writing; a reader that went away is no failure of FFmpeg's.
pub(super) fn written(doing: &str, outcome: std::result::Result<(), ffmpeg::Error>) -> Result<()> {
    outcome.map_err(|why| match why {
        ffmpeg::Error::Other { errno } if errno == ffmpeg::error::EPIPE => {
            Error::Io(std::io::ErrorKind::BrokenPipe.into())
        }
        why => failed(doing, why),
    })
}
