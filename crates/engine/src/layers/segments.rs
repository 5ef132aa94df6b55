//! Segment matching: whole things that no motion explains, each a region with an outline, found again among what no motion explains in
//! the other picture.
//!
//! A ball that flies many times its own size is too small for coarse levels and, if it has little detail, has no patch that is sure of
//! its place. As a whole it has: its colours, its shape, and that nothing else is left for it. Regions are bounded by steps of colour,
//! or by the photometric error where the picture has an edge along them; one that is merely the rest of a surface behind something has
//! no edge there, and is none. A match counts if it is found from both sides.

use super::adopt::Adopted;
use super::cells::{Cells, MOST_DIFFERENCE, Vector, apart, difference};
use rayon::prelude::*;

/// Steps of colour that bound regions, codes.
const COLOR_BOUNDS: [f32; 5] = [5.0, 8.0, 14.0, 20.0, 28.0];
/// Photometric errors that bound regions, codes.
const ERROR_BOUNDS: [f32; 4] = [5.0, 8.0, 12.0, 18.0];
/// Photometric error above which a cell is not explained, codes.
const UNEXPLAINED: f32 = 5.0;
/// Share of a region's cells that are not explained.
const LEAST_UNEXPLAINED: f32 = 0.6;
/// Least cells of a region; and the part of the picture that is larger than any.
const LEAST_CELLS: usize = 10;
/// See [`LEAST_CELLS`].
const MOST_PART: usize = 32;
/// A step of colour over three cells that is an edge, codes; and the share of an outline that has one.
const EDGE: f32 = 12.0;
/// See [`EDGE`].
const LEAST_OUTLINED: f32 = 0.75;
/// Most mean difference of colour of a match, codes.
const ALIKE: f32 = 8.0;
/// The same of the cells that are compared first, codes; so many of them.
const ALIKE_AT_FIRST: f32 = 12.0;
/// See [`ALIKE_AT_FIRST`].
const FIRST_CELLS: usize = 24;
/// After any number of them the sum of differences may exceed the mean's by so much, codes.
const SLACK: f32 = 36.0;
/// Shares of the cells of a match that lie within the other picture, and that are not explained there.
const LEAST_INSIDE: f32 = 0.9;
/// See [`LEAST_INSIDE`].
const LEAST_OPEN: f32 = 0.75;
/// Places that are compared in full, the best by the first cells.
const COMPARED: usize = 40;
/// Cost of a displacement as long as the picture's diagonal, codes.
const DISTANCE: f32 = 4.0;
/// Matches at most so far apart, along each axis, are of one place, cells.
const SAME_PLACE: isize = 3;
/// Matches of one place that cost at most so much more than the best are as good, codes: their mean is taken.
const AS_GOOD: f32 = 0.3;
/// A match of another place costs more than so many times the best, and [`CLEARLY`] codes more.
const UNIQUE: f32 = 1.3;
/// See [`UNIQUE`].
const CLEARLY: f32 = 0.5;
/// Part of the error so far that a match may have.
const PART: f32 = 0.45;
/// Motions of a match from both sides whose sum is shorter are the same, cells.
const MUTUAL: f32 = 3.0;

/// A region of one picture that is found in the other one.
struct Match {
    cells: Vec<u32>,
    /// Mean place of the cells.
    middle: Vector,
    motion: Vector,
}

