//! Still reader: files and streams to pictures.

use super::float_map::{FloatMap, FloatMapError};
use super::kind::{self, HEAD_BYTES, Kind};
use super::{Still, StillError, Tags, float, jpeg, tags, tiff_read};
use crate::limits::{MAX_FILE_BYTES, MAX_PIXELS, TooLarge, check_size, read_whole};
use crate::picture::{Format, Picture, Plane};
use image::codecs::{jpeg::JpegDecoder, tiff::TiffDecoder};
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

/// Bytes that a decoder may hold: 16-bit RGBA.
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
    let mut file = File::open(path).map_err(failed)?;
    if !meta.is_file() {
        return read_stream(file, &name);
    }
    let mut head = Vec::new();
    (&mut file)
        .take(HEAD_BYTES)
        .read_to_end(&mut head)
        .and_then(|_| file.rewind())
        .map_err(failed)?;
    decode(
        BufReader::new(file),
        kind::of(&head, &name)?,
        meta.len(),
        &name,
    )
}

/// Reads the picture in a stream that cannot be rewound, to its end; `name` is for messages.
///
/// # Errors
/// As [`read`].
pub fn read_stream(mut stream: impl Read, name: &str) -> Result<Still, StillError> {
    let failed = |source| StillError::Read(name.to_owned(), source);
    let mut head = Vec::new();
    (&mut stream)
        .take(HEAD_BYTES)
        .read_to_end(&mut head)
        .map_err(failed)?;
    // What is no picture is not read to its end, which may never come.
    let kind = kind::of(&head, name)?;
    let bytes = whole(Cursor::new(head).chain(stream), name)?;
    let length = bytes.len() as u64;
    decode(Cursor::new(bytes), kind, length, name)
}

fn whole(stream: impl Read, name: &str) -> Result<Vec<u8>, StillError> {
    let failed = |source| StillError::Read(name.to_owned(), source);
    let bytes = read_whole(stream, MAX_FILE_BYTES).map_err(failed)?;
    bytes.ok_or_else(|| StillError::TooLarge(name.to_owned(), TooLarge::Bytes))
}

fn decode<R: BufRead + Seek>(
    mut reader: R,
    kind: Kind,
    file_bytes: u64,
    name: &str,
) -> Result<Still, StillError> {
    let failed = |error| decoder_error(error, name);
    let cannot_read = |source| StillError::Read(name.to_owned(), source);
    let kind = match kind {
        Kind::ColourPfm => return colour_pfm(&whole(reader, name)?, name),
        Kind::Image(kind) => kind,
    };
    match kind {
        ImageFormat::Jpeg => {
            let bytes = whole(reader, name)?;
            jpeg::check(&bytes, name)?;
            if let Some(own) = jpeg::lossless(&bytes, name)? {
                return finished(own.pixels, own.orientation, own.icc, Tags::default(), name);
            }
            let decoder = JpegDecoder::new(Cursor::new(bytes)).map_err(failed)?;
            still(decoder, Tags::default(), file_bytes, name)
        }
        ImageFormat::Tiff => {
            if let Some(own) = tiff_read::decode(&mut reader, file_bytes, name)? {
                return finished(own.pixels, own.orientation, own.icc, Tags::default(), name);
            }
            reader.seek(SeekFrom::Start(0)).map_err(cannot_read)?;
            // Under limits the TIFF decoder drops profiles that are large beside the picture, so they
            // are set after the profile is read.
            let decoder = TiffDecoder::new(reader).map_err(failed)?;
            still(decoder, Tags::default(), file_bytes, name)
        }
        kind => {
            let mut tags = Tags::default();
            if kind == ImageFormat::Png {
                tags.png = tags::of_png(&mut reader);
                reader.seek(SeekFrom::Start(0)).map_err(cannot_read)?;
            }
            let mut reader = ImageReader::with_format(reader, kind);
            reader.limits(limits());
            still(
                reader.into_decoder().map_err(failed)?,
                tags,
                file_bytes,
                name,
            )
        }
    }
}

fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    limits
}

fn colour_pfm(bytes: &[u8], name: &str) -> Result<Still, StillError> {
    let map = FloatMap::decode(bytes).map_err(|error| match error {
        FloatMapError::TooLarge(why) => StillError::TooLarge(name.to_owned(), why),
        other => StillError::Broken(name.to_owned(), other.to_string()),
    })?;
    let size = (map.width as u32, map.height as u32);
    let pixels = float::picture(size, map.channels, &map.values, name)?;
    let orientation = Orientation::NoTransforms;
    finished(pixels, orientation, None, Tags::default(), name)
}

/// Takes everything out of a decoder.
fn still(
    mut decoder: impl ImageDecoder,
    tags: Tags,
    file_bytes: u64,
    name: &str,
) -> Result<Still, StillError> {
    let (width, height) = decoder.dimensions();
    check_size(width.into(), height.into(), file_bytes)
        .map_err(|why| StillError::TooLarge(name.to_owned(), why))?;
    let failed = |error| decoder_error(error, name);
    // A damaged profile or tag is no reason to refuse the pixels.
    let icc = decoder.icc_profile().ok().flatten();
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut exif = decoder.exif_metadata().ok().flatten();
    if let Some(exif) = &mut exif {
        // It is applied to the pixels.
        let _ = Orientation::remove_from_exif_chunk(exif);
    }
    decoder.set_limits(limits()).map_err(failed)?;
    let pixels = DynamicImage::from_decoder(decoder).map_err(failed)?;
    finished(pixels, orientation, icc, Tags { exif, ..tags }, name)
}

/// A still of what was decoded.
fn finished(
    mut pixels: DynamicImage,
    orientation: Orientation,
    icc: Option<Vec<u8>>,
    tags: Tags,
    name: &str,
) -> Result<Still, StillError> {
    let format = format_of(pixels.color()).ok_or_else(|| {
        let why = "its samples are floating-point numbers".to_owned();
        StillError::UnsupportedSamples(name.to_owned(), why)
    })?;
    pixels.apply_orientation(orientation);
    let picture = Picture::new(format, planes(&pixels, format))
        .map_err(|e| StillError::Broken(name.to_owned(), e.to_string()))?;
    Ok(Still {
        icc: icc.filter(|profile| profile_fits(profile, format)),
        picture,
        tags,
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
        ImageError::Limits(_) => StillError::TooMuchMemory(name),
        ImageError::Unsupported(e) => StillError::UnsupportedSamples(name, e.to_string()),
        ImageError::IoError(source) if source.kind() != io::ErrorKind::UnexpectedEof => {
            StillError::Read(name, source)
        }
        other => StillError::Broken(name, other.to_string()),
    }
}
