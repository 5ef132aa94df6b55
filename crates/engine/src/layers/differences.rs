//! Second differences: how the motion of cells changes from one frame to the next, as far as that is known.

use super::{Layers, Vector, apart, fill_rows};
use crate::pool::Pool;
use std::sync::Arc;

/// Steps to the neighbours that a difference is averaged with, cells: 0.394 dB on 35 clips with `fast`, 0.303 without, 0.402 with 2, 0.376 with 5;
/// 0.470 with `best`, 0.456 with 2, 0.463 with 6.
const AROUND: [isize; 3] = [-3, 0, 3];
/// Steps to the differences that one is shared with, two cells each: 7x7, 12 cells apart, and ranges of 0.3 and 0.8 px are within 0.006 dB
/// (docs/decisions/017-paths.md).
const WIDE: [isize; 5] = [-8, -4, 0, 4, 8];
/// Differences that are less apart may be shared, px.
const SHARED_PX: f32 = 0.5;
/// Of the cells looked at, at least this part must share a difference; twice as many give 0.004 dB less with `best`, the same with `fast`.
const LEAST_SHARED: f32 = 0.3;
/// Shared differences from which on they are more than noise of the motion, and from which they count wholly, px: half and nearly twice of it are
/// within 0.002 dB with `fast`, and half leaves kinks at frames as they are (docs/decisions/017-paths.md).
const SHARED_NOISE_PX: (f32, f32) = (0.06, 0.12);
/// Neighbours are of one layer if their motions differ less, cells, and as a share of the motion.
const SAME_LAYER: (f32, f32) = (1.0, 0.1);
/// Second differences from which on they are more than noise of the motion, and from which they count wholly, px: with two thirds of it clips
/// that hardly move lose up to 0.09 dB, with half as much again clips of small motion lose a third of what they gain.
const NOISE_PX: (f32, f32) = (0.25, 0.5);
/// What the squared half difference of both counts beside their squared mean: 0 gives 0.005 dB more and loses more on single clips,
/// 0.25 loses 0.02 dB.
const DISAGREEMENT: f32 = 0.05;
/// What a parabola through three places counts: the whole of it gives 0.05 dB more on 35 clips, and loses 0.4 dB on one of 5 in-betweens.
pub(super) const ONE_SIDED: f32 = 0.2;
/// What moves less than this share of what it did, or did of what it does, stood still in between: screens that scroll, repeated drawings.
const HELD: f32 = 0.1;
/// Where less of a picture is known in three frames, its motion is not: a cut, a fast shake.
const LEAST_KNOWN: f32 = 0.2;

/// Motion of a frame's cells to a neighbour outside the pair, `gap` times as far away as the pair's frames are from one another.
#[derive(Debug, Clone)]
pub struct Outer {
    pub layers: Arc<Layers>,
    pub gap: f32,
}

/// Of a cell of which nothing is known.
const UNKNOWN: [Vector; 2] = [[f32::NAN; 2]; 2];

/// Memory of paths, for the next pair's: of those of two pictures while the next ones are found, each with single ones and means.
static SPARE: Pool<Vec<[Vector; 2]>> = Pool::new(12);

/// Room for so many cells, whatever they hold.
pub(super) fn room(count: usize) -> Vec<[Vector; 2]> {
    let found = SPARE.take(|memory| memory.len() == count);
    found.unwrap_or_else(|| vec![[[0.0; 2]; 2]; count])
}

/// Takes room back.
pub(super) fn give(memory: Vec<[Vector; 2]>) {
    SPARE.give(memory);
}

/// Of a place's motion within the pair and to a frame `gap` times as far away on the other side.
pub(super) fn second_difference(inner: Vector, outer: Vector, gap: f32) -> Vector {
    let (per_gap, scale) = (1.0 / gap, 1.0 / (1.0 + gap));
    [0, 1].map(|n| scale * per_gap.mul_add(outer[n], inner[n]))
}

/// Second divided differences of a picture's cells, known where both motions are trusted and neither stands still beside the other.
pub(super) struct Differences<'a> {
    /// Columns and rows of cells.
    dim: [usize; 2],
    motion: &'a [Vector],
    /// Of every cell, not a number where it is not known.
    single: Vec<[Vector; 2]>,
}

impl<'a> Differences<'a> {
    pub(super) fn of(inner: &'a Layers, outer: &Outer, dim: [usize; 2]) -> Self {
        let Outer { layers, gap } = outer;
        let mut single = room(inner.motion.len());
        fill_rows(&mut single, dim[0], |x, y| {
            let cell = y * dim[0] + x;
            if !(inner.trusted[cell] & layers.trusted[cell]) {
                return UNKNOWN;
            }
            let (motion, outer) = (inner.motion[cell], layers.motion[cell]);
            let (here, there) = (square(motion), square(outer) / (gap * gap));
            let is_held = there < HELD * HELD * here || here < HELD * HELD * there;
            if is_held {
                return UNKNOWN;
            }
            [second_difference(motion, outer, *gap), [0.0; 2]]
        });
        Self {
            dim,
            motion: &inner.motion,
            single,
        }
    }

