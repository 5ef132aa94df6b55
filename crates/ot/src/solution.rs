//! The entropic plan of a problem: potentials, marginals, entries, values, barycentric projections.

use crate::cost::GibbsKernel;
use crate::problem::{Problem, sum};
use crate::schedule::Schedule;

/// Which form of the iteration ran at the final eps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Scalings of the plain Gibbs kernel.
    Scaling,
    /// Scalings of a kernel that has absorbed potentials.
    Stabilised,
    /// Soft minima.
    Log,
}

/// How a solve went.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Whether the last stage met its tolerance.
    pub converged: bool,
    /// Sweeps in all stages.
    pub sweeps: usize,
    /// `(sweeps so far, error)` at every check: the share of the source's mass that the sweep moved, which for a
    /// hard constraint is the L1 error of the source marginal before it.
    pub errors: Vec<(usize, f32)>,
    /// The form that ran at the final eps.
    pub form: Form,
    /// How often potentials were absorbed into a new kernel, in all stages.
    pub absorptions: usize,
    /// The stages.
    pub schedule: Schedule,
}

/// Potentials to start from, in units of cost.
#[derive(Debug, Clone, Copy)]
pub struct Potentials<'a> {
    /// Of the sources.
    pub f: &'a [f64],
    /// Of the targets.
    pub g: &'a [f64],
}

#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub f: Vec<f64>,
    pub g: Vec<f64>,
    pub source_marginal: Vec<f32>,
    pub target_marginal: Vec<f32>,
    pub report: Report,
}

/// The entropic plan `pi_ij = a_i b_j exp((f_i + g_j - c_ij) / eps)` of a problem. The plan is never
/// stored; its entries are computed when asked for.
#[derive(Debug, Clone)]
pub struct Solution<'p, K> {
    problem: &'p Problem<K>,
    answer: Answer,
}

impl<'p, K: GibbsKernel> Solution<'p, K> {
    pub(super) fn new(problem: &'p Problem<K>, answer: Answer) -> Self {
        Self { problem, answer }
    }

    /// How the solve went.
    pub fn report(&self) -> &Report {
        &self.answer.report
    }

    /// Both potentials, in units of cost. They are defined for points without mass too (by the soft minimum), and `+∞`
    /// for a point with slack that no mass can reach.
    pub fn potentials(&self) -> Potentials<'_> {
        Potentials {
            f: &self.answer.f,
            g: &self.answer.g,
        }
    }

    /// Row sums of the plan.
    pub fn source_marginal(&self) -> &[f32] {
        &self.answer.source_marginal
    }

    /// Column sums of the plan.
    pub fn target_marginal(&self) -> &[f32] {
        &self.answer.target_marginal
    }

    /// L1 distances of the marginals from the masses, as shares of the source's mass (0 if there is none).
    pub fn marginal_errors(&self) -> (f64, f64) {
        let a = self.problem.source_mass();
        let b = self.problem.target_mass();
        let total = sum(a);
        let l1 = |x: &[f32], y: &[f32]| -> f64 {
            let d: f64 = x.iter().zip(y).map(|(&x, &y)| f64::from(x - y).abs()).sum();
            if total > 0.0 { d / total } else { 0.0 }
        };
        (l1(self.source_marginal(), a), l1(self.target_marginal(), b))
    }

    /// One entry of the plan.
    pub fn plan_entry(&self, source: usize, target: usize) -> f64 {
        let cost = self.problem.kernel().cost(source, target);
        self.entry(source, target, cost)
    }

    fn entry(&self, i: usize, j: usize, cost: f32) -> f64 {
        let a = f64::from(self.problem.source_mass()[i]);
        let b = f64::from(self.problem.target_mass()[j]);
        let (f, g) = (self.answer.f[i], self.answer.g[j]);
        if a == 0.0 || b == 0.0 || cost == f32::INFINITY || f + g == f64::INFINITY {
            return 0.0;
        }
        let z = (f + g - f64::from(cost)) / f64::from(self.problem.eps());
        a * b * z.exp()
    }

    /// Calls `visit(target, mass, cost)` for the support of a source.
    pub fn visit_row(&self, source: usize, mut visit: impl FnMut(usize, f64, f32)) {
        self.problem.kernel().visit_row(source, |j, c| {
            visit(j, self.entry(source, j, c), c);
        });
    }

    /// Calls `visit(source, mass, cost)` for the support of a target.
    pub fn visit_column(&self, target: usize, mut visit: impl FnMut(usize, f64, f32)) {
        self.problem.kernel().visit_column(target, |i, c| {
            visit(i, self.entry(i, target, c), c);
        });
    }

    fn sources(&self) -> usize {
        self.answer.f.len()
    }

    fn targets(&self) -> usize {
        self.answer.g.len()
    }

    /// Total of the source's masses.
    pub(super) fn source_total(&self) -> f64 {
        sum(self.masses().0)
    }

    /// The masses of both sides over their totals.
    pub(super) fn shares(&self) -> (Vec<f64>, Vec<f64>) {
        let shares = |m: &[f32]| {
            let total = sum(m);
            m.iter().map(|&m| f64::from(m) / total).collect()
        };
        let (a, b) = self.masses();
        (shares(a), shares(b))
    }

    /// Total mass of the plan.
    pub fn mass(&self) -> f64 {
        sum(self.source_marginal())
    }

    /// `sum pi·c`, without entropy and slack; takes a pass over all pairs.
    pub fn transport_cost(&self) -> f64 {
        let mut total = 0.0;
        for i in 0..self.sources() {
            self.visit_row(i, |_, mass, cost| total += mass * f64::from(cost));
        }
        total
    }

    /// The minimised value at the plan, `sum pi·c + eps·KL(pi | a⊗b) +` slack terms, from potentials and marginals. A
    /// hard constraint that is not quite met is not charged.
    pub fn primal_value(&self) -> f64 {
        let (slack, eps) = (self.problem.slack(), f64::from(self.problem.eps()));
        let (a, b) = self.masses();
        let (r, s) = (self.source_marginal(), self.target_marginal());
        // c + eps·ln(pi / ab) = f + g on the support.
        weighted(&self.answer.f, r) + weighted(&self.answer.g, s)
            - eps * (self.mass() - sum(a) * sum(b))
            + slack_value(slack.source, r, a)
            + slack_value(slack.target, s, b)
    }

    /// The dual value at the potentials: at most the optimum, whatever the potentials are.
    pub fn dual_value(&self) -> f64 {
        let (slack, eps) = (self.problem.slack(), f64::from(self.problem.eps()));
        let (a, b) = self.masses();
        conjugate(slack.source, &self.answer.f, a) + conjugate(slack.target, &self.answer.g, b)
            - eps * (self.mass() - sum(a) * sum(b))
    }

    /// Primal minus dual value. Tends to 0; with a hard constraint it may be negative before.
    pub fn duality_gap(&self) -> f64 {
        self.primal_value() - self.dual_value()
    }

    fn masses(&self) -> (&'p [f32], &'p [f32]) {
        (self.problem.source_mass(), self.problem.target_mass())
    }

    /// Barycentric projection of the sources: the mean of the targets' positions under each row. `None` for a row
    /// without mass.
    pub fn project_sources<const D: usize>(&self, positions: &[[f32; D]]) -> Vec<Option<[f64; D]>> {
        (0..self.sources())
            .map(|i| mean(positions, |visit| self.visit_row(i, |j, m, _| visit(j, m))))
            .collect()
    }

    /// The same of the targets, under each column.
    pub fn project_targets<const D: usize>(&self, positions: &[[f32; D]]) -> Vec<Option<[f64; D]>> {
        (0..self.targets())
            .map(|j| {
                mean(positions, |visit| {
                    self.visit_column(j, |i, m, _| visit(i, m))
                })
            })
            .collect()
    }

    /// For every source the target that gets most of its mass (the first of equals); `None` for a row without mass.
    pub fn source_modes(&self) -> Vec<Option<usize>> {
        (0..self.sources())
            .map(|i| mode(|visit| self.visit_row(i, |j, m, _| visit(j, m))))
            .collect()
    }

    /// For every target the source that most of its mass comes from.
    pub fn target_modes(&self) -> Vec<Option<usize>> {
        (0..self.targets())
            .map(|j| mode(|visit| self.visit_column(j, |i, m, _| visit(i, m))))
            .collect()
    }
}

