//! The Sinkhorn iteration: one loop for every kernel, balanced or not, scaled or in logarithms.
//!
//! With potentials `f`, `g` the plan is `pi_ij = a_i b_j exp((f_i + g_j - c_ij) / eps)`. A sweep sets
//!
//! ```text
//! f_i = -λ_a · eps · ln sum_j b_j exp((g_j - c_ij) / eps),     λ_a = rho_a / (rho_a + eps),
//! ```
//! then `g` likewise from `f` (Chizat et al. 2018; Séjourné et al. 2019). λ is 1 without slack
//! (Cuturi 2013) and 0 where `rho` is 0. Three forms of that one iteration exist:
//!
//! | form | what a sweep costs | when it is right |
//! |---|---|---|
//! | scaling, `u = a/(K v)` | two multiply-adds a pair | range of costs up to some 60 eps |
//! | stabilised: scaling after absorbing potentials, `K = exp((f + g - c)/eps)` | the same, and now and then a new kernel | smaller eps, dense kernels |
//! | log: soft minima | two exponentials a pair | smaller eps, separable kernels; the way out when scalings break |
//!
//! The loop starts with the cheapest that the cost's range allows, watches the scalings, absorbs them when they
//! drift, and goes back to sound potentials and takes soft minima when they over- or underflow (Schmitzer 2019).
//! [`Report::form`] says what ran.
//!
//! # When it does not converge
//! The error shrinks by about `1 - exp(-range/eps)` a sweep in the worst case: raise eps, or `max_sweeps`. Where
//! pairs are forbidden, hard marginals that no plan on the support meets keep the error above a bound: give slack.

mod relaxation;
mod side;

use crate::cost::{GibbsKernel, Memory, Quantum};
use crate::error::Error;
use crate::problem::{Problem, sum};
use crate::schedule::{STEEP, Schedule, Stage};
use crate::solution::{Answer, Form, Potentials, Report, Solution};
use otinterp_simd::{Kernel, Level};
use relaxation::Relaxation;
use side::{Fill, Health, LastScaling, LogSweeps, Pair, ScalingSweeps, Side};

/// Scalings of an absorbed kernel beyond this are absorbed: entries of the kernel that were rounded to zero (below
/// `e^-87`) then still count for less than `e^-40` of the mass.
const DRIFT_ABSORBED: f32 = 1e10;
/// Of a kernel as it is, all of whose entries are above `e^-STEEP`, only overflow matters.
const DRIFT_PLAIN: f32 = 1e25;
/// Most sweeps in the log form after scalings broke, before scalings are tried again.
const MAX_RESCUE: usize = 64;

/// How problems are solved.
///
/// ```
/// use otinterp_ot::{Problem, Sinkhorn, cost::Dense};
///
/// // Two clusters of two points each, and four targets likewise: each cluster goes to the near one.
/// let x = [0.0f32, 0.1, 1.0, 1.1];
/// let y = [0.05f32, 0.15, 1.2, 1.3];
/// let cost: Vec<f32> = x.iter().flat_map(|x| y.map(|y| (x - y) * (x - y))).collect();
/// let problem = Problem::balanced(Dense::new(4, 4, &cost)?, vec![0.25; 4], vec![0.25; 4], 0.01)?;
/// let solution = Sinkhorn::default().solve(&problem)?;
/// assert!(solution.report().converged);
/// let near: f64 = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(i, j)| solution.plan_entry(i, j)).iter().sum();
/// assert!((near - 0.5).abs() < 1e-5); // all of the left cluster's mass
/// # Ok::<(), otinterp_ot::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Sinkhorn {
    /// Done when a sweep moves at most this share of the source's mass; for hard constraints the L1 error of
    /// the marginals. About 10^-7 is the least that `f32` sums can show.
    pub tolerance: f32,
    /// Most sweeps at the final eps.
    pub max_sweeps: usize,
    /// Sweeps between two looks at the error.
    pub check_every: usize,
    /// The stages of eps; `None` is [`Schedule::annealed`] over the problem's own range.
    pub schedule: Option<Schedule>,
    /// Whether slow balanced problems are over-relaxed.
    pub over_relax: bool,
    /// Soft minima from the first sweep on. Slower; for comparisons.
    pub log_domain: bool,
    /// CPU level; `None` is [`Level::current`].
    pub level: Option<Level>,
}

