//! TIFF files that the `image` crate does not read, on the `tiff` crate itself: JPEG's Y'CbCr and floating-point RGB; and words for
//! those that neither reads.

use super::{StillError, float};
use crate::limits::{MAX_PIXELS, check_size};
use ::tiff::decoder::{Decoder, DecodingResult, Limits};
use ::tiff::tags::{PhotometricInterpretation, SampleFormat, Tag};
use ::tiff::{ColorType, TiffError};
use image::metadata::Orientation;
use image::{DynamicImage, RgbImage};
use std::io::{Read, Seek};

/// What a file holds.
pub(super) struct Decoded {
    pub(super) pixels: DynamicImage,
    pub(super) icc: Option<Vec<u8>>,
    pub(super) orientation: Orientation,
}

/// Reads the first picture of a file; `None` if the `image` crate reads it.
pub(super) fn decode(
    file: impl Read + Seek,
    file_bytes: u64,
    name: &str,
) -> Result<Option<Decoded>, StillError> {
    let failed = |error| failure(error, name);
    let mut decoder = Decoder::new(file).map_err(failed)?.with_limits(limits());
    let (width, height) = decoder.dimensions().map_err(failed)?;
    check_size(width.into(), height.into(), file_bytes)
        .map_err(|why| StillError::TooLarge(name.to_owned(), why))?;
    let interpretation = decoder
        .find_tag_unsigned::<u16>(Tag::PhotometricInterpretation)
        .map_err(failed)?;
    if interpretation == Some(PhotometricInterpretation::RGBPalette.to_u16()) {
        return Err(unsupported(name, "its colours are a palette".into()));
    }
    let formats = decoder
        .find_tag_unsigned_vec::<u16>(Tag::SampleFormat)
        .map_err(failed)?;
    let is_of = |format: SampleFormat| {
        let formats = formats.iter().flatten();
        formats.clone().count() > 0 && formats.into_iter().all(|f| *f == format.to_u16())
    };
    let is_float = is_of(SampleFormat::IEEEFP);
    let kind = decoder.colortype().map_err(failed)?;
    let is_unsigned = formats.is_none() || is_of(SampleFormat::Uint);
    let read = match kind {
        ColorType::Gray(_) if is_float => {
            let what = "a TIFF of one channel of floating-point numbers";
            return Err(StillError::Field(name.to_owned(), what));
        }
        ColorType::RGB(32) | ColorType::RGBA(32) if is_float => true,
        ColorType::YCbCr(8) => true,
        ColorType::Gray(1 | 8 | 16)
        | ColorType::GrayA(8 | 16)
        | ColorType::RGB(8 | 16)
        | ColorType::RGBA(8 | 16)
        | ColorType::CMYK(8 | 16)
            if is_unsigned =>
        {
            false
        }
        other => return Err(unsupported(name, described(other, is_float, is_unsigned))),
    };
    if !read {
        return Ok(None);
    }
    let icc = decoder.get_tag_u8_vec(Tag::IccProfile).ok();
    let orientation = decoder.find_tag_unsigned::<u8>(Tag::Orientation);
    let orientation = orientation.ok().flatten().and_then(Orientation::from_exif);
    let pixels = match decoder.read_image().map_err(failed)? {
        DecodingResult::U8(codes) => rgb_of_jpeg((width, height), &codes),
        DecodingResult::F32(values) => {
            let channels = kind.num_samples().into();
            Some(float::picture((width, height), channels, &values, name)?)
        }
        _ => None,
    };
    let short = || StillError::Broken(name.to_owned(), "it has fewer samples than pixels".into());
    Ok(Some(Decoded {
        pixels: pixels.ok_or_else(short)?,
        icc,
        orientation: orientation.unwrap_or(Orientation::NoTransforms),
    }))
}

/// Room for a picture of the most pixels that are read.
fn limits() -> Limits {
    let mut limits = Limits::default();
    // Three 32-bit floating-point samples a pixel, and as much again on the way.
    limits.decoding_buffer_size = 12 * MAX_PIXELS as usize;
    limits.intermediate_buffer_size = 12 * MAX_PIXELS as usize;
    limits
}

/// Full-range Y'CbCr with the weights of ITU-R BT.601 as R'G'B' (JFIF 1.02, *Conversion to and from RGB*).
fn rgb_of_jpeg((width, height): (u32, u32), codes: &[u8]) -> Option<DynamicImage> {
    let rgb = codes.chunks_exact(3).flat_map(|pixel| {
        let [y, cb, cr] = [pixel[0], pixel[1], pixel[2]].map(f32::from);
        let (cb, cr) = (cb - 128.0, cr - 128.0);
        // The cast saturates.
        [
            y + 1.402 * cr,
            y - 0.344_14 * cb - 0.714_14 * cr,
            y + 1.772 * cb,
        ]
        .map(|v| v.round() as u8)
    });
    RgbImage::from_raw(width, height, rgb.collect()).map(DynamicImage::ImageRgb8)
}

/// Samples in words.
fn described(kind: ColorType, is_float: bool, is_unsigned: bool) -> String {
    let (bits, model) = match kind {
        ColorType::Gray(n) => (n, "grey"),
        ColorType::GrayA(n) => (n, "grey with alpha"),
        ColorType::RGB(n) => (n, "RGB"),
        ColorType::RGBA(n) => (n, "RGBA"),
        ColorType::CMYK(n) => (n, "CMYK"),
        ColorType::CMYKA(n) => (n, "CMYK with alpha"),
        ColorType::YCbCr(n) => (n, "Y'CbCr"),
        ColorType::Palette(n) => (n, "palette"),
        ColorType::Multiband {
            bit_depth,
            num_samples,
        } => {
            return format!("it has {num_samples} channels of {bit_depth} bits");
        }
        _ => return "its samples are of an uncommon sort".into(),
    };
    let number = match (is_float, is_unsigned) {
        (true, _) => " floating-point",
        (false, true) => "",
        (false, false) => " signed",
    };
    format!("its samples are {bits}-bit{number} {model}")
}

fn unsupported(name: &str, why: String) -> StillError {
    StillError::UnsupportedSamples(name.to_owned(), why)
}

fn failure(error: TiffError, name: &str) -> StillError {
    match error {
        TiffError::UnsupportedError(why) => unsupported(name, why.to_string()),
        TiffError::LimitsExceeded => StillError::TooMuchMemory(name.to_owned()),
        TiffError::IoError(e) if e.kind() != std::io::ErrorKind::UnexpectedEof => {
            StillError::Read(name.to_owned(), e)
        }
        other => StillError::Broken(name.to_owned(), other.to_string()),
    }
}
