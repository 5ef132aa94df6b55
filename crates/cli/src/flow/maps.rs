//! Maps derived from a motion field: length, forward-backward consistency as confidence.

use ndarray::Array2;
use otinterp::motion::MotionField;
use otinterp::picture::{Plane, samples_mut, sampling::Grid};
use rayon::prelude::*;

/// Distance in px at which two directions that disagree are believed `exp(-1/2)`: about the accuracy of a good map at texture.
const AGREEMENT_PX: f32 = 1.0;

/// Displacements from here on are unknown: Middlebury's convention, by which its own code writes 1e9 and others 1e10.
const UNKNOWN_PX: f32 = 1e9;

/// A map of one displacement a pixel.
pub fn per_pixel(dx: Plane, dy: Plane) -> MotionField {
    let cell_log2 = 0;
    MotionField { cell_log2, dx, dy }
}

/// The same of a file: where a component is not below [`UNKNOWN_PX`], infinite or no number, both are NaN.
pub fn known_per_pixel(mut dx: Plane, mut dy: Plane) -> MotionField {
    ndarray::Zip::from(&mut dx).and(&mut dy).for_each(|x, y| {
        let is_known = x.abs() < UNKNOWN_PX && y.abs() < UNKNOWN_PX;
        if !is_known {
            (*x, *y) = (f32::NAN, f32::NAN);
        }
    });
    per_pixel(dx, dy)
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
}
