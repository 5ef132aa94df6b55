//! Cubic splines through the samples of a plane.
//!
//! The spline is `s(x) = Σ c_k·β³(x - k)` with the cubic B-spline β³ and coefficients c such that
//! `s(k)` is the sample itself: `c = √3·Σ_j z^|j|·sample(k - j)`, `z = √3 - 2` (Unser, *Splines: a perfect fit
//! for signal and image processing*, 1999, eq. 15 in closed form). It takes as many neighbours as cubic
//! convolution and keeps far more of the fine detail.

use crate::picture::{Plane, samples, sampling::split};
use crate::simd::{Kernel, Level as Cpu, Simd};
use rayon::prelude::*;

/// Terms kept on either side: `|z|^13 = 4e-8` is below the precision of `f32`.
const REACH: usize = 12;
/// Coefficients before a row's first and after its last, so that sampling never meets the border.
const BEFORE: usize = 1;
const AFTER: usize = 2;
/// Rows that one task filters.
const BAND_ROWS: usize = 16;

/// The spline of one plane.
#[derive(Debug)]
pub struct Spline {
    /// `[row][column]`, mirrored at the border, with [`BEFORE`] and [`AFTER`] more on either side.
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
        let mut rows = vec![0.0; height * pitch];
        rows.par_chunks_mut(BAND_ROWS * pitch)
            .zip(source.par_chunks(BAND_ROWS * width))
            .for_each_init(Vec::new, |padded, (out, source)| {
                cpu.run(AlongRows {
                    taps: &taps,
                    offset,
                    source,
                    width,
                    padded,
                    out,
                });
            });
        let mut coefficients = vec![0.0; (BEFORE + height + AFTER) * pitch];
        coefficients
            .par_chunks_mut(pitch)
            .enumerate()
            .for_each(|(row, out)| {
                cpu.run(AlongColumns {
                    taps: &taps,
                    rows: &rows,
                    height,
                    y: row as isize - BEFORE as isize,
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

    /// The spline at `(x, y)`; the border's samples are repeated outwards.
    #[inline(always)]
    pub fn at(&self, x: f32, y: f32) -> f32 {
        let ((x0, fx), (y0, fy)) = (split(x, self.width), split(y, self.height));
        let (wx, wy) = (weights(fx), weights(fy));
        let mut columns = [0.0f32; 4];
        for (j, wy) in wy.into_iter().enumerate() {
            let row = &self.coefficients[(y0 + j) * self.pitch + x0..][..4];
            for (sum, c) in columns.iter_mut().zip(row) {
                *sum += wy * c;
            }
        }
        let [a, b, c, d] = columns;
        self.offset + (a * wx[0] + b * wx[1] + c * wx[2] + d * wx[3])
    }
}

/// `√3·z^j` for `j` from 0 on.
fn taps() -> [f32; REACH + 1] {
    let root = 3f64.sqrt();
    std::array::from_fn(|j| (root * (root - 2.0).powi(j as i32)) as f32)
}

/// β³ at the four coefficients around a point `f` past the second of them.
#[inline(always)]
fn weights(f: f32) -> [f32; 4] {
    let g = 1.0 - f;
    [
        g * g * g * (1.0 / 6.0),
        2.0 / 3.0 - 0.5 * f * f * (2.0 - f),
        2.0 / 3.0 - 0.5 * g * g * (2.0 - g),
        f * f * f * (1.0 / 6.0),
    ]
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

/// Filters some rows.
struct AlongRows<'a> {
    taps: &'a [f32; REACH + 1],
    offset: f32,
    source: &'a [f32],
    width: usize,
    padded: &'a mut Vec<f32>,
    out: &'a mut [f32],
}

impl Kernel for AlongRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let (width, padded) = (self.width, self.padded);
        padded.resize(width + 2 * REACH, 0.0);
        let rows = self.source.chunks_exact(width);
        for (source, out) in rows.zip(self.out.chunks_exact_mut(BEFORE + width + AFTER)) {
            for (p, &s) in padded[REACH..][..width].iter_mut().zip(source) {
                *p = s - self.offset;
            }
            for j in 1..=REACH {
                padded[REACH - j] = padded[REACH + mirrored(-(j as isize), width)];
                let after = mirrored((width - 1 + j) as isize, width);
                padded[REACH + width - 1 + j] = padded[REACH + after];
            }
            let inner = &mut out[BEFORE..][..width];
            inner.fill(0.0);
            add::<S>(inner, &padded[REACH..], None, self.taps[0]);
            for (j, &tap) in self.taps.iter().enumerate().skip(1) {
                let (left, right) = (&padded[REACH - j..], &padded[REACH + j..]);
                add::<S>(inner, left, Some(right), tap);
            }
            out[0] = out[BEFORE + mirrored(-1, width)];
            for j in 0..AFTER {
                out[BEFORE + width + j] = out[BEFORE + mirrored((width + j) as isize, width)];
            }
        }
    }
}

/// Filters along the columns, for one row of the result.
struct AlongColumns<'a> {
    taps: &'a [f32; REACH + 1],
    rows: &'a [f32],
    height: usize,
    y: isize,
    out: &'a mut [f32],
}

impl Kernel for AlongColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let pitch = self.out.len();
        // Mirrored about the row that stands here, not about a row outside.
        let here = mirrored(self.y, self.height) as isize;
        let row = |y: isize| &self.rows[mirrored(y, self.height) * pitch..][..pitch];
        self.out.fill(0.0);
        add::<S>(self.out, row(here), None, self.taps[0]);
        for (j, &tap) in self.taps.iter().enumerate().skip(1) {
            let (up, down) = (row(here - j as isize), row(here + j as isize));
            add::<S>(self.out, up, Some(down), tap);
        }
    }
}

/// `out += tap·(a + b)`.
#[inline(always)]
fn add<S: Simd>(out: &mut [f32], a: &[f32], b: Option<&[f32]>, tap: f32) {
    let a = &a[..out.len()];
    match b.map(|b| &b[..out.len()]) {
        None => {
            for (o, &a) in out.iter_mut().zip(a) {
                *o = S::mul_add(tap, a, *o);
            }
        }
        Some(b) => {
            for ((o, &a), &b) in out.iter_mut().zip(a).zip(b) {
                *o = S::mul_add(tap, a + b, *o);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn spline(plane: &Plane) -> Spline {
        Spline::of(Cpu::current().unwrap(), plane)
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
                    assert!((found - truth).abs() < 1e-3, "{x} {y}: {found} {truth}");
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
            assert!((spline.at(x, y) - f(x, y)).abs() < 1e-5, "{x} {y}");
        }
    }
}