    /// Whether the pictures show the same at all.
    pub(super) fn are_enough(&self) -> bool {
        let count = self.single.iter().filter_map(known).count();
        count as f32 >= LEAST_KNOWN * self.single.len() as f32
    }

    /// What is known of every cell, [`UNKNOWN`] where nothing is: first what it shares with much of what is around it, as far as that stands
    /// out of its noise; then what it has more. Found for every second cell of every second row; the others have the mean of those next to them
    /// that are of the same layer, or their own where there are none: 0.03 dB less on ten clips if they have that of one.
    pub(super) fn found(&self, cell_px: f32) -> Vec<[Vector; 2]> {
        let [width, _] = self.dim;
        let coarse = self.dim.map(|n| n.div_ceil(2));
        let mut means = room(coarse[0] * coarse[1]);
        fill_rows(&mut means, coarse[0], |x, y| self.mean([2 * x, 2 * y]));
        let means = Means {
            dim: coarse,
            means,
            cell_px,
        };
        let mut parts = room(coarse[0] * coarse[1]);
        fill_rows(&mut parts, coarse[0], |x, y| {
            means.parts(&means.means[y * coarse[0] + x], [x, y])
        });
        let mut found = room(self.motion.len());
        fill_rows(&mut found, width, |x, y| {
            let own = self.motion[y * width + x];
            let columns = x / 2..(x.div_ceil(2) + 1).min(coarse[0]);
            let rows = y / 2..(y.div_ceil(2) + 1).min(coarse[1]);
            let (mut sum, mut count) = ([[0.0; 2]; 2], 0.0);
            for row in rows {
                for column in columns.clone() {
                    let parts = &parts[row * coarse[0] + column];
                    let motion = self.motion[2 * row * width + 2 * column];
                    if known(parts).is_some() && is_same_layer(motion, own) {
                        sum = [0, 1].map(|n| [0, 1].map(|axis| sum[n][axis] + parts[n][axis]));
                        count += 1.0;
                    }
                }
            }
            if count > 0.0 {
                return sum.map(|part| part.map(|d| d / count));
            }
            means.parts(&self.mean([x, y]), [x / 2, y / 2])
        });
        give(parts);
        found
    }

    /// The mean over what is known around a cell and belongs to the same layer; [`UNKNOWN`] if nothing is.
    fn mean(&self, [x, y]: [usize; 2]) -> [Vector; 2] {
        let own = self.motion[y * self.dim[0] + x];
        let found = mean(AROUND, |step| {
            let at = shifted([x, y], step, self.dim);
            let [single, _] = known(&self.single[at])?;
            is_same_layer(self.motion[at], own).then_some(single)
        });
        found.map_or(UNKNOWN, |(mean, _)| [mean, [0.0; 2]])
    }
}

impl Drop for Differences<'_> {
    fn drop(&mut self) {
        give(std::mem::take(&mut self.single));
    }
}

#[inline(always)]
fn is_same_layer(motion: Vector, own: Vector) -> bool {
    let (least, share) = SAME_LAYER;
    apart(motion, own) < least + share * (own[0].abs() + own[1].abs())
}

/// Mean differences of every second cell of every second row.
struct Means {
    /// Columns and rows of them.
    dim: [usize; 2],
    means: Vec<[Vector; 2]>,
    cell_px: f32,
}

impl Means {
    /// What of the mean at a place is shared with much of what is around, as far as that stands out of its noise, and the rest.
    fn parts(&self, of: &[Vector; 2], place: [usize; 2]) -> [Vector; 2] {
        let least = (LEAST_SHARED * (WIDE.len() * WIDE.len()) as f32) as usize;
        let [own, _] = *of;
        let found = mean(WIDE, |step| {
            let [other, _] = self.means[shifted(place, step, self.dim)];
            (self.cell_px * apart(other, own) < SHARED_PX).then_some(other)
        });
        let Some((shared, count)) = found else {
            return UNKNOWN;
        };
        let part = if count < least {
            0.0
        } else {
            ramp(self.cell_px, shared, SHARED_NOISE_PX)
        };
        let shared = shared.map(|d| part * d);
        [shared, [own[0] - shared[0], own[1] - shared[1]]]
    }
}

impl Drop for Means {
    fn drop(&mut self) {
        give(std::mem::take(&mut self.means));
    }
}

/// The cell some steps away, or the last one on the way there.
#[inline(always)]
fn shifted([x, y]: [usize; 2], [right, down]: [isize; 2], [width, height]: [usize; 2]) -> usize {
    let row = y.saturating_add_signed(down).min(height - 1) * width;
    row + x.saturating_add_signed(right).min(width - 1)
}

/// The mean of what is known so many steps away along both axes, and of how many; `None` if there is nothing.
#[inline(always)]
fn mean<const N: usize>(
    steps: [isize; N],
    at: impl Fn([isize; 2]) -> Option<Vector>,
) -> Option<(Vector, usize)> {
    let (mut sum, mut count) = ([0.0; 2], 0);
    for down in steps {
        for right in steps {
            if let Some([dx, dy]) = at([right, down]) {
                sum = [sum[0] + dx, sum[1] + dy];
                count += 1;
            }
        }
    }
    (count > 0).then(|| (sum.map(|sum| sum / count as f32), count))
}

