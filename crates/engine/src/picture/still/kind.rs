//! Kinds of files, told by their first bytes.

use super::StillError;
use image::ImageFormat;

/// First bytes that are enough to tell a kind.
pub const HEAD_BYTES: u64 = 132;

/// A kind of picture that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// What the `image` crate tells apart; TIFF also with 64-bit offsets (BigTIFF).
    Image(ImageFormat),
    /// A portable float map of three channels.
    ColourPfm,
}

/// What a file is that is no picture, or not one that is read.
#[derive(Clone, Copy)]
enum Foreign {
    Picture(&'static str),
    Clip,
    Field(&'static str),
    Other(&'static str),
}

use Foreign::{Clip, Field, Other, Picture};

/// Place, bytes there, and what they tell.
const FOREIGN: &[(usize, &[u8], Foreign)] = &[
    (4, b"ftypavif", Picture("an AVIF picture")),
    (4, b"ftypavis", Picture("an AVIF sequence")),
    (4, b"ftyphei", Picture("a HEIC picture")),
    (4, b"ftyphev", Picture("a HEIC sequence")),
    (4, b"ftypmif1", Picture("a HEIF picture")),
    (4, b"ftypmsf1", Picture("a HEIF sequence")),
    (4, b"ftypcrx", Picture("a Canon raw picture")),
    (4, b"JXL ", Picture("a JPEG XL picture")),
    (0, b"\xFF\x0A", Picture("a JPEG XL picture")),
    (4, b"jP  ", Picture("a JPEG 2000 picture")),
    (0, b"\xFF\x4F\xFF\x51", Picture("a JPEG 2000 picture")),
    (0, b"\x76\x2F\x31\x01", Picture("an OpenEXR picture")),
    (0, b"#?RADIANCE", Picture("a Radiance HDR picture")),
    (0, b"#?RGBE", Picture("a Radiance HDR picture")),
    (0, b"8BPS", Picture("a Photoshop picture")),
    (0, b"qoif", Picture("a QOI picture")),
    (0, b"farbfeld", Picture("a farbfeld picture")),
    (0, b"DDS ", Picture("a DDS texture")),
    (0, b"\0\0\x01\0", Picture("an icon")),
    (0, b"SIMPLE  =", Picture("a FITS file")),
    (128, b"DICM", Picture("a DICOM picture")),
    (0, b"<svg", Picture("an SVG drawing")),
    (0, b"%PDF", Picture("a PDF document")),
    (0, b"%!PS", Picture("a PostScript document")),
    (4, b"ftyp", Clip),
    (4, b"moov", Clip),
    (4, b"mdat", Clip),
    (0, b"\x1A\x45\xDF\xA3", Clip),
    (8, b"AVI ", Clip),
    (0, b"YUV4MPEG2", Clip),
    (0, b"FLV\x01", Clip),
    (0, b"OggS", Clip),
    (0, b"\0\0\x01\xBA", Clip),
    (0, b"nut/multimedia", Clip),
    (0, b"\x93NUMPY", Field("a NumPy array")),
    (0, b"Pf", Field("a PFM of one channel")),
    (0, b"PK\x03\x04", Other("a ZIP archive")),
    (0, b"PIEH", Other("a Middlebury .flo map")),
    (0, b"\x89HDF", Other("an HDF5 file")),
    (
        0,
        b"\0\x05\x16\x07",
        Other("what macOS keeps beside a file (AppleDouble)"),
    ),
    (0, b"version https://git-lfs", Other("a pointer of Git LFS")),
];

/// Whether what begins so is a picture of a kind that is read, as far as its first [`HEAD_BYTES`] tell.
pub fn is_picture(head: &[u8]) -> bool {
    of(head, "").is_ok()
}

/// The kind of the picture that begins so.
///
/// # Errors
/// [`StillError`] that says what it is instead.
pub(super) fn of(head: &[u8], name: &str) -> Result<Kind, StillError> {
    let name = || name.to_owned();
    if head.is_empty() {
        return Err(StillError::Empty(name()));
    }
    match head {
        [b'I', b'I', 43, 0, ..] | [b'M', b'M', 0, 43, ..] => {
            return Ok(Kind::Image(ImageFormat::Tiff));
        }
        [b'P', b'F', b' ' | b'\n' | b'\r' | b'\t', ..] => return Ok(Kind::ColourPfm),
        _ => {}
    }
    let known = image::guess_format(head).ok();
    if let Some(kind) = known
        && kind.reading_enabled()
    {
        return Ok(Kind::Image(kind));
    }
    let foreign = FOREIGN
        .iter()
        .find(|(at, bytes, _)| head.get(*at..).is_some_and(|rest| rest.starts_with(bytes)));
    Err(match (foreign, known) {
        (Some((_, _, Picture(what))), _) => StillError::UnsupportedKind(name(), (*what).into()),
        (Some((_, _, Clip)), _) => StillError::Clip(name()),
        (Some((_, _, Field(what))), _) => StillError::Field(name(), what),
        (Some((_, _, Other(what))), _) => StillError::NoPicture(name(), what),
        (None, Some(kind)) => {
            let kind = format!("{kind:?}").to_uppercase();
            StillError::UnsupportedKind(name(), format!("a picture of the kind {kind}"))
        }
        (None, None) => StillError::NotAPicture(name()),
    })
}