/// Gives the cells of things that are found as a whole from both pictures their motion, where it fits better than what they have.
pub fn carry(pictures: [&Cells; 2], own: &mut [Adopted; 2]) {
    let open = own.each_ref().map(|own| {
        let errors = own.error.iter();
        errors.map(|&e| e > UNEXPLAINED).collect::<Vec<bool>>()
    });
    let found = |side: usize| {
        let search = Search::new(
            [pictures[side], pictures[1 - side]],
            &own[side].error,
            [&open[side], &open[1 - side]],
        );
        search.matches()
    };
    let (first, second) = rayon::join(|| found(0), || found(1));
    let is_mutual = |a: &Match, others: &[Match]| {
        let there = [0, 1].map(|n| a.middle[n] + a.motion[n]);
        others.iter().any(|b| {
            let off = [0, 1].map(|n| there[n] - b.middle[n]);
            let size = a.cells.len().max(b.cells.len()) as f32;
            // Within a quarter of the side of a square as large.
            apart(a.motion, b.motion.map(|d| -d)) < MUTUAL
                && off[0] * off[0] + off[1] * off[1] < 0.25 * size
        })
    };
    for (side, matches, others) in [(0, &first, &second), (1, &second, &first)] {
        let (from, to) = (pictures[side], pictures[1 - side]);
        for found in matches.iter().filter(|found| is_mutual(found, others)) {
            take([from, to], &mut own[side], &found.cells, found.motion);
            let led = found.cells.iter().filter_map(|&at| {
                let (x, y) = (at as usize % from.width, at as usize / from.width);
                from.led_to(x, y, found.motion).map(|to| to as u32)
            });
            let there: Vec<u32> = led.collect();
            let back = found.motion.map(|d| -d);
            take([to, from], &mut own[1 - side], &there, back);
        }
    }
}

/// Gives cells a motion, where it fits better.
fn take([from, to]: [&Cells; 2], own: &mut Adopted, cells: &[u32], motion: Vector) {
    for &at in cells {
        let at = at as usize;
        let error = from.error_along(to, at % from.width, at / from.width, motion);
        if super::adopt::is_better(error, own.error[at]) {
            (own.error[at], own.motion[at]) = (error, motion);
        }
    }
}

/// Memory for finding regions: cells that belong to one, and those of the one that is being found.
struct Memory {
    seen: Vec<bool>,
    region: Vec<u32>,
}

/// Seeks the regions of one picture in the other one.
struct Search<'a> {
    from: &'a Cells,
    to: &'a Cells,
    error: &'a [f32],
    /// The cells of either picture that no motion explains.
    open: [&'a [bool]; 2],
    /// Those of the other picture, with their lumas, by luma.
    places: Vec<(f32, u32)>,
}