/// One of [`Differences::found`].
#[inline(always)]
pub(super) fn known(found: &[Vector; 2]) -> Option<[Vector; 2]> {
    (!found[0][0].is_nan()).then_some(*found)
}

/// From 0 to 1, as a vector's length goes from one to the other, px.
#[inline(always)]
fn ramp(cell_px: f32, vector: Vector, (from, to): (f32, f32)) -> f32 {
    ((cell_px * square(vector).sqrt() - from) / (to - from)).clamp(0.0, 1.0)
}

/// Both differences of a path as far as they count, of frames that there are. What is shared counts as it is, by its own frames alone, so that
/// the pairs on both sides of a frame count it alike. What there is more counts together where there are two frames, or a part where there is
/// one. If one difference is not known, neither counts.
pub(super) fn counted(both: [Option<Option<[Vector; 2]>>; 2], cell_px: f32) -> [Vector; 2] {
    let sum = |[shared, more]: [Vector; 2], part: f32| [0, 1].map(|n| shared[n] + part * more[n]);
    match both {
        [Some(a), Some(b)] => {
            let (Some(a), Some(b)) = (a, b) else {
                return [[0.0; 2]; 2];
            };
            let mean = [0, 1].map(|n| 0.5 * (a[1][n] + b[1][n]));
            let half = [0, 1].map(|n| 0.5 * (a[1][n] - b[1][n]));
            let agree = 1.0 - DISAGREEMENT * square(half) / square(mean).max(f32::MIN_POSITIVE);
            let part = ramp(cell_px, mean, NOISE_PX) * agree.max(0.0);
            [sum(a, part), sum(b, part)]
        }
        _ => both.map(|found| {
            let one = found.flatten().unwrap_or_default();
            let counts = sum(one, ramp(cell_px, one[1], NOISE_PX));
            counts.map(|d| ONE_SIDED * d)
        }),
    }
}

pub(super) fn square([x, y]: Vector) -> f32 {
    x * x + y * y
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIM: [usize; 2] = [48, 40];

    #[test]
    fn differences_count_less_the_more_they_disagree_and_not_within_noise() {
        let more = |dx: f32| Some(Some([[0.0; 2], [dx, 0.0]]));
        assert_eq!(counted([more(2.0), more(2.0)], 1.0), [[2.0, 0.0]; 2]);
        let [[less, _], _] = counted([more(3.0), more(1.0)], 1.0);
        assert!(less < 3.0 && less > 2.5, "{less}");
        assert_eq!(counted([more(5.5), more(-3.5)], 1.0), [[0.0; 2]; 2]);
        assert_eq!(counted([more(0.2), more(0.2)], 1.0), [[0.0; 2]; 2]);
        assert_eq!(counted([more(0.2), more(0.2)], 4.0), [[0.2, 0.0]; 2]);
    }

    #[test]
    fn what_is_shared_counts_by_its_own_frames_alone() {
        let shared = |dx: f32| Some(Some([[dx, 0.0], [0.0; 2]]));
        assert_eq!(
            counted([shared(0.2), shared(-0.2)], 1.0),
            [[0.2, 0.0], [-0.2, 0.0]]
        );
        assert_eq!(counted([shared(0.2), Some(None)], 1.0), [[0.0; 2]; 2]);
    }

    /// Layers of one motion but for the left half, which moves otherwise.
    fn layers(left: Vector, right: Vector) -> Layers {
        let len = DIM[0] * DIM[1];
        let motion = (0..len).map(|at| {
            if at % DIM[0] < DIM[0] / 2 {
                left
            } else {
                right
            }
        });
        Layers {
            motion: motion.collect(),
            trusted: vec![true; len],
            hidden: vec![0.0; len],
            order: vec![0.0; len],
        }
    }

    #[test]
    fn what_is_shared_is_less_noise_than_what_is_not_and_stays_on_its_side() {
        // A shake of 0.15 px on the left, of 0.03 on the right: within noise there.
        let (shake, noise) = (0.3, 0.06);
        let inner = layers([2.0, 0.0], [2.0, 0.0]);
        let outer = Outer {
            layers: Arc::new(layers([-2.0 + shake, 0.0], [-2.0 + noise, 0.0])),
            gap: 1.0,
        };
        let found = Differences::of(&inner, &outer, DIM).found(1.0);
        let at = |x: usize| found[20 * DIM[0] + x];
        let near = |found: f32, expected: f32| (found - expected).abs() < 1e-6;
        assert!(
            near(at(4)[0][0], 0.15) && near(at(4)[1][0], 0.0),
            "{:?}",
            at(4)
        );
        assert!(
            near(at(44)[0][0], 0.0) && near(at(44)[1][0], 0.03),
            "{:?}",
            at(44)
        );
    }
}
