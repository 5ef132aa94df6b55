//! Hot loops of the dense kernel: `n` rows of `pitch` values, `pitch` a multiple of [`LANES`].

use super::{FORBIDDEN, LANES, Update, gibbs};
use crate::simd::{Number, Simd, Vector, math};

/// Rows that are worked on together: a load of `v` then serves all of them, and a column's sum is
/// loaded and stored once for all of them.
const ROWS: usize = 8;

/// `K_ij = exp((f_i + g_j - c_ij) / eps)`, 0 for forbidden pairs and padding.
#[inline(always)]
pub fn fill<S: Simd>(cost: &[f32], f: &[f32], g: &[f32], inv_eps: f32, k: &mut [f32]) {
    let inv_eps = S::V::splat(inv_eps);
    let rows = k.chunks_exact_mut(g.len()).zip(cost.chunks_exact(g.len()));
    for ((k, cost), &f) in rows.zip(f) {
        let f = S::V::splat(f);
        let vectors = k.chunks_exact_mut(LANES).zip(cost.chunks_exact(LANES));
        for ((k, c), g) in vectors.zip(g.chunks_exact(LANES)) {
            let c = S::V::load(c);
            let z = f.add(S::V::load(g)).sub(c).mul(inv_eps);
            gibbs::<S>(z, c).store(k);
        }
    }
}

/// `out_i = sum_j K_ij v_j`; `out` beyond the last row is left as it is.
#[inline(always)]
pub fn apply<S: Simd>(k: &[f32], v: &[f32], out: &mut [f32]) {
    let size = ROWS * v.len();
    let (whole, rest) = k.split_at(k.len() - k.len() % size);
    for (k, out) in whole.chunks_exact(size).zip(out.chunks_exact_mut(ROWS)) {
        dots::<S, ROWS>(k, v, out);
    }
    let done = whole.len() / v.len();
    for (k, out) in rest
        .chunks_exact(v.len())
        .zip(out[done..].chunks_exact_mut(1))
    {
        dots::<S, 1>(k, v, out);
    }
}

/// `out_j = sum_i K_ij u_i`.
#[inline(always)]
pub fn apply_transposed<S: Simd>(k: &[f32], u: &[f32], out: &mut [f32]) {
    out.fill(0.0);
    add_scaled::<S>(k, u, out);
}

/// `row_sum = K v`, `u = update(row_sum)`, `column_sum = K^T u`, reading `K` once. Returns what
/// the update measures.
#[inline(always)]
pub fn sweep<S: Simd>(
    k: &[f32],
    v: &[f32],
    update: &Update<'_>,
    u: &mut [f32],
    row_sum: &mut [f32],
    column_sum: &mut [f32],
) -> f32 {
    let mut moved = 0.0;
    column_sum.fill(0.0);
    for (block, k) in k.chunks(LANES * v.len()).enumerate() {
        let first = block * LANES;
        let sums = &mut row_sum[first..][..LANES];
        let u = &mut u[first..][..LANES];
        apply::<S>(k, v, sums);
        moved += update.run::<S>(first, sums, u);
        add_scaled::<S>(k, u, column_sum);
    }
    moved
}

/// `R` rows, each cut into vectors.
#[inline(always)]
fn rows<const R: usize>(k: &[f32], pitch: usize) -> [&[[f32; LANES]]; R] {
    let mut rows: [&[[f32; LANES]]; R] = [&[]; R];
    for (row, k) in rows.iter_mut().zip(k.chunks_exact(pitch)) {
        *row = &k.as_chunks().0[..pitch / LANES];
    }
    rows
}

/// `out_r = sum_j K_rj v_j` for `R` rows.
#[inline(always)]
fn dots<S: Simd, const R: usize>(k: &[f32], v: &[f32], out: &mut [f32]) {
    let rows = rows::<R>(k, v.len());
    let mut sums = [S::V::splat(0.0); R];
    for (j, v) in v.as_chunks::<LANES>().0.iter().enumerate() {
        let v = S::V::load(v);
        for r in 0..R {
            sums[r] = S::V::load(&rows[r][j]).mul_add(v, sums[r]);
        }
    }
    for (out, sum) in out.iter_mut().zip(sums) {
        *out = sum.sum();
    }
}

/// `out_j += sum_i K_ij u_i`.
#[inline(always)]
fn add_scaled<S: Simd>(k: &[f32], u: &[f32], out: &mut [f32]) {
    let size = ROWS * out.len();
    let (whole, rest) = k.split_at(k.len() - k.len() % size);
    for (k, u) in whole.chunks_exact(size).zip(u.chunks_exact(ROWS)) {
        add_rows::<S, ROWS>(k, u, out);
    }
    let done = whole.len() / out.len();
    for (k, u) in rest.chunks_exact(out.len()).zip(u[done..].chunks_exact(1)) {
        add_rows::<S, 1>(k, u, out);
    }
}

