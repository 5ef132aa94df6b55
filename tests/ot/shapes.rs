//! Random shapes at every CPU level: against the textbook, with zero weights, and with the padding poisoned.

use crate::common::{Random, dense, normalise, oracle, plan, worst};
use otinterp_ot::cost::{GibbsKernel, LogInput, LogOutput, Memory, Separable, Window};
use otinterp_ot::kernel::{FORBIDDEN, Update};
use otinterp_ot::{Problem, Schedule, Sinkhorn, Slack};
use otinterp_simd::{Kernel, Level, Simd};
use proptest::prelude::*;

/// From 1×1 to 257×193, small ones often, and the two ends.
fn shapes() -> impl Strategy<Value = (usize, usize)> {
    prop_oneof![
        6 => (1usize..=40, 1usize..=40),
        2 => (1usize..=257, 1usize..=193),
        1 => Just((1, 1)),
        1 => Just((257, 193)),
        1 => (Just(1), 1usize..=193),
    ]
}

fn slacks() -> impl Strategy<Value = Slack> {
    prop_oneof![
        Just(Slack::NONE),
        Just(Slack {
            source: 0.1,
            target: f32::INFINITY
        }),
        Just(Slack {
            source: 0.5,
            target: 0.05
        }),
        Just(Slack {
            source: 0.0,
            target: 1.0
        }),
    ]
}

fn sweeps(sweeps: usize, eps: f32, log_domain: bool, level: Level) -> Sinkhorn {
    Sinkhorn {
        tolerance: 0.0,
        schedule: Some(Schedule::fixed(eps, 0.0, sweeps)),
        over_relax: false,
        log_domain,
        level: Some(level),
        ..Sinkhorn::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// The same number of sweeps gives the textbook's plan, entry by entry. A last half sweep of the sources follows
    /// in ours, so the oracle is compared by its rows, scaled likewise.
    #[test]
    fn dense_is_the_textbook_at_every_level(
        (n, m) in shapes(), seed in any::<u64>(), slack in slacks(), log_domain in any::<bool>(),
    ) {
        let mut random = Random(seed);
        let cost = random.vector(n * m);
        let (a, b) = (random.masses(n, true), random.masses(m, true));
        let eps = 0.05;
        // Enough sweeps that the half sweep is of no account.
        let count = 300;
        let truth = oracle(&cost, &a, &b, eps, slack, count);
        for level in Level::available() {
            let problem = Problem::unbalanced(dense(n, m, &cost), a.clone(), b.clone(), eps, slack).unwrap();
            let s = sweeps(count, eps, log_domain, level).solve(&problem).unwrap();
            let off = worst(&plan(&s, n, m), &truth);
            prop_assert!(off < 2e-4, "{} {n}x{m} {slack:?} log {log_domain}: {off}", level.name());
            for (i, &mass) in a.iter().enumerate() {
                prop_assert!(mass > 0.0 || s.source_marginal()[i] == 0.0);
            }
        }
    }
}

/// One step of a kernel with its vectors as given.
struct Step<'a, K> {
    kernel: &'a K,
    memory: &'a mut Memory,
    log: bool,
    rows: bool,
    input: &'a [Vec<f32>; 2],
    out: &'a mut [Vec<f32>; 2],
}

impl<K: GibbsKernel> Kernel for Step<'_, K> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let [first, second] = self.out;
        let input = LogInput {
            hi: &self.input[0],
            log: &self.input[1],
        };
        let out = LogOutput {
            hi: &mut *first,
            log: second,
        };
        match (self.log, self.rows) {
            (false, true) => self.kernel.apply::<S>(self.memory, input.hi, out.hi),
            (false, false) => self
                .kernel
                .apply_transposed::<S>(self.memory, input.hi, out.hi),
            (true, true) => self
                .kernel
                .softmin_rows::<S>(0, 20.0, input, self.memory, out),
            (true, false) => self
                .kernel
                .softmin_columns::<S>(0, 20.0, input, self.memory, out),
        }
    }
}

struct MakeKernel<'a, K>(&'a K, &'a mut Memory, [&'a [f32]; 2]);

impl<K: GibbsKernel> Kernel for MakeKernel<'_, K> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        self.0.fill::<S>(0, 20.0, self.2[0], self.2[1], self.1);
    }
}

