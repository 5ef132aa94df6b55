//! Paths of cells through four frames: how far each leaves the straight line between the middle two.
//!
//! With the pair's own frames at 0 and 1, the frame before at `-g₀` and the one after at `1 + g₃`, a cell whose motions lead by `u`, `v` and
//! `w` to the frame before, through the pair, and from the pair's second frame to the one after is, by Newton's divided differences, at
//!
//! `p(t) = t v − t(1−t) [(1−λ) D₁ + λ D₂]`, `λ = (t + g₀)/(1 + g₀ + g₃)`, `D₁ = (v + u/g₀)/(1 + g₀)`, `D₂ = (w/g₃ − v)/(1 + g₃)`:
//!
//! the cubic through all four places; with one of the outer frames alone the parabola through three (`λ` is 0 or 1). On such a path each
//! grain of a measure goes in transport splines (Chewi et al., *Fast and smooth interpolation on Wasserstein space*, 2020, §3).

use super::{Layers, Vector, apart, fill_rows};
use crate::pool::Pool;
use std::sync::Arc;

/// Steps to the neighbours that a difference is averaged with, cells: 0.394 dB on 35 clips with `fast`, 0.303 without, 0.402 with 2, 0.376 with 5;
/// 0.470 with `best`, 0.456 with 2, 0.463 with 6.
const AROUND: [isize; 3] = [-3, 0, 3];
/// Neighbours are of one layer if their motions differ less, cells, and as a share of the motion.
const SAME_LAYER: (f32, f32) = (1.0, 0.1);
/// Second differences from which on they are more than noise of the motion, and from which they count wholly, px: with two thirds of it clips
/// that hardly move lose up to 0.09 dB, with half as much again clips of small motion lose a third of what they gain.
const NOISE_PX: (f32, f32) = (0.25, 0.5);
/// What the squared half difference of both counts beside their squared mean: 0 gives 0.005 dB more and loses more on single clips,
/// 0.25 loses 0.02 dB.
const DISAGREEMENT: f32 = 0.05;
/// What a parabola through three places counts: the whole of it gives 0.05 dB more on 35 clips, and loses 0.4 dB on one of 5 in-betweens.
const ONE_SIDED: f32 = 0.2;
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

/// How far the cells of both pictures of a pair leave their straight paths.
#[derive(Debug)]
pub struct Paths {
    /// Of every cell `D₁` and `D₂`, as far as they count, in cells.
    cells: [Vec<[Vector; 2]>; 2],
    /// To the frame before, and to the one after.
    gaps: [Option<f32>; 2],
}

/// Memory of paths, for the next pair's: of those of two pictures while the next ones are found, each with its means.
static SPARE: Pool<Vec<[Vector; 2]>> = Pool::new(8);

/// Room for so many cells, whatever they hold.
fn room(count: usize) -> Vec<[Vector; 2]> {
    let found = SPARE.take(|memory| memory.len() == count);
    found.unwrap_or_else(|| vec![[[0.0; 2]; 2]; count])
}

impl Drop for Paths {
    fn drop(&mut self) {
        for cells in &mut self.cells {
            SPARE.give(std::mem::take(cells));
        }
    }
}

impl Paths {
    /// Of a pair's layers and the frames before and after it; none if all paths are straight: with neither, where one shows something else, or
    /// where nothing counts.
    pub fn of(
        layers: [&Layers; 2],
        outer: [Option<&Outer>; 2],
        dim @ [width, height]: [usize; 2],
        cell_px: f32,
    ) -> Option<Self> {
        let fits = |outer: &&Outer| outer.gap > 0.0 && outer.layers.motion.len() == width * height;
        let outer = outer.map(|outer| outer.filter(fits));
        let both = [0, 1].map(|n| outer[n].map(|outer| Differences::of(layers[n], outer)));
        if both.iter().all(Option::is_none) || !both.iter().flatten().all(Differences::are_enough) {
            return None;
        }
        let means = both.map(|both| both.map(|both| both.means(dim)));
        let cells = [0, 1].map(|n| {
            let (own, other) = (means[n].as_deref(), means[1 - n].as_deref());
            let mut cells = room(width * height);
            fill_rows(&mut cells, width, |x, y| {
                let at = y * width + x;
                let [dx, dy] = layers[n].motion[at];
                let to = nearest([x as f32 + dx, y as f32 + dy], dim);
                let own = own.map(|own| known(&own[at]));
                let other = other.map(|other| to.and_then(|to| known(&other[to])));
                if n == 0 {
                    counted([own, other], cell_px)
                } else {
                    counted([other, own], cell_px)
                }
            });
            cells
        });
        for means in means.into_iter().flatten() {
            SPARE.give(means);
        }
        let paths = Self {
            cells,
            gaps: outer.map(|outer| outer.map(|outer| outer.gap)),
        };
        let mut all = paths.cells.iter().flatten();
        all.any(|both| *both != [[0.0; 2]; 2]).then_some(paths)
    }

