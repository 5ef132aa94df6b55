//! Order of depth: regions of one motion, over both pictures, and who hides whom. A hidden cell whose place in the other picture is owned
//! by a region of another motion tells that this region lies in front of its own. Things that fly many times their own size hide what
//! is behind them at both ends, and have evidence from both.

use super::cells::{Cells, Vector, apart, return_error};

/// Neighbours whose motions differ less are of one region, cells.
const SAME_REGION: f32 = 0.4;
/// Trusted cells whose motions lead back to within this are of one region, cells.
const RETURN: f32 = 0.5;
/// A cell is owned by another motion if that leads back no nearer than this, cells.
const DIFFERENT: f32 = 0.75;
/// Cells that have to tell before the order is believed by half.
const BELIEVED: f32 = 5.0;

/// The order of depth of the cells of both pictures, each in `(-1, 1)`, larger in front: `(f - b)/(f + b + 5)`, of f cells that tell that
/// their region is in front and b that it is behind.
pub fn orders(
    cells: &Cells,
    motions: [&[Vector]; 2],
    trusted: [&[bool]; 2],
    memory: &mut Memory,
) -> [Vec<f32>; 2] {
    let len = cells.len();
    let Memory { regions, told } = memory;
    regions.begin(2 * len);
    for (side, motion) in motions.into_iter().enumerate() {
        regions.join_neighbours(motion, side * len, cells.width);
    }
    // Of every cell that is led to one that is trusted: both, and how far it is led back to.
    let led = |side: usize, is_trusted: bool, tell: &mut dyn FnMut(usize, usize, f32)| {
        let (own, other) = (side * len, len - side * len);
        for y in 0..cells.height {
            for x in 0..cells.width {
                let at = y * cells.width + x;
                let motion = motions[side][at];
                if trusted[side][at] == is_trusted
                    && let Some(to) = cells.led_to(x, y, motion)
                    && trusted[1 - side][to]
                {
                    tell(
                        own + at,
                        other + to,
                        return_error(motion, motions[1 - side][to]),
                    );
                }
            }
        }
    };
    for side in 0..2 {
        led(side, true, &mut |own, other, error| {
            if error < RETURN * RETURN {
                regions.join(own, other);
            }
        });
    }
    told.clear();
    told.resize(2 * len, [0.0f32; 2]);
    for side in 0..2 {
        led(side, false, &mut |own, other, error| {
            if error >= DIFFERENT * DIFFERENT {
                let (behind, front) = (regions.of(own), regions.of(other));
                if behind != front {
                    told[front][0] += 1.0;
                    told[behind][1] += 1.0;
                }
            }
        });
    }
    [0, len].map(|first| {
        let cells = first..first + len;
        cells
            .map(|at| {
                let [front, behind] = told[regions.of(at)];
                (front - behind) / (front + behind + BELIEVED)
            })
            .collect()
    })
}

/// Memory for [`orders`].
#[derive(Default)]
pub struct Memory {
    regions: Regions,
    told: Vec<[f32; 2]>,
}

/// Disjoint sets of cells (union-find with path halving).
#[derive(Default)]
struct Regions(Vec<u32>);

impl Regions {
    /// Every cell is a set of its own.
    fn begin(&mut self, len: usize) {
        self.0.clear();
        self.0.extend(0..len as u32);
    }

    fn of(&mut self, mut at: usize) -> usize {
        while self.0[at] as usize != at {
            self.0[at] = self.0[self.0[at] as usize];
            at = self.0[at] as usize;
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        if self.0[a] == self.0[b] {
            return;
        }
        let (a, b) = (self.of(a), self.of(b));
        // The lower index stays, whatever the order of joins.
        self.0[a.max(b)] = a.min(b) as u32;
    }

    /// Joins neighbours whose motions are alike, of cells whose indices begin with `first`; none of them is joined yet.
    fn join_neighbours(&mut self, motion: &[Vector], first: usize, width: usize) {
        for y in 0..motion.len() / width {
            let row = &motion[y * width..][..width];
            // The first cell of the run of alike ones that each belongs to, as it was when the run began.
            let mut start = first + y * width;
            for (x, &own) in row.iter().enumerate() {
                let at = first + y * width + x;
                if x == 0 || apart(row[x - 1], own) >= SAME_REGION {
                    start = at;
                }
                self.0[at] = self.0[start];
                let is_like_above = y > 0 && apart(motion[(y - 1) * width + x], own) < SAME_REGION;
                if is_like_above && self.0[at - width] != self.0[at] {
                    self.join(at, at - width);
                    self.0[at] = self.0[start];
                }
            }
        }
    }
}
