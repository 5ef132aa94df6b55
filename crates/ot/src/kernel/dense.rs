//! The dense Gibbs kernel and its soft minima: `n` rows of `pitch` values, `pitch` a multiple of [`LANES`].

use super::{FORBIDDEN, LANES, Update, gibbs};
use otinterp_simd::{Number, Simd, Vector, math};

/// Rows that are worked on together: a load of `v` then serves all of them, and a column's sum is
/// loaded and stored once for all of them.
const ROWS: usize = 8;

/// Most values of a block whose sweep is interleaved with the one before: two of them are 48 KiB, the first-level cache.
const INTERLEAVED_LEN: usize = 6 << 10;

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
fn apply<S: Simd>(k: &[f32], v: &[f32], out: &mut [f32]) {
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

/// `row_sum = K v`, `u = update(row_sum)`, `column_sum = K^T u`, reading `K` once. Returns what
/// the update measures.
///
/// Where there are registers for it, and the first-level cache holds two blocks of [`LANES`] rows, one is multiplied by
/// `v` while the one before is added to the columns: so one waits for the second-level cache while the other computes.
#[inline(always)]
pub fn sweep<S: Simd>(
    k: &[f32],
    v: &[f32],
    update: &Update<'_>,
    u: &mut [f32],
    row_sum: &mut [f32],
    column_sum: &mut [f32],
) -> f32 {
    let size = LANES * v.len();
    let interleaved = S::REGISTERS > 2 * ROWS && size <= INTERLEAVED_LEN;
    let mut moved = S::V::splat(0.0);
    column_sum.fill(0.0);
    let mut before: Option<&[f32]> = None;
    for (block, k) in k.chunks(size).enumerate() {
        let first = block * LANES;
        let sums = &mut row_sum[first..][..LANES];
        match before.replace(k) {
            Some(before) if interleaved && k.len() == size => {
                advance::<S>(k, before, v, &u[first - LANES..][..LANES], sums, column_sum);
            }
            other => {
                if let Some(before) = other {
                    add_scaled::<S>(before, &u[first - LANES..][..LANES], column_sum);
                }
                apply::<S>(k, v, sums);
            }
        }
        update.run_lanes::<S>(first, S::V::load(sums), &mut u[first..], &mut moved);
    }
    if let Some(last) = before {
        let first = (k.len() - last.len()) / v.len();
        add_scaled::<S>(last, &u[first..], column_sum);
    }
    moved.sum()
}

/// `sums = K v` for a block of [`LANES`] rows, and `column_sum += K^T u` for the block `before`, [`ROWS`] rows of each at
/// a time.
#[inline(always)]
fn advance<S: Simd>(
    k: &[f32],
    before: &[f32],
    v: &[f32],
    u: &[f32],
    sums: &mut [f32],
    column_sum: &mut [f32],
) {
    let size = ROWS * v.len();
    let blocks = k.chunks_exact(size).zip(before.chunks_exact(size));
    let scalars = u.chunks_exact(ROWS).zip(sums.chunks_exact_mut(ROWS));
    for ((k, before), (u, out)) in blocks.zip(scalars) {
        let (k, before) = (rows::<ROWS>(k, v.len()), rows::<ROWS>(before, v.len()));
        let mut factors = [S::V::splat(0.0); ROWS];
        for (factor, &u) in factors.iter_mut().zip(u) {
            *factor = S::V::splat(u);
        }
        let mut sums = [S::V::splat(0.0); ROWS];
        let columns = column_sum.as_chunks_mut::<LANES>().0.iter_mut();
        for (j, (column, v)) in columns.zip(v.as_chunks::<LANES>().0).enumerate() {
            let v = S::V::load(v);
            let mut sum = S::V::load(column);
            for r in 0..ROWS {
                sums[r] = S::V::load(&k[r][j]).mul_add(v, sums[r]);
                sum = S::V::load(&before[r][j]).mul_add(factors[r], sum);
            }
            sum.store(column);
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = sum.sum();
        }
    }
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
        let pitch = g.len();
        let vectors = cost.chunks_exact(LANES).zip(g.chunks_exact(LANES));
        for ((c, g), l) in vectors.zip(l.chunks_exact(LANES)) {
            // The next row: behind so much arithmetic the processor does not look ahead far enough by itself.
            S::V::prefetch(c, pitch);
            let z = S::V::load(g).sub(S::V::load(c)).sub(most);
            sum = sum.add(math::exp_of(z.mul_add(inv_eps, S::V::load(l))));
        }
        *log = math::ln::<S>(sum.sum());
    }
}