    /// How far cells are from their straight paths at time `t` in `(0, 1)`.
    pub fn bends(&self, t: f32) -> Bends<'_> {
        let bends = Bends {
            cells: self.cells.each_ref().map(Vec::as_slice),
            weights: weights(self.gaps, t),
            most: 0.0,
        };
        let both = bends.of(0).chain(bends.of(1)).flatten();
        let most = both.fold(0.0f32, |most, d| most.max(d.abs()));
        Bends { most, ..bends }
    }
}

/// How far the cells of two pictures are from their straight paths at one time, `p(t) - t v`, in cells.
#[derive(Debug, Clone, Copy)]
pub struct Bends<'a> {
    cells: [&'a [[Vector; 2]]; 2],
    weights: [f32; 2],
    /// The farthest along an axis.
    pub most: f32,
}

/// The place of the straight path from which one that passes through a cell is so far.
#[inline(always)]
pub fn straightened((x, y): (usize, usize), bend: Vector) -> Vector {
    [x as f32 - bend[0], y as f32 - bend[1]]
}

impl Bends<'_> {
    /// Of a cell of a picture.
    #[inline(always)]
    pub fn at(&self, side: usize, cell: usize) -> Vector {
        bend(self.weights, &self.cells[side][cell])
    }

    /// Of all cells of a picture.
    pub fn of(&self, side: usize) -> impl Iterator<Item = Vector> {
        let weights = self.weights;
        self.cells[side].iter().map(move |both| bend(weights, both))
    }
}

impl Paths {
    /// What the paths of a picture's cells cost more than straight ones: the mean of `∫|b'|² dt`, `b` the bend, in cells². With it the kinetic
    /// energy of a path is `|v|² + ∫|b'|² dt`, since a bend ends where it begins.
    pub fn bending_energy(&self, side: usize) -> f64 {
        // Gauss and Legendre's three places: exact up to the fifth degree, and this is the fourth.
        const PLACES: [(f64, f64); 3] = [
            (0.5 - 0.387_298_334_620_741_7, 5.0 / 18.0),
            (0.5, 8.0 / 18.0),
            (0.5 + 0.387_298_334_620_741_7, 5.0 / 18.0),
        ];
        let mut products = [0.0; 3];
        for (t, weight) in PLACES {
            let [a, b] = slopes(self.gaps, t);
            for (sum, product) in products.iter_mut().zip([a * a, 2.0 * a * b, b * b]) {
                *sum += weight * product;
            }
        }
        let of_cell = |[a, b]: &[Vector; 2]| {
            let dot = |a: &Vector, b: &Vector| f64::from(a[0] * b[0] + a[1] * b[1]);
            products[0] * dot(a, a) + products[1] * dot(a, b) + products[2] * dot(b, b)
        };
        let cells = &self.cells[side];
        cells.iter().map(of_cell).sum::<f64>() / cells.len().max(1) as f64
    }
}

/// λ is linear in t: its value at 0, and its slope.
fn of_second(gaps: [Option<f32>; 2]) -> [f32; 2] {
    match gaps {
        [Some(before), Some(after)] => {
            let whole = 1.0 + before + after;
            [before / whole, 1.0 / whole]
        }
        [Some(_), None] => [0.0, 0.0],
        _ => [1.0, 0.0],
    }
}

