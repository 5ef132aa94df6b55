//! The monotone coupling of two measures on the line: in one dimension sorting is optimal.

use crate::error::Error;
use crate::power::Power;

/// The monotone coupling of two weighted point sets on the line, each taken as a probability measure: `(i, j, mass)`
/// in order of position. It is optimal for every convex cost of `x - y` (Peyré & Cuturi 2019, section 2.6).
///
/// # Errors
/// Lengths that differ, values that are not finite, negative masses, no mass on a side.
pub fn coupling(
    (x, a): (&[f64], &[f64]),
    (y, b): (&[f64], &[f64]),
) -> Result<Vec<(usize, usize, f64)>, Error> {
    let sources = sorted("source", x, a)?;
    let targets = sorted("target", y, b)?;
    let mut plan = Vec::with_capacity(sources.len() + targets.len());
    let (mut i, mut j) = (0, 0);
    let (mut left_a, mut left_b) = (sources[0].1, targets[0].1);
    loop {
        let mass = left_a.min(left_b);
        if mass > 0.0 {
            plan.push((sources[i].0, targets[j].0, mass));
        }
        left_a -= mass;
        left_b -= mass;
        // Rounding leaves a rest on the last point of one side.
        let (next_a, next_b) = (left_a <= 0.0, left_b <= 0.0);
        if next_a && i + 1 < sources.len() {
            i += 1;
            left_a = sources[i].1;
        } else if next_b && j + 1 < targets.len() {
            j += 1;
            left_b = targets[j].1;
        } else if next_a || next_b {
            return Ok(plan);
        }
    }
}

/// `W_p`, exact up to rounding.
///
/// # Errors
/// As [`coupling`].
pub fn wasserstein(
    (x, a): (&[f64], &[f64]),
    (y, b): (&[f64], &[f64]),
    power: Power,
) -> Result<f64, Error> {
    let total: f64 = coupling((x, a), (y, b))?
        .into_iter()
        .map(|(i, j, mass)| {
            let d = (x[i] - y[j]).abs();
            mass * match power {
                Power::One => d,
                Power::Two => d * d,
            }
        })
        .sum();
    Ok(power.root(total))
}

/// Indices of the points with mass and their shares, in order of position.
fn sorted(side: &'static str, x: &[f64], mass: &[f64]) -> Result<Vec<(usize, f64)>, Error> {
    if x.len() != mass.len() {
        return Err(Error::Length {
            what: "masses",
            expected: x.len(),
            found: mass.len(),
        });
    }
    if let Some(index) = x.iter().position(|x| !x.is_finite()) {
        return Err(Error::Coordinate {
            index,
            value: x[index] as f32,
        });
    }
    if let Some(index) = mass.iter().position(|m| !(m.is_finite() && *m >= 0.0)) {
        return Err(Error::Mass {
            side,
            index,
            value: mass[index] as f32,
        });
    }
    let total: f64 = mass.iter().sum();
    let mut points: Vec<(usize, f64)> = (0..x.len())
        .filter(|&i| mass[i] > 0.0)
        .map(|i| (i, mass[i] / total))
        .collect();
    if points.is_empty() {
        return Err(Error::NoMass { side });
    }
    points.sort_by(|p, q| x[p.0].total_cmp(&x[q.0]));
    Ok(points)
}
