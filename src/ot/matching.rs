//! Unbalanced transport between two small sets without any geometry: all pairs, any cost.
//!
//! ```text
//! minimise  sum pi·c  +  eps·KL(pi | 1⊗1)  +  rho·KL(pi 1 | 1)  +  rho·KL(pi^T 1 | 1)
//! ```
//! Both sides are updated at once from the last iterates and averaged in the potentials,
//! `u ← sqrt(u · (1 / K v)^λ)`, `v ← sqrt(v · (1 / K^T u)^λ)`, `λ = rho / (rho + eps)` (the symmetrised
//! iteration of Feydy, *Geometric data analysis, beyond convolutions*, 2020, §3.3). So neither side
//! comes first, and exchanging the sets transposes the plan, bit for bit.

use crate::simd::{Kernel, Level as Cpu, Simd, math};
use rayon::prelude::*;

/// Rows are padded to whole vectors; the padding holds zeros.
const LANES: usize = 16;
/// Costs above this many `eps` are cut off there: `exp(-80)` is still a normal f32.
const CUTOFF: f32 = 80.0;
/// Smallest sum that is divided by.
const TINY: f32 = 1e-30;

/// A solved matching. Plan entries are `K[i][j] · u[i] · v[j]`.
#[derive(Debug)]
pub struct Matching {
    rows: usize,
    columns: usize,
    eps: f32,
    kernel: Padded,
    transposed: Padded,
    u: Vec<f32>,
    v: Vec<f32>,
}

/// A matrix whose rows are padded with zeros.
#[derive(Debug)]
struct Padded {
    stride: usize,
    values: Vec<f32>,
}

impl Padded {
    fn zeros(rows: usize, columns: usize) -> Self {
        let stride = columns.next_multiple_of(LANES);
        Self {
            stride,
            values: vec![0.0; rows * stride],
        }
    }

    fn row(&self, i: usize) -> &[f32] {
        &self.values[i * self.stride..][..self.stride]
    }
}

/// What a row (or column) of the plan says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mode {
    /// Where the row's largest entry is.
    pub index: usize,
    /// Mass of the row in the plan; 1 would be all of it.
    pub mass: f32,
    /// Cost of the largest entry, up to the cut-off.
    pub cost: f32,
}

impl Matching {
    /// Solves between `rows` and `columns` points of mass 1. `fill_costs(i, row)` writes the costs ≥ 0
    /// of row `i` into the first `columns` places of `row`.
    ///
    /// Takes `2 · rows · columns` floats of memory and, for each iteration, one pass over them.
    pub fn solve(
        cpu: Cpu,
        (rows, columns): (usize, usize),
        fill_costs: impl Fn(usize, &mut [f32]) + Sync,
        eps: f32,
        rho: f32,
        iterations: usize,
    ) -> Self {
        let mut kernel = Padded::zeros(rows, columns);
        kernel
            .values
            .par_chunks_mut(kernel.stride)
            .enumerate()
            .for_each(|(i, row)| {
                fill_costs(i, &mut row[..columns]);
                cpu.run(Gibbs {
                    row: &mut row[..columns],
                    eps,
                });
            });
        let transposed = transposed(&kernel, rows, columns);
        let mut out = Self {
            rows,
            columns,
            eps,
            u: vec![0.0; rows.next_multiple_of(LANES)],
            v: vec![0.0; columns.next_multiple_of(LANES)],
            kernel,
            transposed,
        };
        out.u[..rows].fill(1.0);
        out.v[..columns].fill(1.0);
        out.iterate(cpu, rho / (rho + eps), iterations);
        out
    }

    fn iterate(&mut self, cpu: Cpu, lambda: f32, iterations: usize) {
        for _ in 0..iterations {
            let (u, v) = rayon::join(
                || updated(cpu, &self.kernel, &self.v, &self.u, self.rows, lambda),
                || {
                    updated(
                        cpu,
                        &self.transposed,
                        &self.u,
                        &self.v,
                        self.columns,
                        lambda,
                    )
                },
            );
            self.u = u;
            self.v = v;
        }
    }

