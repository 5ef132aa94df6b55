//! Operations by cell and by 16-pixel vector: motions to sample, window, fade (bit flags).

use super::candidates::Candidates;
use super::places::FARTHEST_PX;
use crate::motion::Field;
use crate::picture::sampling::Grid;
use otinterp_simd::LANES;
use rayon::prelude::*;
use std::ops::Range;

/// Flag of a cell or a vector of pixels: something moves.
pub const MOVES: u8 = 1;
/// Cross-faded, in part at least.
pub const FADES: u8 = 2;
/// Several motions are between cells.
pub const MIXES: u8 = 4;
/// The share of the second picture is not t.
pub const LEANS: u8 = 8;

/// Flags of every cell, row by row.
pub fn kinds(candidates: &Candidates) -> Vec<u8> {
    let (rows, columns) = candidates.share.dim();
    let mut kinds = vec![0; rows * columns];
    kinds
        .par_chunks_mut(columns)
        .enumerate()
        .for_each(|(y, kinds)| {
            let row = |plane| Grid::new(plane).row(y);
            let Field { dx, dy } = &candidates.field;
            let motions = row(dx).iter().zip(row(dy));
            let rest = candidates
                .lists
                .mixed_row(y)
                .iter()
                .zip(row(&candidates.share));
            for ((kind, (dx, dy)), (&mixes, share)) in kinds.iter_mut().zip(motions).zip(rest) {
                *kind = (u8::from((*dx != 0.0) | (*dy != 0.0)) * MOVES)
                    | (u8::from(mixes) * MIXES)
                    | (u8::from(*share != candidates.t) * LEANS);
            }
            if let Some(Field { dx, dy }) = &candidates.bends {
                let bends = row(dx).iter().zip(row(dy));
                for (kind, (dx, dy)) in kinds.iter_mut().zip(bends) {
                    *kind |= u8::from((*dx != 0.0) | (*dy != 0.0)) * MOVES;
                }
            }
            if let Some(faded) = &candidates.faded {
                for (kind, faded) in kinds.iter_mut().zip(row(faded)) {
                    *kind |= u8::from(*faded != 0.0) * FADES;
                }
            }
        });
    kinds
}

/// Flags and windows of a vector of pixels, for all rows between two rows of cells.
#[derive(Clone, Copy, Default)]
pub struct Plan {
    pub kind: u8,
    /// Windows that the first motion samples, in the first and in the second picture.
    pub reaches: [Reach; 2],
}

/// Window of whole displacements: the least, rightwards and downwards, and the number of further ones along each.
#[derive(Clone, Copy, Default)]
pub struct Reach {
    pub least: [f32; 2],
    pub further: [u8; 2],
}

/// Least and largest displacements, rightwards and downwards.
#[derive(Clone, Copy)]
pub struct Bounds {
    pub least: [f32; 2],
    pub most: [f32; 2],
}

impl Bounds {
    /// Of no displacement.
    pub const NONE: Self = Self {
        least: [f32::MAX; 2],
        most: [f32::MIN; 2],
    };
    /// Of the one that is 0.
    pub const ZERO: Self = Self {
        least: [0.0; 2],
        most: [0.0; 2],
    };

    #[inline(always)]
    pub fn take_one(&mut self, displacement: [f32; 2]) {
        for axis in 0..2 {
            self.take(&displacement[axis..][..1], 1.0, axis);
        }
    }

    /// Whether any is not 0.
    #[inline(always)]
    pub fn is_some(&self) -> bool {
        self.least != [0.0; 2] || self.most != [0.0; 2]
    }

    /// Of a row of cells, px of a plane.
    #[inline(always)]
    fn take(&mut self, row: &[f32], scale: f32, axis: usize) {
        for &d in row {
            let d = scale * d;
            self.least[axis] = if d < self.least[axis] {
                d
            } else {
                self.least[axis]
            };
            self.most[axis] = if d > self.most[axis] {
                d
            } else {
                self.most[axis]
            };
        }
    }
}

impl Reach {
    /// Of displacements within bounds, times `factor`, less those within others.
    #[inline(always)]
    pub fn of(displacements: &Bounds, factor: f32, less: &Bounds) -> Self {
        let mut reach = Self::default();
        for axis in 0..2 {
            let Bounds { least, most } = displacements;
            let (a, b) = (factor * least[axis], factor * most[axis]);
            let (from, to) = if a < b { (a, b) } else { (b, a) };
            let (from, to) = (from - less.most[axis], to - less.least[axis]);
            let from = from.floor().clamp(-FARTHEST_PX, FARTHEST_PX);
            reach.least[axis] = from;
            reach.further[axis] = (to.floor() - from).clamp(0.0, 9.0) as u8;
        }
        reach
    }
}

/// Bounds of some columns in two rows of cells, px of a plane.
#[inline(always)]
fn bounds(
    Field { dx, dy }: &Field,
    rows: [usize; 2],
    columns: Range<usize>,
    scales: [f32; 2],
) -> Bounds {
    let mut bounds = Bounds::NONE;
    for (axis, plane) in [dx, dy].into_iter().enumerate() {
        for row in rows {
            let row = &Grid::new(plane).row(row)[columns.clone()];
            bounds.take(row, scales[axis], axis);
        }
    }
    bounds
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
    let columns = candidates.share.ncols();
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
        let motions = bounds(&candidates.field, rows, near.clone(), scales);
        let bends = match &candidates.bends {
            Some(bends) => bounds(bends, rows, near, scales),
            None => Bounds::ZERO,
        };
        for (reach, factor) in plan.reaches.iter_mut().zip([-t, 1.0 - t]) {
            *reach = Reach::of(&motions, factor, &bends);
        }
        plans.push(plan);
    }
}
