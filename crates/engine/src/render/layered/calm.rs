//! Calm blocks: blocks of cells that at time t nothing lands in but what both pictures show along one smooth motion. Their lists need
//! no weighing.

use super::still::Stands;
use crate::layers::{Bends, Layers, Vector, straightened};
use crate::render::cells::lists::{Listed, MOST};
use std::ops::Range;

/// Motions that differ less are joined in a list, cells.
pub const JOINED: f32 = 0.5;
/// Side of a block, cells.
pub const SIDE: usize = 4;
/// What lands so near to a block tells on its cells: the weights look two cells around, and a cell covers those beside its place.
const MARGIN: f32 = 3.0;
/// Motions of a calm block differ no more than this, `max - min` along both axes: so all its cells' come to be joined to one.
const MOST_APART: f32 = 0.7;

/// Least and largest of some vectors, along both axes.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    least: Vector,
    most: Vector,
}

impl Bounds {
    /// Of none.
    const NONE: Self = Self {
        least: [f32::MAX; 2],
        most: [f32::MIN; 2],
    };
    /// Of the one that is 0.
    const ZERO: Self = Self {
        least: [0.0; 2],
        most: [0.0; 2],
    };

    #[inline(always)]
    fn take(&mut self, vector: Vector) {
        self.join(&Self {
            least: vector,
            most: vector,
        });
    }

    #[inline(always)]
    fn join(&mut self, other: &Self) {
        for axis in 0..2 {
            self.least[axis] = self.least[axis].min(other.least[axis]);
            self.most[axis] = self.most[axis].max(other.most[axis]);
        }
    }

    /// `max - min`, along both axes together.
    fn apart(&self) -> f32 {
        (self.most[0] - self.least[0]) + (self.most[1] - self.least[1])
    }

    fn middle(&self) -> Vector {
        [0, 1].map(|axis| 0.5 * (self.least[axis] + self.most[axis]))
    }
}

/// Motions from the first picture to the second, how far their paths are from straight ones, in cells, and whether all there is known
/// for certain.
#[derive(Debug, Clone, Copy)]
struct Motions {
    motion: Bounds,
    bend: Bounds,
    certain: bool,
}

impl Motions {
    const NONE: Self = Self {
        motion: Bounds::NONE,
        bend: Bounds::NONE,
        certain: true,
    };

    fn join(&mut self, other: &Self) {
        self.motion.join(&other.motion);
        self.bend.join(&other.bend);
        self.certain &= other.certain;
    }

    fn is_one(&self) -> bool {
        self.certain && self.motion.apart() + self.bend.apart() <= MOST_APART
    }

    /// Whether all are less than this, `|dx| + |dy|`.
    fn is_less(&self, than: f32) -> bool {
        let Bounds { least, most } = self.motion;
        let largest = [0, 1].map(|axis| most[axis].max(-least[axis]));
        largest[0] + largest[1] < than
    }

    /// How far those that are done by a part are along an axis, at least and at most.
    fn span(&self, by: f32, axis: usize) -> [f32; 2] {
        let (a, b) = (by * self.motion.least[axis], by * self.motion.most[axis]);
        [
            a.min(b) + self.bend.least[axis],
            a.max(b) + self.bend.most[axis],
        ]
    }
}

/// What of the cells of two pictures does not depend on t.
#[derive(Debug)]
pub struct Sources {
    /// Columns and rows of cells.
    dim: [usize; 2],
    /// Columns of blocks.
    columns: usize,
    /// Of the blocks of either picture.
    motions: [Vec<Motions>; 2],
    /// Blocks with a cell that may stand still in place of its motion.
    stands: Vec<bool>,
}

impl Sources {
    /// Of the layers of both pictures.
    pub fn of(
        layers: [&Layers; 2],
        standing: &[Stands],
        dim @ [width, height]: [usize; 2],
    ) -> Self {
        let columns = width.div_ceil(SIDE);
        let blocks = columns * height.div_ceil(SIDE);
        let none = Motions {
            bend: Bounds::ZERO,
            ..Motions::NONE
        };
        let mut motions = [vec![none; blocks], vec![none; blocks]];
        let mut stands = vec![false; blocks];
        for y in 0..height {
            for x in 0..width {
                let (at, block) = (y * width + x, y / SIDE * columns + x / SIDE);
                for (side, sign) in [1.0, -1.0].into_iter().enumerate() {
                    let motion = layers[side].motion[at].map(|d| sign * d);
                    let block = &mut motions[side][block];
                    block.motion.take(motion);
                    block.certain &= layers[side].trusted[at];
                }
                stands[block] |= standing[at] != Stands::No;
            }
        }
        Self {
            dim,
            columns,
            motions,
            stands,
        }
    }

    /// The cells of a row or column of blocks.
    fn cells(&self, block: usize, axis: usize) -> Range<usize> {
        block * SIDE..((block + 1) * SIDE).min(self.dim[axis])
    }

