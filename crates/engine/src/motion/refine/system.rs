//! Linear system of one fixed-point step: smoothness weights and equations.

use super::derivatives::Data;
use super::energy::{BRIGHTNESS, EPSILON2, GRADIENT, SMOOTHNESS, ZETA2};
use super::rows::Lanes;
use otinterp_simd::{Number, Simd, Vector};

/// Keeps the diagonal positive where both the data and the smoothness weights vanish.
const LEAST_DIAGONAL: f32 = 1e-9;

/// The equations of a vector of pixels, `c1, c2, a12, i1, i2`: with `s` the sum of its neighbours'
/// `weight · (u or v)`, a pixel has `ω·u = (c1 + s_u - a12·v)·i1`, `ω·v = (c2 + s_v - a12·u)·i2`.
///
/// The unknowns are the whole displacements, not their increments.
pub type Equation = [Lanes; 5];

/// Smoothness weights of one colour of a row, `α·ψ'(|∇u|² + |∇v|²)`, from forward differences of the
/// displacements: here, to the right and below. `has_right` is 0 at the last column, else 1; on the last row
/// the pixel itself stands in for the one below.
#[inline(always)]
pub fn weigh_row<S: Simd>(
    [u, ur, ud]: [&[Lanes]; 3],
    [v, vr, vd]: [&[Lanes]; 3],
    has_right: &[Lanes],
    weights: &mut [Lanes],
) {
    let n = weights.len();
    let (u, ur, ud) = (&u[..n], &ur[..n], &ud[..n]);
    let (v, vr, vd) = (&v[..n], &vr[..n], &vd[..n]);
    let has_right = &has_right[..n];
    for k in 0..n {
        let (u, v) = (S::V::load(&u[k]), S::V::load(&v[k]));
        let has_right = S::V::load(&has_right[k]);
        let ux = S::V::load(&ur[k]).sub(u).mul(has_right);
        let vx = S::V::load(&vr[k]).sub(v).mul(has_right);
        let (uy, vy) = (S::V::load(&ud[k]).sub(u), S::V::load(&vd[k]).sub(v));
        let s = uy.mul_add(uy, vy.mul_add(vy, S::V::splat(EPSILON2)));
        let s = ux.mul_add(ux, vx.mul_add(vx, s));
        S::V::splat(SMOOTHNESS).div(s.sqrt()).store(&mut weights[k]);
    }
}

/// What the equations of one colour of a row are made from.
pub struct Terms<'a> {
    /// The pictures' derivatives.
    pub data: &'a [Data],
    /// The displacements around which the equations are made.
    pub u: &'a [Lanes],
    /// See `u`.
    pub v: &'a [Lanes],
    /// Weights of the edges to the left, to the right and downwards, up.
    pub weights: [&'a [Lanes]; 3],
    /// 0 at the last column, else 1.
    pub has_right: &'a [Lanes],
    /// 0 at the last row, else 1.
    pub has_down: f32,
    /// ω inside the picture, 0 outside.
    pub relaxation: &'a [Lanes],
}

/// The equations of one colour of a row.
///
/// A residual `e` normalised by its squared gradient `N` has the weight
/// `ψ'(e²/N)/N = 1/sqrt(N·(e² + ε²·N))`, and the two residuals of the gradient, which share a ψ,
/// `N_y/sqrt(P·T)` and `N_x/sqrt(P·T)` with `P = N_x·N_y` and `T = e_x²·N_y + e_y²·N_x + ε²·P`.
#[inline(always)]
pub fn assemble_row<S: Simd>(terms: &Terms<'_>, equations: &mut [Equation]) {
    let n = equations.len();
    let (data, u, v) = (&terms.data[..n], &terms.u[..n], &terms.v[..n]);
    let [wl, w, wu] = terms.weights;
    let (wl, w, wu) = (&wl[..n], &w[..n], &wu[..n]);
    let (has_right, relaxation) = (&terms.has_right[..n], &terms.relaxation[..n]);
    let epsilon2 = S::V::splat(EPSILON2);
    let zeta2 = S::V::splat(ZETA2);
    for k in 0..n {
        let [ix, iy, iz, ixx, ixy, iyy, ixz, iyz] = &data[k];
        let (ix, iy, iz) = (S::V::load(ix), S::V::load(iy), S::V::load(iz));
        let (ixx, ixy, iyy) = (S::V::load(ixx), S::V::load(ixy), S::V::load(iyy));
        let (ixz, iyz) = (S::V::load(ixz), S::V::load(iyz));
        let (u, v) = (S::V::load(&u[k]), S::V::load(&v[k]));
        let norm = ix.mul_add(ix, iy.mul_add(iy, zeta2));
        let e = ix.mul_add(u, iy.mul_add(v, iz));
        let brightness = norm.mul(e.mul_add(e, epsilon2.mul(norm)));
        let ixy2 = ixy.mul_add(ixy, zeta2);
        let (nx, ny) = (ixx.mul_add(ixx, ixy2), iyy.mul_add(iyy, ixy2));
        let ex = ixx.mul_add(u, ixy.mul_add(v, ixz));
        let ey = ixy.mul_add(u, iyy.mul_add(v, iyz));
        let both = nx.mul(ny);
        let t = ex
            .mul(ex)
            .mul_add(ny, ey.mul(ey).mul_add(nx, epsilon2.mul(both)));
        // One division for the two weights.
        let (rb, rg) = (brightness.sqrt(), both.mul(t).sqrt());
        let inverse = S::V::splat(1.0).div(rb.mul(rg));
        let wb = S::V::splat(BRIGHTNESS).mul(rg).mul(inverse);
        let wg = S::V::splat(GRADIENT).mul(rb).mul(inverse);
        let (wx, wy) = (wg.mul(ny), wg.mul(nx));
        let (tb, tx, ty) = (wb.mul(ix), wx.mul(ixx), wy.mul(ixy));
        let a11 = tb.mul_add(ix, tx.mul_add(ixx, ty.mul(ixy)));
        let a12 = tb.mul_add(iy, tx.mul_add(ixy, ty.mul(iyy)));
        let b1 = tb.mul_add(iz, tx.mul_add(ixz, ty.mul(iyz)));
        let (tb, tx, ty) = (wb.mul(iy), wx.mul(ixy), wy.mul(iyy));
        let a22 = tb.mul_add(iy, tx.mul_add(ixy, ty.mul(iyy)));
        let b2 = tb.mul_add(iz, tx.mul_add(ixz, ty.mul(iyz)));
        let ahead = S::V::load(&has_right[k]).add(S::V::splat(terms.has_down));
        let behind = S::V::load(&wl[k]).add(S::V::load(&wu[k]));
        let edges = S::V::load(&w[k]).mul_add(ahead, behind.add(S::V::splat(LEAST_DIAGONAL)));
        let (d1, d2) = (a11.add(edges), a22.add(edges));
        let inverse = S::V::load(&relaxation[k]).div(d1.mul(d2));
        let zero = S::V::splat(0.0);
        let [c1, c2, c12, i1, i2] = &mut equations[k];
        zero.sub(b1).store(c1);
        zero.sub(b2).store(c2);
        a12.store(c12);
        d2.mul(inverse).store(i1);
        d1.mul(inverse).store(i2);
    }
}
