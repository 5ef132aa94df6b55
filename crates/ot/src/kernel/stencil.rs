//! The Gibbs kernel of a tile as a stencil, and its two products.
//!
//! Sources stand on [`SIDE`] rows of [`SIDE`]; targets on a square that is wider by half the window's diameter `D` on every
//! side. With offset `(oy, ox)`, both in `0..D`, source `(y, x)` goes to target `(y + oy, x + ox)`.
//!
//! The kernel is stored for the way it is read, `[ty][oy][ox][x]`: by the row of *targets* `ty = y + oy`. Both products
//! then walk down it as one stream, a row of targets at a time, and meet all the sources that reach that row: the sums that
//! are open at the same time stay in registers.

use super::{LANES, Update};
use otinterp_simd::{Number, Simd, Vector};
use std::ops::Range;

/// Side of a tile of sources: one vector, so that a row is one and has no remainder.
pub const SIDE: usize = LANES;

/// Number of sources in a tile.
pub const SOURCES: usize = SIDE * SIDE;

/// Largest diameter up to which the loops do without branches: rows of targets that only some rows of sources reach
/// are worked on as if all did (the kernel has zeros there). A tile's kernel then also fits the first-level
/// cache, and each product makes its own pass over it. Both measured on Zen 5: docs/decisions/005-window-kernel.md.
const BRANCHLESS: usize = 5;

/// The geometry for a window of diameter `D`, an odd number.
#[derive(Debug, Clone, Copy)]
pub struct Stencil<const D: usize>;

impl<const D: usize> Stencil<D> {
    /// Offsets in all.
    pub const OFFSETS: usize = D * D;

    /// Side of the square of targets.
    pub const TARGET_SIDE: usize = {
        assert!(D % 2 == 1);
        SIDE + D - 1
    };

    /// Targets in all.
    pub const TARGETS: usize = Self::TARGET_SIDE * Self::TARGET_SIDE;

    /// Length of a stored kernel.
    pub const KERNEL_LEN: usize = Self::TARGET_SIDE * Self::ROW_LEN;

    /// Of what it holds for one row of targets.
    const ROW_LEN: usize = D * D * SIDE;

    /// Where the values of row `y` of the sources stand for an offset.
    #[inline(always)]
    pub fn kernel_at((oy, ox): (usize, usize), y: usize) -> usize {
        (y + oy) * Self::ROW_LEN + (oy * D + ox) * SIDE
    }

    /// The rows of offsets that lead from a source to row `ty` of targets.
    #[inline(always)]
    fn offset_rows(ty: usize) -> Range<usize> {
        (ty + 1).saturating_sub(SIDE)..D.min(ty + 1)
    }
}

/// `out = K v`.
#[inline(always)]
pub fn apply<S: Simd, const D: usize>(k: &[f32], v: &[f32], out: &mut [f32]) {
    let mut open = OpenRows::<S, D>::new();
    for ty in 0..Stencil::<D>::TARGET_SIDE {
        let sum = open.send_row(k, v, ty);
        if let Some(y) = (ty + 1).checked_sub(D) {
            sum.store(&mut out[y * SIDE..]);
        }
    }
}

/// `out = K^T u`.
#[inline(always)]
fn apply_transposed<S: Simd, const D: usize>(k: &[f32], u: &[f32], out: &mut [f32]) {
    let mut last = LastRows::<S, D>::new();
    for ty in 0..Stencil::<D>::TARGET_SIDE {
        let mut own = S::V::splat(0.0);
        if ty < SIDE {
            own = S::V::load(&u[ty * SIDE..]);
        }
        last.push(own);
        last.gather_row(k, ty, out);
    }
}

/// `row_sum = K v`, `u = update(row_sum)`, `column_sum = K^T u`.
#[inline(always)]
pub fn sweep<S: Simd, const D: usize>(
    k: &[f32],
    v: &[f32],
    update: &Update<'_>,
    (u, row_sum, column_sum): (&mut [f32], &mut [f32], &mut [f32]),
) {
    let mut moved = S::V::splat(0.0);
    if D <= BRANCHLESS {
        apply::<S, D>(k, v, row_sum);
        for at in (0..SOURCES).step_by(LANES) {
            update.run_lanes::<S>(at, S::V::load(&row_sum[at..]), &mut u[at..], &mut moved);
        }
        apply_transposed::<S, D>(k, u, column_sum);
        return;
    }
    // Too large for the first-level cache: read once for both products, the second `D - 1` rows behind the first.
    let (mut open, mut last) = (OpenRows::<S, D>::new(), LastRows::<S, D>::new());
    for ty in 0..Stencil::<D>::TARGET_SIDE + D - 1 {
        let mut sum = S::V::splat(0.0);
        if ty < Stencil::<D>::TARGET_SIDE {
            sum = open.send_row(k, v, ty);
        }
        let Some(y) = (ty + 1).checked_sub(D) else {
            continue;
        };
        let mut new = S::V::splat(0.0);
        if y < SIDE {
            let at = y * SIDE;
            sum.store(&mut row_sum[at..]);
            new = update.run_lanes::<S>(at, sum, &mut u[at..], &mut moved);
        }
        last.push(new);
        last.gather_row(k, y, column_sum);
    }
}

