//! Warp: the target picture, sampled bicubically along a displacement field.

use crate::picture::sampling::Grid;
use otinterp_simd::partial::counted;
use otinterp_simd::{LANES, Number, Simd, Vector, math};

/// Grey levels of white, which the energy's weights are made for.
const WHITE: f32 = 255.0;

/// A place this far beyond the picture has the border's pixel for all its neighbours, px; more would do as well.
const BEYOND_PX: f32 = 8.0;

/// Values that the samples of a vector of pixels come from: four for each.
const REACH: usize = LANES + 3;

/// A piece of a row of pixels.
pub struct Place {
    /// Row in the picture.
    pub y: usize,
    /// Column of the first pixel.
    pub x: usize,
}

/// Half the mean of the source and the warped target, and target minus source, in grey levels.
///
/// All slices are whole vectors long. The displacement is split into whole pixels and a fraction, and the pixels of a
/// vector that share the whole pixels are sampled at once: their 4×4 neighbours are unit-stride loads.
#[inline(always)]
pub fn warp_row<S: Simd>(
    target: Grid<'_>,
    place: &Place,
    [dx, dy, source]: [&[f32]; 3],
    half_mean: &mut [f32],
    difference: &mut [f32],
) {
    let n = half_mean.len();
    let (dx, dy, source) = (&dx[..n], &dy[..n], &source[..n]);
    let difference = &mut difference[..n];
    for first in (0..n).step_by(LANES) {
        let (dx, dy) = (S::V::load(&dx[first..]), S::V::load(&dy[first..]));
        let x = (place.x + first) as isize;
        let warped = sample::<S>(target, x, place.y as isize, dx, dy);
        let here = S::V::splat(WHITE).mul(S::V::load(&source[first..]));
        let warped = S::V::splat(WHITE).mul(warped);
        let sum = warped.add(here);
        sum.mul(S::V::splat(0.25)).store(&mut half_mean[first..]);
        warped.sub(here).store(&mut difference[first..]);
    }
}

/// Bicubic samples at `(x + lane + dx, y + dy)`; the border is repeated outwards.
#[inline(always)]
fn sample<S: Simd>(target: Grid<'_>, x: isize, y: isize, dx: S::V, dy: S::V) -> S::V {
    let columns = counted::<S>(x as f32);
    let (shift_x, wx) = split::<S>(columns, dx, target.width);
    let (shift_y, wy) = split::<S>(S::V::splat(y as f32), dy, target.height);
    let (mut shifts_x, mut shifts_y) = ([0.0; LANES], [0.0; LANES]);
    shift_x.store(&mut shifts_x);
    shift_y.store(&mut shifts_y);
    let zero = S::V::splat(0.0);
    let mut result = zero;
    let mut pending = S::V::splat(1.0);
    let mut lane = 0;
    loop {
        let (sx, sy) = (shifts_x[lane], shifts_y[lane]);
        let value = sample_shifted::<S>(target, x + sx as isize, y + sy as isize, &wx, &wy);
        // At least 1 where the whole pixels differ from those sampled, else 0.
        let (ex, ey) = (shift_x.sub(S::V::splat(sx)), shift_y.sub(S::V::splat(sy)));
        let other = ex.mul_add(ex, ey.mul(ey));
        result = zero.select_less(other, result, value);
        pending = other.min(pending);
        if pending.largest() <= 0.0 {
            return result;
        }
        let mut lanes = [0.0; LANES];
        pending.store(&mut lanes);
        // There is one, as the largest says.
        lane = lanes.iter().position(|&p| p > 0.0).unwrap_or(0);
    }
}

/// Whole pixels, and the weights of the four neighbours of what is left of `d`: cubic convolution with a = -1/2, see
/// [`crate::picture::sampling::cubic_weights`]. `at` is where the pixels stand among `len`.
///
/// Displacements that lead out of the picture become ones that lead far out, where all neighbours are the
/// border's pixel.
#[inline(always)]
fn split<S: Simd>(at: S::V, d: S::V, len: usize) -> (S::V, [S::V; 4]) {
    let splat = S::V::splat;
    let (most, least) = (len as f32 + BEYOND_PX, -(len as f32) - BEYOND_PX);
    let to = at.add(d);
    let d = to.select_less(splat(0.0), splat(least), d);
    let d = splat(len as f32 - 1.0).select_less(to, splat(most), d);
    // What is no number leads out as well.
    let d = d.max(splat(least));
    let whole = math::floor_of(d);
    let f = d.sub(whole);
    let f2 = f.mul(f);
    let (half_f, half_f3) = (f.mul(splat(0.5)), f2.mul(f).mul(splat(0.5)));
    let weights = [
        f2.sub(half_f3).sub(half_f),
        half_f3.mul_add(splat(3.0), f2.mul_add(splat(-2.5), splat(1.0))),
        half_f3.mul_add(splat(-3.0), f2.mul_add(splat(2.0), half_f)),
        half_f3.sub(f2.mul(splat(0.5))),
    ];
    (whole, weights)
}

