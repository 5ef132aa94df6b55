//! Unbalanced entropic coupling of a tile: every source of a square of [`SIDE`] × [`SIDE`] may only go to the targets within a
//! window round its own place.
//!
//! ```text
//! minimise  sum pi·c  +  eps·KL(pi | a⊗b)  +  rho·KL(pi 1 | a)  +  rho·KL(pi^T 1 | b)
//! ```
//! (Chizat, Peyré, Schmitzer, Vialard, *Scaling algorithms for unbalanced optimal transport*, 2018.)
//! The scaling iteration is `u = (a / K v)^λ`, `v = (b / K^T u)^λ`, `λ = rho / (rho + eps)`, with the
//! Gibbs kernel `K = exp(-c / eps)`. Because the support is a window, `K` is a stencil: one value per
//! offset and source, and both products are unit-stride multiply-adds ([`kernel::stencil`](crate::kernel::stencil)).
//!
//! Each row of `K` is shifted by its least cost `m_i`, which keeps it within `(0, 1]`. Transport with KL
//! slack is not invariant to such a shift (a dear pixel loses mass, and should), so `u` is
//! compensated: with `K' = K·exp(m/eps)` and `u' = u·exp(-m/eps)` the update reads
//! `u' = (a / K' v)^λ · exp(-m / (rho + eps))`.

use crate::kernel::{Update, padded, stencil};
use otinterp_simd::{Buffer, Simd, math};

pub use crate::kernel::stencil::{SIDE, SOURCES, Stencil};

/// How strongly the plan is smoothed and bound to its marginals; how long it is iterated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Entropy weight, in units of cost; > 0.
    pub eps: f32,
    /// KL slack of both marginals, in units of cost; ≥ 0. Large is nearly balanced.
    pub rho: f32,
    /// Full sweeps: `u` and `v` updated. A last update of `u` follows; with 0 sweeps the plan is
    /// the softmax of every row.
    pub sweeps: usize,
    /// Upper bound of `v`. Targets near the edge of the grid are reached by few of the tile's
    /// sources though sources outside the tile may serve them, so their scarcity is no evidence.
    pub v_max: f32,
}

/// The coupling for a window of diameter `D` and the memory that finding it takes; kept and used again.
///
/// Entries of the plan are [`kernel_at`](Solution::kernel_at)`(offset, source) · u[source] · v[target]`.
#[derive(Debug)]
pub struct Solution<const D: usize> {
    /// Shifted Gibbs kernel `exp(-(c - row_min) / eps)`, stored as [`Stencil`] says.
    kernel: Buffer,
    /// Least cost of every source, in units of the cost's step.
    pub row_min: Vec<u16>,
    /// Source scalings, of the shifted kernel.
    pub u: Vec<f32>,
    /// Target scalings, and zeros up to whole vectors.
    pub v: Vec<f32>,
    /// `K' v`: the mass of source `i` in the plan is `u[i] · row_sum[i]`.
    pub row_sum: Vec<f32>,
    column_sum: Vec<f32>,
    source_weight: Vec<f32>,
    target_weight: Vec<f32>,
    ceiling: Vec<f32>,
}

impl<const D: usize> Default for Solution<D> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const D: usize> Solution<D> {
    /// Memory for one tile.
    pub fn new() -> Self {
        let targets = padded(Stencil::<D>::TARGETS);
        Self {
            kernel: Buffer::zeros(Stencil::<D>::KERNEL_LEN),
            row_min: vec![0; SOURCES],
            u: vec![0.0; SOURCES],
            v: vec![0.0; targets],
            row_sum: vec![0.0; SOURCES],
            column_sum: vec![0.0; targets],
            source_weight: vec![0.0; SOURCES],
            target_weight: vec![0.0; targets],
            ceiling: vec![0.0; targets],
        }
    }

    /// An entry of the shifted Gibbs kernel.
    pub fn kernel_at(&self, offset: usize, source: usize) -> f32 {
        let row = Stencil::<D>::kernel_at((offset / D, offset % D), source / SIDE);
        self.kernel[row + source % SIDE]
    }

    /// Solves one problem. `cost` is `[offset][source]` in units of `cost_step`; the masses of sources and targets are
    /// non-negative, 0 for grid points that do not exist. Each source's costs are left less their smallest, which
    /// becomes its `row_min`.
    ///
    /// # Panics
    /// If a slice's length does not fit the window.
    #[inline(always)]
    pub fn solve<S: Simd>(
        &mut self,
        cost: &mut [u16],
        cost_step: f32,
        (source_mass, target_mass): (&[f32], &[f32]),
        options: &Options,
    ) {
        assert_eq!(cost.len(), Stencil::<D>::OFFSETS * SOURCES);
        assert_eq!(source_mass.len(), SOURCES);
        assert_eq!(target_mass.len(), Stencil::<D>::TARGETS);
        self.shift(cost);
        self.set_kernel::<S>(cost, cost_step / options.eps);
        let targets = target_mass.len();
        self.v[..targets].copy_from_slice(target_mass);
        self.target_weight[..targets].copy_from_slice(target_mass);
        let damping = -cost_step / (options.rho + options.eps);
        let weights = self.source_weight.iter_mut().zip(source_mass);
        for ((weight, &a), &min) in weights.zip(&self.row_min) {
            *weight = a * math::exp::<S>(damping * f32::from(min));
        }
        self.ceiling.fill(options.v_max);
        let update = Update {
            weight: &self.source_weight,
            lambda: options.rho / (options.rho + options.eps),
            omega: 1.0,
            ceiling: None,
            measure: false,
        };
        let target_update = Update {
            weight: &self.target_weight,
            ceiling: Some(&self.ceiling),
            ..update
        };
        for _ in 0..options.sweeps {
            let sums = (
                &mut self.u[..],
                &mut self.row_sum[..],
                &mut self.column_sum[..],
            );
            stencil::sweep::<S, D>(&self.kernel, &self.v, &update, sums);
            target_update.run::<S>(0, &self.column_sum, &mut self.v);
        }
        stencil::apply::<S, D>(&self.kernel, &self.v, &mut self.row_sum);
        update.run::<S>(0, &self.row_sum, &mut self.u);
    }

    /// Takes each source's least cost from all its costs.
    #[inline(always)]
    fn shift(&mut self, cost: &mut [u16]) {
        let (slices, _) = cost.as_chunks_mut::<SOURCES>();
        let mut least = slices[0];
        for slice in &*slices {
            for i in 0..SOURCES {
                least[i] = if slice[i] < least[i] {
                    slice[i]
                } else {
                    least[i]
                };
            }
        }
        for slice in slices {
            for i in 0..SOURCES {
                slice[i] = slice[i].wrapping_sub(least[i]);
            }
        }
        self.row_min.copy_from_slice(&least);
    }

    /// `K' = exp(-factor · cost)`. The entries of rows of sources that do not exist stay 0.
    #[inline(always)]
    fn set_kernel<S: Simd>(&mut self, cost: &[u16], factor: f32) {
        let exponent = -factor * std::f32::consts::LOG2_E;
        let (rows, _) = cost.as_chunks::<SIDE>();
        for oy in 0..D {
            for ox in 0..D {
                let offset = oy * D + ox;
                for (y, cost) in rows[offset * SIDE..][..SIDE].iter().enumerate() {
                    let k = &mut self.kernel[Stencil::<D>::kernel_at((oy, ox), y)..][..SIDE];
                    for x in 0..SIDE {
                        k[x] = math::exp2_coarse::<S>(exponent * f32::from(cost[x]));
                    }
                }
            }
        }
    }
}
