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
use crate::simd::{Buffer, Simd, math};

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
    /// Least cost of every source.
    pub row_min: Vec<f32>,
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
    no_potential: Vec<f32>,
}

impl Solution {
    /// Memory for problems of one shape.
    pub fn new(shape: Shape) -> Self {
        let targets = padded(shape.targets());
        Self {
            shape,
            kernel: Buffer::zeros(shape.stencil().kernel_len()),
            row_min: vec![0.0; SOURCES],
            u: vec![0.0; SOURCES],
            v: vec![0.0; targets],
            row_sum: vec![0.0; SOURCES],
            column_sum: vec![0.0; targets],
            source_weight: vec![0.0; SOURCES],
            target_weight: vec![0.0; targets],
            ceiling: vec![0.0; targets],
            no_potential: vec![0.0; targets],
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

    /// Solves one problem. `cost` is `[offset][source]`; `source_mass` and `target_mass` are
    /// non-negative, 0 for grid points that do not exist.
    ///
    /// # Panics
    /// If a slice's length does not fit the shape.
    #[inline(always)]
    pub fn solve<S: Simd>(
        &mut self,
        cost: &[f32],
        source_mass: &[f32],
        target_mass: &[f32],
        options: &Options,
    ) {
        assert_eq!(cost.len(), self.shape.offsets() * SOURCES);
        assert_eq!(source_mass.len(), SOURCES);
        assert_eq!(target_mass.len(), self.shape.targets());
        self.set_kernel::<S>(cost, options.eps);
        let targets = target_mass.len();
        self.v[..targets].copy_from_slice(target_mass);
        self.target_weight[..targets].copy_from_slice(target_mass);
        let damping = -1.0 / (options.rho + options.eps);
        let weights = self.source_weight.iter_mut().zip(source_mass);
        for ((weight, &a), &min) in weights.zip(&self.row_min) {
            *weight = a * math::exp::<S>(damping * min);
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

    /// `K' = exp(-(c - row_min) / eps)`.
    #[inline(always)]
    fn set_kernel<S: Simd>(&mut self, cost: &[f32], eps: f32) {
        self.row_min.copy_from_slice(&cost[..SOURCES]);
        for slice in cost.chunks_exact(SOURCES) {
            for (min, &c) in self.row_min.iter_mut().zip(slice) {
                *min = if c < *min { c } else { *min };
            }
        }
        let stencil = self.shape.stencil();
        let absorbed = (&self.row_min, &self.no_potential);
        kernel::fill::<S>(
            stencil,
            cost,
            absorbed.0,
            absorbed.1,
            1.0 / eps,
            &mut self.kernel,
        );
    }

    /// The geometry, the window's diameter, and the side of the target grid.
    #[inline(always)]
    fn sizes(&self) -> (Stencil, usize, usize) {
        let shape = self.shape;
        (shape.stencil(), shape.diameter(), shape.target_side())
    }

    /// For every source the offset with the largest plan entry. `best` and `mode` hold `SOURCES`
    /// values; the mode is an offset's index as a float, which keeps the loop in one vector type.
    #[inline(always)]
    pub fn row_modes(&self, best: &mut [f32], mode: &mut [f32]) {
        let (stencil, diameter, side) = self.sizes();
        for y in 0..SIDE {
            let (mut most, mut at) = ([-1.0f32; SIDE], [0.0f32; SIDE]);
            for oy in 0..diameter {
                for ox in 0..diameter {
                    let offset = oy * diameter + ox;
                    let k = &self.kernel[stencil.kernel_at((oy, ox), (y, 0))..][..SIDE];
                    let v = &self.v[(y + oy) * side + ox..][..SIDE];
                    for x in 0..SIDE {
                        let q = k[x] * v[x];
                        let better = q > most[x];
                        most[x] = if better { q } else { most[x] };
                        at[x] = if better { offset as f32 } else { at[x] };
                    }
                }
            }
            best[y * SIDE..][..SIDE].copy_from_slice(&most);
            mode[y * SIDE..][..SIDE].copy_from_slice(&at);
        }
    }

    /// For every target the offset, seen from the source, with the largest plan entry over `v`.
    /// `best` and `mode` hold `targets()` values; `best` is 0 where no source reaches.
    #[inline(always)]
    pub fn column_modes(&self, best: &mut [f32], mode: &mut [f32]) {
        let (stencil, diameter, side) = self.sizes();
        for target_y in 0..side {
            let best = &mut best[target_y * side..][..side];
            let mode = &mut mode[target_y * side..][..side];
            best.fill(0.0);
            mode.fill(0.0);
            let (first, last) = (
                target_y.saturating_sub(SIDE - 1),
                target_y.min(diameter - 1),
            );
            for ox in 0..diameter {
                let (mut most, mut at) = ([0.0f32; SIDE], [0.0f32; SIDE]);
                for oy in first..=last {
                    let (y, offset) = (target_y - oy, oy * diameter + ox);
                    let k = &self.kernel[stencil.kernel_at((oy, ox), (y, 0))..][..SIDE];
                    let u = &self.u[y * SIDE..][..SIDE];
                    for x in 0..SIDE {
                        let q = k[x] * u[x];
                        let better = q > most[x];
                        most[x] = if better { q } else { most[x] };
                        at[x] = if better { offset as f32 } else { at[x] };
                    }
                }
                let (best, mode) = (&mut best[ox..][..SIDE], &mut mode[ox..][..SIDE]);
                for x in 0..SIDE {
                    let better = most[x] > best[x];
                    best[x] = if better { most[x] } else { best[x] };
                    mode[x] = if better { at[x] } else { mode[x] };
                }
            }
        }
    }
}
