//! Which motions might pass through a pixel at time t, and how well the pictures bear them out.
//!
//! Next to a motion boundary the motion splatted to a pixel is often its neighbour's. So every pixel is
//! rendered along several motions: the two splatted ones and those found a few pixels away, each with a
//! weight from how alike the two pictures are around it (overlapped motion compensation: Orchard & Sullivan,
//! *Overlapped block motion compensation: an estimation-theoretic approach*, 1994, with the weights found
//! from the pictures). Where nothing fits well the result is a mean of many, which errs least.

use super::corners::least_means;
use super::splat::inside;
use super::spline::Spline;
use crate::measure::Exposure;
use crate::motion::Field;
use crate::picture::{Plane, samples};
use crate::simd::Simd;

/// Distance of the nearest ring of four pixels whose motions are tried; each further ring is twice as far, px (measured,
/// see `docs/decisions/quality-log.md`).
const NEAREST_RING_PX: isize = 8;
/// How much less a motion stands for with every [`NEAREST_RING_PX`] further away (measured).
const STANDING_PER_STEP: f32 = 0.65;
/// A neighbour's motion that differs less than this from the pixel's own, |Δx| + |Δy|, is the same, px (measured).
const SAME_MOTION_PX: f32 = 0.25;
/// Difference of the pictures, summed over three channels in `[0, 1]`, that is nothing unusual (measured): a
/// motion's weight is `(1 + e/0.01)^-2`. The power is scale-free: between two bad motions it is the
/// ratio of their errors that counts.
const USUAL_ERROR: f32 = 0.01;
/// Errors are means over a square of `2·3 + 1` px with the weights of a pyramid (measured).
pub const SMOOTHING_PX: usize = super::corners::REACH_PX;
const TENT: [f32; 2 * SMOOTHING_PX + 1] = [
    1.0 / 16.0,
    2.0 / 16.0,
    3.0 / 16.0,
    4.0 / 16.0,
    3.0 / 16.0,
    2.0 / 16.0,
    1.0 / 16.0,
];
/// How well no motion stands beside the motions found (measured: between 0.1 and 0.5 it changes nothing on moving
/// scenes, and overlays stand still).
const STILL_STANDING: f32 = 0.3;
/// Weight of a sample from outside the picture, beside one from inside.
const OUTSIDE: f32 = 1e-3;

/// The motions at one time, from the first picture to the second, and what speaks for each before the
/// pictures are asked.
#[derive(Debug)]
pub struct Moment {
    /// In `(0, 1)`.
    pub t: f32,
    /// As splatted from the first picture and from the second.
    pub fields: [Field; 2],
    /// Weight of each, > 0.
    pub standing: [Plane; 2],
    /// How many rings of neighbours' motions are tried.
    pub rings: u32,
}

/// Where a motion tried is found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    /// Rows and columns from the pixel.
    pub offset: (isize, isize),
    /// Weight beside the pixel's own motion.
    pub standing: f32,
}

impl Neighbour {
    /// All neighbours in so many rings.
    pub fn in_rings(rings: u32) -> impl Iterator<Item = Self> {
        (0..rings).flat_map(|ring| {
            let by = NEAREST_RING_PX << ring;
            let standing = STANDING_PER_STEP.powi((1 << ring) - 1);
            [(-by, 0), (by, 0), (0, -by), (0, by)].map(|offset| Self { offset, standing })
        })
    }
}

/// Some rows of a picture, and the rows around them that smoothing needs.
#[derive(Debug, Clone, Copy)]
pub struct Band {
    /// The first row.
    pub y0: usize,
    /// How many rows.
    pub rows: usize,
    /// Size of the picture.
    pub dim: (usize, usize),
}

impl Band {
    /// The picture's row that stands at each of the `rows + 2·SMOOTHING_PX` places; the border is repeated.
    fn padded_rows(self) -> impl Iterator<Item = usize> {
        let last = self.dim.0 - 1;
        (self.y0..self.y0 + self.rows + 2 * SMOOTHING_PX)
            .map(move |y| y.saturating_sub(SMOOTHING_PX).min(last))
    }

    /// Values in the rows themselves.
    fn inner(self) -> std::ops::Range<usize> {
        let width = self.dim.1;
        SMOOTHING_PX * width..(SMOOTHING_PX + self.rows) * width
    }
}

/// One motion tried at the pixels of a band; all `[padded row][column]`.
#[derive(Debug, Clone, Default)]
pub struct Hypothesis {
    dx: Vec<f32>,
    dy: Vec<f32>,
    weight: Vec<f32>,
    error: Vec<f32>,
    /// What the motion shows in each of the full-size colour planes.
    values: Vec<Vec<f32>>,
}