/// How fast [`weights`] change.
fn slopes(gaps: [Option<f32>; 2], t: f64) -> [f64; 2] {
    let [from, slope] = of_second(gaps).map(f64::from);
    let (part, part_slope) = (-t * (1.0 - t), 2.0 * t - 1.0);
    let second = from + slope * t;
    [
        part_slope * (1.0 - second) - part * slope,
        part_slope * second + part * slope,
    ]
}

/// `-t(1−t)(1−λ)` and `-t(1−t)λ` for frames before and after that are so far away.
fn weights(gaps: [Option<f32>; 2], t: f32) -> [f32; 2] {
    let [from, slope] = of_second(gaps);
    let (part, second) = (-t * (1.0 - t), from + slope * t);
    [part * (1.0 - second), part * second]
}

#[inline(always)]
fn bend([first, second]: [f32; 2], [a, b]: &[Vector; 2]) -> Vector {
    [0, 1].map(|n| first * a[n] + second * b[n])
}

/// Of a place's motion within the pair and to a frame `gap` times as far away on the other side.
fn second_difference(inner: Vector, outer: Vector, gap: f32) -> Vector {
    let (per_gap, scale) = (1.0 / gap, 1.0 / (1.0 + gap));
    [0, 1].map(|n| scale * per_gap.mul_add(outer[n], inner[n]))
}

/// Second divided differences of a picture's cells, known where both motions are trusted and neither stands still beside the other.
struct Differences<'a> {
    inner: &'a Layers,
    outer: &'a Layers,
    gap: f32,
}

impl<'a> Differences<'a> {
    fn of(inner: &'a Layers, outer: &'a Outer) -> Self {
        Self {
            inner,
            outer: &outer.layers,
            gap: outer.gap,
        }
    }

    #[inline(always)]
    fn at(&self, cell: usize) -> Option<Vector> {
        if !(self.inner.trusted[cell] & self.outer.trusted[cell]) {
            return None;
        }
        let (inner, outer) = (self.inner.motion[cell], self.outer.motion[cell]);
        let (here, there) = (square(inner), square(outer) / (self.gap * self.gap));
        let is_held = there < HELD * HELD * here || here < HELD * HELD * there;
        (!is_held).then(|| second_difference(inner, outer, self.gap))
    }

    /// Whether the pictures show the same at all.
    fn are_enough(&self) -> bool {
        let cells = self.inner.motion.len();
        let known = (0..cells).filter(|&cell| self.at(cell).is_some()).count();
        known as f32 >= LEAST_KNOWN * cells as f32
    }

    /// Means over what is known around a cell and belongs to the same layer: each with a 1 after it, or with a 0 if nothing is.
    fn means(&self, [width, height]: [usize; 2]) -> Vec<[Vector; 2]> {
        let (least, share) = SAME_LAYER;
        let motion = &self.inner.motion;
        let mut means = room(width * height);
        fill_rows(&mut means, width, |x, y| {
            let own = motion[y * width + x];
            let same = least + share * (own[0].abs() + own[1].abs());
            let (mut sum, mut count) = ([0.0; 2], 0.0);
            for down in AROUND {
                let row = y.saturating_add_signed(down).min(height - 1) * width;
                for right in AROUND {
                    let at = row + x.saturating_add_signed(right).min(width - 1);
                    if apart(motion[at], own) < same
                        && let Some([dx, dy]) = self.at(at)
                    {
                        sum = [sum[0] + dx, sum[1] + dy];
                        count += 1.0;
                    }
                }
            }
            if count == 0.0 {
                return [[0.0; 2]; 2];
            }
            [sum.map(|sum| sum / count), [1.0, 0.0]]
        });
        means
    }
}

/// One of [`Differences::means`].
fn known([mean, [is_known, _]]: &[Vector; 2]) -> Option<Vector> {
    (*is_known > 0.0).then_some(*mean)
}

/// The cell nearest to a place, if that is within the picture.
fn nearest([x, y]: Vector, [width, height]: [usize; 2]) -> Option<usize> {
    let (column, row) = ((x + 0.5).floor(), (y + 0.5).floor());
    let within = column >= 0.0 && row >= 0.0 && column < width as f32 && row < height as f32;
    within.then(|| row as usize * width + column as usize)
}