    /// Rows and columns of blocks that the cells of a block can tell on, `by` times their motions away.
    fn reached(&self, [column, row]: [usize; 2], motions: &Motions, by: f32) -> [Range<usize>; 2] {
        [0, 1].map(|axis| {
            let cells = self.cells([column, row][axis], axis);
            let [least, most] = motions.span(by, axis);
            let from = (cells.start as f32 + least - MARGIN).max(0.0);
            let to = (cells.end as f32 - 1.0 + most + MARGIN).min((self.dim[axis] - 1) as f32);
            if to < 0.0 || from > to {
                return 0..0;
            }
            from as usize / SIDE..to as usize / SIDE + 1
        })
    }

    fn places(&self) -> impl Iterator<Item = [usize; 2]> {
        let rows = self.stands.len() / self.columns;
        (0..rows).flat_map(|row| (0..self.columns).map(move |column| [column, row]))
    }

    /// The calm blocks at time `t` in `(0, 1)`.
    pub fn at(&self, t: f32, bends: Option<&Bends<'_>>) -> Calm {
        let mut found = vec![Motions::NONE; self.stands.len()];
        let parts = [t, t - 1.0];
        let bent = bends.map(|bends| [0, 1].map(|side| self.bent(side, bends)));
        let sources = [0, 1].map(|side| {
            bent.as_ref()
                .map_or(&self.motions[side], |bent| &bent[side])
        });
        for (motions, by) in sources.into_iter().zip(parts) {
            for (place, motions) in self.places().zip(motions) {
                let [columns, rows] = self.reached(place, motions, by);
                for row in rows {
                    for found in &mut found[row * self.columns..][columns.clone()] {
                        found.join(motions);
                    }
                }
            }
        }
        let places = self.places().zip(&found).zip(&self.stands);
        let motions: Vec<Option<[Vector; 2]>> = places
            .map(|((place, found), stands)| {
                let stays = !stands || found.is_less(JOINED);
                let is_calm = found.is_one() && stays && self.is_covered(place, found, parts);
                is_calm.then(|| [found.motion.middle(), found.bend.middle()])
            })
            .collect();
        let is_idle = |(place, by): ([usize; 2], f32), of: &Motions| {
            let [columns, mut rows] = self.reached(place, of, by);
            rows.all(|row| {
                let row = &motions[row * self.columns..][columns.clone()];
                row.iter().all(Option::is_some)
            })
        };
        let idle = [0, 1].map(|side| {
            let sources = self.places().zip(sources[side]);
            sources
                .map(|(place, of)| is_idle((place, parts[side]), of))
                .collect()
        });
        Calm {
            columns: self.columns,
            motions,
            idle,
        }
    }

    /// The motions of a picture's blocks with how far their paths are from straight ones.
    fn bent(&self, side: usize, bends: &Bends<'_>) -> Vec<Motions> {
        let mut bent = self.motions[side].clone();
        let [width, _] = self.dim;
        for motions in &mut bent {
            motions.bend = Bounds::NONE;
        }
        for (cell, bend) in bends.of(side).enumerate() {
            let (x, y) = (cell % width, cell / width);
            bent[y / SIDE * self.columns + x / SIDE].bend.take(bend);
        }
        bent
    }

    /// Whether a block lies within both pictures as its motions lead to it.
    fn is_covered(&self, [column, row]: [usize; 2], found: &Motions, parts: [f32; 2]) -> bool {
        [column, row].into_iter().enumerate().all(|(axis, block)| {
            let cells = self.cells(block, axis);
            let (first, last) = (cells.start as f32, cells.end as f32 - 1.0);
            let within = |at: f32| at >= 0.0 && at <= self.dim[axis] as f32 - 1.0;
            parts.into_iter().all(|by| {
                let [least, most] = found.span(by, axis);
                within(first - most) && within(last - least)
            })
        })
    }
}

/// The calm blocks at one time.
pub struct Calm {
    columns: usize,
    /// About the one motion of those that are, and how far its path is from the straight one.
    motions: Vec<Option<[Vector; 2]>>,
    /// The blocks of either picture that tell on calm ones only.
    idle: [Vec<bool>; 2],
}

impl Calm {
    /// Whether what a cell of a picture lands in is calm.
    #[inline(always)]
    pub fn is_idle(&self, side: usize, (x, y): (usize, usize)) -> bool {
        self.idle[side][y / SIDE * self.columns + x / SIDE]
    }

    /// About the motion through a cell and how far its path is from the straight one, if it is calm.
    #[inline(always)]
    pub fn motion(&self, (x, y): (usize, usize)) -> Option<[Vector; 2]> {
        self.motions[y / SIDE * self.columns + x / SIDE]
    }
}

