//! Products with the kernel of a window whose diameter `D` the compiler knows.

use super::{LANES, Stencil, Update};
use otinterp_simd::{Number, Simd, Vector};
use std::ops::Range;

/// Largest diameter up to which the loops do without branches: rows of targets that only some rows of sources reach
/// are worked on as if all did (the kernel has zeros there). A column of 16 sources then also fits the first-level
/// cache, and each product makes its own pass over it. Both measured on Zen 5: docs/decisions/005-window-kernel.md.
const BRANCHLESS: usize = 5;

/// `out = K v`.
#[inline(always)]
pub fn apply<S: Simd, const D: usize>(s: Stencil, k: &[f32], v: &[f32], out: &mut [f32]) {
    for x in (0..s.pitch).step_by(LANES) {
        let mut open = OpenRows::<S, D>::new();
        for ty in 0..s.target_height() {
            let sum = open.send_row(s, s.column(k, x), v, (ty, x));
            if let Some(y) = (ty + 1).checked_sub(D) {
                sum.store(&mut out[y * s.pitch + x..]);
            }
        }
    }
}

/// `out = K^T u`.
#[inline(always)]
pub fn apply_transposed<S: Simd, const D: usize>(
    s: Stencil,
    k: &[f32],
    u: &[f32],
    out: &mut [f32],
) {
    for x in (0..s.pitch).step_by(LANES) {
        let mut last = LastRows::<S, D>::new();
        for ty in 0..s.target_height() {
            let mut own = S::V::splat(0.0);
            if ty < s.height {
                own = S::V::load(&u[ty * s.pitch + x..]);
            }
            last.push(own);
            last.gather_row(s, s.column(k, x), (ty, x), out);
        }
    }
}

/// `row_sum = K v`, `u = update(row_sum)`, `column_sum = K^T u`. Returns what the update measures.
#[inline(always)]
pub fn sweep<S: Simd, const D: usize>(
    s: Stencil,
    k: &[f32],
    v: &[f32],
    update: &Update<'_>,
    (u, row_sum, column_sum): (&mut [f32], &mut [f32], &mut [f32]),
) -> f32 {
    let zero = S::V::splat(0.0);
    let mut moved = zero;
    if D <= BRANCHLESS {
        apply::<S, D>(s, k, v, row_sum);
        for at in (0..s.sources()).step_by(LANES) {
            update.run_lanes::<S>(at, S::V::load(&row_sum[at..]), &mut u[at..], &mut moved);
        }
        apply_transposed::<S, D>(s, k, u, column_sum);
        return moved.sum();
    }
    // Too large for the first-level cache: read once for both products, the second `D - 1` rows behind the first.
    for x in (0..s.pitch).step_by(LANES) {
        let k = s.column(k, x);
        let (mut open, mut last) = (OpenRows::<S, D>::new(), LastRows::<S, D>::new());
        for ty in 0..s.target_height() + D - 1 {
            let mut sum = zero;
            if ty < s.target_height() {
                sum = open.send_row(s, k, v, (ty, x));
            }
            let Some(y) = (ty + 1).checked_sub(D) else {
                continue;
            };
            let mut new = zero;
            if y < s.height {
                let at = y * s.pitch + x;
                sum.store(&mut row_sum[at..]);
                new = update.run_lanes::<S>(at, sum, &mut u[at..], &mut moved);
            }
            last.push(new);
            last.gather_row(s, k, (y, x), column_sum);
        }
    }
    moved.sum()
}

/// The sums of `K v` for the [`LANES`] sources in each of `D` rows that reach a row of targets: of row `ty - oy` at
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
    fn send_row(&mut self, s: Stencil, k: &[f32], v: &[f32], (ty, x): (usize, usize)) -> S::V {
        let k = &k[ty * D * D * LANES..][..D * D * LANES];
        let v = S::V::load_shifted::<D>(&v[ty * s.target_pitch() + x..]);
        let rows = s.offset_rows(ty);
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

/// The scalings `u` of the [`LANES`] sources in each of `D` rows that reach a row of targets: of row `ty - oy` at
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

    /// What the sources in columns `x..x + LANES` add to row `ty` of `K^T u`. Columns are worked on from left to right.
    #[inline(always)]
    fn gather_row(&self, s: Stencil, k: &[f32], (ty, x): (usize, usize), out: &mut [f32]) {
        let k = &k[ty * D * D * LANES..][..D * D * LANES];
        let rows = s.offset_rows(ty);
        let sums = if D <= BRANCHLESS || rows.len() == D {
            self.sums::<true>(k, &rows)
        } else {
            self.sums::<false>(k, &rows)
        };
        let (mut low, high) = S::V::add_shifted(sums);
        let out = &mut out[ty * s.target_pitch() + x..];
        if x > 0 {
            low = low.add(S::V::load(out));
        }
        low.store(out);
        // Behind the row's end stand results: the rows below are complete on the left.
        if x + LANES < s.pitch {
            high.store(&mut out[LANES..]);
        } else {
            high.store_first(&mut out[LANES..LANES + D - 1]);
        }
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