/// A hypothesis in the rows of its band, `[row][column]`.
#[derive(Debug, Clone, Copy)]
pub struct Weighed<'a> {
    /// Displacement rightwards from the first picture to the second, px.
    pub dx: &'a [f32],
    /// Downwards, px.
    pub dy: &'a [f32],
    /// Weight; 0 where it is not tried.
    pub weight: &'a [f32],
    /// What it shows in each of the full-size colour planes.
    pub values: &'a [Vec<f32>],
    /// Where the band starts in `values`.
    pub start: usize,
}

/// The two pictures' full-size colour planes, which can be compared pixel by pixel.
#[derive(Debug)]
pub struct Pair<'a> {
    /// Of the first picture.
    pub firsts: &'a [Spline],
    /// Of the second.
    pub seconds: &'a [Spline],
    /// From a difference summed over the planes, in codes, to one of three channels in `[0, 1]`.
    pub scale: f32,
    /// What takes the second picture's values to the first's brightness where the two are compared.
    pub exposure: &'a Exposure,
}

impl Hypothesis {
    /// Tries one of the two fields' own motion at every pixel.
    #[inline(always)]
    pub fn measure_own(&mut self, moment: &Moment, field: usize, band: Band, pair: &Pair<'_>) {
        let own = Neighbour {
            offset: (0, 0),
            standing: 1.0,
        };
        self.measure(moment, field, own, band, pair, None);
    }

    /// Tries the motion that one of the two fields has at a neighbour of every pixel; not where that is the
    /// pixel's `own` motion of the same field. It stands as well as the field does at the pixel itself
    /// (measured: as it does at the neighbour loses 0.2 dB), times the neighbour's standing.
    #[inline(always)]
    pub fn measure(
        &mut self,
        moment: &Moment,
        field: usize,
        neighbour: Neighbour,
        band: Band,
        pair: &Pair<'_>,
        own: Option<&Self>,
    ) {
        let Field { dx, dy } = &moment.fields[field];
        gather(dx, neighbour.offset, band, &mut self.dx);
        gather(dy, neighbour.offset, band, &mut self.dy);
        gather(&moment.standing[field], (0, 0), band, &mut self.weight);
        for weight in &mut self.weight {
            *weight *= neighbour.standing;
        }
        let len = self.dx.len();
        self.error.resize(len, 0.0);
        self.values.resize_with(pair.firsts.len(), Vec::new);
        self.values.iter_mut().for_each(|v| v.resize(len, 0.0));
        let width = band.dim.1;
        for (row, y) in band.padded_rows().enumerate() {
            for x in 0..width {
                let i = row * width + x;
                if let Some(own) = own {
                    let apart = (self.dx[i] - own.dx[i]).abs() + (self.dy[i] - own.dy[i]).abs();
                    if apart < SAME_MOTION_PX {
                        (self.weight[i], self.error[i]) = (0.0, own.error[i]);
                        continue;
                    }
                }
                self.sample(pair, moment.t, i, x as f32, y as f32);
            }
        }
    }

    /// Tries no motion: what stands still while all around it moves. Where the pixel's `own` motion is next to none, that
    /// has been sampled already.
    #[inline(always)]
    pub fn measure_still(&mut self, t: f32, band: Band, pair: &Pair<'_>, own: &Self) {
        let len = own.dx.len();
        for (values, filled) in [
            (&mut self.dx, 0.0),
            (&mut self.dy, 0.0),
            (&mut self.weight, STILL_STANDING),
        ] {
            values.clear();
            values.resize(len, filled);
        }
        self.error.clone_from(&own.error);
        self.values.clone_from(&own.values);
        let width = band.dim.1;
        for (row, y) in band.padded_rows().enumerate() {
            for x in 0..width {
                let i = row * width + x;
                if own.dx[i].abs() + own.dy[i].abs() >= SAME_MOTION_PX {
                    self.sample(pair, t, i, x as f32, y as f32);
                }
            }
        }
    }

