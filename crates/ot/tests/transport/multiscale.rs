//! Transport between grids from coarse to fine: against closed forms, exact assignments, and itself.

use crate::common::Random;
use otinterp_ot::Cloud;
use otinterp_ot::distance::gaussian::Gaussian;
use otinterp_ot::multiscale::{Map, Multiscale};
use pathfinding::prelude::{Matrix, kuhn_munkres_min};

type Dim = (usize, usize);

/// A normal density in cells, `(x, y)`.
fn normal((height, width): Dim, g: &Gaussian) -> Vec<f32> {
    let (a, b, d) = (g.covariance[0][0], g.covariance[0][1], g.covariance[1][1]);
    let det = a * d - b * b;
    (0..height * width)
        .map(|k| {
            let (x, y) = (
                (k % width) as f64 - g.mean[0],
                (k / width) as f64 - g.mean[1],
            );
            let q = (d * x * x - 2.0 * b * x * y + a * y * y) / det;
            // Beyond 6 standard deviations it is cut off.
            if q < 36.0 {
                (-0.5 * q).exp() as f32
            } else {
                0.0
            }
        })
        .collect()
}

/// The normal distribution `(x, y)` with this mean and covariance.
fn gaussian(mean: [f64; 2], covariance: [[f64; 2]; 2]) -> Gaussian {
    Gaussian {
        mean: mean.to_vec(),
        covariance: covariance.map(|row| row.to_vec()).to_vec(),
    }
}

/// Mean and covariance of a mass that was moved.
fn moments(mass: &[f32], width: usize, map: &Map) -> Gaussian {
    let points = (0..mass.len()).flat_map(|k| {
        let x = (k % width) as f64 + f64::from(map.dx[k]);
        let y = (k / width) as f64 + f64::from(map.dy[k]);
        [x, y]
    });
    let masses = mass.iter().map(|&m| f64::from(m)).collect();
    Gaussian::of(&Cloud::new("image", 2, points.collect(), masses).unwrap())
}

#[test]
fn normal_distributions_are_mapped_onto_one_another_and_their_distance_is_bures() {
    let dim = (160, 240);
    let a = gaussian([60.3, 55.7], [[49.0, 15.0], [15.0, 30.0]]);
    let b = gaussian([160.0, 90.2], [[90.0, -40.0], [-40.0, 140.0]]);
    let (source, target) = (normal(dim, &a), normal(dim, &b));
    let found = Multiscale::default().solve(dim, &source, &target).unwrap();
    let truth = a.wasserstein(&b).unwrap();
    let distance = found.squared_distance.sqrt();
    assert!((distance / truth - 1.0).abs() < 1e-4, "{distance} {truth}");
    for (mass, map, to) in [
        (&source, &found.forward, &b),
        (&target, &found.backward, &a),
    ] {
        let image = moments(mass, dim.1, map);
        let trace = to.covariance[0][0] + to.covariance[1][1];
        for i in 0..2 {
            assert!((image.mean[i] - to.mean[i]).abs() < 0.01);
            for j in 0..2 {
                let error = (image.covariance[i][j] - to.covariance[i][j]).abs();
                assert!(error < 5e-3 * trace, "{i} {j}: {image:?} {to:?}");
            }
        }
    }
    // And point by point, where there is mass: the affine map.
    let m = a.map_to(&b).unwrap();
    for (k, _) in source.iter().enumerate().filter(|(_, m)| **m > 0.05) {
        let p = [(k % dim.1) as f64, (k / dim.1) as f64];
        let d = [p[0] - a.mean[0], p[1] - a.mean[1]];
        let to = [0, 1].map(|i| b.mean[i] + m[i][0] * d[0] + m[i][1] * d[1]);
        let error = (p[0] + f64::from(found.forward.dx[k]) - to[0])
            .hypot(p[1] + f64::from(found.forward.dy[k]) - to[1]);
        assert!(error < 0.3, "{k}: {error}");
    }
}

#[test]
fn between_equal_measures_nothing_moves() {
    let mut random = Random(5);
    let mass: Vec<f32> = (0..70 * 50).map(|_| random.unit()).collect();
    let found = Multiscale::default().solve((70, 50), &mass, &mass).unwrap();
    let moved = found.forward.dx.iter().chain(&found.forward.dy);
    let most = moved.fold(0.0f32, |m, d| m.max(d.abs()));
    assert!(most < 0.02, "{most}");
    assert!(found.squared_distance.abs() < 1e-3);
}

