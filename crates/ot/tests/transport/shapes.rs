//! Random shapes at every CPU level: against the textbook, with zero weights, and with the padding poisoned.

use crate::common::{Random, dense, normalise, oracle, plan, worst};
use otinterp_ot::cost::{GibbsKernel, Layout, LogInput, LogOutput, Memory, Separable};
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

/// The soft minima of one side with their vectors as given.
struct SoftMinima<'a, K> {
    kernel: &'a K,
    memory: &'a mut Memory,
    rows: bool,
    input: &'a [Vec<f32>; 2],
    out: &'a mut [Vec<f32>; 2],
}

impl<K: GibbsKernel> Kernel for SoftMinima<'_, K> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let (kernel, memory) = (self.kernel, self.memory);
        let ([hi, log], [out_hi, out_log]) = (self.input, self.out);
        let input = LogInput { hi, log };
        let out = LogOutput {
            hi: out_hi,
            log: out_log,
        };
        if self.rows {
            kernel.softmin_rows::<S>(20.0, input, memory, out);
        } else {
            kernel.softmin_columns::<S>(20.0, input, memory, out);
        }
    }
}

/// One sweep of scalings: row sums, scalings of the sources, column sums.
struct Sweep<'a, K> {
    kernel: &'a K,
    memory: &'a mut Memory,
    v: &'a [f32],
    weight: &'a [f32],
    out: &'a mut [Vec<f32>; 3],
}

impl<K: GibbsKernel> Kernel for Sweep<'_, K> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let update = Update {
            weight: self.weight,
            lambda: 1.0,
            omega: 1.0,
            ceiling: None,
            measure: false,
        };
        let [row_sum, u, column_sum] = self.out;
        let kernel = self.kernel;
        kernel.sweep::<S>(self.memory, self.v, &update, u, row_sum, column_sum);
    }
}

struct MakeKernel<'a, K>(&'a K, &'a mut Memory, [&'a [f32]; 2]);

impl<K: GibbsKernel> Kernel for MakeKernel<'_, K> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        self.0.fill::<S>(20.0, self.2[0], self.2[1], self.1);
    }
}

/// A sweep and soft minima of a kernel against sums in `f64` over its support; everything that an
/// output holds beforehand is NaN, so a value that is read before it is written shows.
fn check_products<K: GibbsKernel>(kernel: &K, seed: u64, level: Level) {
    let mut memory = Memory::default();
    kernel.allocate(&mut memory);
    memory.gibbs.iter_mut().for_each(|k| {
        // Separable costs live here: only an absorbing kernel is filled whole.
        *k = if K::ABSORBS { f32::NAN } else { *k };
    });
    memory.scratch.fill(f32::NAN);
    let zeros = [kernel.sources(), kernel.targets()].map(|layout| vec![0.0; layout.stored()]);
    level.run(MakeKernel(kernel, &mut memory, [&zeros[0], &zeros[1]]));
    let mut random = Random(seed);
    check_sweep(kernel, &mut memory, &mut random, level);
    for rows in [true, false] {
        check_soft_minima(kernel, &mut memory, &mut random, (level, rows));
    }
}

/// exp errs by 3e-7 and costs are rounded to 2^-23, times 1/eps = 20; sums of up to 257 terms by 2e-6.
fn assert_sum(found: f32, truth: f64, what: &str) {
    let found = f64::from(found);
    assert!(
        (found - truth).abs() <= 2e-5 * truth + 1e-30,
        "{what}: {found}, expected {truth}"
    );
}

fn check_sweep<K: GibbsKernel>(kernel: &K, memory: &mut Memory, random: &mut Random, level: Level) {
    let (sources, targets) = (kernel.sources(), kernel.targets());
    let mut stored = |layout: Layout| {
        let mut masses = vec![0.0; layout.stored()];
        layout.store(&random.masses(layout.points(), true), &mut masses);
        masses
    };
    let (weight, v) = (stored(sources), stored(targets));
    let nan = |layout: Layout| vec![f32::NAN; layout.stored()];
    let mut out = [nan(sources), nan(sources), nan(targets)];
    level.run(Sweep {
        kernel,
        memory,
        v: &v,
        weight: &weight,
        out: &mut out,
    });
    let [row_sum, u, column_sum] = out;
    for i in 0..sources.points() {
        let mut truth = 0.0;
        kernel.visit_row(i, |j, c| {
            truth += f64::from(v[targets.at(j)]) * (-20.0 * f64::from(c)).exp();
        });
        let at = sources.at(i);
        assert_sum(row_sum[at], truth, level.name());
        assert_sum(u[at], f64::from(weight[at]) / truth, level.name());
    }
    for j in 0..targets.points() {
        let mut truth = 0.0;
        kernel.visit_column(j, |i, c| {
            truth += f64::from(u[sources.at(i)]) * (-20.0 * f64::from(c)).exp();
        });
        assert_sum(column_sum[targets.at(j)], truth, level.name());
    }
}

fn check_soft_minima<K: GibbsKernel>(
    kernel: &K,
    memory: &mut Memory,
    random: &mut Random,
    (level, rows): (Level, bool),
) {
    let (sources, targets) = (kernel.sources(), kernel.targets());
    let (from, to) = if rows {
        (targets, sources)
    } else {
        (sources, targets)
    };
    let weights = random.masses(from.points(), true);
    let potential: Vec<f32> = (0..from.points())
        .map(|_| random.below(256) as f32 / 1024.0)
        .collect();
    let mut input = [vec![-FORBIDDEN; from.stored()], vec![0.0; from.stored()]];
    for k in (0..from.points()).filter(|&k| weights[k] > 0.0) {
        input[0][from.at(k)] = potential[k];
        input[1][from.at(k)] = weights[k].ln();
    }
    let mut out = [vec![f32::NAN; to.stored()], vec![f32::NAN; to.stored()]];
    level.run(SoftMinima {
        kernel,
        memory,
        rows,
        input: &input,
        out: &mut out,
    });
    for k in 0..to.points() {
        let mut truth = 0.0;
        let add = |j: usize, c: f32| {
            let z = 20.0 * (f64::from(potential[j]) - f64::from(c));
            truth += f64::from(weights[j]) * z.exp();
        };
        if rows {
            kernel.visit_row(k, add)
        } else {
            kernel.visit_column(k, add)
        }
        let [hi, log] = [0, 1].map(|n| f64::from(out[n][to.at(k)]));
        assert_sum((hi * 20.0 + log).exp() as f32, truth, level.name());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_sweep_and_soft_minima_of_dense((n, m) in shapes(), seed in any::<u64>()) {
        let cost = Random(seed).vector(n * m);
        for level in Level::available() {
            check_products(&dense(n, m, &cost), seed, level);
        }
    }

    #[test]
    fn a_sweep_and_soft_minima_of_grids(
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
