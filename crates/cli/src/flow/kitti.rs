//! KITTI's map: a PNG of three 16-bit colours, `64·dx + 2^15`, `64·dy + 2^15`, and 1 where it is known (Menze & Geiger, *Object scene flow
//! for autonomous vehicles*, 2015, and the benchmark's development kit).

use super::error::Error;
use otinterp::limits::check_size;
use otinterp::motion::MotionField;
use std::io::{Cursor, Write};

const STEPS_PER_PX: f32 = 64.0;
const ZERO: f32 = 32_768.0;

/// Reads a KITTI map; unknown displacements become NaN.
///
/// # Errors
/// [`Error`] if it is no PNG, a broken one, or one of other samples.
pub fn read_kitti(bytes: &[u8]) -> Result<MotionField, Error> {
    let broken = |error: png::DecodingError| Error::Png(error.to_string());
    let decoder = png::Decoder::new(Cursor::new(bytes));
    let mut reader = decoder.read_info().map_err(broken)?;
    let kind = reader.output_color_type();
    if kind != (png::ColorType::Rgb, png::BitDepth::Sixteen) {
        let (color, depth) = kind;
        return Err(Error::NoKitti(format!("{color:?} of {} bits", depth as u8)));
    }
    let (width, height) = reader.info().size();
    check_size(width.into(), height.into(), bytes.len() as u64)?;
    let mut samples = vec![0; reader.output_buffer_size().unwrap_or(0)];
    reader.next_frame(&mut samples).map_err(broken)?;
    let dim = (height as usize, width as usize);
    let mut field = MotionField::zeros(0, dim);
    let pixels = samples.chunks_exact(6);
    for ((dx, dy), pixel) in field.dx.iter_mut().zip(&mut field.dy).zip(pixels) {
        let word = |at: usize| f32::from(u16::from_be_bytes([pixel[at], pixel[at + 1]]));
        let is_known = word(4) != 0.0;
        for (out, at) in [(dx, 0), (dy, 2)] {
            let px = (word(at) - ZERO) / STEPS_PER_PX;
            *out = if is_known { px } else { f32::NAN };
        }
    }
    Ok(field)
}

/// Writes a KITTI map, in steps of 1/64 px. Fails with [`Error::TooLong`] beyond 512 px.
pub fn write_kitti(field: &MotionField, out: impl Write) -> Result<(), Error> {
    let failed = |error: png::EncodingError| match error {
        png::EncodingError::IoError(error) => Error::Io(error),
        other => Error::Png(other.to_string()),
    };
    let (height, width) = field.dim();
    let mut encoder = png::Encoder::new(out, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Sixteen);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&samples(field)?).map_err(failed)?;
    writer.finish().map_err(failed)
}

/// The samples, row by row.
fn samples(field: &MotionField) -> Result<Vec<u8>, Error> {
    let code = |v: f32| {
        let code = (STEPS_PER_PX * v + ZERO).round();
        match (0.0..=65_535.0).contains(&code) {
            true => Ok(code as u16),
            false => Err(Error::TooLong(v.abs())),
        }
    };
    let mut samples = Vec::with_capacity(6 * field.dx.len());
    for (&dx, &dy) in field.dx.iter().zip(&field.dy) {
        let pixel = if dx.is_nan() || dy.is_nan() {
            [0; 3]
        } else {
            [code(dx)?, code(dy)?, 1]
        };
        samples.extend(pixel.iter().flat_map(|v| v.to_be_bytes()));
    }
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::maps::per_pixel;

    #[test]
    fn codes_are_those_of_the_development_kit() {
        let [dx, dy] = [[[-511.0, 2.5, f32::NAN]], [[0.25, -0.015_625, 3.0]]];
        let field = per_pixel(ndarray::arr2(&dx), ndarray::arr2(&dy));
        let first = [0, 64, 0x80, 16, 0, 1];
        let second = [0x80, 160, 0x7f, 0xff, 0, 1];
        assert_eq!(samples(&field).unwrap(), [first, second, [0; 6]].concat());
        let mut png = Vec::new();
        write_kitti(&field, &mut png).unwrap();
        let again = read_kitti(&png).unwrap();
        assert_eq!(again.dx[(0, 0)], -511.0);
        assert_eq!((again.dx[(0, 1)], again.dy[(0, 1)]), (2.5, -0.015_625));
        assert!(again.dx[(0, 2)].is_nan());
        let cut = read_kitti(&png[..60]);
        assert!(matches!(cut, Err(Error::Png(_))));
    }

    #[test]
    fn no_memory_is_taken_for_what_a_header_claims() {
        let mut png = Vec::new();
        write_kitti(&MotionField::zeros(0, (4, 4)), &mut png).unwrap();
        for at in [16, 20] {
            png[at..at + 4].copy_from_slice(&200_000u32.to_be_bytes());
        }
        let checksum = crc32(&png[12..29]);
        png[29..33].copy_from_slice(&checksum.to_be_bytes());
        let refused = read_kitti(&png);
        assert!(matches!(refused, Err(Error::TooLarge(_))), "{refused:?}");
    }

    /// The checksum of PNG's chunks (PNG, third edition, annex D), bit by bit.
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                (crc >> 1) ^ (0xEDB8_8320 * (crc & 1))
            })
        })
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut field = MotionField::zeros(0, (1, 1));
        field.dy[(0, 0)] = 512.5;
        let refused = write_kitti(&field, Vec::new());
        assert!(matches!(refused, Err(Error::TooLong(px)) if px == 512.5));
    }
}
