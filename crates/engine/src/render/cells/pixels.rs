//! A vector of pixels in a row: both pictures sampled along motions and blended, or cross-faded in place.

use super::operations::Reach;
use super::places::{Lines, near};
use crate::picture::sampling::Grid;
use crate::render::linear::linear;
use otinterp_simd::partial::{counted, load};
use otinterp_simd::{Number, Simd};

/// A vector of pixels from `(x, y)` on.
#[derive(Clone, Copy)]
pub struct Pixels<'a, const P: usize> {
    pub t: f32,
    pub pictures: [&'a [Grid<'a>; P]; 2],
    pub y: usize,
    pub x: usize,
    pub columns: usize,
}

impl<const P: usize> Pixels<'_, P> {
    /// The cross-fade.
    #[inline(always)]
    pub fn in_place<S: Simd>(&self) -> [S::V; P] {
        let mut values = [S::V::splat(0.0); P];
        let [firsts, seconds] = self.pictures;
        for p in 0..P {
            let a = load::<S>(&firsts[p].row(self.y)[self.x..][..self.columns]);
            let b = load::<S>(&seconds[p].row(self.y)[self.x..][..self.columns]);
            // As a correction to the one sample: two equal samples give exactly that value.
            values[p] = b.sub(a).mul_add(S::V::splat(self.t), a);
        }
        values
    }

    /// Both pictures along a motion from the first to the second, whose path is so far from the straight one.
    #[inline(always)]
    pub fn both<S: Simd>(
        &self,
        motion: [S::V; 2],
        bend: [S::V; 2],
        reaches: &[Reach; 2],
        lines: &mut Lines,
    ) -> [[S::V; P]; 2] {
        let mut sampled = [[S::V::splat(0.0); P]; 2];
        // A loop, because sampling is long and stands in the program once for each of its sizes.
        for (side, sampled) in sampled.iter_mut().enumerate() {
            *sampled = self.sampled::<S>(side, motion, bend, reaches[side], lines);
        }
        sampled
    }

    /// The first or the second picture along the motion.
    #[inline(always)]
    fn sampled<S: Simd>(
        &self,
        picture: usize,
        [dx, dy]: [S::V; 2],
        [bx, by]: [S::V; 2],
        reach: Reach,
        lines: &mut Lines,
    ) -> [S::V; P] {
        let v = S::V::splat;
        let planes = self.pictures[picture];
        let factor = v([-self.t, 1.0 - self.t][picture]);
        let [left, top] = reach.least;
        let place = [
            self.x as isize + left as isize,
            self.y as isize + top as isize,
        ];
        let past = [
            dx.mul_add(factor, v(-left)).sub(bx),
            dy.mul_add(factor, v(-top)).sub(by),
        ];
        match reach.further {
            [0, 0] => near::<S, 4, 4, P>(planes, place, past, lines),
            [1, 0] => near::<S, 5, 4, P>(planes, place, past, lines),
            [0, 1] => near::<S, 4, 5, P>(planes, place, past, lines),
            [1, 1] => near::<S, 5, 5, P>(planes, place, past, lines),
            [0..=2, 0..=2] => near::<S, 6, 6, P>(planes, place, past, lines),
            // Between cells that move apart: no motion is true there, and nothing is as sharp as its samples.
            _ => {
                let (x, y) = (counted::<S>(self.x as f32), v(self.y as f32));
                let (x, y) = (dx.mul_add(factor, x), dy.mul_add(factor, y));
                linear::<S, P>(planes, x.sub(bx), y.sub(by))
            }
        }
    }
}

/// Between two pictures' samples: as a correction to the first, so that two equal ones give exactly that value.
#[inline(always)]
pub fn blended<S: Simd, const P: usize>([a, b]: [[S::V; P]; 2], share: S::V) -> [S::V; P] {
    let mut values = a;
    for p in 0..P {
        values[p] = b[p].sub(a[p]).mul_add(share, a[p]);
    }
    values
}
