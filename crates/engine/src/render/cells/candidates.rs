//! Candidates of every cell at time t: the motions that it is rendered along, and the share of the cross-fade.

use super::errors::{Both, errors};
use super::lists::Lists;
use super::photometric::FallbackMap;
use crate::motion::Field;
use crate::picture::{Plane, samples_mut, sampling::Grid};
use crate::probe::{Place, Probe, View};
use crate::render::smooth::smooth_step;
use otinterp_simd::Level as Cpu;
use rayon::prelude::*;

/// Photometric errors along the first motion at which a cell's uncertainty begins, and is 1.
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
    /// The first motion of every cell, from the first picture to the second, px of the picture.
    pub field: Field,
    /// How far its path is from the straight one, px of the picture, where any is.
    pub bends: Option<Field>,
    /// How much of the second picture is shown along it.
    pub share: Plane,
    /// All motions of the cells.
    pub lists: Lists,
    /// Share of the cross-fade, if the fallback map is not 0.
    pub faded: Option<Plane>,
}

impl Candidates {
    /// Of the motions by layers at time t, px. What the fallback map asks for is faded.
    pub fn of(
        cpu: Cpu,
        both: Both<'_>,
        level: usize,
        lists: Lists,
        fallback: &FallbackMap,
        probe: &dyn Probe,
    ) -> Self {
        let (field, share) = lists.firsts();
        let bends = lists.first_bends();
        let mut candidates = Self {
            t: both.t,
            cell_px: 1 << level,
            field,
            bends,
            share,
            lists,
            faded: None,
        };
        if probe.is_on() || !fallback.is_zero() {
            let per_px = 1.0 / candidates.cell_px as f32;
            let Field { dx, dy } = &candidates.field;
            let in_cells = Field {
                dx: dx.mapv(|d| per_px * d),
                dy: dy.mapv(|d| per_px * d),
            };
            probe.motion(
                Place::of_both(View::Candidates, level),
                &in_cells.dx,
                &in_cells.dy,
            );
            let best = errors(cpu, both, &in_cells);
            probe.plane(Place::of_both(View::PhotometricError, level), &best);
            if !fallback.is_zero() {
                let faded = candidates.fades(fallback, &best);
                probe.plane(Place::of_both(View::Fallback, level), &faded);
                candidates.faded = Some(faded);
            }
        }
        candidates
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
                    let apart = smooth_step(incoherence(&self.field, (y, x)), INCOHERENCE_PX);
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
