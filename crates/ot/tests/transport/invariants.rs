//! What must hold of any solution: symmetry, scaling, the duality gap, and that all forms and kernels agree.

use crate::common::{Random, assert_near, dense, oracle, plan, tight, worst};
use otinterp_ot::cost::{GibbsKernel, Separable};
use otinterp_ot::{Problem, Schedule, Sinkhorn, Slack};

#[test]
fn exchanging_the_sides_transposes_the_plan() {
    let mut random = Random(41);
    let (n, m) = (11, 17);
    for slack in [
        Slack::NONE,
        Slack {
            source: 0.3,
            target: 2.0,
        },
    ] {
        let cost = random.vector(n * m);
        let transposed: Vec<f32> = (0..n * m).map(|k| cost[k % n * m + k / n]).collect();
        let (a, b) = (random.masses(n, true), random.masses(m, true));
        let there =
            Problem::unbalanced(dense(n, m, &cost), a.clone(), b.clone(), 0.03, slack).unwrap();
        let swapped = Slack {
            source: slack.target,
            target: slack.source,
        };
        let back = Problem::unbalanced(dense(m, n, &transposed), b, a, 0.03, swapped).unwrap();
        let there = tight().solve(&there).unwrap();
        let back = tight().solve(&back).unwrap();
        for k in 0..n * m {
            let (p, q) = (
                there.plan_entry(k / m, k % m),
                back.plan_entry(k % m, k / m),
            );
            assert_near(p, q, 1e-4 * p.max(q) + 1e-9, "entry");
        }
        assert_near(there.primal_value(), back.primal_value(), 1e-6, "value");
    }
}

/// Scaling positions by `s` scales squared distances by s²: with eps scaled too, so are `f` and `g`; the plan stays.
#[test]
fn scaling_space_scales_potentials() {
    let mut random = Random(42);
    let (n, m) = (12, 9);
    let (x, y) = (random.points::<2>(n), random.points::<2>(m));
    let (a, b) = (random.masses(n, false), random.masses(m, false));
    let solve = |s: f32| {
        let scaled =
            |p: &[[f32; 2]]| -> Vec<[f32; 2]> { p.iter().map(|p| p.map(|c| s * c)).collect() };
        let kernel =
            otinterp_ot::cost::Dense::between(&scaled(&x), &scaled(&y), otinterp_ot::Power::Two)
                .unwrap();
        let problem = Problem::balanced(kernel, a.clone(), b.clone(), 0.05 * s * s).unwrap();
        let solution = tight().solve(&problem).unwrap();
        let p = solution.potentials();
        // The free constant: f + t, g - t is the same plan.
        let shift = p.f[0];
        let f: Vec<f64> = p.f.iter().map(|f| f - shift).collect();
        let g: Vec<f64> = p.g.iter().map(|g| g + shift).collect();
        (plan(&solution, n, m), f, g)
    };
    let (p1, f1, g1) = solve(1.0);
    for s in [0.01f32, 7.0, 1000.0] {
        let (p, f, g) = solve(s);
        assert!(worst(&p, &p1) < 1e-4, "plan at {s}");
        let square = f64::from(s * s);
        for (found, one) in f.iter().chain(&g).zip(f1.iter().chain(&g1)) {
            assert_near(found / square, *one, 1e-5, "potential");
        }
    }
}

#[test]
fn a_constant_in_the_cost_goes_into_the_potentials() {
    let mut random = Random(43);
    let cost = random.vector(64);
    let dear: Vec<f32> = cost.iter().map(|c| c + 3.0).collect();
    let mass = random.masses(8, false);
    let solve = |cost: &[f32]| {
        let problem =
            Problem::balanced(dense(8, 8, cost), mass.clone(), mass.clone(), 0.05).unwrap();
        let s = tight().solve(&problem).unwrap();
        (plan(&s, 8, 8), s.primal_value())
    };
    let ((p, value), (q, dearer)) = (solve(&cost), solve(&dear));
    // Adding 3 rounds the costs to 2^-22 at eps 0.05.
    assert!(worst(&q, &p) < 1e-4);
    assert_near(dearer, value + 3.0, 1e-5, "value");
}

#[test]
fn the_duality_gap_closes() {
    let mut random = Random(44);
    let cost = random.vector(30 * 20);
    let (a, b) = (random.masses(30, true), random.masses(20, true));
    for slack in [Slack::NONE, Slack::both(0.2)] {
        let problem =
            Problem::unbalanced(dense(30, 20, &cost), a.clone(), b.clone(), 0.02, slack).unwrap();
        let gap = |sweeps: usize| {
            let solver = Sinkhorn {
                tolerance: 0.0,
                max_sweeps: sweeps,
                schedule: Some(Schedule::fixed(0.02, 0.0, sweeps)),
                over_relax: false,
                ..Sinkhorn::default()
            };
            let solution = solver.solve(&problem).unwrap();
            (solution.duality_gap().abs(), solution.dual_value())
        };
        let gaps: Vec<(f64, f64)> = [1, 4, 16, 400].map(gap).to_vec();
        assert!(gaps[0].0 > 1e-3 && gaps[3].0 < 1e-5, "{gaps:?}");
        // Every sweep is an ascent on the dual.
        assert!(gaps.is_sorted_by(|x, y| x.1 <= y.1 + 1e-7), "{gaps:?}");
    }
}