impl Default for Sinkhorn {
    fn default() -> Self {
        Self {
            tolerance: 1e-5,
            max_sweeps: 10_000,
            check_every: 10,
            schedule: None,
            over_relax: true,
            log_domain: false,
            level: None,
        }
    }
}

impl Sinkhorn {
    /// Solves a problem.
    ///
    /// # Errors
    /// [`Error::Parameter`] if an option is out of range, [`Error::Level`] if `OTINTERP_CPU` is.
    pub fn solve<'p, K: GibbsKernel>(
        &self,
        problem: &'p Problem<K>,
    ) -> Result<Solution<'p, K>, Error> {
        self.solve_from(problem, None)
    }

    /// The same, from potentials near the solution's.
    ///
    /// # Errors
    /// As [`Sinkhorn::solve`], and potentials of a wrong length. Potentials that are not finite count as 0.
    pub fn solve_from<'p, K: GibbsKernel>(
        &self,
        problem: &'p Problem<K>,
        start: Option<Potentials<'_>>,
    ) -> Result<Solution<'p, K>, Error> {
        let level = self.check(problem)?;
        if let Some(start) = start {
            let sides = [
                (start.f.len(), problem.kernel().sources().points()),
                (start.g.len(), problem.kernel().targets().points()),
            ];
            for (found, expected) in sides {
                if found != expected {
                    return Err(Error::Length {
                        what: "potentials",
                        expected,
                        found,
                    });
                }
            }
        }
        let answer = Solver::new(self, problem, level).solve(start);
        Ok(Solution::new(problem, answer))
    }

    fn check<K: GibbsKernel>(&self, problem: &Problem<K>) -> Result<Level, Error> {
        let bad = |what, value: f64, range| Err(Error::Parameter { what, value, range });
        if self.tolerance.is_nan() || self.tolerance < 0.0 {
            return bad("tolerance", self.tolerance.into(), "at least 0");
        }
        if self.check_every == 0 {
            return bad("check interval", 0.0, "at least 1");
        }
        if let Some(schedule) = &self.schedule {
            let last = schedule.stages.last().map_or(f32::NAN, |s| s.eps);
            if last != problem.eps() {
                return bad("last eps of the schedule", last.into(), "the problem's eps");
            }
            for stage in &schedule.stages {
                if !(stage.eps > 0.0 && stage.eps.is_finite()) {
                    return bad("eps", stage.eps.into(), "finite and above 0");
                }
            }
        }
        Ok(match self.level {
            Some(level) => level,
            None => Level::current()?,
        })
    }
}

/// The memory of a solve, and where it stands.
struct Solver<'a, K> {
    options: &'a Sinkhorn,
    problem: &'a Problem<K>,
    level: Level,
    memory: Memory,
    source: Side,
    target: Side,
    quantum: Quantum,
    extent: f32,
    mass: f64,
    form: Form,
    absorptions: usize,
    sweeps: usize,
    errors: Vec<(usize, f32)>,
}

impl<'a, K: GibbsKernel> Solver<'a, K> {
    fn new(options: &'a Sinkhorn, problem: &'a Problem<K>, level: Level) -> Self {
        let kernel = problem.kernel();
        let range = kernel.range();
        let mut memory = Memory::default();
        kernel.allocate(&mut memory);
        Self {
            options,
            problem,
            level,
            memory,
            source: Side::new(kernel.sources()),
            target: Side::new(kernel.targets()),
            quantum: range.quantum(),
            extent: range.extent(),
            mass: 0.0,
            form: Form::Scaling,
            absorptions: 0,
            sweeps: 0,
            errors: Vec::new(),
        }
    }

