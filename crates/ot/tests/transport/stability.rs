//! Small eps, bad input, missing mass: a defined answer or a named error, never NaN.

use crate::common::{Random, assert_near, dense, oracle, plan, tight, worst};
use otinterp_ot::cost::{Dense, GibbsKernel, Separable};
use otinterp_ot::distance::wasserstein;
use otinterp_ot::{Error, Form, Power, Problem, Schedule, Sinkhorn, Slack, Solution};

fn assert_sound<K: GibbsKernel>(s: &Solution<'_, K>, what: &str) {
    let p = s.potentials();
    assert!(
        p.f.iter().chain(p.g).all(|p| !p.is_nan()),
        "{what}: potentials"
    );
    let marginals = s.source_marginal().iter().chain(s.target_marginal());
    assert!(
        marginals.clone().all(|m| m.is_finite() && *m >= 0.0),
        "{what}: marginals"
    );
    for value in [
        s.mass(),
        s.primal_value(),
        s.dual_value(),
        s.transport_cost(),
    ] {
        assert!(value.is_finite(), "{what}: {value}");
    }
    assert!(
        s.report().errors.iter().all(|e| e.1.is_finite()),
        "{what}: errors"
    );
}

#[test]
fn small_eps_converges_in_every_form() {
    let mut random = Random(61);
    let (height, width) = (8, 8);
    let n = height * width;
    let grid = Separable::squared_distance(height, width, 1.0 / 8.0).unwrap();
    let extent = grid.range().extent();
    let cost: Vec<f32> = (0..n * n).map(|k| grid.cost(k / n, k % n)).collect();
    let (a, b) = (random.masses(n, false), random.masses(n, false));
    for share in [1e-2, 1e-3, 1e-4] {
        let eps = share * extent;
        let solver = Sinkhorn {
            tolerance: 1e-4,
            max_sweeps: 200_000,
            ..Sinkhorn::default()
        };
        let on_grid = Problem::balanced(grid.clone(), a.clone(), b.clone(), eps).unwrap();
        let on_grid = solver.solve(&on_grid).unwrap();
        assert_eq!(on_grid.report().form, Form::Log);
        let matrix = Problem::balanced(dense(n, n, &cost), a.clone(), b.clone(), eps).unwrap();
        let scaled = solver.solve(&matrix).unwrap();
        assert_eq!(scaled.report().form, Form::Stabilised);
        let log = Sinkhorn {
            log_domain: true,
            ..solver
        }
        .solve(&matrix)
        .unwrap();
        assert_eq!(log.report().form, Form::Log);
        assert_sound(&on_grid, "grid");
        let values = [
            (
                on_grid.report().converged,
                on_grid.marginal_errors(),
                on_grid.dual_value(),
            ),
            (
                scaled.report().converged,
                scaled.marginal_errors(),
                scaled.dual_value(),
            ),
            (
                log.report().converged,
                log.marginal_errors(),
                log.dual_value(),
            ),
        ];
        for (converged, (row, column), value) in values {
            assert!(converged, "share {share}: {values:?}");
            assert!(row < 1e-4 && column < 1.1e-4, "share {share}: {values:?}");
            assert_near(value, values[0].2, 1e-4 * f64::from(extent), "dual value");
        }
    }
}

#[test]
fn a_cold_start_at_small_eps_is_stabilised_without_a_schedule() {
    let mut random = Random(62);
    let cost = random.vector(20 * 20);
    let (a, b) = (random.masses(20, true), random.masses(20, true));
    let eps = 2e-3;
    let problem = Problem::balanced(dense(20, 20, &cost), a.clone(), b.clone(), eps).unwrap();
    let solver = Sinkhorn {
        schedule: Some(Schedule::fixed(eps, 1e-6, 200_000)),
        ..tight()
    };
    let solution = solver.solve(&problem).unwrap();
    assert!(solution.report().converged);
    assert_eq!(solution.report().form, Form::Stabilised);
    // The oracle starts from the same place, and needs as long.
    let truth = oracle(&cost, &a, &b, eps, Slack::NONE, 30_000);
    // eps is 1/500 of the range and costs are rounded to 2^-23: 6e-5.
    assert!(worst(&plan(&solution, 20, 20), &truth) < 1e-3);
}

#[test]
fn a_moderate_eps_needs_no_stabilisation() {
    let mut random = Random(63);
    let cost = random.vector(64);
    let mass = random.masses(8, false);
    let problem = Problem::balanced(dense(8, 8, &cost), mass.clone(), mass, 0.1).unwrap();
    let solution = tight().solve(&problem).unwrap();
    assert_eq!(solution.report().form, Form::Scaling);
    assert_eq!(solution.report().absorptions, 0);
    assert_eq!(solution.report().schedule.stages.len(), 1);
}

/// Masses that differ by 10^25 drive scalings out of their range though eps is harmless.
#[test]
fn wild_masses_are_absorbed() {
    let cost = [0.0, 1.0, 1.0, 0.0];
    let (a, b) = (vec![1.0, 1e-25], vec![0.5, 0.5]);
    for log_domain in [false, true] {
        let problem = Problem::balanced(dense(2, 2, &cost), a.clone(), b.clone(), 0.02).unwrap();
        let solver = Sinkhorn {
            log_domain,
            ..tight()
        };
        let s = solver.solve(&problem).unwrap();
        assert_sound(&s, "wild");
        assert!(s.report().converged);
        assert_near(s.plan_entry(0, 0), 0.5, 1e-5, "stays");
        assert_near(s.plan_entry(0, 1), 0.5, 1e-5, "must go");
    }
}