/// Both differences of a path as far as they count, of frames that there are: together where there are two, the one where there is one. One
/// that is not known counts nothing, nor does the other then.
fn counted(both: [Option<Option<Vector>>; 2], cell_px: f32) -> [Vector; 2] {
    let stands_out = |vector: Vector| {
        let (from, to) = NOISE_PX;
        let length = cell_px * square(vector).sqrt();
        ((length - from) / (to - from)).clamp(0.0, 1.0)
    };
    let scaled = |factor: f32, vector: Vector| vector.map(|d| factor * d);
    match both {
        [Some(a), Some(b)] => {
            let (Some(a), Some(b)) = (a, b) else {
                return [[0.0; 2]; 2];
            };
            let mean = [0, 1].map(|n| 0.5 * (a[n] + b[n]));
            let half = [0, 1].map(|n| 0.5 * (a[n] - b[n]));
            let agree = 1.0 - DISAGREEMENT * square(half) / square(mean).max(f32::MIN_POSITIVE);
            let factor = stands_out(mean) * agree.max(0.0);
            [scaled(factor, a), scaled(factor, b)]
        }
        _ => both.map(|found| {
            let one = found.flatten().unwrap_or_default();
            scaled(ONE_SIDED * stands_out(one), one)
        }),
    }
}

