//! The same for windows of any diameter: plain loops over the offsets.

use super::{FORBIDDEN, LANES, Stencil};
use otinterp_simd::{Number, Simd, Vector, math};

/// `out = K v`.
#[inline(always)]
pub fn apply<S: Simd>(s: Stencil, k: &[f32], v: &[f32], out: &mut [f32]) {
    let d = s.diameter();
    for y in 0..s.height {
        for x in (0..s.pitch).step_by(LANES) {
            let mut sum = S::V::splat(0.0);
            for oy in 0..d {
                let k = &k[s.kernel_at((oy, 0), (y, x))..][..d * LANES];
                let v = &v[(y + oy) * s.target_pitch() + x..];
                for (ox, k) in k.chunks_exact(LANES).enumerate() {
                    sum = S::V::load(k).mul_add(S::V::load(&v[ox..]), sum);
                }
            }
            sum.store(&mut out[y * s.pitch + x..]);
        }
    }
}

/// `out = K^T u`.
#[inline(always)]
pub fn apply_transposed<S: Simd>(s: Stencil, k: &[f32], u: &[f32], out: &mut [f32]) {
    let d = s.diameter();
    out.fill(0.0);
    for y in 0..s.height {
        for x in (0..s.pitch).step_by(LANES) {
            let u = S::V::load(&u[y * s.pitch + x..]);
            for oy in 0..d {
                let k = &k[s.kernel_at((oy, 0), (y, x))..][..d * LANES];
                let out = &mut out[(y + oy) * s.target_pitch() + x..];
                for (ox, k) in k.chunks_exact(LANES).enumerate() {
                    let out = &mut out[ox..];
                    S::V::load(k).mul_add(u, S::V::load(out)).store(out);
                }
            }
        }
    }
}

/// See [`super::softmin_rows`].
#[inline(always)]
pub fn softmin_rows<S: Simd>(
    s: Stencil,
    cost: &[f32],
    (g, l): (&[f32], &[f32]),
    inv_eps: f32,
    (hi, log): (&mut [f32], &mut [f32]),
) {
    let inv_eps = S::V::splat(inv_eps);
    let d = s.diameter();
    for y in 0..s.height {
        for x in (0..s.pitch).step_by(LANES) {
            let mut most = S::V::splat(-2.0 * FORBIDDEN);
            for offset in 0..s.offsets() {
                let (at, to) = s.row(offset / d, offset % d, y);
                let (c, g) = (S::V::load(&cost[at + x..]), S::V::load(&g[to + x..]));
                most = most.max(g.sub(c));
            }
            let mut sum = S::V::splat(0.0);
            for offset in 0..s.offsets() {
                let (at, to) = s.row(offset / d, offset % d, y);
                let (c, g) = (S::V::load(&cost[at + x..]), S::V::load(&g[to + x..]));
                let z = g
                    .sub(c)
                    .sub(most)
                    .mul_add(inv_eps, S::V::load(&l[to + x..]));
                sum = sum.add(math::exp_of(z));
            }
            most.store(&mut hi[y * s.pitch + x..]);
            math::ln_of(sum).store(&mut log[y * s.pitch + x..]);
        }
    }
}

/// See [`super::softmin_columns`].
#[inline(always)]
pub fn softmin_columns<S: Simd>(
    s: Stencil,
    cost: &[f32],
    (f, l): (&[f32], &[f32]),
    inv_eps: f32,
    (hi, log): (&mut [f32], &mut [f32]),
) {
    let inv_eps = S::V::splat(inv_eps);
    let d = s.diameter();
    hi.fill(-2.0 * FORBIDDEN);
    log.fill(0.0);
    for pass in 0..2 {
        for offset in 0..s.offsets() {
            for y in 0..s.height {
                let (at, to) = s.row(offset / d, offset % d, y);
                for x in (0..s.pitch).step_by(LANES) {
                    let own = y * s.pitch + x;
                    let value = S::V::load(&f[own..]).sub(S::V::load(&cost[at + x..]));
                    let hi = &mut hi[to + x..];
                    if pass == 0 {
                        S::V::load(hi).max(value).store(hi);
                    } else {
                        let z = value.sub(S::V::load(hi));
                        let e = math::exp_of(z.mul_add(inv_eps, S::V::load(&l[own..])));
                        let log = &mut log[to + x..];
                        S::V::load(log).add(e).store(log);
                    }
                }
            }
        }
    }
    for log in log.chunks_exact_mut(LANES) {
        math::ln_of(S::V::load(log)).store(log);
    }
}
