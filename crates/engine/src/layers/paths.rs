//! Paths of cells through four frames: how far each leaves the straight line between the middle two.
//!
//! With the pair's own frames at 0 and 1, the frame before at `-g₀` and the one after at `1 + g₃`, a cell whose motions lead by `u`, `v` and
//! `w` to the frame before, through the pair, and from the pair's second frame to the one after is at
//!
//! `p(t) = t v − t(1−t) [(1−t) D₁ + t D₂]`, `D₁ = (v + u/g₀)/(1 + g₀)`, `D₂ = (w/g₃ − v)/(1 + g₃)`:
//!
//! the parabolas through the first three places and the last three, blended linearly (Overhauser 1968; at equal distances Catmull and Rom's
//! spline). Both pairs at a frame have the same parabola through it, and so the same velocity there. With one outer frame alone it is the one
//! parabola. On such a path each grain of a measure goes in transport splines (Chewi et al., *Fast and smooth interpolation on Wasserstein
//! space*, 2020, §3).

use super::differences::{Differences, Outer, counted, give, known, room};
use super::{Layers, Vector, fill_rows};

/// How far the cells of both pictures of a pair leave their straight paths.
#[derive(Debug)]
pub struct Paths {
    /// Of every cell `D₁` and `D₂`, as far as they count, in cells.
    cells: [Vec<[Vector; 2]>; 2],
    /// To the frame before, and to the one after.
    gaps: [Option<f32>; 2],
}

impl Drop for Paths {
    fn drop(&mut self) {
        for cells in &mut self.cells {
            give(std::mem::take(cells));
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
        let both = [0, 1].map(|n| outer[n].map(|outer| Differences::of(layers[n], outer, dim)));
        if both.iter().all(Option::is_none) || !both.iter().flatten().all(Differences::are_enough) {
            return None;
        }
        let found = both.map(|both| both.map(|both| both.found(cell_px)));
        let cells = [0, 1].map(|n| {
            let (own, other) = (found[n].as_deref(), found[1 - n].as_deref());
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
        found.into_iter().flatten().for_each(give);
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

/// How much of the blended parabolas the second one is at time `t`: all of it where it is alone, nothing where the other is.
fn share_of_second(gaps: [Option<f32>; 2]) -> [f32; 2] {
    // Its value at 0, and its slope.
    match gaps {
        [Some(_), Some(_)] => [0.0, 1.0],
        [Some(_), None] => [0.0, 0.0],
        _ => [1.0, 0.0],
    }
}

/// How fast [`weights`] change.
fn slopes(gaps: [Option<f32>; 2], t: f64) -> [f64; 2] {
    let [from, slope] = share_of_second(gaps).map(f64::from);
    let (part, part_slope) = (-t * (1.0 - t), 2.0 * t - 1.0);
    let second = from + slope * t;
    [
        part_slope * (1.0 - second) - part * slope,
        part_slope * second + part * slope,
    ]
}

/// What `D₁` and `D₂` weigh in the bend at time `t`, with the frames before and after that there are.
fn weights(gaps: [Option<f32>; 2], t: f32) -> [f32; 2] {
    let [from, slope] = share_of_second(gaps);
    let (part, second) = (-t * (1.0 - t), from + slope * t);
    [part * (1.0 - second), part * second]
}

#[inline(always)]
fn bend([first, second]: [f32; 2], [a, b]: &[Vector; 2]) -> Vector {
    [0, 1].map(|n| first * a[n] + second * b[n])
}

/// The cell nearest to a place, if that is within the picture.
fn nearest([x, y]: Vector, [width, height]: [usize; 2]) -> Option<usize> {
    let (column, row) = ((x + 0.5).floor(), (y + 0.5).floor());
    let within = column >= 0.0 && row >= 0.0 && column < width as f32 && row < height as f32;
    within.then(|| row as usize * width + column as usize)
}

#[cfg(test)]
mod tests {
    use super::super::apart;
    use super::super::differences::{ONE_SIDED, second_difference, square};
    use super::*;
    use std::sync::Arc;

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

    /// The place on the path through the places at some times, and at `t`.
    fn found(path: [Vector; 3], before: f32, after: f32, t: f32) -> Vector {
        let [p0, p2, p3] = [-before, 1.0, 1.0 + after].map(|s| place(s, path));
        let first = second_difference(p2, p0, before);
        let second = second_difference(less([0.0; 2], p2), less(p3, p2), after);
        let weights = weights([Some(before), Some(after)], t);
        let bend = bend(weights, &[first, second]);
        [t * p2[0] + bend[0], t * p2[1] + bend[1]]
    }

    #[test]
    fn places_on_a_cubic_are_met_halfway_and_nearly_elsewhere() {
        let path = [[3.0, -1.0], [0.5, 0.8], [-0.25, 0.125]];
        for t in [0.1, 0.25, 0.5, 0.8] {
            // Of s³ the parabolas have the second differences 0 and 3 (at frames 1 and 2, halved): t³ = t − t(1−t)(1+t), and t is in place of (1+t)/3.
            let more = t * (1.0 - t) * (1.0 - 2.0 * t);
            let expected = place(t, path);
            let expected = [0, 1].map(|n| expected[n] + more * path[2][n]);
            assert_near(found(path, 1.0, 1.0, t), expected);
        }
        assert_near(found(path, 1.0, 1.0, 0.5), place(0.5, path));
    }

    #[test]
    fn velocity_is_the_same_on_both_sides_of_a_frame() {
        let path = [[3.0, -1.0], [0.5, 0.8], [-0.75, 0.5]];
        // Frames at -2, 0, 1, 1.5 and 4.5: the pairs before and after the third.
        const STEP: f32 = 1.0 / 2048.0;
        let at = |s: f32| place(s, path);
        let before = found(path, 2.0, 0.5, 1.0 - STEP);
        let per_s = [0, 1].map(|n| (at(1.0)[n] - before[n]) / STEP);
        // The second pair in its own time: half as long, the frame before twice as far, the one after six times.
        let [p0, p1, p2, p3] = [0.0, 1.0, 1.5, 4.5].map(at);
        let (u, v, w) = (less(p0, p1), less(p2, p1), less(p3, p2));
        let first = second_difference(v, u, 2.0);
        let second = second_difference(less([0.0; 2], v), w, 6.0);
        let bend = bend(weights([Some(2.0), Some(6.0)], STEP), &[first, second]);
        let after = [0, 1].map(|n| (STEP * v[n] + bend[n]) / (0.5 * STEP));
        assert!(apart(per_s, after) < 0.005, "{per_s:?} {after:?}");
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
}
