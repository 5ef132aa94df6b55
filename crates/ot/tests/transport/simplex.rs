//! The exact solver against the Hungarian method, sorting, planted optima and its own proof.

use crate::common::{Random, assert_near, assignment};
use otinterp_ot::distance::line;
use otinterp_ot::exact::{Coupling, couple};
use otinterp_ot::{Cloud, Error, Power};

fn cloud<const D: usize>(points: &[[f32; D]], masses: &[f64]) -> Cloud {
    let points = points.iter().flatten().map(|&x| f64::from(x)).collect();
    Cloud::new("source", D, points, masses.to_vec()).unwrap()
}

fn distance(x: &[f64], y: &[f64], power: Power) -> f64 {
    let squared: f64 = x.iter().zip(y).map(|(x, y)| (x - y).powi(2)).sum();
    match power {
        Power::One => squared.sqrt(),
        Power::Two => squared,
    }
}

/// Marginals, costs and prices are what they are said to be, by sums and loops of the test's own.
fn check(coupling: &Coupling, x: &Cloud, y: &Cloud, power: Power) {
    let (mut a, mut b, mut cost) = (vec![0.0; x.len()], vec![0.0; y.len()], 0.0);
    for &(i, j, mass) in &coupling.entries {
        assert!(mass > 0.0);
        a[i] += mass;
        b[j] += mass;
        cost += mass * distance(x.point(i), y.point(j), power);
    }
    for (i, a) in a.iter().enumerate() {
        assert_near(*a, x.share(i), 1e-15, "source marginal");
    }
    for (j, b) in b.iter().enumerate() {
        assert_near(*b, y.share(j), 1e-15, "target marginal");
    }
    assert!(coupling.entries.len() < x.len() + y.len());
    let size = coupling.cost.upper.max(1e-12);
    assert_near(cost, coupling.cost.upper, 1e-12 * size, "cost");
    let mut dual = 0.0;
    for (i, f) in coupling.f.iter().enumerate() {
        dual += x.share(i) * f;
        for (j, g) in coupling.g.iter().enumerate() {
            if x.share(i) > 0.0 && y.share(j) > 0.0 {
                let c = distance(x.point(i), y.point(j), power);
                assert!(f + g <= c + 1e-9 * size.max(c), "{f} + {g} > {c}");
            }
        }
    }
    for (j, g) in coupling.g.iter().enumerate() {
        dual += y.share(j) * g;
    }
    assert_near(dual, coupling.cost.lower, 1e-9 * size, "dual value");
}

#[test]
fn assignments_are_those_of_the_hungarian_method() {
    let mut random = Random(61);
    for n in [1, 2, 3, 17, 65, 200] {
        for power in [Power::One, Power::Two] {
            let (x, y) = (random.points::<3>(n), random.points::<3>(n));
            let cost: Vec<f32> = x
                .iter()
                .flat_map(|x| y.iter().map(move |y| power.cost(x, y) as f32))
                .collect();
            let truth = assignment(&cost, n).0 / n as f64;
            let (x, y) = (cloud(&x, &vec![1.0; n]), cloud(&y, &vec![1.0; n]));
            let found = couple(&x, &y, power, 0.0).unwrap();
            check(&found, &x, &y, power);
            // The Hungarian method's costs are rounded to f32.
            assert_near(found.cost.upper, truth, 1e-6, "cost");
            assert!(found.cost.width() <= 1e-9, "{:?}", found.cost);
            assert_eq!(found.entries.len(), n);
        }
    }
}

