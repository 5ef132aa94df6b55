//! The linear system of one fixed-point step.

use super::checker::{BAND_ROWS, Checkered, Layout};
use super::derivatives::Derivatives;
use super::{BRIGHTNESS, EPSILON2, GRADIENT, SMOOTHNESS, ZETA2};
use crate::simd::{Kernel, Level as Cpu, Simd};
use rayon::prelude::*;

/// Keeps the diagonal positive where neither data nor neighbours speak.
const LEAST_DIAGONAL: f32 = 1e-9;

/// For every pixel, with `s` the sum of its neighbours' `weight · (u or v)`:
/// `u = (c1 + s_u - a12·v) · inv11`, `v = (c2 + s_v - a12·u) · inv22`.
///
/// The unknowns are the whole displacements, not their increments.
pub struct System {
    /// Geometry.
    pub layout: Layout,
    /// Weight of the edge to the right neighbour; 0 on the border.
    pub right: Checkered,
    /// Weight of the edge to the neighbour below; 0 on the border.
    pub down: Checkered,
    /// Right-hand side of the first equation.
    pub c1: Checkered,
    /// Right-hand side of the second equation.
    pub c2: Checkered,
    /// Coupling of the two.
    pub a12: Checkered,
    /// Inverse of the first diagonal.
    pub inv11: Checkered,
    /// Inverse of the second diagonal.
    pub inv22: Checkered,
}

impl System {
    /// Memory for pictures of one size.
    pub fn new(dim: (usize, usize)) -> Self {
        let zeros = || Checkered::zeros(dim);
        Self {
            layout: Layout::new(dim),
            right: zeros(),
            down: zeros(),
            c1: zeros(),
            c2: zeros(),
            a12: zeros(),
            inv11: zeros(),
            inv22: zeros(),
        }
    }

    /// Smoothness weights `α·ψ'` from forward differences of the displacements.
    pub fn set_weights(&mut self, cpu: Cpu, flow: &[Checkered; 2]) {
        let layout = self.layout;
        let band = BAND_ROWS * layout.stride;
        for color in 0..2 {
            self.right.colors[color][layout.body()]
                .par_chunks_mut(band)
                .zip(self.down.colors[color][layout.body()].par_chunks_mut(band))
                .enumerate()
                .for_each(|(n, (right, down))| {
                    cpu.run(Weights {
                        layout,
                        color,
                        y0: n * BAND_ROWS,
                        flow,
                        right,
                        down,
                    });
                });
        }
    }

    /// Data terms, linearised at `flow` around `start`, where the derivatives were taken.
    pub fn assemble(
        &mut self,
        cpu: Cpu,
        derivatives: &Derivatives,
        start: &[Checkered; 2],
        flow: &[Checkered; 2],
    ) {
        let layout = self.layout;
        let band = BAND_ROWS * layout.stride;
        for color in 0..2 {
            let (right, down) = (&self.right, &self.down);
            let body = layout.body();
            self.c1.colors[color][body.clone()]
                .par_chunks_mut(band)
                .zip(self.c2.colors[color][body.clone()].par_chunks_mut(band))
                .zip(self.a12.colors[color][body.clone()].par_chunks_mut(band))
                .zip(self.inv11.colors[color][body.clone()].par_chunks_mut(band))
                .zip(self.inv22.colors[color][body].par_chunks_mut(band))
                .enumerate()
                .for_each(|(n, ((((c1, c2), a12), inv11), inv22))| {
                    let y0 = n * BAND_ROWS;
                    let out = [c1, c2, a12, inv11, inv22];
                    cpu.run(Assemble {
                        layout,
                        color,
                        y0,
                        derivatives,
                        start,
                        flow,
                        right,
                        down,
                        out,
                    });
                });
        }
    }
}

/// `α·ψ'(|∇u|² + |∇v|²)` for a band of rows of one colour.
struct Weights<'a> {
    layout: Layout,
    color: usize,
    y0: usize,
    flow: &'a [Checkered; 2],
    right: &'a mut [f32],
    down: &'a mut [f32],
}

impl Kernel for Weights<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Self {
            layout,
            color,
            y0,
            flow,
            right,
            down,
        } = self;
        let stride = layout.stride;
        for (r, (right, down)) in right
            .chunks_exact_mut(stride)
            .zip(down.chunks_exact_mut(stride))
            .enumerate()
        {
            let y = y0 + r;
            let phase = layout.phase(y, color);
            let (n, with_right) = (layout.count(phase), layout.count_with_right(phase));
            let at = layout.index(y);
            let has_down = y + 1 < layout.height;
            let [[u, ur, ud], [v, vr, vd]] = flow.each_ref().map(|f| {
                let (own, other) = (&f.colors[color], &f.colors[1 - color]);
                let here = &own[at..][..n];
                // On the last row the pixel itself stands in for the one below: no difference.
                let below = if has_down {
                    &other[layout.index(y + 1)..][..n]
                } else {
                    here
                };
                [here, &other[at + phase..][..n], below]
            });
            let differences = [u, ur, ud, v, vr, vd];
            let (right, down) = (&mut right[1..][..n], &mut down[1..][..n]);
            weigh_row::<S>(differences, with_right, has_down, right, down);
        }
    }
}

