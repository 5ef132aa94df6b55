//! Entropic transport whose support is truncated to a window: every source of a square tile may
//! only go to the targets within `radius` of its own place.
//!
//! ```text
//! minimise  sum pi·c  +  eps·KL(pi | a⊗b)  +  rho·KL(pi 1 | a)  +  rho·KL(pi^T 1 | b)
//! ```
//! (Chizat, Peyré, Schmitzer, Vialard, *Scaling algorithms for unbalanced optimal transport*, 2018.)
//! The scaling iteration is `u = (a / K v)^λ`, `v = (b / K^T u)^λ`, `λ = rho / (rho + eps)`, with the
//! Gibbs kernel `K = exp(-c / eps)`. Because the support is a window, `K` is a stencil: one value per
//! offset and source, and both products are unit-stride multiply-adds ([`kernel::window`](super::kernel::window)).
//!
//! Each row of `K` is shifted by its least cost `m_i`, which keeps it within `(0, 1]`. Transport with KL
//! slack is not invariant to such a shift (a dear pixel loses mass, and should), so `u` is
//! compensated: with `K' = K·exp(m/eps)` and `u' = u·exp(-m/eps)` the update reads
//! `u' = (a / K' v)^λ · exp(-m / (rho + eps))`.

use super::kernel::window::{self as kernel, Stencil};
use super::kernel::{Update, padded};
use otinterp_simd::{Buffer, Simd, math};

/// Side of a source tile. A multiple of every vector length in use, so rows have no remainders.
pub const SIDE: usize = 16;

/// Number of sources in a tile.
pub const SOURCES: usize = SIDE * SIDE;

/// The geometry: sources on a `SIDE × SIDE` grid, targets on a grid that is wider by `radius`
/// on every side. Source `(y, x)` with offset `(oy, ox)`, both in `0..diameter`, goes to target
/// `(y + oy, x + ox)`; offset `(radius, radius)` is its own place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Half width of the window.
    pub radius: usize,
}

impl Shape {
    /// Offsets along one axis, `2·radius + 1`.
    #[inline(always)]
    pub fn diameter(self) -> usize {
        self.stencil().diameter()
    }

    /// Offsets in all.
    #[inline(always)]
    pub fn offsets(self) -> usize {
        self.stencil().offsets()
    }

    /// Side of the target grid.
    #[inline(always)]
    pub fn target_side(self) -> usize {
        self.stencil().target_pitch()
    }

    /// Targets in all.
    #[inline(always)]
    pub fn targets(self) -> usize {
        self.target_side() * self.target_side()
    }

    #[inline(always)]
    fn stencil(self) -> Stencil {
        Stencil {
            height: SIDE,
            pitch: SIDE,
            radius: self.radius,
            cost_stride: SOURCES,
        }
    }
}

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

/// A problem's answer and the memory that finding it takes; kept and used again.
///
/// Plan entries are [`kernel_at`](Solution::kernel_at)`(offset, source) · u[source] · v[target]`.
#[derive(Debug)]
pub struct Solution {
    shape: Shape,
    /// Shifted Gibbs kernel `exp(-(c - row_min) / eps)`, stored as `kernel::window` says.
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

impl Solution {
    /// Memory for problems of one shape.
    pub fn new(shape: Shape) -> Self {
        let targets = padded(shape.targets());
        Self {
            shape,
            kernel: Buffer::zeros(shape.stencil().kernel_len()),
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
        let d = self.shape.diameter();
        let at = ((offset / d, offset % d), (source / SIDE, 0));
        self.kernel[self.shape.stencil().kernel_at(at.0, at.1) + source % SIDE]
    }

    /// The shape it was made for.
    #[inline(always)]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Solves one problem. `cost` is `[offset][source]` in units of `cost_step`; the masses of sources and targets are
    /// non-negative, 0 for grid points that do not exist. Each source's costs are left less their smallest, which
    /// becomes its `row_min`.
    ///
    /// # Panics
    /// If a slice's length does not fit the shape.
    #[inline(always)]
    pub fn solve<S: Simd>(
        &mut self,
        cost: &mut [u16],
        cost_step: f32,
        (source_mass, target_mass): (&[f32], &[f32]),
        options: &Options,
    ) {
        assert_eq!(cost.len(), self.shape.offsets() * SOURCES);
        assert_eq!(source_mass.len(), SOURCES);
        assert_eq!(target_mass.len(), self.shape.targets());
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
        let stencil = self.shape.stencil();
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
            kernel::sweep::<S>(stencil, &self.kernel, &self.v, &update, sums);
            target_update.run::<S>(0, &self.column_sum, &mut self.v);
        }
        kernel::apply::<S>(stencil, &self.kernel, &self.v, &mut self.row_sum);
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
        let stencil = self.shape.stencil();
        let diameter = self.shape.diameter();
        let exponent = -factor * std::f32::consts::LOG2_E;
        let (rows, _) = cost.as_chunks::<SIDE>();
        for oy in 0..diameter {
            for ox in 0..diameter {
                let offset = oy * diameter + ox;
                for (y, cost) in rows[offset * SIDE..][..SIDE].iter().enumerate() {
                    let k = &mut self.kernel[stencil.kernel_at((oy, ox), (y, 0))..][..SIDE];
                    for x in 0..SIDE {
                        k[x] = math::exp2_coarse::<S>(exponent * f32::from(cost[x]));
                    }
                }
            }
        }
    }
}