/// The squared distance on a grid as a separable and as a dense cost.
#[test]
fn dense_and_separable_agree() {
    let mut random = Random(45);
    for (height, width) in [(1, 1), (3, 5), (6, 4), (1, 18)] {
        let n = height * width;
        let separable = Separable::squared_distance(height, width, 0.125).unwrap();
        let cost: Vec<f32> = (0..n * n).map(|k| separable.cost(k / n, k % n)).collect();
        let (a, b) = (random.masses(n, true), random.masses(n, true));
        for slack in [
            Slack::NONE,
            Slack {
                source: 0.1,
                target: f32::INFINITY,
            },
        ] {
            for log_domain in [false, true] {
                let solver = Sinkhorn {
                    log_domain,
                    ..tight()
                };
                let p = Problem::unbalanced(dense(n, n, &cost), a.clone(), b.clone(), 0.05, slack)
                    .unwrap();
                let q = Problem::unbalanced(separable.clone(), a.clone(), b.clone(), 0.05, slack)
                    .unwrap();
                let [p, q] = [
                    plan(&solver.solve(&p).unwrap(), n, n),
                    plan(&solver.solve(&q).unwrap(), n, n),
                ];
                assert!(
                    worst(&q, &p) < 1e-4,
                    "separable {height}x{width}: {}",
                    worst(&q, &p)
                );
                let truth = oracle(&cost, &a, &b, 0.05, slack, 3000);
                assert!(worst(&p, &truth) < 1e-4, "dense {height}x{width}");
            }
        }
    }
}

#[test]
fn starting_from_the_answer_ends_at_once() {
    let mut random = Random(47);
    let cost = random.vector(40 * 40);
    let (a, b) = (random.masses(40, false), random.masses(40, false));
    for eps in [0.05, 0.002] {
        let problem = Problem::balanced(dense(40, 40, &cost), a.clone(), b.clone(), eps).unwrap();
        let solver = Sinkhorn {
            tolerance: 1e-5,
            ..tight()
        };
        let cold = solver.solve(&problem).unwrap();
        let solver = Sinkhorn {
            schedule: Some(Schedule::fixed(eps, 1e-5, 1000)),
            ..solver
        };
        let warm = solver
            .solve_from(&problem, Some(cold.potentials()))
            .unwrap();
        assert!(cold.report().converged && warm.report().converged);
        assert!(
            warm.report().sweeps <= 20,
            "{} sweeps",
            warm.report().sweeps
        );
        let saved = if eps < 0.01 { 10 } else { 1 };
        assert!(cold.report().sweeps > saved * warm.report().sweeps);
    }
}

#[test]
fn over_relaxation_saves_sweeps_and_keeps_the_answer() {
    let mut random = Random(48);
    let (x, y) = (random.points::<2>(60), random.points::<2>(60));
    let kernel = otinterp_ot::cost::Dense::between(&x, &y, otinterp_ot::Power::Two).unwrap();
    let mass = random.masses(60, false);
    let problem = Problem::balanced(kernel, mass.clone(), mass, 0.01).unwrap();
    let solve = |over_relax: bool| {
        let solver = Sinkhorn {
            over_relax,
            schedule: Some(Schedule::fixed(0.01, 1e-6, 50_000)),
            ..tight()
        };
        let s = solver.solve(&problem).unwrap();
        assert!(s.report().converged);
        (s.report().sweeps, plan(&s, 60, 60))
    };
    let ((plain, p), (relaxed, q)) = (solve(false), solve(true));
    assert!(2 * relaxed < plain, "{relaxed} of {plain} sweeps");
    assert!(worst(&q, &p) < 1e-3, "{}", worst(&q, &p));
}

#[test]
fn projections_and_modes_are_of_the_plan() {
    let mut random = Random(49);
    let (n, m) = (6, 8);
    let (x, y) = (random.points::<2>(n), random.points::<2>(m));
    let kernel = otinterp_ot::cost::Dense::between(&x, &y, otinterp_ot::Power::Two).unwrap();
    let (a, b) = (random.masses(n, true), random.masses(m, true));
    let problem = Problem::balanced(kernel, a.clone(), b.clone(), 0.05).unwrap();
    let s = tight().solve(&problem).unwrap();
    let (to, back) = (s.project_sources(&y), s.project_targets(&x));
    let modes = s.source_modes();
    for i in 0..n {
        let row: Vec<f64> = (0..m).map(|j| s.plan_entry(i, j)).collect();
        let mass: f64 = row.iter().sum();
        assert_near(mass, a[i].into(), 1e-5, "row");
        if a[i] == 0.0 {
            assert!(to[i].is_none() && modes[i].is_none());
            continue;
        }
        for axis in 0..2 {
            let mean: f64 = row
                .iter()
                .zip(&y)
                .map(|(p, y)| p * f64::from(y[axis]))
                .sum();
            assert_near(to[i].unwrap()[axis], mean / mass, 1e-12, "projection");
        }
        assert!(row.iter().all(|p| *p <= row[modes[i].unwrap()]));
    }
    for j in 0..m {
        let mass: f64 = (0..n).map(|i| s.plan_entry(i, j)).sum();
        assert_near(mass, f64::from(s.target_marginal()[j]), 1e-6, "column");
        assert_eq!(back[j].is_some(), b[j] > 0.0);
    }
}
