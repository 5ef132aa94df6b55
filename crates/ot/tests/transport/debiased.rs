//! The certified Sinkhorn divergence.

use crate::common::{Random, assert_near, oracle};
use otinterp_ot::distance::debiased::{of_clouds, of_grids};
use otinterp_ot::distance::grid::Grid;
use otinterp_ot::{Cloud, Power, Slack};

fn cloud(points: &[[f32; 2]], masses: &[f32]) -> Cloud {
    let wide = |v: &f32| f64::from(*v);
    Cloud::new(
        "source",
        2,
        points.iter().flatten().map(wide).collect(),
        masses.iter().map(wide).collect(),
    )
    .unwrap()
}

/// `sum pi·c + eps·KL` of the textbook iteration's plan.
fn value(x: &[[f32; 2]], a: &[f32], y: &[[f32; 2]], b: &[f32], power: Power, eps: f32) -> f64 {
    let cost: Vec<f32> = x
        .iter()
        .flat_map(|x| y.iter().map(move |y| power.cost(x, y) as f32))
        .collect();
    let plan = oracle(&cost, a, b, eps, Slack::NONE, 4000);
    let terms = plan.iter().enumerate().filter(|(_, p)| **p > 0.0);
    terms
        .map(|(k, p)| {
            let ab = f64::from(a[k / b.len()]) * f64::from(b[k % b.len()]);
            p * f64::from(cost[k]) + f64::from(eps) * p * (p / ab).ln()
        })
        .sum()
}

#[test]
fn intervals_hold_the_divergence_of_an_independent_solver() {
    let mut random = Random(81);
    for (eps, power) in [(0.05, Power::Two), (0.3, Power::One), (0.01, Power::Two)] {
        let (x, y) = (random.points::<2>(12), random.points::<2>(17));
        let (a, b) = (random.masses(12, false), random.masses(17, false));
        let truth = value(&x, &a, &y, &b, power, eps)
            - 0.5 * value(&x, &a, &x, &a, power, eps)
            - 0.5 * value(&y, &b, &y, &b, power, eps);
        let found = of_clouds(&cloud(&x, &a), &cloud(&y, &b), power, f64::from(eps)).unwrap();
        // Masses and costs of the oracle are those of f32.
        assert!(
            found.lower <= truth + 1e-6 && truth <= found.upper + 1e-6,
            "{found:?} {truth}"
        );
        assert!(found.width() <= 0.01 * truth + 1e-5, "{found:?} {truth}");
    }
}

#[test]
fn on_a_grid_it_is_that_of_the_cloud_of_its_cells() {
    let mut random = Random(82);
    let (height, width, size) = (9, 14, 2);
    let mut draw = || -> Grid {
        let m = random
            .masses(height * width, true)
            .iter()
            .map(|&m| f64::from(m))
            .collect();
        Grid::new("source", (height, width), m).unwrap()
    };
    let (a, b) = (draw(), draw());
    let as_cloud = |g: &Grid| {
        let (_, w, masses) = g.cells(size);
        let points = (0..masses.len()).flat_map(|k| [(k % w) as f64 * 2.0, (k / w) as f64 * 2.0]);
        Cloud::new("source", 2, points.collect(), masses).unwrap()
    };
    for eps in [2.0, 0.5] {
        let found = of_grids(&a, &b, size, eps).unwrap();
        let other = of_clouds(&as_cloud(&a), &as_cloud(&b), Power::Two, eps).unwrap();
        assert!(found.lower <= other.upper + 1e-9 && other.lower <= found.upper + 1e-9);
        assert_near(
            found.middle(),
            other.middle(),
            1e-3 * other.middle(),
            "divergence",
        );
        assert!(found.width() < 0.01 * found.middle(), "{found:?}");
    }
    // Of a measure and itself it is 0.
    let same = of_grids(&a, &a, 1, 1.0).unwrap();
    assert!(same.lower == 0.0 && same.upper < 1e-3, "{same:?}");
}

#[test]
fn points_in_one_place_are_one_however_many_they_are() {
    let mut random = Random(83);
    let (x, y) = (random.points::<2>(9), random.points::<2>(9));
    let (a, b) = (random.masses(9, false), random.masses(9, false));
    for power in [Power::One, Power::Two] {
        let once = of_clouds(&cloud(&x, &a), &cloud(&y, &b), power, 0.05).unwrap();
        // More pairs than are allowed, were they different. Masses are halved, which is exact.
        const TIMES: usize = 512;
        let often = |points: &[[f32; 2]], masses: &[f32]| {
            let masses: Vec<f32> = masses.iter().map(|m| m / TIMES as f32).collect();
            cloud(&points.repeat(TIMES), &masses.repeat(TIMES))
        };
        let many = of_clouds(&often(&x, &a), &often(&y, &b), power, 0.05).unwrap();
        assert_near(many.lower, once.lower, 1e-9, "lower");
        assert_near(many.upper, once.upper, 1e-9, "upper");
    }
}
