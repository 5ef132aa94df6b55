//! Still reader: files and streams to pictures.

use super::jpeg::is_whole;
use super::{Still, StillError};
use crate::picture::{Format, Picture, Plane};
use image::codecs::{jpeg::JpegDecoder, tiff::TiffDecoder};
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek};
use std::path::Path;

/// Largest number of pixels that is read, 2^28 (16384 x 16384): 3 GiB as RGB planes. It is a guard
/// against decompression bombs and broken headers.
pub const MAX_PIXELS: u64 = 1 << 28;
/// Bytes that a decoder may hold for that: 16-bit RGBA.
const MAX_DECODER_BYTES: u64 = 8 * MAX_PIXELS;

/// Reads the picture in a file (or a named pipe); of an animation, its first picture.
///
/// # Errors
/// [`StillError`] with the file's name if it is missing, a folder, no picture, of a kind that is
/// not supported, broken or too large.
pub fn read(path: &Path) -> Result<Still, StillError> {
    let name = path.display().to_string();
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => StillError::NotFound(name.clone()),
        io::ErrorKind::IsADirectory => StillError::Folder(name.clone()),
        _ => StillError::Read(name.clone(), source),
    };
    let meta = path.metadata().map_err(failed)?;
    if meta.is_dir() {
        return Err(StillError::Folder(name));
    }
    let file = File::open(path).map_err(failed)?;
    if meta.is_file() {
        decode(BufReader::new(file), &name)
    } else {
        read_stream(file, &name)
    }
}

/// Reads the picture in a stream that cannot be rewound, to its end; `name` is for messages.
///
/// # Errors
/// As [`read`].
pub fn read_stream(stream: impl Read, name: &str) -> Result<Still, StillError> {
    let mut bytes = Vec::new();
    // A picture file larger than its decoded samples is not one.
    stream
        .take(MAX_DECODER_BYTES)
        .read_to_end(&mut bytes)
        .map_err(|source| StillError::Read(name.to_owned(), source))?;
    decode(Cursor::new(bytes), name)
}

fn decode<R: BufRead + Seek>(reader: R, name: &str) -> Result<Still, StillError> {
    let cannot_read = |source| StillError::Read(name.to_owned(), source);
    let reader = ImageReader::new(reader)
        .with_guessed_format()
        .map_err(cannot_read)?;
    let kind = reader.format();
    let kind = kind.ok_or_else(|| StillError::NotAPicture(name.to_owned()))?;
    if !kind.reading_enabled() {
        let kind = format!("{kind:?}").to_uppercase();
        return Err(StillError::UnsupportedKind(name.to_owned(), kind));
    }
    let failed = |error| decoder_error(error, name);
    match kind {
        ImageFormat::Jpeg => {
            let mut bytes = Vec::new();
            reader
                .into_inner()
                .read_to_end(&mut bytes)
                .map_err(cannot_read)?;
            if !is_whole(&bytes) {
                let why = "the end of the JPEG is missing".to_owned();
                return Err(StillError::Broken(name.to_owned(), why));
            }
            still(JpegDecoder::new(Cursor::new(bytes)).map_err(failed)?, name)
        }
        // Under limits the TIFF decoder drops profiles that are large beside the picture, so they
        // are set after the profile is read.
        ImageFormat::Tiff => still(TiffDecoder::new(reader.into_inner()).map_err(failed)?, name),
        _ => {
            let mut reader = reader;
            reader.limits(limits());
            still(reader.into_decoder().map_err(failed)?, name)
        }
    }
}

fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    limits
}

/// Takes everything out of a decoder.
fn still(mut decoder: impl ImageDecoder, name: &str) -> Result<Still, StillError> {
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(StillError::TooLarge(name.to_owned()));
    }
    let format = format_of(decoder.color_type()).ok_or_else(|| {
        let why = "its samples are floating-point numbers".to_owned();
        StillError::UnsupportedSamples(name.to_owned(), why)
    })?;
    let failed = |error| decoder_error(error, name);
    // A damaged profile or tag is no reason to refuse the pixels.
    let icc = decoder.icc_profile().ok().flatten();
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    decoder.set_limits(limits()).map_err(failed)?;
    let mut pixels = DynamicImage::from_decoder(decoder).map_err(failed)?;
    pixels.apply_orientation(orientation);
    let picture = Picture::new(format, planes(&pixels, format))
        .map_err(|e| StillError::Broken(name.to_owned(), e.to_string()))?;
    Ok(Still {
        icc: icc.filter(|profile| profile_fits(profile, format)),
        picture,
    })
}

/// Our format for a decoder's samples; `None` for floats.
fn format_of(color: ColorType) -> Option<Format> {
    Some(match color {
        ColorType::L8 => Format::gray(8),
        ColorType::La8 => Format::gray(8).with_alpha(),
        ColorType::Rgb8 => Format::rgb(8),
        ColorType::Rgba8 => Format::rgb(8).with_alpha(),
        ColorType::L16 => Format::gray(16),
        ColorType::La16 => Format::gray(16).with_alpha(),
        ColorType::Rgb16 => Format::rgb(16),
        ColorType::Rgba16 => Format::rgb(16).with_alpha(),
        _ => return None,
    })
}

/// Whether a profile describes the colour model that came out of the decoder: a CMYK JPEG comes
/// out as RGB, and its profile would then be wrong. Bytes 16..20 of a profile name its data colour
/// space (ICC.1:2022, 7.2.6).
fn profile_fits(profile: &[u8], format: Format) -> bool {
    let space: &[u8] = match format.color_planes() {
        1 => b"GRAY",
        _ => b"RGB ",
    };
    profile.get(16..20) == Some(space)
}

fn planes(pixels: &DynamicImage, format: Format) -> Vec<Plane> {
    let dim = (pixels.height() as usize, pixels.width() as usize);
    let channels = format.plane_count();
    match pixels.as_flat_samples_u16() {
        Some(flat) => deinterleave(flat.samples, dim, channels),
        None => deinterleave(pixels.as_bytes(), dim, channels),
    }
}

/// Planes of samples that lie pixel by pixel.
fn deinterleave<T: Copy + Into<f32>>(
    samples: &[T],
    (height, width): (usize, usize),
    channels: usize,
) -> Vec<Plane> {
    (0..channels)
        .map(|channel| {
            Plane::from_shape_fn((height, width), |(y, x)| {
                samples[(y * width + x) * channels + channel].into()
            })
        })
        .collect()
}

fn decoder_error(error: ImageError, name: &str) -> StillError {
    let name = name.to_owned();
    match error {
        ImageError::Limits(_) => StillError::TooLarge(name),
        ImageError::Unsupported(e) => StillError::UnsupportedSamples(name, e.to_string()),
        ImageError::IoError(source) if source.kind() != io::ErrorKind::UnexpectedEof => {
            StillError::Read(name, source)
        }
        other => StillError::Broken(name, other.to_string()),
    }
}
