//! Plan of an interpolation: what is solved and how it is rendered, by method, preset and size of the pictures.
//!
//! One table, [`Plan::of`]. Sizes and constants are measured (docs/decisions/010-speed.md, benches/RESULTS.md).

use crate::motion::{Iterations, SolvePlan};
use std::fmt;

/// How in-between frames are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Method {
    /// Displacement interpolation by optimal transport.
    #[default]
    Ot,
    /// Displacement interpolation of luminance as mass, which is conserved: for pictures that are densities.
    Mass,
    /// `(1-t) A + t B`, sample by sample.
    CrossFade,
    /// A before t = 0.5, B from there on.
    Hold,
}

/// How much work is done for quality; what that means is in [`Plan::of`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Preset {
    /// Motion solved down to an eighth of the resolution, rendered by layers of cells of 8 px.
    Fast,
    /// Motion solved and refined at half the resolution, rendered by layers of cells of 4 px.
    #[default]
    Balanced,
    /// Motion solved at full resolution (720p at half, 1080p at a quarter, 4K at an eighth), refined three times down to the full
    /// one (half above a megapixel), rendered by layers of cells of 2 px, of 4 px above 1024×768 pixels.
    Best,
}

/// Plan of an interpolation: what is solved and how it is rendered, for pictures of one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Nothing is solved: the nearer picture, or the cross-fade.
    Unsolved,
    /// Mass is transported between at most so many cells on the finest grid.
    Mass {
        /// Cells with mass.
        most_cells: usize,
    },
    /// Motion is solved so and rendered by layers of its cells.
    Motion(SolvePlan),
}

/// [`Preset::Best`] solves pictures of up to so many pixels at full resolution: half as much time again, for 0.05 dB on DAVIS and UCF101,
/// 0.2 dB on Middlebury, and things of 12 px that fly 24 px, whose edges are a pixel off else.
const MOST_SOLVED_PIXELS: usize = 1024 * 544;
/// Of larger ones the levels above this size are refined only: their tiles are worth 0.01 dB and nothing in SSIM at 1080p
/// (measured on clips of foliage, animation and a rider).
const MOST_SOLVED_PIXELS_OF_LARGE: usize = 1 << 18;
/// Above this the finest level is not refined either, worth 0.01 dB and 0.0001 of SSIM at 1080p (720p lies below).
const MEGAPIXEL: usize = 1 << 20;

/// Pictures with a shorter side are never rendered from motions of large cells: they have too few, and need little time anyway.
const LEAST_SIDE_OF_CELLS_PX: usize = 128;
/// Pictures of up to so many pixels have cells of 2 px with [`Preset::Best`]: 720p is larger, 960×540 is not. On larger ones smaller
/// cells are no better (27.65 and 27.71 dB at 720p, 27.04 and 27.15 at 1080p, on clips of very fast motion).
const MOST_PIXELS_OF_SMALL_CELLS: usize = 3 << 18;
/// Pixels of the finest level whose tiles are solved for cells, an eighth of 1080p: at 4K that level would take 40 % of the time.
const MOST_SOLVED_PIXELS_FOR_CELLS: usize = 240 * 136;

/// 1080p.
const MOST_MASS_CELLS: usize = 2048 * 1088;

impl Preset {
    /// Cells with mass on the finest grid where mass is transported: 1080p, and for the quicker presets a half and an eighth of it.
    pub fn most_mass_cells(self) -> usize {
        match self {
            Self::Fast => MOST_MASS_CELLS / 8,
            Self::Balanced => MOST_MASS_CELLS / 2,
            Self::Best => MOST_MASS_CELLS,
        }
    }
}

impl Plan {
    /// The plan for pictures of that height and width.
    ///
    /// The numbers of pixels that take part in residual transport are measured: with [`Preset::Fast`] on a 1080p rider none gives
    /// 31.5 dB, 300 give 32.3, 2000 give 32.7, in 0, 7 and 44 ms.
    pub fn of(method: Method, preset: Preset, (height, width): (usize, usize)) -> Self {
        let pixels = height * width;
        let has_cells = width.min(height) >= LEAST_SIDE_OF_CELLS_PX;
        match (method, preset) {
            (Method::CrossFade | Method::Hold, _) => Self::Unsolved,
            (Method::Mass, preset) => Self::Mass {
                most_cells: preset.most_mass_cells(),
            },
            (Method::Ot, Preset::Fast) if has_cells => Self::Motion(fast(pixels)),
            (Method::Ot, Preset::Fast) => Self::Motion(SolvePlan {
                cell_log2: 1,
                ..fast(pixels)
            }),
            (Method::Ot, Preset::Balanced) if has_cells => Self::Motion(balanced()),
            (Method::Ot, Preset::Balanced | Preset::Best) => Self::Motion(best(pixels)),
        }
    }

