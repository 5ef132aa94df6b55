//! Candidates of every cell at time t: the motions splatted from both pictures, weighted by prior and photometric error.

use super::errors::{Both, errors};
use super::lists::Lists;
use super::photometric::FallbackMap;
use crate::motion::Field;
use crate::picture::{Plane, samples_mut, sampling::Grid};
use crate::probe::{Place, Probe, View};
use crate::render::smooth::{smooth, smooth_step};
use crate::render::splat::{Splatted, report};
use otinterp_simd::{Kernel, Level as Cpu, Simd};
use rayon::prelude::*;

/// Mass that every motion has at least: where nothing arrived, its filled-in value still counts.
const LEAST_MASS: f32 = 0.02;
/// Share of each of the two motions that does not depend on t.
const TIMELESS_SHARE: f32 = 0.2;
/// Scale of the photometric error e (luma and colour): a motion's weight is `(1 + e/0.004)^-2`.
const USUAL_ERROR: f32 = 0.004;
/// Motions that differ less, |Δx| + |Δy|, are shown as one, their mean, px.
const SAME_MOTION_PX: f32 = 2.0;
/// How much steeper than the weights the choice between two motions is: beyond it one is enough.
const DECISION: f32 = 1.5;
/// Prior weight of no motion, beside the motions found.
const STILL_PRIOR_WEIGHT: f32 = 0.3;
/// Photometric errors along the better motion at which a cell's uncertainty begins, and is 1.
const ERRORS: (f32, f32) = (0.003, 0.02);
/// Distance of the neighbours whose motions are compared with a cell's own, cells; and the differences, |Δx| + |Δy| in px, at
/// which its uncertainty begins, and is 1.
const NEIGHBOUR_CELLS: isize = 2;
/// See [`NEIGHBOUR_CELLS`].
const INCOHERENCE_PX: (f32, f32) = (0.75, 3.0);

/// The motions at one time.
#[derive(Debug)]
pub struct Candidates {
    /// In `(0, 1)`.
    pub t: f32,
    /// Side of a cell, px.
    pub cell_px: usize,
    /// From the first picture to the second, by cells, in px of the picture. Equal where one motion is enough.
    pub fields: [Field; 2],
    /// Weight of the second field's motion; 0 where the two are equal.
    pub second: Plane,
    /// Share of the cross-fade, if the fallback map is not 0.
    pub faded: Option<Plane>,
    /// Where layers are known: the motions of the first field with the share of the second picture along them, and all others.
    pub layered: Option<Layered>,
}

/// Motions by layers.
#[derive(Debug)]
pub struct Layered {
    /// All motions of the cells.
    pub lists: Lists,
    /// How much of the second picture is shown along the first of them.
    pub share: Plane,
}

impl Candidates {
    /// Of the two pictures' motions splatted to time t, in cells, which are pixels of `level`.
    pub fn new(
        cpu: Cpu,
        both: Both<'_>,
        [a, b]: [Splatted; 2],
        level: usize,
        fallback: &FallbackMap,
        probe: &dyn Probe,
    ) -> Self {
        let dim = a.mass.dim();
        let t = both.t;
        let along = |field| errors(cpu, both, Some(field));
        let ((errors_a, errors_b), still) = rayon::join(
            || rayon::join(|| along(&a.field), || along(&b.field)),
            || errors(cpu, both, None),
        );
        let masses = [a.mass, b.mass];
        let fields = [a.field, b.field];
        report(probe, level, &fields, masses.each_ref());
        let mut candidates = Self {
            t,
            cell_px: 1 << level,
            fields,
            second: Plane::zeros(dim),
            faded: None,
            layered: None,
        };
        let mut best = Plane::zeros(dim);
        candidates.choose(cpu, masses, [&errors_a, &errors_b, &still], &mut best);
        if !fallback.is_zero() {
            candidates.faded = Some(candidates.fades(fallback, &best));
        }
        probe.plane(Place::of_both(View::PhotometricError, level), &best);
        probe.plane(Place::of_both(View::SecondShare, level), &candidates.second);
        if let Some(faded) = &candidates.faded {
            probe.plane(Place::of_both(View::Fallback, level), faded);
        }
        candidates
    }

