//! Propagation of motions between cells at time t: a cell takes over a neighbour's where the photometric error is lower, so that
//! motion boundaries lie where the pictures have them.

use super::errors::Both;
use crate::motion::Field;
use crate::picture::{Plane, samples, samples_mut, sampling::Grid};
use crate::render::smooth::smooth;
use otinterp_simd::partial::{load, store};
use otinterp_simd::{Kernel, LANES, Level as Cpu, Number, Simd, Vector};
use rayon::prelude::*;
use std::ops::Range;

/// Distances of the neighbours above, below, left and right, cells. Measured on nine frames each of 720p and 1080p: 2 alone gains 0.01 dB,
/// 2 and 4 gain 0.03.
const DISTANCES: [isize; 2] = [2, 4];
/// The share of a motion's error that a neighbour's has to stay under (0.8 and 0.9 are alike).
const PREFERENCE: f32 = 0.9;
/// A neighbour's motion that differs by no more, |Δx| + |Δy| in cells, is not tried (measured: a sixteenth of that gives the same pictures).
const SAME_MOTION_CELLS: f32 = 0.5;
/// Where a vector's own errors are no larger nothing else is tried (measured at 720p and 1080p: three quarters
/// of the time, and at most 0.0001 of SSIM).
const GOOD_ERROR: f32 = 0.04;
/// Rows that one task takes.
const BAND_ROWS: usize = 16;

/// Replaces motions of `field`, in cells, by neighbours' of lower error, and with them their `errors`.
pub fn propagate(cpu: Cpu, both: Both<'_>, field: &mut Field, errors: &mut Plane) {
    let (own, own_errors) = (field.clone(), errors.clone());
    let band = BAND_ROWS * own.dim().1;
    let Field { dx, dy } = field;
    samples_mut(dx)
        .par_chunks_mut(band)
        .zip(samples_mut(dy).par_chunks_mut(band))
        .zip(samples_mut(errors).par_chunks_mut(band))
        .enumerate()
        .for_each_init(Scratch::default, |scratch, (n, ((dx, dy), errors))| {
            cpu.run(ExchangeBand {
                both,
                own: &own,
                own_errors: &own_errors,
                first_row: n * BAND_ROWS,
                scratch,
                taken: [dx, dy, errors],
            });
        });
}

/// Memory for a band.
#[derive(Default)]
struct Scratch {
    /// The neighbours' motions and their errors, of the band and of one row more above and below; where nothing is tried, the own errors.
    tried: [Vec<f32>; 3],
    /// The vectors of these rows where something is tried.
    open: Vec<bool>,
    /// In which of these rows any motion is another than the own.
    differs: Vec<bool>,
    /// The errors to stay under.
    least: Vec<f32>,
    smoothed: Vec<f32>,
    line: Vec<f32>,
}

struct ExchangeBand<'a> {
    both: Both<'a>,
    own: &'a Field,
    own_errors: &'a Plane,
    first_row: usize,
    scratch: &'a mut Scratch,
    /// dx, dy and their errors.
    taken: [&'a mut [f32]; 3],
}

impl Kernel for ExchangeBand<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self) {
        let (height, width) = self.own.dim();
        let rows = self.taken[0].len() / width;
        let around = self.first_row.saturating_sub(1)..(self.first_row + rows + 1).min(height);
        self.prepare::<S>(rows, around.clone());
        for by in DISTANCES {
            for offset in [(-by, 0), (by, 0), (0, -by), (0, by)] {
                for y in around.clone() {
                    self.try_row::<S>(y, y - around.start, offset);
                }
                for row in 0..rows {
                    let n = self.first_row + row - around.start;
                    let near = n.saturating_sub(1)..(n + 2).min(around.len());
                    if self.scratch.differs[near].contains(&true) {
                        self.take_better::<S>(row, n);
                    }
                }
            }
        }
    }
}

