//! Slots: the motions that cells of both pictures bring to each cell at time t, the alike joined, with what stands behind them.

use crate::layers::{Layers, Vector, apart};

/// Motions that a cell has room for.
pub const SLOTS: usize = 4;
/// Motions that differ less are joined, cells.
const SAME_MOTION: f32 = 0.75;
/// Less coverage is none.
const LEAST_COVERAGE: f32 = 1e-3;
/// What a cell without trust, of which nothing is known, counts in the choice of the picture that is shown.
const UNKNOWN: f32 = 0.03;

/// A motion at a cell, with sums weighted by coverage.
#[derive(Debug, Clone, Copy, Default)]
pub struct Slot {
    motion: [f32; 2],
    weight: f32,
    /// What cells of either picture cover.
    pub coverage: [f32; 2],
    order: f32,
    hidden: f32,
    /// How far what either picture shows along it is known to be right.
    pub known: [f32; 2],
}

impl Slot {
    /// From the first picture to the second, in cells.
    #[inline(always)]
    pub fn motion(&self) -> Vector {
        let scale = 1.0 / self.weight;
        [scale * self.motion[0], scale * self.motion[1]]
    }

    /// Order of depth, larger in front; and how far it is hidden in one of the pictures.
    #[inline(always)]
    pub fn order_and_hidden(&self) -> [f32; 2] {
        [self.order / self.weight, self.hidden / self.weight]
    }

    /// The larger coverage by one picture, at most 1.
    #[inline(always)]
    pub fn covered(&self) -> f32 {
        self.coverage[0].max(self.coverage[1]).min(1.0)
    }

    #[inline(always)]
    pub fn is_free(&self) -> bool {
        self.weight == 0.0
    }
}

/// Slots of some rows of cells.
#[derive(Debug, Default)]
pub struct Slots {
    width: usize,
    first_row: usize,
    slots: Vec<[Slot; SLOTS]>,
}

/// Least and largest motion along y in every row of cells: which rows can reach others.
pub fn reach(layers: &Layers, width: usize) -> Vec<[f32; 2]> {
    let rows = layers.motion.chunks_exact(width);
    rows.map(|row| {
        let start = [f32::MAX, f32::MIN];
        row.iter()
            .fold(start, |[least, most], motion| [least.min(motion[1]), most.max(motion[1])])
    })
    .collect()
}

impl Slots {
    /// Fills the rows with all that lands in them at time `t`: first the first picture's cells, then the second's, in raster order.
    pub fn fill(
        &mut self,
        layers: [&Layers; 2],
        reaches: [&[[f32; 2]]; 2],
        width: usize,
        rows: std::ops::Range<usize>,
        t: f32,
    ) {
        self.width = width;
        self.first_row = rows.start;
        self.slots.clear();
        self.slots.resize(rows.len() * width, Default::default());
        let (low, high) = (rows.start as f32 - 1.0, rows.end as f32);
        for side in 0..2 {
            let part = [t, 1.0 - t][side];
            for (y, [least, most]) in reaches[side].iter().enumerate() {
                if y as f32 + part * most <= low || y as f32 + part * least >= high {
                    continue;
                }
                for x in 0..width {
                    self.land(layers[side], side, (x, y), part);
                }
            }
        }
    }

    /// The slots of a cell.
    #[inline(always)]
    pub fn at(&self, x: usize, y: usize) -> &[Slot; SLOTS] {
        &self.slots[(y - self.first_row) * self.width + x]
    }

    /// The first of rows and the one after the last.
    pub fn rows(&self) -> std::ops::Range<usize> {
        self.first_row..self.first_row + self.slots.len() / self.width
    }

    #[inline(always)]
    fn land(&mut self, layers: &Layers, side: usize, (x, y): (usize, usize), part: f32) {
        let at = y * self.width + x;
        let [dx, dy] = layers.motion[at];
        let (to_x, to_y) = (x as f32 + part * dx, y as f32 + part * dy);
        let rows = self.rows();
        if to_y <= rows.start as f32 - 1.0
            || to_y >= rows.end as f32
            || to_x <= -1.0
            || to_x >= self.width as f32
        {
            return;
        }
        let sign = [1.0, -1.0][side];
        let known = if layers.trusted[at] {
            1.0
        } else {
            UNKNOWN + layers.hidden[at]
        };
        let landing = Landing {
            side,
            motion: [sign * dx, sign * dy],
            order: layers.order[at],
            hidden: layers.hidden[at],
            known,
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
                && column < self.width as isize
                && row >= rows.start as isize
                && row < rows.end as isize;
            if within && share >= LEAST_COVERAGE {
                let at = (row as usize - rows.start) * self.width + column as usize;
                landing.put(&mut self.slots[at], share);
            }
        }
    }
}

/// What a cell brings.
struct Landing {
    side: usize,
    motion: Vector,
    order: f32,
    hidden: f32,
    known: f32,
}

impl Landing {
    /// Adds it to the slot of its motion or a free one; if there is neither, to that of the least weight in its place.
    #[inline(always)]
    fn put(&self, slots: &mut [Slot; SLOTS], share: f32) {
        let mut chosen = None;
        for (n, slot) in slots.iter().enumerate() {
            if slot.is_free() || apart(slot.motion(), self.motion) < SAME_MOTION {
                chosen = Some(n);
                break;
            }
        }
        let n = match chosen {
            Some(n) => n,
            None => {
                let mut least = 0;
                for n in 1..SLOTS {
                    if slots[n].weight < slots[least].weight {
                        least = n;
                    }
                }
                if slots[least].weight > share {
                    return;
                }
                slots[least] = Slot::default();
                least
            }
        };
        let slot = &mut slots[n];
        for (sum, motion) in slot.motion.iter_mut().zip(self.motion) {
            *sum += share * motion;
        }
        slot.weight += share;
        slot.coverage[self.side] += share;
        slot.order += share * self.order;
        slot.hidden += share * self.hidden;
        slot.known[self.side] += share * self.known;
    }
}
