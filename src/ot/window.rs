//! Entropic transport whose support is truncated to a window: every source of a square tile may
//! only go to the targets within `radius` of its own place.
//!
//! ```text
//! minimise  sum pi·c  +  eps·KL(pi | a⊗b)  +  rho·KL(pi 1 | a)  +  rho·KL(pi^T 1 | b)
//! ```
//! (Chizat, Peyré, Schmitzer, Vialard, *Scaling algorithms for unbalanced optimal transport*, 2018.)
//! The scaling iteration is `u = (a / K v)^λ`, `v = (b / K^T u)^λ`, `λ = rho / (rho + eps)`, with the
//! Gibbs kernel `K = exp(-c / eps)`. Because the support is a window, `K` is a stencil: one value per
//! offset and source, stored `[offset][source]`, and both products are unit-stride multiply-adds.
//!
//! Each row of `K` is shifted by its least cost `m_i`, which keeps it within `(0, 1]`. Transport with KL
//! slack is not invariant to such a shift (a dear pixel loses mass, and should), so `u` is
//! compensated: with `K' = K·exp(m/eps)` and `u' = u·exp(-m/eps)` the update reads
//! `u' = (a / K' v)^λ · exp(-m / (rho + eps))`.

use crate::simd::{Simd, math};

/// Side of a source tile. A multiple of every vector length in use, so rows have no remainders.
pub const SIDE: usize = 16;

/// Number of sources in a tile.
pub const SOURCES: usize = SIDE * SIDE;

