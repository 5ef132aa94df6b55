//! The settings that are swept, and what the main door does with its presets' own.

use otinterp::Picture;
use otinterp::frame_pyramid::{BrightnessChange, FramePyramid};
use otinterp::motion::{self, Iterations, Motion, SolvePlan};
use otinterp::probe::Deaf;
use otinterp::render::{RenderPlan, Renderer};
use otinterp_simd::Level as Cpu;
use std::sync::Arc;

/// One point of the grid.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Recipe {
    /// Finest pyramid level whose tiles are solved.
    pub finest_solved: usize,
    /// Finest pyramid level that is refined.
    pub finest_refined: usize,
    /// Warps of the refinement at every level.
    pub warps: usize,
    /// Rings of neighbours whose motions every pixel is rendered along.
    pub rings: u32,
}

impl Recipe {
    /// The numbers of rings that are tried with every solve.
    pub const RINGS: [u32; 4] = [0, 1, 2, 3];

    /// All ways to solve, with tiles down to an eighth of the resolution and refinement up to two levels finer; their
    /// `rings` is 0.
    pub fn solves() -> impl Iterator<Item = Self> {
        (0..=3).flat_map(|finest_solved: usize| {
            (finest_solved.saturating_sub(2)..=finest_solved.min(2)).flat_map(
                move |finest_refined| {
                    [1, 2, 3].map(|warps| Self {
                        finest_solved,
                        finest_refined,
                        warps,
                        rings: 0,
                    })
                },
            )
        })
    }
}

/// A pair whose motion is known.
#[derive(Clone)]
pub struct Solved {
    cpu: Cpu,
    motion: Motion,
    pyramids: [Arc<FramePyramid>; 2],
    change: BrightnessChange,
}

impl Recipe {
    /// The preset `best` for small pictures with this recipe's numbers.
    fn plan(self) -> SolvePlan {
        SolvePlan {
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
            cell_log2: 1,
        }
    }
}

impl Solved {
    /// Solves a pair of opaque pictures as [`otinterp::Interpolator`] does.
    pub fn of(
        recipe: Recipe,
        first: &Picture,
        second: &Picture,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let cpu = Cpu::current()?;
        let solve = recipe.plan();
        let plan = solve.pyramid((first.height(), first.width()), false);
        let a = FramePyramid::of(cpu, first, plan);
        let b = FramePyramid::of(cpu, second, plan);
        let change = a.brightness_change_to(&b);
        let b = FramePyramid::of_matched(cpu, second, plan, &change);
        Ok(Self {
            cpu,
            motion: motion::solve(cpu, [&a, &b], &solve, &Deaf),
            pyramids: [Arc::new(a), Arc::new(b)],
            change,
        })
    }

    /// The picture in the middle.
    pub fn middle(self, rings: u32, first: &Picture, second: &Picture) -> Picture {
        let render = RenderPlan::Mixture { rings };
        let pictures = [first, second];
        Renderer::new(
            self.cpu,
            render,
            self.motion,
            pictures,
            self.pyramids,
            self.change,
        )
        .at(self.cpu, pictures, 0.5, &Deaf)
    }
}
