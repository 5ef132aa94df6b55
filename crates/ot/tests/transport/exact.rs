//! Problems whose unregularised optimum is known: permutations, Diracs, translations, sorting, assignments.

use crate::common::{Random, assert_near, assignment, dense, tight, total};
use otinterp_ot::cost::GibbsKernel;
use otinterp_ot::distance::{line, wasserstein};
use otinterp_ot::{Power, Problem, Sinkhorn};

#[test]
fn diracs_are_as_far_apart_as_they_are() {
    let mut random = Random(1);
    for _ in 0..20 {
        let (x, y) = (random.points::<3>(1), random.points::<3>(1));
        for power in [Power::One, Power::Two] {
            let d = Power::Two.cost(&x[0], &y[0]).sqrt();
            let w = wasserstein((&x, &[2.0]), (&y, &[0.5]), power, 1e-2, &tight()).unwrap();
            // One pair: every plan is the plan.
            assert_near(w.lower, d, 1e-12, "lower");
            assert_near(w.upper, d, 1e-12, "upper");
        }
    }
}

/// A permutation planted with a gap: each source's own target is nearer by `gap` than any other.
#[test]
fn a_planted_permutation_is_found() {
    let mut random = Random(2);
    for n in [1, 2, 7, 33] {
        let to = random.permutation(n);
        let gap = 0.2;
        let cost: Vec<f32> = (0..n * n)
            .map(|k| {
                let planted = to[k / n] == k % n;
                if planted {
                    0.3
                } else {
                    0.3 + gap + random.unit()
                }
            })
            .collect();
        let mass = vec![1.0; n];
        let problem = Problem::balanced(dense(n, n, &cost), mass.clone(), mass, 0.01).unwrap();
        let solution = tight().solve(&problem).unwrap();
        assert!(solution.report().converged);
        for (i, mode) in solution.source_modes().into_iter().enumerate() {
            assert_eq!(mode, Some(to[i]));
            // What leaks to the n - 1 others is below (n - 1)·exp(-gap / eps), 2e-9 each.
            assert_near(solution.plan_entry(i, to[i]), 1.0, 1e-5, "planted entry");
        }
        for (j, mode) in solution.target_modes().into_iter().enumerate() {
            assert_eq!(to[mode.unwrap()], j);
        }
    }
}

#[test]
fn a_translation_costs_its_length() {
    let mut random = Random(3);
    for n in [1, 5, 40] {
        let x = random.points::<2>(n);
        let a = random.masses(n, false);
        let shift = [0.3f32, -0.4];
        let y: Vec<[f32; 2]> = x
            .iter()
            .map(|p| [p[0] + shift[0], p[1] + shift[1]])
            .collect();
        for power in [Power::One, Power::Two] {
            let w = wasserstein((&x, &a), (&y, &a), power, 1e-3, &tight()).unwrap();
            // Rounding of the shifted coordinates, 1e-7 each.
            assert!(w.lower <= 0.5 + 1e-6 && w.upper >= 0.5 - 1e-6, "{w:?}");
            // The interval in terms of the cost is about eps·ln n wide, eps = 1e-3·2.
            assert!(w.width() < 0.02, "{w:?}");
        }
        // And the barycentric projection is the translation, up to the entropy's blur.
        let kernel = otinterp_ot::cost::Dense::between(&x, &y, Power::Two).unwrap();
        let problem = Problem::balanced(kernel, a.clone(), a, 1e-4).unwrap();
        let solution = tight().solve(&problem).unwrap();
        for (p, q) in x.iter().zip(solution.project_sources(&y)) {
            let q = q.unwrap();
            let off = Power::Two
                .cost(&[q[0] as f32, q[1] as f32], &[p[0] + 0.3, p[1] - 0.4])
                .sqrt();
            assert!(off < 0.05, "{off}");
        }
    }
}

