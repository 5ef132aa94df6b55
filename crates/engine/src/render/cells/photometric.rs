//! Fallback map of a motion field, by regions of its photometric error.

use super::errors::content;
use crate::frame_pyramid::PyramidLevel;
use crate::motion::Field;
use crate::picture::sampling::{Grid, split};
use crate::picture::{Plane, samples};
use crate::render::linear::{linear, stay};
use crate::render::smooth::smooth_step;
use otinterp_simd::partial::{counted, load};
use otinterp_simd::{Kernel, LANES, Level as Cpu, Number, Simd, Vector};
use rayon::prelude::*;

/// Side of a block, cells; a region is 3 × 3 blocks.
const BLOCK_CELLS: usize = 8;
/// What noise and sampling leave of a perfect match: standard deviation as a share of full scale (4 codes of 255).
const NOISE: f32 = 4.0 / 255.0;
/// Shares of the scatter left along the motion at which a region's fallback begins, and is 1.
const LEFT: (f32, f32) = (0.4, 0.7);

/// Fallback map: where the motion's photometric error is too large for it to be shown; 0 nowhere, 1 in full; by blocks.
#[derive(Debug, Clone)]
pub struct FallbackMap(Plane);

impl FallbackMap {
    /// Whether it is 0 everywhere.
    pub fn is_zero(&self) -> bool {
        self.0.iter().all(|&u| u == 0.0)
    }

    /// Of the motion `field` that leads from `from` to `to`. Cells whose motion leads out of the picture do not count.
    pub fn of(cpu: Cpu, field: &Field, from: &PyramidLevel, to: &PyramidLevel) -> Self {
        let (height, width) = field.dim();
        let blocks = (height.div_ceil(BLOCK_CELLS), width.div_ceil(BLOCK_CELLS));
        let mut sums = vec![Sums::default(); blocks.0 * blocks.1];
        sums.par_chunks_mut(blocks.1)
            .enumerate()
            .for_each_init(Vec::new, |columns, (n, sums)| {
                let first_row = n * BLOCK_CELLS;
                cpu.run(JudgeRows {
                    field,
                    from,
                    to,
                    rows: first_row..(first_row + BLOCK_CELLS).min(height),
                    columns,
                    sums,
                });
            });
        Self(Plane::from_shape_fn(blocks, |at| {
            fallback(&sums, blocks, at)
        }))
    }

    /// Mean over the picture.
    pub fn mean(&self) -> f32 {
        self.0.iter().sum::<f32>() / self.0.len() as f32
    }

    /// `(1 - t)·self + t·second`.
    pub fn mixed(&self, second: &Self, t: f32) -> Self {
        let mixed = ndarray::Zip::from(&self.0).and(&second.0);
        Self(mixed.map_collect(|&a, &b| (1.0 - t) * a + t * b))
    }

    /// The map of regions that are hardly explained at all: 0 up to `from`, and from there on evenly up to 1.
    pub fn beyond(self, from: f32) -> Self {
        Self(self.0.mapv_into(|u| ((u - from) / (1.0 - from)).max(0.0)))
    }

    /// At a row of cells, bilinear between the blocks' middles. False if all of it is 0, which is not written.
    pub fn at_row(&self, y: usize, cells: &mut [f32]) -> bool {
        let to_block = |cell: usize| (cell as f32 + 0.5) / BLOCK_CELLS as f32 - 0.5;
        let (rows, columns) = self.0.dim();
        let (upper, fraction) = split(to_block(y), rows);
        let lower = (upper + 1).min(rows - 1);
        let [above, below] = [upper, lower].map(|row| Grid::new(&self.0).row(row));
        if above.iter().chain(below).all(|&u| u == 0.0) {
            return false;
        }
        let block = |column: usize| above[column] + fraction * (below[column] - above[column]);
        for (x, cell) in cells.iter_mut().enumerate() {
            let (left, fraction) = split(to_block(x), columns);
            let (from, to) = (block(left), block((left + 1).min(columns - 1)));
            *cell = from + fraction * (to - from);
        }
        true
    }
}

/// Over a block or region: the number of values compared, and of their differences the sum and the sum of squares, along
/// the motion and in place.
type Sums = [f32; 5];

