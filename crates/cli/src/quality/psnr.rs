//! PSNR: peak signal-to-noise ratio.

use otinterp::picture::Plane;
use rayon::prelude::*;

/// What two identical pictures count as, in dB, so that means over frames stay finite. Two 8-bit
/// pictures that differ reach at most 48.1 dB + 10 log10(samples), 121 dB at 4K RGB.
pub const IDENTICAL_DB: f64 = 100.0;

/// Squared errors summed over samples of 8-bit codes, so that they can be pooled before the logarithm.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct SquaredError {
    sum: f64,
    samples: usize,
}

impl SquaredError {
    /// Over all samples of planes that agree in size.
    pub fn of(picture: &[Plane], truth: &[Plane]) -> Self {
        let mut error = Self::default();
        for (p, t) in picture.iter().zip(truth) {
            // Sums of whole numbers below 2^53 are exact, so the order of the threads is no matter.
            let square = |y: usize| {
                let row = p.row(y).into_iter().zip(t.row(y));
                row.map(|(&a, &b)| f64::from(a - b).powi(2)).sum::<f64>()
            };
            error.sum += (0..p.nrows()).into_par_iter().map(square).sum::<f64>();
            error.samples += p.len();
        }
        error
    }

    /// Over the samples of one pixel.
    pub fn at(picture: &[Plane], truth: &[Plane], pixel: (usize, usize)) -> Self {
        let pairs = picture.iter().zip(truth);
        let squares = pairs.map(|(p, t)| f64::from(p[pixel] - t[pixel]).powi(2));
        Self {
            sum: squares.sum(),
            samples: truth.len(),
        }
    }

    /// Pools the errors of other samples.
    pub fn add(&mut self, other: &Self) {
        self.sum += other.sum;
        self.samples += other.samples;
    }

    /// How many samples there are.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// `10 log10(255² / MSE)` in dB, [`IDENTICAL_DB`] where the MSE is 0; `None` without samples.
    pub fn psnr_db(&self) -> Option<f64> {
        if self.samples == 0 {
            return None;
        }
        Some(match self.sum > 0.0 {
            true => 10.0 * (255.0 * 255.0 * self.samples as f64 / self.sum).log10(),
            false => IDENTICAL_DB,
        })
    }
}

/// `10 log10(255² / MSE)` in dB, with the mean squared error taken over the samples of all planes
/// together; [`IDENTICAL_DB`] where it is 0. The planes hold 8-bit codes and agree in size.
pub fn psnr_db(picture: &[Plane], truth: &[Plane]) -> f64 {
    let error = SquaredError::of(picture, truth);
    error.psnr_db().unwrap_or(IDENTICAL_DB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_offset() {
        let truth = vec![Plane::from_elem((7, 9), 100.0); 3];
        for offset in [1.0f32, 8.0, 100.0] {
            let picture: Vec<Plane> = truth.iter().map(|p| p + offset).collect();
            let expected = 20.0 * (255.0 / f64::from(offset)).log10();
            assert!((psnr_db(&picture, &truth) - expected).abs() < 1e-12);
        }
        assert_eq!(psnr_db(&truth, &truth), IDENTICAL_DB);
    }

    /// The error is pooled over the planes before the logarithm, not averaged after it.
    #[test]
    fn planes_are_pooled() {
        let truth = vec![Plane::zeros((5, 5)); 3];
        let mut picture = truth.clone();
        picture[1].fill(6.0);
        let expected = 10.0 * (255.0f64 * 255.0 / 12.0).log10();
        assert!((psnr_db(&picture, &truth) - expected).abs() < 1e-12);
    }
}
