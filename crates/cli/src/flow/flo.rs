//! Middlebury `.flo`: `PIEH`, width and height as 32-bit integers, then `dx, dy` of every pixel, row by row, as 32-bit floats; all
//! little-endian (Baker, Scharstein, Lewis, Roth, Black & Szeliski, *A database and evaluation methodology for optical flow*, 2011).

use super::error::Error;
use super::maps::known_per_pixel;
use ndarray::Array2;
use otinterp::motion::MotionField;
use std::io::{self, Write};

pub(super) const TAG: &[u8; 4] = b"PIEH";
const HEADER_BYTES: usize = 12;
/// What is written where the displacement is unknown.
const UNKNOWN: f32 = 1e10;
/// More cannot be meant: a header of random bytes.
const MAX_SIDE_PX: i32 = 1 << 17;

/// Reads a `.flo` file; unknown displacements become NaN.
///
/// # Errors
/// [`Error`] if the bytes are no `.flo` file, or not a whole one.
pub fn read_flo(bytes: &[u8]) -> Result<MotionField, Error> {
    if !bytes.starts_with(TAG) || bytes.len() < HEADER_BYTES {
        return Err(Error::NoFlo);
    }
    let word = |at: usize| [0, 1, 2, 3].map(|i| bytes[at + i]);
    let [width, height] = [4, 8].map(|at| i32::from_le_bytes(word(at)));
    if [width, height]
        .iter()
        .any(|n| !(1..=MAX_SIDE_PX).contains(n))
    {
        return Err(Error::Size(width, height));
    }
    let (width, height) = (width as usize, height as usize);
    let expected = HEADER_BYTES + 8 * width * height;
    if bytes.len() != expected {
        return Err(Error::Length(width, height, expected, bytes.len()));
    }
    let axis = |offset: usize| {
        Array2::from_shape_fn((height, width), |(y, x)| {
            let at = HEADER_BYTES + 8 * (y * width + x) + offset;
            f32::from_le_bytes(word(at))
        })
    };
    Ok(known_per_pixel(axis(0), axis(4)))
}

/// Writes a `.flo` file.
///
/// # Errors
/// Those of `out`.
pub fn write_flo(field: &MotionField, mut out: impl Write) -> io::Result<()> {
    let (height, width) = field.dim();
    out.write_all(TAG)?;
    for side in [width, height] {
        out.write_all(&(side as i32).to_le_bytes())?;
    }
    let mut line = Vec::with_capacity(8 * width);
    for (dx, dy) in field.dx.rows().into_iter().zip(field.dy.rows()) {
        line.clear();
        for (&dx, &dy) in dx.iter().zip(dy) {
            for v in [dx, dy] {
                let v = if v.is_nan() { UNKNOWN } else { v };
                line.extend(v.to_le_bytes());
            }
        }
        out.write_all(&line)?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::maps::per_pixel;

    #[test]
    fn bytes_are_as_the_format_says() {
        let mut bytes = Vec::new();
        let [dx, dy] = [[[1.0, f32::NAN]], [[-2.5, f32::NAN]]];
        let field = per_pixel(ndarray::arr2(&dx), ndarray::arr2(&dy));
        write_flo(&field, &mut bytes).unwrap();
        // 202021.25 is the tag read as a float.
        assert_eq!(bytes[..4], 202_021.25f32.to_le_bytes());
        assert_eq!(bytes[4..12], [2, 0, 0, 0, 1, 0, 0, 0]);
        assert_eq!(bytes[12..20], [0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0]);
        let again = read_flo(&bytes).unwrap();
        assert_eq!((again.dx[(0, 0)], again.dy[(0, 0)]), (1.0, -2.5));
        assert!(again.dx[(0, 1)].is_nan() && again.dy[(0, 1)].is_nan());
    }

    #[test]
    fn a_billion_is_unknown() {
        let mut bytes = [&TAG[..], &1i32.to_le_bytes(), &1i32.to_le_bytes()].concat();
        bytes.extend([1e9f32, 0.0].iter().flat_map(|v| v.to_le_bytes()));
        assert!(read_flo(&bytes).unwrap().dx[(0, 0)].is_nan());
    }

    #[test]
    fn broken_files_are_refused() {
        let mut bytes = Vec::new();
        write_flo(&MotionField::zeros(0, (3, 2)), &mut bytes).unwrap();
        assert!(matches!(read_flo(&bytes[1..]), Err(Error::NoFlo)));
        assert!(matches!(read_flo(&bytes[..4]), Err(Error::NoFlo)));
        let short = read_flo(&bytes[..bytes.len() - 1]);
        assert!(matches!(short, Err(Error::Length(_, _, 60, 59))));
        bytes[7] = 0x80;
        assert!(matches!(read_flo(&bytes), Err(Error::Size(..))));
        bytes[4..8].fill(0);
        assert!(matches!(read_flo(&bytes), Err(Error::Size(0, _))));
    }
}
