//! Overlapped motion compensation: where little is known for certain, a cell is rendered along its neighbours' motions as well, by
//! their photometric errors (Orchard & Sullivan, *Overlapped block motion compensation: an estimation-theoretic approach*, 1994).

use super::weigh::Weigher;
use crate::layers::{fill_rows, straightened};
use crate::pool::Pool;
use crate::render::cells::lists::{Listed, MOST};
use otinterp_simd::{Kernel, Level as Cpu, Simd};
use rayon::prelude::*;

/// Half width of the window in which what is certain is counted, px.
const COUNTED_PX: usize = 10;
/// Shares of what is uncertain there from which neighbours take part, and up to which they take part more and more.
const UNCERTAIN: (f32, f32) = (0.4, 0.9);
/// Weight of the mean along all motions, at most.
const MOST_MEAN: f32 = 0.8;
/// Rings of four neighbours: distance in px, those of less than a cell are none, and weight of one beside the cell itself.
const RINGS_PX: [(usize, f32); 2] = [(2, 1.0), (4, 0.65)];
/// Photometric error at which a motion has a quarter of its weight, codes.
const USUAL_ERROR: f32 = 1.3;
/// Motions that differ less are one, cells.
const SAME_MOTION: f32 = 0.5;
/// Different motions of a cell and its neighbours; there are never so many but in noise.
const MOST_FOUND: usize = 24;

/// A cell and its list.
type Changed = (usize, [Listed; MOST]);

/// Memory of rows of cells, for the next frame's.
static SPARE: Pool<Vec<Changed>> = Pool::new(MOST_SPARE);
/// Rows of cells of 4 px at 8K.
const MOST_SPARE: usize = 1080;

/// Memory of a value for every cell, likewise.
static VALUES: Pool<Vec<f32>> = Pool::new(4);

/// Room for so many values, whatever they are.
pub fn room(count: usize) -> Vec<f32> {
    let found = VALUES.take(|values| values.len() == count);
    found.unwrap_or_else(|| vec![0.0; count])
}

/// Gives the lists of cells that are uncertain their neighbours' motions as well: of each cell, `certain` says how far what is known of
/// it is known for certain, in `[0, 1]`.
pub fn overlap(
    cpu: Cpu,
    weigher: &Weigher<'_>,
    lists: &mut [[Listed; MOST]],
    certain: Vec<f32>,
    cell_log2: u8,
) {
    let dim @ [width, height] = [weigher.pictures[0].width, weigher.pictures[0].height];
    let shares = shares(&certain, dim, COUNTED_PX >> cell_log2);
    VALUES.give(certain);
    let old = &*lists;
    let changed: Vec<_> = (0..height)
        .into_par_iter()
        .with_min_len(4)
        .map(|y| {
            let shares = &shares[y * width..][..width];
            let mut out = SPARE.take(|_| true).unwrap_or_default();
            out.clear();
            cpu.run(OverlapRow {
                weigher,
                lists: old,
                cell_log2,
                shares,
                y,
                out: &mut out,
            });
            out
        })
        .collect();
    VALUES.give(shares);
    for changed in changed {
        for (at, list) in &changed {
            lists[*at] = *list;
        }
        SPARE.give(changed);
    }
}

/// Means over squares of cells up to `by` away.
fn shares(certain: &[f32], [width, height]: [usize; 2], by: usize) -> Vec<f32> {
    let near = |at: usize, len: usize| at.saturating_sub(by)..(at + by + 1).min(len);
    let [mut across, mut shares] = [room(certain.len()), room(certain.len())];
    fill_rows(&mut across, width, |x, y| {
        let near = near(x, width);
        let count = near.len() as f32;
        certain[y * width..][near].iter().sum::<f32>() / count
    });
    fill_rows(&mut shares, width, |x, y| {
        let near = near(y, height);
        let count = near.len() as f32;
        near.map(|y| across[y * width + x]).sum::<f32>() / count
    });
    VALUES.give(across);
    shares
}