/// The list of a calm cell at time `t` that `about` this motion leads through, so far from the straight path, and that does not stand still:
/// the mean of both pictures' motions, bilinear where that leads to.
#[inline(always)]
pub fn list(
    layers: [&Layers; 2],
    bends: Option<&Bends<'_>>,
    width: usize,
    t: f32,
    at: (usize, usize),
    [about, bend]: [Vector; 2],
) -> [Listed; MOST] {
    let [x, y] = straightened(at, bend);
    let places = [-t, 1.0 - t].map(|by| [x + by * about[0], y + by * about[1]]);
    let first = bilinear(|cell| layers[0].motion[cell], width, places[0]);
    let second = bilinear(|cell| layers[1].motion[cell], width, places[1]);
    let motion = [0.5 * (first[0] - second[0]), 0.5 * (first[1] - second[1])];
    let bend = match bends {
        None => [0.0; 2],
        Some(bends) => {
            let first = bilinear(|cell| bends.at(0, cell), width, places[0]);
            let second = bilinear(|cell| bends.at(1, cell), width, places[1]);
            [0.5 * (first[0] + second[0]), 0.5 * (first[1] + second[1])]
        }
    };
    Listed::alone(motion, bend, t)
}

/// Between four cells; the place lies within the picture.
#[inline(always)]
fn bilinear(vector: impl Fn(usize) -> Vector, width: usize, [x, y]: Vector) -> Vector {
    // Rounding can lead a little beyond the first row or column.
    let (x, y) = (x.max(0.0), y.max(0.0));
    let (column, row) = (x as u32 as usize, y as u32 as usize);
    let (fx, fy) = (x - column as f32, y - row as f32);
    let at = row * width + column;
    // On the last column or row there is no fraction.
    let right = usize::from(fx > 0.0);
    let below = if fy > 0.0 { width } else { 0 };
    let mixed = |a: Vector, b: Vector, f: f32| [a[0] + f * (b[0] - a[0]), a[1] + f * (b[1] - a[1])];
    let upper = mixed(vector(at), vector(at + right), fx);
    let lower = mixed(vector(at + below), vector(at + below + right), fx);
    mixed(upper, lower, fy)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIM: [usize; 2] = [60, 44];
    const T: f32 = 0.25;

    /// Two pictures between which all moves by the same, but for a square of the first that moves otherwise.
    fn layers(motion: Vector, square: Range<usize>, other: Vector) -> [Layers; 2] {
        let len = DIM[0] * DIM[1];
        [1.0, -1.0].map(|sign: f32| {
            let mut layers = Layers {
                motion: vec![motion.map(|d| sign * d); len],
                trusted: vec![true; len],
                hidden: vec![0.0; len],
                order: vec![0.0; len],
            };
            if sign > 0.0 {
                for at in square
                    .clone()
                    .flat_map(|y| square.clone().map(move |x| y * DIM[0] + x))
                {
                    layers.motion[at] = other;
                    layers.trusted[at] = false;
                }
            }
            layers
        })
    }

    #[test]
    fn what_moves_as_one_within_both_pictures_is_calm_and_moves_by_that() {
        let motion = [6.5, -2.25];
        let layers = layers(motion, 0..0, motion);
        let standing = vec![Stands::No; DIM[0] * DIM[1]];
        let calm = Sources::of(layers.each_ref(), &standing, DIM).at(T, None);
        for y in 0..DIM[1] {
            for x in 0..DIM[0] {
                let about = calm.motion((x, y));
                let inside =
                    |x: f32, y: f32| (0.0..=59.0).contains(&x) && (0.0..=43.0).contains(&y);
                let (x, y) = (x as f32, y as f32);
                let is_covered = inside(x - T * 6.5, y + T * 2.25)
                    && inside(x + (1.0 - T) * 6.5, y - (1.0 - T) * 2.25);
                assert!(about.is_none() || is_covered, "{x},{y}");
                if (8.0..48.0).contains(&x) && (8.0..36.0).contains(&y) {
                    let found = about.map(|about| {
                        list(
                            layers.each_ref(),
                            None,
                            DIM[0],
                            T,
                            (x as usize, y as usize),
                            about,
                        )
                    });
                    assert_eq!(found, Some(Listed::alone(motion, [0.0; 2], T)), "{x},{y}");
                }
            }
        }
    }

    #[test]
    fn where_something_else_starts_or_lands_nothing_is_calm() {
        let layers = layers([0.0; 2], 20..24, [16.0, 8.0]);
        let standing = vec![Stands::No; DIM[0] * DIM[1]];
        let calm = Sources::of(layers.each_ref(), &standing, DIM).at(T, None);
        // A quarter of the way on, and what of the second picture stands where the square was.
        for at in [(24, 22), (27, 25), (20, 20), (23, 23)] {
            assert_eq!(calm.motion(at), None, "{at:?}");
        }
        assert!(calm.motion((44, 10)).is_some());
        assert!(!calm.is_idle(0, (21, 21)) && calm.is_idle(0, (44, 10)));
    }

    #[test]
    fn what_stands_in_place_of_its_motion_is_calm_only_if_that_is_nearly_none() {
        let all = vec![Stands::Wholly; DIM[0] * DIM[1]];
        for (motion, is_calm) in [([0.25, -0.125], true), ([3.0, 0.0], false)] {
            let layers = layers(motion, 0..0, motion);
            let calm = Sources::of(layers.each_ref(), &all, DIM).at(T, None);
            assert_eq!(calm.motion((30, 20)).is_some(), is_calm, "{motion:?}");
        }
    }
}
