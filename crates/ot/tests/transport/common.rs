//! Replayable randomness, an independent textbook solver in `f64`, and an exact one.

use otinterp_ot::cost::{Dense, GibbsKernel};
use otinterp_ot::{Sinkhorn, Slack, Solution};
use pathfinding::prelude::{Matrix, kuhn_munkres_min};

/// Knuth's MMIX congruential generator.
pub struct Random(pub u64);

impl Random {
    /// In `[0, 1)`, a multiple of 2^-24.
    pub fn unit(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.unit() * n as f32) as usize
    }

    pub fn vector(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.unit()).collect()
    }

    /// Masses that sum to 1, some of them 0 if asked for.
    pub fn masses(&mut self, n: usize, with_zeros: bool) -> Vec<f32> {
        let mut m: Vec<f32> = (0..n)
            .map(|i| {
                let zero = with_zeros && i > 0 && self.unit() < 0.3;
                if zero { 0.0 } else { 0.1 + self.unit() }
            })
            .collect();
        normalise(&mut m);
        m
    }

    pub fn points<const D: usize>(&mut self, n: usize) -> Vec<[f32; D]> {
        (0..n)
            .map(|_| std::array::from_fn(|_| self.unit()))
            .collect()
    }

    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut p: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            p.swap(i, self.below(i + 1));
        }
        p
    }
}

pub fn normalise(m: &mut [f32]) {
    let total: f64 = m.iter().map(|&x| f64::from(x)).sum();
    for x in m {
        *x = (f64::from(*x) / total) as f32;
    }
}

pub fn total(m: &[f32]) -> f64 {
    m.iter().map(|&x| f64::from(x)).sum()
}

/// Tight enough to compare answers with others' to 1e-4.
pub fn tight() -> Sinkhorn {
    Sinkhorn {
        tolerance: 1e-6,
        max_sweeps: 50_000,
        ..Sinkhorn::default()
    }
}

pub fn plan<K: GibbsKernel>(s: &Solution<'_, K>, n: usize, m: usize) -> Vec<f64> {
    (0..n * m).map(|k| s.plan_entry(k / m, k % m)).collect()
}

/// The plan by the textbook iteration in `f64` and in logarithms, from the standard library's `exp` and `ln`.
pub fn oracle(
    cost: &[f32],
    a: &[f32],
    b: &[f32],
    eps: f32,
    slack: Slack,
    sweeps: usize,
) -> Vec<f64> {
    let (n, m, eps) = (a.len(), b.len(), f64::from(eps));
    let c = |i: usize, j: usize| f64::from(cost[i * m + j]);
    let lambda = |rho: f32| {
        let rho = f64::from(rho);
        if rho.is_infinite() {
            1.0
        } else {
            rho / (rho + eps)
        }
    };
    let (mut f, mut g) = (vec![0.0; n], vec![0.0; m]);
    for _ in 0..sweeps {
        for (i, f) in f.iter_mut().enumerate() {
            *f = -lambda(slack.source) * eps * log_sum(m, |j| (g[j] - c(i, j)) / eps, b);
        }
        for (j, g) in g.iter_mut().enumerate() {
            *g = -lambda(slack.target) * eps * log_sum(n, |i| (f[i] - c(i, j)) / eps, a);
        }
    }
    (0..n * m)
        .map(|k| {
            let (i, j) = (k / m, k % m);
            f64::from(a[i]) * f64::from(b[j]) * ((f[i] + g[j] - c(i, j)) / eps).exp()
        })
        .collect()
}

fn log_sum(n: usize, z: impl Fn(usize) -> f64, weight: &[f32]) -> f64 {
    let most = (0..n)
        .filter(|&k| weight[k] > 0.0)
        .map(&z)
        .fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = (0..n)
        .map(|k| f64::from(weight[k]) * (z(k) - most).exp())
        .sum();
    most + sum.ln()
}

/// The least cost of an assignment of `n` sources to `n` targets, by the Hungarian method.
pub fn assignment(cost: &[f32], n: usize) -> (f64, Vec<usize>) {
    // Costs are multiples of 2^-24 or are rounded to 2^-30.
    const UNIT: f64 = (1u64 << 30) as f64;
    let weights = Matrix::from_fn(n, n, |(i, j)| (f64::from(cost[i * n + j]) * UNIT) as i64);
    let (total, to) = kuhn_munkres_min(&weights);
    (total as f64 / UNIT, to)
}

pub fn assert_near(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{what}: found {found}, expected {expected} within {tolerance}"
    );
}

/// Largest difference, as a share of the largest expected value.
pub fn worst(found: &[f64], expected: &[f64]) -> f64 {
    let size = expected.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let off = found
        .iter()
        .zip(expected)
        .map(|(f, e)| (f - e).abs())
        .fold(
            0.0,
            |m, d| if d.is_nan() { f64::NAN } else { f64::max(m, d) },
        );
    off / size
}

pub fn dense(n: usize, m: usize, cost: &[f32]) -> Dense {
    Dense::new(n, m, cost).unwrap()
}