/// The sums of `K v` for each of the `D` rows of sources that reach a row of targets: of row `ty - oy` at
/// index `oy`.
struct OpenRows<S: Simd, const D: usize>([S::V; D]);

impl<S: Simd, const D: usize> OpenRows<S, D> {
    #[inline(always)]
    fn new() -> Self {
        Self([S::V::splat(0.0); D])
    }

    /// Adds the products with row `ty` of targets. Gives the sum of source row `ty + 1 - D`, which has met all its
    /// targets then.
    #[inline(always)]
    fn send_row(&mut self, k: &[f32], v: &[f32], ty: usize) -> S::V {
        let k = &k[ty * Stencil::<D>::ROW_LEN..][..Stencil::<D>::ROW_LEN];
        let v = S::V::load_shifted::<D>(&v[ty * Stencil::<D>::TARGET_SIDE..]);
        let rows = Stencil::<D>::offset_rows(ty);
        if D <= BRANCHLESS || rows.len() == D {
            self.add_rows::<true>(k, v, &rows);
        } else {
            self.add_rows::<false>(k, v, &rows);
        }
        let done = self.0[D - 1];
        for oy in (1..D).rev() {
            self.0[oy] = self.0[oy - 1];
        }
        self.0[0] = S::V::splat(0.0);
        done
    }

    #[inline(always)]
    fn add_rows<const ALL: bool>(&mut self, k: &[f32], v: [S::V; D], rows: &Range<usize>) {
        for oy in 0..D {
            if !ALL && !rows.contains(&oy) {
                continue;
            }
            let k = &k[oy * D * LANES..][..D * LANES];
            // A sum of its own: only its last addition waits for the row before.
            let mut sum = S::V::load(k).mul(v[0]);
            for ox in 1..D {
                sum = S::V::load(&k[ox * LANES..]).mul_add(v[ox], sum);
            }
            self.0[oy] = self.0[oy].add(sum);
        }
    }
}

/// The scalings `u` of each of the `D` rows of sources that reach a row of targets: of row `ty - oy` at
/// index `oy`, 0 where there is no such row.
struct LastRows<S: Simd, const D: usize>([S::V; D]);

impl<S: Simd, const D: usize> LastRows<S, D> {
    #[inline(always)]
    fn new() -> Self {
        Self([S::V::splat(0.0); D])
    }

    #[inline(always)]
    fn push(&mut self, u: S::V) {
        for oy in (1..D).rev() {
            self.0[oy] = self.0[oy - 1];
        }
        self.0[0] = u;
    }

    /// Row `ty` of `K^T u`.
    #[inline(always)]
    fn gather_row(&self, k: &[f32], ty: usize, out: &mut [f32]) {
        let k = &k[ty * Stencil::<D>::ROW_LEN..][..Stencil::<D>::ROW_LEN];
        let rows = Stencil::<D>::offset_rows(ty);
        let sums = if D <= BRANCHLESS || rows.len() == D {
            self.sums::<true>(k, &rows)
        } else {
            self.sums::<false>(k, &rows)
        };
        let (low, high) = S::V::add_shifted(sums);
        let out = &mut out[ty * Stencil::<D>::TARGET_SIDE..];
        low.store(out);
        high.store_first(&mut out[LANES..LANES + D - 1]);
    }

    /// What the sources send by each horizontal offset.
    #[inline(always)]
    fn sums<const ALL: bool>(&self, k: &[f32], rows: &Range<usize>) -> [S::V; D] {
        let mut sums = [S::V::splat(0.0); D];
        for oy in 0..D {
            if !ALL && !rows.contains(&oy) {
                continue;
            }
            let k = &k[oy * D * LANES..][..D * LANES];
            for ox in 0..D {
                sums[ox] = S::V::load(&k[ox * LANES..]).mul_add(self.0[oy], sums[ox]);
            }
        }
        sums
    }
}
