//! The coupling of a tile against a textbook solver in f64, and against closed forms, at every CPU level.

use crate::common::Random;
use otinterp_ot::tile::{Options, SIDE, SOURCES, Solution, Stencil};
use otinterp_simd::{Kernel, Level, Simd};

/// Unit of the costs below: they go from 0 to 1.3.
const COST_STEP: f32 = 2e-5;

fn steps(cost: f32) -> u16 {
    (cost / COST_STEP).round() as u16
}

/// A problem with a window of diameter `D`.
struct Case<const D: usize> {
    cost: Vec<u16>,
    source_mass: Vec<f32>,
    target_mass: Vec<f32>,
    options: Options,
}

impl<const D: usize> Case<D> {
    fn random(seed: u64, options: Options) -> Self {
        let mut random = Random(seed);
        let cost = (0..Stencil::<D>::OFFSETS * SOURCES)
            .map(|_| steps(0.2 * random.unit()))
            .collect();
        // A quarter of the grid points do not exist.
        let mut mass = |n: usize| {
            (0..n)
                .map(|_| if random.unit() < 0.25 { 0.0 } else { 1.0 })
                .collect()
        };
        Self {
            cost,
            source_mass: mass(SOURCES),
            target_mass: mass(Stencil::<D>::TARGETS),
            options,
        }
    }

    fn solve(&self, level: Level) -> Solution<D> {
        let mut solution = Solution::new();
        level.run(Solve {
            case: self,
            solution: &mut solution,
        });
        solution
    }

    fn target_of(&self, offset: usize, source: usize) -> usize {
        (source / SIDE + offset / D) * Stencil::<D>::TARGET_SIDE + source % SIDE + offset % D
    }

    /// The plan in f32, `[offset][source]`.
    fn plan(&self, s: &Solution<D>) -> Vec<f64> {
        (0..self.cost.len())
            .map(|i| {
                let (offset, source) = (i / SOURCES, i % SOURCES);
                f64::from(s.kernel_at(offset, source))
                    * f64::from(s.u[source])
                    * f64::from(s.v[self.target_of(offset, source)])
            })
            .collect()
    }

    /// The plan by the plain scaling iteration in f64, without shift, stencil or approximation.
    fn oracle(&self) -> Vec<f64> {
        let o = &self.options;
        let (eps, rho) = (f64::from(o.eps), f64::from(o.rho));
        let lambda = rho / (rho + eps);
        let kernel: Vec<f64> = self
            .cost
            .iter()
            .map(|&c| (-f64::from(c) * f64::from(COST_STEP) / eps).exp())
            .collect();
        let mut u = vec![0.0; SOURCES];
        let mut v: Vec<f64> = self.target_mass.iter().map(|&b| f64::from(b)).collect();
        for sweep in 0..=o.sweeps {
            let mut sum = vec![0.0; SOURCES];
            for (i, k) in kernel.iter().enumerate() {
                sum[i % SOURCES] += k * v[self.target_of(i / SOURCES, i % SOURCES)];
            }
            for ((u, sum), &a) in u.iter_mut().zip(sum).zip(&self.source_mass) {
                *u = if a > 0.0 && sum > 0.0 {
                    (f64::from(a) / sum).powf(lambda)
                } else {
                    0.0
                };
            }
            if sweep == o.sweeps {
                break;
            }
            let mut sum = vec![0.0; v.len()];
            for (i, k) in kernel.iter().enumerate() {
                sum[self.target_of(i / SOURCES, i % SOURCES)] += k * u[i % SOURCES];
            }
            for ((v, sum), &b) in v.iter_mut().zip(sum).zip(&self.target_mass) {
                *v = if b > 0.0 {
                    (f64::from(b) / sum).powf(lambda).min(f64::from(o.v_max))
                } else {
                    0.0
                };
            }
        }
        (0..kernel.len())
            .map(|i| kernel[i] * u[i % SOURCES] * v[self.target_of(i / SOURCES, i % SOURCES)])
            .collect()
    }
}

struct Solve<'a, const D: usize> {
    case: &'a Case<D>,
    solution: &'a mut Solution<D>,
}

impl<const D: usize> Kernel for Solve<'_, D> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Case {
            cost,
            source_mass,
            target_mass,
            options,
            ..
        } = self.case;
        let masses = (&source_mass[..], &target_mass[..]);
        self.solution
            .solve::<S>(&mut cost.clone(), COST_STEP, masses, options);
    }
}

const NEARLY_BALANCED: f32 = 1e4;

fn options(eps: f32, rho: f32, sweeps: usize) -> Options {
    Options {
        eps,
        rho,
        sweeps,
        v_max: 1e9,
    }
}

#[test]
fn every_level_agrees_with_the_f64_oracle() {
    check_levels::<3>(1);
    check_levels::<5>(2);
    check_levels::<7>(3);
    check_levels::<9>(4);
}