/// `sum p·m`, masses of 0 left out.
fn weighted(potential: &[f64], mass: &[f32]) -> f64 {
    potential
        .iter()
        .zip(mass)
        .filter(|(_, m)| **m > 0.0)
        .map(|(p, &m)| p * f64::from(m))
        .sum()
}

/// `rho·KL(marginal | mass)`; 0 for a hard constraint.
fn slack_value(rho: f32, marginal: &[f32], mass: &[f32]) -> f64 {
    if rho == f32::INFINITY {
        return 0.0;
    }
    let kl: f64 = marginal
        .iter()
        .zip(mass)
        .map(|(&p, &q)| {
            let (p, q) = (f64::from(p), f64::from(q));
            let log = if p > 0.0 { p * (p / q).ln() } else { 0.0 };
            log - p + q
        })
        .sum();
    f64::from(rho) * kl
}

/// `-rho · sum m·(exp(-p / rho) - 1)`, which is `sum p·m` for a hard constraint and 0 for none.
fn conjugate(rho: f32, potential: &[f64], mass: &[f32]) -> f64 {
    if rho == f32::INFINITY {
        return weighted(potential, mass);
    }
    if rho == 0.0 {
        return 0.0;
    }
    let rho = f64::from(rho);
    potential
        .iter()
        .zip(mass)
        .filter(|(_, m)| **m > 0.0)
        .map(|(p, &m)| -rho * f64::from(m) * (-p / rho).exp_m1())
        .sum()
}

fn mean<const D: usize>(
    positions: &[[f32; D]],
    visit_all: impl FnOnce(&mut dyn FnMut(usize, f64)),
) -> Option<[f64; D]> {
    let (mut total, mut sum) = (0.0, [0.0; D]);
    visit_all(&mut |j, mass| {
        total += mass;
        for (s, &x) in sum.iter_mut().zip(&positions[j]) {
            *s += mass * f64::from(x);
        }
    });
    (total > 0.0).then(|| sum.map(|s| s / total))
}

fn mode(visit_all: impl FnOnce(&mut dyn FnMut(usize, f64))) -> Option<usize> {
    let (mut best, mut most) = (None, 0.0);
    visit_all(&mut |j, mass| {
        if mass > most {
            (best, most) = (Some(j), mass);
        }
    });
    best
}
