//! Red-black successive over-relaxation (SOR) of displacements, one colour of a row at a time.

use super::energy::RELAXATION;
use super::rows::Lanes;
use super::system::Equation;
use otinterp_simd::{Number, Simd, Vector};

/// What a row's pixels of one colour meet: rows of the other colour in the order left, right, up, down.
pub struct Neighbours<'a> {
    /// Their horizontal displacements.
    pub u: [&'a [Lanes]; 4],
    /// Their vertical displacements.
    pub v: [&'a [Lanes]; 4],
    /// Weights of the edges to the left, to the right and downwards, up.
    pub weights: [&'a [Lanes]; 3],
}

/// Relaxes one colour of a row.
///
/// With `s = w·(right + down) + w_left·left + w_up·up` of the displacements and the equations of
/// [`Equation`], `u ← (1-ω)·u + (c1 + s_u - a12·v)·i1`, then `v` in the same way from the new `u`;
/// `i1` and `i2` contain ω.
#[inline(always)]
pub fn relax_row<S: Simd>(
    equations: &[Equation],
    near: Neighbours<'_>,
    u: &mut [Lanes],
    v: &mut [Lanes],
) {
    let n = u.len();
    let equations = &equations[..n];
    let [ul, ur, uu, ud] = near.u;
    let (ul, ur, uu, ud) = (&ul[..n], &ur[..n], &uu[..n], &ud[..n]);
    let [vl, vr, vu, vd] = near.v;
    let (vl, vr, vu, vd) = (&vl[..n], &vr[..n], &vu[..n], &vd[..n]);
    let [wl, w, wu] = near.weights;
    let (wl, w, wu) = (&wl[..n], &w[..n], &wu[..n]);
    let v = &mut v[..n];
    let kept = S::V::splat(1.0 - RELAXATION);
    for k in 0..n {
        let [c1, c2, a12, i1, i2] = &equations[k];
        let (w, wl, wu) = (S::V::load(&w[k]), S::V::load(&wl[k]), S::V::load(&wu[k]));
        let weights = [w, wl, wu];
        let su = with_neighbours::<S>(c1, weights, [&ul[k], &ur[k], &uu[k], &ud[k]]);
        let sv = with_neighbours::<S>(c2, weights, [&vl[k], &vr[k], &vu[k], &vd[k]]);
        let minus_a12 = S::V::splat(0.0).sub(S::V::load(a12));
        let (old_u, old_v) = (S::V::load(&u[k]), S::V::load(&v[k]));
        let new_u = minus_a12
            .mul_add(old_v, su)
            .mul_add(S::V::load(i1), kept.mul(old_u));
        let new_v = minus_a12
            .mul_add(new_u, sv)
            .mul_add(S::V::load(i2), kept.mul(old_v));
        new_u.store(&mut u[k]);
        new_v.store(&mut v[k]);
    }
}

/// `c + w·(right + down) + w_left·left + w_up·up`. (A function: a closure need not be inlined, and then lacks the CPU's
/// instructions.)
#[inline(always)]
fn with_neighbours<S: Simd>(
    c: &Lanes,
    [w, w_left, w_up]: [S::V; 3],
    [left, right, up, down]: [&Lanes; 4],
) -> S::V {
    let ahead = S::V::load(right).add(S::V::load(down));
    let sum = w.mul_add(ahead, S::V::load(c));
    w_up.mul_add(S::V::load(up), w_left.mul_add(S::V::load(left), sum))
}
