//! Vectors of pixels between cells of several motions: the mean along all of them, the alike sampled together.

use super::lists::{Lists, SAME_MOTION_PX, apart};
use super::operations::Reach;
use super::pixels::Pixels;
use super::places::{Lines, ROWS};
use super::widen::widened;
use otinterp_simd::{LANES, Number, Simd, Vector};

/// Cells of a row that a vector of pixels lies between, at most.
const COLUMNS: usize = LANES + 1;
/// Different motions of a vector of pixels.
const MOST: usize = 12;
/// Weight of no motion, beside 1 of another that fits as well, where the pictures are the same in place: so the last row of strokes
/// stays whole whose like are found one period further.
const SAME_IN_PLACE: f32 = 15.0;
/// How much smaller than the usual error one in place is that halves this.
const EXACTLY: f32 = 6.0;
/// Keeps a division from being one by nothing.
const TINY: f32 = 1e-6;

/// Where a vector of pixels lies among the cells.
pub struct Between {
    /// The rows above and below, and how far down between them each row of pixels is.
    pub rows: [usize; 2],
    pub fractions: [f32; ROWS],
    /// The first column; the side of a cell in the planes, px, and where their first column stands, in cells.
    pub from: usize,
    pub px: usize,
    pub first: f32,
}

/// Motions that are alike: of the cells above and below, sums by weight.
struct Alike {
    /// That of the first.
    motion: [f32; 2],
    least: [f32; 2],
    most: [f32; 2],
    /// Weights; and, times them, motions along x and y, and shares of the second picture.
    sums: [[[f32; COLUMNS]; 2]; 4],
}

impl Alike {
    const NONE: Self = Self {
        motion: [0.0; 2],
        least: [0.0; 2],
        most: [0.0; 2],
        sums: [[[0.0; COLUMNS]; 2]; 4],
    };

    fn is_still(&self) -> bool {
        self.motion == [0.0; 2]
    }
}

/// Which of a vector's cells have several motions to their right and below, and all of those.
struct Mixed {
    alike: [Alike; MOST],
    count: usize,
    quads: [bool; COLUMNS],
}

impl Mixed {
    #[inline(always)]
    fn of(lists: &Lists, at: &Between, scale: [f32; 2]) -> Self {
        let columns = LANES / at.px + 1;
        let mut mixed = Self {
            alike: [Alike::NONE; MOST],
            count: 0,
            quads: [false; COLUMNS],
        };
        for c in 0..columns - 1 {
            mixed.quads[c] = lists.is_mixed(at.from + c, at.rows[0]);
        }
        for c in 0..columns {
            if !(mixed.quads[c] || c > 0 && mixed.quads[c - 1]) {
                continue;
            }
            for (r, &row) in at.rows.iter().enumerate() {
                for listed in lists.at(at.from + c, row) {
                    let motion = [scale[0] * listed.motion[0], scale[1] * listed.motion[1]];
                    mixed.add(motion, listed.weight, listed.share, [r, c]);
                }
            }
        }
        mixed
    }

    #[inline(always)]
    fn add(&mut self, motion: [f32; 2], weight: f32, share: f32, [r, c]: [usize; 2]) {
        let is_like = |alike: &Alike| {
            apart(alike.motion, motion) < SAME_MOTION_PX && alike.is_still() == (motion == [0.0; 2])
        };
        let found = self.alike[..self.count].iter().position(is_like);
        let n = match found {
            Some(n) => n,
            None if self.count < MOST => {
                let alike = &mut self.alike[self.count];
                (alike.motion, alike.least, alike.most) = (motion, motion, motion);
                self.count += 1;
                self.count - 1
            }
            // So many there are in noise only.
            None => self.nearest(motion),
        };
        let alike = &mut self.alike[n];
        let bounds = alike.least.iter_mut().zip(&mut alike.most);
        for ((least, most), d) in bounds.zip(motion) {
            (*least, *most) = (least.min(d), most.max(d));
        }
        let terms = [
            weight,
            weight * motion[0],
            weight * motion[1],
            weight * share,
        ];
        for (sums, term) in alike.sums.iter_mut().zip(terms) {
            sums[r][c] += term;
        }
    }
}

