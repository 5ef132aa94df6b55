//! Unbalanced entropic coupling of two small sets, all pairs and any cost, by the symmetrised Sinkhorn iteration.
//!
//! ```text
//! minimise  sum pi·c  +  eps·KL(pi | 1⊗1)  +  rho·KL(pi 1 | 1)  +  rho·KL(pi^T 1 | 1)
//! ```
//! Both sides are updated at once from the last iterates and averaged in the potentials,
//! `u ← sqrt(u · (1 / K v)^λ)`, `v ← sqrt(v · (1 / K^T u)^λ)`, `λ = rho / (rho + eps)` (the symmetrised
//! iteration of Feydy, *Geometric data analysis, beyond convolutions*, 2020, §3.3). So neither side
//! comes first, and exchanging the sets transposes the plan, bit for bit.

use otinterp_simd::{Kernel, LANES, Level as Cpu, Number, Simd, Vector, math};
use rayon::prelude::*;

/// Rows whose sums are open at a time.
const ROWS: usize = 4;
/// Columns that are added up at a time: their open sums stay in the nearest cache.
const STRIP: usize = 256;
/// Costs above this many `eps` are cut off there: `exp(-80)` is still a normal f32.
const CUTOFF: f32 = 80.0;
/// Smallest sum that is divided by.
const TINY: f32 = 1e-30;

/// The coupling. Plan entries are `K[i][j] · u[i] · v[j]`.
#[derive(Debug)]
pub struct SymmetricCoupling {
    eps: f32,
    kernel: Padded,
    u: Vec<f32>,
    v: Vec<f32>,
}

/// A matrix whose rows are padded to whole vectors with zeros. Sums, of rows and of columns alike, are of [`LANES`] sums of every
/// so-manieth term: so a matrix and its transpose have the same, bit for bit.
#[derive(Debug)]
struct Padded {
    columns: usize,
    stride: usize,
    values: Vec<f32>,
}

impl Padded {
    fn zeros(rows: usize, columns: usize) -> Self {
        let stride = columns.next_multiple_of(LANES);
        Self {
            columns,
            stride,
            values: vec![0.0; rows * stride],
        }
    }

    #[inline(always)]
    fn row(&self, i: usize) -> &[f32] {
        &self.values[i * self.stride..][..self.stride]
    }
}

/// What a row (or column) of the plan says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mode {
    /// Where the row's largest entry is, the first of several.
    pub index: usize,
    /// Mass of the row in the plan; 1 would be all of it.
    pub mass: f32,
    /// Cost of the largest entry, up to the cut-off.
    pub cost: f32,
}

impl SymmetricCoupling {
    /// Solves between `rows` and `columns` points of mass 1. `fill_costs(i, row)` writes the costs ≥ 0
    /// of row `i` into the first `columns` places of `row`.
    ///
    /// Takes `rows · columns` floats of memory and, for each iteration, two passes over them.
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
        let mut v = vec![0.0; kernel.stride];
        v[..columns].fill(1.0);
        let mut out = Self {
            eps,
            u: vec![1.0; rows],
            v,
            kernel,
        };
        out.iterate(cpu, rho / (rho + eps), iterations);
        out
    }

    fn iterate(&mut self, cpu: Cpu, lambda: f32, iterations: usize) {
        let mut of_rows = vec![0.0; self.u.len()];
        let mut of_columns = vec![0.0; self.kernel.columns];
        for _ in 0..iterations {
            rayon::join(
                || self.row_sums(cpu, &mut of_rows),
                || self.column_sums(cpu, &mut of_columns),
            );
            for (own, sums) in [(&mut self.u, &of_rows), (&mut self.v, &of_columns)] {
                cpu.run(Update { own, sums, lambda });
            }
        }
    }

    /// `K v`.
    fn row_sums(&self, cpu: Cpu, out: &mut [f32]) {
        let parts = out.par_chunks_mut(ROWS).enumerate();
        parts.for_each(|(n, out)| {
            let rows = &self.kernel.values[n * ROWS * self.kernel.stride..];
            let v = &self.v;
            cpu.run(RowSums { rows, v, out });
        });
    }

    /// `K^T u`.
    fn column_sums(&self, cpu: Cpu, out: &mut [f32]) {
        let parts = out.par_chunks_mut(STRIP).enumerate();
        parts.for_each(|(n, out)| {
            cpu.run(ColumnSums {
                kernel: &self.kernel,
                first: n * STRIP,
                u: &self.u,
                out,
            });
        });
    }

    /// The plan's rows: modes and masses.
    pub fn row_modes(&self, cpu: Cpu) -> Vec<Mode> {
        let rows = self.u.par_iter().enumerate();
        rows.map(|(i, &u)| {
            let row = self.kernel.row(i);
            let peak = cpu.run(RowPeak { row, v: &self.v });
            self.mode(row[peak.index], u, peak)
        })
        .collect()
    }

    /// The plan's columns: modes and masses.
    pub fn column_modes(&self, cpu: Cpu) -> Vec<Mode> {
        let mut peaks = vec![Peak::default(); self.kernel.columns];
        let parts = peaks.par_chunks_mut(STRIP).enumerate();
        parts.for_each(|(n, out)| {
            cpu.run(ColumnPeaks {
                kernel: &self.kernel,
                first: n * STRIP,
                u: &self.u,
                out,
            });
        });
        let columns = peaks.into_iter().zip(&self.v).enumerate();
        columns
            .map(|(j, (peak, &v))| self.mode(self.kernel.row(peak.index)[j], v, peak))
            .collect()
    }

    fn mode(&self, kernel: f32, own: f32, peak: Peak) -> Mode {
        Mode {
            index: peak.index,
            mass: own * peak.sum,
            cost: -self.eps * kernel.max(f32::MIN_POSITIVE).ln(),
        }
    }

    /// Mass of row `i` on the columns that `near` accepts.
    pub fn row_mass_where(&self, i: usize, near: impl Fn(usize) -> bool) -> f32 {
        let row = self.kernel.row(i);
        let near = (0..self.kernel.columns).filter(|&j| near(j));
        self.u[i] * near.map(|j| row[j] * self.v[j]).sum::<f32>()
    }

    /// Mass of column `j` on the rows that `near` accepts.
    pub fn column_mass_where(&self, j: usize, near: impl Fn(usize) -> bool) -> f32 {
        let near = (0..self.u.len()).filter(|&i| near(i));
        self.v[j] * near.map(|i| self.kernel.row(i)[j] * self.u[i]).sum::<f32>()
    }
}

