//! Maps derived from a motion field: length, forward-backward consistency as confidence, deficit.

use ndarray::Array2;
use otinterp::motion::MotionField;
use otinterp::picture::{Plane, samples, samples_mut, sampling::Grid};
use rayon::prelude::*;

/// Distance in px at which two directions that disagree are believed `exp(-1/2)`: about the accuracy of a good map at texture.
const AGREEMENT_PX: f32 = 1.0;

/// A map of one displacement a pixel.
pub fn per_pixel(dx: Plane, dy: Plane) -> MotionField {
    let cell_log2 = 0;
    MotionField { cell_log2, dx, dy }
}

/// How long the displacements are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lengths {
    /// Mean length, px.
    pub mean_px: f64,
    /// The longest, px.
    pub longest_px: f32,
    /// Mean of `|v|²`, px²: the kinetic energy `∫∫ rho |v|² dx dt` of the path along which every pixel moves evenly, with a pixel's mass
    /// as unit (Benamou & Brenier, *A computational fluid mechanics solution to the Monge-Kantorovich mass transfer problem*, 2000).
    pub energy_px2: f64,
}

/// Lengths over all pixels whose displacement is known, each counted as often as it has `mass`; once without.
pub fn lengths(field: &MotionField, mass: Option<&Plane>) -> Lengths {
    let (mut sum, mut energy, mut longest_px) = (0.0, 0.0, 0f32);
    let mut total = 0.0;
    for (at, &dx) in field.dx.indexed_iter() {
        let dy = field.dy[at];
        if dx.is_nan() || dy.is_nan() {
            continue;
        }
        let weight = mass.map_or(1.0, |mass| f64::from(mass[at]));
        let squared = f64::from(dx).powi(2) + f64::from(dy).powi(2);
        total += weight;
        sum += weight * squared.sqrt();
        energy += weight * squared;
        longest_px = longest_px.max(dx.hypot(dy));
    }
    let mean = |sum: f64| if total > 0.0 { sum / total } else { 0.0 };
    Lengths {
        mean_px: mean(sum),
        longest_px,
        energy_px2: mean(energy),
    }
}

/// How far the way there and back agree: `exp(-d²/2)` with `d = |v(x) + w(x + v(x))|` in px; 0 where `x + v(x)` lies outside. `v` is
/// `there`, `w` is `back`. 0 where either is unknown. In `[0, 1]`.
pub fn confidence(there: &MotionField, back: &MotionField) -> Plane {
    let (height, width) = there.dim();
    let (wx, wy) = (Grid::new(&back.dx), Grid::new(&back.dy));
    let mut out = Array2::zeros((height, width));
    let rows = samples_mut(&mut out).par_chunks_mut(width).enumerate();
    rows.for_each(|(y, row)| {
        for (x, out) in row.iter_mut().enumerate() {
            let (dx, dy) = (there.dx[(y, x)], there.dy[(y, x)]);
            let (to_x, to_y) = (x as f32 + dx, y as f32 + dy);
            let is_inside = (0.0..=(width - 1) as f32).contains(&to_x)
                && (0.0..=(height - 1) as f32).contains(&to_y);
            if is_inside {
                let off = (dx + wx.bilinear(to_x, to_y)).hypot(dy + wy.bilinear(to_x, to_y));
                if !off.is_nan() {
                    *out = (-0.5 * (off / AGREEMENT_PX).powi(2)).exp();
                }
            }
        }
    });
    out
}

/// Mass missing at every pixel `y` of the map's target: `max(0, 1 - (T#1)(y))`, where `T#1` is what arrives if every pixel of the source
/// sends one unit along `field`, bilinear, averaged over 3×3 pixels against the grid's beat. Near 1 where the target shows what the
/// source hides; also where the map expands. In `[0, 1]`.
pub fn deficit(field: &MotionField) -> Plane {
    let arrived = pushed_forward(field);
    let (height, width) = arrived.dim();
    let mass = samples(&arrived);
    let mut out = Array2::zeros((height, width));
    let rows = samples_mut(&mut out).par_chunks_mut(width).enumerate();
    rows.for_each(|(y, row)| {
        let (top, bottom) = (y.saturating_sub(1), (y + 1).min(height - 1));
        for (x, out) in row.iter_mut().enumerate() {
            let (left, right) = (x.saturating_sub(1), (x + 1).min(width - 1));
            let sum: f32 = (top..=bottom)
                .map(|y| mass[y * width..][left..=right].iter().sum::<f32>())
                .sum();
            let count = (bottom - top + 1) * (right - left + 1);
            *out = (1.0 - sum / count as f32).max(0.0);
        }
    });
    out
}

