//! The settings that are swept, and what the main door does with its presets' own.

use otinterp::Picture;
use otinterp::frame_pyramid::{BrightnessChange, LumaChroma};
use otinterp::motion::{Iterations, Motion, Settings, solve};
use otinterp::render::Displacement;
use otinterp_simd::Level as Cpu;

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
    exposure: BrightnessChange,
}

impl Solved {
    /// Solves a pair of opaque pictures as [`otinterp::Interpolator`] does.
    pub fn of(
        recipe: Recipe,
        first: &Picture,
        second: &Picture,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let cpu = Cpu::current()?;
        let exposure = BrightnessChange::between(first, second);
        let contents = [
            LumaChroma::of(first),
            LumaChroma::of(&exposure.applied(second)),
        ];
        let settings = Settings {
            finest_solved: recipe.finest_solved,
            finest_refined: recipe.finest_refined,
            refinement: Iterations {
                warps: recipe.warps,
                fixed_point: 3,
                relaxation: 4,
            },
            residual_pixels: otinterp::motion::RESIDUAL_PIXELS,
            solves_changes_only: false,
            covers_finest_once: false,
        };
        let [a, b] = contents;
        Ok(Self {
            cpu,
            motion: solve(cpu, a, b, &settings),
            exposure,
        })
    }

    /// The picture in the middle.
    pub fn middle(self, rings: u32, first: &Picture, second: &Picture) -> Picture {
        let Self {
            cpu,
            motion,
            exposure,
        } = self;
        let displacement = Displacement::new(cpu, motion, first, second, exposure, rings);
        let mut middle = displacement.at(cpu, first, second, 0.5);
        middle.quantize();
        middle
    }
}