/// Weight of the mean along all motions where such a share is certain; 0 or less is none.
#[inline(always)]
fn part(certain: f32) -> f32 {
    let (from, to) = UNCERTAIN;
    ((1.0 - certain - from) / (to - from)).min(1.0) * MOST_MEAN
}

struct OverlapRow<'a> {
    weigher: &'a Weigher<'a>,
    lists: &'a [[Listed; MOST]],
    cell_log2: u8,
    shares: &'a [f32],
    y: usize,
    /// Cells and their lists.
    out: &'a mut Vec<Changed>,
}

impl Kernel for OverlapRow<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let width = self.shares.len();
        let height = self.lists.len() / width;
        for x in 0..width {
            let part = part(self.shares[x]);
            let own = &self.lists[self.y * width + x];
            if part <= 0.0 || own[0].is_still() {
                continue;
            }
            let mut found = Found::default();
            found.add_all(own, 1.0);
            for (by_px, weight) in RINGS_PX {
                let by = by_px >> self.cell_log2;
                if by == 0 {
                    continue;
                }
                let (up, left) = (self.y.checked_sub(by), x.checked_sub(by));
                let (down, right) = (self.y + by, x + by);
                let places = [
                    left.map(|x| (x, self.y)),
                    (right < width).then_some((right, self.y)),
                    up.map(|y| (x, y)),
                    (down < height).then_some((x, down)),
                ];
                for (x, y) in places.into_iter().flatten() {
                    found.add_all(&self.lists[y * width + x], weight);
                }
            }
            found.weigh(|listed| {
                let place = straightened((x, self.y), listed.bend);
                self.weigher.error(place, listed.motion, true)
            });
            found.scale(part);
            found.add_all(own, 1.0 - part);
            self.out.push((self.y * width + x, found.best()));
        }
    }
}

/// Different motions, with the sum of their weights.
struct Found {
    listed: [Listed; MOST_FOUND],
    count: usize,
}

impl Default for Found {
    #[inline(always)]
    fn default() -> Self {
        Self {
            listed: [Listed::default(); MOST_FOUND],
            count: 0,
        }
    }
}

impl Found {
    #[inline(always)]
    fn add_all(&mut self, list: &[Listed; MOST], weight: f32) {
        for listed in list.iter().take_while(|listed| listed.weight > 0.0) {
            let weight = weight * listed.weight;
            let known = &mut self.listed[..self.count];
            let alike = known
                .iter_mut()
                .find(|known| known.apart(listed) < SAME_MOTION);
            if let Some(known) = alike {
                known.join(listed, weight);
            } else if self.count < MOST_FOUND {
                self.listed[self.count] = Listed { weight, ..*listed };
                self.count += 1;
            }
        }
    }

    /// Divides weights by `(1 + e/e₀)²` of the errors e of their motions.
    #[inline(always)]
    fn weigh(&mut self, error: impl Fn(&Listed) -> f32) {
        for listed in &mut self.listed[..self.count] {
            let unlike = 1.0 + error(listed) * (1.0 / USUAL_ERROR);
            listed.weight /= unlike * unlike;
        }
    }

    /// Brings the sum of the weights to `total`.
    #[inline(always)]
    fn scale(&mut self, total: f32) {
        let found = &mut self.listed[..self.count];
        let sum: f32 = found.iter().map(|listed| listed.weight).sum();
        found
            .iter_mut()
            .for_each(|listed| listed.weight *= total / sum);
    }

    /// Those of most weight, which is brought to 1.
    #[inline(always)]
    fn best(mut self) -> [Listed; MOST] {
        let found = &mut self.listed[..self.count];
        found.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        self.count = self.count.min(MOST);
        self.scale(1.0);
        let mut list = [Listed::default(); MOST];
        list.copy_from_slice(&self.listed[..MOST]);
        list[self.count..].fill(Listed::default());
        list
    }
}
