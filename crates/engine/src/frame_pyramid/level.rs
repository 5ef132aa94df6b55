//! Level of a frame pyramid: the planes (luma, colour differences, gradients) that pixels of that size are compared by.

use super::{LumaChroma, QuantizedFeatures};
use crate::picture::{Plane, samples_mut, sampling::Grid};
use ndarray::Array2;
use rayon::prelude::*;
use std::sync::Arc;

/// Rows that one task works on at least.
const BAND_ROWS: usize = 16;

/// One level of a frame pyramid, planes of one size in `[0, 1]` units.
#[derive(Debug)]
pub struct PyramidLevel {
    /// Luma; on the levels that are compared pixel by pixel then the two colour differences, if the picture has colour, and
    /// `dY/dx` and `dY/dy`, central differences `(f(x+1) - f(x-1)) / 2`: they make the comparison insensitive to slow changes of
    /// brightness.
    pub planes: Vec<Plane>,
    /// The same as whole numbers, on the levels whose tiles are solved.
    pub quantized: Option<Arc<QuantizedFeatures>>,
}

impl PyramidLevel {
    /// Luma alone, for levels that are refined only.
    pub fn luma_of(content: LumaChroma) -> Self {
        Self {
            planes: vec![content.into_luma()],
            quantized: None,
        }
    }

    /// Luma, colour differences and the gradient of luma, for levels that are compared pixel by pixel.
    pub fn compared_of(content: LumaChroma) -> Self {
        let (dx, dy) = gradient(content.luma());
        let mut planes = content.planes;
        planes.push(dx);
        planes.push(dy);
        Self {
            planes,
            quantized: None,
        }
    }

    /// The same level with quantised features.
    pub fn with_quantized(self, quantized: Option<QuantizedFeatures>) -> Self {
        Self {
            quantized: quantized.map(Arc::new),
            ..self
        }
    }

    /// Luma.
    pub fn luma(&self) -> &Plane {
        &self.planes[0]
    }

    /// Whether two colour differences follow luma.
    pub fn has_colors(&self) -> bool {
        self.planes.len() > 3
    }

    /// Height and width.
    pub fn dim(&self) -> (usize, usize) {
        self.planes[0].dim()
    }
}

/// Central differences along x and y; one-sided halves at the border.
fn gradient(plane: &Plane) -> (Plane, Plane) {
    let (height, width) = plane.dim();
    let (mut dx, mut dy) = (
        Array2::zeros((height, width)),
        Array2::zeros((height, width)),
    );
    let grid = Grid::new(plane);
    samples_mut(&mut dx)
        .par_chunks_mut(width)
        .zip(samples_mut(&mut dy).par_chunks_mut(width))
        .with_min_len(BAND_ROWS)
        .enumerate()
        .for_each(|(y, (dx, dy))| {
            let row = grid.row(y);
            let (up, down) = (
                grid.row(y.saturating_sub(1)),
                grid.row((y + 1).min(height - 1)),
            );
            for ((dy, up), down) in dy.iter_mut().zip(up).zip(down) {
                *dy = 0.5 * (down - up);
            }
            let last = width - 1;
            for (dx, around) in dx[1.min(last)..].iter_mut().zip(row.windows(3)) {
                *dx = 0.5 * (around[2] - around[0]);
            }
            dx[0] = 0.5 * (row[1.min(last)] - row[0]);
            dx[last] = 0.5 * (row[last] - row[last.saturating_sub(1)]);
        });
    (dx, dy)
}
