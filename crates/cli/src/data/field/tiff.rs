//! TIFF with one channel of floating-point numbers.

use super::kind::{check_size, plane};
use crate::data::table::Failure;
use otinterp::picture::still::StillError;
use otinterp::picture::{Plane, samples};
use std::io::{Cursor, Seek, Write};
use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::encoder::{TiffEncoder, colortype::Gray32Float};
use tiff::tags::{SampleFormat, Tag};

/// `None` if the samples are whole numbers: that is a picture.
pub(super) fn decode(bytes: &[u8]) -> Result<Option<Plane>, Failure> {
    let broken = |e: tiff::TiffError| Failure::Broken(e.to_string());
    // What this decoder cannot open is reported by those who read pictures.
    let Ok(mut decoder) = Decoder::new(Cursor::new(bytes)) else {
        return Ok(None);
    };
    let format = decoder
        .get_tag_u16_vec(Tag::SampleFormat)
        .unwrap_or_default();
    if format.first() != Some(&SampleFormat::IEEEFP.to_u16()) {
        return Ok(None);
    }
    if !matches!(decoder.colortype().map_err(broken)?, ColorType::Gray(_)) {
        let why = "it has more than one channel; fields have one";
        return Err(Failure::Content(why.into()));
    }
    let (width, height) = decoder.dimensions().map_err(broken)?;
    let (height, width) = check_size(u64::from(height), u64::from(width))?;
    let values = match decoder.read_image().map_err(broken)? {
        DecodingResult::F32(values) => values,
        DecodingResult::F64(values) => values.into_iter().map(|v| v as f32).collect(),
        _ => {
            let why = "its numbers have 16 bits; floating-point numbers of 32 and 64 bits are read";
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