/// `out_j += sum_r K_rj u_r` for `R` rows.
#[inline(always)]
fn add_rows<S: Simd, const R: usize>(k: &[f32], u: &[f32], out: &mut [f32]) {
    let rows = rows::<R>(k, out.len());
    let mut factors = [S::V::splat(0.0); R];
    for (factor, &u) in factors.iter_mut().zip(u) {
        *factor = S::V::splat(u);
    }
    for (j, out) in out.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
        let mut sum = S::V::load(out);
        for r in 0..R {
            sum = S::V::load(&rows[r][j]).mul_add(factors[r], sum);
        }
        sum.store(out);
    }
}

/// For every row `hi_i = max_j (g_j - c_ij)` and
/// `log_i = ln sum_j exp((g_j - c_ij - hi_i) / eps + l_j)`.
#[inline(always)]
pub fn softmin_rows<S: Simd>(
    cost: &[f32],
    (g, l): (&[f32], &[f32]),
    inv_eps: f32,
    (hi, log): (&mut [f32], &mut [f32]),
) {
    let inv_eps = S::V::splat(inv_eps);
    for ((cost, hi), log) in cost.chunks_exact(g.len()).zip(hi).zip(log) {
        // Four maxima, to hide the latency of one.
        let mut most = [S::V::splat(-2.0 * FORBIDDEN); 4];
        for (c, g) in cost.chunks(4 * LANES).zip(g.chunks(4 * LANES)) {
            for (most, (c, g)) in most
                .iter_mut()
                .zip(c.chunks_exact(LANES).zip(g.chunks_exact(LANES)))
            {
                *most = most.max(S::V::load(g).sub(S::V::load(c)));
            }
        }
        *hi = most[0].max(most[1]).max(most[2].max(most[3])).largest();
        let most = S::V::splat(*hi);
        let mut sum = S::V::splat(0.0);
        let vectors = cost.chunks_exact(LANES).zip(g.chunks_exact(LANES));
        for ((c, g), l) in vectors.zip(l.chunks_exact(LANES)) {
            let z = S::V::load(g).sub(S::V::load(c)).sub(most);
            sum = sum.add(math::exp_of(z.mul_add(inv_eps, S::V::load(l))));
        }
        *log = math::ln::<S>(sum.sum());
    }
}

/// Rows of a block of [`softmin_columns`]: few enough for the block to stay in cache between its two passes, many
/// enough that carrying the sums over (one exponential a column and block) costs little.
const COLUMN_BLOCK: usize = 32;

/// For every column `hi_j = max_i (f_i - c_ij)` and
/// `log_j = ln sum_i exp((f_i - c_ij - hi_j) / eps + l_i)`.
///
/// Reads the cost once: blocks of rows find their maxima first, then the sums so far are carried over to
/// the new maxima.
#[inline(always)]
pub fn softmin_columns<S: Simd>(
    cost: &[f32],
    (f, l): (&[f32], &[f32]),
    inv_eps: f32,
    (hi, log): (&mut [f32], &mut [f32]),
) {
    let pitch = hi.len();
    hi.fill(-2.0 * FORBIDDEN);
    log.fill(0.0);
    for (block, cost) in cost.chunks(COLUMN_BLOCK * pitch).enumerate() {
        let rows = block * COLUMN_BLOCK..block * COLUMN_BLOCK + cost.len() / pitch;
        let weights = (&f[rows.clone()], &l[rows]);
        for x in (0..pitch).step_by(LANES) {
            let (hi, log) = (&mut hi[x..][..LANES], &mut log[x..][..LANES]);
            add_column_block::<S>(cost, (x, pitch), weights, inv_eps, (hi, log));
        }
    }
    for log in log.chunks_exact_mut(LANES) {
        math::ln_of(S::V::load(log)).store(log);
    }
}

/// Maxima and sums of [`LANES`] columns from `x` on, over a block of rows.
#[inline(always)]
fn add_column_block<S: Simd>(
    cost: &[f32],
    (x, pitch): (usize, usize),
    (f, l): (&[f32], &[f32]),
    inv_eps: f32,
    (hi, log): (&mut [f32], &mut [f32]),
) {
    let inv_eps = S::V::splat(inv_eps);
    let before = S::V::load(hi);
    let mut most = before;
    for (cost, &f) in cost.chunks_exact(pitch).zip(f) {
        most = most.max(S::V::splat(f).sub(S::V::load(&cost[x..])));
    }
    let mut sum = S::V::load(log).mul(math::exp_of(before.sub(most).mul(inv_eps)));
    for ((cost, &f), &l) in cost.chunks_exact(pitch).zip(f).zip(l) {
        let z = S::V::splat(f).sub(S::V::load(&cost[x..])).sub(most);
        sum = sum.add(math::exp_of(z.mul_add(inv_eps, S::V::splat(l))));
    }
    most.store(hi);
    sum.store(log);
}