    /// Of the motions by layers at time t, the first of every list as a field, in px. What the fallback map asks for is faded.
    pub fn of_layers(
        cpu: Cpu,
        both: Both<'_>,
        level: usize,
        (field, layered): (Field, Layered),
        fallback: &FallbackMap,
        probe: &dyn Probe,
    ) -> Self {
        let mut candidates = Self {
            t: both.t,
            cell_px: 1 << level,
            second: Plane::zeros(field.dim()),
            fields: [field.clone(), field],
            faded: None,
            layered: Some(layered),
        };
        if probe.is_on() || !fallback.is_zero() {
            let per_px = 1.0 / candidates.cell_px as f32;
            let [Field { dx, dy }, _] = &candidates.fields;
            let in_cells = Field {
                dx: dx.mapv(|d| per_px * d),
                dy: dy.mapv(|d| per_px * d),
            };
            let best = errors(cpu, both, Some(&in_cells));
            probe.plane(Place::of_both(View::PhotometricError, level), &best);
            if !fallback.is_zero() {
                let faded = candidates.fades(fallback, &best);
                probe.plane(Place::of_both(View::Fallback, level), &faded);
                candidates.faded = Some(faded);
            }
        }
        candidates
    }

    /// Weighs the two motions of every cell and no motion against each other; `best` becomes the error of the best.
    fn choose(&mut self, cpu: Cpu, masses: [Plane; 2], errors: [&Plane; 3], best: &mut Plane) {
        let (height, width) = best.dim();
        let (t, px) = (self.t, self.cell_px as f32);
        let [a, b] = &mut self.fields;
        let fields = samples_mut(&mut a.dx)
            .par_chunks_mut(width)
            .zip(samples_mut(&mut a.dy).par_chunks_mut(width))
            .zip(samples_mut(&mut b.dx).par_chunks_mut(width))
            .zip(samples_mut(&mut b.dy).par_chunks_mut(width));
        let weights = samples_mut(&mut self.second)
            .par_chunks_mut(width)
            .zip(samples_mut(best).par_chunks_mut(width));
        fields.zip(weights).enumerate().for_each_init(
            Vec::new,
            |smoothed, (y, ((((ax, ay), bx), by), (second, best)))| {
                cpu.run(ChooseRow {
                    t,
                    px,
                    errors: errors.map(|plane| {
                        [y.saturating_sub(1), y, (y + 1).min(height - 1)]
                            .map(|y| Grid::new(plane).row(y))
                    }),
                    masses: masses.each_ref().map(|plane| Grid::new(plane).row(y)),
                    smoothed,
                    fields: [ax, ay, bx, by],
                    second,
                    best,
                });
            },
        );
    }

    /// The fallback map at a cell times the cell's own uncertainty, a mean of 3×3.
    fn fades(&self, fallback: &FallbackMap, best: &Plane) -> Plane {
        let (height, width) = best.dim();
        let mut uncertainty = Plane::zeros((height, width));
        let rows = samples_mut(&mut uncertainty).par_chunks_mut(width);
        rows.enumerate().for_each(|(y, uncertainty)| {
            if !fallback.at_row(y, uncertainty) {
                return;
            }
            for (x, uncertainty) in uncertainty.iter_mut().enumerate() {
                if *uncertainty != 0.0 {
                    let [a, b] = self.fields.each_ref().map(|f| incoherence(f, (y, x)));
                    let apart = smooth_step(0.5 * (a + b), INCOHERENCE_PX);
                    *uncertainty *= smooth_step(best[(y, x)], ERRORS).max(apart);
                }
            }
        });
        let mut means = Plane::zeros((height, width));
        let rows = samples_mut(&mut means).par_chunks_mut(width);
        rows.enumerate()
            .for_each_init(Vec::new, |sums, (y, means)| {
                let uncertainty = Grid::new(&uncertainty);
                let (above, below) = (y.saturating_sub(1), (y + 1).min(height - 1));
                let [above, here, below] = [above, y, below].map(|y| uncertainty.row(y));
                sums.clear();
                let rows = above.iter().zip(here).zip(below);
                sums.extend(rows.map(|((above, here), below)| above + here + below));
                for (x, mean) in means.iter_mut().enumerate() {
                    let (left, right) = (x.saturating_sub(1), (x + 1).min(width - 1));
                    *mean = (sums[left] + sums[x] + sums[right]) / 9.0;
                }
            });
        means
    }
}

