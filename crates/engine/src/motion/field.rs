//! Motion fields: optical flow by cells, and that of a pyramid level by its pixels.

use crate::picture::{Plane, samples_mut, sampling::Grid};
use ndarray::{Array2, s};
use rayon::prelude::*;

/// Optical flow by cells: what stands at the top left pixel of cell `(column, row)`, pixel `(2^cell_log2 · column, 2^cell_log2 · row)`
/// of the one picture, is found `(dx, dy)` px away in the other.
#[derive(Debug, Clone)]
pub struct MotionField {
    /// Cells are squares of `2^cell_log2` px: 0 for pixels, 1 to 3 as it is solved.
    pub cell_log2: u8,
    /// Rightwards, px of the picture.
    pub dx: Plane,
    /// Downwards, px of the picture.
    pub dy: Plane,
}

impl MotionField {
    /// No motion, for a picture of that height and width.
    pub fn zeros(cell_log2: u8, (height, width): (usize, usize)) -> Self {
        let cells = |side: usize| side.div_ceil(1 << cell_log2);
        let dim = (cells(height), cells(width));
        Self {
            cell_log2,
            dx: Array2::zeros(dim),
            dy: Array2::zeros(dim),
        }
    }

    /// Rows and columns of cells.
    pub fn dim(&self) -> (usize, usize) {
        self.dx.dim()
    }

    /// Side of a cell, px.
    pub fn cell_px(&self) -> usize {
        1 << self.cell_log2
    }

    /// Upsampled to a displacement for every pixel of a picture of that height and width, bilinear between cells.
    pub fn per_pixel(self, dim: (usize, usize)) -> Self {
        Self {
            cell_log2: 0,
            dx: upsampled(self.dx, self.cell_log2, dim),
            dy: upsampled(self.dy, self.cell_log2, dim),
        }
    }

    /// Of a level's field, brought to cells that are no finer than the level's pixels.
    pub(super) fn of_level(field: Field, level: usize, cell_log2: u8) -> Self {
        let step = 1 << (usize::from(cell_log2) - level);
        let px = (1u32 << level) as f32;
        let cells = |plane: Plane| {
            if step == 1 {
                plane.mapv_into(|v| px * v)
            } else {
                plane.slice(s![..;step, ..;step]).mapv(|v| px * v)
            }
        };
        Self {
            cell_log2,
            dx: cells(field.dx),
            dy: cells(field.dy),
        }
    }

    /// The same displacements in units of cells.
    pub(crate) fn into_cells(self) -> Field {
        let per_px = 1.0 / self.cell_px() as f32;
        Field {
            dx: self.dx.mapv_into(|v| per_px * v),
            dy: self.dy.mapv_into(|v| per_px * v),
        }
    }
}

/// A plane by cells of `2^cell_log2` px, as those of a [`MotionField`], upsampled to `height × width` pixels, bilinear between cells.
pub(crate) fn upsampled(mut plane: Plane, cell_log2: u8, (height, width): (usize, usize)) -> Plane {
    for finer in (0..cell_log2).rev() {
        let cells = |side: usize| side.div_ceil(1 << finer);
        plane = widened(&plane, (cells(height), cells(width)), 1.0);
    }
    plane
}

/// A displacement for every pixel of a pyramid level, in its own pixels: pixel `(x, y)` of the one
/// picture is found at `(x + dx, y + dy)` in the other.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// Rightwards, px of the level.
    pub dx: Plane,
    /// Downwards, px of the level.
    pub dy: Plane,
}

impl Field {
    /// No motion.
    pub fn zeros(dim: (usize, usize)) -> Self {
        Self {
            dx: Array2::zeros(dim),
            dy: Array2::zeros(dim),
        }
    }

    /// Height and width.
    pub fn dim(&self) -> (usize, usize) {
        self.dx.dim()
    }

    /// The field of the next finer level, of size `dim`: twice as long.
    pub fn doubled(&self, dim: (usize, usize)) -> Self {
        Self {
            dx: widened(&self.dx, dim, 2.0),
            dy: widened(&self.dy, dim, 2.0),
        }
    }
}

/// `factor` times a plane at the next finer level, of size `dim`, bilinear. Sample `(y, x)` of a level stands at `(2y, 2x)` of the finer one.
fn widened(plane: &Plane, (height, width): (usize, usize), factor: f32) -> Plane {
    let grid = Grid::new(plane);
    let mut out = Plane::zeros((height, width));
    let rows = samples_mut(&mut out).par_chunks_mut(width);
    rows.enumerate().for_each_init(
        || vec![0.0; grid.width + 1],
        |line, (y, out)| {
            let upper = (y / 2).min(grid.height - 1);
            let lower = (y.div_ceil(2)).min(grid.height - 1);
            for ((sum, a), b) in line.iter_mut().zip(grid.row(upper)).zip(grid.row(lower)) {
                *sum = 0.5 * factor * (a + b);
            }
            line[grid.width] = line[grid.width - 1];
            let next = &line[1..];
            for ((pair, a), b) in out.chunks_mut(2).zip(&*line).zip(next) {
                pair[0] = *a;
                if let Some(between) = pair.get_mut(1) {
                    *between = 0.5 * (a + b);
                }
            }
        },
    );
    out
}

/// Optical flow between two pictures, forward and backward.
#[derive(Debug, Clone)]
pub struct Motion {
    /// From the first picture to the second.
    pub forward: MotionField,
    /// From the second picture to the first.
    pub backward: MotionField,
}

impl Motion {
    /// No motion, for pictures of that height and width.
    pub fn zeros(cell_log2: u8, dim: (usize, usize)) -> Self {
        Self {
            forward: MotionField::zeros(cell_log2, dim),
            backward: MotionField::zeros(cell_log2, dim),
        }
    }
}
