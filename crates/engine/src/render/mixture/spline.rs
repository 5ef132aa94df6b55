//! Cubic B-spline interpolation of a plane.
//!
//! The spline is `s(x) = Σ c_k·β³(x - k)` with the cubic B-spline β³ and coefficients c such that
//! `s(k)` is the sample itself: `c = √3·Σ_j z^|j|·sample(k - j)`, `z = √3 - 2` (Unser, *Splines: a perfect fit
//! for signal and image processing*, 1999, eq. 15 in closed form). It takes as many neighbours as cubic
//! convolution and keeps far more of the fine detail.

use super::points::{Points, Round};
use crate::picture::{Plane, samples};
use otinterp_simd::{Kernel, LANES, Level as Cpu, Number, Simd, Vector};
use rayon::prelude::*;

/// Terms kept on either side; what the others would add is below `2·√3·|z|^10/(1-|z|) = 9e-6` of the samples' swing.
const REACH: usize = 9;
/// Coefficients before a row's first and after its last, so that sampling never meets the border.
const BEFORE: usize = 1;
const AFTER: usize = 2;
/// Rows of coefficients after a plane's last.
const BELOW: usize = 3;
/// Values before the first and after the last row: vectors that begin or end there are read whole.
const MARGIN: usize = LANES;
/// Rows that one task filters.
const BAND_ROWS: usize = 16;

/// The spline of one plane.
#[derive(Debug)]
pub struct Spline {
    /// [`MARGIN`] values, then `[row][column]`, mirrored at the border, with [`BEFORE`] and [`AFTER`] more on either
    /// side, then [`MARGIN`] values.
    coefficients: Vec<f32>,
    pitch: usize,
    /// What is taken off all samples first, so that a plane of one value keeps it to the last bit.
    offset: f32,
    /// Samples in a row of the plane.
    pub width: usize,
    /// Rows of the plane.
    pub height: usize,
}

impl Spline {
    /// The spline through a plane's samples.
    pub fn of(cpu: Cpu, plane: &Plane) -> Self {
        let (height, width) = plane.dim();
        let pitch = BEFORE + width + AFTER;
        let taps = taps();
        let source = samples(plane);
        let offset = source.first().copied().unwrap_or(0.0);
        let rows = (BEFORE + height + BELOW) * pitch;
        let mut coefficients = vec![0.0; MARGIN + rows + MARGIN];
        coefficients[MARGIN..][..rows]
            .par_chunks_mut(BAND_ROWS * pitch)
            .enumerate()
            .for_each_init(Vec::new, |padded, (band, out)| {
                cpu.run(Filter {
                    taps: &taps,
                    offset,
                    source,
                    dim: (height, width),
                    first_row: band * BAND_ROWS,
                    padded,
                    out,
                });
            });
        Self {
            coefficients,
            pitch,
            offset,
            width,
            height,
        }
    }

    /// The spline around the lanes of a round, with `N` columns and rows of weights.
    // Iterators that skip carry vectors through memory.
    #[allow(clippy::needless_range_loop)]
    #[inline(always)]
    fn near<S: Simd, const N: usize>(&self, round: &Round<S>) -> S::V {
        // Lane l reads column `column + l`.
        let start = (MARGIN + round.row * self.pitch).wrapping_add_signed(round.column);
        let coefficients = &self.coefficients[start..][..(N - 1) * self.pitch + LANES + N - 1];
        let mut sum = S::V::splat(self.offset);
        for j in 0..N {
            let columns = S::V::load_shifted::<N>(&coefficients[j * self.pitch..]);
            let mut along = round.wx[0].mul(columns[0]);
            for i in 1..N {
                along = round.wx[i].mul_add(columns[i], along);
            }
            sum = along.mul_add(round.wy[j], sum);
        }
        sum
    }
}

/// The splines of planes of one size at some points; the border's samples are repeated outwards.
#[inline(always)]
pub fn sampled<S: Simd, const P: usize>(splines: &[Spline; P], points: &Points<S>) -> [S::V; P] {
    let zero = S::V::splat(0.0);
    let mut out = [zero; P];
    if let Some(round) = points.together() {
        if round.wide {
            for (out, spline) in out.iter_mut().zip(splines) {
                *out = spline.near::<S, 5>(&round);
            }
        } else {
            for (out, spline) in out.iter_mut().zip(splines) {
                *out = spline.near::<S, 4>(&round);
            }
        }
        return out;
    }
    let mut wait = S::V::splat(1.0);
    while wait.largest() > 0.0 {
        let (round, served) = points.next(wait);
        for (out, spline) in out.iter_mut().zip(splines) {
            let value = spline.near::<S, 5>(&round);
            *out = zero.select_less(served, value, *out);
        }
        wait = wait.sub(served);
    }
    out
}