/// One row; the outputs are arguments of their own, as in [`assemble_row`].
#[inline(always)]
fn weigh_row<S: Simd>(
    [u, ur, ud, v, vr, vd]: [&[f32]; 6],
    with_right: usize,
    has_down: bool,
    right: &mut [f32],
    down: &mut [f32],
) {
    let below = if has_down { 1.0 } else { 0.0 };
    let vertical = |k: usize| {
        let (uy, vy) = (ud[k] - u[k], vd[k] - v[k]);
        S::mul_add(uy, uy, S::mul_add(vy, vy, EPSILON2))
    };
    for k in 0..with_right {
        let (ux, vx) = (ur[k] - u[k], vr[k] - v[k]);
        let s = S::mul_add(ux, ux, S::mul_add(vx, vx, vertical(k)));
        let weight = SMOOTHNESS / s.sqrt();
        right[k] = weight;
        down[k] = below * weight;
    }
    // The last pixel of every other row has no right neighbour.
    for k in with_right..right.len() {
        right[k] = 0.0;
        down[k] = below * SMOOTHNESS / vertical(k).sqrt();
    }
}

/// The system's rows for a band of one colour.
struct Assemble<'a> {
    layout: Layout,
    color: usize,
    y0: usize,
    derivatives: &'a Derivatives,
    start: &'a [Checkered; 2],
    flow: &'a [Checkered; 2],
    right: &'a Checkered,
    down: &'a Checkered,
    /// c1, c2, a12, inv11, inv22.
    out: [&'a mut [f32]; 5],
}

impl Kernel for Assemble<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Self {
            layout,
            color,
            y0,
            derivatives,
            start,
            flow,
            right,
            down,
            out,
        } = self;
        let [c1, c2, a12, inv11, inv22] = out;
        for r in 0..c1.len() / layout.stride {
            let y = y0 + r;
            let phase = layout.phase(y, color);
            let n = layout.count(phase);
            let at = layout.index(y);
            let [ix, iy, iz, ixx, ixy, iyy, ixz, iyz] = derivatives
                .planes
                .each_ref()
                .map(|p| &p.colors[color][at..][..n]);
            let [u0, v0] = start.each_ref().map(|p| &p.colors[color][at..][..n]);
            let [u, v] = flow.each_ref().map(|p| &p.colors[color][at..][..n]);
            let (to_right, to_down) = (
                &right.colors[color][at..][..n],
                &down.colors[color][at..][..n],
            );
            let to_left = &right.colors[1 - color][at + phase - 1..][..n];
            let to_up = &down.colors[1 - color][at - layout.stride..][..n];
            let derivatives = [ix, iy, iz, ixx, ixy, iyy, ixz, iyz];
            let others = [to_left, to_right, to_up, to_down, u0, v0, u, v];
            let at = r * layout.stride + 1;
            assemble_row::<S>(
                derivatives,
                others,
                &mut c1[at..][..n],
                &mut c2[at..][..n],
                &mut a12[at..][..n],
                &mut inv11[at..][..n],
                &mut inv22[at..][..n],
            );
        }
    }
}

/// One row. The outputs are arguments of their own so that the compiler knows them to be distinct
/// from all inputs, which is what lets it use vector instructions.
#[inline(always)]
fn assemble_row<S: Simd>(
    [ix, iy, iz, ixx, ixy, iyy, ixz, iyz]: [&[f32]; 8],
    [left, right, up, down, u0, v0, u, v]: [&[f32]; 8],
    c1: &mut [f32],
    c2: &mut [f32],
    a12: &mut [f32],
    inv11: &mut [f32],
    inv22: &mut [f32],
) {
    for k in 0..c1.len() {
        let (du, dv) = (u[k] - u0[k], v[k] - v0[k]);
        // Brightness constancy.
        let norm = 1.0 / S::mul_add(ix[k], ix[k], S::mul_add(iy[k], iy[k], ZETA2));
        let e = S::mul_add(ix[k], du, S::mul_add(iy[k], dv, iz[k]));
        let wb = BRIGHTNESS * norm / S::mul_add(e * e, norm, EPSILON2).sqrt();
        // Gradient constancy.
        let nx = 1.0 / S::mul_add(ixx[k], ixx[k], S::mul_add(ixy[k], ixy[k], ZETA2));
        let ny = 1.0 / S::mul_add(iyy[k], iyy[k], S::mul_add(ixy[k], ixy[k], ZETA2));
        let ex = S::mul_add(ixx[k], du, S::mul_add(ixy[k], dv, ixz[k]));
        let ey = S::mul_add(ixy[k], du, S::mul_add(iyy[k], dv, iyz[k]));
        let wg = GRADIENT / S::mul_add(ex * ex, nx, S::mul_add(ey * ey, ny, EPSILON2)).sqrt();
        let (wx, wy) = (wg * nx, wg * ny);
        let a11 = wb * ix[k] * ix[k] + wx * ixx[k] * ixx[k] + wy * ixy[k] * ixy[k];
        let a22 = wb * iy[k] * iy[k] + wx * ixy[k] * ixy[k] + wy * iyy[k] * iyy[k];
        let coupling = wb * ix[k] * iy[k] + wx * ixx[k] * ixy[k] + wy * ixy[k] * iyy[k];
        let b1 = wb * iz[k] * ix[k] + wx * ixx[k] * ixz[k] + wy * ixy[k] * iyz[k];
        let b2 = wb * iz[k] * iy[k] + wx * ixy[k] * ixz[k] + wy * iyy[k] * iyz[k];
        let edges = left[k] + right[k] + up[k] + down[k] + LEAST_DIAGONAL;
        a12[k] = coupling;
        c1[k] = a11 * u0[k] + coupling * v0[k] - b1;
        c2[k] = a22 * v0[k] + coupling * u0[k] - b2;
        inv11[k] = 1.0 / (a11 + edges);
        inv22[k] = 1.0 / (a22 + edges);
    }
}
