//! The range of a cost, and the step that exact sums in `f32` need it rounded to.

use crate::error::Error;
use crate::kernel::MAX_COST;

/// The step to which costs and absorbed potentials are rounded, a power of two.
///
/// With all of them whole multiples of a step that is `2^-23` of the largest cost or more, sums and
/// differences such as `f + g - c` are exact in `f32`, and so is the exponent `(f + g - c) / eps` of an
/// entry that matters (a small difference of large numbers). Without it `eps` = 10^-4 of the
/// cost's range would leave every entry of the plan an error of some 10^-3. The rounding moves
/// costs by at most `2^-23` of the largest, as much as `f32` itself does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantum(f64);

impl Quantum {
    /// For costs of at most this magnitude.
    pub fn for_largest(magnitude: f32) -> Self {
        if magnitude == 0.0 {
            return Self(f64::from(f32::MIN_POSITIVE));
        }
        Self((f64::from(magnitude).log2().floor() - 22.0).exp2())
    }

    /// The nearest multiple.
    #[inline]
    pub fn round(self, x: f64) -> f32 {
        ((x / self.0).round() * self.0) as f32
    }
}

/// Least and largest finite cost of a problem.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Least.
    pub min: f32,
    /// Largest.
    pub max: f32,
}

impl Range {
    /// `max - min`.
    pub fn extent(self) -> f32 {
        self.max - self.min
    }

    /// The step that costs of this range are rounded to.
    pub fn quantum(self) -> Quantum {
        Quantum::for_largest(self.min.abs().max(self.max.abs()))
    }

    /// Of the finite costs; `0..0` if there are none.
    ///
    /// # Errors
    /// NaN, `-∞` and magnitudes above [`MAX_COST`] are none.
    pub(crate) fn of(costs: impl Iterator<Item = f32>) -> Result<Self, Error> {
        let mut range = Self {
            min: f32::INFINITY,
            max: f32::NEG_INFINITY,
        };
        for (index, c) in costs.enumerate() {
            if c.is_nan() || c < -MAX_COST || (c > MAX_COST && c != f32::INFINITY) {
                return Err(Error::Cost { index, value: c });
            }
            if c != f32::INFINITY {
                range.min = range.min.min(c);
                range.max = range.max.max(c);
            }
        }
        if range.min > range.max {
            return Ok(Self { min: 0.0, max: 0.0 });
        }
        Ok(range)
    }
}