fn check_levels<const D: usize>(seed: u64) {
    for options in [
        options(0.01, 0.05, 2),
        options(0.05, 0.5, 6),
        options(0.02, NEARLY_BALANCED, 3),
        options(0.01, 0.05, 0),
    ] {
        let case = Case::<D>::random(seed, options);
        let truth = case.oracle();
        let largest = truth.iter().cloned().fold(0.0, f64::max);
        for level in Level::available() {
            let plan = case.plan(&case.solve(level));
            let worst = plan
                .iter()
                .zip(&truth)
                .map(|(p, t)| (p - t).abs())
                .fold(0.0, f64::max);
            // The kernel errs by 7.6e-5 of each entry, the scalings by as much again each.
            assert!(
                worst <= 3e-4 * largest,
                "{} {D} {options:?}: {worst} of {largest}",
                level.name()
            );
        }
    }
}

#[test]
fn grid_points_that_do_not_exist_carry_no_mass() {
    let case = Case::<5>::random(7, options(0.01, 0.05, 2));
    for level in Level::available() {
        let solution = case.solve(level);
        assert!(solution.u.iter().chain(&solution.v).all(|x| x.is_finite()));
        for (i, q) in case.plan(&solution).iter().enumerate() {
            let (source, target) = (i % SOURCES, case.target_of(i / SOURCES, i % SOURCES));
            if case.source_mass[source] == 0.0 || case.target_mass[target] == 0.0 {
                assert!(*q < 1e-12, "{q}");
            }
        }
    }
}

#[test]
fn without_slack_the_source_marginal_is_met() {
    let case = Case::<5>::random(11, options(0.02, NEARLY_BALANCED, 4));
    let solution = case.solve(Level::available()[0]);
    for i in (0..SOURCES).filter(|&i| case.source_mass[i] > 0.0) {
        let mass = solution.u[i] * solution.row_sum[i];
        assert!((mass - 1.0).abs() < 1e-3, "{mass}");
    }
}

#[test]
fn with_slack_a_lone_row_keeps_the_mass_that_kl_says() {
    // One row against a fixed v: u = (a/s)^λ, so its mass is a^λ · s^(1-λ), s = sum of the kernel's row.
    let case = Case::<5>::random(13, options(0.03, 0.06, 0));
    let solution = case.solve(Level::available()[0]);
    let lambda = 0.06f64 / 0.09;
    for i in (0..SOURCES).filter(|&i| case.source_mass[i] > 0.0) {
        let sum: f64 = (0..Stencil::<5>::OFFSETS)
            .map(|o| {
                let b = f64::from(case.target_mass[case.target_of(o, i)]);
                let cost = f64::from(case.cost[o * SOURCES + i]) * f64::from(COST_STEP);
                b * (-cost / 0.03).exp()
            })
            .sum();
        let mass = f64::from(solution.u[i] * solution.row_sum[i]);
        assert!(
            (mass - sum.powf(1.0 - lambda)).abs() < 1e-4 * mass,
            "{mass}"
        );
    }
}

#[test]
fn a_translation_is_the_mode_of_every_row_and_column() {
    let (oy, ox) = (1, 4);
    let offset = oy * 5 + ox;
    let mut cost = vec![steps(0.1); Stencil::<5>::OFFSETS * SOURCES];
    cost[offset * SOURCES..][..SOURCES].fill(0);
    let case = Case::<5> {
        cost,
        source_mass: vec![1.0; SOURCES],
        target_mass: vec![1.0; Stencil::<5>::TARGETS],
        options: options(0.01, 0.05, 2),
    };
    for level in Level::available() {
        let plan = case.plan(&case.solve(level));
        for source in 0..SOURCES {
            let entry = plan[offset * SOURCES + source];
            let target = case.target_of(offset, source);
            for other in (0..plan.len()).filter(|i| i / SOURCES != offset) {
                let (o, i) = (other / SOURCES, other % SOURCES);
                if i == source || case.target_of(o, i) == target {
                    assert!(plan[other] < entry);
                }
            }
        }
    }
}

#[test]
fn a_target_wanted_by_two_goes_to_the_one_with_no_other_choice() {
    // Source 0 likes its right neighbour's place a little better than its own; source 1 can only
    // stay. One by one (softmax) both take place 1; transport sorts them out.
    let (stay, right) = (4, 5);
    let mut cost = vec![steps(1.0); Stencil::<3>::OFFSETS * SOURCES];
    cost[stay * SOURCES..][..SOURCES].fill(steps(0.05));
    cost[right * SOURCES] = steps(0.03);
    cost[stay * SOURCES + 1] = 0;
    let mode_of_0 = |sweeps: usize| {
        let case = Case::<3> {
            cost: cost.clone(),
            source_mass: vec![1.0; SOURCES],
            target_mass: vec![1.0; Stencil::<3>::TARGETS],
            options: options(0.01, 1.0, sweeps),
        };
        let plan = case.plan(&case.solve(Level::available()[0]));
        let entry = |offset: usize| plan[offset * SOURCES];
        let offsets = 0..Stencil::<3>::OFFSETS;
        offsets
            .max_by(|&a, &b| entry(a).total_cmp(&entry(b)))
            .unwrap()
    };
    assert_eq!(mode_of_0(0), right);
    assert_eq!(mode_of_0(20), stay);
}
