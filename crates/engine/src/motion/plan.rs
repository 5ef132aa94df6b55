//! Plan of a solve: which levels of the pyramid are solved and refined, and how long.

use crate::frame_pyramid::PyramidPlan;

/// The pyramid ends at the level whose short side is about this, px (measured).
const COARSEST_SIDE_PX: f32 = 10.0;
/// Residual transport is solved at levels whose short side lies in this range, px (measured: one level
/// more at either end gains nothing on the whole).
const RESIDUAL_SIDES_PX: std::ops::Range<usize> = 80..320;

/// How motion is solved. Level 0 of the pyramid is full resolution, level 1 half, and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SolvePlan {
    /// Finest level whose tiles are solved.
    pub finest_solved: usize,
    /// Finest level that is refined.
    pub finest_refined: usize,
    /// Of the refinement at every level.
    pub refinement: Iterations,
    /// At most so many pixels of each picture take part in the residual transport, those of the largest error: its time grows
    /// with their square. None: it is left out.
    pub residual_pixels: usize,
    /// After it tiles are solved again only where it changed the field, rather than wherever they are needed.
    pub solves_changes_only: bool,
    /// On the finest level whose tiles are solved, unless it is the coarsest too, they cover each picture once, rather than twice.
    pub covers_finest_once: bool,
    /// The motion is given by cells of `2^cell_log2` px.
    pub cell_log2: u8,
}

/// How long the refinement iterates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Iterations {
    /// Times that the target is warped anew and the derivatives are taken.
    pub warps: usize,
    /// Times that the weights ψ' are computed anew.
    pub fixed_point: usize,
    /// Relaxation sweeps with each.
    pub relaxation: usize,
}

impl SolvePlan {
    /// The frame pyramid that pictures of that height and width need to be solved and rendered: the cells of the motion are compared
    /// pixel by pixel, and so is what residual transport is solved on.
    pub fn pyramid(&self, dim: (usize, usize)) -> PyramidPlan {
        let end = level_count(dim);
        let finest = self.finest_solved.min(self.finest_refined).min(end - 1);
        let short_side = dim.0.min(dim.1);
        let has_residual = |&level: &usize| {
            self.residual_pixels > 0 && short_side.div_ceil(1 << level) < RESIDUAL_SIDES_PX.end
        };
        let residual = (finest..end).find(has_residual).unwrap_or(end);
        let finest_compared = finest.max(self.cell_log2.into()).min(residual);
        PyramidPlan {
            finest,
            end,
            finest_quantized: self.finest_solved,
            finest_compared,
        }
    }

    /// Whether residual transport is solved on a level of that height and width.
    pub(super) fn has_residual(&self, (height, width): (usize, usize)) -> bool {
        RESIDUAL_SIDES_PX.contains(&height.min(width)) && self.residual_pixels > 0
    }
}

/// Levels of the pyramid of a picture of that height and width.
pub fn level_count((height, width): (usize, usize)) -> usize {
    let short_side = height.min(width) as f32;
    // Down to about the coarsest side.
    (short_side / COARSEST_SIDE_PX).log2().floor().max(0.0) as usize + 1
}
