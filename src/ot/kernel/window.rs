//! Hot loops of the window kernel.
//!
//! Sources stand on `height` rows of `pitch` values (a multiple of [`LANES`]); targets on
//! `height + 2·radius` rows of `pitch + 2·radius`. With offset `(oy, ox)` source `(y, x)` goes to
//! target `(y + oy, x + ox)`. Costs and kernels are `[offset][source]`, so that a half sweep is shifted
//! unit-stride multiply-adds. Source padding is forbidden (kernel zero).

use super::{FORBIDDEN, LANES, exp_or_zero};
use crate::simd::{Simd, math};

/// The geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stencil {
    /// Rows of sources.
    pub height: usize,
    /// Stored length of a row of sources, a multiple of [`LANES`].
    pub pitch: usize,
    /// Half width of the window.
    pub radius: usize,
}

impl Stencil {
    /// Offsets along one axis.
    #[inline(always)]
    pub fn diameter(self) -> usize {
        2 * self.radius + 1
    }

    /// Offsets in all.
    #[inline(always)]
    pub fn offsets(self) -> usize {
        self.diameter() * self.diameter()
    }

    /// Stored sources.
    #[inline(always)]
    pub fn sources(self) -> usize {
        self.height * self.pitch
    }

    /// Stored length of a row of targets.
    #[inline(always)]
    pub fn target_pitch(self) -> usize {
        self.pitch + 2 * self.radius
    }

    /// Rows of targets.
    #[inline(always)]
    pub fn target_height(self) -> usize {
        self.height + 2 * self.radius
    }

    /// Where the values of one offset and source row start in a kernel, and where the targets that they meet.
    #[inline(always)]
    fn row(self, oy: usize, ox: usize, y: usize) -> (usize, usize) {
        (
            ((oy * self.diameter() + ox) * self.height + y) * self.pitch,
            (y + oy) * self.target_pitch() + ox,
        )
    }
}

/// `K = exp((f + g - c) / eps)`, 0 for forbidden pairs and padding.
#[inline(always)]
pub fn fill<S: Simd>(s: Stencil, cost: &[f32], f: &[f32], g: &[f32], inv_eps: f32, k: &mut [f32]) {
    for oy in 0..s.diameter() {
        for ox in 0..s.diameter() {
            for y in 0..s.height {
                let (at, to) = s.row(oy, ox, y);
                let row = k[at..][..s.pitch].iter_mut().zip(&cost[at..][..s.pitch]);
                let f = &f[y * s.pitch..][..s.pitch];
                let g = &g[to..][..s.pitch];
                for (((k, &c), &f), &g) in row.zip(f).zip(g) {
                    let e = exp_or_zero::<S>(((f + g) - c) * inv_eps);
                    *k = if c < FORBIDDEN { e } else { 0.0 };
                }
            }
        }
    }
}

/// `out = K v`.
#[inline(always)]
pub fn apply<S: Simd>(s: Stencil, k: &[f32], v: &[f32], out: &mut [f32]) {
    for y in 0..s.height {
        for x0 in (0..s.pitch).step_by(LANES) {
            let mut sum = [0.0f32; LANES];
            for oy in 0..s.diameter() {
                for ox in 0..s.diameter() {
                    let (at, to) = s.row(oy, ox, y);
                    let k = &k[at + x0..][..LANES];
                    let v = &v[to + x0..][..LANES];
                    for i in 0..LANES {
                        sum[i] = S::mul_add(k[i], v[i], sum[i]);
                    }
                }
            }
            out[y * s.pitch + x0..][..LANES].copy_from_slice(&sum);
        }
    }
}

/// `out = K^T u`.
#[inline(always)]
pub fn apply_transposed<S: Simd>(s: Stencil, k: &[f32], u: &[f32], out: &mut [f32]) {
    out.fill(0.0);
    for target_y in 0..s.target_height() {
        let (first, last) = oy_range(s, target_y);
        for ox in 0..s.diameter() {
            for x0 in (0..s.pitch).step_by(LANES) {
                let mut sum = [0.0f32; LANES];
                for oy in first..=last {
                    let y = target_y - oy;
                    let (at, _) = s.row(oy, ox, y);
                    let k = &k[at + x0..][..LANES];
                    let u = &u[y * s.pitch + x0..][..LANES];
                    for i in 0..LANES {
                        sum[i] = S::mul_add(k[i], u[i], sum[i]);
                    }
                }
                let out = &mut out[target_y * s.target_pitch() + ox + x0..][..LANES];
                for i in 0..LANES {
                    out[i] += sum[i];
                }
            }
        }
    }
}

