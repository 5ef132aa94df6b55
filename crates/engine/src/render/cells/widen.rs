//! Upsampling of cells' values to pixels, bilinear.

use super::candidates::Candidates;
use otinterp_simd::{LANES, Number, Simd, Vector};

/// Sample `at` of a plane stands at `(at + 1/2)·2^shift - 1/2` in the picture, a cell at a multiple of its side.
#[inline(always)]
pub fn in_cells(candidates: &Candidates, at: f32, shift: u8) -> f32 {
    ((at + 0.5) * f32::from(1u8 << shift) - 0.5) / candidates.cell_px as f32
}

/// Rows of pixels between two rows of cells, at most.
pub const MOST_ROWS: usize = 8;

/// Values at sixteen columns of pixels, in the rows of cells above and below.
#[derive(Clone, Copy)]
pub struct Ends<V> {
    above: V,
    difference: V,
}

impl<V: Vector> Ends<V> {
    /// Of the cells' values from the first pixel's on, which stands `first` after it, in cells `px` wide.
    ///
    /// # Panics
    /// If there are fewer than `16 / px + 1` in either row.
    #[inline(always)]
    pub fn of<S: Simd<V = V>>([above, below]: [&[f32]; 2], px: usize, first: f32) -> Self {
        let above = widened::<S>(above, px, first);
        let difference = widened::<S>(below, px, first).sub(above);
        Self { above, difference }
    }

    /// So far down from the one to the other.
    #[inline(always)]
    pub fn at(&self, fraction: f32) -> V {
        self.difference.mul_add(V::splat(fraction), self.above)
    }
}

/// A row of cells' values times `scale`, `len` of them: beyond the plane's end the last value again.
pub fn padded(row: &[f32], scale: f32, len: usize, out: &mut Vec<f32>) {
    let known = &row[..row.len().min(len)];
    out.clear();
    out.extend(known.iter().map(|value| scale * value));
    let last = out[known.len() - 1];
    out.resize(len, last);
}

/// Sixteen pixels' values between those of cells `px` wide, the first pixel `first` after the first cell, in cells.
///
/// # Panics
/// If there are fewer than `16 / px + 1` cells.
#[inline(always)]
fn widened<S: Simd>(cells: &[f32], px: usize, first: f32) -> S::V {
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
        let mut cells = Vec::new();
        padded(&[5.0, 6.0, 7.0], 2.0, 5, &mut cells);
        assert_eq!(cells, [10.0, 12.0, 14.0, 14.0, 14.0]);
    }

    struct Between<'a>([&'a [f32]; 2], f32);

    impl Kernel for Between<'_> {
        type Output = [f32; LANES];

        fn run<S: Simd>(self) -> Self::Output {
            let mut out = [0.0; LANES];
            Ends::of::<S>(self.0, 8, 0.0).at(self.1).store(&mut out);
            out
        }
    }

    #[test]
    fn rows_of_pixels_lie_on_the_line_between_the_rows_of_cells() {
        for cpu in Cpu::available() {
            let found = cpu.run(Between([&[1.0; 3], &[5.0; 3]], 0.25));
            assert_eq!(found, [2.0; LANES]);
        }
    }
}