/// `√3·z^j` for `j` from 0 on, scaled so that all taps together keep a constant.
fn taps() -> [f32; REACH + 1] {
    let root = 3f64.sqrt();
    let tap = |j: usize| (root - 2.0).powi(j as i32);
    let sum = tap(0) + 2.0 * (1..=REACH).map(tap).sum::<f64>();
    std::array::from_fn(|j| (tap(j) / sum) as f32)
}

/// The index that stands at `i` when `len` samples are mirrored about the first and the last of them.
#[inline(always)]
fn mirrored(i: isize, len: usize) -> usize {
    let last = len as isize - 1;
    if last == 0 {
        return 0;
    }
    let i = i.rem_euclid(2 * last);
    i.min(2 * last - i) as usize
}

/// Makes some rows of coefficients, along the columns first.
struct Filter<'a> {
    taps: &'a [f32; REACH + 1],
    offset: f32,
    source: &'a [f32],
    dim: (usize, usize),
    /// Row of coefficients.
    first_row: usize,
    padded: &'a mut Vec<f32>,
    out: &'a mut [f32],
}

impl Kernel for Filter<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let (height, width) = self.dim;
        let padded = self.padded;
        padded.resize(width + 2 * REACH, 0.0);
        let rows = self.out.chunks_exact_mut(BEFORE + width + AFTER);
        for (n, out) in rows.enumerate() {
            // Mirrored about the row that stands here, not about a row outside.
            let here = (self.first_row + n) as isize - BEFORE as isize;
            let here = mirrored(here, height) as isize;
            let mut around = [self.source; 2 * REACH + 1];
            for (j, row) in around.iter_mut().enumerate() {
                let y = mirrored(here + j as isize - REACH as isize, height);
                *row = &self.source[y * width..][..width];
            }
            let inner = &mut padded[REACH..][..width];
            filter::<S>(&around, self.taps, self.offset, inner);
            for j in 1..=REACH {
                padded[REACH - j] = padded[REACH + mirrored(-(j as isize), width)];
                let after = mirrored((width - 1 + j) as isize, width);
                padded[REACH + width - 1 + j] = padded[REACH + after];
            }
            let mut around = [&padded[..]; 2 * REACH + 1];
            for (j, row) in around.iter_mut().enumerate() {
                *row = &padded[j..][..width];
            }
            filter::<S>(&around, self.taps, 0.0, &mut out[BEFORE..][..width]);
            out[0] = out[BEFORE + mirrored(-1, width)];
            for j in 0..AFTER {
                out[BEFORE + width + j] = out[BEFORE + mirrored((width + j) as isize, width)];
            }
        }
    }
}