/// Values of a block of rows of [`softmin_columns`]: 256 KiB, so that the second pass over it reads the second-level
/// cache; and enough rows that carrying the sums over (one exponential a column and block) costs little.
const COLUMN_BLOCK: usize = 1 << 16;
/// Least rows of such a block, a multiple of [`TOGETHER`].
const LEAST_ROWS: usize = 8;
/// Rows that are worked on together, between a load and a store of the columns' values.
const TOGETHER: usize = 4;

/// For every column `hi_j = max_i (f_i - c_ij)` and
/// `log_j = ln sum_i exp((f_i - c_ij - hi_j) / eps + l_i)`.
///
/// Reads the cost once, row by row: a block finds its maxima first, then the sums so far are carried over to
/// the new maxima and the block's own are added.
#[inline(always)]
pub fn softmin_columns<S: Simd>(
    cost: &[f32],
    (f, l): (&[f32], &[f32]),
    inv_eps: f32,
    (hi, log): (&mut [f32], &mut [f32]),
) {
    let pitch = hi.len();
    let rows = (COLUMN_BLOCK / pitch)
        .next_multiple_of(TOGETHER)
        .max(LEAST_ROWS);
    hi.fill(-2.0 * FORBIDDEN);
    log.fill(0.0);
    for (block, cost) in cost.chunks(rows * pitch).enumerate() {
        let (f, l) = (&f[block * rows..], &l[block * rows..]);
        add_maxima::<S>(cost, f, inv_eps, (hi, log));
        let whole = cost.len() / pitch / TOGETHER * TOGETHER;
        let (together, rest) = cost.split_at(whole * pitch);
        for (i, cost) in together.chunks_exact(TOGETHER * pitch).enumerate() {
            let at = i * TOGETHER;
            add_exponentials::<S, TOGETHER>(cost, (&f[at..], &l[at..]), inv_eps, (hi, log));
        }
        for (i, cost) in rest.chunks_exact(pitch).enumerate() {
            let at = whole + i;
            add_exponentials::<S, 1>(cost, (&f[at..], &l[at..]), inv_eps, (hi, log));
        }
    }
    for log in log.chunks_exact_mut(LANES) {
        math::ln_of(S::V::load(log)).store(log);
    }
}

/// The columns' maxima with a block of rows, and the sums so far in units of the new ones.
#[inline(always)]
fn add_maxima<S: Simd>(cost: &[f32], f: &[f32], inv_eps: f32, (hi, log): (&mut [f32], &mut [f32])) {
    let pitch = hi.len();
    // Until its end, `log` of the first block holds nothing; of others it waits for the difference of the maxima.
    let inv_eps = S::V::splat(inv_eps);
    let columns = hi.chunks_exact_mut(LANES).zip(log.chunks_exact_mut(LANES));
    for (x, (hi, log)) in columns.enumerate() {
        let before = S::V::load(hi);
        let mut most = before;
        for (cost, &f) in cost.chunks_exact(pitch).zip(f) {
            most = most.max(S::V::splat(f).sub(S::V::load(&cost[x * LANES..])));
        }
        let carried = math::exp_of(before.sub(most).mul(inv_eps));
        S::V::load(log).mul(carried).store(log);
        most.store(hi);
    }
}

/// `log_j += sum_r exp((f_r - c_rj - hi_j) / eps + l_r)` for `R` rows.
#[inline(always)]
fn add_exponentials<S: Simd, const R: usize>(
    cost: &[f32],
    (f, l): (&[f32], &[f32]),
    inv_eps: f32,
    (hi, log): (&[f32], &mut [f32]),
) {
    let inv_eps = S::V::splat(inv_eps);
    let rows = rows::<R>(cost, hi.len());
    let (mut own, mut weight) = ([S::V::splat(0.0); R], [S::V::splat(0.0); R]);
    for r in 0..R {
        (own[r], weight[r]) = (S::V::splat(f[r]), S::V::splat(l[r]));
    }
    let columns = hi.as_chunks::<LANES>().0.iter();
    for (j, (hi, log)) in columns.zip(log.as_chunks_mut::<LANES>().0).enumerate() {
        let (hi, mut sum) = (S::V::load(hi), S::V::load(log));
        for r in 0..R {
            // The next block: as above.
            S::V::prefetch(&rows[r][j], COLUMN_BLOCK);
            let z = own[r].sub(S::V::load(&rows[r][j])).sub(hi);
            sum = sum.add(math::exp_of(z.mul_add(inv_eps, weight[r])));
        }
        sum.store(log);
    }
}