impl Mixed {
    #[cold]
    fn nearest(&self, motion: [f32; 2]) -> usize {
        let distance = |n: usize| apart(self.alike[n].motion, motion);
        (1..MOST).fold(0, |a, b| if distance(b) < distance(a) { b } else { a })
    }
}

impl<const P: usize> Pixels<'_, P> {
    /// Puts the means along all motions in place of the values between cells of several. Beside what stands still, motions
    /// along which the two pictures differ by `usual_error` have half their weight: it has sharp edges of its own, where every pixel tells.
    #[inline(always)]
    pub fn mix<S: Simd>(
        &self,
        lists: &Lists,
        at: &Between,
        values: &mut [[S::V; P]; ROWS],
        lines: &mut Lines,
    ) {
        let v = S::V::splat;
        let mixed = Mixed::of(lists, at, self.scale);
        let all = &mixed.alike[..mixed.count];
        let mut still = [v(0.0); ROWS];
        for alike in all.iter().filter(|alike| alike.is_still()) {
            for (still, fraction) in still.iter_mut().zip(at.fractions) {
                *still = at.widened::<S>(&alike.sums[0], fraction);
            }
        }
        let has_still = all.iter().any(Alike::is_still);
        let (mut sums, mut totals) = ([[v(0.0); P]; ROWS], [v(0.0); ROWS]);
        for alike in all {
            let (mut weights, mut shares) = ([v(0.0); ROWS], [v(0.0); ROWS]);
            let mut motions = [[v(0.0); 2]; ROWS];
            for k in 0..ROWS {
                let mut widened = [v(0.0); 4];
                for (widened, sums) in widened.iter_mut().zip(&alike.sums) {
                    *widened = at.widened::<S>(sums, at.fractions[k]);
                }
                let [weight, dx, dy, share] = widened;
                let per_weight = v(1.0).div(weight.add(v(TINY)));
                // Where it has no weight, some motion of its kind.
                let mean = |sum: S::V, first: f32| sum.add(v(TINY * first)).mul(per_weight);
                motions[k] = [mean(dx, alike.motion[0]), mean(dy, alike.motion[1])];
                shares[k] = share.mul(per_weight);
                weights[k] = weight;
            }
            let t = self.t;
            let a = Reach::of(alike.least, alike.most, -t);
            let b = Reach::of(alike.least, alike.most, 1.0 - t);
            let first = self.sampled::<S>(0, motions, a, lines);
            let second = self.sampled::<S>(1, motions, b, lines);
            for k in 0..ROWS {
                if has_still {
                    let mut error = v(0.0);
                    for p in 0..P {
                        let apart = first[k][p].sub(second[k][p]);
                        error = error.add(apart.max(v(0.0).sub(apart)));
                    }
                    let error = error.mul(v(1.0 / (P as f32 * self.usual_error)));
                    let fit = v(1.0).div(error.mul_add(error, v(1.0)));
                    let fit = if alike.is_still() {
                        let exactly = error.mul(v(EXACTLY));
                        let exact = v(SAME_IN_PLACE).div(exactly.mul_add(exactly, v(1.0)));
                        fit.add(exact)
                    } else {
                        fit
                    };
                    let fit = v(0.0).select_less(still[k], fit, v(1.0));
                    weights[k] = weights[k].mul(fit);
                }
                for p in 0..P {
                    let value = second[k][p]
                        .sub(first[k][p])
                        .mul_add(shares[k], first[k][p]);
                    sums[k][p] = value.mul_add(weights[k], sums[k][p]);
                }
                totals[k] = totals[k].add(weights[k]);
            }
        }
        let mut lanes = [0.0; LANES];
        for (lane, mixes) in lanes.iter_mut().enumerate() {
            *mixes = if mixed.quads[lane / at.px] { 1.0 } else { 0.0 };
        }
        let is_mixed = S::V::load(&lanes);
        for k in 0..ROWS {
            let per_total = v(1.0).div(totals[k]);
            for p in 0..P {
                let mean = sums[k][p].mul(per_total);
                values[k][p] = v(0.5).select_less(is_mixed, mean, values[k][p]);
            }
        }
    }
}