#[test]
fn two_clusters_split_their_mass() {
    // 60 % of the mass sits left, 40 % right; the targets want half and half: a tenth must cross.
    let mut random = Random(4);
    let cluster = |random: &mut Random, x: f32| [x + 0.05 * random.unit(), 0.05 * random.unit()];
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for _ in 0..10 {
        x.extend([cluster(&mut random, 0.0), cluster(&mut random, 1.0)]);
        y.extend([cluster(&mut random, 0.0), cluster(&mut random, 1.0)]);
    }
    let a: Vec<f32> = (0..20).map(|i| [0.06, 0.04][i % 2]).collect();
    let b = vec![0.05; 20];
    let kernel = otinterp_ot::cost::Dense::between(&x, &y, Power::Two).unwrap();
    let problem = Problem::balanced(kernel, a.clone(), b.clone(), 0.01).unwrap();
    let solution = tight().solve(&problem).unwrap();
    let crossing: f64 = (0..400)
        .filter(|k| k / 20 % 2 == 0 && k % 20 % 2 == 1)
        .map(|k| solution.plan_entry(k / 20, k % 20))
        .sum();
    assert_near(crossing, 0.1, 1e-4, "mass from left to right");
    let w = wasserstein((&x, &a), (&y, &b), Power::Two, 1e-3, &tight()).unwrap();
    assert!(
        w.upper.powi(2) < 0.1 * 1.1 + 0.01 && w.lower.powi(2) > 0.1 * 0.9,
        "{w:?}"
    );
}

#[test]
fn on_a_line_the_plan_is_the_quantile_coupling() {
    let mut random = Random(5);
    for (n, m) in [(1, 1), (1, 9), (17, 17), (40, 23)] {
        let (x, y) = (random.points::<1>(n), random.points::<1>(m));
        let (a, b) = (random.masses(n, true), random.masses(m, true));
        let wide = |p: &[[f32; 1]]| -> Vec<f64> { p.iter().map(|p| f64::from(p[0])).collect() };
        let double = |m: &[f32]| -> Vec<f64> { m.iter().map(|&m| f64::from(m)).collect() };
        let (x64, y64, a64, b64) = (wide(&x), wide(&y), double(&a), double(&b));
        for power in [Power::One, Power::Two] {
            let truth = line::wasserstein((&x64, &a64), (&y64, &b64), power).unwrap();
            let w = wasserstein((&x, &a), (&y, &b), power, 3e-4, &tight()).unwrap();
            // Masses normalised in f32: 1e-7 of the largest distance.
            assert!(
                w.lower <= truth + 1e-6 && truth <= w.upper + 1e-6,
                "{w:?} {truth}"
            );
            assert!(w.width() < 0.02, "{w:?}");
        }
        // The monotone coupling has at most n + m - 1 entries, all of the mass, and no crossing.
        let plan = line::coupling((&x64, &a64), (&y64, &b64)).unwrap();
        assert!(plan.len() < n + m);
        assert_near(plan.iter().map(|p| p.2).sum(), 1.0, 1e-12, "mass");
        assert!(plan.is_sorted_by(|p, q| x64[p.0] <= x64[q.0] && y64[p.1] <= y64[q.1]));
    }
}

/// As eps falls the transport cost falls to that of the best assignment, within `eps·ln n`.
#[test]
fn small_eps_approaches_the_hungarian_method() {
    let mut random = Random(6);
    for n in [2, 8, 25, 48] {
        let cost = random.vector(n * n);
        let (best, _) = assignment(&cost, n);
        let mass = vec![1.0; n];
        let mut before = f64::INFINITY;
        for eps in [0.3, 0.1, 0.03, 0.01, 0.003, 0.001] {
            let problem =
                Problem::balanced(dense(n, n, &cost), mass.clone(), mass.clone(), eps).unwrap();
            let solution = tight().solve(&problem).unwrap();
            let found = solution.transport_cost();
            // The entropic optimum beats the best plan in cost + eps·KL, and KL of a plan is at most n·ln n here.
            let bound = f64::from(eps) * n as f64 * (n as f64).ln();
            let slop = 1e-4 * n as f64;
            assert!(found >= best - slop, "n {n} eps {eps}: {found} < {best}");
            assert!(
                found <= best + bound + slop,
                "n {n} eps {eps}: {found} > {best}"
            );
            assert!(
                found <= before + slop,
                "n {n} eps {eps}: rose from {before}"
            );
            before = found;
        }
        assert_near(before, best, 0.003 * n as f64, "cost at the least eps");
    }
}

