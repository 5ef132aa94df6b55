//! Planes stored as the two colours of a checkerboard.
//!
//! Red-black relaxation updates all pixels of one colour from those of the other. Stored apart, each
//! colour is a dense array, so the update is unit-stride, and one colour can be written in parallel
//! while the other is read.

use crate::picture::{Plane, samples, samples_mut};
use ndarray::Array2;
use rayon::prelude::*;

/// Rows that one task works on.
pub const BAND_ROWS: usize = 16;

/// Geometry of a checkered plane.
///
/// Pixel `(x, y)` has colour `(x + y) mod 2`. The pixels of colour `c` in row `y` are
/// `x = 2k + p`, `p = (y + c) mod 2`. They stand at `index(y) + k`; around every row and above and
/// below all lies one padding element, always 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Width of the plane.
    pub width: usize,
    /// Height of the plane.
    pub height: usize,
    /// Elements from one row to the next.
    pub stride: usize,
}

impl Layout {
    /// Layout of a plane.
    pub fn new((height, width): (usize, usize)) -> Self {
        Self {
            width,
            height,
            stride: width.div_ceil(2) + 2,
        }
    }

    /// Elements of one colour, padding included.
    pub fn len(self) -> usize {
        self.stride * (self.height + 2)
    }

    /// Where row `y` of a colour begins.
    #[inline(always)]
    pub fn index(self, y: usize) -> usize {
        (y + 1) * self.stride + 1
    }

    /// `p` of row `y` and colour `c`: its pixels are `x = 2k + p`.
    #[inline(always)]
    pub fn phase(self, y: usize, color: usize) -> usize {
        (y + color) & 1
    }

    /// Number of pixels of a row with phase `p`.
    #[inline(always)]
    pub fn count(self, phase: usize) -> usize {
        (self.width + 1 - phase) / 2
    }

    /// How many of them have a right neighbour.
    #[inline(always)]
    pub fn count_with_right(self, phase: usize) -> usize {
        (self.width - phase) / 2
    }

    /// Elements of a colour's padded array that hold rows, without the padding rows.
    pub fn body(self) -> std::ops::Range<usize> {
        self.stride..self.stride * (self.height + 1)
    }
}

/// A plane as two colours.
#[derive(Debug, Clone)]
pub struct Checkered {
    /// Geometry.
    pub layout: Layout,
    /// The colours' padded arrays.
    pub colors: [Vec<f32>; 2],
}

impl Checkered {
    /// All zero.
    pub fn zeros(dim: (usize, usize)) -> Self {
        let layout = Layout::new(dim);
        Self {
            layout,
            colors: [vec![0.0; layout.len()], vec![0.0; layout.len()]],
        }
    }

    /// Splits a plane.
    pub fn from_plane(plane: &Plane) -> Self {
        let mut out = Self::zeros(plane.dim());
        let layout = out.layout;
        let source = samples(plane);
        for (color, data) in out.colors.iter_mut().enumerate() {
            data[layout.body()]
                .par_chunks_mut(layout.stride)
                .enumerate()
                .for_each(|(y, row)| {
                    let phase = layout.phase(y, color);
                    let pixels = source[y * layout.width..][..layout.width]
                        .iter()
                        .skip(phase)
                        .step_by(2);
                    for (o, &v) in row[1..].iter_mut().zip(pixels) {
                        *o = v;
                    }
                });
        }
        out
    }

    /// Joins the colours.
    pub fn to_plane(&self) -> Plane {
        let layout = self.layout;
        let mut plane = Array2::zeros((layout.height, layout.width));
        samples_mut(&mut plane)
            .par_chunks_mut(layout.width)
            .enumerate()
            .for_each(|(y, row)| {
                for (color, data) in self.colors.iter().enumerate() {
                    let phase = layout.phase(y, color);
                    let values = &data[layout.index(y)..][..layout.count(phase)];
                    for (o, &v) in row.iter_mut().skip(phase).step_by(2).zip(values) {
                        *o = v;
                    }
                }
            });
        plane
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitting_and_joining_is_the_identity() {
        for dim in [(1, 1), (1, 2), (2, 1), (3, 5), (4, 6), (17, 8)] {
            let plane = Array2::from_shape_fn(dim, |(y, x)| (100 * y + x) as f32);
            let split = Checkered::from_plane(&plane);
            assert_eq!(split.to_plane(), plane);
            let layout = split.layout;
            for y in 0..dim.0 {
                assert_eq!(layout.count(0) + layout.count(1), dim.1);
                for color in 0..2 {
                    let phase = layout.phase(y, color);
                    for k in 0..layout.count(phase) {
                        assert_eq!(
                            split.colors[color][layout.index(y) + k],
                            plane[(y, 2 * k + phase)]
                        );
                    }
                }
            }
        }
    }
}