#[test]
fn nothing_to_move_is_an_answer() {
    let cost = [0.0, 1.0, 1.0, 0.0];
    let zero = vec![0.0; 2];
    let p = Problem::balanced(dense(2, 2, &cost), zero.clone(), zero.clone(), 0.1).unwrap();
    let s = tight().solve(&p).unwrap();
    assert_sound(&s, "no mass");
    assert!(s.report().converged && s.mass() == 0.0);
    assert_eq!(s.source_modes(), [None, None]);
    let p = Problem::unbalanced(
        dense(2, 2, &cost),
        vec![1.0; 2],
        zero,
        0.1,
        Slack::both(1.0),
    )
    .unwrap();
    let s = tight().solve(&p).unwrap();
    assert_sound(&s, "no target");
    assert_eq!(s.mass(), 0.0);
}

/// Source 0 may go nowhere that has mass: with slack it stays, without it that is an error that names it.
#[test]
fn disjoint_support_is_told() {
    let inf = f32::INFINITY;
    let cost = [inf, inf, 0.5, 0.25];
    let (a, b) = (vec![0.5, 0.5], vec![0.5, 0.5]);
    let error = Problem::balanced(dense(2, 2, &cost), a.clone(), b.clone(), 0.1).unwrap_err();
    assert!(matches!(
        error,
        Error::Unreachable {
            side: "source",
            index: 0
        }
    ));
    let p = Problem::unbalanced(dense(2, 2, &cost), a, b, 0.1, Slack::both(0.5)).unwrap();
    for log_domain in [false, true] {
        let s = Sinkhorn {
            log_domain,
            ..tight()
        }
        .solve(&p)
        .unwrap();
        assert_sound(&s, "disjoint");
        assert!(s.report().converged);
        assert_eq!(s.plan_entry(0, 0) + s.plan_entry(0, 1), 0.0);
        assert!(s.plan_entry(1, 1) > s.plan_entry(1, 0));
        assert_eq!(s.potentials().f[0], f64::INFINITY);
        // KL(0 | 0.5) = 0.5 for the source that stays, times rho.
        assert_near(s.duality_gap(), 0.0, 1e-5, "gap");
    }
}

#[test]
fn bad_input_has_a_name() {
    let ok = || dense(2, 2, &[0.0, 1.0, 1.0, 0.0]);
    let half = || vec![0.5; 2];
    let nan = f32::NAN;
    assert!(matches!(Dense::new(0, 2, &[]), Err(Error::Empty)));
    assert!(matches!(
        Dense::new(2, 2, &[0.0; 3]),
        Err(Error::Length { .. })
    ));
    assert!(matches!(
        Dense::new(1, 2, &[0.0, nan]),
        Err(Error::Cost { index: 1, .. })
    ));
    assert!(matches!(
        Dense::new(1, 1, &[-f32::INFINITY]),
        Err(Error::Cost { .. })
    ));
    assert!(matches!(
        Separable::new((1, 1), (1, 1), &[f32::INFINITY], &[0.0]),
        Err(Error::Cost { .. })
    ));
    for eps in [0.0, -1.0, nan, f32::INFINITY] {
        let p = Problem::balanced(ok(), half(), half(), eps);
        assert!(matches!(p, Err(Error::Parameter { what: "eps", .. })));
    }
    for rho in [-1.0, nan] {
        let p = Problem::unbalanced(ok(), half(), half(), 0.1, Slack::both(rho));
        assert!(matches!(p, Err(Error::Parameter { what: "slack", .. })));
    }
    for bad in [-0.5, nan, f32::INFINITY] {
        let p = Problem::balanced(ok(), vec![0.5, bad], half(), 0.1);
        assert!(matches!(
            p,
            Err(Error::Mass {
                side: "source",
                index: 1,
                ..
            })
        ));
    }
    let p = Problem::balanced(ok(), vec![0.5, 0.6], half(), 0.1);
    assert!(matches!(p, Err(Error::UnequalMass { .. })));
    let p = Problem::balanced(ok(), vec![0.5; 3], half(), 0.1);
    assert!(matches!(p, Err(Error::Length { .. })));
    let p = Problem::balanced(ok(), half(), half(), 0.1).unwrap();
    let solver = Sinkhorn {
        schedule: Some(Schedule::fixed(0.2, 1e-5, 10)),
        ..tight()
    };
    assert!(matches!(solver.solve(&p), Err(Error::Parameter { .. })));
    let w = wasserstein(
        (&[[nan]], &[1.0]),
        (&[[0.0]], &[1.0]),
        Power::One,
        0.1,
        &tight(),
    );
    assert!(matches!(w, Err(Error::Coordinate { index: 0, .. })));
    let w = wasserstein(
        (&[[0.0]], &[0.0]),
        (&[[0.0]], &[1.0]),
        Power::One,
        0.1,
        &tight(),
    );
    assert!(matches!(w, Err(Error::NoMass { side: "source" })));
    for error in [Dense::new(2, 2, &[0.0; 3]).unwrap_err(), Error::Covariance] {
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn the_limit_of_sweeps_is_kept_and_told() {
    let mut random = Random(64);
    let cost = random.vector(100);
    let (a, b) = (random.masses(10, false), random.masses(10, false));
    for limit in [0, 1, 7] {
        let problem = Problem::balanced(dense(10, 10, &cost), a.clone(), b.clone(), 0.02).unwrap();
        let solver = Sinkhorn {
            max_sweeps: limit,
            tolerance: 0.0,
            ..Sinkhorn::default()
        };
        let s = solver.solve(&problem).unwrap();
        assert!(!s.report().converged && s.report().sweeps == limit);
        assert_sound(&s, "stopped");
        // The last half sweep meets the sources' marginal all the same.
        assert!(s.marginal_errors().0 < 1e-5);
    }
}