    /// The plan's row `i` without its factor `u[i]`: mode and mass.
    pub fn row_mode(&self, i: usize) -> Mode {
        mode(self.kernel.row(i), &self.v, self.u[i], self.eps)
    }

    /// The plan's column `j`: mode and mass.
    pub fn column_mode(&self, j: usize) -> Mode {
        mode(self.transposed.row(j), &self.u, self.v[j], self.eps)
    }

    /// Mass of row `i` on the columns that `near` accepts.
    pub fn row_mass_where(&self, i: usize, near: impl Fn(usize) -> bool) -> f32 {
        mass_where(
            &self.kernel.row(i)[..self.columns],
            &self.v,
            self.u[i],
            near,
        )
    }

    /// Mass of column `j` on the rows that `near` accepts.
    pub fn column_mass_where(&self, j: usize, near: impl Fn(usize) -> bool) -> f32 {
        mass_where(
            &self.transposed.row(j)[..self.rows],
            &self.u,
            self.v[j],
            near,
        )
    }
}

fn mode(kernel: &[f32], other: &[f32], own: f32, eps: f32) -> Mode {
    let (mut index, mut most, mut sum) = (0, -1.0, 0.0);
    for (j, (&k, &s)) in kernel.iter().zip(other).enumerate() {
        let q = k * s;
        sum += q;
        if q > most {
            (most, index) = (q, j);
        }
    }
    Mode {
        index,
        mass: own * sum,
        cost: -eps * kernel[index].max(f32::MIN_POSITIVE).ln(),
    }
}

fn mass_where(kernel: &[f32], other: &[f32], own: f32, near: impl Fn(usize) -> bool) -> f32 {
    let near = (0..kernel.len()).filter(|&j| near(j));
    own * near.map(|j| kernel[j] * other[j]).sum::<f32>()
}

fn transposed(kernel: &Padded, rows: usize, columns: usize) -> Padded {
    let mut out = Padded::zeros(columns, rows);
    // A band of `LANES` rows of the result reads whole cache lines of the kernel.
    out.values
        .par_chunks_mut(LANES * out.stride)
        .enumerate()
        .for_each(|(band, out_rows)| {
            for i in 0..rows {
                let source = &kernel.values[i * kernel.stride + band * LANES..][..LANES];
                for (row, &k) in out_rows
                    .chunks_exact_mut(rows.next_multiple_of(LANES))
                    .zip(source)
                {
                    row[i] = k;
                }
            }
        });
    out
}

/// `sqrt(own · (1 / K other)^λ)`.
fn updated(
    cpu: Cpu,
    kernel: &Padded,
    other: &[f32],
    own: &[f32],
    len: usize,
    lambda: f32,
) -> Vec<f32> {
    let mut out = vec![0.0; own.len()];
    out[..len]
        .par_chunks_mut(LANES)
        .enumerate()
        .for_each(|(band, out)| {
            for (r, out) in out.iter_mut().enumerate() {
                let i = band * LANES + r;
                let sum = cpu.run(Dot {
                    a: kernel.row(i),
                    b: other,
                });
                *out = (own[i] * (sum + TINY).powf(-lambda)).sqrt();
            }
        });
    out
}

/// `exp(-c / eps)`, in place.
struct Gibbs<'a> {
    row: &'a mut [f32],
    eps: f32,
}

impl Kernel for Gibbs<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let scale = 1.0 / self.eps;
        for c in self.row {
            let x = *c * scale;
            *c = math::exp::<S>(-(if x < CUTOFF { x } else { CUTOFF }));
        }
    }
}

/// A dot product of two padded rows.
struct Dot<'a> {
    a: &'a [f32],
    b: &'a [f32],
}

