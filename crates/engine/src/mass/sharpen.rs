//! Flux-corrected sharpening of splatted mass: what the pixel grid has spread flows back, as far as nothing becomes negative.
//!
//! Mass that arrives between pixels is shared by them, which adds up to ¼ px² of variance. With `e` the variance that was added, the
//! flux `½ e·∂u` towards the larger value takes it off again, and since it is a flux between neighbours no mass is
//! made or lost. It is limited pixel by pixel so that no pixel gives more than it has (flux-corrected transport, Boris & Book 1973;
//! Zalesak 1979).

use rayon::prelude::*;

/// Added variances along x and y, px², pixel by pixel.
pub struct Excess<'a> {
    /// Width of a row.
    pub width: usize,
    /// Along x.
    pub x: &'a [f32],
    /// Along y.
    pub y: &'a [f32],
}

impl Excess<'_> {
    /// Sharpens a plane. Where it `may_be_negative` (a colour difference) nothing is limited.
    pub fn take_back(&self, plane: &mut [f32], may_be_negative: bool) {
        let width = self.width;
        // Towards larger values, from each pixel to the one on its right and below it.
        let flux = |at: usize, to: usize, excess: &[f32], plane: &[f32]| {
            0.25 * (excess[at] + excess[to]) * (plane[to] - plane[at])
        };
        let (mut right, mut down) = (vec![0.0f32; plane.len()], vec![0.0f32; plane.len()]);
        let last_row = plane.len() - width;
        let source = &*plane;
        right
            .par_chunks_mut(width)
            .zip(down.par_chunks_mut(width))
            .enumerate()
            .for_each(|(y, (right, down))| {
                for x in 0..width {
                    let at = y * width + x;
                    if x + 1 < width {
                        right[x] = flux(at, at + 1, self.x, source);
                    }
                    if at < last_row {
                        down[x] = flux(at, at + width, self.y, source);
                    }
                }
            });
        let around = |at: usize, y: usize, x: usize| {
            let from_left = if x > 0 { right[at - 1] } else { 0.0 };
            let from_above = if y > 0 { down[at - width] } else { 0.0 };
            [from_left, -right[at], from_above, -down[at]]
        };
        let limits: Vec<f32> = if may_be_negative {
            vec![1.0; plane.len()]
        } else {
            (0..plane.len())
                .into_par_iter()
                .map(|at| {
                    let given: f32 = around(at, at / width, at % width)
                        .iter()
                        .map(|f| -f.min(0.0))
                        .sum();
                    if given > plane[at] {
                        (plane[at] / given).max(0.0)
                    } else {
                        1.0
                    }
                })
                .collect()
        };
        // Whoever gives limits what flows.
        let limited = |flux: f32, from: usize, to: usize| {
            flux * if flux > 0.0 { limits[from] } else { limits[to] }
        };
        plane
            .par_chunks_mut(width)
            .enumerate()
            .for_each(|(y, row)| {
                for (x, value) in row.iter_mut().enumerate() {
                    let at = y * width + x;
                    let mut sum = -limited(right[at], at, (at + 1).min(limits.len() - 1));
                    sum -= limited(down[at], at, (at + width).min(limits.len() - 1));
                    if x > 0 {
                        sum += limited(right[at - 1], at - 1, at);
                    }
                    if y > 0 {
                        sum += limited(down[at - width], at - width, at);
                    }
                    *value += sum;
                    // By rounding alone.
                    if !may_be_negative && *value < 0.0 {
                        *value = 0.0;
                    }
                }
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mass and variance of a row.
    fn moments(row: &[f32]) -> (f64, f64) {
        let sum = |f: &dyn Fn(f64) -> f64| -> f64 {
            row.iter()
                .enumerate()
                .map(|(x, &v)| f64::from(v) * f(x as f64))
                .sum()
        };
        let (m, mean) = (sum(&|_| 1.0), sum(&|x| x));
        (m, sum(&|x| x * x) / m - (mean / m).powi(2))
    }

    #[test]
    fn added_variance_is_taken_off_and_mass_kept() {
        let mut row: Vec<f32> = (0..60)
            .map(|x| (-0.5 * ((x as f32 - 30.0) / 4.0).powi(2)).exp())
            .collect();
        let before = moments(&row);
        let (e, none) = (vec![0.25; 60], vec![0.0; 60]);
        let excess = Excess {
            width: 60,
            x: &e,
            y: &none,
        };
        excess.take_back(&mut row, false);
        let after = moments(&row);
        assert!((after.0 - before.0).abs() < 1e-5);
        assert!(
            (before.1 - after.1 - 0.25).abs() < 1e-3,
            "{before:?} {after:?}"
        );
    }

    #[test]
    fn nothing_becomes_negative() {
        let mut plane = vec![0.0, 0.0, 0.1, 0.1, 5.0, 5.0, 0.0, 0.1, 0.0, 3.0, 0.0, 0.0];
        let total: f32 = plane.iter().sum();
        let e = vec![0.25; 12];
        Excess {
            width: 4,
            x: &e,
            y: &e,
        }
        .take_back(&mut plane, false);
        assert!(plane.iter().all(|&v| v >= 0.0), "{plane:?}");
        assert!((plane.iter().sum::<f32>() - total).abs() < 1e-5);
    }
}
