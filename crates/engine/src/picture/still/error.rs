//! Errors of reading and writing stills.

use crate::limits::TooLarge;
use std::io;

/// What can be read, for messages.
const READABLE: &str = "PNG, JPEG, WebP, TIFF, BMP, PNM and GIF can be read";

/// Why a still could not be read or written. Messages of the reading side name the file; those of
/// the writing side leave that to the caller, who knows it.
#[derive(Debug, thiserror::Error)]
pub enum StillError {
    /// No file of that name.
    #[error("{0}: there is no such file")]
    NotFound(String),
    /// A folder where a picture is expected.
    #[error("{0} is a folder; a picture file is needed")]
    Folder(String),
    /// The system could not read it.
    #[error("{0} cannot be read")]
    Read(String, #[source] io::Error),
    /// Its content is no known kind of picture.
    #[error("{0} is not a picture ({READABLE})")]
    NotAPicture(String),
    /// A known kind of picture, whose name comes second, but not one that can be read.
    #[error("{0} is {1}, which is not read; convert it to PNG or TIFF ({READABLE})")]
    UnsupportedKind(String, String),
    /// A clip where a picture is expected.
    #[error("{0} is a clip; frames of clips are made by `otinterp retime`")]
    Clip(String),
    /// A file of the kind that comes second, where a picture is expected.
    #[error("{0} is {1} and not a picture; remove it, or give the picture itself")]
    NoPicture(String, &'static str),
    /// Numbers in units of their own, of the kind that comes second, where a picture is expected.
    #[error(
        "{0} is {1}, a field of numbers and not a picture; `frames`, `flow` and `path` take two of them with --method mass"
    )]
    Field(String, &'static str),
    /// No bytes at all.
    #[error("{0} is empty: it holds no picture")]
    Empty(String),
    /// A readable kind of picture with samples of a sort that is not read; what the decoder says.
    #[error("{0}: {1}; grey and RGB of 8 or 16 bits can be read: convert it")]
    UnsupportedSamples(String, String),
    /// A field of numbers that is not of the sort that is read; what is wrong.
    #[error("{0}: {1}")]
    UnsupportedField(String, String),
    /// The file breaks the rules of its format, or ends too early; what the decoder says.
    #[error("{0} is broken or cut short: {1}")]
    Broken(String, String),
    /// More pixels than any sensible use, or a decompression bomb.
    #[error("{0} is too large: {1}")]
    TooLarge(String, TooLarge),
    /// The decoder would take more memory than any picture of a size that is read.
    #[error(
        "{0} is too large, or its header is broken: it would take more memory to decode than any picture that is read"
    )]
    TooMuchMemory(String),
    /// The extension, which comes second if there is one, names no format that can be written.
    #[error(
        "{}: {}; use .png, .tif, .jpg, .webp, .bmp, .ppm, .pgm or .pam",
        .0,
        match .1 {
            Some(e) => format!("no picture format has the extension .{e}"),
            None => "it has no extension that would tell the picture format".into(),
        }
    )]
    UnknownExtension(String, Option<String>),
    /// The picture has transparent pixels and this format cannot hold them.
    #[error("{0} holds no transparency; use .png, .webp or .tif")]
    NoAlpha(&'static str),
    /// Only grey and RGB pictures are stills.
    #[error("a Y'CbCr picture cannot be written as a still before it is converted to RGB")]
    Yuv,
    /// This format cannot hold the picture (its size, most often); what the encoder says.
    #[error("{0} cannot hold this picture: {1}")]
    Encode(&'static str, String),
    /// The system could not write it.
    #[error("it cannot be written")]
    Write(#[source] io::Error),
}

impl StillError {
    /// That a format cannot hold the picture, and why.
    pub fn encode(format: &'static str, why: impl ToString) -> Self {
        Self::Encode(format, why.to_string())
    }
}
