//! Slots: the motions that cells of both pictures bring to each cell at time t, the alike joined, with what stands behind them.

use super::calm::{self, Calm};
use crate::layers::{Bends, Layers, Vector, apart};
use crate::pool::Pool;

/// Motions that the cells of one picture may bring to a cell.
const OF_ONE: usize = 3;
/// Motions of a cell.
pub const SLOTS: usize = 2 * OF_ONE;
/// Motions that differ less are joined, cells.
const SAME_MOTION: f32 = 0.75;
/// Less coverage is none.
const LEAST_COVERAGE: f32 = 1e-3;
/// What a cell without trust, of which nothing is known, counts in the choice of the picture that is shown.
const UNKNOWN: f32 = 0.03;
/// Order of depth of what stands still: before most, behind what hides a lot.
pub const STILL_ORDER: f32 = 0.5;

/// A motion at a cell. While cells land all are sums weighted by coverage; afterwards means, and sums of coverage.
#[derive(Debug, Clone, Copy, Default)]
pub struct Slot {
    /// From the first picture to the second, in cells.
    pub motion: [f32; 2],
    /// How far its path is from the straight one, in cells.
    pub bend: [f32; 2],
    weight: f32,
    /// What cells of either picture cover.
    pub coverage: [f32; 2],
    /// Order of depth, larger in front.
    pub order: f32,
    /// How far it is hidden in one of the pictures.
    pub hidden: f32,
    /// How far what either picture shows along it is known to be right, in `[0, 1]`; where more than one cell's worth lands, their mean.
    pub known: [f32; 2],
}

impl Slot {
    /// No motion, seen in both pictures.
    pub fn still() -> Self {
        Self {
            motion: [0.0; 2],
            bend: [0.0; 2],
            weight: 2.0,
            coverage: [1.0; 2],
            order: STILL_ORDER,
            hidden: 0.0,
            known: [1.0; 2],
        }
    }

    /// The larger coverage by one picture, at most 1.
    #[inline(always)]
    pub fn covered(&self) -> f32 {
        self.coverage[0].max(self.coverage[1]).min(1.0)
    }

    /// No motion is in it.
    #[inline(always)]
    pub fn is_free(&self) -> bool {
        self.weight == 0.0
    }

    /// Whether the sums are of about that motion.
    #[inline(always)]
    fn is_like(&self, motion: Vector) -> bool {
        apart(self.motion, motion.map(|d| self.weight * d)) < SAME_MOTION * self.weight
    }

    /// From sums to means.
    #[inline(always)]
    fn settled(&self) -> Self {
        let scale = 1.0 / self.weight;
        Self {
            motion: self.motion.map(|d| scale * d),
            bend: self.bend.map(|d| scale * d),
            order: scale * self.order,
            hidden: scale * self.hidden,
            known: [0, 1].map(|n| self.known[n] / self.coverage[n].max(1.0)),
            ..*self
        }
    }

    /// Adds all of another one.
    #[inline(always)]
    fn add(&mut self, other: &Self) {
        for n in 0..2 {
            self.motion[n] += other.motion[n];
            self.bend[n] += other.bend[n];
            self.coverage[n] += other.coverage[n];
            self.known[n] += other.known[n];
        }
        self.weight += other.weight;
        self.order += other.order;
        self.hidden += other.hidden;
    }
}

/// Slots of some rows of cells.
#[derive(Debug, Default)]
pub struct Slots {
    width: usize,
    first_row: usize,
    /// Of the cells of the first picture, and of the second's.
    landed: [Vec<[Slot; OF_ONE]>; 2],
    joined: Vec<[Slot; SLOTS]>,
    found: Vec<Found>,
    /// Cells that anything landed in, once or twice each: the others are as they were made.
    touched: Vec<usize>,
}

/// The motions of a cell and what they cover, ready to be compared all at once; nothing is covered by those that are none.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    dx: [f32; PLACES],
    dy: [f32; PLACES],
    covered: [f32; PLACES],
}

impl Found {
    /// What each motion covers, if it differs from one by less than `same`.
    #[inline(always)]
    fn covered_by(&self, motion: Vector, same: f32) -> [f32; PLACES] {
        let mut covered = [0.0; PLACES];
        let motions = self.dx.iter().zip(&self.dy).zip(&self.covered);
        for (covered, ((dx, dy), own)) in covered.iter_mut().zip(motions) {
            let apart = (dx - motion[0]).abs() + (dy - motion[1]).abs();
            *covered = if apart < same { *own } else { 0.0 };
        }
        covered
    }
}

#[inline(always)]
fn add(sums: &mut [f32; PLACES], values: &[f32; PLACES]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}

/// At least [`SLOTS`], a whole vector.
const PLACES: usize = 8;

/// Slots that were used, for the next bands: memory that is neither mapped nor emptied anew.
static SPARE: Pool<Slots> = Pool::new(MOST_SPARE);
/// As many as threads could use at once.
const MOST_SPARE: usize = 64;

