//! Energy of the spline through four densities, beside that of the shortest way between the middle two.

use otinterp::ot::multiscale::{Map, Multiscale, finest_for};
use otinterp::picture::{Plane, samples};
use serde::Serialize;

/// Mean energies of the grains' paths between the middle two of up to four densities, each weighted by its mass, px².
///
/// A grain at `x` of the second density goes to `x + v` of the third, and by `u` and `w` from there to the first and the fourth: transport maps
/// of least W2². Its path is `x + t v − t(1−t)[(1−t) D₁ + t D₂]` with `D₁ = (v + u)/2` and `D₂ = (w − v)/2`; where one end is missing the other's
/// parabola alone. (Chewi et al. 2020, transport splines; blended as docs/MATH.md, 7b.)
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Spline {
    /// Of the straight paths, `|v|²`: W2² up to the error of the grid.
    pub geodesic_px2: f64,
    /// What the spline's paths cost more, `∫|b'|² dt`.
    pub bending_px2: f64,
    /// Of the spline's paths, the sum of both.
    pub energy_px2: f64,
    /// Mean length of the acceleration halfway, `|D₁ + D₂|`, px per unit of t².
    pub acceleration_px: f64,
}

/// `∫|b'|² dt` of a bend `b = −t(1−t)[(1−t) D₁ + t D₂]`: `2/15 (|D₁|² + |D₂|²) + D₁·D₂ / 15`.
fn bending(first: [f64; 2], second: [f64; 2]) -> f64 {
    let dot = |a: [f64; 2], b: [f64; 2]| a[0] * b[0] + a[1] * b[1];
    (2.0 * (dot(first, first) + dot(second, second)) + dot(first, second)) / 15.0
}

impl Spline {
    /// Between `pair`, with the density before and the one after. `check` is asked before each transport whether to go on.
    pub fn between(
        pair: &[Plane; 2],
        outer: [Option<&Plane>; 2],
        most_cells: usize,
        check: impl Fn() -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let dim = pair[0].dim();
        let map = |from: &Plane, to: &Plane| -> anyhow::Result<Map> {
            check()?;
            let solver = Multiscale {
                finest: finest_for([samples(from), samples(to)], most_cells),
                ..Multiscale::default()
            };
            Ok(solver.solve(dim, samples(from), samples(to))?.forward)
        };
        let inner = map(&pair[0], &pair[1])?;
        let before = outer[0].map(|outer| map(&pair[0], outer)).transpose()?;
        let after = outer[1].map(|outer| map(&pair[1], outer)).transpose()?;
        let second = &pair[1];
        let (mut sums, mut total) = ([0.0; 3], 0.0);
        for (at, &mass) in samples(&pair[0])
            .iter()
            .enumerate()
            .filter(|(_, m)| **m > 0.0)
        {
            let v = vector(&inner, at);
            let first = before.as_ref().map(|map| {
                let u = vector(map, at);
                [0, 1].map(|axis| 0.5 * (v[axis] + u[axis]))
            });
            let place = [(at % dim.1) as f64 + v[0], (at / dim.1) as f64 + v[1]];
            let last = after.as_ref().map(|map| {
                let w = led_on(map, second, place);
                [0, 1].map(|axis| 0.5 * (w[axis] - v[axis]))
            });
            let (first, last) = match (first, last) {
                (Some(first), Some(last)) => (first, last),
                (one, other) => [one.or(other).unwrap_or_default(); 2].into(),
            };
            let mass = f64::from(mass);
            total += mass;
            sums[0] += mass * (v[0] * v[0] + v[1] * v[1]);
            sums[1] += mass * bending(first, last);
            sums[2] += mass * (first[0] + last[0]).hypot(first[1] + last[1]);
        }
        let [geodesic_px2, bending_px2, acceleration_px] = sums.map(|sum| sum / total);
        Ok(Self {
            geodesic_px2,
            bending_px2,
            energy_px2: geodesic_px2 + bending_px2,
            acceleration_px,
        })
    }
}

fn vector(map: &Map, at: usize) -> [f64; 2] {
    [f64::from(map.dx[at]), f64::from(map.dy[at])]
}

/// Where a map leads on from a place: between the four cells around it, of those that have mass; if none has, it stays.
fn led_on(map: &Map, mass: &Plane, [x, y]: [f64; 2]) -> [f64; 2] {
    let (height, width) = mass.dim();
    let (column, row) = (x.floor(), y.floor());
    let (mut sum, mut weights) = ([0.0; 2], 0.0);
    for (right, down) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
        let weight = (1.0 - (x - column - right).abs()) * (1.0 - (y - row - down).abs());
        let place = [column + right, row + down];
        let is_there = place[0] >= 0.0
            && place[1] >= 0.0
            && place[0] < width as f64
            && place[1] < height as f64;
        let at = (place[1] as usize, place[0] as usize);
        if !is_there || weight <= 0.0 || mass[at] == 0.0 {
            continue;
        }
        let along = vector(map, at.0 * width + at.1);
        sum = [0, 1].map(|axis| sum[axis] + weight * along[axis]);
        weights += weight;
    }
    if weights > 0.0 {
        sum.map(|sum| sum / weights)
    } else {
        [0.0; 2]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A normal blob of deviation 2.5 px.
    fn blob([x, y]: [f64; 2]) -> Plane {
        Plane::from_shape_fn((48, 64), |(row, column)| {
            let (dx, dy) = (column as f64 - x, row as f64 - y);
            let value = 200.0 * (-(dx * dx + dy * dy) / 12.5).exp();
            if value < 0.01 { 0.0 } else { value as f32 }
        })
    }

    fn near(found: f64, expected: f64, within: f64) {
        assert!((found - expected).abs() < within, "{found} {expected}");
    }

    #[test]
    fn a_blob_on_a_parabola_has_the_energy_of_its_mean() {
        // x = 20 + 8 t, y = 14 + 4 t + 3 t² at t = -1, 0, 1, 2.
        let at = |t: f64| [20.0 + 8.0 * t, 14.0 + 4.0 * t + 3.0 * t * t];
        let [before, a, b, after] = [-1.0, 0.0, 1.0, 2.0].map(|t| blob(at(t)));
        let pair = [a, b];
        let spline = |outer| Spline::between(&pair, outer, 1 << 16, || Ok(())).unwrap();
        // v = (8, 7), D₁ = D₂ = (0, 3): |v|² = 113, |D|²/3 = 3, b'' = 6.
        for outer in [
            [Some(&before), Some(&after)],
            [Some(&before), None],
            [None, Some(&after)],
        ] {
            let found = spline(outer);
            near(found.geodesic_px2, 113.0, 0.3);
            near(found.bending_px2, 3.0, 0.05);
            near(found.acceleration_px, 6.0, 0.05);
            assert_eq!(found.energy_px2, found.geodesic_px2 + found.bending_px2);
        }
        assert_eq!(spline([None, None]).bending_px2, 0.0);
    }

    #[test]
    fn constant_speed_is_the_shortest_way() {
        let [before, a, b, after] =
            [0.0, 1.0, 2.0, 3.0].map(|t| blob([12.0 + 12.0 * t, 20.0 + 3.0 * t]));
        let found = Spline::between(&[a, b], [Some(&before), Some(&after)], 1 << 16, || Ok(()));
        let found = found.unwrap();
        near(found.geodesic_px2, 153.0, 0.3);
        near(found.bending_px2, 0.0, 1e-3);
    }
}