/// A row of blocks. Of luma alone: a change of brightness is the same for all cells there, and so no scatter.
struct JudgeRows<'a> {
    field: &'a Field,
    from: &'a PyramidLevel,
    to: &'a PyramidLevel,
    rows: std::ops::Range<usize>,
    /// Memory: the sums of every column of cells.
    columns: &'a mut Vec<[f32; LANES]>,
    sums: &'a mut [Sums],
}

impl Kernel for JudgeRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let v = S::V::splat;
        let (height, width) = self.field.dim();
        let (from, to) = (content::<1>(self.from), content::<1>(self.to));
        let columns = self.columns;
        columns.clear();
        columns.resize(5 * width.div_ceil(LANES), [0.0; LANES]);
        for y in self.rows {
            let (dx, dy) = (
                &samples(&self.field.dx)[y * width..][..width],
                &samples(&self.field.dy)[y * width..][..width],
            );
            for first in (0..width).step_by(LANES) {
                let last = width.min(first + LANES);
                let x = counted::<S>(first as f32).add(load::<S>(&dx[first..last]));
                let y_to = v(y as f32).add(load::<S>(&dy[first..last]));
                let [moved] = linear::<S, 1>(&to, x, y_to);
                let stays = stay::<S>(x, width).mul(stay::<S>(y_to, height));
                let sums = &mut columns[5 * (first / LANES)..][..5];
                let own = load::<S>(&from[0].row(y)[first..last]);
                let there = load::<S>(&to[0].row(y)[first..last]);
                let (moved, still) = (own.sub(moved), own.sub(there));
                let terms = [stays, moved, moved.mul(moved), still, still.mul(still)];
                for (sum, term) in sums.iter_mut().zip(terms) {
                    term.mul_add(stays, S::V::load(sum)).store(sum);
                }
            }
        }
        for (block, sums) in self.sums.iter_mut().enumerate() {
            for x in block * BLOCK_CELLS..((block + 1) * BLOCK_CELLS).min(width) {
                for (sum, column) in sums.iter_mut().zip(&columns[5 * (x / LANES)..]) {
                    *sum += column[x % LANES];
                }
            }
        }
    }
}

/// `count` times the variance: a change of brightness alone is no error.
fn scatter(sum: f32, squares: f32, count: f32) -> f32 {
    squares - sum * sum / count
}

/// Fallback of a block, from the region around it: a smooth step of the share of the scatter that the motion leaves.
fn fallback(sums: &[Sums], (rows, columns): (usize, usize), (y, x): (usize, usize)) -> f32 {
    let mut all = Sums::default();
    for row in y.saturating_sub(1)..(y + 2).min(rows) {
        for column in x.saturating_sub(1)..(x + 2).min(columns) {
            for (all, sum) in all.iter_mut().zip(sums[row * columns + column]) {
                *all += sum;
            }
        }
    }
    let [count, moved, moved2, still, still2] = all;
    let still = scatter(still, still2, count);
    let excess = scatter(moved, moved2, count) - NOISE * NOISE * count;
    if count == 0.0 || excess <= 0.0 || still <= 0.0 {
        return 0.0;
    }
    smooth_step((excess / still).sqrt(), LEFT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_cells_lies_between_the_middles_of_blocks() {
        let mut blocks =
            Plane::from_shape_fn((4, 3), |(y, x)| (0.3 * y as f32 + 0.1 * x as f32) % 0.7);
        for row in 0..2 {
            blocks.row_mut(row).fill(0.0);
        }
        let (height, width) = (4 * BLOCK_CELLS - 3, 3 * BLOCK_CELLS - 5);
        let blocks = FallbackMap(blocks);
        for y in 0..height {
            let mut cells = vec![f32::NAN; width];
            let to_block = |cell: usize| (cell as f32 + 0.5) / BLOCK_CELLS as f32 - 0.5;
            // Between two rows of nothing there is nothing.
            let is_there = to_block(y) >= 1.0;
            assert_eq!(blocks.at_row(y, &mut cells), is_there, "{y}");
            for (x, cell) in cells.into_iter().enumerate().filter(|_| is_there) {
                let truth = Grid::new(&blocks.0).bilinear(to_block(x), to_block(y));
                assert!((cell - truth).abs() < 1e-6, "{y} {x}: {cell} {truth}");
            }
        }
    }
}