/// How far the motions of four neighbours lie from a cell's own: the median, since half of them may lie across the boundary of
/// something that moves as a whole.
fn incoherence(Field { dx, dy }: &Field, (y, x): (usize, usize)) -> f32 {
    let (height, width) = dx.dim();
    let by = NEIGHBOUR_CELLS;
    let mut apart = [(-by, 0), (by, 0), (0, -by), (0, by)].map(|(down, right)| {
        let y2 = y.saturating_add_signed(down).min(height - 1);
        let x2 = x.saturating_add_signed(right).min(width - 1);
        (dx[(y2, x2)] - dx[(y, x)]).abs() + (dy[(y2, x2)] - dy[(y, x)]).abs()
    });
    apart.sort_unstable_by(f32::total_cmp);
    0.5 * (apart[1] + apart[2])
}

/// The choice in one row of cells.
struct ChooseRow<'a> {
    t: f32,
    /// Side of a cell, px.
    px: f32,
    /// Of the two motions and of none: the rows above, here and below.
    errors: [[&'a [f32]; 3]; 3],
    masses: [&'a [f32]; 2],
    /// Memory for the three errors, smoothed.
    smoothed: &'a mut Vec<f32>,
    /// dx and dy of the first field, then of the second: in cells, and afterwards in px.
    fields: [&'a mut [f32]; 4],
    second: &'a mut [f32],
    best: &'a mut [f32],
}

impl Kernel for ChooseRow<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let width = self.best.len();
        self.smoothed.resize(3 * width, 0.0);
        let [e0, e1, e2] = self.errors;
        let (s0, rest) = self.smoothed.split_at_mut(width);
        let (s1, s2) = rest.split_at_mut(width);
        smooth(e0, s0, self.best);
        smooth(e1, s1, self.best);
        smooth(e2, s2, self.best);
        let [ax, ay, bx, by] = self.fields;
        let (ax, ay, bx, by) = (
            &mut ax[..width],
            &mut ay[..width],
            &mut bx[..width],
            &mut by[..width],
        );
        let (ma, mb) = (&self.masses[0][..width], &self.masses[1][..width]);
        let (second, best) = (&mut self.second[..width], &mut self.best[..width]);
        let px = self.px;
        for x in 0..width {
            let fit = |e: f32| {
                let unlike = 1.0 + e * (1.0 / USUAL_ERROR);
                1.0 / (unlike * unlike)
            };
            let prior_weight = |mass: f32, time: f32| {
                ((if mass < 1.0 { mass } else { 1.0 }) + LEAST_MASS) * (TIMELESS_SHARE + time)
            };
            let wa = prior_weight(ma[x], 1.0 - self.t) * fit(s0[x]);
            let wb = prior_weight(mb[x], self.t) * fit(s1[x]);
            let still = STILL_PRIOR_WEIGHT * fit(s2[x]) * fit(s2[x]);
            let share = wb / (wa + wb);
            let (dx, dy) = (bx[x] - ax[x], by[x] - ay[x]);
            let is_one = px * (dx.abs() + dy.abs()) < SAME_MOTION_PX;
            let stays = still > wa + wb;
            let (mx, my) = (ax[x] + share * dx, ay[x] + share * dy);
            let scale = if stays { 0.0 } else { px };
            let (x0, y0) = if is_one { (mx, my) } else { (ax[x], ay[x]) };
            let (x1, y1) = if is_one { (mx, my) } else { (bx[x], by[x]) };
            ax[x] = scale * x0;
            ay[x] = scale * y0;
            bx[x] = scale * x1;
            by[x] = scale * y1;
            second[x] = if is_one || stays { 0.0 } else { decided(share) };
            let least = if s0[x] < s1[x] { s0[x] } else { s1[x] };
            best[x] = if stays { s2[x] } else { least };
        }
    }
}

/// A weight that is 0 or 1 unless it is near a half.
#[inline(always)]
fn decided(share: f32) -> f32 {
    let share = (share - 0.5) * DECISION + 0.5;
    let share = if share > 0.0 { share } else { 0.0 };
    if share < 1.0 { share } else { 1.0 }
}
