//! Vectors of pixels between cells of several motions: the mean along all of them, the alike sampled together.

use super::lists::{Listed, Lists, SAME_MOTION_PX, apart};
use super::operations::{Bounds, Reach};
use super::pixels::{Pixels, blended};
use super::places::Lines;
use super::widen::{Ends, MOST_ROWS};
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
#[derive(Clone, Copy)]
pub struct Among {
    /// The rows above and below.
    pub rows: [usize; 2],
    /// The first column; the side of a cell in the planes, px, and where their first column stands, in cells.
    pub from: usize,
    pub px: usize,
    pub first: f32,
    /// What brings px of the picture to their planes'.
    pub scale: [f32; 2],
}

/// Motions that are alike: of the cells above and below, sums by weight.
#[derive(Clone)]
struct Alike {
    /// That of the first.
    motion: [f32; 2],
    motions: Bounds,
    bends: Bounds,
    /// It does not move, nor bend.
    is_still: bool,
    /// Weights; and, times them, motions along x and y, shares of the second picture, and bends along x and y.
    sums: [[[f32; COLUMNS]; 2]; 6],
}

impl Alike {
    const NONE: Self = Self {
        motion: [0.0; 2],
        motions: Bounds::NONE,
        bends: Bounds::NONE,
        is_still: false,
        sums: [[[0.0; COLUMNS]; 2]; 6],
    };

    /// Sums of nothing, over so many columns.
    #[inline(always)]
    fn begin(&mut self, motion: [f32; 2], is_still: bool, columns: usize) {
        (self.motion, self.is_still) = (motion, is_still);
        (self.motions, self.bends) = (Bounds::NONE, Bounds::NONE);
        for sums in self.sums.as_flattened_mut() {
            sums[..columns].fill(0.0);
        }
    }

    /// One of the sums, between the cells.
    #[inline(always)]
    fn ends<S: Simd>(&self, sum: usize, at: &Among) -> Ends<S::V> {
        let [above, below] = &self.sums[sum];
        Ends::of::<S>([above, below], at.px, at.first)
    }
}

/// Which of a vector's cells have several motions to their right and below, and all of those: memory for one vector after another.
pub struct Mixed {
    alike: Vec<Alike>,
    count: usize,
    quads: [bool; COLUMNS],
    columns: usize,
}

impl Default for Mixed {
    fn default() -> Self {
        Self {
            alike: vec![Alike::NONE; MOST],
            count: 0,
            quads: [false; COLUMNS],
            columns: 0,
        }
    }
}

impl Mixed {
    /// Finds those of a vector of pixels; true if all its pixels are between several motions.
    #[inline(always)]
    pub fn find(&mut self, lists: &Lists, at: &Among) -> bool {
        self.columns = LANES / at.px + 1;
        self.count = 0;
        let last = self.columns - 1;
        for c in 0..last {
            self.quads[c] = lists.is_mixed(at.from + c, at.rows[0]);
        }
        for c in 0..self.columns {
            if !(c < last && self.quads[c] || c > 0 && self.quads[c - 1]) {
                continue;
            }
            for (r, &row) in at.rows.iter().enumerate() {
                for listed in lists.at(at.from + c, row) {
                    let scaled = |d: [f32; 2]| [at.scale[0] * d[0], at.scale[1] * d[1]];
                    let listed = Listed {
                        motion: scaled(listed.motion),
                        bend: scaled(listed.bend),
                        ..*listed
                    };
                    self.add(&listed, [r, c]);
                }
            }
        }
        self.quads[..last].iter().all(|is_mixed| *is_mixed)
    }

    #[inline(always)]
    fn add(&mut self, listed: &Listed, [r, c]: [usize; 2]) {
        let Listed {
            motion,
            bend,
            weight,
            share,
        } = *listed;
        let is_still = listed.is_still();
        let is_like = |alike: &Alike| {
            apart(alike.motion, motion) < SAME_MOTION_PX && alike.is_still == is_still
        };
        let found = self.alike[..self.count].iter().position(is_like);
        let n = match found {
            Some(n) => n,
            None if self.count < MOST => {
                self.alike[self.count].begin(motion, is_still, self.columns);
                self.count += 1;
                self.count - 1
            }
            // So many there are in noise only.
            None => self.nearest(motion),
        };
        let alike = &mut self.alike[n];
        alike.motions.take_one(motion);
        alike.bends.take_one(bend);
        let terms = [
            weight,
            weight * motion[0],
            weight * motion[1],
            weight * share,
            weight * bend[0],
            weight * bend[1],
        ];
        for (sums, term) in alike.sums.iter_mut().zip(terms) {
            sums[r][c] += term;
        }
    }

    #[cold]
    fn nearest(&self, motion: [f32; 2]) -> usize {
        let distance = |n: usize| apart(self.alike[n].motion, motion);
        (1..MOST).fold(0, |a, b| if distance(b) < distance(a) { b } else { a })
    }

    /// 1 in the lanes of pixels between several motions.
    #[inline(always)]
    fn lanes<S: Simd>(&self, px: usize) -> S::V {
        let mut lanes = [0.0; LANES];
        for (lane, mixes) in lanes.iter_mut().enumerate() {
            *mixes = if self.quads[lane / px] { 1.0 } else { 0.0 };
        }
        S::V::load(&lanes)
    }
}

/// Rows of a vector of pixels, each so far down between two rows of cells.
pub struct Rows<'a, const P: usize> {
    /// The first row's.
    pub pixels: Pixels<'a, P>,
    pub fractions: &'a [f32],
    /// Difference of the pictures along a motion that halves its weight, codes.
    pub usual_error: f32,
}

