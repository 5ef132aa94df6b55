//! Normal distributions: the Bures distance and the affine map, in closed form.

use crate::cloud::Cloud;
use crate::error::Error;

/// A square matrix, rows first.
pub type Matrix = Vec<Vec<f64>>;

/// A normal distribution.
#[derive(Debug, Clone, PartialEq)]
pub struct Gaussian {
    /// Mean.
    pub mean: Vec<f64>,
    /// Covariance, symmetric positive semi-definite.
    pub covariance: Matrix,
}

impl Gaussian {
    /// Mean and covariance of a cloud, taken as a probability measure.
    pub fn of(cloud: &Cloud) -> Self {
        let mean = cloud.mean();
        let d = cloud.dimensions();
        let mut covariance = vec![vec![0.0; d]; d];
        for i in 0..cloud.len() {
            let off: Vec<f64> = cloud
                .point(i)
                .iter()
                .zip(&mean)
                .map(|(x, m)| x - m)
                .collect();
            for (row, x) in covariance.iter_mut().zip(&off) {
                for (c, y) in row.iter_mut().zip(&off) {
                    *c += cloud.share(i) * x * y;
                }
            }
        }
        Self { mean, covariance }
    }

    /// `W2² = |m - n|² + tr(A + B - 2 (A^½ B A^½)^½)` (Gelbrich 1990; Peyré & Cuturi 2019, remark 2.31), rooted. Of any two
    /// measures with these means and covariances it is a lower bound of `W2` (Gelbrich 1990).
    ///
    /// # Errors
    /// [`Error::Covariance`], [`Error::Length`] if the dimensions differ.
    pub fn wasserstein(&self, other: &Self) -> Result<f64, Error> {
        let cross = self.cross(other)?;
        let shifts = self.mean.iter().zip(&other.mean);
        let shift: f64 = shifts.map(|(m, n)| (m - n).powi(2)).sum();
        let bures: f64 = (0..cross.len())
            .map(|i| self.covariance[i][i] + other.covariance[i][i] - 2.0 * cross[i][i])
            .sum();
        Ok((shift + bures).max(0.0).sqrt())
    }

    /// The matrix `A^-½ (A^½ B A^½)^½ A^-½` of the optimal map `x -> n + M (x - m)`.
    ///
    /// # Errors
    /// As [`Self::wasserstein`], also for a singular `A`.
    pub fn map_to(&self, other: &Self) -> Result<Matrix, Error> {
        let inverse_root = spectral(&self.covariance, |l| {
            (l > 0.0).then(|| 1.0 / l.sqrt()).ok_or(Error::Covariance)
        })?;
        let cross = self.cross(other)?;
        Ok(product(&product(&inverse_root, &cross), &inverse_root))
    }

    /// `(A^½ B A^½)^½`.
    fn cross(&self, other: &Self) -> Result<Matrix, Error> {
        let expected = self.mean.len();
        for found in [
            self.covariance.len(),
            other.covariance.len(),
            other.mean.len(),
        ] {
            if found != expected {
                return Err(Error::Length {
                    what: "dimensions",
                    expected,
                    found,
                });
            }
        }
        root(&other.covariance)?;
        let a = root(&self.covariance)?;
        root(&product(&product(&a, &other.covariance), &a))
    }
}

fn root(m: &Matrix) -> Result<Matrix, Error> {
    let scale: f64 = m.iter().enumerate().map(|(i, row)| row[i].abs()).sum();
    spectral(m, |l| {
        // Rounding may leave a zero eigenvalue a little below zero.
        (l >= -1e-12 * scale)
            .then(|| l.max(0.0).sqrt())
            .ok_or(Error::Covariance)
    })
}

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    let entry = |row: &[f64], j: usize| row.iter().zip(b).map(|(x, b)| x * b[j]).sum();
    a.iter()
        .map(|row| (0..b.len()).map(|j| entry(row, j)).collect())
        .collect()
}

/// `f` of a symmetric matrix, by Jacobi's rotations (Golub & Van Loan, *Matrix computations*, section 8.5).
fn spectral(m: &Matrix, f: impl Fn(f64) -> Result<f64, Error>) -> Result<Matrix, Error> {
    let d = m.len();
    if m.iter().any(|row| row.len() != d) {
        return Err(Error::Covariance);
    }
    let size = m.iter().flatten().fold(0.0f64, |s, x| s.max(x.abs()));
    let symmetric = (0..d).all(|i| (0..d).all(|j| (m[i][j] - m[j][i]).abs() <= 1e-9 * size));
    if !size.is_finite() || !symmetric {
        return Err(Error::Covariance);
    }
    let mut a = m.clone();
    let mut vectors: Matrix = (0..d)
        .map(|i| (0..d).map(|j| if i == j { 1.0 } else { 0.0 }).collect())
        .collect();
    // Convergence is quadratic: a dozen rounds are more than any size of use here needs.
    for _ in 0..12 {
        for p in 0..d {
            for q in p + 1..d {
                rotate(&mut a, &mut vectors, p, q);
            }
        }
    }
    let values: Result<Vec<f64>, Error> = (0..d).map(|i| f(a[i][i])).collect();
    let values = values?;
    let entry = |i: usize, j: usize| -> f64 {
        (0..d)
            .map(|k| vectors[i][k] * values[k] * vectors[j][k])
            .sum()
    };
    Ok((0..d)
        .map(|i| (0..d).map(|j| entry(i, j)).collect())
        .collect())
}

/// One rotation in the plane of `p` and `q`, which makes `a[p][q]` zero.
fn rotate(a: &mut Matrix, vectors: &mut Matrix, p: usize, q: usize) {
    if a[p][q] == 0.0 {
        return;
    }
    let tau = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
    let t = tau.signum() / (tau.abs() + (1.0 + tau * tau).sqrt());
    let c = 1.0 / (1.0 + t * t).sqrt();
    let s = t * c;
    for row in a.iter_mut().chain(vectors.iter_mut()) {
        (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
    }
    // p comes before q.
    let (above, below) = a.split_at_mut(q);
    for (x, y) in above[p].iter_mut().zip(&mut below[0]) {
        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
    }
}
