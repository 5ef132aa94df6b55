//! The hot loops: Gibbs products and soft minima of each kernel form, on plain slices.
//!
//! All vectors have a padded layout ([`Layout`](super::cost::Layout)): their length is a multiple of
//! [`LANES`], and the padding of a kernel is zero (of a cost: [`FORBIDDEN`]), so that no loop has a
//! remainder.
//!
//! Two forms of a half sweep exist.
//!
//! * **Products**, `K v` and `K^T u`, for the scaling form. They cost one fused multiply-add an entry.
//! * **Soft minima**, for the log form. With weights `e^l`, all of them give a *pair* `(hi, log)` for
//!   `max_j (g_j - c_ij)` and `ln sum_j exp((g_j - c_ij - hi_i) / eps + l_j)`, whose sum
//!   `hi + eps·log` is the log-sum-exp. The two are kept apart because `hi` is exact (see
//!   [`Quantum`](super::cost::Quantum)) and can be 10^4 times `eps`: added up in `f32` it would drown `log`.

pub mod dense;
pub mod separable;
pub mod window;

use crate::simd::{Simd, math};

/// Vectors are padded to a multiple of this many values.
pub const LANES: usize = 16;

/// The cost of a pair outside the support; also the negated potential of a point without mass.
/// Far above any cost (their magnitude is limited to [`MAX_COST`]), far from overflow.
pub const FORBIDDEN: f32 = 1e30;

/// Largest magnitude that a cost may have.
pub const MAX_COST: f32 = 1e20;

/// Exponents below this count as an exact zero in a Gibbs kernel.
const UNDERFLOW: f32 = -87.0;

/// `n` rounded up to whole vectors.
#[inline(always)]
pub const fn padded(n: usize) -> usize {
    n.div_ceil(LANES) * LANES
}

/// `exp(x)`, exactly zero where it would underflow.
#[inline(always)]
pub(crate) fn exp_or_zero<S: Simd>(x: f32) -> f32 {
    let y = math::exp::<S>(x);
    if x < UNDERFLOW { 0.0 } else { y }
}

/// How sums become scalings: `u_i = weight_i · s_i^(-λ)`, at most `ceiling_i`.
///
/// Without slack λ = 1 and the weight is the mass. See [`Sinkhorn`](super::Sinkhorn) for the rest.
#[derive(Debug, Clone, Copy)]
pub struct Update<'a> {
    /// `a_i · exp(-f_i / (rho + eps))`, `f` the absorbed potential; 0 in the padding.
    pub weight: &'a [f32],
    /// `rho / (rho + eps)`, 1 for a hard constraint.
    pub lambda: f32,
    /// Over-relaxation, in `[1, 2)`: `u = u_old^(1-ω) · u_new^ω`.
    pub omega: f32,
    /// Upper bounds of the scaling.
    pub ceiling: Option<&'a [f32]>,
    /// Whether the change is measured.
    pub measure: bool,
}

impl Update<'_> {
    /// Updates the scalings `first..first + sums.len()`.
    ///
    /// Returns, if asked to, the mass that an update without over-relaxation moves, `sum_i |u_new - u_old|·s_i`: for a
    /// hard constraint that is the L1 error of the marginal before the update.
    #[inline(always)]
    pub fn run<S: Simd>(&self, first: usize, sums: &[f32], scaling: &mut [f32]) -> f32 {
        let weight = &self.weight[first..][..sums.len()];
        let mut moved = [0.0f32; LANES];
        for (chunk, (sums, u)) in sums
            .chunks_exact(LANES)
            .zip(scaling.chunks_exact_mut(LANES))
            .enumerate()
        {
            let weight = &weight[chunk * LANES..][..LANES];
            let mut new = [0.0f32; LANES];
            for i in 0..LANES {
                new[i] = if self.lambda == 1.0 {
                    weight[i] / sums[i]
                } else {
                    weight[i] * math::exp::<S>(-self.lambda * math::ln::<S>(sums[i]))
                };
                new[i] = if weight[i] > 0.0 { new[i] } else { 0.0 };
            }
            if let Some(ceiling) = self.ceiling {
                let ceiling = &ceiling[first + chunk * LANES..][..LANES];
                for i in 0..LANES {
                    new[i] = if new[i] > ceiling[i] {
                        ceiling[i]
                    } else {
                        new[i]
                    };
                }
            }
            if self.measure {
                for i in 0..LANES {
                    moved[i] += (new[i] - u[i]).abs() * sums[i];
                }
            }
            if self.omega != 1.0 {
                for i in 0..LANES {
                    let step = (self.omega - 1.0) * (math::ln::<S>(new[i]) - math::ln::<S>(u[i]));
                    new[i] *= math::exp::<S>(step);
                }
            }
            u.copy_from_slice(&new);
        }
        tree_sum(moved)
    }
}

/// The sum of a vector's lanes, in the order that every CPU level uses.
#[inline(always)]
pub(crate) fn tree_sum(mut lanes: [f32; LANES]) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] += lanes[i + half];
        }
        half /= 2;
    }
    lanes[0]
}

/// The largest of a vector's lanes.
#[inline(always)]
pub(crate) fn tree_max(mut lanes: [f32; LANES]) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] = lanes[i].max(lanes[i + half]);
        }
        half /= 2;
    }
    lanes[0]
}