/// `T#1`: what leaves the picture is lost. In one order, whatever the number of threads.
fn pushed_forward(field: &MotionField) -> Plane {
    let (height, width) = field.dim();
    let mut out: Plane = Array2::zeros((height, width));
    let mut add = |x: isize, y: isize, mass: f32| {
        if (0..width as isize).contains(&x) && (0..height as isize).contains(&y) {
            out[(y as usize, x as usize)] += mass;
        }
    };
    for ((y, x), &dx) in field.dx.indexed_iter() {
        if dx.is_nan() || field.dy[(y, x)].is_nan() {
            continue;
        }
        let (to_x, to_y) = (x as f32 + dx, y as f32 + field.dy[(y, x)]);
        let (x0, y0) = (to_x.floor(), to_y.floor());
        let (fx, fy) = (to_x - x0, to_y - y0);
        let (x0, y0) = (x0 as isize, y0 as isize);
        add(x0, y0, (1.0 - fx) * (1.0 - fy));
        add(x0 + 1, y0, fx * (1.0 - fy));
        add(x0, y0 + 1, (1.0 - fx) * fy);
        add(x0 + 1, y0 + 1, fx * fy);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shifted(dim: (usize, usize), dx: f32, dy: f32) -> MotionField {
        per_pixel(Plane::from_elem(dim, dx), Plane::from_elem(dim, dy))
    }

    #[test]
    fn a_shift_has_its_length_and_energy() {
        let found = lengths(&shifted((4, 6), 3.0, -4.0), None);
        assert_eq!(found, of(5.0, 5.0, 25.0));
    }

    fn of(mean_px: f64, longest_px: f32, energy_px2: f64) -> Lengths {
        Lengths {
            mean_px,
            longest_px,
            energy_px2,
        }
    }

    #[test]
    fn mass_weighs_and_the_unknown_does_not_count() {
        let plane = |values: [f32; 3]| ndarray::arr2(&[values]);
        let field = per_pixel(plane([3.0, f32::NAN, 0.0]), plane([4.0, 1.0, 1.0]));
        let found = lengths(&field, Some(&plane([3.0, 9.0, 1.0])));
        assert_eq!(found, of(4.0, 5.0, 19.0));
    }

    #[test]
    fn directions_that_agree_are_believed() {
        let there = shifted((8, 10), 2.5, 1.0);
        let sure = confidence(&there, &shifted((8, 10), -2.5, -1.0));
        assert_eq!(sure[(3, 3)], 1.0);
        // Leaves at the right and at the bottom.
        assert_eq!((sure[(3, 8)], sure[(7, 3)]), (0.0, 0.0));
        let off = confidence(&there, &shifted((8, 10), -2.5, 1.0));
        assert!((off[(3, 3)] - (-2.0f32).exp()).abs() < 1e-6);
    }

    #[test]
    fn mass_is_missing_where_nothing_arrives() {
        let missing = deficit(&shifted((12, 16), 4.0, 0.0));
        // Columns 0 to 3 get nothing; a pixel on either side of the edge is averaged.
        assert_eq!((missing[(5, 1)], missing[(5, 2)]), (1.0, 1.0));
        assert!((missing[(5, 3)] - 2.0 / 3.0).abs() < 1e-6);
        assert_eq!((missing[(5, 6)], missing[(5, 15)]), (0.0, 0.0));
        // A map that enlarges twice leaves a quarter of the density.
        let across = Plane::from_shape_fn((40, 40), |(_, x)| x as f32 - 19.5);
        let missing = deficit(&per_pixel(across.clone(), across.reversed_axes()));
        let inner = missing.slice(ndarray::s![4..36, 4..36]).mean().unwrap();
        assert!((inner - 0.75).abs() < 0.01, "{inner}");
    }
}