    /// Weighs no motion, by the fourth power of its fit in the best of four corners, so that it counts only where nothing
    /// moves, and there up to the edge.
    #[inline(always)]
    pub fn weigh_still(&mut self, band: Band, scratch: &mut Vec<f32>) -> Weighed<'_> {
        let fits = &mut self.dx[band.inner()];
        least_means(&self.error, band.dim.1, fits, scratch);
        for (weight, fit) in self.weight[band.inner()].iter_mut().zip(fits) {
            let unlike = 1.0 + *fit / USUAL_ERROR;
            *weight /= unlike * unlike * unlike * unlike;
            *fit = 0.0;
        }
        self.weighed(band)
    }

    /// Both ends of the motion at one pixel.
    #[inline(always)]
    fn sample(&mut self, pair: &Pair<'_>, t: f32, i: usize, x: f32, y: f32) {
        let ends = Ends::of(x, y, t, [self.dx[i], self.dy[i]]);
        let share = ends.share_of_second(t, &pair.firsts[0]);
        let mut difference = 0.0;
        let splines = pair.firsts.iter().zip(pair.seconds);
        let Exposure { gain, offsets } = pair.exposure;
        for (((a, b), values), offset) in splines.zip(&mut self.values).zip(offsets) {
            let (va, vb) = (a.at(ends.ax, ends.ay), b.at(ends.bx, ends.by));
            difference += (va - (gain * vb + offset)).abs();
            // As a correction to the one sample: two equal samples give exactly that value.
            values[i] = va + (vb - va) * share;
        }
        self.error[i] = pair.scale * difference;
    }

    /// Weighs the motion by how alike the pictures are along it; `best_fit` keeps the best of all motions.
    #[inline(always)]
    pub fn weigh<S: Simd>(
        &mut self,
        band: Band,
        column: &mut Vec<f32>,
        best_fit: &mut [f32],
    ) -> Weighed<'_> {
        let width = band.dim.1;
        column.resize(width + 2 * SMOOTHING_PX, 0.0);
        let weights = self.weight[band.inner()].chunks_exact_mut(width);
        for (r, (weight, best_fit)) in weights.zip(best_fit.chunks_exact_mut(width)).enumerate() {
            smooth_columns::<S>(&self.error[r * width..], width, column);
            weigh_row::<S>(column, weight, best_fit);
        }
        self.weighed(band)
    }

    fn weighed(&self, band: Band) -> Weighed<'_> {
        let inner = band.inner();
        Weighed {
            dx: &self.dx[inner.clone()],
            dy: &self.dy[inner.clone()],
            weight: &self.weight[inner.clone()],
            values: &self.values,
            start: inner.start,
        }
    }
}

/// Copies the padded rows of a band, seen from `offset`; beyond the picture its border.
#[inline(always)]
fn gather(plane: &Plane, offset: (isize, isize), band: Band, out: &mut Vec<f32>) {
    let (height, width) = band.dim;
    let plane = samples(plane);
    out.clear();
    for y in band.padded_rows() {
        let y = y.saturating_add_signed(offset.0).min(height - 1);
        let row = &plane[y * width..][..width];
        let by = offset.1.unsigned_abs().min(width);
        if offset.1 >= 0 {
            out.extend_from_slice(&row[by..]);
            out.extend(std::iter::repeat_n(row[width - 1], by));
        } else {
            out.extend(std::iter::repeat_n(row[0], by));
            out.extend_from_slice(&row[..width - by]);
        }
    }
}

/// Means along the columns, of the row `SMOOTHING_PX` below the first; `out` is padded with its border.
#[inline(always)]
fn smooth_columns<S: Simd>(rows: &[f32], width: usize, out: &mut [f32]) {
    let inner = &mut out[SMOOTHING_PX..][..width];
    inner.fill(0.0);
    for (n, &tap) in TENT.iter().enumerate() {
        let row = &rows[n * width..][..width];
        for (o, &e) in inner.iter_mut().zip(row) {
            *o = S::mul_add(tap, e, *o);
        }
    }
    let (left, right) = (inner[0], inner[width - 1]);
    out[..SMOOTHING_PX].fill(left);
    out[SMOOTHING_PX + width..].fill(right);
}

/// The mean difference of the pictures along a motion, summed over three channels in `[0, 1]`, that a fit stands for.
pub fn error_of(fit: f32) -> f32 {
    USUAL_ERROR * (1.0 / fit.sqrt() - 1.0)
}

/// Means along a row, and the weights that follow from them.
#[inline(always)]
fn weigh_row<S: Simd>(padded: &[f32], weight: &mut [f32], best_fit: &mut [f32]) {
    let width = weight.len();
    let taps: [&[f32]; 2 * SMOOTHING_PX + 1] = std::array::from_fn(|n| &padded[n..][..width]);
    for (x, (weight, best_fit)) in weight.iter_mut().zip(best_fit).enumerate() {
        let mut error = 0.0;
        for (&tap, errors) in TENT.iter().zip(&taps) {
            error = S::mul_add(tap, errors[x], error);
        }
        let unlike = S::mul_add(1.0 / USUAL_ERROR, error, 1.0);
        let fit = 1.0 / (unlike * unlike);
        *weight *= fit;
        *best_fit = if fit > *best_fit { fit } else { *best_fit };
    }
}

