//! Products with Gibbs kernels and soft minima of costs, on plain slices: the hot loops of each form.
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
pub mod stencil;

use otinterp_simd::{Number, Simd, Vector, math};

pub use otinterp_simd::LANES;

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

/// `exp(z)`, exactly zero where it would underflow and for forbidden costs.
#[inline(always)]
pub(crate) fn gibbs<S: Simd>(z: S::V, cost: S::V) -> S::V {
    let zero = S::V::splat(0.0);
    let e = z.select_less(S::V::splat(UNDERFLOW), zero, math::exp_of(z));
    cost.select_less(S::V::splat(FORBIDDEN), e, zero)
}

/// How sums become scalings: `u_i = weight_i · s_i^(-λ)`, at most `ceiling_i`.
///
/// Without slack λ = 1 and the weight is the mass. See [`Sinkhorn`](crate::Sinkhorn) for the rest.
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
        let mut moved = S::V::splat(0.0);
        for (chunk, sums) in sums.chunks_exact(LANES).enumerate() {
            let scaling = &mut scaling[chunk * LANES..];
            self.run_lanes::<S>(first + chunk * LANES, S::V::load(sums), scaling, &mut moved);
        }
        moved.sum()
    }

    /// The same for the [`LANES`] scalings from `first` on. What they move is added to `moved`.
    #[inline(always)]
    pub(crate) fn run_lanes<S: Simd>(
        &self,
        first: usize,
        sum: S::V,
        scaling: &mut [f32],
        moved: &mut S::V,
    ) -> S::V {
        let zero = S::V::splat(0.0);
        let weight = S::V::load(&self.weight[first..]);
        let mut new = if self.lambda == 1.0 {
            weight.div(sum)
        } else {
            weight.mul(power::<S>(sum, -self.lambda))
        };
        new = zero.select_less(weight, new, zero);
        if let Some(ceiling) = self.ceiling {
            let ceiling = S::V::load(&ceiling[first..]);
            new = ceiling.select_less(new, ceiling, new);
        }
        if self.measure || self.omega != 1.0 {
            let old = S::V::load(scaling);
            if self.measure {
                let change = new.sub(old);
                let size = change.select_less(zero, zero.sub(change), change);
                *moved = moved.add(size.mul(sum));
            }
            if self.omega != 1.0 {
                let ratio = math::ln_of(new).sub(math::ln_of(old));
                let step = S::V::splat(self.omega - 1.0).mul(ratio);
                new = new.mul(math::exp_of(step));
            }
        }
        new.store(scaling);
        new
    }
}

/// `x^p` for positive `x`.
#[inline(always)]
fn power<S: Simd>(x: S::V, p: f32) -> S::V {
    math::exp_of(S::V::splat(p).mul(math::ln_of(x)))
}
