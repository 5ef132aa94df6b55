//! Derivatives of the source and the warped target.

use super::rows::Lanes;
use otinterp_simd::{Number, Simd, Vector};

/// For a vector of pixels `Ix, Iy, Iz, Ixx, Ixy, Iyy, Ixz, Iyz`: derivatives of the mean of the source and the
/// warped target (x, y) and of their difference (z). Those to z are what the linearised residual is
/// at no displacement at all: `Iz - Ix·u0 - Iy·v0` where `(u0, v0)` is the displacement of the warp, and so on. All are 0
/// where the displacement leaves the picture.
pub type Data = [Lanes; 8];

/// First derivatives of one colour of a row, from the four neighbours' values of half the plane.
#[inline(always)]
pub fn gradient_row<S: Simd>(
    [left, right, up, down]: [&[Lanes]; 4],
    ix: &mut [Lanes],
    iy: &mut [Lanes],
) {
    let n = ix.len();
    let (left, right, up, down) = (&left[..n], &right[..n], &up[..n], &down[..n]);
    let iy = &mut iy[..n];
    for k in 0..n {
        let (l, r) = (S::V::load(&left[k]), S::V::load(&right[k]));
        let (u, d) = (S::V::load(&up[k]), S::V::load(&down[k]));
        r.sub(l).store(&mut ix[k]);
        d.sub(u).store(&mut iy[k]);
    }
}

/// What [`data_row`] reads: rows of first derivatives.
pub struct Firsts<'a> {
    /// Ix, Iy and Iz here.
    pub here: [&'a [Lanes]; 3],
    /// Ix left, right, up and down.
    pub ix: [&'a [Lanes]; 4],
    /// Iy up and down.
    pub iy: [&'a [Lanes]; 2],
    /// Iz left, right, up and down.
    pub iz: [&'a [Lanes]; 4],
    /// The displacement of the warp.
    pub u: &'a [Lanes],
    /// See `u`.
    pub v: &'a [Lanes],
    /// Columns of the pixels in the picture.
    pub columns: &'a [Lanes],
    /// Their row in the picture.
    pub row: f32,
    /// Last column and last row of the picture.
    pub last: (f32, f32),
}

/// All derivatives of one colour of a row.
#[inline(always)]
pub fn data_row<S: Simd>(firsts: &Firsts<'_>, data: &mut [Data]) {
    let n = data.len();
    let [ix, iy, iz] = firsts.here;
    let (ix, iy, iz) = (&ix[..n], &iy[..n], &iz[..n]);
    let [xl, xr, xu, xd] = firsts.ix;
    let (xl, xr, xu, xd) = (&xl[..n], &xr[..n], &xu[..n], &xd[..n]);
    let [yu, yd] = firsts.iy;
    let (yu, yd) = (&yu[..n], &yd[..n]);
    let [zl, zr, zu, zd] = firsts.iz;
    let (zl, zr, zu, zd) = (&zl[..n], &zr[..n], &zu[..n], &zd[..n]);
    let (u, v, columns) = (&firsts.u[..n], &firsts.v[..n], &firsts.columns[..n]);
    let (last_x, last_y) = (S::V::splat(firsts.last.0), S::V::splat(firsts.last.1));
    for k in 0..n {
        let (u, v) = (S::V::load(&u[k]), S::V::load(&v[k]));
        let (x, y) = (
            S::V::load(&columns[k]).add(u),
            S::V::splat(firsts.row).add(v),
        );
        // Negative where the displacement leaves the picture.
        let inside = x.min(last_x.sub(x)).min(y.min(last_y.sub(y)));
        let [ix, iy, iz] = [&ix[k], &iy[k], &iz[k]];
        let ix = masked::<S>(inside, S::V::load(ix));
        let iy = masked::<S>(inside, S::V::load(iy));
        let iz = masked::<S>(inside, S::V::load(iz));
        let ixx = masked::<S>(inside, half_difference::<S>(&xl[k], &xr[k]));
        let ixy = masked::<S>(inside, half_difference::<S>(&xu[k], &xd[k]));
        let iyy = masked::<S>(inside, half_difference::<S>(&yu[k], &yd[k]));
        let ixz = masked::<S>(inside, half_difference::<S>(&zl[k], &zr[k]));
        let iyz = masked::<S>(inside, half_difference::<S>(&zu[k], &zd[k]));
        let iz = iz.sub(ix.mul_add(u, iy.mul(v)));
        let ixz = ixz.sub(ixx.mul_add(u, ixy.mul(v)));
        let iyz = iyz.sub(ixy.mul_add(u, iyy.mul(v)));
        let [ox, oy, oz, oxx, oxy, oyy, oxz, oyz] = &mut data[k];
        ix.store(ox);
        iy.store(oy);
        iz.store(oz);
        ixx.store(oxx);
        ixy.store(oxy);
        iyy.store(oyy);
        ixz.store(oxz);
        iyz.store(oyz);
    }
}

/// 0 where `inside` is negative, else `value`. (A function: a closure need not be inlined, and then lacks the
/// CPU's instructions.)
#[inline(always)]
fn masked<S: Simd>(inside: S::V, value: S::V) -> S::V {
    let zero = S::V::splat(0.0);
    inside.select_less(zero, zero, value)
}

#[inline(always)]
fn half_difference<S: Simd>(a: &Lanes, b: &Lanes) -> S::V {
    S::V::splat(0.5).mul(S::V::load(b).sub(S::V::load(a)))
}
