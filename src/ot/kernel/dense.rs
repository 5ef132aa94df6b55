//! Hot loops of the dense kernel: `n` rows of `pitch` values, `pitch` a multiple of [`LANES`].

use super::{FORBIDDEN, LANES, Update, exp_or_zero, tree_max, tree_sum};
use crate::simd::{Simd, math};

/// `K_ij = exp((f_i + g_j - c_ij) / eps)`, 0 for forbidden pairs and padding.
#[inline(always)]
pub fn fill<S: Simd>(cost: &[f32], f: &[f32], g: &[f32], inv_eps: f32, k: &mut [f32]) {
    let pitch = g.len();
    for ((k, cost), &f) in k
        .chunks_exact_mut(pitch)
        .zip(cost.chunks_exact(pitch))
        .zip(f)
    {
        for ((k, &c), &g) in k.iter_mut().zip(cost).zip(g) {
            let z = ((f + g) - c) * inv_eps;
            let e = exp_or_zero::<S>(z);
            *k = if c < FORBIDDEN { e } else { 0.0 };
        }
    }
}

/// `out_i = sum_j K_ij v_j`; `out` beyond the last row is left as it is.
#[inline(always)]
pub fn apply<S: Simd>(k: &[f32], v: &[f32], out: &mut [f32]) {
    for (k, out) in k.chunks_exact(v.len()).zip(out) {
        *out = dot::<S>(k, v);
    }
}

#[inline(always)]
fn dot<S: Simd>(a: &[f32], b: &[f32]) -> f32 {
    let mut sum = [0.0f32; LANES];
    for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
        for i in 0..LANES {
            sum[i] = S::mul_add(a[i], b[i], sum[i]);
        }
    }
    tree_sum(sum)
}

/// `out_j = sum_i K_ij u_i`.
#[inline(always)]
pub fn apply_transposed<S: Simd>(k: &[f32], u: &[f32], out: &mut [f32]) {
    out.fill(0.0);
    for (k, &u) in k.chunks_exact(out.len()).zip(u) {
        add_scaled::<S>(k, u, out);
    }
}

#[inline(always)]
fn add_scaled<S: Simd>(row: &[f32], factor: f32, out: &mut [f32]) {
    for (o, &k) in out.iter_mut().zip(row) {
        *o = S::mul_add(k, factor, *o);
    }
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
    let pitch = v.len();
    let mut moved = 0.0;
    column_sum.fill(0.0);
    for (block, k) in k.chunks(LANES * pitch).enumerate() {
        let first = block * LANES;
        let sums = &mut row_sum[first..][..LANES];
        let u = &mut u[first..][..LANES];
        apply::<S>(k, v, sums);
        moved += update.run::<S>(first, sums, u);
        for (k, &u) in k.chunks_exact(pitch).zip(&*u) {
            add_scaled::<S>(k, u, column_sum);
        }
    }
    moved
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
    for ((cost, hi), log) in cost.chunks_exact(g.len()).zip(hi).zip(log) {
        let mut most = [-2.0 * FORBIDDEN; LANES];
        for (c, g) in cost.chunks_exact(LANES).zip(g.chunks_exact(LANES)) {
            for i in 0..LANES {
                most[i] = most[i].max(g[i] - c[i]);
            }
        }
        let most = tree_max(most);
        let mut sum = [0.0f32; LANES];
        for ((c, g), l) in cost
            .chunks_exact(LANES)
            .zip(g.chunks_exact(LANES))
            .zip(l.chunks_exact(LANES))
        {
            for i in 0..LANES {
                sum[i] += math::exp::<S>(S::mul_add((g[i] - c[i]) - most, inv_eps, l[i]));
            }
        }
        (*hi, *log) = (most, math::ln::<S>(tree_sum(sum)));
    }
}

/// For every column `hi_j = max_i (f_i - c_ij)` and
/// `log_j = ln sum_i exp((f_i - c_ij - hi_j) / eps + l_i)`.
#[inline(always)]
pub fn softmin_columns<S: Simd>(
    cost: &[f32],
    (f, l): (&[f32], &[f32]),
    inv_eps: f32,
    (hi, log): (&mut [f32], &mut [f32]),
) {
    let pitch = hi.len();
    hi.fill(-2.0 * FORBIDDEN);
    for (cost, &f) in cost.chunks_exact(pitch).zip(f) {
        for (hi, &c) in hi.iter_mut().zip(cost) {
            *hi = hi.max(f - c);
        }
    }
    log.fill(0.0);
    for ((cost, &f), &l) in cost.chunks_exact(pitch).zip(f).zip(l) {
        for ((sum, &hi), &c) in log.iter_mut().zip(&*hi).zip(cost) {
            *sum += math::exp::<S>(S::mul_add((f - c) - hi, inv_eps, l));
        }
    }
    for log in log {
        *log = math::ln::<S>(*log);
    }
}