impl<'a> Search<'a> {
    fn new([from, to]: [&'a Cells; 2], error: &'a [f32], open: [&'a [bool]; 2]) -> Self {
        let count = open[1].iter().filter(|open| **open).count();
        let mut places = Vec::with_capacity(count);
        let at = (0..to.len()).filter(|&at| open[1][at]);
        places.extend(at.map(|at| (to.color(at)[0], at as u32)));
        places.sort_unstable_by(|a: &(f32, u32), b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        Self {
            from,
            to,
            error,
            open,
            places,
        }
    }

    /// All regions that are found, each once for every bound that gives it.
    fn matches(&self) -> Vec<Match> {
        if self.places.is_empty() {
            return Vec::new();
        }
        let mut regions = Vec::new();
        let mut memory = Memory {
            seen: vec![false; self.from.len()],
            region: Vec::with_capacity(self.from.len()),
        };
        for bound in COLOR_BOUNDS {
            self.add_regions(&mut regions, &mut memory, |_, step| step < bound);
        }
        let by_color = regions.len();
        for bound in ERROR_BOUNDS {
            self.add_regions(&mut regions, &mut memory, |at, _| self.error[at] > bound);
        }
        let mut inside = memory.seen;
        inside.fill(false);
        let mut n = 0;
        regions.retain(|region| {
            n += 1;
            n <= by_color || self.is_outlined(region, &mut inside)
        });
        let found = regions.into_par_iter().filter_map(|cells| self.find(cells));
        found.collect()
    }

    /// Adds the regions of cells joined to their neighbours where `joins`, of a neighbour and the step of colour to it, says so; none
    /// that is much like the last that begins with the same cell.
    fn add_regions(
        &self,
        regions: &mut Vec<Vec<u32>>,
        Memory { seen, region }: &mut Memory,
        joins: impl Fn(usize, f32) -> bool,
    ) {
        let Cells { width, .. } = *self.from;
        let len = self.from.len();
        let (right, below) = (self.from.steps([1, 0]), self.from.steps([0, 1]));
        seen.fill(false);
        for start in 0..len {
            if seen[start] || !self.open[0][start] {
                continue;
            }
            region.clear();
            region.push(start as u32);
            seen[start] = true;
            let (mut next, mut open) = (0, 0);
            while let Some(&at) = region.get(next) {
                let at = at as usize;
                next += 1;
                open += usize::from(self.open[0][at]);
                let column = at % width;
                let around = [
                    (column > 0).then(|| (at - 1, right[at - 1])),
                    (column + 1 < width).then(|| (at + 1, right[at])),
                    at.checked_sub(width).map(|above| (above, below[above])),
                    (at + width < len).then(|| (at + width, below[at])),
                ];
                for (other, step) in around.into_iter().flatten() {
                    if !seen[other] && joins(other, step) {
                        seen[other] = true;
                        region.push(other as u32);
                    }
                }
            }
            let count = region.len();
            let is_thing = (LEAST_CELLS..=len / MOST_PART).contains(&count)
                && open as f32 >= LEAST_UNEXPLAINED * count as f32;
            let is_known = |known: &Vec<u32>| known[0] == region[0] && known.len() == count;
            if is_thing && !regions.iter().any(is_known) {
                regions.push(region.clone());
            }
        }
    }

    /// Whether the picture has an edge along most of a region's outline; `inside` is all false, before and after.
    fn is_outlined(&self, region: &[u32], inside: &mut [bool]) -> bool {
        let width = self.from.width;
        region.iter().for_each(|&at| inside[at as usize] = true);
        let (mut all, mut edges) = (0, 0);
        for &at in region {
            let (x, y) = (at as usize % width, at as usize / width);
            for [right, down] in [[1, 0], [-1, 0], [0, 1], [0, -1]] {
                let Some(next) = self.from.neighbour(x, y, [right, down]) else {
                    continue;
                };
                if inside[next] {
                    continue;
                }
                let step = |a: isize, b: isize| {
                    let [a, b] = [a, b].map(|by| {
                        let place = self.from.neighbour(x, y, [by * right, by * down]);
                        self.from.color(place.unwrap_or(at as usize))
                    });
                    difference(a, b)
                };
                all += 1;
                edges += usize::from(step(-2, 1).max(step(-1, 2)) > EDGE);
            }
        }
        region.iter().for_each(|&at| inside[at as usize] = false);
        edges as f32 >= LEAST_OUTLINED * all as f32
    }

    /// Where a region lies in the other picture, if it is sure.
    fn find(&self, cells: Vec<u32>) -> Option<Match> {
        let places = self.compared(&cells);
        let cost = |(dx, dy)| {
            let difference = self.difference(&cells, [dx, dy])?;
            Some((difference + self.distance(dx, dy), dx, dy))
        };
        let found: Vec<_> = places.into_iter().filter_map(cost).collect();
        let best = found
            .iter()
            .copied()
            .reduce(|a, b| if b.0 < a.0 { b } else { a })?;
        let is_there = |other: &(f32, isize, isize)| {
            (other.1 - best.1).abs().max((other.2 - best.2).abs()) <= SAME_PLACE
        };
        let error: f32 = cells.iter().map(|&at| self.error[at as usize]).sum();
        let is_sure = best.0 * cells.len() as f32 <= PART * error
            && found
                .iter()
                .all(|other| is_there(other) || other.0 >= UNIQUE * best.0 + CLEARLY);
        if !is_sure {
            return None;
        }
        let (mut motion, mut count) = ([0.0; 2], 0.0);
        for (_, dx, dy) in found
            .iter()
            .filter(|other| is_there(other) && other.0 < best.0 + AS_GOOD)
        {
            motion = [motion[0] + *dx as f32, motion[1] + *dy as f32];
            count += 1.0;
        }
        Some(Match {
            middle: self.middle(&cells),
            cells,
            motion: motion.map(|sum| sum / count),
        })
    }

    /// Mean place of cells.
    fn middle(&self, cells: &[u32]) -> Vector {
        let width = self.from.width;
        let mut sum = [0.0; 2];
        for &at in cells {
            sum[0] += (at as usize % width) as f32;
            sum[1] += (at as usize / width) as f32;
        }
        sum.map(|sum| sum / cells.len() as f32)
    }

    /// The displacements of a region along which its first cells fit best.
    fn compared(&self, cells: &[u32]) -> Vec<(isize, isize)> {
        let width = self.from.width as isize;
        // Multiples of the golden ratio, less their whole part, are spread over all.
        let nth = |n: usize| (n as f32 * 0.618_034).fract() * cells.len() as f32;
        let count = FIRST_CELLS.min(cells.len());
        let first: Vec<u32> = (0..count).map(|n| cells[nth(n) as usize]).collect();
        let as_bright = |at: u32| {
            let luma = self.from.color(at as usize)[0];
            let [from, to] = [luma - ALIKE_AT_FIRST, luma + ALIKE_AT_FIRST];
            self.places.partition_point(|place| place.0 < from)
                ..self.places.partition_point(|place| place.0 <= to)
        };
        // The cell with the fewest places that are about as bright.
        let anchors = first.iter().map(|&at| (at, as_bright(at)));
        let Some((anchor, range)) = anchors.min_by_key(|(_, range)| range.len()) else {
            return Vec::new();
        };
        let anchor = (anchor as isize % width, anchor as isize / width);
        // The best so far, in order.
        let mut found: Vec<(f32, isize, isize)> = Vec::with_capacity(COMPARED + 1);
        for &(_, place) in &self.places[range] {
            let (dx, dy) = (
                place as isize % width - anchor.0,
                place as isize / width - anchor.1,
            );
            if (dx, dy) == (0, 0) {
                continue;
            }
            let Some(difference) = self.difference_at_first(&first, [dx, dy]) else {
                continue;
            };
            let cost = difference + self.distance(dx, dy);
            let at = found.partition_point(|known| known.0 <= cost);
            if at < COMPARED {
                found.insert(at, (cost, dx, dy));
                found.truncate(COMPARED);
            }
        }
        found.into_iter().map(|(_, dx, dy)| (dx, dy)).collect()
    }

    /// Cost of a displacement's length, codes.
    fn distance(&self, dx: isize, dy: isize) -> f32 {
        let diagonal = (self.from.width as f32).hypot(self.from.height as f32);
        DISTANCE * (dx as f32).hypot(dy as f32) / diagonal
    }

    /// The cell that a whole displacement leads to.
    #[inline(always)]
    fn led(&self, at: u32, [dx, dy]: [isize; 2]) -> Option<usize> {
        let width = self.from.width;
        self.from
            .neighbour(at as usize % width, at as usize / width, [dx, dy])
    }

    /// Mean difference of the first cells, none as soon as it is too large.
    #[inline(always)]
    fn difference_at_first(&self, first: &[u32], by: [isize; 2]) -> Option<f32> {
        let (mut sum, mut count) = (0.0, 0.0);
        for &at in first {
            let Some(to) = self.led(at, by) else { continue };
            count += 1.0;
            sum += difference(self.from.color(at as usize), self.to.color(to)).min(MOST_DIFFERENCE);
            if sum > ALIKE_AT_FIRST * count + SLACK {
                return None;
            }
        }
        (sum <= ALIKE_AT_FIRST * count && count > 0.0).then(|| sum / count)
    }

    /// Mean difference of a region's cells, if it fits and what is there is not explained.
    fn difference(&self, cells: &[u32], by: [isize; 2]) -> Option<f32> {
        let (mut sum, mut inside, mut open) = (0.0, 0, 0);
        let most = ALIKE * cells.len() as f32;
        for &at in cells {
            let Some(to) = self.led(at, by) else { continue };
            inside += 1;
            open += usize::from(self.open[1][to]);
            sum += difference(self.from.color(at as usize), self.to.color(to)).min(MOST_DIFFERENCE);
            if sum > most {
                return None;
            }
        }
        let count = cells.len() as f32;
        let is_there = inside as f32 >= LEAST_INSIDE * count && open as f32 >= LEAST_OPEN * count;
        is_there.then(|| sum / inside as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame_pyramid::PyramidLevel;
    use ndarray::Array2;

    const DIM: (usize, usize) = (60, 80);
    const SIDE: usize = 8;
    /// Of the square, columns and rows.
    const FLIGHT: [usize; 2] = [30, 13];

    fn noise(x: usize, y: usize) -> f32 {
        // Repeats nowhere, unlike a linear congruence.
        let mixed = ((x << 8 | y) as u32).wrapping_mul(0x9E37_79B1);
        0.2 * ((mixed ^ mixed >> 15).wrapping_mul(0x85EB_CA77) >> 16) as f32 / 65_536.0
    }

    /// A square without detail before a background that stands still, in either picture.
    fn is_square(side: usize, x: usize, y: usize) -> bool {
        let (left, top) = (12 + side * FLIGHT[0], 20 + side * FLIGHT[1]);
        (left..left + SIDE).contains(&x) && (top..top + SIDE).contains(&y)
    }

    fn cells(value: impl Fn(usize, usize) -> f32) -> Cells {
        Cells::of(&PyramidLevel {
            planes: vec![Array2::from_shape_fn(DIM, |(y, x)| value(x, y))],
            quantized: None,
        })
    }

    /// Motions and their errors, as they are before segments are matched.
    fn along(pictures: [&Cells; 2], motion: impl Fn(usize, usize) -> Vector) -> Adopted {
        let places = (0..DIM.0).flat_map(|y| (0..DIM.1).map(move |x| (x, y)));
        let motion: Vec<Vector> = places.clone().map(|(x, y)| motion(x, y)).collect();
        let error = places
            .zip(&motion)
            .map(|((x, y), motion)| pictures[0].error_along(pictures[1], x, y, *motion));
        Adopted {
            error: error.collect(),
            motion: motion.clone(),
        }
    }

    #[test]
    fn a_thing_without_detail_that_flies_four_times_its_size_is_found_as_a_whole() {
        let [a, b] = [0, 1].map(|side| {
            cells(|x, y| {
                if is_square(side, x, y) {
                    0.8
                } else {
                    noise(x, y)
                }
            })
        });
        let still = |_, _| [0.0; 2];
        let mut own = [along([&a, &b], still), along([&b, &a], still)];
        carry([&a, &b], &mut own);
        for (side, own) in own.iter().enumerate() {
            let sign = [1.0, -1.0][side];
            let flight = FLIGHT.map(|d| sign * d as f32);
            for (at, motion) in own.motion.iter().enumerate() {
                let is_there = is_square(side, at % DIM.1, at / DIM.1);
                let expected = if is_there { flight } else { [0.0; 2] };
                assert_eq!(*motion, expected, "{side}: {at}");
            }
        }
    }

    #[test]
    fn what_is_left_of_a_surface_behind_something_is_no_thing() {
        // A card with detail passes by its own width before a surface without: what it hides at one end is like what it uncovers at
        // the other.
        let is_card = |side: usize, x: usize, y: usize| {
            let left = 20 + 9 * side;
            (left..left + 9).contains(&x) && (20..28).contains(&y)
        };
        let [a, b] = [0, 1].map(|side| {
            cells(|x, y| {
                if is_card(side, x, y) {
                    0.4 + noise(x - 9 * side, y)
                } else {
                    0.9
                }
            })
        });
        let motion = |side: usize| {
            move |x, y| {
                let sign = [1.0, -1.0][side];
                if is_card(side, x, y) {
                    [9.0 * sign, 0.0]
                } else {
                    [0.0; 2]
                }
            }
        };
        let mut own = [along([&a, &b], motion(0)), along([&b, &a], motion(1))];
        let before = own.each_ref().map(|own| own.motion.clone());
        let hidden = |own: &Adopted| own.error.iter().filter(|e| **e > UNEXPLAINED).count();
        assert!(hidden(&own[0]) >= 9 * 8 && hidden(&own[1]) >= 9 * 8);
        carry([&a, &b], &mut own);
        assert_eq!(own.map(|own| own.motion), before);
    }
}