/// `out = taps[0]·middle + Σ taps[j]·(the two rows j away from it)`, of all values less `offset`: of values that equal it
/// exactly 0.
#[inline(always)]
fn filter<S: Simd>(
    rows: &[&[f32]; 2 * REACH + 1],
    taps: &[f32; REACH + 1],
    offset: f32,
    out: &mut [f32],
) {
    let twice = offset + offset;
    let width = out.len();
    if width < LANES {
        for (x, out) in out.iter_mut().enumerate() {
            let mut sum = taps[0] * (rows[REACH][x] - offset);
            for (j, &tap) in taps.iter().enumerate().skip(1) {
                let both = rows[REACH - j][x] + rows[REACH + j][x] - twice;
                sum = S::mul_add(tap, both, sum);
            }
            *out = sum;
        }
        return;
    }
    let (once, twice) = (S::V::splat(offset), S::V::splat(twice));
    let mut x = 0;
    loop {
        let middle = S::V::load(&rows[REACH][x..]).sub(once);
        let mut sum = middle.mul(S::V::splat(taps[0]));
        for (j, &tap) in taps.iter().enumerate().skip(1) {
            let (before, after) = (
                S::V::load(&rows[REACH - j][x..]),
                S::V::load(&rows[REACH + j][x..]),
            );
            let both = before.add(after).sub(twice);
            sum = both.mul_add(S::V::splat(tap), sum);
        }
        sum.store(&mut out[x..]);
        if x + LANES == width {
            break;
        }
        // The last vector overlaps the one before it.
        x = (x + LANES).min(width - LANES);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use otinterp_simd::Level;
    use std::array::from_ref;

    /// A spline, and its value at single points.
    struct At(Spline);

    impl At {
        fn at(&self, x: f32, y: f32) -> f32 {
            let Self(spline) = self;
            let here = Level::current().unwrap().run(Sample { spline, x, y });
            for level in Level::available() {
                assert!((level.run(Sample { spline, x, y }) - here).abs() < 2e-4);
            }
            here
        }
    }

    struct Sample<'a> {
        spline: &'a Spline,
        x: f32,
        y: f32,
    }

    impl Kernel for Sample<'_> {
        type Output = f32;

        /// The lanes after the first lie elsewhere, all over the plane and outside.
        #[inline(always)]
        fn run<S: Simd>(self) -> f32 {
            let Spline { width, height, .. } = *self.spline;
            let (mut xs, mut ys) = ([self.x; LANES], [self.y; LANES]);
            for l in 1..LANES {
                xs[l] = (l * 7 % (width + 2)) as f32 - 0.7;
                ys[l] = (l * 5 % (height + 2)) as f32 - 0.6;
            }
            let points = Points::<S>::of(S::V::load(&xs), S::V::load(&ys), width, height);
            let mut values = [0.0; LANES];
            let [value] = sampled::<S, 1>(from_ref(self.spline), &points);
            value.store(&mut values);
            values[0]
        }
    }

    fn spline(plane: &Plane) -> At {
        At(Spline::of(Cpu::current().unwrap(), plane))
    }

    #[test]
    fn it_goes_through_the_samples_and_repeats_the_border() {
        for (height, width) in [(1, 1), (1, 6), (2, 2), (3, 1), (17, 33)] {
            let plane = Array2::from_shape_fn((height, width), |(y, x)| {
                ((y * 7919 + x * 104_729) % 256) as f32
            });
            let spline = spline(&plane);
            for y in -2..height as isize + 2 {
                for x in -2..width as isize + 2 {
                    let truth = plane[(
                        y.clamp(0, height as isize - 1) as usize,
                        x.clamp(0, width as isize - 1) as usize,
                    )];
                    let found = spline.at(x as f32, y as f32);
                    assert!((found - truth).abs() < 1e-2, "{x} {y}: {found} {truth}");
                }
            }
        }
    }

    #[test]
    fn one_value_is_kept_to_the_last_bit() {
        let spline = spline(&Array2::from_elem((9, 14), 0.1));
        for i in 0..50 {
            assert_eq!(spline.at(0.3 * i as f32 - 1.0, 0.21 * i as f32 - 1.0), 0.1);
        }
    }

    #[test]
    fn it_is_exact_on_cubics_away_from_the_border() {
        let f = |x: f32, y: f32| {
            let (x, y) = (0.05 * (x - 25.0), 0.05 * (y - 25.0));
            1.0 + x - 2.0 * y + x * y - 3.0 * x * x + x * x * x - 2.0 * y * y * y
        };
        let plane = Array2::from_shape_fn((50, 50), |(y, x)| f(x as f32, y as f32));
        let spline = spline(&plane);
        for i in 0..40 {
            let (x, y) = (20.0 + 0.23 * i as f32, 29.0 - 0.19 * i as f32);
            assert!((spline.at(x, y) - f(x, y)).abs() < 2e-4, "{x} {y}");
        }
    }

    /// A row of points whose whole parts change from lane to lane.
    struct Along<'a> {
        spline: &'a Spline,
        from: (f32, f32),
        step: (f32, f32),
    }

    impl Along<'_> {
        fn point(&self, lane: usize) -> (f32, f32) {
            let l = lane as f32;
            (self.from.0 + l * self.step.0, self.from.1 + l * self.step.1)
        }
    }

    impl Kernel for Along<'_> {
        type Output = [f32; LANES];

        #[inline(always)]
        fn run<S: Simd>(self) -> [f32; LANES] {
            let Spline { width, height, .. } = *self.spline;
            let (mut xs, mut ys) = ([0.0; LANES], [0.0; LANES]);
            for l in 0..LANES {
                (xs[l], ys[l]) = self.point(l);
            }
            let points = Points::<S>::of(S::V::load(&xs), S::V::load(&ys), width, height);
            let [value] = sampled::<S, 1>(from_ref(self.spline), &points);
            let mut values = [0.0; LANES];
            value.store(&mut values);
            values
        }
    }

    #[test]
    fn lanes_served_together_have_the_values_that_they_have_alone() {
        let plane = Array2::from_shape_fn((40, 60), |(y, x)| ((y * 37 + x * 91) % 101) as f32);
        let At(spline) = &spline(&plane);
        // Steps from one whole part to the next, there and back, and past it; at the last row and column too.
        for step in [
            (1.0, 0.0),
            (1.08, 0.07),
            (0.93, -0.09),
            (1.3, 0.2),
            (0.8, -0.4),
        ] {
            for from in [(3.4, 20.6), (30.9, 38.1), (44.2, 39.0), (-4.0, 0.9)] {
                for level in Level::available() {
                    let values = level.run(Along { spline, from, step });
                    for (lane, value) in values.into_iter().enumerate() {
                        let (x, y) = Along { spline, from, step }.point(lane);
                        let alone = level.run(Sample { spline, x, y });
                        assert!((value - alone).abs() < 1e-3, "{step:?} {from:?} {lane}");
                    }
                }
            }
        }
    }
}
