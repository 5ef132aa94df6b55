//! Soft minima of a window whose diameter `D` the compiler knows.

use super::{FORBIDDEN, LANES, Stencil};
use otinterp_simd::{Number, Simd, Vector, math};

/// Below every difference of a potential and a cost.
const LEAST: f32 = -2.0 * FORBIDDEN;

/// See [`super::softmin_rows`].
#[inline(always)]
pub fn rows<S: Simd, const D: usize>(
    s: Stencil,
    cost: &[f32],
    (g, l): (&[f32], &[f32]),
    inv_eps: f32,
    (hi, log): (&mut [f32], &mut [f32]),
) {
    let inv_eps = S::V::splat(inv_eps);
    for y in 0..s.height {
        for x in (0..s.pitch).step_by(LANES) {
            let mut differences = [[S::V::splat(0.0); D]; D];
            let mut most = S::V::splat(LEAST);
            for (oy, row) in differences.iter_mut().enumerate() {
                let g = S::V::load_shifted::<D>(&g[(y + oy) * s.target_pitch() + x..]);
                for ox in 0..D {
                    row[ox] = g[ox].sub(S::V::load(&cost[s.row(oy, ox, y).0 + x..]));
                    most = most.max(row[ox]);
                }
            }
            let mut sum = S::V::splat(0.0);
            for (oy, row) in differences.iter().enumerate() {
                let l = S::V::load_shifted::<D>(&l[(y + oy) * s.target_pitch() + x..]);
                for ox in 0..D {
                    let z = row[ox].sub(most).mul_add(inv_eps, l[ox]);
                    sum = sum.add(math::exp_of(z));
                }
            }
            most.store(&mut hi[y * s.pitch + x..]);
            math::ln_of(sum).store(&mut log[y * s.pitch + x..]);
        }
    }
}

/// See [`super::softmin_columns`].
#[inline(always)]
pub fn columns<S: Simd, const D: usize>(
    s: Stencil,
    cost: &[f32],
    (f, l): (&[f32], &[f32]),
    inv_eps: f32,
    (hi, log): (&mut [f32], &mut [f32]),
) {
    for x in (0..s.pitch).step_by(LANES) {
        for ty in 0..s.target_height() {
            let most = column_maxima::<S, D>(s, cost, f, (ty, x));
            let (low, high) = S::V::max_shifted(most, S::V::splat(LEAST));
            let row = &mut hi[ty * s.target_pitch() + x..];
            merge::<S, D, true>(s, x, (low, high), row);
        }
    }
    for x in (0..s.pitch).step_by(LANES) {
        for ty in 0..s.target_height() {
            let sums = column_sums::<S, D>(s, cost, (f, l), inv_eps, hi, (ty, x));
            let row = &mut log[ty * s.target_pitch() + x..];
            merge::<S, D, false>(s, x, S::V::add_shifted(sums), row);
        }
    }
    for log in log.chunks_exact_mut(LANES) {
        math::ln_of(S::V::load(log)).store(log);
    }
}

/// The largest difference that the sources in columns `x..x + LANES` have for row `ty` of targets, by horizontal offset.
#[inline(always)]
fn column_maxima<S: Simd, const D: usize>(
    s: Stencil,
    cost: &[f32],
    f: &[f32],
    (ty, x): (usize, usize),
) -> [S::V; D] {
    let mut most = [S::V::splat(LEAST); D];
    for oy in s.offset_rows(ty) {
        let f = S::V::load(&f[(ty - oy) * s.pitch + x..]);
        for (ox, most) in most.iter_mut().enumerate() {
            let c = S::V::load(&cost[s.row(oy, ox, ty - oy).0 + x..]);
            *most = most.max(f.sub(c));
        }
    }
    most
}

/// The sums of exponentials likewise.
#[inline(always)]
fn column_sums<S: Simd, const D: usize>(
    s: Stencil,
    cost: &[f32],
    (f, l): (&[f32], &[f32]),
    inv_eps: f32,
    hi: &[f32],
    (ty, x): (usize, usize),
) -> [S::V; D] {
    let inv_eps = S::V::splat(inv_eps);
    let hi = S::V::load_shifted::<D>(&hi[ty * s.target_pitch() + x..]);
    let mut sums = [S::V::splat(0.0); D];
    for oy in s.offset_rows(ty) {
        let own = (ty - oy) * s.pitch + x;
        let (f, l) = (S::V::load(&f[own..]), S::V::load(&l[own..]));
        for ox in 0..D {
            let c = S::V::load(&cost[s.row(oy, ox, ty - oy).0 + x..]);
            let z = f.sub(c).sub(hi[ox]).mul_add(inv_eps, l);
            sums[ox] = sums[ox].add(math::exp_of(z));
        }
    }
    sums
}

/// Joins what columns `x..x + LANES` of sources say of a row of targets to what is there from the columns on the left:
/// the larger or the sum.
#[inline(always)]
fn merge<S: Simd, const D: usize, const MAX: bool>(
    s: Stencil,
    x: usize,
    (mut low, high): (S::V, S::V),
    row: &mut [f32],
) {
    if x > 0 {
        let left = S::V::load(row);
        low = if MAX { low.max(left) } else { low.add(left) };
    }
    low.store(row);
    if x + LANES < s.pitch {
        high.store(&mut row[LANES..]);
    } else {
        high.store_first(&mut row[LANES..LANES + D - 1]);
    }
}
