//! Errors of reading and writing stills.

use std::io;

/// What can be read, for messages.
const READABLE: &str = "PNG, JPEG, WebP, TIFF, BMP, PNM and GIF can be read";

/// Why a still could not be read or written. Messages of the reading side name the file; those of
/// the writing side leave that to the caller, who knows it.
#[derive(Debug, thiserror::Error)]
pub enum StillError {
    /// No file of that name.
    #[error("{name}: there is no such file")]
    NotFound {
        /// The file as it was named.
        name: String,
    },
    /// A folder where a picture is expected.
    #[error("{name} is a folder; a picture file is needed")]
    Folder {
        /// The folder as it was named.
        name: String,
    },
    /// The system could not read it.
    #[error("{name} cannot be read")]
    Read {
        /// The file as it was named.
        name: String,
        /// What the system says.
        source: io::Error,
    },
    /// Its content is no known kind of picture.
    #[error("{name} is not a picture ({READABLE})")]
    NotAPicture {
        /// The file as it was named.
        name: String,
    },
    /// A known kind of picture, but not one that can be read.
    #[error("{name} is a picture of the kind {kind}, which is not supported ({READABLE})")]
    UnsupportedKind {
        /// The file as it was named.
        name: String,
        /// The kind's name.
        kind: String,
    },
    /// A readable kind of picture with samples of a sort that is not read.
    #[error("{name}: {reason}; grey and RGB of 8 or 16 bits can be read")]
    UnsupportedSamples {
        /// The file as it was named.
        name: String,
        /// What the decoder says.
        reason: String,
    },
    /// A field of numbers that is not of the sort that is read.
    #[error("{name}: {reason}")]
    UnsupportedField {
        /// The file as it was named.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// The file breaks the rules of its format, or ends too early.
    #[error("{name} is broken or cut short: {reason}")]
    Broken {
        /// The file as it was named.
        name: String,
        /// What the decoder says.
        reason: String,
    },
    /// More pixels than any sensible use, or a decompression bomb.
    #[error("{name} is too large: at most {} million pixels are read", super::read::MAX_PIXELS / 1_000_000)]
    TooLarge {
        /// The file as it was named.
        name: String,
    },
    /// The extension names no format that can be written.
    #[error(
        "{name}: {}; use .png, .tif, .jpg, .webp, .bmp, .ppm, .pgm or .pam",
        match extension {
            Some(e) => format!("no picture format has the extension .{e}"),
            None => "it has no extension that would tell the picture format".into(),
        }
    )]
    UnknownExtension {
        /// The file as it was named.
        name: String,
        /// Its extension, if it has one.
        extension: Option<String>,
    },
    /// The picture has transparent pixels and the format cannot hold them.
    #[error("{format} holds no transparency; use .png, .webp or .tif")]
    NoAlpha {
        /// The format asked for.
        format: &'static str,
    },
    /// Only grey and RGB pictures are stills.
    #[error("a Y'CbCr picture cannot be written as a still before it is converted to RGB")]
    Yuv,
    /// The format cannot hold this picture (its size, most often).
    #[error("{format} cannot hold this picture: {reason}")]
    Encode {
        /// The format asked for.
        format: &'static str,
        /// What the encoder says.
        reason: String,
    },
    /// The system could not write it.
    #[error("it cannot be written")]
    Write(#[source] io::Error),
}
