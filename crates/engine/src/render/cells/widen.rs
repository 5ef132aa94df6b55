//! Upsampling of cells' values to pixels, bilinear.

use super::candidates::Candidates;
use crate::picture::{Plane, sampling::Grid};
use otinterp_simd::{LANES, Number, Simd, Vector};

/// Sample `at` of a plane stands at `(at + 1/2)·2^shift - 1/2` in the picture, a cell at a multiple of its side.
#[inline(always)]
pub fn in_cells(candidates: &Candidates, at: f32, shift: u8) -> f32 {
    ((at + 0.5) * f32::from(1u8 << shift) - 0.5) / candidates.cell_px as f32
}

/// A row of cells' values between two rows of cells.
pub struct RowOfCells {
    pub rows: [usize; 2],
    /// How far down between them.
    pub fraction: f32,
    pub len: usize,
}

impl RowOfCells {
    /// The cells' values, times `scale`; beyond the plane's end the last value again.
    #[inline(always)]
    pub fn of(&self, plane: &Plane, scale: f32, out: &mut Vec<f32>) {
        let grid = Grid::new(plane);
        out.resize(self.len, 0.0);
        let known = grid.width.min(self.len);
        let [above, below] = self.rows.map(|row| &grid.row(row)[..known]);
        for ((value, above), below) in out.iter_mut().zip(above).zip(below) {
            *value = scale * (above + self.fraction * (below - above));
        }
        let last = out[known - 1];
        out[known..].fill(last);
    }
}

/// Sixteen pixels' values between those of cells `px` wide, the first pixel `first` after the first cell, in cells.
///
/// # Panics
/// If there are fewer than `16 / px + 1` cells.
#[inline(always)]
pub fn widened<S: Simd>(cells: &[f32], px: usize, first: f32) -> S::V {
    match px {
        8 => widened_by::<S, 8>(cells, first),
        4 => widened_by::<S, 4>(cells, first),
        2 => widened_by::<S, 2>(cells, first),
        _ => widened_by::<S, 1>(cells, first),
    }
}

#[inline(always)]
fn widened_by<S: Simd, const PX: usize>(cells: &[f32], first: f32) -> S::V {
    let cells = &cells[..LANES / PX + 1];
    let (mut left, mut right, mut after) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
    for i in 0..LANES {
        left[i] = cells[i / PX];
        right[i] = cells[i / PX + 1];
        after[i] = (i % PX) as f32 / PX as f32;
    }
    let (left, right) = (S::V::load(&left), S::V::load(&right));
    let after = S::V::load(&after).add(S::V::splat(first));
    right.sub(left).mul_add(after, left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use otinterp_simd::{Kernel, Level as Cpu};

    struct Widen<'a>(&'a [f32], usize, f32);

    impl Kernel for Widen<'_> {
        type Output = [f32; LANES];

        fn run<S: Simd>(self) -> Self::Output {
            let mut out = [0.0; LANES];
            widened::<S>(self.0, self.1, self.2).store(&mut out);
            out
        }
    }

    #[test]
    fn pixels_lie_on_the_line_between_their_cells() {
        let cells: Vec<f32> = (0..LANES + 1).map(|i| (i * i) as f32 - 7.0).collect();
        for cpu in Cpu::available() {
            for (px, first) in [(8, 0.0), (8, 0.0625), (4, 0.125), (2, 0.25), (1, 0.0)] {
                for (x, found) in cpu.run(Widen(&cells, px, first)).into_iter().enumerate() {
                    let (cell, after) = (x / px, (x % px) as f32 / px as f32 + first);
                    let truth = cells[cell] + after * (cells[cell + 1] - cells[cell]);
                    assert!((found - truth).abs() < 1e-4, "{px} {x}: {found} {truth}");
                }
            }
        }
    }

    #[test]
    fn beyond_the_last_cell_its_value_goes_on() {
        let plane = Plane::from_shape_fn((2, 3), |(y, x)| (10 * y + x) as f32);
        let row = RowOfCells {
            rows: [0, 1],
            fraction: 0.5,
            len: 5,
        };
        let mut cells = Vec::new();
        row.of(&plane, 2.0, &mut cells);
        assert_eq!(cells, [10.0, 12.0, 14.0, 14.0, 14.0]);
    }
}
