//! Wasserstein distance of point clouds by the Sinkhorn iteration, with a certificate: c-transforms below, a rounded plan above.

use crate::cost::{Dense, GibbsKernel};
use crate::error::Error;
use crate::interval::Interval;
use crate::power::Power;
use crate::problem::Problem;
use crate::sinkhorn::Sinkhorn;
use crate::solution::Solution;

/// The certified interval of the optimal transport cost `min sum pi·c`, given any solution of the entropic problem with
/// hard marginals and the exact `cost(i, j)`. Source and target masses are taken as shares of their totals.
///
/// *Lower bound.* `f = g^c`, `f_i = min_j c_ij - g_j`, then `g = f^c`: a feasible pair, so `sum a·f + sum b·g` is at most
/// the optimum (Peyré & Cuturi 2019, section 3.2). *Upper bound.* The plan is rounded to one that has the
/// marginals exactly: rows scaled down, then columns, then the missing mass added as a product (Altschuler et al.
/// 2017, algorithm 2). Both take a pass over all pairs in `f64`; points without mass are left out.
pub fn certify<K: GibbsKernel>(
    solution: &Solution<'_, K>,
    cost: impl Fn(usize, usize) -> f64,
) -> Interval {
    let (a, b) = solution.shares();
    let rows: Vec<usize> = (0..a.len()).filter(|&i| a[i] > 0.0).collect();
    let columns: Vec<usize> = (0..b.len()).filter(|&j| b[j] > 0.0).collect();
    Interval {
        lower: dual_bound(solution, &cost, (&a, &b), (&rows, &columns)),
        upper: rounded_cost(solution, &cost, (a, b), (&rows, &columns)),
    }
}

fn dual_bound<K: GibbsKernel>(
    solution: &Solution<'_, K>,
    cost: &impl Fn(usize, usize) -> f64,
    (a, b): (&[f64], &[f64]),
    (rows, columns): (&[usize], &[usize]),
) -> f64 {
    let g = solution.potentials().g;
    let mut transformed = vec![f64::INFINITY; b.len()];
    let mut value = 0.0;
    for &i in rows {
        let costs = || columns.iter().map(|&j| (j, cost(i, j)));
        let f = costs().fold(f64::INFINITY, |f, (j, c)| f.min(c - g[j]));
        for (j, c) in costs() {
            transformed[j] = transformed[j].min(c - f);
        }
        value += a[i] * f;
    }
    value + columns.iter().map(|&j| b[j] * transformed[j]).sum::<f64>()
}

fn rounded_cost<K: GibbsKernel>(
    solution: &Solution<'_, K>,
    cost: &impl Fn(usize, usize) -> f64,
    (mut a, mut b): (Vec<f64>, Vec<f64>),
    (rows, columns): (&[usize], &[usize]),
) -> f64 {
    let scale = 1.0 / solution.source_total();
    let mut row = vec![0.0; b.len()];
    let mut row_factor = vec![1.0; a.len()];
    let mut column_sum = vec![0.0; b.len()];
    for &i in rows {
        let total = plan_row(solution, i, scale, &mut row);
        row_factor[i] = (a[i] / total).min(1.0);
        for (sum, p) in column_sum.iter_mut().zip(&row) {
            *sum += p * row_factor[i];
        }
    }
    let column_factor: Vec<f64> = b
        .iter()
        .zip(&column_sum)
        .map(|(b, s)| if *s > 0.0 { (b / s).min(1.0) } else { 1.0 })
        .collect();
    let mut value = 0.0;
    for &i in rows {
        plan_row(solution, i, scale, &mut row);
        for &j in columns {
            let mass = row[j] * row_factor[i] * column_factor[j];
            value += mass * cost(i, j);
            a[i] -= mass;
            b[j] -= mass;
        }
    }
    // What is left on the two sides is equal up to rounding, and not negative.
    for x in a.iter_mut().chain(&mut b) {
        *x = x.max(0.0);
    }
    let left: f64 = a.iter().sum();
    if left > 0.0 {
        for &i in rows.iter().filter(|&&i| a[i] > 0.0) {
            for &j in columns.iter().filter(|&&j| b[j] > 0.0) {
                value += a[i] * (b[j] / left) * cost(i, j);
            }
        }
    }
    value
}

/// A row of the plan, and its sum.
fn plan_row<K: GibbsKernel>(
    solution: &Solution<'_, K>,
    i: usize,
    scale: f64,
    row: &mut [f64],
) -> f64 {
    row.fill(0.0);
    let mut total = 0.0;
    solution.visit_row(i, |j, mass, _| {
        row[j] = mass * scale;
        total += row[j];
    });
    total
}

/// `W_p` between two weighted point clouds, each taken as a probability measure, with `p` from `power`: solved at
/// `eps` = `eps_share` of the largest cost, then certified. The interval is about `eps·ln n` wide in terms of
/// the cost; a share of 10^-3 is a good start, 10^-4 the least that is sensible in `f32`.
///
/// ```
/// use otinterp_ot::{Power, Sinkhorn, distance::wasserstein};
/// let (x, y) = ([[0.0f32, 0.0], [1.0, 0.0]], [[0.0f32, 2.0], [1.0, 2.0]]);
/// let w = wasserstein((&x, &[1.0, 1.0]), (&y, &[1.0, 1.0]), Power::Two, 1e-3, &Sinkhorn::default())?;
/// assert!(w.lower <= 2.0 && 2.0 <= w.upper && w.width() < 1e-3);
/// # Ok::<(), otinterp_ot::Error>(())
/// ```
///
/// # Errors
/// Empty clouds, lengths that differ, coordinates or masses that are not finite, no mass on a side.
pub fn wasserstein<const D: usize>(
    (x, a): (&[[f32; D]], &[f32]),
    (y, b): (&[[f32; D]], &[f32]),
    power: Power,
    eps_share: f32,
    sinkhorn: &Sinkhorn,
) -> Result<Interval, Error> {
    for points in [x, y] {
        check_points(points)?;
    }
    let cost = |i: usize, j: usize| power.cost(&x[i], &y[j]);
    let kernel = Dense::between(x, y, power)?;
    let extent = kernel.range().max;
    // All points in one place: every plan costs nothing, at any eps.
    let eps = if extent > 0.0 {
        eps_share * extent
    } else {
        1.0
    };
    let problem = Problem::balanced(kernel, shares("source", a)?, shares("target", b)?, eps)?;
    let solution = sinkhorn.solve(&problem)?;
    let interval = certify(&solution, cost);
    Ok(interval.map(|c| power.root(c.max(0.0))))
}

fn check_points<const D: usize>(points: &[[f32; D]]) -> Result<(), Error> {
    for (index, point) in points.iter().enumerate() {
        if let Some(&value) = point.iter().find(|x| !x.is_finite()) {
            return Err(Error::Coordinate { index, value });
        }
    }
    Ok(())
}

/// Masses over their total.
fn shares(side: &'static str, masses: &[f32]) -> Result<Vec<f32>, Error> {
    let total: f64 = masses.iter().map(|&m| f64::from(m)).sum();
    if total.is_nan() || total.is_infinite() {
        let index = masses.iter().position(|m| !m.is_finite()).unwrap_or(0);
        return Err(Error::Mass {
            side,
            index,
            value: masses[index],
        });
    }
    if total <= 0.0 {
        return Err(Error::NoMass { side });
    }
    Ok(masses
        .iter()
        .map(|&m| (f64::from(m) / total) as f32)
        .collect())
}