/// Largest product of a row or column with the scalings of the other side, and the sum of all.
#[derive(Debug, Clone, Copy, Default)]
struct Peak {
    index: usize,
    sum: f32,
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

/// `own ← sqrt(own · (1 / sums)^λ)`.
struct Update<'a> {
    own: &'a mut [f32],
    sums: &'a [f32],
    lambda: f32,
}

impl Kernel for Update<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        for (own, sum) in self.own.iter_mut().zip(self.sums) {
            *own = (*own * math::pow::<S>(sum + TINY, -self.lambda)).sqrt();
        }
    }
}

/// Up to [`ROWS`] rows times a vector.
struct RowSums<'a> {
    /// These and those behind them.
    rows: &'a [f32],
    v: &'a [f32],
    out: &'a mut [f32],
}

impl Kernel for RowSums<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let stride = self.v.len();
        // Where there are fewer the last is added up again.
        let last = self.out.len() - 1;
        let rows: [&[f32]; ROWS] =
            std::array::from_fn(|r| &self.rows[r.min(last) * stride..][..stride]);
        let mut sums = [S::V::splat(0.0); ROWS];
        for at in (0..stride).step_by(LANES) {
            let v = S::V::load(&self.v[at..]);
            for r in 0..ROWS {
                sums[r] = S::V::load(&rows[r][at..]).mul_add(v, sums[r]);
            }
        }
        for (out, sums) in self.out.iter_mut().zip(sums) {
            let mut lanes = [0.0; LANES];
            sums.store(&mut lanes);
            *out = lanes.iter().sum();
        }
    }
}

/// Up to [`STRIP`] columns from `first` on times a vector.
struct ColumnSums<'a> {
    kernel: &'a Padded,
    first: usize,
    u: &'a [f32],
    out: &'a mut [f32],
}

impl Kernel for ColumnSums<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let count = self.out.len();
        let mut sums = [[0.0f32; STRIP]; LANES];
        for (i, &u) in self.u.iter().enumerate() {
            let row = &self.kernel.row(i)[self.first..][..count];
            let sums = &mut sums[i % LANES][..count];
            for x in 0..count {
                sums[x] = S::mul_add(row[x], u, sums[x]);
            }
        }
        add_lanes(&sums, self.out);
    }
}

/// The sums of every column's [`LANES`] sums.
#[inline(always)]
fn add_lanes(sums: &[[f32; STRIP]; LANES], out: &mut [f32]) {
    out.fill(0.0);
    for sums in sums {
        for (out, sum) in out.iter_mut().zip(sums) {
            *out += sum;
        }
    }
}

/// The largest product of a row with a vector.
struct RowPeak<'a> {
    row: &'a [f32],
    v: &'a [f32],
}