    fn solve(mut self, start: Option<Potentials<'_>>) -> Answer {
        let (problem, slack) = (self.problem, self.problem.slack());
        let [a, b] = problem.live();
        self.source.set(a, slack.source, start.map(|s| s.f));
        self.target.set(b, slack.target, start.map(|s| s.g));
        self.mass = sum(a);
        let options = self.options;
        let schedule = options.schedule.clone().unwrap_or_else(|| {
            let (tolerance, max_sweeps) = (options.tolerance, options.max_sweeps);
            Schedule::annealed(self.extent, problem.eps(), tolerance, max_sweeps)
        });
        if self.mass == 0.0 || sum(b) == 0.0 {
            return self.nothing_to_move(schedule);
        }
        let mut converged = false;
        for (k, stage) in schedule.stages.iter().enumerate() {
            let warm = k > 0 || start.is_some();
            converged = if self.options.log_domain || !self.can_scale(stage.eps) {
                self.form = Form::Log;
                self.run_log(stage, stage.max_sweeps)
            } else {
                self.form = Form::Scaling;
                self.run_scaling(stage, warm)
            };
        }
        self.finish(schedule, converged)
    }

    /// No mass on a side: the plan is zero.
    fn nothing_to_move(&self, schedule: Schedule) -> Answer {
        let (n, m) = (self.source.layout.points(), self.target.layout.points());
        Answer {
            f: vec![0.0; n],
            g: vec![0.0; m],
            source_marginal: vec![0.0; n],
            target_marginal: vec![0.0; m],
            report: self.report(schedule, true),
        }
    }

    fn report(&self, schedule: Schedule, converged: bool) -> Report {
        Report {
            converged,
            sweeps: self.sweeps,
            errors: self.errors.clone(),
            form: if self.form == Form::Scaling && self.absorptions > 0 {
                Form::Stabilised
            } else {
                self.form
            },
            absorptions: self.absorptions,
            schedule,
        }
    }

    /// Whether the scaling form is worth a try.
    fn can_scale(&self, eps: f32) -> bool {
        K::ABSORBS || self.extent <= STEEP * eps
    }

