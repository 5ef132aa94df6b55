//! Gaussian pyramids.

use super::{Plane, samples, samples_mut};
use ndarray::Array2;
use rayon::prelude::*;

/// Binomial low-pass filter (Burt & Adelson, *The Laplacian pyramid as a compact image code*, 1983).
const TAPS: [f32; 5] = [1.0 / 16.0, 4.0 / 16.0, 6.0 / 16.0, 4.0 / 16.0, 1.0 / 16.0];

/// Rows of the result that are made by one task.
const BAND_ROWS: usize = 16;

/// A plane at half size, `ceil(height/2) × ceil(width/2)`: low-passed, every other sample taken.
///
/// Sample `(y, x)` of the result stands at `(2y, 2x)` of the plane. The border is repeated.
pub fn halve(plane: &Plane) -> Plane {
    let (height, width) = plane.dim();
    let (half_height, half_width) = (height.div_ceil(2), width.div_ceil(2));
    let mut out = Array2::zeros((half_height, half_width));
    let source = samples(plane);
    let clamp = |i: isize, len: usize| i.clamp(0, len as isize - 1) as usize;
    samples_mut(&mut out)
        .par_chunks_mut(BAND_ROWS * half_width)
        .enumerate()
        .for_each(|(band, out)| {
            let mut column_sums = vec![0.0f32; width];
            for (r, out) in out.chunks_exact_mut(half_width).enumerate() {
                let y = 2 * (band * BAND_ROWS + r) as isize;
                let rows: [&[f32]; 5] = std::array::from_fn(|t| {
                    &source[clamp(y + t as isize - 2, height) * width..][..width]
                });
                for (x, sum) in column_sums.iter_mut().enumerate() {
                    *sum = TAPS[0] * (rows[0][x] + rows[4][x])
                        + TAPS[1] * (rows[1][x] + rows[3][x])
                        + TAPS[2] * rows[2][x];
                }
                for (i, o) in out.iter_mut().enumerate() {
                    let x = 2 * i as isize;
                    let at = |t: isize| column_sums[clamp(x + t, width)];
                    *o = TAPS[0] * (at(-2) + at(2)) + TAPS[1] * (at(-1) + at(1)) + TAPS[2] * at(0);
                }
            }
        });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_and_ramps_survive() {
        for dim in [(1, 1), (1, 7), (6, 5), (33, 40)] {
            let half = halve(&Array2::from_elem(dim, 3.0));
            assert_eq!(half.dim(), (dim.0.div_ceil(2), dim.1.div_ceil(2)));
            assert!(half.iter().all(|v| (v - 3.0).abs() < 1e-6));
        }
        let ramp = Array2::from_shape_fn((40, 60), |(y, x)| y as f32 + 0.5 * x as f32);
        let half = halve(&ramp);
        for y in 1..19 {
            for x in 1..29 {
                assert!((half[(y, x)] - (2.0 * y as f32 + x as f32)).abs() < 1e-4);
            }
        }
    }
}
