//! A histogram on a grid: shares of mass of its bins.

use crate::cloud::total_mass;
use crate::error::Error;

/// A histogram: masses of the bins of a grid, row by row. Bins lie one unit apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    height: usize,
    width: usize,
    /// Shares of the total.
    shares: Vec<f64>,
    total: f64,
}

impl Grid {
    /// `masses` holds `height` rows of `width`. `side` is for messages.
    ///
    /// # Errors
    /// No bins, a wrong number of masses, masses that are negative or not finite, no mass at all.
    pub fn new(
        side: &'static str,
        (height, width): (usize, usize),
        masses: Vec<f64>,
    ) -> Result<Self, Error> {
        if height * width == 0 {
            return Err(Error::Empty);
        }
        if masses.len() != height * width {
            return Err(Error::Length {
                what: "masses",
                expected: height * width,
                found: masses.len(),
            });
        }
        let total = total_mass(side, &masses)?;
        let mut shares = masses;
        for m in &mut shares {
            *m /= total;
        }
        Ok(Self {
            height,
            width,
            shares,
            total,
        })
    }

    /// Rows and columns.
    pub fn dim(&self) -> (usize, usize) {
        (self.height, self.width)
    }

    /// The masses over their total.
    pub fn shares(&self) -> &[f64] {
        &self.shares
    }

    /// The total of the masses as given.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// `(x, y)` of a bin.
    fn place(&self, bin: usize) -> [f64; 2] {
        [(bin % self.width) as f64, (bin / self.width) as f64]
    }

    /// Mean and covariance of the positions `(x, y)`.
    pub fn moments(&self) -> ([f64; 2], [[f64; 2]; 2]) {
        let mut mean = [0.0; 2];
        for (bin, m) in self.shares.iter().enumerate() {
            let p = self.place(bin);
            mean[0] += m * p[0];
            mean[1] += m * p[1];
        }
        let mut covariance = [[0.0; 2]; 2];
        for (bin, m) in self.shares.iter().enumerate() {
            let p = self.place(bin);
            let d = [p[0] - mean[0], p[1] - mean[1]];
            for (k, row) in covariance.iter_mut().enumerate() {
                for (l, c) in row.iter_mut().enumerate() {
                    *c += m * d[k] * d[l];
                }
            }
        }
        (mean, covariance)
    }

    /// The grid in cells of `size × size` bins: `(height, width, masses)`.
    pub fn cells(&self, size: usize) -> (usize, usize, Vec<f64>) {
        let (height, width) = (self.height.div_ceil(size), self.width.div_ceil(size));
        let mut masses = vec![0.0; height * width];
        for (y, row) in self.shares.chunks_exact(self.width).enumerate() {
            for (x, m) in row.iter().enumerate() {
                masses[y / size * width + x / size] += m;
            }
        }
        (height, width, masses)
    }
}
