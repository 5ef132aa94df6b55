//! The separable Gibbs kernel and its soft minima: one pass along `x`, one along `y`, both unit-stride over `x`.
//!
//! A grid has rows of a stored length that is a multiple of [`LANES`]. The 1-D kernels are stored so
//! that the index of the result along `x` is contiguous: `kx` is `[x in][x out]`; `ky` is `[y out][y in]`.

use super::{FORBIDDEN, LANES};
use otinterp_simd::{Number, Simd, Vector, math};

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
    multiply::<S>(input, in_pitch, kx, out, out_pitch);
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
    multiply::<S>(ky, height_in, input, out, pitch);
}

/// The matrix product `out[r][x] = sum_k left[r][k] · right[k][x]`, `k` below the number of `right`'s rows.
/// Several rows are worked on together, so that one load of `right` serves them all.
#[inline(always)]
fn multiply<S: Simd>(
    left: &[f32],
    left_pitch: usize,
    right: &[f32],
    out: &mut [f32],
    pitch: usize,
) {
    let rows = out.len() / pitch;
    let mut done = 0;
    for together in [8, 4, 1] {
        while rows - done >= together && (together < 8 || S::REGISTERS > 16) {
            let left = &left[done * left_pitch..];
            let out = &mut out[done * pitch..];
            match together {
                8 => multiply_rows::<S, 8>(left, left_pitch, right, out, pitch),
                4 => multiply_rows::<S, 4>(left, left_pitch, right, out, pitch),
                _ => multiply_rows::<S, 1>(left, left_pitch, right, out, pitch),
            }
            done += together;
        }
    }
}

/// `R` rows of the product.
#[inline(always)]
fn multiply_rows<S: Simd, const R: usize>(
    left: &[f32],
    left_pitch: usize,
    right: &[f32],
    out: &mut [f32],
    pitch: usize,
) {
    let left = rows::<R>(left, left_pitch, right.len() / pitch);
    let mut x = 0;
    while S::REGISTERS > 2 * R && x + 2 * LANES <= pitch {
        multiply_block::<S, R, 2>(left, right, out, (x, pitch));
        x += 2 * LANES;
    }
    while x < pitch {
        multiply_block::<S, R, 1>(left, right, out, (x, pitch));
        x += LANES;
    }
}

/// `R` rows of `length` values.
#[inline(always)]
fn rows<const R: usize>(values: &[f32], pitch: usize, length: usize) -> [&[f32]; R] {
    let mut rows: [&[f32]; R] = [&[]; R];
    for (r, row) in rows.iter_mut().enumerate() {
        *row = &values[r * pitch..][..length];
    }
    rows
}

/// `R` rows and `C` vectors of the product, from column `x` on.
#[inline(always)]
fn multiply_block<S: Simd, const R: usize, const C: usize>(
    mut left: [&[f32]; R],
    right: &[f32],
    out: &mut [f32],
    (x, pitch): (usize, usize),
) {
    let mut sums = [[S::V::splat(0.0); C]; R];
    let length = left[0].len();
    for left in &mut left {
        *left = &left[..length];
    }
    for (k, row) in (0..length).zip(right.chunks_exact(pitch)) {
        let row = &row[x..][..C * LANES];
        let mut right = [S::V::splat(0.0); C];
        for (c, right) in right.iter_mut().enumerate() {
            *right = S::V::load(&row[c * LANES..]);
        }
        for (sums, left) in sums.iter_mut().zip(left) {
            let factor = S::V::splat(left[k]);
            for (sum, right) in sums.iter_mut().zip(right) {
                *sum = right.mul_add(factor, *sum);
            }
        }
    }
    for (r, sums) in sums.into_iter().enumerate() {
        for (c, sum) in sums.into_iter().enumerate() {
            sum.store(&mut out[r * pitch + x + c * LANES..]);
        }
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
    let inv_eps = S::V::splat(inv_eps);
    let inputs = g.chunks_exact(in_pitch).zip(l.chunks_exact(in_pitch));
    let outputs = hi
        .chunks_exact_mut(out_pitch)
        .zip(log.chunks_exact_mut(out_pitch));
    for ((g, l), (hi, log)) in inputs.zip(outputs) {
        for x in (0..out_pitch).step_by(LANES) {
            let mut most = S::V::splat(-2.0 * FORBIDDEN);
            for (&g, c) in g.iter().zip(cx.chunks_exact(out_pitch)) {
                most = most.max(S::V::splat(g).sub(S::V::load(&c[x..])));
            }
            let mut sum = S::V::splat(0.0);
            for ((&g, &l), c) in g.iter().zip(l).zip(cx.chunks_exact(out_pitch)) {
                let z = S::V::splat(g).sub(S::V::load(&c[x..])).sub(most);
                sum = sum.add(math::exp_of(z.mul_add(inv_eps, S::V::splat(l))));
            }
            most.store(&mut hi[x..]);
            math::ln_of(sum).store(&mut log[x..]);
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
    let inv_eps = S::V::splat(inv_eps);
    let outputs = hi.chunks_exact_mut(pitch).zip(log.chunks_exact_mut(pitch));
    for (cy, (hi, log)) in cy.chunks_exact(height_in).zip(outputs) {
        for x in (0..pitch).step_by(LANES) {
            let mut most = S::V::splat(-2.0 * FORBIDDEN);
            for (&c, g) in cy.iter().zip(g.chunks_exact(pitch)) {
                most = most.max(S::V::load(&g[x..]).sub(S::V::splat(c)));
            }
            let mut sum = S::V::splat(0.0);
            let rows = g.chunks_exact(pitch).zip(l.chunks_exact(pitch));
            for (&c, (g, l)) in cy.iter().zip(rows) {
                let z = S::V::load(&g[x..]).sub(S::V::splat(c)).sub(most);
                sum = sum.add(math::exp_of(z.mul_add(inv_eps, S::V::load(&l[x..]))));
            }
            most.store(&mut hi[x..]);
            math::ln_of(sum).store(&mut log[x..]);
        }
    }
}
