//! Distances of histograms on grids: exact on small ones, certified on large ones.

use crate::common::{Random, assert_near, assignment};
use otinterp_ot::distance::gaussian::Gaussian;
use otinterp_ot::distance::grid::{Grid, wasserstein};
use otinterp_ot::{Error, Power};

fn grid(dim: (usize, usize), masses: Vec<f64>) -> Grid {
    Grid::new("source", dim, masses).unwrap()
}

/// Histograms with whole masses are assignments of their grains.
#[test]
fn small_histograms_have_their_exact_distance() {
    let mut random = Random(71);
    for _ in 0..30 {
        let dim = (1 + random.below(9), 1 + random.below(9));
        let grains = 60;
        let mut draw =
            || -> Vec<usize> { (0..grains).map(|_| random.below(dim.0 * dim.1)).collect() };
        let (from, to) = (draw(), draw());
        let place = |k: usize| [(k % dim.1) as f32, (k / dim.1) as f32];
        let count = |of: &[usize]| -> Vec<f64> {
            (0..dim.0 * dim.1)
                .map(|k| of.iter().filter(|&&g| g == k).count() as f64)
                .collect()
        };
        let (a, b) = (grid(dim, count(&from)), grid(dim, count(&to)));
        for power in [Power::One, Power::Two] {
            let cost: Vec<f32> = from
                .iter()
                .flat_map(|&i| to.iter().map(move |&j| (i, j)))
                .map(|(i, j)| power.cost(&place(i), &place(j)) as f32)
                .collect();
            let truth = power.root(assignment(&cost, grains).0 / grains as f64);
            let found = wasserstein(&a, &b, power, 0.01).unwrap();
            assert_eq!(found.cell, 1);
            let d = found.distance;
            assert!(
                d.lower <= truth + 1e-6 && truth <= d.upper + 1e-6,
                "{d:?} {truth}"
            );
            assert!(d.width() <= 0.01 * truth + 1e-9, "{d:?}");
        }
    }
}

/// A blurred random picture, positive everywhere.
fn texture(random: &mut Random, (height, width): (usize, usize)) -> Vec<f64> {
    let waves: Vec<[f64; 4]> = (0..12)
        .map(|_| std::array::from_fn(|_| f64::from(random.unit())))
        .collect();
    (0..height * width)
        .map(|k| {
            let (y, x) = ((k / width) as f64, (k % width) as f64);
            let sum: f64 = waves
                .iter()
                .map(|w| {
                    w[3] * (0.3 * (w[0] - 0.5) * x + 0.3 * (w[1] - 0.5) * y + 6.3 * w[2]).sin()
                })
                .sum();
            1.0 + 0.9 * (sum / 3.0).tanh()
        })
        .collect()
}

/// On coarser cells the interval still holds the distance of the bins, which an exact solve of all bins gives.
#[test]
fn intervals_from_cells_hold_the_distance_of_the_bins() {
    let mut random = Random(72);
    for dim in [(90, 70), (30, 210)] {
        let (a, b) = (texture(&mut random, dim), texture(&mut random, dim));
        let (a, b) = (grid(dim, a), grid(dim, b));
        for power in [Power::One, Power::Two] {
            let rough = wasserstein(&a, &b, power, 10.0).unwrap();
            let fine = wasserstein(&a, &b, power, 1e-6).unwrap();
            assert!(rough.cell > 1 && fine.cell == 1, "{rough:?} {fine:?}");
            let (r, f) = (rough.distance, fine.distance);
            assert!(r.lower <= f.upper && f.lower <= r.upper, "{r:?} {f:?}");
            assert!(f.width() <= 1e-6 * f.middle(), "{f:?}");
        }
    }
}

fn blob(dim: (usize, usize), g: &Gaussian) -> Grid {
    let c = &g.covariance;
    let det = c[0][0] * c[1][1] - c[0][1] * c[1][0];
    let mass = (0..dim.0 * dim.1).map(|k| {
        let (dx, dy) = (
            (k % dim.1) as f64 - g.mean[0],
            (k / dim.1) as f64 - g.mean[1],
        );
        (-0.5 * (c[1][1] * dx * dx - 2.0 * c[0][1] * dx * dy + c[0][0] * dy * dy) / det).exp()
    });
    grid(dim, mass.collect())
}

#[test]
fn blobs_are_as_far_apart_as_their_gaussians() {
    let dim = (200, 260);
    let gaussian = |mean: [f64; 2], c: [[f64; 2]; 2]| Gaussian {
        mean: mean.to_vec(),
        covariance: c.map(|row| row.to_vec()).to_vec(),
    };
    let p = gaussian([90.0, 80.0], [[120.0, 40.0], [40.0, 60.0]]);
    for q in [
        gaussian([150.0, 110.0], [[60.0, -20.0], [-20.0, 200.0]]),
        // A whole shift: bins between bins would have to be shared out, which costs more than the Gaussians say.
        gaussian([94.0, 77.0], [[120.0, 40.0], [40.0, 60.0]]),
        gaussian([90.0, 80.0], [[220.0, 0.0], [0.0, 90.0]]),
    ] {
        let truth = p.wasserstein(&q).unwrap();
        let found = wasserstein(&blob(dim, &p), &blob(dim, &q), Power::Two, 0.01).unwrap();
        assert_near(found.distance.middle(), truth, 0.01 * truth, "W2");
        assert!(found.distance.width() <= 0.01 * truth, "{found:?} {truth}");
        let (mean, covariance) = blob(dim, &p).moments();
        assert_near(mean[0], p.mean[0], 1e-6, "mean");
        assert_near(covariance[0][1], p.covariance[0][1], 1e-3, "covariance");
    }
}

#[test]
fn a_shift_costs_its_length_whatever_the_shape() {
    let mut random = Random(73);
    let dim = (150, 200);
    let inner = texture(&mut random, (100, 140));
    let place = |dy: usize, dx: usize| {
        let mut m = vec![0.0; dim.0 * dim.1];
        for (y, row) in inner.chunks(140).enumerate() {
            m[(y + dy) * dim.1 + dx..][..140].copy_from_slice(row);
        }
        grid(dim, m)
    };
    for power in [Power::One, Power::Two] {
        let found = wasserstein(&place(10, 5), &place(40, 45), power, 0.01).unwrap();
        let d = found.distance;
        assert!(
            d.lower <= 50.0 + 1e-9 && 50.0 <= d.upper + 1e-9,
            "{found:?}"
        );
        assert!(d.width() <= 0.5, "{found:?}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    assert_eq!(Grid::new("source", (0, 4), vec![]), Err(Error::Empty));
    assert!(matches!(
        Grid::new("source", (1, 1), vec![f64::NAN]),
        Err(Error::Mass { .. })
    ));
    assert_eq!(
        Grid::new("source", (1, 1), vec![0.0]),
        Err(Error::NoMass { side: "source" })
    );
    let (a, b) = (grid((1, 4), vec![1.0; 4]), grid((2, 2), vec![1.0; 4]));
    assert!(wasserstein(&a, &b, Power::One, 0.01).is_err());
    // Equal histograms are at distance 0, of unequal totals too.
    let twice = grid((1, 4), vec![2.0; 4]);
    for power in [Power::One, Power::Two] {
        let d = wasserstein(&a, &twice, power, 0.01).unwrap().distance;
        assert!(d.lower == 0.0 && d.upper < 1e-9, "{d:?}");
    }
}