    fn pair(&mut self, eps: f32) -> Pair<'_, K> {
        Pair {
            kernel: self.problem.kernel(),
            memory: &mut self.memory,
            source: &mut self.source,
            target: &mut self.target,
            quantum: self.quantum,
            eps,
        }
    }

    fn run<T: Kernel>(level: Level, step: T) -> T::Output {
        level.run(step)
    }

    /// Makes kernel and scalings from the potentials.
    fn absorb(&mut self, eps: f32, into_kernel: bool) {
        let quantum = into_kernel.then_some(self.quantum);
        self.source.absorb(eps, quantum);
        self.target.absorb(eps, quantum);
        let level = self.level;
        Self::run(level, Fill(self.pair(eps)));
        self.absorptions += usize::from(into_kernel);
    }

    /// Sweeps in the scaling form, stabilised if need be.
    fn run_scaling(&mut self, stage: &Stage, warm: bool) -> bool {
        let eps = stage.eps;
        let steep = self.extent > STEEP * eps;
        let mut left = stage.max_sweeps;
        if steep && left > 0 {
            self.log_sweeps(eps, 1.0, 1);
            left -= 1;
        }
        let mut absorbed = K::ABSORBS && (steep || warm);
        self.absorb(eps, absorbed);
        let mut rescue = 1;
        let mut relaxation = Relaxation::new(self.options.over_relax && self.is_hard());
        while left > 0 {
            let sweeps = self.options.check_every.min(left);
            self.source.save();
            self.target.save();
            let (level, omega) = (self.level, relaxation.omega());
            let pair = self.pair(eps);
            let moved = Self::run(
                level,
                ScalingSweeps {
                    pair,
                    omega,
                    sweeps,
                },
            );
            let bound = if absorbed {
                DRIFT_ABSORBED
            } else {
                DRIFT_PLAIN
            };
            let health = self.source.health(bound).max(self.target.health(bound));
            if health == Health::Broken || !moved.is_finite() {
                self.source.restore();
                self.target.restore();
                self.release(eps);
                if !K::ABSORBS {
                    self.form = Form::Log;
                    return self.run_log(stage, left);
                }
                let sweeps = rescue.min(left);
                self.log_sweeps(eps, 1.0, sweeps);
                left -= sweeps;
                rescue = (2 * rescue).min(MAX_RESCUE);
                absorbed = true;
                self.absorb(eps, true);
                relaxation.reset();
                continue;
            }
            left -= sweeps;
            self.sweeps += sweeps;
            if self.note(moved, stage, &mut relaxation) {
                return true;
            }
            if health == Health::Drifting {
                self.release(eps);
                if !K::ABSORBS {
                    self.form = Form::Log;
                    return self.run_log(stage, left);
                }
                absorbed = true;
                self.absorb(eps, true);
            }
        }
        false
    }

    fn release(&mut self, eps: f32) {
        self.source.release(eps);
        self.target.release(eps);
    }

    fn is_hard(&self) -> bool {
        self.problem.slack().is_none()
    }

    /// Sweeps of soft minima.
    fn run_log(&mut self, stage: &Stage, mut left: usize) -> bool {
        let mut relaxation = Relaxation::new(self.options.over_relax && self.is_hard());
        while left > 0 {
            let sweeps = self.options.check_every.min(left);
            let moved = self.log_sweeps(stage.eps, relaxation.omega(), sweeps);
            left -= sweeps;
            if self.note(moved, stage, &mut relaxation) {
                return true;
            }
        }
        false
    }

    fn log_sweeps(&mut self, eps: f32, omega: f32, sweeps: usize) -> f32 {
        let level = self.level;
        self.sweeps += sweeps;
        let pair = self.pair(eps);
        Self::run(
            level,
            LogSweeps {
                pair,
                omega,
                sweeps,
                last: false,
            },
        )
    }

    /// Notes an error; whether the stage is done. Over-relaxed sweeps leave the targets' marginal unmet, so the
    /// last check is always of a plain sweep.
    fn note(&mut self, moved: f32, stage: &Stage, relaxation: &mut Relaxation) -> bool {
        let error = (f64::from(moved) / self.mass) as f32;
        self.errors.push((self.sweeps, error));
        if error > stage.tolerance {
            relaxation.observe(self.sweeps, error);
            return false;
        }
        let plain = relaxation.omega() == 1.0;
        relaxation.reset();
        plain
    }

    /// A last half sweep: the sources' marginal is met, both marginals are those of the plan.
    fn finish(&mut self, schedule: Schedule, converged: bool) -> Answer {
        let (eps, level) = (self.problem.eps(), self.level);
        let marginals = if self.form == Form::Log {
            let pair = self.pair(eps);
            let step = LogSweeps {
                pair,
                omega: 1.0,
                sweeps: 1,
                last: true,
            };
            Self::run(level, step);
            let m = [&self.source, &self.target].map(|s| s.marginal_of_potential(eps));
            self.target.extend_potential(eps);
            m
        } else {
            Self::run(level, LastScaling(self.pair(eps)));
            self.release(eps);
            [&self.source, &self.target].map(Side::marginal_of_scaling)
        };
        let [source_marginal, target_marginal] = marginals;
        let mut f = self.source.layout.load(&self.source.potential);
        let mut g = self.target.layout.load(&self.target.potential);
        let slack = self.problem.slack();
        let [a, b] = self.problem.live();
        mark_unserved(&mut f, self.problem.source_mass(), a, slack.source);
        mark_unserved(&mut g, self.problem.target_mass(), b, slack.target);
        Answer {
            f,
            g,
            source_marginal,
            target_marginal,
            report: self.report(schedule, converged),
        }
    }
}

/// A point with mass and slack but without partner has the potential `+∞`: no price is high enough.
fn mark_unserved(potential: &mut [f64], mass: &[f32], live: &[f32], rho: f32) {
    for ((p, &mass), &live) in potential.iter_mut().zip(mass).zip(live) {
        if mass > 0.0 && live == 0.0 && rho > 0.0 {
            *p = f64::INFINITY;
        }
    }
}
