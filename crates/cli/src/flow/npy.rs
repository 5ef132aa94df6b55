//! NumPy arrays: a map as `height x width x 2` (dx, dy), a plane as `height x width`, 32-bit floats.

use super::error::Error;
use super::maps::per_pixel;
use crate::data::{self, Array};
use ndarray::Array2;
use otinterp::motion::MotionField;
use otinterp::picture::Plane;
use std::io::{self, Read, Write};

/// Right and down of each pixel of the largest picture that is read, 2^28 pixels.
const MOST_VALUES: u64 = 2 << 28;

/// Reads a map.
///
/// # Errors
/// [`Error`] if it is no array of numbers, or one of another shape.
pub fn read_npy(bytes: impl Read) -> Result<MotionField, Error> {
    let Array { shape, values } = data::read_npy(bytes, MOST_VALUES)?;
    let (height, width) = match shape[..] {
        [height, width, 2] if height > 0 && width > 0 => (height as usize, width as usize),
        _ => return Err(Error::NpyShape(shape)),
    };
    let axis = |offset: usize| {
        Array2::from_shape_fn((height, width), |(y, x)| {
            values[2 * (y * width + x) + offset] as f32
        })
    };
    Ok(per_pixel(axis(0), axis(1)))
}

/// Writes a map.
pub fn write_npy(field: &MotionField, out: impl Write) -> io::Result<()> {
    let (height, width) = field.dim();
    let both = field.dx.iter().zip(&field.dy);
    let both = both.flat_map(|(&dx, &dy)| [dx, dy]);
    data::write_npy(&[height as u64, width as u64, 2], both, out)
}

/// Writes a plane.
pub fn write_plane_npy(plane: &Plane, out: impl Write) -> io::Result<()> {
    let (height, width) = plane.dim();
    data::write_npy(&[height as u64, width as u64], plane.iter().copied(), out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let [dx, dy] = [[[1.0, -2.0, 0.5]], [[0.0, 9.0, f32::MIN_POSITIVE]]];
        let field = per_pixel(ndarray::arr2(&dx), ndarray::arr2(&dy));
        let mut bytes = Vec::new();
        write_npy(&field, &mut bytes).unwrap();
        let again = read_npy(&bytes[..]).unwrap();
        assert_eq!((again.dx, again.dy), (field.dx.clone(), field.dy));
        let mut plane = Vec::new();
        write_plane_npy(&field.dx, &mut plane).unwrap();
        assert!(matches!(read_npy(&plane[..]), Err(Error::NpyShape(shape)) if shape == [1, 3]));
        assert!(matches!(read_npy(&plane[5..]), Err(Error::Npy(_))));
    }
}
