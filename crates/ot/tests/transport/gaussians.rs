//! Normal distributions on grids, against the Bures distance and the affine map.

use crate::common::{Random, assert_near, normalise, tight};
use otinterp_ot::Problem;
use otinterp_ot::cost::Separable;
use otinterp_ot::distance::certify;
use otinterp_ot::distance::gaussian::Gaussian;

/// A normal density on the unit square's `n × n` grid, normalised.
fn on_grid(g: &Gaussian, n: usize) -> Vec<f32> {
    let c = &g.covariance;
    let (a, b, d) = (c[0][0], c[0][1], c[1][1]);
    let det = a * d - b * b;
    let mut mass: Vec<f32> = (0..n * n)
        .map(|k| {
            let [y, x] = place(k, n);
            let (dy, dx) = (y - g.mean[0], x - g.mean[1]);
            let q = (d * dy * dy - 2.0 * b * dy * dx + a * dx * dx) / det;
            (-0.5 * q).exp() as f32
        })
        .collect();
    normalise(&mut mass);
    mass
}

/// Centre of a grid's cell.
fn place(k: usize, n: usize) -> [f64; 2] {
    [
        ((k / n) as f64 + 0.5) / n as f64,
        ((k % n) as f64 + 0.5) / n as f64,
    ]
}

fn random_gaussian(random: &mut Random) -> Gaussian {
    let mut near = |centre: f32, by: f32| f64::from(centre + by * (random.unit() - 0.5));
    let (sy, sx, r) = (near(0.07, 0.03), near(0.07, 0.03), near(0.0, 1.0));
    Gaussian {
        mean: vec![near(0.5, 0.2), near(0.5, 0.2)],
        covariance: vec![vec![sy * sy, r * sy * sx], vec![r * sy * sx, sx * sx]],
    }
}

#[test]
fn closed_forms_agree_with_each_other() {
    let mut random = Random(21);
    for _ in 0..50 {
        let (p, q) = (random_gaussian(&mut random), random_gaussian(&mut random));
        let m = p.map_to(&q).unwrap();
        // M A M = B, and W2² = |shift|² + tr A + tr B - 2 tr(A M).
        let product = |a: &[Vec<f64>], b: &[Vec<f64>]| -> Vec<Vec<f64>> {
            let entry = |i: usize, j: usize| a[i][0] * b[0][j] + a[i][1] * b[1][j];
            (0..2).map(|i| vec![entry(i, 0), entry(i, 1)]).collect()
        };
        let back = product(&product(&m, &p.covariance), &m);
        let am = product(&p.covariance, &m);
        let trace = |a: &[Vec<f64>]| a[0][0] + a[1][1];
        for (b, t) in back.iter().flatten().zip(q.covariance.iter().flatten()) {
            assert_near(*b, *t, 1e-12, "M A M");
        }
        let shift: f64 = (0..2).map(|k| (p.mean[k] - q.mean[k]).powi(2)).sum();
        let squared = shift + trace(&p.covariance) + trace(&q.covariance) - 2.0 * trace(&am);
        assert_near(p.wasserstein(&q).unwrap().powi(2), squared, 1e-12, "W2²");
        assert_near(p.wasserstein(&p).unwrap(), 0.0, 1e-7, "W2 to itself");
    }
    let bad = Gaussian {
        mean: vec![0.0; 2],
        covariance: vec![vec![1.0, 2.0], vec![2.0, 1.0]],
    };
    assert!(bad.wasserstein(&bad).is_err());
}

/// The discretised distance tends to Bures's, its error falling with the grid; the certified interval tightens about it.
#[test]
fn the_bures_distance_is_approached_as_the_grid_refines() {
    let mut random = Random(22);
    for _ in 0..3 {
        let (p, q) = (random_gaussian(&mut random), random_gaussian(&mut random));
        let truth = p.wasserstein(&q).unwrap();
        let mut errors = Vec::new();
        for n in [8, 16, 32] {
            let spacing = 1.0 / n as f64;
            let kernel = Separable::squared_distance(n, n, spacing as f32).unwrap();
            // Blur of about half a cell: falls with the grid.
            let eps = (0.25 * spacing * spacing) as f32;
            let problem = Problem::balanced(kernel, on_grid(&p, n), on_grid(&q, n), eps).unwrap();
            let solution = tight().solve(&problem).unwrap();
            let interval = certify(&solution, |i, j| {
                let (x, y) = (place(i, n), place(j, n));
                (x[0] - y[0]).powi(2) + (x[1] - y[1]).powi(2)
            });
            // The masses sit at most half a cell's diagonal from where they were.
            let cell = spacing * std::f64::consts::SQRT_2;
            assert!(interval.lower.max(0.0).sqrt() <= truth + cell);
            assert!(interval.upper.sqrt() >= truth - cell);
            errors.push((interval.middle().max(0.0).sqrt() - truth).abs());
        }
        assert!(errors[2] < 0.02 * truth.max(0.1), "{errors:?} of {truth}");
        assert!(errors[2] <= errors[0], "{errors:?}");
    }
}

#[test]
fn the_barycentric_projection_is_the_affine_map() {
    let mut random = Random(23);
    for _ in 0..3 {
        let (p, q) = (random_gaussian(&mut random), random_gaussian(&mut random));
        let m = p.map_to(&q).unwrap();
        let mut errors = Vec::new();
        for n in [8, 16, 32] {
            let spacing = 1.0 / n as f64;
            let kernel = Separable::squared_distance(n, n, spacing as f32).unwrap();
            let eps = (0.25 * spacing * spacing) as f32;
            let a = on_grid(&p, n);
            let problem = Problem::balanced(kernel, a.clone(), on_grid(&q, n), eps).unwrap();
            let solution = tight().solve(&problem).unwrap();
            let positions: Vec<[f32; 2]> =
                (0..n * n).map(|k| place(k, n).map(|x| x as f32)).collect();
            let mean_error: f64 = solution
                .project_sources(&positions)
                .into_iter()
                .enumerate()
                .filter_map(|(k, to)| Some((k, to?)))
                .map(|(k, to)| {
                    let x = place(k, n);
                    let d = [x[0] - p.mean[0], x[1] - p.mean[1]];
                    let off: f64 = (0..2)
                        .map(|r| q.mean[r] + m[r][0] * d[0] + m[r][1] * d[1] - to[r])
                        .map(|e| e * e)
                        .sum();
                    f64::from(a[k]) * off.sqrt()
                })
                .sum();
            errors.push(mean_error);
        }
        assert!(errors[2] < 0.015, "{errors:?}");
        assert!(errors[2] < errors[0], "{errors:?}");
    }
}
