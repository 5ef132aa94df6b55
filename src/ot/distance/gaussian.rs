//! Normal distributions: the Bures distance and the affine map, in closed form.

use crate::ot::Error;

/// A square matrix, rows first.
pub type Matrix<const D: usize> = [[f64; D]; D];

/// A normal distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gaussian<const D: usize> {
    /// Mean.
    pub mean: [f64; D],
    /// Covariance, symmetric positive semi-definite.
    pub covariance: Matrix<D>,
}

impl<const D: usize> Gaussian<D> {
    /// `W2² = |m - n|² + tr(A + B - 2 (A^½ B A^½)^½)` (Gelbrich 1990; Peyré & Cuturi 2019, remark 2.31), rooted.
    ///
    /// # Errors
    /// [`Error::Covariance`].
    pub fn wasserstein(&self, other: &Self) -> Result<f64, Error> {
        let cross = self.cross(other)?;
        let shift: f64 = (0..D).map(|i| (self.mean[i] - other.mean[i]).powi(2)).sum();
        let bures: f64 = (0..D)
            .map(|i| self.covariance[i][i] + other.covariance[i][i] - 2.0 * cross[i][i])
            .sum();
        Ok((shift + bures).max(0.0).sqrt())
    }

    /// The matrix `A^-½ (A^½ B A^½)^½ A^-½` of the optimal map `x -> n + M (x - m)`.
    ///
    /// # Errors
    /// [`Error::Covariance`], also for a singular `A`.
    pub fn map_to(&self, other: &Self) -> Result<Matrix<D>, Error> {
        let inverse_root = spectral(&self.covariance, |l| {
            (l > 0.0).then(|| 1.0 / l.sqrt()).ok_or(Error::Covariance)
        })?;
        let cross = self.cross(other)?;
        Ok(product(&product(&inverse_root, &cross), &inverse_root))
    }

    /// `(A^½ B A^½)^½`.
    fn cross(&self, other: &Self) -> Result<Matrix<D>, Error> {
        check(&other.covariance)?;
        let a = root(&self.covariance)?;
        root(&product(&product(&a, &other.covariance), &a))
    }
}

fn check<const D: usize>(m: &Matrix<D>) -> Result<(), Error> {
    root(m).map(|_| ())
}

fn root<const D: usize>(m: &Matrix<D>) -> Result<Matrix<D>, Error> {
    let scale: f64 = (0..D).map(|i| m[i][i].abs()).sum();
    spectral(m, |l| {
        // Rounding may leave a zero eigenvalue a little below zero.
        (l >= -1e-12 * scale)
            .then(|| l.max(0.0).sqrt())
            .ok_or(Error::Covariance)
    })
}

fn product<const D: usize>(a: &Matrix<D>, b: &Matrix<D>) -> Matrix<D> {
    std::array::from_fn(|i| std::array::from_fn(|j| (0..D).map(|k| a[i][k] * b[k][j]).sum()))
}

/// `f` of a symmetric matrix, by Jacobi's rotations (Golub & Van Loan, *Matrix computations*, section 8.5).
fn spectral<const D: usize>(
    m: &Matrix<D>,
    f: impl Fn(f64) -> Result<f64, Error>,
) -> Result<Matrix<D>, Error> {
    let size = m.iter().flatten().fold(0.0f64, |s, x| s.max(x.abs()));
    let symmetric = (0..D).all(|i| (0..D).all(|j| (m[i][j] - m[j][i]).abs() <= 1e-9 * size));
    if !size.is_finite() || !symmetric {
        return Err(Error::Covariance);
    }
    let mut a = *m;
    let mut vectors: Matrix<D> =
        std::array::from_fn(|i| std::array::from_fn(|j| if i == j { 1.0 } else { 0.0 }));
    // Convergence is quadratic: a dozen rounds are more than any size of use here needs.
    for _ in 0..12 {
        for p in 0..D {
            for q in p + 1..D {
                rotate(&mut a, &mut vectors, p, q);
            }
        }
    }
    let mut values = [0.0; D];
    for (i, v) in values.iter_mut().enumerate() {
        *v = f(a[i][i])?;
    }
    Ok(std::array::from_fn(|i| {
        std::array::from_fn(|j| {
            (0..D)
                .map(|k| vectors[i][k] * values[k] * vectors[j][k])
                .sum()
        })
    }))
}

/// One rotation in the plane of `p` and `q`, which makes `a[p][q]` zero.
fn rotate<const D: usize>(a: &mut Matrix<D>, vectors: &mut Matrix<D>, p: usize, q: usize) {
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
    let (row_p, row_q) = (a[p], a[q]);
    a[p] = std::array::from_fn(|k| c * row_p[k] - s * row_q[k]);
    a[q] = std::array::from_fn(|k| s * row_p[k] + c * row_q[k]);
}