/// The vertical offsets by which a row of targets is reached.
#[inline(always)]
fn oy_range(s: Stencil, target_y: usize) -> (usize, usize) {
    (
        target_y.saturating_sub(s.height - 1),
        target_y.min(s.diameter() - 1),
    )
}

/// `hi = max (g - c)` over a source's offsets and `log = ln sum exp((g - c - hi) / eps + l)`.
#[inline(always)]
pub fn softmin_rows<S: Simd>(
    s: Stencil,
    cost: &[f32],
    (g, l): (&[f32], &[f32]),
    inv_eps: f32,
    (hi, log): (&mut [f32], &mut [f32]),
) {
    for y in 0..s.height {
        for x0 in (0..s.pitch).step_by(LANES) {
            let mut most = [-2.0 * FORBIDDEN; LANES];
            for oy in 0..s.diameter() {
                for ox in 0..s.diameter() {
                    let (at, to) = s.row(oy, ox, y);
                    let (c, g) = (&cost[at + x0..][..LANES], &g[to + x0..][..LANES]);
                    for i in 0..LANES {
                        most[i] = most[i].max(g[i] - c[i]);
                    }
                }
            }
            let mut sum = [0.0f32; LANES];
            for oy in 0..s.diameter() {
                for ox in 0..s.diameter() {
                    let (at, to) = s.row(oy, ox, y);
                    let (c, g) = (&cost[at + x0..][..LANES], &g[to + x0..][..LANES]);
                    let l = &l[to + x0..][..LANES];
                    for i in 0..LANES {
                        let z = S::mul_add((g[i] - c[i]) - most[i], inv_eps, l[i]);
                        sum[i] += math::exp::<S>(z);
                    }
                }
            }
            let at = y * s.pitch + x0;
            hi[at..][..LANES].copy_from_slice(&most);
            for (log, &sum) in log[at..][..LANES].iter_mut().zip(&sum) {
                *log = math::ln::<S>(sum);
            }
        }
    }
}

/// The same for targets: `hi = max (f - c)`, `log = ln sum exp((f - c - hi) / eps + l)`.
#[inline(always)]
pub fn softmin_columns<S: Simd>(
    s: Stencil,
    cost: &[f32],
    (f, l): (&[f32], &[f32]),
    inv_eps: f32,
    (hi, log): (&mut [f32], &mut [f32]),
) {
    hi.fill(-2.0 * FORBIDDEN);
    log.fill(0.0);
    for oy in 0..s.diameter() {
        for ox in 0..s.diameter() {
            for y in 0..s.height {
                let (at, to) = s.row(oy, ox, y);
                let (c, f) = (&cost[at..][..s.pitch], &f[y * s.pitch..][..s.pitch]);
                for ((hi, &c), &f) in hi[to..][..s.pitch].iter_mut().zip(c).zip(f) {
                    *hi = hi.max(f - c);
                }
            }
        }
    }
    for oy in 0..s.diameter() {
        for ox in 0..s.diameter() {
            for y in 0..s.height {
                let (at, to) = s.row(oy, ox, y);
                let (c, f) = (&cost[at..][..s.pitch], &f[y * s.pitch..][..s.pitch]);
                let l = &l[y * s.pitch..][..s.pitch];
                let (hi, log) = (&hi[to..][..s.pitch], &mut log[to..][..s.pitch]);
                for x in 0..s.pitch {
                    let z = S::mul_add((f[x] - c[x]) - hi[x], inv_eps, l[x]);
                    log[x] += math::exp::<S>(z);
                }
            }
        }
    }
    for log in log {
        *log = math::ln::<S>(*log);
    }
}
