//! Containers of output files, by the extension of their names.

use super::library::init;
use crate::clip::{Error, Result};
use crate::ffi::container::muxer;
use crate::numbered::NumberedName;
use ffmpeg_next::{codec, format};
use std::path::Path;

/// The extension in lower case; empty if there is none.
pub(super) fn extension_of(path: &Path) -> String {
    let extension = path.extension().and_then(|e| e.to_str());
    extension.unwrap_or("").to_lowercase()
}

/// The container for a file of this name.
pub(crate) fn container_of(path: &Path) -> Result<format::Output> {
    init()?;
    by_extension(path).ok_or_else(|| {
        let why =
            "no container is known for this extension; .mp4, .mkv, .webm, .mov or .y4m will do";
        Error::Invalid(why.to_owned())
    })
}

fn by_extension(path: &Path) -> Option<format::Output> {
    muxer(&format!("a.{}", path.extension()?.to_str()?))
}

/// Whether the container of this name keeps the times of single frames.
pub(crate) fn holds_variable_rates(path: &Path) -> bool {
    // MP4 and its kin hold a duration for every frame, though FFmpeg does not set the flag for all of them.
    by_extension(path).is_some_and(|container| {
        is_quicktime(&container) || container.flags().contains(format::Flags::VARIABLE_FPS)
    })
}

/// Whether players are told by the container of this name how to turn the pictures.
pub(crate) fn holds_rotation(path: &Path) -> bool {
    by_extension(path).is_some_and(|container| says_rotation(&container))
}

/// MP4 and its kin do. FFmpeg 5 to 7 do not write it into Matroska; libavformat 62 is FFmpeg 8.
pub(super) fn says_rotation(container: &format::Output) -> bool {
    let name = container.name();
    is_quicktime(container)
        || (format::version() >> 16 >= 62 && (name.contains("matroska") || name.contains("webm")))
}

/// Whether FFmpeg writes a single picture under such a name, or numbered ones under `a_%04d.png`.
pub fn is_image_file(path: &Path) -> bool {
    let is_image = |name: String| muxer(&name).is_some_and(|found| found.name() == "image2");
    let extension = path.extension().and_then(|e| e.to_str());
    extension.is_some_and(|e| {
        is_image(format!("%d.{e}"))
            && (NumberedName::of(path).is_some() || is_image(format!("a.{e}")))
    })
}

/// The codec for subtitles of text in a container.
pub(super) fn text_codec(container: &format::Output) -> Option<codec::Id> {
    match container.name() {
        _ if is_quicktime(container) => Some(codec::Id::MOV_TEXT),
        "matroska" => Some(codec::Id::SUBRIP),
        "webm" => Some(codec::Id::WEBVTT),
        _ => None,
    }
}

/// MP4 and its kin.
pub(super) fn is_quicktime(container: &format::Output) -> bool {
    matches!(container.name(), "mp4" | "mov" | "ipod")
}
