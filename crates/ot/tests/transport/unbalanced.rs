//! Slack: closed forms, limits, and the dual.

use crate::common::{Random, assert_near, dense, oracle, plan, tight, total, worst};
use otinterp_ot::cost::Separable;
use otinterp_ot::{Problem, Slack};

const HARD: f32 = f32::INFINITY;

/// One Dirac of mass `a` against one of mass `b` at cost `c`: minimising
/// `p·c + eps·KL(p|ab) + rho·KL(p|a) + rho·KL(p|b)` over the one number `p` gives
/// `ln p = (eps·ln ab + rho·ln ab - c) / (eps + 2 rho)`.
#[test]
fn two_diracs_keep_the_mass_that_calculus_says() {
    let mut random = Random(31);
    for _ in 0..50 {
        let (a, b, c) = (
            0.1 + random.unit(),
            0.1 + random.unit(),
            3.0 * random.unit(),
        );
        let (eps, rho) = (0.05 + random.unit(), 0.05 + random.unit());
        let problem =
            Problem::unbalanced(dense(1, 1, &[c]), vec![a], vec![b], eps, Slack::both(rho))
                .unwrap();
        let solution = tight().solve(&problem).unwrap();
        let [a, b, c, eps, rho] = [a, b, c, eps, rho].map(f64::from);
        let p = (((eps + rho) * (a * b).ln() - c) / (eps + 2.0 * rho)).exp();
        assert_near(solution.mass(), p, 2e-5 * p, "mass");
        assert_near(solution.duality_gap(), 0.0, 1e-4, "gap");
    }
}

/// Unbalanced entropic transport between normal distributions with masses: the plan is a normal distribution with a
/// mass (Janati, Muzellec, Peyré & Cuturi 2020, theorem 3), here in one dimension, where it follows by completing squares.
#[test]
fn unbalanced_gaussians_follow_their_closed_form() {
    // Potentials are quadratic: f = -(p x² + q x + r), g likewise. Iterate their coefficients in f64, exactly.
    let n = 400;
    let x = |k: usize| -4.0 + 8.0 * (k as f64 + 0.5) / n as f64;
    for (eps, rho, means, sds, masses) in [
        (0.2, 1.0, [-0.5, 0.5], [0.4, 0.6], [1.0, 1.0]),
        (0.3, 0.5, [0.0, 1.0], [0.5, 0.3], [1.0, 2.0]),
    ] {
        let density = |s: usize| -> Vec<f32> {
            (0..n)
                .map(|k| {
                    let z = (x(k) - means[s]) / sds[s];
                    let height = masses[s] / (sds[s] * std::f64::consts::TAU.sqrt());
                    (height * (-0.5 * z * z).exp() * 8.0 / n as f64) as f32
                })
                .collect()
        };
        let truth = gaussian_mass(eps, rho, means, sds, masses);
        let kernel = Separable::squared_distance(1, n, (8.0 / n as f64) as f32).unwrap();
        let slack = Slack::both(rho as f32);
        let problem =
            Problem::unbalanced(kernel, density(0), density(1), eps as f32, slack).unwrap();
        let solution = tight().solve(&problem).unwrap();
        assert!(solution.report().converged);
        assert_near(solution.mass(), truth, 1e-4 * truth, "mass of the plan");
        assert_near(solution.duality_gap(), 0.0, 1e-4, "gap");
    }
}