impl<const P: usize> Rows<'_, P> {
    /// Puts the means along all motions in place of the values between cells of several. Beside what stands still, motions
    /// along which the two pictures differ by `usual_error` have half their weight: it has sharp edges of its own, where every pixel tells.
    #[inline(always)]
    pub fn mix<S: Simd>(
        &self,
        mixed: &Mixed,
        at: &Among,
        values: &mut [[S::V; P]; MOST_ROWS],
        lines: &mut Lines,
    ) {
        let v = S::V::splat;
        let all = &mixed.alike[..mixed.count];
        let mut still = None;
        for alike in all.iter().filter(|alike| alike.is_still) {
            still = Some(alike.ends::<S>(0, at));
        }
        let (mut sums, mut totals) = ([[v(0.0); P]; MOST_ROWS], [v(0.0); MOST_ROWS]);
        for alike in all {
            let (a, b) = (-self.pixels.t, 1.0 - self.pixels.t);
            let mut reaches = [Reach::default(); 2];
            for (reach, factor) in reaches.iter_mut().zip([a, b]) {
                *reach = Reach::of(&alike.motions, factor, &alike.bends);
            }
            let weights = alike.ends::<S>(0, at);
            let motions = [alike.ends::<S>(1, at), alike.ends::<S>(2, at)];
            let shares = alike.ends::<S>(3, at);
            let bends = if alike.bends.is_some() {
                Some([alike.ends::<S>(4, at), alike.ends::<S>(5, at)])
            } else {
                None
            };
            let mut pixels = self.pixels;
            for (k, &fraction) in self.fractions.iter().enumerate() {
                let mut weight = weights.at(fraction);
                let per_weight = v(1.0).div(weight.add(v(TINY)));
                let mut motion = [v(0.0); 2];
                for axis in 0..2 {
                    // Where it has no weight, some motion of its kind.
                    let sum = motions[axis].at(fraction);
                    motion[axis] = sum.add(v(TINY * alike.motion[axis])).mul(per_weight);
                }
                let mut bend = [v(0.0); 2];
                if let Some(bends) = &bends {
                    for axis in 0..2 {
                        bend[axis] = bends[axis].at(fraction).mul(per_weight);
                    }
                }
                let both = pixels.both::<S>(motion, bend, &reaches, lines);
                if let Some(still) = &still {
                    let fit = self.fit::<S>(&both, alike.is_still);
                    weight = weight.mul(v(0.0).select_less(still.at(fraction), fit, v(1.0)));
                }
                let shown = blended::<S, P>(both, shares.at(fraction).mul(per_weight));
                for p in 0..P {
                    sums[k][p] = shown[p].mul_add(weight, sums[k][p]);
                }
                totals[k] = totals[k].add(weight);
                pixels.y += 1;
            }
        }
        let is_mixed = mixed.lanes::<S>(at.px);
        for k in 0..self.fractions.len() {
            let per_total = v(1.0).div(totals[k]);
            for p in 0..P {
                let mean = sums[k][p].mul(per_total);
                values[k][p] = v(0.5).select_less(is_mixed, mean, values[k][p]);
            }
        }
    }

    /// How well two pictures' samples fit, `1 / (1 + e²)` of their mean difference e in usual errors, and more if they are the same in place.
    #[inline(always)]
    fn fit<S: Simd>(&self, [first, second]: &[[S::V; P]; 2], in_place: bool) -> S::V {
        let v = S::V::splat;
        let mut error = v(0.0);
        for p in 0..P {
            let apart = first[p].sub(second[p]);
            error = error.add(apart.max(v(0.0).sub(apart)));
        }
        let error = error.mul(v(1.0 / (P as f32 * self.usual_error)));
        let fit = v(1.0).div(error.mul_add(error, v(1.0)));
        if !in_place {
            return fit;
        }
        let exactly = error.mul(v(EXACTLY));
        fit.add(v(SAME_IN_PLACE).div(exactly.mul_add(exactly, v(1.0))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Plane, sampling::Grid};
    use crate::render::cells::lists::MOST as MOST_LISTED;
    use otinterp_simd::{Kernel, Level as Cpu};

    const T: f32 = 0.25;
    const PX: usize = 4;

    /// Two rows of pixels, at a row of cells and between it and the next.
    struct Mix<'a>(&'a Lists, [&'a [Grid<'a>; 1]; 2], f32);

    impl Kernel for Mix<'_> {
        type Output = [[f32; LANES]; 2];

        fn run<S: Simd>(self) -> Self::Output {
            let at = Among {
                rows: [0, 1],
                from: 0,
                px: PX,
                first: 0.0,
                scale: [1.0; 2],
            };
            let rows = Rows {
                pixels: Pixels {
                    t: T,
                    pictures: self.1,
                    y: 8,
                    x: 0,
                    columns: LANES,
                },
                fractions: &[0.0, self.2],
                usual_error: 12.0,
            };
            let mut mixed = Mixed::default();
            mixed.find(self.0, &at);
            let mut values = [[S::V::splat(-1.0)]; MOST_ROWS];
            rows.mix::<S>(&mixed, &at, &mut values, &mut Lines::default());
            let mut out = [[0.0; LANES]; 2];
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
            Listed::alone([-12.0, 0.0], [0.0; 2], 0.0),
            Listed::alone([8.0, 0.0], [0.0; 2], 1.0),
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
                    ..Listed::default()
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
