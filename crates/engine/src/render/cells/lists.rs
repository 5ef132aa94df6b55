//! Lists of the motions that a cell is rendered along, with weights: one where a single layer is seen, several where layers meet or
//! the evidence is weak.

use crate::motion::Field;
use crate::picture::{Plane, samples_mut};
use crate::pool::Pool;

/// Motions of a cell.
pub const MOST: usize = 6;
/// Motions of neighbouring cells that differ less, |Δx| + |Δy|, are one, px.
pub const SAME_MOTION_PX: f32 = 1.0;

/// A motion that a cell is rendered along.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Listed {
    /// From the first picture to the second, px of the picture.
    pub motion: [f32; 2],
    /// How far its path is from the straight one at the time of the list, px of the picture.
    pub bend: [f32; 2],
    /// Of all of a cell's 1.
    pub weight: f32,
    /// How much of the second picture is shown along it, in `[0, 1]`.
    pub share: f32,
}

/// Memory of lists that were rendered, for the next frame's. Those of a picture each from two threads, and one more.
static SPARE: Pool<Vec<[Listed; MOST]>> = Pool::new(3);

/// Room for the lists of so many cells, whatever they hold.
pub fn room(count: usize) -> Vec<[Listed; MOST]> {
    let found = SPARE.take(|lists| lists.len() == count);
    found.unwrap_or_else(|| vec![[Listed::default(); MOST]; count])
}

impl Drop for Lists {
    fn drop(&mut self) {
        SPARE.give(std::mem::take(&mut self.listed));
    }
}

/// The motions of all cells.
#[derive(Debug)]
pub struct Lists {
    width: usize,
    height: usize,
    listed: Vec<[Listed; MOST]>,
    /// Of the four cells of which this one is at the upper left, whether more than one motion is between them.
    mixed: Vec<bool>,
}

impl Lists {
    /// Of so many columns of cells; those without weight end a list, and every list has one with weight.
    pub fn new(width: usize, listed: Vec<[Listed; MOST]>) -> Self {
        let height = listed.len() / width;
        let mut mixed = vec![false; listed.len()];
        for y in 0..height {
            for x in 0..width {
                let corners = corners([width, height], x, y).map(|at| &listed[at]);
                let first = &corners[0][0];
                mixed[y * width + x] = corners
                    .iter()
                    .any(|list| list[1].weight > 0.0 || list[0].apart(first) > SAME_MOTION_PX);
            }
        }
        Self {
            width,
            height,
            listed,
            mixed,
        }
    }

    /// How far the paths of the first motion of every list are from straight ones, px of the picture; none if all are straight.
    pub fn first_bends(&self) -> Option<Field> {
        let is_straight = |list: &[Listed; MOST]| list[0].bend == [0.0; 2];
        if self.listed.iter().all(is_straight) {
            return None;
        }
        let mut bends = Field::zeros((self.height, self.width));
        let planes = samples_mut(&mut bends.dx)
            .iter_mut()
            .zip(samples_mut(&mut bends.dy));
        for ((dx, dy), list) in planes.zip(&self.listed) {
            [*dx, *dy] = list[0].bend;
        }
        Some(bends)
    }

    /// The first motion of every list, and how much of the second picture is shown along it.
    pub fn firsts(&self) -> (Field, Plane) {
        let dim = (self.height, self.width);
        let (mut field, mut share) = (Field::zeros(dim), Plane::zeros(dim));
        let planes = samples_mut(&mut field.dx)
            .iter_mut()
            .zip(samples_mut(&mut field.dy))
            .zip(samples_mut(&mut share));
        for (((dx, dy), share), list) in planes.zip(&self.listed) {
            [*dx, *dy] = list[0].motion;
            *share = list[0].share;
        }
        (field, share)
    }

    /// Whether more than one motion is between the cell and its neighbours to the right and below.
    #[inline(always)]
    pub fn is_mixed(&self, x: usize, y: usize) -> bool {
        self.mixed[y.min(self.height - 1) * self.width + x.min(self.width - 1)]
    }

    /// The same in a row of cells.
    pub fn mixed_row(&self, y: usize) -> &[bool] {
        &self.mixed[y * self.width..][..self.width]
    }

    /// The motions of a cell; beyond the border the border's.
    #[inline(always)]
    pub fn at(&self, x: usize, y: usize) -> impl Iterator<Item = &Listed> {
        let list = &self.listed[y.min(self.height - 1) * self.width + x.min(self.width - 1)];
        list.iter().take_while(|listed| listed.weight > 0.0)
    }
}

impl Listed {
    /// The list of what stands still at time t.
    pub fn still(t: f32) -> [Self; MOST] {
        Self::alone([0.0; 2], [0.0; 2], t)
    }

    /// The list of a motion alone.
    #[inline(always)]
    pub fn alone(motion: [f32; 2], bend: [f32; 2], share: f32) -> [Self; MOST] {
        let mut list = [Self::default(); MOST];
        list[0] = Self {
            motion,
            bend,
            weight: 1.0,
            share,
        };
        list
    }

    /// Joins another motion with so much weight: the weighted mean of both.
    #[inline(always)]
    pub fn join(&mut self, other: &Self, weight: f32) {
        let total = self.weight + weight;
        let part = weight / total;
        for n in 0..2 {
            self.motion[n] += part * (other.motion[n] - self.motion[n]);
            self.bend[n] += part * (other.bend[n] - self.bend[n]);
        }
        self.share += part * (other.share - self.share);
        self.weight = total;
    }

    /// It does not move at all.
    #[inline(always)]
    pub fn is_still(&self) -> bool {
        self.motion == [0.0; 2] && self.bend == [0.0; 2]
    }

    /// How far the places of two paths differ.
    #[inline(always)]
    pub fn apart(&self, other: &Self) -> f32 {
        apart(self.motion, other.motion) + apart(self.bend, other.bend)
    }
}

/// `|Δx| + |Δy|`.
#[inline(always)]
pub fn apart(a: [f32; 2], b: [f32; 2]) -> f32 {
    (a[0] - b[0]).abs() + (a[1] - b[1]).abs()
}

/// The cell, its neighbours to the right and below, and the one between them; the border's again beyond it.
#[inline(always)]
fn corners([width, height]: [usize; 2], x: usize, y: usize) -> [usize; 4] {
    let (right, below) = ((x + 1).min(width - 1), (y + 1).min(height - 1));
    [
        y * width + x,
        y * width + right,
        below * width + x,
        below * width + right,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn motions_of_neighbours_that_differ_are_mixed() {
        let (left, right) = (
            Listed::alone([2.0, 0.0], [0.0; 2], 0.0),
            Listed::alone([-4.0, 0.0], [0.0; 2], 1.0),
        );
        let lists = Lists::new(2, vec![left, right, left, right]);
        assert!(lists.is_mixed(0, 0) && !lists.is_mixed(1, 0));
        let alike = Lists::new(2, vec![left, Listed::alone([2.4, 0.5], [0.0; 2], 1.0)]);
        assert!(!alike.is_mixed(0, 0));
    }

    #[test]
    fn motions_that_are_alike_are_joined_with_their_weights() {
        let mut known = Listed {
            motion: [1.0, 0.0],
            weight: 0.25,
            ..Listed::default()
        };
        known.join(&Listed::alone([1.4, 0.8], [0.0; 2], 1.0)[0], 0.75);
        assert_eq!((known.weight, known.share), (1.0, 0.75));
        assert!((known.motion[0] - 1.3).abs() < 1e-6 && (known.motion[1] - 0.6).abs() < 1e-6);
    }
}
