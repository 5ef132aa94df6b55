//! A vector of pixels in two neighbouring rows: both pictures sampled along motions and blended, or cross-faded in place.

use super::operations::Reach;
use super::places::{Lines, ROWS, near};
use crate::picture::sampling::Grid;
use crate::render::linear::linear;
use otinterp_simd::partial::{counted, load};
use otinterp_simd::{Number, Simd};

/// Weight of a sample from outside the picture, beside one from inside.
const OUTSIDE: f32 = 1e-3;

/// A vector of pixels in each of [`ROWS`] rows from `y` on.
pub struct Pixels<'a, const P: usize> {
    pub t: f32,
    pub pictures: [&'a [Grid<'a>; P]; 2],
    pub y: usize,
    pub x: usize,
    pub columns: usize,
    /// What brings px of the picture to their planes'.
    pub scale: [f32; 2],
    /// Difference of the pictures along a motion that halves its weight, codes.
    pub usual_error: f32,
}

impl<const P: usize> Pixels<'_, P> {
    /// The cross-fade.
    #[inline(always)]
    pub fn in_place<S: Simd>(&self) -> [[S::V; P]; ROWS] {
        let mut values = [[S::V::splat(0.0); P]; ROWS];
        let [firsts, seconds] = self.pictures;
        for (k, values) in values.iter_mut().enumerate() {
            let y = (self.y + k).min(firsts[0].height - 1);
            for p in 0..P {
                let a = load::<S>(&firsts[p].row(y)[self.x..][..self.columns]);
                let b = load::<S>(&seconds[p].row(y)[self.x..][..self.columns]);
                // As a correction to the one sample: two equal samples give exactly that value.
                values[p] = b.sub(a).mul_add(S::V::splat(self.t), a);
            }
        }
        values
    }

    /// Both pictures along a motion from the first to the second, in each row, the second with so much share.
    #[inline(always)]
    pub fn along<S: Simd>(
        &self,
        motions: [[S::V; 2]; ROWS],
        shares: [S::V; ROWS],
        reaches: &[Reach; 2],
        leaves: bool,
        lines: &mut Lines,
    ) -> [[S::V; P]; ROWS] {
        let v = S::V::splat;
        let mut sampled = [[[v(0.0); P]; ROWS]; 2];
        for (side, sampled) in sampled.iter_mut().enumerate() {
            *sampled = self.sampled::<S>(side, motions, reaches[side], lines);
        }
        let [mut values, b] = sampled;
        for (k, [dx, dy]) in motions.into_iter().enumerate() {
            let share = if leaves {
                let dim = (self.pictures[0][0].height, self.pictures[0][0].width);
                let (x, y) = (counted::<S>(self.x as f32), v((self.y + k) as f32));
                let (back, on) = (v(-self.t), v(1.0 - self.t));
                let from = [dx.mul_add(back, x), dy.mul_add(back, y)];
                let to = [dx.mul_add(on, x), dy.mul_add(on, y)];
                let first = seen::<S>(from, dim).mul(v(1.0).sub(shares[k]));
                let second = seen::<S>(to, dim).mul(shares[k]);
                second.div(first.add(second))
            } else {
                shares[k]
            };
            for p in 0..P {
                values[k][p] = b[k][p].sub(values[k][p]).mul_add(share, values[k][p]);
            }
        }
        values
    }

    /// The first or the second picture along the motion, in each row.
    #[inline(always)]
    pub fn sampled<S: Simd>(
        &self,
        picture: usize,
        motions: [[S::V; 2]; ROWS],
        reach: Reach,
        lines: &mut Lines,
    ) -> [[S::V; P]; ROWS] {
        let v = S::V::splat;
        let planes = self.pictures[picture];
        let factor = v([-self.t, 1.0 - self.t][picture]);
        let [left, top] = reach.least;
        let place = [
            self.x as isize + left as isize,
            self.y as isize + top as isize,
        ];
        let mut past = motions;
        for [dx, dy] in &mut past {
            *dx = dx.mul_add(factor, v(-left));
            *dy = dy.mul_add(factor, v(-top));
        }
        match reach.further {
            [0, 0] => near::<S, 4, 4, P>(planes, place, past, lines),
            [1, 0] => near::<S, 5, 4, P>(planes, place, past, lines),
            [0, 1] => near::<S, 4, 5, P>(planes, place, past, lines),
            [1, 1] => near::<S, 5, 5, P>(planes, place, past, lines),
            [0..=2, 0..=2] => near::<S, 6, 6, P>(planes, place, past, lines),
            // Between cells that move apart: no motion is true there, and nothing is as sharp as its samples.
            _ => {
                let mut values = [[v(0.0); P]; ROWS];
                for (k, [dx, dy]) in motions.into_iter().enumerate() {
                    let (x, y) = (counted::<S>(self.x as f32), v((self.y + k) as f32));
                    values[k] =
                        linear::<S, P>(planes, dx.mul_add(factor, x), dy.mul_add(factor, y));
                }
                values
            }
        }
    }
}

/// 1 inside the picture, [`OUTSIDE`] elsewhere.
#[inline(always)]
fn seen<S: Simd>([x, y]: [S::V; 2], (height, width): (usize, usize)) -> S::V {
    let v = S::V::splat;
    // Distance from the middle, which may be half the picture's size.
    let x = x.sub(v(0.5 * (width as f32 - 1.0)));
    let y = y.sub(v(0.5 * (height as f32 - 1.0)));
    let (x, y) = (x.max(v(0.0).sub(x)), y.max(v(0.0).sub(y)));
    let inside_x = x.select_less(v(0.5 * width as f32), v(1.0), v(OUTSIDE));
    y.select_less(v(0.5 * height as f32), inside_x, v(OUTSIDE))
}
