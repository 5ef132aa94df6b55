//! Quantised features: luma, colour differences and gradients as 16-bit whole numbers, from which tiles compute matching costs.

use crate::picture::{Plane, samples};
use otinterp_simd::math;
use rayon::prelude::*;

/// Steps of a code from black to white. The largest for which a tile's costs fit 16 bits: 49 pixels' capped
/// differences (0.3) and a prior (0.05) come to `49 · 0.35 · 3800 = 65170`. Eight bits have 255 steps, ten have 1023.
pub const STEPS: f32 = 3800.0;
/// Features beyond ±1.5 (brighter than white) are cut off there: the differences of five features add up to
/// `5 · 2 · 5700 = 57000` at most, which fits 16 bits.
const LARGEST: f32 = 1.5 * STEPS;
/// Rows that one task turns into codes.
const BAND_ROWS: usize = 32;

/// Luma, colour differences and the gradient of luma (central differences, halved) in units of `1 /` [`STEPS`]. Sums of
/// differences of such numbers are exact: equal patches differ by 0, and a running sum does not drift.
///
/// The gradient makes the comparison insensitive to slow changes of brightness.
#[derive(Debug)]
pub struct QuantizedFeatures {
    /// Height and width.
    dim: (usize, usize),
    /// Luma and colour differences, then `dY/dx` and `dY/dy`; `height × width` each.
    planes: Vec<Vec<i16>>,
}

/// Planes that [`QuantizedFeatures`] has at most.
pub const MOST_FEATURES: usize = 5;

impl QuantizedFeatures {
    /// Of one pyramid level's [`LumaChroma`](super::LumaChroma): luma first.
    pub fn of(content: &[Plane]) -> Self {
        let (height, width) = content[0].dim();
        let mut planes: Vec<Vec<i16>> = content
            .iter()
            .map(|plane| {
                let mut codes = vec![0; height * width];
                let band = BAND_ROWS * width;
                codes
                    .par_chunks_mut(band)
                    .zip(samples(plane).par_chunks(band))
                    .for_each(|(codes, values)| {
                        for (code, &value) in codes.iter_mut().zip(values) {
                            *code = coded(value);
                        }
                    });
                codes
            })
            .collect();
        let (dx, dy) = gradient(&planes[0], (height, width));
        planes.push(dx);
        planes.push(dy);
        Self {
            dim: (height, width),
            planes,
        }
    }

    /// Height and width.
    pub fn dim(&self) -> (usize, usize) {
        self.dim
    }

    /// The planes, row major.
    pub fn planes(&self) -> &[Vec<i16>] {
        &self.planes
    }
}

#[inline(always)]
fn coded(value: f32) -> i16 {
    let bounded = (value * STEPS).clamp(-LARGEST, LARGEST);
    math::nearest(bounded) as i16
}

/// Halved central differences along x and y; of the border pixel with its one neighbour there.
fn gradient(luma: &[i16], (height, width): (usize, usize)) -> (Vec<i16>, Vec<i16>) {
    let mut dx = vec![0; height * width];
    let mut dy = vec![0; height * width];
    let band = BAND_ROWS * width;
    dx.par_chunks_mut(band)
        .zip(dy.par_chunks_mut(band))
        .enumerate()
        .for_each(|(n, (dx, dy))| {
            let rows = dx.chunks_exact_mut(width).zip(dy.chunks_exact_mut(width));
            for (r, (dx, dy)) in rows.enumerate() {
                let y = n * BAND_ROWS + r;
                let row = |y: usize| &luma[y * width..][..width];
                let (up, down) = (row(y.saturating_sub(1)), row((y + 1).min(height - 1)));
                for ((d, &above), &below) in dy.iter_mut().zip(up).zip(down) {
                    *d = (below - above) >> 1;
                }
                let here = row(y);
                let middle = dx.iter_mut().skip(1);
                for (d, pair) in middle.zip(here.windows(3)) {
                    *d = (pair[2] - pair[0]) >> 1;
                }
                dx[0] = (here[1.min(width - 1)] - here[0]) >> 1;
                dx[width - 1] = (here[width - 1] - here[width.saturating_sub(2)]) >> 1;
            }
        });
    (dx, dy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn codes_are_content_and_its_gradient_in_steps() {
        let (height, width) = (70, 5);
        let value = |x: usize, y: usize| 0.3 + 0.1 * (x as f32 * 1.3).sin() + 0.002 * y as f32;
        let plane = Array2::from_shape_fn((height, width), |(y, x)| value(x, y));
        let codes = QuantizedFeatures::of(&[plane.clone(), plane]);
        assert_eq!(codes.dim(), (height, width));
        let [luma, colour, dx, dy] = codes.planes() else {
            panic!("two planes and a gradient")
        };
        assert_eq!(luma, colour);
        for y in 0..height {
            for x in 0..width {
                let near = |code: i16, value: f32| (f32::from(code) - STEPS * value).abs();
                let at = y * width + x;
                assert!(near(luma[at], value(x, y)) < 0.51);
                let (left, right) = (x.saturating_sub(1), (x + 1).min(width - 1));
                let (up, down) = (y.saturating_sub(1), (y + 1).min(height - 1));
                // Two roundings of a half, and the halving's.
                let across = 0.5 * (value(right, y) - value(left, y));
                let along = 0.5 * (value(x, down) - value(x, up));
                assert!(near(dx[at], across) < 1.1 && near(dy[at], along) < 1.1);
            }
        }
    }

    #[test]
    fn light_beyond_the_range_is_cut_off() {
        let codes =
            QuantizedFeatures::of(&[Array2::from_shape_vec((1, 2), vec![9.0, -9.0]).unwrap()]);
        assert_eq!(codes.planes()[0], [5700, -5700]);
        // The gradient of one row: two differences to the one neighbour, halved.
        assert_eq!(codes.planes()[1], [-5700, -5700]);
        assert_eq!(codes.planes()[2], [0, 0]);
    }
}
