//! Hot loops of the separable kernel: one pass along `x`, one along `y`, both unit-stride over `x`.
//!
//! A grid has rows of a stored length that is a multiple of [`LANES`]. The 1-D kernels are stored so
//! that the index of the result along `x` is contiguous: `kx` is `[x in][x out]`; `ky` is `[y out][y in]`.

use super::{FORBIDDEN, LANES};
use crate::simd::{Simd, math};

/// `out[r][x] = sum_k input[r][k] · kx[k][x]` for every row. Rows of `input` are `in_pitch` long,
/// of `out` and `kx` `out_pitch`.
#[inline(always)]
pub fn along_x<S: Simd>(
    kx: &[f32],
    input: &[f32],
    in_pitch: usize,
    out: &mut [f32],
    out_pitch: usize,
) {
    for (input, out) in input
        .chunks_exact(in_pitch)
        .zip(out.chunks_exact_mut(out_pitch))
    {
        combine::<S>(input, kx, out);
    }
}

/// `out[y][x] = sum_k ky[y][k] · input[k][x]`. Rows of `input` and `out` are `pitch` long, of `ky`
/// `height_in`.
#[inline(always)]
pub fn along_y<S: Simd>(
    ky: &[f32],
    height_in: usize,
    input: &[f32],
    out: &mut [f32],
    pitch: usize,
) {
    for (ky, out) in ky.chunks_exact(height_in).zip(out.chunks_exact_mut(pitch)) {
        combine::<S>(ky, input, out);
    }
}

/// `out = sum_k weights[k] · rows[k]`.
#[inline(always)]
fn combine<S: Simd>(weights: &[f32], rows: &[f32], out: &mut [f32]) {
    let pitch = out.len();
    for x0 in (0..pitch).step_by(LANES) {
        let mut sum = [0.0f32; LANES];
        for (&w, row) in weights.iter().zip(rows.chunks_exact(pitch)) {
            let row = &row[x0..][..LANES];
            for i in 0..LANES {
                sum[i] = S::mul_add(w, row[i], sum[i]);
            }
        }
        out[x0..][..LANES].copy_from_slice(&sum);
    }
}

/// Soft minima along `x`: `hi[r][x] = max_k (g[r][k] - cx[k][x])` and
/// `log[r][x] = ln sum_k exp((g[r][k] - cx[k][x] - hi[r][x]) / eps + l[r][k])`.
#[inline(always)]
pub fn softmin_along_x<S: Simd>(
    cx: &[f32],
    (g, l): (&[f32], &[f32]),
    in_pitch: usize,
    inv_eps: f32,
    (hi, log): (&mut [f32], &mut [f32]),
    out_pitch: usize,
) {
    let inputs = g.chunks_exact(in_pitch).zip(l.chunks_exact(in_pitch));
    let outputs = hi
        .chunks_exact_mut(out_pitch)
        .zip(log.chunks_exact_mut(out_pitch));
    for ((g, l), (hi, log)) in inputs.zip(outputs) {
        for x0 in (0..out_pitch).step_by(LANES) {
            let mut most = [-2.0 * FORBIDDEN; LANES];
            for (&g, c) in g.iter().zip(cx.chunks_exact(out_pitch)) {
                let c = &c[x0..][..LANES];
                for i in 0..LANES {
                    most[i] = most[i].max(g - c[i]);
                }
            }
            let mut sum = [0.0f32; LANES];
            for ((&g, &l), c) in g.iter().zip(l).zip(cx.chunks_exact(out_pitch)) {
                let c = &c[x0..][..LANES];
                for i in 0..LANES {
                    sum[i] += math::exp::<S>(S::mul_add((g - c[i]) - most[i], inv_eps, l));
                }
            }
            hi[x0..][..LANES].copy_from_slice(&most);
            for (log, &sum) in log[x0..][..LANES].iter_mut().zip(&sum) {
                *log = math::ln::<S>(sum);
            }
        }
    }
}

/// Soft minima along `y`: `hi[y][x] = max_k (g[k][x] - cy[y][k])` and
/// `log[y][x] = ln sum_k exp((g[k][x] - cy[y][k] - hi[y][x]) / eps + l[k][x])`.
#[inline(always)]
pub fn softmin_along_y<S: Simd>(
    cy: &[f32],
    height_in: usize,
    (g, l): (&[f32], &[f32]),
    inv_eps: f32,
    (hi, log): (&mut [f32], &mut [f32]),
    pitch: usize,
) {
    let outputs = hi.chunks_exact_mut(pitch).zip(log.chunks_exact_mut(pitch));
    for (cy, (hi, log)) in cy.chunks_exact(height_in).zip(outputs) {
        for x0 in (0..pitch).step_by(LANES) {
            let mut most = [-2.0 * FORBIDDEN; LANES];
            for (&c, g) in cy.iter().zip(g.chunks_exact(pitch)) {
                let g = &g[x0..][..LANES];
                for i in 0..LANES {
                    most[i] = most[i].max(g[i] - c);
                }
            }
            let mut sum = [0.0f32; LANES];
            let rows = g.chunks_exact(pitch).zip(l.chunks_exact(pitch));
            for (&c, (g, l)) in cy.iter().zip(rows) {
                let (g, l) = (&g[x0..][..LANES], &l[x0..][..LANES]);
                for i in 0..LANES {
                    sum[i] += math::exp::<S>(S::mul_add((g[i] - c) - most[i], inv_eps, l[i]));
                }
            }
            hi[x0..][..LANES].copy_from_slice(&most);
            for (log, &sum) in log[x0..][..LANES].iter_mut().zip(&sum) {
                *log = math::ln::<S>(sum);
            }
        }
    }
}
