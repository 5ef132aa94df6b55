//! The presets: what is worth its time, by the size of the pictures. Sizes and constants are measured
//! (docs/decisions/010-speed.md, benches/RESULTS.md).

use crate::motion::{Iterations, RESIDUAL_PIXELS, Settings};

/// Pictures of up to so many pixels are solved at full resolution: tiles are worth 0.2 dB there at 640×480, 0.0007 of SSIM at 960×540.
const MOST_SOLVED_PIXELS: usize = 1024 * 544;
/// Of larger ones the levels above this size are refined only: their tiles are worth 0.01 dB and nothing in SSIM at 1080p
/// (measured on clips of foliage, animation and a rider), and 0.0002 of SSIM on DAVIS with half of this.
const MOST_SOLVED_PIXELS_OF_LARGE: usize = 1 << 18;
/// Above this the finest level is not refined either, worth 0.01 dB and 0.0001 of SSIM at 1080p.
const MOST_REFINED_PIXELS: usize = 1 << 20;

/// Pictures with a shorter side are never rendered from motions of cells: they have too few, and need little time anyway.
const LEAST_LIGHT_SIDE_PX: usize = 128;
/// Pictures of more pixels are with [`Preset::Balanced`], a seventh of the time for 0.1 dB at 1080p: 720p is, 960×540 is not.
const MOST_PIXELS_OF_BALANCED_IN_FULL: usize = 3 << 18;

/// Larger pictures have cells of 8×8 px with [`Preset::Fast`]: at 1080p they take 30 % less time for 0.07 dB (720p lies below).
const MOST_PIXELS_OF_SMALL_CELLS: usize = 1 << 20;
/// Pixels of the finest level whose tiles are solved for cells, an eighth of 1080p: at 4K that level would take 40 % of the time.
const MOST_SOLVED_PIXELS_FOR_CELLS: usize = 240 * 136;
/// Residual transport with [`Preset::Fast`]. Measured on a 1080p rider: none 31.5 dB, 300 pixels 32.3, 2000 32.7; 0, 7 and 44 ms.
const FAST_RESIDUAL_PIXELS: usize = 300;
/// The same for cells with [`Preset::Balanced`]: 300 lose 0.03 dB at 1080p, 1000 and 2000 gain nothing.
const CELLS_RESIDUAL_PIXELS: usize = 600;
/// Two fifths of the time of [`RESIDUAL_PIXELS`]: that costs 0.0001 of SSIM on DAVIS with [`Preset::Best`], and nothing at 1080p or with
/// [`Preset::Balanced`].
const QUICKER_RESIDUAL_PIXELS: usize = 1000;

/// 1080p.
const MOST_MASS_CELLS: usize = 2048 * 1088;

/// How much work is done for quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Preset {
    /// Transport is solved down to an eighth of the resolution, refined down to a quarter (an eighth above a megapixel); motions
    /// are weighed there, and the pictures sampled once along each.
    Fast,
    /// Motion is solved and refined at full resolution, and rendered along several motions. Above 1024×768 pixels as [`Preset::Fast`],
    /// refined down to a quarter and more often, and cells may take over their neighbours' motions.
    #[default]
    Balanced,
    /// Motion is solved at full resolution (720p at half, 1080p at a quarter, 4K at an eighth) and refined three times down to the full
    /// one (half above a megapixel), and rendered along more motions.
    Best,
}

impl Preset {
    /// Whether pictures of that height and width are rendered from motions of cells.
    pub(crate) fn is_light(self, (height, width): (usize, usize)) -> bool {
        let is_meant = match self {
            Self::Fast => true,
            Self::Balanced => height * width > MOST_PIXELS_OF_BALANCED_IN_FULL,
            Self::Best => false,
        };
        is_meant && width.min(height) >= LEAST_LIGHT_SIDE_PX
    }

    /// The pyramid's level on which a pixel is a cell.
    pub(crate) fn cell_level(self, pixels: usize) -> usize {
        if self == Self::Fast && pixels > MOST_PIXELS_OF_SMALL_CELLS {
            3
        } else {
            2
        }
    }

    /// Whether cells may take over their neighbours' motions.
    pub(crate) fn exchanges_motions(self) -> bool {
        self != Self::Fast
    }

    /// How motions of cells are solved.
    pub(crate) fn settings_for_cells(self, pixels: usize) -> Settings {
        let (warps, residual_pixels) = match self {
            Self::Fast => (2, FAST_RESIDUAL_PIXELS),
            Self::Balanced | Self::Best => (4, CELLS_RESIDUAL_PIXELS),
        };
        Settings {
            // An eighth, above 1080p the first level that is no larger than that of 1080p.
            finest_solved: finest_level(pixels, MOST_SOLVED_PIXELS_FOR_CELLS).max(3),
            finest_refined: self.cell_level(pixels),
            refinement: iterations(warps),
            residual_pixels,
            solves_changes_only: true,
            covers_finest_once: self == Self::Fast,
        }
    }

    /// How motion is solved for every pixel.
    pub(crate) fn settings(self, pixels: usize) -> Settings {
        let is_large = pixels > MOST_REFINED_PIXELS;
        let (warps, residual_pixels) = match self {
            Self::Fast => return self.settings_for_cells(pixels),
            Self::Balanced => (2, QUICKER_RESIDUAL_PIXELS),
            Self::Best if is_large => (3, QUICKER_RESIDUAL_PIXELS),
            Self::Best => (3, RESIDUAL_PIXELS),
        };
        Settings {
            finest_solved: if pixels <= MOST_SOLVED_PIXELS {
                0
            } else {
                finest_level(pixels, MOST_SOLVED_PIXELS_OF_LARGE)
            },
            finest_refined: usize::from(is_large),
            refinement: iterations(warps),
            residual_pixels,
            solves_changes_only: false,
            covers_finest_once: false,
        }
    }

    /// Rings of neighbours whose motions every pixel is rendered along.
    pub(crate) fn rings(self) -> u32 {
        match self {
            Self::Fast => 0,
            Self::Balanced => 1,
            Self::Best => 3,
        }
    }
}

/// Cells with mass on the finest level that is solved: 1080p, and for the quicker presets a half and an eighth of it.
pub fn most_mass_cells(preset: Preset) -> usize {
    match preset {
        Preset::Fast => MOST_MASS_CELLS / 8,
        Preset::Balanced => MOST_MASS_CELLS / 2,
        Preset::Best => MOST_MASS_CELLS,
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
