//! Displacement fields.

use crate::picture::{Plane, samples_mut, sampling::Grid};
use ndarray::Array2;
use rayon::prelude::*;

/// A displacement for every pixel, in pixels of its own pyramid level: pixel `(x, y)` of the one
/// picture is found at `(x + dx, y + dy)` in the other.
#[derive(Debug, Clone)]
pub struct Field {
    /// Rightwards, in pixels.
    pub dx: Plane,
    /// Downwards, in pixels.
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

    /// The field of the next finer level, of size `dim`: bilinear, twice as long. Sample `(y, x)`
    /// of a level stands at `(2y, 2x)` of the finer one.
    pub fn doubled(&self, dim: (usize, usize)) -> Self {
        Self {
            dx: doubled(&self.dx, dim),
            dy: doubled(&self.dy, dim),
        }
    }
}

/// A plane of lengths at the next finer level.
fn doubled(plane: &Plane, (height, width): (usize, usize)) -> Plane {
    let grid = Grid::new(plane);
    let mut out = Plane::zeros((height, width));
    let rows = samples_mut(&mut out).par_chunks_mut(width);
    rows.enumerate().for_each_init(
        || vec![0.0; grid.width + 1],
        |line, (y, out)| {
            let upper = (y / 2).min(grid.height - 1);
            let lower = (y.div_ceil(2)).min(grid.height - 1);
            // The two samples' sum is twice their mean: the length, doubled.
            for ((sum, a), b) in line.iter_mut().zip(grid.row(upper)).zip(grid.row(lower)) {
                *sum = a + b;
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

/// Both directions of the transport between two pictures.
#[derive(Debug, Clone)]
pub struct Motion {
    /// From the first picture to the second.
    pub forward: Field,
    /// From the second picture to the first.
    pub backward: Field,
}

impl Motion {
    /// No motion.
    pub fn zeros(dim: (usize, usize)) -> Self {
        Self {
            forward: Field::zeros(dim),
            backward: Field::zeros(dim),
        }
    }
}