/// Products and soft minima of a kernel against sums in `f64` over its support; everything that an
/// output holds beforehand is NaN, so a value that is read before it is written shows.
fn check_products<K: GibbsKernel>(kernel: &K, seed: u64, level: Level) {
    let mut random = Random(seed);
    let (sources, targets) = (kernel.sources(), kernel.targets());
    let mut memory = Memory::default();
    kernel.allocate(&mut memory);
    memory.gibbs.iter_mut().for_each(|k| {
        // Separable costs live here: only an absorbing kernel is filled whole.
        *k = if K::ABSORBS { f32::NAN } else { *k };
    });
    memory.scratch.fill(f32::NAN);
    let zeros = [vec![0.0; sources.stored()], vec![0.0; targets.stored()]];
    level.run(MakeKernel(kernel, &mut memory, [&zeros[0], &zeros[1]]));
    for rows in [true, false] {
        let (from, to) = if rows {
            (targets, sources)
        } else {
            (sources, targets)
        };
        let weights = random.masses(from.points(), true);
        let potential: Vec<f32> = (0..from.points())
            .map(|_| random.below(256) as f32 / 1024.0)
            .collect();
        for log in [false, true] {
            let mut input = [
                vec![if log { -FORBIDDEN } else { 0.0 }; from.stored()],
                vec![0.0; from.stored()],
            ];
            for k in (0..from.points()).filter(|&k| !log || weights[k] > 0.0) {
                input[0][from.at(k)] = if log { potential[k] } else { weights[k] };
                input[1][from.at(k)] = weights[k].max(1e-30).ln();
            }
            let mut out = [vec![f32::NAN; to.stored()], vec![f32::NAN; to.stored()]];
            level.run(Step {
                kernel,
                memory: &mut memory,
                log,
                rows,
                input: &input,
                out: &mut out,
            });
            for k in 0..to.points() {
                let mut truth = 0.0f64;
                let add = |j: usize, c: f32| {
                    let p = if log { potential[j] } else { 0.0 };
                    truth += f64::from(weights[j]) * ((f64::from(p) - f64::from(c)) * 20.0).exp();
                };
                if rows {
                    kernel.visit_row(0, k, add)
                } else {
                    kernel.visit_column(0, k, add)
                }
                let at = to.at(k);
                let found = if log {
                    (f64::from(out[0][at]) * 20.0 + f64::from(out[1][at])).exp()
                } else {
                    f64::from(out[0][at])
                };
                // exp errs by 3e-7 and costs are rounded to 2^-23, times 1/eps = 20; sums of up to 257 terms by 2e-6.
                assert!(
                    (found - truth).abs() <= 2e-5 * truth + 1e-30,
                    "{} rows {rows} log {log} at {k}: {found}, expected {truth}",
                    level.name()
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn products_and_soft_minima_of_dense((n, m) in shapes(), seed in any::<u64>()) {
        let cost = Random(seed).vector(n * m);
        for level in Level::available() {
            check_products(&dense(n, m, &cost), seed, level);
        }
    }

    #[test]
    fn products_and_soft_minima_of_windows(
        height in 1usize..=21, width in 1usize..=37, radius in 0usize..=6, seed in any::<u64>(),
    ) {
        let cost = Random(seed).vector((2 * radius + 1).pow(2) * height * width);
        let window = Window::new(height, width, radius, &cost).unwrap();
        for level in Level::available() {
            check_products(&window, seed, level);
        }
    }

    #[test]
    fn products_and_soft_minima_of_grids(
        sources in (1usize..=20, 1usize..=37), targets in (1usize..=20, 1usize..=37), seed in any::<u64>(),
    ) {
        let mut random = Random(seed);
        let (y, x) = (random.vector(sources.0 * targets.0), random.vector(sources.1 * targets.1));
        let grid = Separable::new(sources, targets, &y, &x).unwrap();
        for level in Level::available() {
            check_products(&grid, seed, level);
        }
    }

    /// `u = u_old^(1-ω) (w s^-λ)^ω` and what it moves, also where the weight is 0 and the sum is.
    #[test]
    fn updates_are_their_formula(blocks in 1usize..=4, seed in any::<u64>(), lambda in 0.0f32..=1.0, relax in any::<bool>()) {
        let n = 16 * blocks;
        let mut random = Random(seed);
        let mut weight = random.masses(n, true);
        normalise(&mut weight);
        let sums: Vec<f32> = weight.iter().map(|&w| if w > 0.0 { 0.01 + random.unit() } else { 0.0 }).collect();
        let old: Vec<f32> = weight.iter().map(|&w| if w > 0.0 { 0.1 + random.unit() } else { 0.0 }).collect();
        let omega = if relax { 1.5 } else { 1.0 };
        let update = Update { weight: &weight, lambda, omega, ceiling: None, measure: true };
        for level in Level::available() {
            let mut u = old.clone();
            let moved = level.run(RunUpdate(&update, &sums, &mut u));
            let mut truth = 0.0;
            for i in 0..n {
                let [w, s, before] = [weight[i], sums[i], old[i]].map(f64::from);
                let plain = if w > 0.0 { w * s.powf(-f64::from(lambda)) } else { 0.0 };
                let relaxed = if w > 0.0 { before.powf(1.0 - f64::from(omega)) * plain.powf(f64::from(omega)) } else { 0.0 };
                truth += (plain - before).abs() * s;
                prop_assert!((f64::from(u[i]) - relaxed).abs() <= 1e-5 * relaxed, "{}", level.name());
            }
            prop_assert!((f64::from(moved) - truth).abs() <= 1e-5 * truth + 1e-6);
        }
    }
}

struct RunUpdate<'a>(&'a Update<'a>, &'a [f32], &'a mut [f32]);

impl Kernel for RunUpdate<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd>(self) -> f32 {
        self.0.run::<S>(0, self.1, self.2)
    }
}