    /// Whether pictures can be rendered so: cells have 2 to 8 px.
    pub fn fits(&self) -> bool {
        match self {
            Self::Unsolved | Self::Mass { .. } => true,
            Self::Motion(solve) => (1..=3).contains(&solve.cell_log2),
        }
    }

    /// Whether a pair takes short steps and keeps little beside its pictures, so that the next is better solved while it is rendered.
    pub fn overlaps_pairs(&self) -> bool {
        matches!(self, Self::Motion(solve) if solve.cell_log2 >= 2)
    }
}

/// One line that begins with `plan: `. Level 0 is full size, level 1 half, and so on.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsolved => write!(f, "plan: nothing is solved"),
            Self::Mass { most_cells } => {
                write!(
                    f,
                    "plan: mass of at most {most_cells} cells on the finest grid"
                )
            }
            Self::Motion(solve) => {
                write!(
                    f,
                    "plan: tiles solved from level {}{}, refined from level {} in {} warps; residual transport of {} pixels{}; motions of cells of {} px by visibility and order of depth",
                    solve.finest_solved,
                    if solve.covers_finest_once {
                        " (once)"
                    } else {
                        ""
                    },
                    solve.finest_refined,
                    solve.refinement.warps,
                    solve.residual_pixels,
                    if solve.solves_changes_only {
                        ", changes solved again"
                    } else {
                        ""
                    },
                    1 << solve.cell_log2,
                )
            }
        }
    }
}

/// Solved once down to an eighth, above 1080p to the first level that is no larger than that of 1080p; refined a level beyond the cells,
/// to a quarter (0.4 dB on DAVIS, 0.6 on Middlebury), above a megapixel to the cells (0.07 dB less at 1080p).
fn fast(pixels: usize) -> SolvePlan {
    SolvePlan {
        finest_solved: finest_level(pixels, MOST_SOLVED_PIXELS_FOR_CELLS).max(3),
        finest_refined: if pixels > MEGAPIXEL { 3 } else { 2 },
        refinement: iterations(2),
        residual_pixels: 300,
        solves_changes_only: true,
        covers_finest_once: true,
        cell_log2: 3,
    }
}

/// The same for pictures of every size, so that each pixel costs as much. Refined a level beyond the cells: 0.1 dB on DAVIS, 0.35 on
/// Middlebury. Solved at a quarter it costs a quarter less, and small things that fly are lost (layered scenes 0.9 dB, Middlebury 0.25);
/// tiles that cover the level twice and three warps cost a quarter more, for 0.05 dB on layered scenes and nothing on Middlebury.
fn balanced() -> SolvePlan {
    SolvePlan {
        finest_solved: 1,
        finest_refined: 1,
        refinement: iterations(2),
        residual_pixels: 1000,
        solves_changes_only: true,
        covers_finest_once: true,
        cell_log2: 2,
    }
}

/// Solved and refined as far as that is worth its time.
fn best(pixels: usize) -> SolvePlan {
    SolvePlan {
        finest_solved: if pixels <= MOST_SOLVED_PIXELS {
            0
        } else {
            finest_level(pixels, MOST_SOLVED_PIXELS_OF_LARGE)
        },
        finest_refined: usize::from(pixels > MEGAPIXEL),
        refinement: iterations(3),
        residual_pixels: if pixels > MEGAPIXEL { 1000 } else { 2000 },
        solves_changes_only: false,
        covers_finest_once: false,
        cell_log2: if pixels > MOST_PIXELS_OF_SMALL_CELLS {
            2
        } else {
            1
        },
    }
}

fn iterations(warps: usize) -> Iterations {
    Iterations {
        warps,
        fixed_point: 3,
        relaxation: 4,
    }
}

/// The finest pyramid level of at most so many pixels.
fn finest_level(pixels: usize, most: usize) -> usize {
    let mut level = 0;
    while pixels >> (2 * level) > most {
        level += 1;
    }
    level
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_has_a_plan_that_fits_every_size() {
        let sides = [
            1, 2, 7, 16, 127, 128, 129, 480, 640, 769, 1025, 1920, 2160, 4320, 8192,
        ];
        for preset in [Preset::Fast, Preset::Balanced, Preset::Best] {
            for (height, width) in sides.iter().flat_map(|&h| sides.map(|w| (h, w))) {
                let plan = Plan::of(Method::Ot, preset, (height, width));
                assert!(plan.fits(), "{width}x{height}: {plan}");
            }
        }
    }
}