/// Smallest mass that is divided by; far below any mass that matters (masses are about 1).
const TINY: f32 = 1e-20;

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
        2 * self.radius + 1
    }

    /// Offsets in all.
    #[inline(always)]
    pub fn offsets(self) -> usize {
        self.diameter() * self.diameter()
    }

    /// Side of the target grid.
    #[inline(always)]
    pub fn target_side(self) -> usize {
        SIDE + 2 * self.radius
    }

    /// Targets in all.
    #[inline(always)]
    pub fn targets(self) -> usize {
        self.target_side() * self.target_side()
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
/// Plan entries are `kernel[offset·SOURCES + source] · u[source] · v[target]`.
#[derive(Debug)]
pub struct Solution {
    shape: Shape,
    /// Shifted Gibbs kernel `exp(-(c - row_min) / eps)`, `[offset][source]`.
    pub kernel: Vec<f32>,
    /// Least cost of every source.
    pub row_min: Vec<f32>,
    /// Source scalings, of the shifted kernel.
    pub u: Vec<f32>,
    /// Target scalings.
    pub v: Vec<f32>,
    /// `K' v`: the mass of source `i` in the plan is `u[i] · row_sum[i]`.
    pub row_sum: Vec<f32>,
    column_sum: Vec<f32>,
}

impl Solution {
    /// Memory for problems of one shape.
    pub fn new(shape: Shape) -> Self {
        Self {
            shape,
            kernel: vec![0.0; shape.offsets() * SOURCES],
            row_min: vec![0.0; SOURCES],
            u: vec![0.0; SOURCES],
            v: vec![0.0; shape.targets()],
            row_sum: vec![0.0; SOURCES],
            column_sum: vec![0.0; shape.targets()],
        }
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
        assert_eq!(cost.len(), self.kernel.len());
        assert_eq!(source_mass.len(), SOURCES);
        assert_eq!(target_mass.len(), self.v.len());
        self.set_kernel::<S>(cost, options.eps);
        self.v.copy_from_slice(target_mass);
        let lambda = options.rho / (options.rho + options.eps);
        let shift = -1.0 / (options.rho + options.eps);
        for sweep in 0..=options.sweeps {
            self.multiply::<S>();
            let sums = self
                .u
                .iter_mut()
                .zip(&self.row_sum)
                .zip(source_mass)
                .zip(&self.row_min);
            for (((u, &sum), &a), &min) in sums {
                let ratio = (a + TINY) / (sum + TINY);
                *u = math::exp::<S>(S::mul_add(lambda, math::ln::<S>(ratio), shift * min));
            }
            if sweep == options.sweeps {
                break;
            }
            self.multiply_transposed::<S>();
            for ((v, &sum), &b) in self.v.iter_mut().zip(&self.column_sum).zip(target_mass) {
                let scaling = math::pow::<S>(b / (sum + TINY), lambda).min(options.v_max);
                *v = if b > 0.0 { scaling } else { 0.0 };
            }
        }
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
        let scale = -1.0 / eps;
        for (kernel, cost) in self
            .kernel
            .chunks_exact_mut(SOURCES)
            .zip(cost.chunks_exact(SOURCES))
        {
            for ((k, &c), &min) in kernel.iter_mut().zip(cost).zip(&self.row_min) {
                *k = math::exp::<S>((c - min) * scale);
            }
        }
    }

    /// `row_sum = K' v`, four rows of the tile at a time to hide the latency of the adds.
    #[inline(always)]
    fn multiply<S: Simd>(&mut self) {
        const ROWS: usize = 4;
        let (diameter, side) = (self.shape.diameter(), self.shape.target_side());
        for y0 in (0..SIDE).step_by(ROWS) {
            let mut sums = [[0.0f32; SIDE]; ROWS];
            for oy in 0..diameter {
                for ox in 0..diameter {
                    let kernel =
                        &self.kernel[((oy * diameter + ox) * SIDE + y0) * SIDE..][..ROWS * SIDE];
                    for (r, sum) in sums.iter_mut().enumerate() {
                        let k = &kernel[r * SIDE..][..SIDE];
                        let v = &self.v[(y0 + r + oy) * side + ox..][..SIDE];
                        for x in 0..SIDE {
                            sum[x] = S::mul_add(k[x], v[x], sum[x]);
                        }
                    }
                }
            }
            self.row_sum[y0 * SIDE..][..ROWS * SIDE].copy_from_slice(sums.as_flattened());
        }
    }

    /// `column_sum = K'^T u`. All sources of a target row with one horizontal offset are summed in
    /// registers, then added once, shifted.
    #[inline(always)]
    fn multiply_transposed<S: Simd>(&mut self) {
        let (diameter, side) = (self.shape.diameter(), self.shape.target_side());
        self.column_sum.fill(0.0);
        for target_y in 0..side {
            let out = &mut self.column_sum[target_y * side..][..side];
            let (first, last) = (
                target_y.saturating_sub(SIDE - 1),
                target_y.min(diameter - 1),
            );
            for ox in 0..diameter {
                let mut sum = [0.0f32; SIDE];
                for oy in first..=last {
                    let y = target_y - oy;
                    let k = &self.kernel[((oy * diameter + ox) * SIDE + y) * SIDE..][..SIDE];
                    let u = &self.u[y * SIDE..][..SIDE];
                    for x in 0..SIDE {
                        sum[x] = S::mul_add(k[x], u[x], sum[x]);
                    }
                }
                for (o, s) in out[ox..][..SIDE].iter_mut().zip(sum) {
                    *o += s;
                }
            }
        }
    }

    /// For every source the offset with the largest plan entry. `best` and `mode` hold `SOURCES`
    /// values; the mode is an offset's index as a float, which keeps the loop in one vector type.
    #[inline(always)]
    pub fn row_modes(&self, best: &mut [f32], mode: &mut [f32]) {
        let (diameter, side) = (self.shape.diameter(), self.shape.target_side());
        for y in 0..SIDE {
            let (mut most, mut at) = ([-1.0f32; SIDE], [0.0f32; SIDE]);
            for oy in 0..diameter {
                for ox in 0..diameter {
                    let offset = oy * diameter + ox;
                    let k = &self.kernel[(offset * SIDE + y) * SIDE..][..SIDE];
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
        let (diameter, side) = (self.shape.diameter(), self.shape.target_side());
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
                    let k = &self.kernel[(offset * SIDE + y) * SIDE..][..SIDE];
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
