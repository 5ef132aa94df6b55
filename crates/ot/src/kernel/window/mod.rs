//! Hot loops of the window kernel.
//!
//! Sources stand on `height` rows of `pitch` values (a multiple of [`LANES`]); targets on
//! `height + 2·radius` rows of `pitch + 2·radius`. With offset `(oy, ox)` source `(y, x)` goes to
//! target `(y + oy, x + ox)`. Costs are `[offset][source]`; source padding is forbidden (kernel zero).
//!
//! Kernels are stored for the way they are read, `[x / 16][ty][oy][ox][lane]`: by columns of 16 sources, in them by
//! the row of *targets* `ty = y + oy`. Both products then walk down a column as one stream, a row of targets at a
//! time, and meet all the sources that reach that row: the sums that are open at the same time stay in registers.

mod any;
mod products;
mod softmin;

use super::{FORBIDDEN, LANES, Update, gibbs};
use otinterp_simd::{Number, Simd, Vector};
use std::ops::Range;

/// The geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stencil {
    /// Rows of sources.
    pub height: usize,
    /// Stored length of a row of sources, a multiple of [`LANES`].
    pub pitch: usize,
    /// Half width of the window.
    pub radius: usize,
    /// Values from the costs of one offset to those of the next.
    pub cost_stride: usize,
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

    /// Length of a stored kernel, `target_height · pitch · offsets`.
    #[inline(always)]
    pub fn kernel_len(self) -> usize {
        self.target_height() * self.pitch * self.offsets()
    }

    /// Where the kernel's values of [`LANES`] sources from `(y, x)` on stand for offset `(oy, ox)`; `x` is a multiple
    /// of [`LANES`].
    #[inline(always)]
    pub fn kernel_at(self, (oy, ox): (usize, usize), (y, x): (usize, usize)) -> usize {
        let offset = oy * self.diameter() + ox;
        ((x / LANES * self.target_height() + y + oy) * self.offsets() + offset) * LANES
    }

    /// Where the costs of one offset and source row start, and where the targets that they meet.
    #[inline(always)]
    fn row(self, oy: usize, ox: usize, y: usize) -> (usize, usize) {
        (
            (oy * self.diameter() + ox) * self.cost_stride + y * self.pitch,
            (y + oy) * self.target_pitch() + ox,
        )
    }

    /// A kernel's values of the sources in columns `x..x + LANES`.
    #[inline(always)]
    fn column(self, k: &[f32], x: usize) -> &[f32] {
        let size = self.target_height() * self.offsets() * LANES;
        &k[x / LANES * size..][..size]
    }

    /// The rows of offsets that lead from a source to row `ty` of targets.
    #[inline(always)]
    fn offset_rows(self, ty: usize) -> Range<usize> {
        (ty + 1).saturating_sub(self.height)..self.diameter().min(ty + 1)
    }
}

/// Calls `f::<S, D>` with the window's diameter `D` known to the compiler if it is a usual one, else `any`.
macro_rules! by_diameter {
    ($s:ident, $f:ident, $any:expr, ($($arg:expr),*)) => {
        match $s.diameter() {
            3 => $f::<S, 3>($s, $($arg),*),
            5 => $f::<S, 5>($s, $($arg),*),
            7 => $f::<S, 7>($s, $($arg),*),
            9 => $f::<S, 9>($s, $($arg),*),
            _ => $any,
        }
    };
}

/// `K = exp((f + g - c) / eps)`, 0 for forbidden pairs and padding.
#[inline(always)]
pub fn fill<S: Simd>(s: Stencil, cost: &[f32], f: &[f32], g: &[f32], inv_eps: f32, k: &mut [f32]) {
    let inv_eps = S::V::splat(inv_eps);
    let d = s.diameter();
    for (row, k) in k.chunks_exact_mut(d * LANES).enumerate() {
        let (oy, ty, x) = (
            row % d,
            row / d % s.target_height(),
            row / d / s.target_height() * LANES,
        );
        if !s.offset_rows(ty).contains(&oy) {
            k.fill(0.0);
            continue;
        }
        let y = ty - oy;
        let f = S::V::load(&f[y * s.pitch + x..]);
        for (ox, k) in k.chunks_exact_mut(LANES).enumerate() {
            let (at, to) = s.row(oy, ox, y);
            let (c, g) = (S::V::load(&cost[at + x..]), S::V::load(&g[to + x..]));
            gibbs::<S>(f.add(g).sub(c).mul(inv_eps), c).store(k);
        }
    }
}

/// `out = K v`.
#[inline(always)]
pub fn apply<S: Simd>(s: Stencil, k: &[f32], v: &[f32], out: &mut [f32]) {
    use products::apply;
    by_diameter!(s, apply, any::apply::<S>(s, k, v, out), (k, v, out));
}

/// `out = K^T u`.
#[inline(always)]
pub fn apply_transposed<S: Simd>(s: Stencil, k: &[f32], u: &[f32], out: &mut [f32]) {
    use products::apply_transposed;
    let any = any::apply_transposed::<S>;
    by_diameter!(s, apply_transposed, any(s, k, u, out), (k, u, out));
}

/// `row_sum = K v`, `u = update(row_sum)`, `column_sum = K^T u`. Returns what the update measures.
#[inline(always)]
pub fn sweep<S: Simd>(
    s: Stencil,
    k: &[f32],
    v: &[f32],
    update: &Update<'_>,
    results: (&mut [f32], &mut [f32], &mut [f32]),
) -> f32 {
    use products::sweep;
    by_diameter!(
        s,
        sweep,
        {
            let (u, row_sum, column_sum) = results;
            any::apply::<S>(s, k, v, row_sum);
            let moved = update.run::<S>(0, row_sum, u);
            any::apply_transposed::<S>(s, k, u, column_sum);
            moved
        },
        (k, v, update, results)
    )
}

/// `hi = max (g - c)` over a source's offsets and `log = ln sum exp((g - c - hi) / eps + l)`.
#[inline(always)]
pub fn softmin_rows<S: Simd>(
    s: Stencil,
    cost: &[f32],
    input: (&[f32], &[f32]),
    inv_eps: f32,
    out: (&mut [f32], &mut [f32]),
) {
    use softmin::rows;
    let any = any::softmin_rows::<S>;
    by_diameter!(
        s,
        rows,
        any(s, cost, input, inv_eps, out),
        (cost, input, inv_eps, out)
    );
}

/// The same for targets: `hi = max (f - c)`, `log = ln sum exp((f - c - hi) / eps + l)`.
#[inline(always)]
pub fn softmin_columns<S: Simd>(
    s: Stencil,
    cost: &[f32],
    input: (&[f32], &[f32]),
    inv_eps: f32,
    out: (&mut [f32], &mut [f32]),
) {
    use softmin::columns;
    let any = any::softmin_columns::<S>;
    by_diameter!(
        s,
        columns,
        any(s, cost, input, inv_eps, out),
        (cost, input, inv_eps, out)
    );
}
