//! Operations by cell and by 16-pixel vector: motions to sample, window, fade (bit flags).

use super::candidates::Candidates;
use super::places::FARTHEST_PX;
use crate::picture::sampling::Grid;
use otinterp_simd::{Kernel, LANES, Level as Cpu, Simd};
use rayon::prelude::*;

/// Flag of a cell or a vector of pixels: sampled along the first field's motion.
pub const FIRST: u8 = 1;
/// Sampled along the second field's.
pub const SECOND: u8 = 2;
/// Cross-faded, in part at least.
pub const FADES: u8 = 4;
/// A motion may begin or end outside the picture.
pub const LEAVES: u8 = 8;
/// Something moves.
pub const MOVES: u8 = 16;
/// Several motions are between cells.
pub const MIXES: u8 = 32;
/// The share of the second picture is not t.
pub const LEANS: u8 = 64;

/// Flags of every cell, row by row.
pub fn kinds(cpu: Cpu, candidates: &Candidates, (height, width): (usize, usize)) -> Vec<u8> {
    let (rows, columns) = candidates.second.dim();
    let mut kinds = vec![0; rows * columns];
    let [a, b] = &candidates.fields;
    kinds
        .par_chunks_mut(columns)
        .enumerate()
        .for_each(|(y, kinds)| {
            cpu.run(KindsOfRow {
                t: candidates.t,
                px: candidates.cell_px,
                y: (y * candidates.cell_px) as f32,
                last: [(width - 1) as f32, (height - 1) as f32],
                fields: [&a.dx, &a.dy, &b.dx, &b.dy].map(|plane| Grid::new(plane).row(y)),
                second: Grid::new(&candidates.second).row(y),
                faded: candidates
                    .faded
                    .as_ref()
                    .map(|faded| Grid::new(faded).row(y)),
                kinds,
            });
            if let Some(layered) = &candidates.layered {
                let mixed = layered.lists.mixed_row(y);
                let shares = Grid::new(&layered.share).row(y);
                for ((kind, &mixes), &share) in kinds.iter_mut().zip(mixed).zip(shares) {
                    let leans = share != candidates.t;
                    *kind |= (u8::from(mixes) * MIXES) | (u8::from(leans) * LEANS);
                }
            }
        });
    kinds
}

struct KindsOfRow<'a> {
    t: f32,
    /// Side of a cell, px.
    px: usize,
    /// In px of the picture.
    y: f32,
    /// Last column and row.
    last: [f32; 2],
    fields: [&'a [f32]; 4],
    second: &'a [f32],
    faded: Option<&'a [f32]>,
    kinds: &'a mut [u8],
}

impl Kernel for KindsOfRow<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let n = self.kinds.len();
        let [ax, ay, bx, by] = self.fields;
        let (ax, ay, bx, by) = (&ax[..n], &ay[..n], &bx[..n], &by[..n]);
        let (second, t, y) = (&self.second[..n], self.t, self.y);
        for (i, kind) in self.kinds.iter_mut().enumerate() {
            let x = (i * self.px) as f32;
            let (mut moves, mut leaves) = (false, false);
            for [dx, dy] in [[ax[i], ay[i]], [bx[i], by[i]]] {
                moves |= (dx != 0.0) | (dy != 0.0);
                for (at, d, last) in [(x, dx, self.last[0]), (y, dy, self.last[1])] {
                    let (from, to) = (at - t * d, at + (1.0 - t) * d);
                    leaves |= (from < 0.0) | (to < 0.0) | (from > last) | (to > last);
                }
            }
            // Where the two are equal either will do.
            let differ = (ax[i] != bx[i]) | (ay[i] != by[i]);
            *kind = (u8::from(differ & (second[i] < 1.0)) * FIRST)
                | (u8::from(differ & (second[i] > 0.0)) * SECOND)
                | (u8::from(leaves) * LEAVES)
                | (u8::from(moves) * MOVES);
        }
        if let Some(faded) = self.faded {
            for (kind, &faded) in self.kinds.iter_mut().zip(faded) {
                *kind |= u8::from(faded != 0.0) * FADES;
            }
        }
    }
}

/// Flags and windows of a vector of pixels, for all rows between two rows of cells.
#[derive(Clone, Copy, Default)]
pub struct Plan {
    pub kind: u8,
    /// Windows that the first and the second motion sample, in the first and in the second picture.
    pub reaches: [[Reach; 2]; 2],
}

/// Window of whole displacements: the least, rightwards and downwards, and the number of further ones along each.
#[derive(Clone, Copy, Default)]
pub struct Reach {
    pub least: [f32; 2],
    pub further: [u8; 2],
}

impl Reach {
    /// Of displacements between `least` and `most`, times `factor`.
    #[inline(always)]
    pub fn of(least: [f32; 2], most: [f32; 2], factor: f32) -> Self {
        let mut reach = Self::default();
        for axis in 0..2 {
            let (a, b) = (factor * least[axis], factor * most[axis]);
            let (from, to) = if a < b { (a, b) } else { (b, a) };
            let from = from.floor().clamp(-FARTHEST_PX, FARTHEST_PX);
            reach.least[axis] = from;
            reach.further[axis] = (to.floor() - from).clamp(0.0, 9.0) as u8;
        }
        reach
    }
}

/// Makes the plans for all rows between two rows of cells.
#[inline(always)]
pub fn plan(
    plans: &mut Vec<Plan>,
    candidates: &Candidates,
    kinds: &[u8],
    rows: [usize; 2],
    shift_x: u8,
    scales: [f32; 2],
    width: usize,
) {
    let columns = candidates.second.ncols();
    let cells = (LANES << shift_x) / candidates.cell_px;
    let t = candidates.t;
    plans.clear();
    for first in (0..width.div_ceil(LANES)).map(|block| block * cells) {
        let near = first.min(columns - 1)..(first + cells + 1).min(columns);
        let mut plan = Plan::default();
        for row in rows {
            let kinds = &kinds[row * columns..][near.clone()];
            plan.kind = kinds.iter().fold(plan.kind, |all, kind| all | kind);
        }
        for (n, field) in candidates.fields.iter().enumerate() {
            if n == 0 && plan.kind & (FIRST | SECOND) == 0 {
                plan.kind |= FIRST;
            }
            if plan.kind & [FIRST, SECOND][n] == 0 {
                continue;
            }
            let (mut least, mut most) = ([f32::MAX; 2], [f32::MIN; 2]);
            for (axis, plane) in [&field.dx, &field.dy].into_iter().enumerate() {
                for row in rows {
                    for &d in &Grid::new(plane).row(row)[near.clone()] {
                        let d = scales[axis] * d;
                        least[axis] = if d < least[axis] { d } else { least[axis] };
                        most[axis] = if d > most[axis] { d } else { most[axis] };
                    }
                }
            }
            plan.reaches[n] = [Reach::of(least, most, -t), Reach::of(least, most, 1.0 - t)];
        }
        plans.push(plan);
    }
}