/// Cells far apart, all of one mass: the optimal plan is an assignment.
#[test]
fn scattered_cells_go_where_the_exact_assignment_sends_them() {
    let dim = (200usize, 300usize);
    for seed in 1..6 {
        let mut random = Random(seed);
        let mut scattered = || {
            let mut points: Vec<(usize, usize)> = Vec::new();
            while points.len() < 14 {
                let p = (
                    (random.unit() * 199.0) as usize,
                    (random.unit() * 299.0) as usize,
                );
                if points
                    .iter()
                    .all(|q| p.0.abs_diff(q.0).max(p.1.abs_diff(q.1)) > 12)
                {
                    points.push(p);
                }
            }
            points
        };
        let (from, to) = (scattered(), scattered());
        let cost = |p: (usize, usize), q: (usize, usize)| {
            (p.0.abs_diff(q.0).pow(2) + p.1.abs_diff(q.1).pow(2)) as i64
        };
        let table = from
            .iter()
            .map(|&p| to.iter().map(|&q| cost(p, q)).collect::<Vec<_>>());
        let (total, assigned) = kuhn_munkres_min(&Matrix::from_rows(table).unwrap());
        let mass = |points: &[(usize, usize)]| {
            let mut mass = vec![0.0; dim.0 * dim.1];
            for &(y, x) in points {
                mass[y * dim.1 + x] = 1.0;
            }
            mass
        };
        let found = Multiscale::default()
            .solve(dim, &mass(&from), &mass(&to))
            .unwrap();
        let truth = total as f64 / 14.0;
        assert!(
            (found.squared_distance / truth - 1.0).abs() < 1e-2,
            "{seed}: {} {truth}",
            found.squared_distance
        );
        for (&(y, x), &n) in from.iter().zip(&assigned) {
            let k = y * dim.1 + x;
            let error = (x as f32 + found.forward.dx[k] - to[n].1 as f32)
                .hypot(y as f32 + found.forward.dy[k] - to[n].0 as f32);
            assert!(error < 0.5, "{seed}: {error} px");
        }
    }
}

#[test]
fn far_translations_keep_every_digit() {
    let dim = (24, 3000);
    let bump = |at: f64| {
        let g = gaussian([at, 11.5], [[9.0, 0.0], [0.0, 9.0]]);
        normal(dim, &g)
    };
    let (source, target) = (bump(40.0), bump(2940.0));
    let found = Multiscale::default().solve(dim, &source, &target).unwrap();
    for (k, _) in source.iter().enumerate().filter(|(_, m)| **m > 1e-3) {
        assert!(
            (found.forward.dx[k] - 2900.0).abs() < 0.02,
            "{}",
            found.forward.dx[k]
        );
        assert!(found.forward.dy[k].abs() < 0.02);
    }
    assert!((found.squared_distance.sqrt() - 2900.0).abs() < 1e-2);
}

/// With slack a normal mass of variance s² that is d away from an equal one goes only `d' = d / (1 + 4 s²/rho)`: both marginals lean
/// towards each other. Its potential at the mean is `d' d - d'²/2`, and the share there `exp(-that / rho)`. What has no partner near
/// keeps nothing.
#[test]
fn slack_keeps_what_is_near() {
    let dim = (64, 256);
    let bump = |at: f64| {
        let covariance = [[16.0, 0.0], [0.0, 16.0]];
        let mean = [at, 32.0];
        normal(dim, &gaussian(mean, covariance))
    };
    let add = |a: Vec<f32>, b: Vec<f32>| a.iter().zip(&b).map(|(a, b)| a + b).collect::<Vec<f32>>();
    let source = add(bump(30.0), bump(120.0));
    let target = bump(40.0);
    let solver = Multiscale {
        slack_cells2: 200.0,
        ..Default::default()
    };
    let found = solver.solve(dim, &source, &target).unwrap();
    let [near, far] = [30, 120].map(|x| 32 * dim.1 + x);
    let way = 10.0 / (1.0 + 4.0 * 16.0 / 200.0);
    assert!(
        (found.forward.dx[near] - way).abs() < 0.05,
        "{} {way}",
        found.forward.dx[near]
    );
    let share = (-(way * 10.0 - 0.5 * way * way) / 200.0).exp();
    assert!(
        (found.forward.share[near] - share).abs() < 5e-3,
        "{} {share}",
        found.forward.share[near]
    );
    assert!(found.forward.share[far] < 1e-3);
}

#[test]
fn a_coarser_finish_is_filled_in() {
    let dim = (160, 240);
    let a = gaussian([60.0, 60.0], [[80.0, 0.0], [0.0, 80.0]]);
    let b = gaussian([150.0, 90.0], [[160.0, 30.0], [30.0, 100.0]]);
    let (source, target) = (normal(dim, &a), normal(dim, &b));
    let fine = Multiscale::default().solve(dim, &source, &target).unwrap();
    let solver = Multiscale {
        finest: 1,
        ..Default::default()
    };
    let coarse = solver.solve(dim, &source, &target).unwrap();
    for (k, _) in source.iter().enumerate().filter(|(_, m)| **m > 0.05) {
        let error = (fine.forward.dx[k] - coarse.forward.dx[k])
            .hypot(fine.forward.dy[k] - coarse.forward.dy[k]);
        assert!(error < 0.5, "{error}");
    }
    assert!((coarse.squared_distance / fine.squared_distance - 1.0).abs() < 1e-3);
}

#[test]
fn bad_masses_are_refused() {
    let solve = |a: &[f32], b: &[f32]| {
        Multiscale::default()
            .solve((1, 2), a, b)
            .unwrap_err()
            .to_string()
    };
    assert!(solve(&[1.0], &[1.0, 0.0]).contains("expected 2"));
    assert!(solve(&[1.0, -1.0], &[1.0, 0.0]).contains("mass 1 of source is -1"));
    assert!(solve(&[1.0, 0.0], &[0.0, 0.0]).contains("target has no mass"));
}
