//! TIFF with one channel of floating-point numbers.

use super::kind::plane;
use crate::data::table::Failure;
use otinterp::limits::{MAX_PIXELS, check_size};
use otinterp::picture::still::StillError;
use otinterp::picture::{Plane, samples};
use std::io::{Cursor, Seek, Write};
use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::encoder::{TiffEncoder, colortype::Gray32Float};
use tiff::tags::{SampleFormat, Tag};

/// `None` if the samples are whole numbers: that is a picture.
pub(super) fn decode(bytes: &[u8]) -> Result<Option<Plane>, Failure> {
    let broken = |e: tiff::TiffError| Failure::Broken(e.to_string());
    // What this decoder cannot open is reported by those who read pictures.
    let Ok(decoder) = Decoder::new(Cursor::new(bytes)) else {
        return Ok(None);
    };
    let mut limits = Limits::default();
    // 64-bit numbers of the most pixels.
    limits.decoding_buffer_size = 8 * MAX_PIXELS as usize;
    limits.intermediate_buffer_size = 8 * MAX_PIXELS as usize;
    let mut decoder = decoder.with_limits(limits);
    let format = decoder
        .get_tag_u16_vec(Tag::SampleFormat)
        .unwrap_or_default();
    if format.first() != Some(&SampleFormat::IEEEFP.to_u16()) {
        return Ok(None);
    }
    let kind = decoder.colortype().map_err(broken)?;
    // Colours of floating-point numbers are a picture.
    if !matches!(kind, ColorType::Gray(_)) {
        return Ok(None);
    }
    let (width, height) = decoder.dimensions().map_err(broken)?;
    check_size(width.into(), height.into(), bytes.len() as u64)?;
    let (height, width) = (height as usize, width as usize);
    let values = match decoder.read_image().map_err(broken)? {
        DecodingResult::F32(values) => values,
        DecodingResult::F64(values) => values.into_iter().map(|v| v as f32).collect(),
        DecodingResult::F16(values) => values.into_iter().map(f32::from).collect(),
        _ => {
            let why = "its samples are no floating-point numbers of 16, 32 or 64 bits";
            return Err(Failure::Content(why.into()));
        }
    };
    plane(height, width, values).map(Some)
}

pub(super) fn encode(values: &Plane, out: impl Write + Seek) -> Result<(), StillError> {
    let (height, width) = (values.nrows() as u32, values.ncols() as u32);
    let written = TiffEncoder::new(out)
        .and_then(|mut file| file.write_image::<Gray32Float>(width, height, samples(values)));
    written.map_err(|error| match error {
        tiff::TiffError::IoError(e) => StillError::Write(e),
        other => StillError::encode("TIFF", other),
    })
}
