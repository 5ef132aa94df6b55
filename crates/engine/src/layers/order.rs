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
pub fn orders(cells: &Cells, motions: [&[Vector]; 2], trusted: [&[bool]; 2]) -> [Vec<f32>; 2] {
    let len = cells.len();
    let mut regions = Regions::new(2 * len);
    for (side, motion) in motions.into_iter().enumerate() {
        regions.join_neighbours(motion, side * len, cells.width);
    }
    let led = |at: usize, motion: Vector| cells.led_to(at % cells.width, at / cells.width, motion);
    for side in 0..2 {
        let (own, other) = (side * len, len - side * len);
        for at in (0..len).filter(|&at| trusted[side][at]) {
            let motion = motions[side][at];
            if let Some(to) = led(at, motion)
                && trusted[1 - side][to]
                && return_error(motion, motions[1 - side][to]) < RETURN * RETURN
            {
                regions.join(own + at, other + to);
            }
        }
    }
    let mut told = vec![[0.0f32; 2]; 2 * len];
    for side in 0..2 {
        let (own, other) = (side * len, len - side * len);
        for at in (0..len).filter(|&at| !trusted[side][at]) {
            let motion = motions[side][at];
            let Some(to) = led(at, motion) else { continue };
            if trusted[1 - side][to]
                && return_error(motion, motions[1 - side][to]) >= DIFFERENT * DIFFERENT
            {
                let (behind, front) = (regions.of(own + at), regions.of(other + to));
                if behind != front {
                    told[front][0] += 1.0;
                    told[behind][1] += 1.0;
                }
            }
        }
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

/// Disjoint sets of cells (union-find with path halving).
struct Regions(Vec<u32>);

impl Regions {
    fn new(len: usize) -> Self {
        Self((0..len as u32).collect())
    }

    fn of(&mut self, mut at: usize) -> usize {
        while self.0[at] as usize != at {
            self.0[at] = self.0[self.0[at] as usize];
            at = self.0[at] as usize;
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.of(a), self.of(b));
        // The lower index stays, whatever the order of joins.
        self.0[a.max(b)] = a.min(b) as u32;
    }

    fn join_neighbours(&mut self, motion: &[Vector], first: usize, width: usize) {
        for (at, &own) in motion.iter().enumerate() {
            let right = (at % width + 1 < width).then_some(at + 1);
            let below = (at + width < motion.len()).then_some(at + width);
            for other in [right, below].into_iter().flatten() {
                if apart(own, motion[other]) < SAME_REGION {
                    self.join(first + at, first + other);
                }
            }
        }
    }
}