impl Between {
    /// Sixteen pixels' values from the cells' above and below.
    #[inline(always)]
    fn widened<S: Simd>(&self, [above, below]: &[[f32; COLUMNS]; 2], fraction: f32) -> S::V {
        let mut row = [0.0; COLUMNS];
        for c in 0..COLUMNS {
            row[c] = above[c] + fraction * (below[c] - above[c]);
        }
        widened::<S>(&row, self.px, self.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Plane, sampling::Grid};
    use crate::render::cells::lists::{Listed, MOST as MOST_LISTED};
    use otinterp_simd::{Kernel, Level as Cpu};

    const T: f32 = 0.25;
    const PX: usize = 4;

    struct Mix<'a>(&'a Lists, [&'a [Grid<'a>; 1]; 2], f32);

    impl Kernel for Mix<'_> {
        type Output = [[f32; LANES]; ROWS];

        fn run<S: Simd>(self) -> Self::Output {
            let pixels = Pixels {
                t: T,
                pictures: self.1,
                y: 8,
                x: 0,
                columns: LANES,
                scale: [1.0; 2],
                usual_error: 12.0,
            };
            let at = Between {
                rows: [0, 1],
                fractions: [0.0, self.2],
                from: 0,
                px: PX,
                first: 0.0,
            };
            let mut values = [[S::V::splat(-1.0)]; ROWS];
            pixels.mix::<S>(self.0, &at, &mut values, &mut Lines::default());
            let mut out = [[0.0; LANES]; ROWS];
            for (out, [value]) in out.iter_mut().zip(values) {
                value.store(out);
            }
            out
        }
    }

    #[test]
    fn a_pixel_between_two_motions_is_the_mean_of_what_each_shows_and_others_stay() {
        // Ramps, which cubic samples keep: 10 codes a px in the first picture, 6 in the second.
        let first = Plane::from_shape_fn((16, 40), |(_, x)| 10.0 * x as f32);
        let second = Plane::from_shape_fn((16, 40), |(_, x)| 6.0 * x as f32);
        let (a, b) = ([Grid::new(&first)], [Grid::new(&second)]);
        let (left, right) = (
            Listed::alone([-12.0, 0.0], 0.0),
            Listed::alone([8.0, 0.0], 1.0),
        );
        let row = [left, left, right, right, right];
        let lists = Lists::new(5, [row, row].concat());
        for cpu in Cpu::available() {
            for row in cpu.run(Mix(&lists, [&a, &b], 0.5)) {
                for (x, found) in row.into_iter().enumerate() {
                    // What the first picture shows a quarter of the way back, the second three quarters on.
                    let at = x as f32;
                    let (of_first, of_second) = (10.0 * (at + 3.0), 6.0 * (at + 6.0));
                    let part = (at - 4.0) / 4.0;
                    let mean = of_first + part * (of_second - of_first);
                    let expected = if (4..8).contains(&x) { mean } else { -1.0 };
                    assert!((found - expected).abs() < 1e-2, "{x}: {found} {expected}");
                }
            }
        }
    }

    #[test]
    fn more_motions_than_there_is_room_for_still_give_a_mean() {
        let plane = Plane::from_elem((16, 40), 77.0);
        let grid = [Grid::new(&plane)];
        let mut lists = Vec::new();
        for n in 0..10u8 {
            let mut list = [Listed::default(); MOST_LISTED];
            for (k, listed) in list.iter_mut().enumerate() {
                let d = f32::from(n) + 20.0 * k as f32;
                *listed = Listed {
                    motion: [d, -0.3 * d],
                    weight: 0.25,
                    share: 0.5,
                };
            }
            lists.push(list);
        }
        let lists = Lists::new(5, lists);
        for cpu in Cpu::available() {
            for value in cpu.run(Mix(&lists, [&grid, &grid], 0.7)).concat() {
                assert!((value - 77.0).abs() < 1e-3, "{value}");
            }
        }
    }
}
