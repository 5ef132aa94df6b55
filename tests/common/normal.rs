//! Normal distributions in the plane.

#![allow(dead_code, reason = "not all tests need all of it")]

use ndarray::Array2;
use otinterp_ot::distance::gaussian::Gaussian;

/// A normal distribution of points `(x, y)`.
#[derive(Debug, Clone, Copy)]
pub struct Normal {
    pub mean: [f64; 2],
    pub covariance: [[f64; 2]; 2],
}

impl Normal {
    /// Mean and covariance of masses at places: `(mass, x, y)`.
    pub fn of(points: impl Iterator<Item = (f64, f64, f64)> + Clone) -> Self {
        let total: f64 = points.clone().map(|p| p.0).sum();
        let mean = |f: &dyn Fn(f64, f64) -> f64| {
            points.clone().map(|(m, x, y)| m * f(x, y)).sum::<f64>() / total
        };
        let (mx, my) = (mean(&|x, _| x), mean(&|_, y| y));
        let xy = mean(&|x, y| (x - mx) * (y - my));
        Self {
            mean: [mx, my],
            covariance: [
                [mean(&|x, _| (x - mx).powi(2)), xy],
                [xy, mean(&|_, y| (y - my).powi(2))],
            ],
        }
    }

    pub fn determinant(&self) -> f64 {
        let [[a, b], [_, d]] = self.covariance;
        a * d - b * b
    }

    /// Its density on the pixels of a picture of this height and width, scaled to the given peak.
    pub fn density(&self, dim: (usize, usize), peak: f64) -> Array2<f32> {
        let [[a, b], [_, d]] = self.covariance;
        Array2::from_shape_fn(dim, |(y, x)| {
            let (x, y) = (x as f64 - self.mean[0], y as f64 - self.mean[1]);
            let q = (d * x * x - 2.0 * b * x * y + a * y * y) / self.determinant();
            (peak * (-0.5 * q).exp()) as f32
        })
    }

    fn gaussian(&self) -> Gaussian {
        Gaussian {
            mean: self.mean.to_vec(),
            covariance: self.covariance.map(|row| row.to_vec()).to_vec(),
        }
    }

    /// W2 to another (Bures).
    pub fn wasserstein(&self, other: &Self) -> f64 {
        self.gaussian().wasserstein(&other.gaussian()).unwrap()
    }

    /// The matrix of the optimal map to another.
    pub fn map_to(&self, other: &Self) -> [[f64; 2]; 2] {
        let matrix = self.gaussian().map_to(&other.gaussian()).unwrap();
        [0, 1].map(|i| [0, 1].map(|j| matrix[i][j]))
    }
}