fn square([x, y]: Vector) -> f32 {
    x * x + y * y
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIM: [usize; 2] = [30, 20];

    /// The place at a time of something that moves by `v₀ s + a s² + j s³`.
    fn place(s: f32, [speed, square, cube]: [Vector; 3]) -> Vector {
        [0, 1].map(|n| s * (speed[n] + s * (square[n] + s * cube[n])))
    }

    fn less(a: Vector, b: Vector) -> Vector {
        [a[0] - b[0], a[1] - b[1]]
    }

    fn assert_near(found: Vector, expected: Vector) {
        assert!(apart(found, expected) < 2e-5, "{found:?} {expected:?}");
    }

    /// All cells move alike.
    fn layers(motion: Vector, is_trusted: bool) -> Layers {
        let len = DIM[0] * DIM[1];
        Layers {
            motion: vec![motion; len],
            trusted: vec![is_trusted; len],
            hidden: vec![0.0; len],
            order: vec![0.0; len],
        }
    }

    fn outer(motion: Vector, gap: f32) -> Outer {
        Outer {
            layers: Arc::new(layers(motion, true)),
            gap,
        }
    }

    /// The paths of a pair within which all moves by `inner`, from a frame before to one after.
    fn paths(inner: Vector, before: Option<&Outer>, after: Option<&Outer>) -> Option<Paths> {
        let back = inner.map(|d| -d);
        let own = [layers(inner, true), layers(back, true)];
        Paths::of(own.each_ref(), [before, after], DIM, 1.0)
    }

    #[test]
    fn places_on_a_cubic_through_four_frames_are_met() {
        let path = [[3.0, -1.0], [0.5, 0.8], [-0.25, 0.125]];
        for (before, after) in [(1.0, 1.0), (0.5, 2.0), (3.0, 0.25)] {
            let [p0, p2, p3] = [-before, 1.0, 1.0 + after].map(|s| place(s, path));
            let first = second_difference(p2, p0, before);
            let second = second_difference(less([0.0; 2], p2), less(p3, p2), after);
            for t in [0.1, 0.25, 0.5, 0.8] {
                let weights = weights([Some(before), Some(after)], t);
                let bend = bend(weights, &[first, second]);
                let found = [t * p2[0] + bend[0], t * p2[1] + bend[1]];
                assert_near(found, place(t, path));
            }
        }
    }

    #[test]
    fn places_on_a_parabola_are_met_with_frames_on_either_side_or_both() {
        let path = [[2.0, 1.0], [0.75, -0.5], [0.0; 2]];
        let [p0, p2, p3] = [-1.0, 1.0, 3.0].map(|s| place(s, path));
        let (before, after) = (outer(p0, 1.0), outer(less(p3, p2), 2.0));
        let found = paths(p2, Some(&before), Some(&after)).unwrap();
        for t in [0.2, 0.5, 0.7] {
            let straight = [t * p2[0], t * p2[1]];
            let expected = less(place(t, path), straight);
            // Those of both pictures, along the whole of their path.
            let bends = found.bends(t);
            for (at, (first, second)) in bends.of(0).zip(bends.of(1)).enumerate() {
                let (x, y) = (at % DIM[0], at / DIM[0]);
                // Where the way out of a picture is known to lead to a cell of the other.
                if (5..25).contains(&x) && (5..15).contains(&y) {
                    assert_near(first, expected);
                    assert_near(second, expected);
                }
            }
            for alone in [[Some(&before), None], [None, Some(&after)]] {
                let found = paths(p2, alone[0], alone[1]).unwrap();
                let part = expected.map(|d| ONE_SIDED * d);
                assert_near(found.bends(t).at(0, 10 * DIM[0] + 10), part);
            }
        }
    }

    #[test]
    fn the_energy_of_bends_is_that_of_their_slopes() {
        let path = [[2.0, 1.0], [0.75, -0.5], [0.25, 0.5]];
        let [p0, p2, p3] = [-2.0, 1.0, 1.5].map(|s| place(s, path));
        let (before, after) = (outer(p0, 2.0), outer(less(p3, p2), 0.5));
        let found = paths(p2, Some(&before), Some(&after)).unwrap();
        const STEPS: usize = 400;
        let middle = 10 * DIM[0] + 12;
        let bend = |n: usize| found.bends(n as f32 / STEPS as f32).at(0, middle);
        let mut sum = 0.0;
        for n in 0..STEPS {
            let step = less(bend(n + 1), bend(n));
            sum += f64::from(square(step)) * STEPS as f64;
        }
        let alone = Paths {
            cells: found.cells.each_ref().map(|cells| vec![cells[middle]]),
            gaps: found.gaps,
        };
        assert!((alone.bending_energy(0) / sum - 1.0).abs() < 1e-3, "{sum}");
    }

    #[test]
    fn at_constant_speed_paths_are_straight_to_the_bit() {
        let speed = [3.25, -1.5];
        let before = outer(speed.map(|d| -2.0 * d), 2.0);
        let after = outer(speed.map(|d| 0.5 * d), 0.5);
        assert!(paths(speed, Some(&before), Some(&after)).is_none());
    }

    #[test]
    fn what_stood_still_or_will_moves_straight() {
        let (moves, stands) = (outer([-4.0, 0.0], 1.0), outer([0.1, 0.0], 1.0));
        assert!(paths([4.0, 0.0], Some(&stands), Some(&outer([5.0, 1.0], 1.0))).is_none());
        assert!(paths([4.0, 0.0], Some(&moves), Some(&stands)).is_none());
    }

    #[test]
    fn what_is_known_in_one_frame_alone_moves_straight() {
        let mut before = layers([-2.0, 0.0], true);
        before.trusted[..DIM[0] * 10].fill(false);
        let before = Outer {
            layers: Arc::new(before),
            gap: 1.0,
        };
        let after = outer([6.0, 0.0], 1.0);
        let found = paths([4.0, 0.0], Some(&before), Some(&after)).unwrap();
        let bends = found.bends(0.5);
        assert_eq!(bends.at(0, 3 * DIM[0] + 10), [0.0; 2]);
        assert!((bends.at(0, 16 * DIM[0] + 10)[0] + 0.25).abs() < 1e-6);
        let nowhere = Outer {
            layers: Arc::new(layers([-2.0, 0.0], false)),
            gap: 1.0,
        };
        assert!(paths([4.0, 0.0], Some(&nowhere), Some(&after)).is_none());
    }

    #[test]
    fn differences_count_less_the_more_they_disagree_and_not_within_noise() {
        let known = |dx: f32| Some(Some([dx, 0.0]));
        assert_eq!(counted([known(2.0), known(2.0)], 1.0), [[2.0, 0.0]; 2]);
        let [[less, _], _] = counted([known(3.0), known(1.0)], 1.0);
        assert!(less < 3.0 && less > 2.5, "{less}");
        assert_eq!(counted([known(5.5), known(-3.5)], 1.0), [[0.0; 2]; 2]);
        assert_eq!(counted([known(0.2), known(0.2)], 1.0), [[0.0; 2]; 2]);
        assert_eq!(counted([known(0.2), known(0.2)], 4.0), [[0.2, 0.0]; 2]);
    }
}