impl Kernel for RowPeak<'_> {
    type Output = Peak;

    #[inline(always)]
    fn run<S: Simd>(self) -> Peak {
        let (mut most, mut at) = ([-1.0f32; LANES], [0u32; LANES]);
        let mut sums = [0.0f32; LANES];
        let vectors = self.row.chunks_exact(LANES).zip(self.v.chunks_exact(LANES));
        for (n, (row, v)) in vectors.enumerate() {
            for lane in 0..LANES {
                let product = row[lane] * v[lane];
                sums[lane] += product;
                let is_more = product > most[lane];
                most[lane] = if is_more { product } else { most[lane] };
                at[lane] = if is_more { n as u32 } else { at[lane] };
            }
        }
        let index = |lane: usize| at[lane] as usize * LANES + lane;
        let mut best = 0;
        for lane in 1..LANES {
            let is_first = most[lane] == most[best] && index(lane) < index(best);
            if most[lane] > most[best] || is_first {
                best = lane;
            }
        }
        Peak {
            index: index(best),
            sum: sums.iter().sum(),
        }
    }
}

/// The same of up to [`STRIP`] columns from `first` on.
struct ColumnPeaks<'a> {
    kernel: &'a Padded,
    first: usize,
    u: &'a [f32],
    out: &'a mut [Peak],
}

impl Kernel for ColumnPeaks<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let count = self.out.len();
        let (mut most, mut at) = ([-1.0f32; STRIP], [0u32; STRIP]);
        let mut sums = [[0.0f32; STRIP]; LANES];
        for (i, &u) in self.u.iter().enumerate() {
            let row = &self.kernel.row(i)[self.first..][..count];
            let sums = &mut sums[i % LANES][..count];
            let (most, at) = (&mut most[..count], &mut at[..count]);
            for x in 0..count {
                let product = row[x] * u;
                sums[x] += product;
                let is_more = product > most[x];
                most[x] = if is_more { product } else { most[x] };
                at[x] = if is_more { i as u32 } else { at[x] };
            }
        }
        let mut totals = [0.0; STRIP];
        add_lanes(&sums, &mut totals[..count]);
        for (peak, (index, sum)) in self.out.iter_mut().zip(at.into_iter().zip(totals)) {
            *peak = Peak {
                index: index as usize,
                sum,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn solve(costs: &[&[f32]], eps: f32, rho: f32, iterations: usize) -> SymmetricCoupling {
        let dims = (costs.len(), costs[0].len());
        let cpu = Cpu::available()[0];
        SymmetricCoupling::solve(
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
        let modes = m.row_modes(Cpu::available()[0]);
        assert_eq!((modes[0].index, modes[1].index), (0, 1));
        assert!((modes[1].cost - 0.03).abs() < 1e-4);
        // Without iterations it is a softmax, and both take column 0.
        let m = solve(&costs, 0.01, 1.0, 0);
        let modes = m.row_modes(Cpu::available()[0]);
        assert_eq!((modes[0].index, modes[1].index), (0, 0));
    }

    #[test]
    fn what_matches_nothing_keeps_no_mass() {
        let costs: [&[f32]; 2] = [&[0.0, 0.7], &[0.7, 0.7]];
        let m = solve(&costs, 0.01, 0.1, 100);
        let cpu = Cpu::available()[0];
        let (rows, columns) = (m.row_modes(cpu), m.column_modes(cpu));
        assert!((rows[0].mass - 1.0).abs() < 0.01);
        assert!(rows[1].mass < 0.1 && columns[1].mass < 0.1);
    }

    #[test]
    fn exchanging_the_sets_transposes_the_plan_bit_for_bit() {
        let cost = |i: usize, j: usize| 0.001 * ((i * 37 + j * 101) % 251) as f32;
        let (n, m) = (23, 300);
        let cpu = *Cpu::available().last().unwrap();
        let fill = |f: &(dyn Fn(usize) -> f32 + Sync), row: &mut [f32]| {
            for (j, c) in row.iter_mut().enumerate() {
                *c = f(j);
            }
        };
        let a = SymmetricCoupling::solve(
            cpu,
            (n, m),
            |i, row| fill(&|j| cost(i, j), row),
            0.02,
            0.1,
            20,
        );
        let b = SymmetricCoupling::solve(
            cpu,
            (m, n),
            |i, row| fill(&|j| cost(j, i), row),
            0.02,
            0.1,
            20,
        );
        assert_eq!((&a.u[..], &a.v[..m]), (&b.v[..n], &b.u[..]));
        assert_eq!(a.row_modes(cpu), b.column_modes(cpu));
        assert_eq!(a.column_modes(cpu), b.row_modes(cpu));
        for i in 0..n {
            let near = |j: usize| j % 3 == 1;
            assert_eq!(a.row_mass_where(i, near), b.column_mass_where(i, near));
        }
    }
}