impl ExchangeBand<'_> {
    /// Finds where something is to be tried, and the errors to stay under.
    #[inline(always)]
    fn prepare<S: Simd>(&mut self, rows: usize, around: Range<usize>) {
        let width = self.own.dim().1;
        let scratch = &mut *self.scratch;
        let own_errors = &samples(self.own_errors)[around.start * width..around.end * width];
        for values in &mut scratch.tried {
            values.resize(own_errors.len(), 0.0);
        }
        scratch.tried[2].copy_from_slice(own_errors);
        scratch.open.clear();
        for row in own_errors.chunks_exact(width) {
            for errors in row.chunks(LANES) {
                let is_open = load::<S>(errors).largest() > GOOD_ERROR;
                scratch.open.push(is_open);
            }
        }
        scratch.differs.resize(around.len(), false);
        scratch.least.resize(rows * width, 0.0);
        scratch.smoothed.resize(width, 0.0);
        scratch.line.resize(width, 0.0);
        for row in 0..rows {
            let least = &mut scratch.least[row * width..][..width];
            let rows = three(own_errors, self.first_row + row - around.start, width);
            smooth(rows, least, &mut scratch.line);
            for least in least {
                *least *= PREFERENCE;
            }
        }
    }

    /// The motions of the cells that lie `(down, right)` of those of row `y`, which is row `n` of the scratch, and their errors.
    #[inline(always)]
    fn try_row<S: Simd>(&mut self, y: usize, n: usize, (down, right): (isize, isize)) {
        let (height, width) = self.own.dim();
        let from = y.saturating_add_signed(down).min(height - 1);
        let vectors = width.div_ceil(LANES);
        let open = &self.scratch.open[n * vectors..][..vectors];
        self.scratch.differs[n] = false;
        if !open.contains(&true) {
            return;
        }
        let of_row = n * width..(n + 1) * width;
        let [dx, dy, errors] = &mut self.scratch.tried;
        let (dx, dy) = (&mut dx[of_row.clone()], &mut dy[of_row.clone()]);
        let errors = &mut errors[of_row];
        shifted(Grid::new(&self.own.dx).row(from), right, dx);
        shifted(Grid::new(&self.own.dy).row(from), right, dy);
        let own = [&self.own.dx, &self.own.dy, self.own_errors].map(|p| Grid::new(p).row(y));
        for lanes in open_lanes(open, width) {
            let motion = [load::<S>(&dx[lanes.clone()]), load::<S>(&dy[lanes.clone()])];
            let mut apart = S::V::splat(0.0);
            for (own, tried) in own.iter().zip(motion) {
                let by = load::<S>(&own[lanes.clone()]).sub(tried);
                apart = apart.add(by.max(S::V::splat(0.0).sub(by)));
            }
            if apart.largest() > SAME_MOTION_CELLS {
                self.scratch.differs[n] = true;
                let error = self.both.error::<S>(motion, [lanes.start, y]);
                store::<S>(error, &mut errors[lanes]);
            } else {
                errors[lanes.clone()].copy_from_slice(&own[2][lanes]);
            }
        }
    }

    /// Takes what has been tried, row `n` of the scratch, into row `row` of the band where its error is lower.
    #[inline(always)]
    fn take_better<S: Simd>(&mut self, row: usize, n: usize) {
        let width = self.own.dim().1;
        let vectors = width.div_ceil(LANES);
        let scratch = &mut *self.scratch;
        let open = &scratch.open[n * vectors..][..vectors];
        if !open.contains(&true) {
            return;
        }
        let [_, _, errors] = &scratch.tried;
        let rows = three(errors, n, width);
        smooth(rows, &mut scratch.smoothed, &mut scratch.line);
        let least = &mut scratch.least[row * width..][..width];
        let smoothed = &scratch.smoothed[..width];
        for lanes in open_lanes(open, width) {
            let tried = load::<S>(&smoothed[lanes.clone()]);
            let own = load::<S>(&least[lanes.clone()]);
            if own.sub(tried).largest() <= 0.0 {
                continue;
            }
            let lesser = tried.select_less(own, tried, own);
            store::<S>(lesser, &mut least[lanes.clone()]);
            for (taken, values) in self.taken.iter_mut().zip(&scratch.tried) {
                let values = load::<S>(&values[n * width..][lanes.clone()]);
                let taken = &mut taken[row * width..][lanes.clone()];
                let better = tried.select_less(own, values, load::<S>(taken));
                store::<S>(better, taken);
            }
        }
    }
}

/// The columns of a row's open vectors.
#[inline(always)]
fn open_lanes(open: &[bool], width: usize) -> impl Iterator<Item = Range<usize>> {
    let vectors = open.iter().enumerate().filter(|(_, open)| **open);
    vectors.map(move |(n, _)| n * LANES..width.min((n + 1) * LANES))
}