/// Histograms with whole masses are assignments of their grains.
#[test]
fn intervals_hold_the_exact_cost_of_histograms() {
    let mut random = Random(7);
    for _ in 0..8 {
        let (n, m, grains) = (3 + random.below(8), 3 + random.below(8), 40);
        let (x, y) = (random.points::<2>(n), random.points::<2>(m));
        let grain_of = |random: &mut Random, n: usize| -> Vec<usize> {
            (0..grains).map(|_| random.below(n)).collect()
        };
        let (from, to) = (grain_of(&mut random, n), grain_of(&mut random, m));
        let count = |of: &[usize], n: usize| -> Vec<f32> {
            (0..n)
                .map(|i| of.iter().filter(|&&k| k == i).count() as f32)
                .collect()
        };
        for power in [Power::One, Power::Two] {
            let cost: Vec<f32> = from
                .iter()
                .flat_map(|&i| to.iter().map(move |&j| (i, j)))
                .map(|(i, j)| power.cost(&x[i], &y[j]) as f32)
                .collect();
            let truth = power.root(assignment(&cost, grains).0 / grains as f64);
            let (a, b) = (count(&from, n), count(&to, m));
            let w = wasserstein((&x, &a), (&y, &b), power, 1e-3, &tight()).unwrap();
            assert!(
                w.lower <= truth + 1e-6 && truth <= w.upper + 1e-6,
                "{w:?} {truth}"
            );
            assert!(w.width() < 0.02, "{w:?}");
        }
    }
}

/// Even after a single sweep the interval holds the truth: it certifies, it does not hope.
#[test]
fn intervals_hold_before_convergence() {
    let mut random = Random(8);
    let hasty = Sinkhorn {
        max_sweeps: 1,
        ..Sinkhorn::default()
    };
    for _ in 0..10 {
        let n = 12;
        let (x, y) = (random.points::<2>(n), random.points::<2>(n));
        let cost: Vec<f32> = x
            .iter()
            .flat_map(|x| y.iter().map(move |y| Power::Two.cost(x, y) as f32))
            .collect();
        let truth = (assignment(&cost, n).0 / n as f64).sqrt();
        let mass = vec![1.0; n];
        let w = wasserstein((&x, &mass), (&y, &mass), Power::Two, 0.05, &hasty).unwrap();
        assert!(
            w.lower <= truth + 1e-6 && truth <= w.upper + 1e-6,
            "{w:?} {truth}"
        );
    }
}

#[test]
fn the_geodesic_is_walked_at_constant_speed() {
    // mu_t moves every grain the part t of its way: W2(mu_0, mu_t) = t·W2(mu_0, mu_1).
    let mut random = Random(9);
    let n = 30;
    let (x, y) = (random.points::<2>(n), random.points::<2>(n));
    let mass = vec![1.0; n];
    let eps_share = 3e-4;
    let kernel = otinterp_ot::cost::Dense::between(&x, &y, Power::Two).unwrap();
    let eps = eps_share * kernel.range().max;
    let problem = Problem::balanced(kernel, mass.clone(), mass.clone(), eps).unwrap();
    let solution = tight().solve(&problem).unwrap();
    let target = solution.project_sources(&y);
    // The map's end is its own measure: barycentres, not y. eps blurs them together.
    let at = |t: f64| -> Vec<[f32; 2]> {
        x.iter()
            .zip(&target)
            .map(|(p, q)| {
                let q = q.unwrap();
                std::array::from_fn(|k| ((1.0 - t) * f64::from(p[k]) + t * q[k]) as f32)
            })
            .collect()
    };
    let distance = |p: &[[f32; 2]]| {
        wasserstein((&x, &mass), (p, &mass), Power::Two, eps_share, &tight()).unwrap()
    };
    let whole = distance(&at(1.0));
    for t in [0.25, 0.5, 0.75] {
        let part = distance(&at(t));
        let slop = whole.width() + part.width();
        assert_near(
            part.middle(),
            t * whole.middle(),
            slop + 1e-4,
            "distance walked",
        );
    }
    assert!(total(&mass) > 0.0 && whole.lower > 0.1);
}