/// Mass of the plan between `m_s·N(mean_s, sd_s²)` at cost `|x - y|²`. With `f = -(p x² + 2 q x) + const` a Gaussian integral
/// gives the other potential, so the iteration closes on three numbers a side.
fn gaussian_mass(eps: f64, rho: f64, means: [f64; 2], sds: [f64; 2], masses: [f64; 2]) -> f64 {
    let lambda = rho / (rho + eps);
    // ln ∫ exp((g(y) - (x - y)²) / eps) b(y) dy for g(y) = g2 y² + g1 y + g0.
    let log_integral = |g: [f64; 3], s: usize| -> [f64; 3] {
        let (m, v) = (means[s], sds[s] * sds[s]);
        // Exponent: -α y² + β y + γ with β = β0 + β1 x, and -x²/eps.
        let alpha = (1.0 - g[2]) / eps + 0.5 / v;
        let (beta0, beta1) = (g[1] / eps + m / v, 2.0 / eps);
        let constant = g[0] / eps - 0.5 * m * m / v + masses[s].ln()
            - 0.5 * (std::f64::consts::TAU * v).ln()
            + 0.5 * (std::f64::consts::PI / alpha).ln();
        [
            constant + beta0 * beta0 / (4.0 * alpha),
            beta0 * beta1 / (2.0 * alpha),
            beta1 * beta1 / (4.0 * alpha) - 1.0 / eps,
        ]
    };
    let (mut f, mut g) = ([0.0; 3], [0.0; 3]);
    for _ in 0..5000 {
        f = log_integral(g, 1).map(|l| -lambda * eps * l);
        g = log_integral(f, 0).map(|l| -lambda * eps * l);
    }
    // Mass: ∫ a(x) exp(f(x)/eps + log_integral(g)(x)) dx.
    let l = log_integral(g, 1);
    let (m, v) = (means[0], sds[0] * sds[0]);
    let e: Vec<f64> = (0..3).map(|k| f[k] / eps + l[k]).collect();
    let alpha = 0.5 / v - e[2];
    let beta = m / v + e[1];
    let constant = e[0] - 0.5 * m * m / v;
    masses[0] * (0.5 / v / alpha).sqrt() * (constant + beta * beta / (4.0 * alpha)).exp()
}

#[test]
fn every_slack_agrees_with_the_oracle() {
    let mut random = Random(32);
    let (n, m) = (9, 13);
    for source in [0.0, 0.05, 0.7, HARD] {
        for target in [0.0, 0.1, 2.0, HARD] {
            let cost = random.vector(n * m);
            let (a, mut b) = (random.masses(n, true), random.masses(m, true));
            let slack = Slack { source, target };
            if !slack.is_none() {
                b.iter_mut().for_each(|b| *b *= 1.5);
            }
            let problem =
                Problem::unbalanced(dense(n, m, &cost), a.clone(), b.clone(), 0.05, slack).unwrap();
            let truth = oracle(&cost, &a, &b, 0.05, slack, 4000);
            for log_domain in [false, true] {
                let solver = otinterp_ot::Sinkhorn {
                    log_domain,
                    ..tight()
                };
                let solution = solver.solve(&problem).unwrap();
                assert!(solution.report().converged, "{slack:?}");
                let off = worst(&plan(&solution, n, m), &truth);
                assert!(off < 1e-4, "{slack:?}: {off}");
                let gap = solution.duality_gap();
                assert!(gap.abs() < 1e-5, "{slack:?}: gap {gap}");
            }
        }
    }
}

#[test]
fn without_constraints_nothing_is_moved_on() {
    // rho = 0 on both sides: pi = ab·exp(-c/eps) at once.
    let mut random = Random(33);
    let cost = random.vector(12);
    let (a, b) = (random.masses(3, false), random.masses(4, false));
    let problem = Problem::unbalanced(
        dense(3, 4, &cost),
        a.clone(),
        b.clone(),
        0.1,
        Slack::both(0.0),
    )
    .unwrap();
    let solution = tight().solve(&problem).unwrap();
    for k in 0..12 {
        let truth = f64::from(a[k / 4]) * f64::from(b[k % 4]) * (-f64::from(cost[k]) / 0.1).exp();
        // Costs are stored to 2^-23 of the largest: 1.2e-6 in the exponent.
        assert_near(
            solution.plan_entry(k / 4, k % 4),
            truth,
            1e-5 * truth,
            "entry",
        );
    }
}

#[test]
fn growing_slack_tends_to_the_hard_constraint() {
    let mut random = Random(34);
    let cost = random.vector(100);
    let (a, b) = (random.masses(10, false), random.masses(10, false));
    let solve = |rho: f32| {
        let problem = Problem::unbalanced(
            dense(10, 10, &cost),
            a.clone(),
            b.clone(),
            0.05,
            Slack::both(rho),
        )
        .unwrap();
        let solution = tight().solve(&problem).unwrap();
        (plan(&solution, 10, 10), solution.mass())
    };
    let (hard, mass) = solve(HARD);
    assert_near(mass, total(&a), 1e-5, "mass");
    let off = [1.0, 10.0, 100.0].map(|rho| worst(&solve(rho).0, &hard));
    assert!(
        off[0] > off[1] && off[1] > off[2] && off[2] < 0.02,
        "{off:?}"
    );
}