/// Where a motion through a pixel at time t starts and ends.
#[derive(Debug, Clone, Copy)]
pub struct Ends {
    ax: f32,
    ay: f32,
    bx: f32,
    by: f32,
}

impl Ends {
    /// Of the displacement `(dx, dy)` through `(x, y)`.
    #[inline(always)]
    pub fn of(x: f32, y: f32, t: f32, [dx, dy]: [f32; 2]) -> Self {
        Self {
            ax: x - t * dx,
            ay: y - t * dy,
            bx: x + (1.0 - t) * dx,
            by: y + (1.0 - t) * dy,
        }
    }

    /// How much the sample of the second picture counts: t, unless one end lies outside.
    #[inline(always)]
    fn share_of_second(self, t: f32, plane: &Spline) -> f32 {
        let sees = |x, y| {
            if inside(x, plane.width) && inside(y, plane.height) {
                1.0
            } else {
                OUTSIDE
            }
        };
        let (first, second) = (
            (1.0 - t) * sees(self.ax, self.ay),
            t * sees(self.bx, self.by),
        );
        second / (first + second)
    }

    /// Both ends of two planes, mixed by time.
    #[inline(always)]
    pub fn blend(self, t: f32, first: &Spline, second: &Spline) -> f32 {
        let (va, vb) = (first.at(self.ax, self.ay), second.at(self.bx, self.by));
        va + (vb - va) * self.share_of_second(t, first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Kernel, Level};
    use ndarray::Array2;

    #[test]
    fn gathered_rows_are_those_at_the_offset_and_the_border_beyond() {
        let dim = (11, 9);
        let plane = Array2::from_shape_fn(dim, |(y, x)| (100 * y + x) as f32);
        for offset in [(0, 0), (-8, 0), (8, 0), (0, -8), (0, 8), (0, 40)] {
            for (y0, rows) in [(0, 4), (4, 4), (8, 3)] {
                let mut out = Vec::new();
                gather(&plane, offset, Band { y0, rows, dim }, &mut out);
                assert_eq!(out.len(), (rows + 2 * SMOOTHING_PX) * dim.1);
                for (i, &v) in out.iter().enumerate() {
                    let clamp = |at: isize, len: usize| at.clamp(0, len as isize - 1);
                    let row = (y0 + i / dim.1) as isize - SMOOTHING_PX as isize;
                    let y = clamp(clamp(row, dim.0) + offset.0, dim.0);
                    let x = clamp((i % dim.1) as isize + offset.1, dim.1);
                    assert_eq!(v, (100 * y + x) as f32);
                }
            }
        }
    }

    /// Weighs a hypothesis whose error is the same everywhere.
    struct Even(f32);

    impl Kernel for Even {
        type Output = Vec<f32>;

        #[inline(always)]
        fn run<S: Simd>(self) -> Vec<f32> {
            let band = Band {
                y0: 0,
                rows: 5,
                dim: (5, 13),
            };
            let len = (band.rows + 2 * SMOOTHING_PX) * band.dim.1;
            let mut hypothesis = Hypothesis {
                dx: vec![0.0; len],
                dy: vec![0.0; len],
                weight: vec![1.5; len],
                error: vec![self.0; len],
                values: Vec::new(),
            };
            let mut best_fit = [0.0; 5 * 13];
            let mut column = Vec::new();
            let weights = hypothesis.weigh::<S>(band, &mut column, &mut best_fit);
            for (weight, fit) in weights.weight.iter().zip(best_fit) {
                assert!((weight / fit / 1.5 - 1.0).abs() < 1e-6);
                assert!((error_of(fit) - self.0).abs() < 1e-4 * (1.0 + self.0));
            }
            weights.weight.to_vec()
        }
    }

    #[test]
    fn weights_fall_with_the_square_of_the_error() {
        for error in [0.0, 0.004, 0.3, 3.0f32] {
            let expected = 1.5 / (1.0 + error / USUAL_ERROR).powi(2);
            let weights = Level::current().unwrap().run(Even(error));
            assert_eq!(weights.len(), 5 * 13);
            for w in weights {
                assert!((w / expected - 1.0).abs() < 1e-5, "{error}: {w}");
            }
        }
    }
}