#[test]
fn weighted_clouds_on_the_line_are_sorted() {
    let mut random = Random(62);
    for (n, m) in [(1, 7), (40, 25), (300, 511)] {
        let (x, y) = (random.points::<1>(n), random.points::<1>(m));
        let masses = |random: &mut Random, n: usize| -> Vec<f64> {
            random
                .masses(n, true)
                .iter()
                .map(|&m| f64::from(m))
                .collect()
        };
        let (a, b) = (masses(&mut random, n), masses(&mut random, m));
        let (x, y) = (cloud(&x, &a), cloud(&y, &b));
        for power in [Power::One, Power::Two] {
            let truth = line::wasserstein((x.points(), &a), (y.points(), &b), power).unwrap();
            let found = couple(&x, &y, power, 0.0).unwrap();
            check(&found, &x, &y, power);
            assert_near(power.root(found.cost.upper), truth, 1e-9, "distance");
        }
    }
}

#[test]
fn a_planted_map_is_found_through_all_levels() {
    // The gradient of a convex function is optimal (Brenier), here x -> 2 x + shift, y -> y / 2 + shift.
    let mut random = Random(63);
    let n = 1500;
    let x = random.points::<2>(n);
    let a: Vec<f64> = random
        .masses(n, false)
        .iter()
        .map(|&m| f64::from(m))
        .collect();
    let order = random.permutation(n);
    let image: Vec<[f32; 2]> = order
        .iter()
        .map(|&i| [2.0 * x[i][0] + 3.0, 0.5 * x[i][1] - 1.0])
        .collect();
    let b: Vec<f64> = order.iter().map(|&i| a[i]).collect();
    let (x, y) = (cloud(&x, &a), cloud(&image, &b));
    let found = couple(&x, &y, Power::Two, 0.0).unwrap();
    let truth: f64 = (0..n)
        .map(|j| y.share(j) * distance(x.point(order[j]), y.point(j), Power::Two))
        .sum();
    assert_near(found.cost.upper, truth, 1e-9 * truth, "cost");
    assert_near(found.cost.lower, truth, 1e-9 * truth, "dual");
    let moved: f64 = found
        .entries
        .iter()
        .filter(|e| order[e.1] == e.0)
        .map(|e| e.2)
        .sum();
    assert_near(moved, 1.0, 1e-9, "mass on the map");
}

#[test]
fn equal_clouds_cost_nothing_and_clouds_in_one_place_their_distance() {
    let mut random = Random(64);
    let x = random.points::<2>(90);
    let x = cloud(&x, &vec![1.0; 90]);
    let found = couple(&x, &x, Power::One, 0.0).unwrap();
    assert_near(found.cost.upper, 0.0, 1e-15, "cost");
    let (p, q) = (
        cloud(&[[1.0f32]; 5], &[1.0; 5]),
        cloud(&[[3.0f32]; 3], &[1.0; 3]),
    );
    assert_near(
        couple(&p, &q, Power::Two, 0.0).unwrap().cost.lower,
        4.0,
        1e-12,
        "cost",
    );
    assert_near(
        couple(&p, &p, Power::Two, 0.0).unwrap().cost.upper,
        0.0,
        0.0,
        "cost",
    );
}

#[test]
fn what_is_wrong_is_said() {
    let new = |points: Vec<f64>, masses: Vec<f64>| Cloud::new("source", 1, points, masses);
    assert_eq!(new(vec![], vec![]), Err(Error::Empty));
    assert!(matches!(
        new(vec![f64::NAN], vec![1.0]),
        Err(Error::Coordinate { .. })
    ));
    assert!(matches!(
        new(vec![0.0], vec![-1.0]),
        Err(Error::Mass { .. })
    ));
    assert_eq!(
        new(vec![0.0], vec![0.0]),
        Err(Error::NoMass { side: "source" })
    );
    let line = new(vec![0.0], vec![1.0]).unwrap();
    let plane = Cloud::new("target", 2, vec![0.0; 2], vec![1.0]).unwrap();
    assert!(couple(&line, &plane, Power::Two, 0.0).is_err());
    let many = new(vec![0.0; 40_000], vec![1.0; 40_000]).unwrap();
    assert!(matches!(
        couple(&many, &many, Power::Two, 0.0),
        Err(Error::TooManyPairs { .. })
    ));
}