impl Kernel for Dot<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd>(self) -> f32 {
        let mut sums = [0.0f32; LANES];
        for (a, b) in self.a.chunks_exact(LANES).zip(self.b.chunks_exact(LANES)) {
            for lane in 0..LANES {
                sums[lane] = S::mul_add(a[lane], b[lane], sums[lane]);
            }
        }
        sums.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn solve(costs: &[&[f32]], eps: f32, rho: f32, iterations: usize) -> Matching {
        let dims = (costs.len(), costs[0].len());
        let cpu = Cpu::available()[0];
        Matching::solve(
            cpu,
            dims,
            |i, row| row.copy_from_slice(costs[i]),
            eps,
            rho,
            iterations,
        )
    }

    #[test]
    fn the_optimality_conditions_hold() {
        // Stationarity of the energy: u = (1/Kv)^λ and v = (1/K^T u)^λ, here in f64.
        let costs: [&[f32]; 3] = [
            &[0.1, 0.3, 0.2, 0.9],
            &[0.2, 0.05, 0.4, 0.1],
            &[0.6, 0.3, 0.02, 0.3],
        ];
        let (eps, rho) = (0.05, 0.2);
        let m = solve(&costs, eps, rho, 400);
        let lambda = f64::from(rho / (rho + eps));
        let k = |i: usize, j: usize| (-f64::from(costs[i][j]) / f64::from(eps)).exp();
        for i in 0..3 {
            let sum: f64 = (0..4).map(|j| k(i, j) * f64::from(m.v[j])).sum();
            assert!((sum.powf(-lambda) / f64::from(m.u[i]) - 1.0).abs() < 1e-4);
        }
        for j in 0..4 {
            let sum: f64 = (0..3).map(|i| k(i, j) * f64::from(m.u[i])).sum();
            assert!((sum.powf(-lambda) / f64::from(m.v[j]) - 1.0).abs() < 1e-4);
        }
    }

    #[test]
    fn one_target_is_taken_once() {
        // Both rows like column 0 best, row 1 only a little: transport gives it column 1.
        let costs: [&[f32]; 2] = [&[0.0, 0.5], &[0.01, 0.03]];
        let m = solve(&costs, 0.01, 1.0, 200);
        assert_eq!((m.row_mode(0).index, m.row_mode(1).index), (0, 1));
        assert!((m.row_mode(1).cost - 0.03).abs() < 1e-4);
        // Without iterations it is a softmax, and both take column 0.
        let m = solve(&costs, 0.01, 1.0, 0);
        assert_eq!((m.row_mode(0).index, m.row_mode(1).index), (0, 0));
    }

    #[test]
    fn what_matches_nothing_keeps_no_mass() {
        let costs: [&[f32]; 2] = [&[0.0, 0.7], &[0.7, 0.7]];
        let m = solve(&costs, 0.01, 0.1, 100);
        assert!((m.row_mode(0).mass - 1.0).abs() < 0.01);
        assert!(m.row_mode(1).mass < 0.1 && m.column_mode(1).mass < 0.1);
    }

    #[test]
    fn exchanging_the_sets_transposes_the_plan_bit_for_bit() {
        let cost = |i: usize, j: usize| 0.001 * ((i * 37 + j * 101) % 251) as f32;
        let (n, m) = (23, 40);
        let cpu = *Cpu::available().last().unwrap();
        let fill = |f: &(dyn Fn(usize) -> f32 + Sync), row: &mut [f32]| {
            for (j, c) in row.iter_mut().enumerate() {
                *c = f(j);
            }
        };
        let a = Matching::solve(
            cpu,
            (n, m),
            |i, row| fill(&|j| cost(i, j), row),
            0.02,
            0.1,
            20,
        );
        let b = Matching::solve(
            cpu,
            (m, n),
            |i, row| fill(&|j| cost(j, i), row),
            0.02,
            0.1,
            20,
        );
        assert_eq!((&a.u, &a.v), (&b.v, &b.u));
        for i in 0..n {
            assert_eq!(a.row_mode(i), b.column_mode(i));
        }
    }
}
