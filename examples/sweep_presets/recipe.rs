//! Grid of plans that are swept.

use otinterp::Plan;
use otinterp::motion::{Iterations, SolvePlan};

/// One point of the grid.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Recipe {
    /// Finest pyramid level whose tiles are solved.
    pub finest_solved: usize,
    /// Finest pyramid level that is refined.
    pub finest_refined: usize,
    /// Warps of the refinement at every level.
    pub warps: usize,
    /// Cells have sides of `2^cell_log2` px.
    pub cell_log2: u8,
}

impl Recipe {
    /// The grid: tiles down to an eighth of the resolution and refinement up to two levels finer.
    pub fn grid() -> impl Iterator<Item = Self> {
        let levels = (0..=3).flat_map(|finest_solved: usize| {
            let refined = finest_solved.saturating_sub(2)..=finest_solved.min(2);
            refined.map(move |finest_refined| (finest_solved, finest_refined))
        });
        levels.flat_map(|(finest_solved, finest_refined)| {
            let work = (1..=3).flat_map(|warps| (1..=2).map(move |cell_log2| (warps, cell_log2)));
            work.map(move |(warps, cell_log2)| Self {
                finest_solved,
                finest_refined,
                warps,
                cell_log2,
            })
        })
    }

    /// The plan of `best` for small pictures with this recipe's numbers.
    pub fn plan(self) -> Plan {
        Plan::Motion(SolvePlan {
            finest_solved: self.finest_solved,
            finest_refined: self.finest_refined,
            refinement: Iterations {
                warps: self.warps,
                fixed_point: 3,
                relaxation: 4,
            },
            residual_pixels: 2000,
            solves_changes_only: false,
            covers_finest_once: false,
            cell_log2: self.cell_log2,
        })
    }
}
