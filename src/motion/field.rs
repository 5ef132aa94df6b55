//! Displacement fields.

use crate::picture::{Plane, sampling::Grid};
use ndarray::Array2;

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
        let (gx, gy) = (Grid::new(&self.dx), Grid::new(&self.dy));
        let enlarge = |grid: Grid<'_>| {
            let mut out = Array2::zeros(dim);
            ndarray::Zip::indexed(&mut out)
                .par_for_each(|(y, x), o| *o = 2.0 * grid.bilinear(0.5 * x as f32, 0.5 * y as f32));
            out
        };
        Self {
            dx: enlarge(gx),
            dy: enlarge(gy),
        }
    }
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