/// The rows above, at and below row `n`; at the ends that row itself.
#[inline(always)]
fn three(rows: &[f32], n: usize, width: usize) -> [&[f32]; 3] {
    let last = rows.len() / width - 1;
    [n.saturating_sub(1), n, (n + 1).min(last)].map(|row| &rows[row * width..][..width])
}

/// A row read from so many columns further right on, its ends repeated outwards.
#[inline(always)]
fn shifted(row: &[f32], right: isize, out: &mut [f32]) {
    let len = row.len();
    let by = right.unsigned_abs().min(len);
    if right >= 0 {
        out[..len - by].copy_from_slice(&row[by..]);
        out[len - by..].fill(row[len - 1]);
    } else {
        out[by..].copy_from_slice(&row[..len - by]);
        out[..by].fill(row[0]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::errors::errors;
    use super::*;
    use crate::frame_pyramid::{LumaChroma, PyramidLevel};
    use crate::picture::{Format, Picture};

    const DIM: (usize, usize) = (41, 59);
    /// How far the square moves, cells.
    const BY: f32 = 6.0;

    fn square(x: f32, y: f32) -> bool {
        (20.0..36.0).contains(&x) && (12.0..28.0).contains(&y)
    }

    /// A still background, and a square with its own texture that has come so far.
    fn features(moved: f32) -> PyramidLevel {
        let plane = Plane::from_shape_fn(DIM, |(y, x)| {
            let (x, y) = (x as f32, y as f32);
            let own = x - moved;
            if square(own, y) {
                190.0 + 40.0 * (own * 0.9).sin() + 20.0 * (y * 0.7).cos()
            } else {
                70.0 + 30.0 * (x * 0.6).cos() + 25.0 * (y * 0.8).sin()
            }
        });
        let picture = Picture::new(Format::gray(8), vec![plane]).unwrap();
        PyramidLevel::compared_of(LumaChroma::of(&picture))
    }

    /// The motion halfway, its edge so many cells too far out.
    fn field(too_far: f32) -> Field {
        let halfway = |x: usize, y: usize| {
            let (x, y) = (x as f32 - BY / 2.0, y as f32);
            let near = |at: f32, least: f32, end: f32| at.clamp(least, end - 1.0);
            let inner = (near(x, 20.0, 36.0), near(y, 12.0, 28.0));
            (x - inner.0).abs().max((y - inner.1).abs()) <= too_far
        };
        Field {
            dx: Plane::from_shape_fn(DIM, |(y, x)| if halfway(x, y) { BY } else { 0.0 }),
            dy: Plane::zeros(DIM),
        }
    }

    fn propagated(cpu: Cpu, mut field: Field) -> (Field, Plane, Plane) {
        let [a, b] = [features(0.0), features(BY)];
        let both = Both {
            t: 0.5,
            pictures: [&a, &b],
        };
        let errors_of = |field: &Field| errors(cpu, both, Some(field));
        let mut carried = errors_of(&field);
        propagate(cpu, both, &mut field, &mut carried);
        let truth = errors_of(&field);
        (field, carried, truth)
    }

    #[test]
    fn an_edge_of_motion_that_lies_too_far_out_is_drawn_in() {
        for cpu in Cpu::available() {
            let exact = field(0.0);
            // Above and below: to the left and to the right lies what only one of the pictures shows.
            let part = ndarray::s![.., 25..37];
            let wrong = |field: &Field| {
                let pairs = field.dx.slice(part);
                let pairs = pairs.iter().zip(exact.dx.slice(part));
                pairs.filter(|(a, b)| a != b).count()
            };
            let start = field(3.0);
            let before = wrong(&start);
            let (found, errors, truth) = propagated(cpu, start);
            assert!(3 * wrong(&found) < before, "{} of {before}", wrong(&found));
            for (carried, truth) in errors.iter().zip(&truth) {
                assert!((carried - truth).abs() < 1e-5, "{carried} {truth}");
            }
        }
    }

    #[test]
    fn the_true_motion_stays() {
        for cpu in Cpu::available() {
            let inner = |field: &Field| field.dx.slice(ndarray::s![14..26, 25..36]).to_owned();
            let (found, ..) = propagated(cpu, field(0.0));
            assert_eq!(inner(&found), inner(&field(0.0)));
            let (still, ..) = propagated(
                cpu,
                Field {
                    dx: Plane::zeros(DIM),
                    dy: Plane::zeros(DIM),
                },
            );
            assert!(still.dx.iter().all(|&d| d == 0.0));
        }
    }
}