/// The samples of all lanes as if `(x, y)` were the whole pixel of the first one and its right neighbours those
/// of the others.
#[inline(always)]
fn sample_shifted<S: Simd>(
    target: Grid<'_>,
    x: isize,
    y: isize,
    wx: &[S::V; 4],
    wy: &[S::V; 4],
) -> S::V {
    let last_row = target.height as isize - 1;
    let row = |j: isize| target.row((y + j).clamp(0, last_row) as usize);
    let rows = [row(-1), row(0), row(1), row(2)];
    let left = x - 1;
    if left >= 0 && left as usize + REACH <= target.width {
        let left = left as usize;
        let near = |j: usize| &rows[j][left..][..REACH];
        weighted::<S>([near(0), near(1), near(2), near(3)], wx, wy)
    } else {
        let last_column = target.width as isize - 1;
        let mut near = [[0.0; REACH]; 4];
        for (near, row) in near.iter_mut().zip(rows) {
            for (i, value) in near.iter_mut().enumerate() {
                *value = row[(left + i as isize).clamp(0, last_column) as usize];
            }
        }
        weighted::<S>([&near[0], &near[1], &near[2], &near[3]], wx, wy)
    }
}

/// Sums over the four rows, then over the four columns.
#[inline(always)]
fn weighted<S: Simd>(near: [&[f32]; 4], wx: &[S::V; 4], wy: &[S::V; 4]) -> S::V {
    let [c0, c1, c2, c3] = S::V::load_shifted::<4>(near[0]);
    let (mut c0, mut c1, mut c2, mut c3) =
        (c0.mul(wy[0]), c1.mul(wy[0]), c2.mul(wy[0]), c3.mul(wy[0]));
    for j in 1..4 {
        let [s0, s1, s2, s3] = S::V::load_shifted::<4>(near[j]);
        c0 = s0.mul_add(wy[j], c0);
        c1 = s1.mul_add(wy[j], c1);
        c2 = s2.mul_add(wy[j], c2);
        c3 = s3.mul_add(wy[j], c3);
    }
    let sum = c1.mul_add(wx[1], c0.mul(wx[0]));
    c3.mul_add(wx[3], c2.mul_add(wx[2], sum))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use otinterp_simd::{Kernel, Level};

    struct Sample<'a> {
        target: Grid<'a>,
        x: usize,
        y: usize,
        d: [[f32; LANES]; 2],
    }

    impl Kernel for Sample<'_> {
        type Output = [f32; LANES];

        #[inline(always)]
        fn run<S: Simd>(self) -> [f32; LANES] {
            let [dx, dy] = self.d;
            let (dx, dy) = (S::V::load(&dx), S::V::load(&dy));
            let mut out = [0.0; LANES];
            sample::<S>(self.target, self.x as isize, self.y as isize, dx, dy).store(&mut out);
            out
        }
    }

    #[test]
    fn samples_are_those_of_the_plain_sampler_wherever_the_displacements_lead() {
        let plane = Array2::from_shape_fn((37, 61), |(y, x)| {
            ((x * 31 + y * 57) % 23) as f32 / 23.0 + 0.01 * x as f32
        });
        let target = Grid::new(&plane);
        for level in Level::available() {
            for case in 0..400usize {
                let (x, y) = (case * 7 % 58, case * 5 % 37);
                let [mut dx, mut dy] = [[0.0; LANES]; 2];
                for (lane, (dx, dy)) in dx.iter_mut().zip(&mut dy).enumerate() {
                    // Smooth, broken, wild, and whole displacements.
                    let r = ((case * 16 + lane) * 7919 % 1000) as f32 / 1000.0 - 0.5;
                    let q = ((case * 16 + lane) * 6151 % 1000) as f32 / 1000.0 - 0.5;
                    (*dx, *dy) = match case % 4 {
                        0 => (0.03 * lane as f32 + 7.0 * r.round(), -0.05 * lane as f32),
                        1 => (
                            if r < 0.0 { -3.3 } else { 2.6 },
                            if q < 0.0 { 1.2 } else { -4.7 },
                        ),
                        2 => (90.0 * r, 70.0 * q),
                        _ => ((20.0 * r).round(), (20.0 * q).round()),
                    };
                }
                let d = [dx, dy];
                let out = level.run(Sample { target, x, y, d });
                for (lane, (dx, dy)) in dx.into_iter().zip(dy).enumerate() {
                    let (ax, ay) = ((x + lane) as f32 + dx, y as f32 + dy);
                    let expected = target.bicubic(ax, ay);
                    let error = (out[lane] - expected).abs();
                    assert!(error <= 1e-5, "{case} {lane}: {} {expected}", out[lane]);
                }
            }
        }
    }

    #[test]
    fn no_displacement_is_the_picture_itself() {
        let plane = Array2::from_shape_fn((5, 40), |(y, x)| (x * x + y) as f32 / 7.0);
        for level in Level::available() {
            let out = level.run(Sample {
                target: Grid::new(&plane),
                x: 9,
                y: 3,
                d: [[0.0; LANES]; 2],
            });
            for (lane, value) in out.into_iter().enumerate() {
                assert_eq!(value, plane[(3, 9 + lane)]);
            }
        }
    }
}