impl Drop for Slots {
    fn drop(&mut self) {
        if !self.joined.is_empty() {
            SPARE.give(std::mem::take(self));
        }
    }
}

/// Least and largest motion along y in every row of cells: which rows can reach others.
pub fn reach(layers: &Layers, width: usize) -> Vec<[f32; 2]> {
    let rows = layers.motion.chunks_exact(width);
    rows.map(|row| {
        let start = [f32::MAX, f32::MIN];
        row.iter().fold(start, |[least, most], motion| {
            [least.min(motion[1]), most.max(motion[1])]
        })
    })
    .collect()
}

/// What lands in slots, and when.
#[derive(Clone, Copy)]
pub struct Landing<'a> {
    pub layers: [&'a Layers; 2],
    /// Of both pictures, see [`reach`].
    pub reaches: [&'a [[f32; 2]]; 2],
    /// How far the paths are from straight ones, where they are not.
    pub bends: Option<&'a Bends<'a>>,
    /// Columns of cells.
    pub width: usize,
    pub t: f32,
    pub calm: &'a Calm,
}

impl Slots {
    /// Some that were used before, or new ones.
    pub fn spare() -> Self {
        SPARE.take(|_| true).unwrap_or_default()
    }

    /// Fills the rows with all that lands in them at time `t`, in raster order, but for what is calm; exchanging the pictures changes nothing.
    pub fn fill(&mut self, sources: &Landing<'_>, rows: std::ops::Range<usize>) {
        let Landing {
            layers,
            reaches,
            bends,
            width,
            t,
            calm,
        } = *sources;
        self.begin(width, rows.clone());
        let most_bend = bends.map_or(0.0, |bends| bends.most);
        let low = rows.start as f32 - 1.0 - most_bend;
        let high = rows.end as f32 + most_bend;
        for side in 0..2 {
            let part = [t, 1.0 - t][side];
            for (y, [least, most]) in reaches[side].iter().enumerate() {
                if y as f32 + part * most <= low || y as f32 + part * least >= high {
                    continue;
                }
                for first in (0..width).step_by(calm::SIDE) {
                    if calm.is_idle(side, (first, y)) {
                        continue;
                    }
                    for x in first..(first + calm::SIDE).min(width) {
                        let bend = bends.map_or([0.0; 2], |bends| bends.at(side, y * width + x));
                        self.land(layers[side], side, (x, y), part, bend);
                    }
                }
            }
        }
        for &at in &self.touched {
            let [first, second] = &self.landed;
            let slots = joined(&first[at], &second[at]);
            let found = &mut self.found[at];
            for (n, slot) in slots.iter().enumerate() {
                [found.dx[n], found.dy[n]] = slot.motion;
                found.covered[n] = slot.covered();
            }
            self.joined[at] = slots;
        }
    }

    /// Empties the slots of so many rows.
    fn begin(&mut self, width: usize, rows: std::ops::Range<usize>) {
        for at in self.touched.drain(..) {
            self.landed[0][at] = Default::default();
            self.landed[1][at] = Default::default();
            self.joined[at] = Default::default();
            self.found[at] = Found::default();
        }
        (self.width, self.first_row) = (width, rows.start);
        let count = rows.len() * width;
        for landed in &mut self.landed {
            landed.resize(count, Default::default());
        }
        self.joined.resize(count, Default::default());
        self.found.resize(count, Found::default());
    }

    /// The slots of a cell.
    #[inline(always)]
    pub fn at(&self, x: usize, y: usize) -> &[Slot; SLOTS] {
        &self.joined[(y - self.first_row) * self.width + x]
    }

    /// How far a motion covers a cell that is known to be right in both pictures, in `[0, 1]`.
    #[inline(always)]
    pub fn certain(&self, (x, y): (usize, usize)) -> f32 {
        let slots = self.at(x, y).iter().take_while(|slot| !slot.is_free());
        slots.fold(0.0, |most, slot| {
            most.max(slot.covered() * slot.known[0].min(slot.known[1]))
        })
    }

    /// How far motions that differ from one by less than `same` cover what is around a cell: the share of the best of the four squares
    /// that have the cell in a corner and reach `by` away, so that an outline, beyond which is something else, takes nothing from it.
    #[inline(always)]
    pub fn found_around(
        &self,
        (x, y): (usize, usize),
        by: usize,
        motion: Vector,
        same: f32,
    ) -> f32 {
        let last_row = self.first_row + self.found.len() / self.width;
        let rows = y.saturating_sub(by).max(self.first_row)..(y + by + 1).min(last_row);
        let columns = x.saturating_sub(by)..(x + by + 1).min(self.width);
        let (mut above, mut below) = ([[0.0; PLACES]; 2], [[0.0; PLACES]; 2]);
        for row in rows.clone() {
            let cells = &self.found[(row - self.first_row) * self.width..][..self.width];
            let here = [cells[x].covered_by(motion, same); 2];
            let mut sums = here;
            for (sum, cells) in sums
                .iter_mut()
                .zip([&cells[columns.start..x], &cells[x + 1..columns.end]])
            {
                for found in cells {
                    add(sum, &found.covered_by(motion, same));
                }
            }
            for n in 0..2 {
                if row <= y {
                    add(&mut above[n], &sums[n]);
                }
                if row >= y {
                    add(&mut below[n], &sums[n]);
                }
            }
        }
        let sides = [x + 1 - columns.start, columns.end - x];
        let mut best = 0.0f32;
        for (squares, height) in [(&above, y + 1 - rows.start), (&below, rows.end - y)] {
            for n in 0..2 {
                let sum: f32 = squares[n].iter().sum();
                best = best.max(sum / (sides[n] * height) as f32);
            }
        }
        best
    }

    #[inline(always)]
    fn land(
        &mut self,
        layers: &Layers,
        side: usize,
        (x, y): (usize, usize),
        part: f32,
        bend: Vector,
    ) {
        let (width, first_row) = (self.width, self.first_row);
        let landed = &mut self.landed[side];
        let at = y * width + x;
        let [dx, dy] = layers.motion[at];
        let to_x = x as f32 + part * dx + bend[0];
        let to_y = y as f32 + part * dy + bend[1];
        let end_row = first_row + landed.len() / width;
        if to_y <= first_row as f32 - 1.0
            || to_y >= end_row as f32
            || to_x <= -1.0
            || to_x >= width as f32
        {
            return;
        }
        let sign = [1.0, -1.0][side];
        let hidden = layers.hidden[at];
        let known = if layers.trusted[at] {
            1.0
        } else {
            (UNKNOWN + hidden).min(1.0)
        };
        let (column, row) = (to_x.floor(), to_y.floor());
        let (fx, fy) = (to_x - column, to_y - row);
        let shares = [
            (0, 0, (1.0 - fx) * (1.0 - fy)),
            (1, 0, fx * (1.0 - fy)),
            (0, 1, (1.0 - fx) * fy),
            (1, 1, fx * fy),
        ];
        for (right, down, share) in shares {
            let (column, row) = (column as isize + right, row as isize + down);
            let within = column >= 0
                && column < width as isize
                && row >= first_row as isize
                && row < end_row as isize;
            if within && share >= LEAST_COVERAGE {
                let mut slot = Slot {
                    motion: [share * sign * dx, share * sign * dy],
                    bend: bend.map(|d| share * d),
                    weight: share,
                    order: share * layers.order[at],
                    hidden: share * hidden,
                    ..Slot::default()
                };
                slot.coverage[side] = share;
                slot.known[side] = share * known;
                let at = (row as usize - first_row) * width + column as usize;
                if landed[at][0].is_free() {
                    self.touched.push(at);
                }
                put(&mut landed[at], &slot, [sign * dx, sign * dy]);
            }
        }
    }
}

/// Adds what a cell brings to the slot of its motion or a free one; if there is neither, to that of the least weight in its place.
#[inline(always)]
fn put(slots: &mut [Slot; OF_ONE], new: &Slot, motion: Vector) {
    let mut least = 0;
    for n in 0..OF_ONE {
        if slots[n].is_free() || slots[n].is_like(motion) {
            slots[n].add(new);
            return;
        }
        if slots[n].weight < slots[least].weight {
            least = n;
        }
    }
    if slots[least].weight <= new.weight {
        slots[least] = *new;
    }
}

/// The slots of both pictures: two are joined if each is the nearest to the other and they are alike. Free ones come last.
fn joined(a: &[Slot; OF_ONE], b: &[Slot; OF_ONE]) -> [Slot; SLOTS] {
    let mut out = [Slot::default(); SLOTS];
    let mut count = 0;
    let mut is_joined = [false; OF_ONE];
    let means = |slots: &[Slot; OF_ONE]| slots.map(|slot| slot.motion.map(|d| d / slot.weight));
    let counted = |slots: &[Slot; OF_ONE]| slots.iter().take_while(|slot| !slot.is_free()).count();
    let (motions, counts) = ([means(a), means(b)], [counted(a), counted(b)]);
    let nearest = |motion: Vector, side: usize| {
        let (mut found, mut least) = (None, SAME_MOTION);
        for (n, other) in motions[side][..counts[side]].iter().enumerate() {
            let distance = apart(motion, *other);
            if distance < least {
                (found, least) = (Some(n), distance);
            }
        }
        found
    };
    for n in 0..counts[0] {
        let mut slot = a[n];
        if let Some(other) = nearest(motions[0][n], 1)
            && nearest(motions[1][other], 0) == Some(n)
        {
            slot.add(&b[other]);
            is_joined[other] = true;
        }
        out[count] = slot.settled();
        count += 1;
    }
    for n in 0..counts[1] {
        if !is_joined[n] {
            out[count] = b[n].settled();
            count += 1;
        }
    }
    out
}
