//! Padded planes at half size: the border is repeated to the left and to the right, so that vectors some pixels away are read whole.

use crate::picture::{Plane, samples};

/// Values before a row's first sample and after its last: the farthest neighbour is 16 away, a block of samples may stand
/// beyond the border, and vectors that begin in it are read whole.
pub const MARGIN: usize = 48;

/// See the module.
#[derive(Debug)]
pub struct Padded {
    values: Vec<f32>,
    /// Samples in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl Padded {
    /// A plane's samples, each taken through `map`.
    pub fn of(plane: &Plane, map: impl Fn(f32) -> f32) -> Self {
        let (height, width) = plane.dim();
        let mut values = Vec::with_capacity(height * (width + 2 * MARGIN));
        for row in samples(plane).chunks_exact(width) {
            values.resize(values.len() + MARGIN, map(row[0]));
            values.extend(row.iter().map(|&v| map(v)));
            values.resize(values.len() + MARGIN, map(row[width - 1]));
        }
        Self {
            values,
            width,
            height,
        }
    }

    /// The samples of a row from column `x` on, margin included; the first and the last row are repeated outwards.
    #[inline(always)]
    pub fn row(&self, y: isize, x: isize) -> &[f32] {
        let y = y.clamp(0, self.height as isize - 1) as usize;
        let pitch = self.width + 2 * MARGIN;
        &self.values[y * pitch..][..pitch][MARGIN.wrapping_add_signed(x)..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn beyond_the_border_stands_the_border() {
        let plane = Array2::from_shape_fn((3, 5), |(y, x)| (10 * y + x) as f32);
        let padded = Padded::of(&plane, |v| 2.0 * v);
        for y in -4..7 {
            for x in -(MARGIN as isize)..5 + MARGIN as isize {
                let (row, column) = (y.clamp(0, 2), x.clamp(0, 4));
                let expected = 2 * (10 * row + column);
                assert_eq!(padded.row(y, x)[0], expected as f32, "{y} {x}");
            }
        }
    }
}
