//! The Sinkhorn divergence.

use crate::common::{Random, tight};
use otinterp_ot::cost::{Dense, Separable};
use otinterp_ot::distance::sinkhorn_divergence;
use otinterp_ot::{Power, Slack};

fn divergence(a: &[f32], b: &[f32], eps: f32, slack: Slack) -> f64 {
    let grid = || Separable::squared_distance(4, 6, 0.2).unwrap();
    sinkhorn_divergence([grid(), grid(), grid()], a, b, eps, slack, &tight()).unwrap()
}

#[test]
fn it_is_positive_between_different_measures_and_zero_between_equals() {
    let mut random = Random(51);
    for slack in [Slack::NONE, Slack::both(0.5)] {
        for eps in [1.0, 0.1, 0.01] {
            for _ in 0..4 {
                let (a, b) = (random.masses(24, true), random.masses(24, true));
                let different = divergence(&a, &b, eps, slack);
                // Values are of order 1, their errors of order 1e-6.
                assert!(different > 1e-4, "{slack:?} {eps}: {different}");
                let equal = divergence(&a, &a, eps, slack);
                assert!(equal.abs() < 1e-6, "{slack:?} {eps}: {equal}");
                let back = divergence(&b, &a, eps, slack);
                assert!((back - different).abs() < 2e-5, "{back} {different}");
            }
        }
    }
}

#[test]
fn it_falls_to_zero_as_measures_meet() {
    let mut random = Random(52);
    let (a, b) = (random.masses(24, false), random.masses(24, false));
    let values: Vec<f64> = [1.0f32, 0.5, 0.25, 0.125, 0.0]
        .iter()
        .map(|&t| {
            let mix: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a + t * (b - a)).collect();
            divergence(&a, &mix, 0.1, Slack::NONE)
        })
        .collect();
    assert!(values.is_sorted_by(|x, y| x > y), "{values:?}");
    // Convex, and 0 with its slope at the meeting point: halving the way more than halves it.
    assert!(
        values[1] < 0.5 * values[0] + 1e-6 && values[4].abs() < 1e-6,
        "{values:?}"
    );
}

/// Between translates of one measure entropy's bias cancels exactly: what is left is the squared length.
#[test]
fn between_translates_it_is_the_squared_distance() {
    let mut random = Random(53);
    let x = random.points::<2>(15);
    let y: Vec<[f32; 2]> = x.iter().map(|p| [p[0] + 0.5, p[1] - 0.25]).collect();
    let a = random.masses(15, false);
    for eps in [0.5, 0.05] {
        let cost = |p: &[[f32; 2]], q: &[[f32; 2]]| Dense::between(p, q, Power::Two).unwrap();
        let kernels = [cost(&x, &y), cost(&x, &x), cost(&y, &y)];
        let s = sinkhorn_divergence(kernels, &a, &a, eps, Slack::NONE, &tight()).unwrap();
        assert!((s - 0.3125).abs() < 1e-5, "{eps}: {s}");
    }
}
