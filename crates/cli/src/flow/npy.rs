//! NumPy arrays: a map is written as `height x width x 2` (dx, dy), a plane as `height x width`, 32-bit floats.

use super::error::Error;
use super::maps::known_per_pixel;
use crate::data::{self, Array};
use ndarray::Array2;
use otinterp::motion::MotionField;
use otinterp::picture::Plane;
use std::io::{self, Write};

/// An array as a map: `height x width x 2`, or `2 x height x width` as networks hand it out; leading lengths of 1 do not count.
pub(super) fn map(Array { shape, values }: Array) -> Result<MotionField, Error> {
    let inner = shape.iter().position(|&n| n != 1).unwrap_or(0);
    let inner = inner.min(shape.len().saturating_sub(3));
    let (height, width, steps) = match shape[inner..] {
        [height, width, 2] => (height, width, [2, 1]),
        [2, height, width] => (height, width, [1, height * width]),
        _ => return Err(Error::Shape(shape)),
    };
    if height == 0 || width == 0 {
        return Err(Error::Shape(shape));
    }
    let ([pixel, other], dim) = (steps.map(|n| n as usize), (height as usize, width as usize));
    let axis = |offset: usize| {
        Array2::from_shape_fn(dim, |(y, x)| {
            values[pixel * (y * dim.1 + x) + offset] as f32
        })
    };
    Ok(known_per_pixel(axis(0), axis(other)))
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
    use crate::flow::maps::per_pixel;

    #[test]
    fn both_layouts_are_read() {
        let (dx, dy) = ([1.0, -2.0, 0.5], [0.0, 9.0, -4.0]);
        let expected = per_pixel(ndarray::arr2(&[dx]), ndarray::arr2(&[dy]));
        let last = vec![1.0, 0.0, -2.0, 9.0, 0.5, -4.0];
        let first = vec![1.0, -2.0, 0.5, 0.0, 9.0, -4.0];
        for (shape, values) in [
            (vec![1, 3, 2], last),
            (vec![2, 1, 3], first.clone()),
            (vec![1, 2, 1, 3], first),
        ] {
            let found = map(Array {
                shape: shape.clone(),
                values,
            })
            .unwrap();
            assert_eq!(
                (&found.dx, &found.dy),
                (&expected.dx, &expected.dy),
                "{shape:?}"
            );
        }
        let plane = Array {
            shape: vec![1, 3],
            values: vec![0.0; 3],
        };
        assert!(matches!(map(plane), Err(Error::Shape(shape)) if shape == [1, 3]));
    }
}
