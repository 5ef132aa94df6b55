//! Two pictures' content → the motion between them, both ways, from coarse to fine.

mod field;
mod level;
mod need;
mod refine;
mod residual;
mod tile;

pub use field::{Field, Motion};
pub use refine::Iterations;

use crate::measure::{Codes, Content, Features, Prepared};
use crate::picture::Plane;
use crate::timings::{Stage, stage};
use level::Lattices;
use need::Cells;
use otinterp_ot::tile::Options;
use otinterp_simd::Level as Cpu;
use tile::TileOptions;

/// The pyramid ends at the level whose short side is about this, px (measured).
const COARSEST_SIDE_PX: f32 = 10.0;
/// Half width of the window of displacements: at the coarsest level, where nothing is known, and at
/// the others, where the coarser level predicts (measured: wider windows gained nothing).
const COARSEST_RADIUS: usize = 4;
/// See [`COARSEST_RADIUS`].
const RADIUS: usize = 2;
/// Cost per squared pixel of distance from the prediction (measured).
const PRIOR_PER_PX2: f32 = 5e-4;
/// The same at the coarsest level, whose prediction is merely "no motion" (measured).
const COARSEST_PRIOR_PER_PX2: f32 = 5e-5;
/// The transport in a tile: entropy, slack and sweeps (measured); scarcity counts up to 50 times.
const TRANSPORT: Options = Options {
    eps: 0.01,
    rho: 0.05,
    sweeps: 1,
    v_max: 50.0,
};

/// Residual transport is solved at levels whose short side lies in this range, px (measured: one level
/// more at either end gains nothing on the whole).
const RESIDUAL_SIDES_PX: std::ops::Range<usize> = 80..320;

/// How the motion is solved. Level 0 of the pyramid is full resolution, level 1 half, and so on.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Finest level whose tiles are solved.
    pub finest_solved: usize,
    /// Finest level that is refined. Levels finer than both merely double the field.
    pub finest_refined: usize,
    /// Of the refinement at every level.
    pub refinement: Iterations,
    /// At most so many pixels of each picture take part in the residual transport, the worst explained: its time grows
    /// with their square. None: it is left out.
    pub residual_pixels: usize,
    /// After it tiles are solved again only where it changed the field, rather than wherever they are needed.
    pub solves_changes_only: bool,
    /// On the finest level whose tiles are solved, unless it is the coarsest too, they cover each picture once, rather than twice.
    pub covers_finest_once: bool,
}

/// Above this both directions are refined one after the other: there each keeps all threads busy, and takes memory.
const MOST_AT_ONCE_PIXELS: usize = 1024 * 544;

/// Residual transport between so many pixels of each picture takes 16 MiB; 4000 gain 0.01 dB.
pub const RESIDUAL_PIXELS: usize = 2000;

/// The motion between two pictures of one size.
pub fn solve(cpu: Cpu, first: Content, second: Content, settings: &Settings) -> Motion {
    let full_dim = first.luma().dim();
    let levels = level_count(full_dim);
    let finest = settings
        .finest_solved
        .min(settings.finest_refined)
        .min(levels - 1);
    let halving = stage(Stage::Pyramid);
    let (first, second) = rayon::join(
        || pyramid(cpu, first, finest),
        || pyramid(cpu, second, finest),
    );
    drop(halving);
    let mut motion: Option<Motion> = None;
    // Levels are used up as they are solved: the finest ones are hundreds of megabytes.
    for ((level, a), b) in (finest..levels).zip(first).zip(second).rev() {
        let dim = a.luma().dim();
        let coarsest = motion.is_none();
        let prediction = match motion {
            None => Motion::zeros(dim),
            Some(coarser) => doubled(&coarser, dim),
        };
        let solving = Solving {
            cpu,
            level,
            coarsest,
            settings,
        };
        motion = Some(solving.solve([a, b], prediction));
    }
    let finer = (0..finest).rev();
    finer.fold(
        motion.unwrap_or_else(|| Motion::zeros(full_dim)),
        |motion, level| doubled(&motion, level_dim(full_dim, level)),
    )
}

/// The motion between two prepared pictures, on the finest level that they are prepared for.
pub fn solve_prepared(cpu: Cpu, [first, second]: [&Prepared; 2], settings: &Settings) -> Motion {
    let mut motion: Option<Motion> = None;
    let pairs = first.levels().iter().zip(second.levels());
    for (n, (a, b)) in pairs.enumerate().rev() {
        let level = first.finest() + n;
        let coarsest = motion.is_none();
        let prediction = match motion {
            None => Motion::zeros(a.features.dim()),
            Some(coarser) => doubled(&coarser, a.features.dim()),
        };
        let lumas = [a.features.luma(), b.features.luma()];
        let solving = Solving {
            cpu,
            level,
            coarsest,
            settings,
        };
        motion = Some(match (&a.codes, &b.codes) {
            (Some(codes_a), Some(codes_b)) => solving.transported(
                lumas,
                [codes_a, codes_b],
                [&a.features, &b.features],
                prediction,
            ),
            _ => solving.refined(lumas, prediction),
        });
    }
    motion.unwrap_or_else(|| Motion::zeros(first.full_dim()))
}

/// Levels of the pyramid of a picture of that height and width.
pub fn level_count((height, width): (usize, usize)) -> usize {
    let short_side = height.min(width) as f32;
    // Down to about the coarsest side.
    (short_side / COARSEST_SIDE_PX).log2().floor().max(0.0) as usize + 1
}

/// One level that is being solved.
struct Solving<'a> {
    cpu: Cpu,
    level: usize,
    coarsest: bool,
    settings: &'a Settings,
}

impl Solving<'_> {
    /// Transport, then refinement. What is not needed any more is given back on the way: the finest level's planes are large.
    fn solve(&self, [a, b]: [Content; 2], motion: Motion) -> Motion {
        if self.level < self.settings.finest_solved && !self.coarsest {
            return self.refined([&a.into_luma(), &b.into_luma()], motion);
        }
        let preparing = stage(Stage::Features);
        let (codes_a, codes_b) = rayon::join(|| Codes::of(&a.planes), || Codes::of(&b.planes));
        drop(preparing);
        let codes = [codes_a, codes_b];
        if self.has_residual(a.luma().dim()) {
            let features = [Features::of(a), Features::of(b)];
            let [a, b] = &features;
            return self.transported([a.luma(), b.luma()], codes.each_ref(), [a, b], motion);
        }
        let lumas = [a.into_luma(), b.into_luma()];
        let motion = self.tiled(lumas.each_ref(), codes.each_ref(), motion);
        drop(codes);
        self.refined(lumas.each_ref(), motion)
    }

    /// Transport in tiles and, where the level has it, of what that leaves unexplained; then refinement.
    fn transported(
        &self,
        lumas: [&Plane; 2],
        codes: [&Codes; 2],
        features: [&Features; 2],
        motion: Motion,
    ) -> Motion {
        let motion = self.tiled(lumas, codes, motion);
        let mut motion = self.refined(lumas, motion);
        if !self.has_residual(lumas[0].dim()) {
            return motion;
        }
        let matching = stage(Stage::Residual);
        let before = self.settings.solves_changes_only.then(|| motion.clone());
        let pixels = self.settings.residual_pixels;
        let is_improved = residual::improve(self.cpu, features, &mut motion, pixels);
        drop(matching);
        if !is_improved {
            return motion;
        }
        let motion = match before {
            None => self.tiled(lumas, codes, motion),
            Some(before) => {
                let _stage = stage(Stage::Tiles);
                let cells = [
                    need::changed(&before.forward, &motion.forward),
                    need::changed(&before.backward, &motion.backward),
                ];
                self.tiled_in(Some(cells), codes, motion)
            }
        };
        self.refined(lumas, motion)
    }

    /// Whether what tiles leave unexplained is transported over the whole picture.
    fn has_residual(&self, (height, width): (usize, usize)) -> bool {
        RESIDUAL_SIDES_PX.contains(&height.min(width)) && self.settings.residual_pixels > 0
    }

    /// Transport in tiles.
    fn tiled(&self, [a, b]: [&Plane; 2], codes: [&Codes; 2], motion: Motion) -> Motion {
        let _stage = stage(Stage::Tiles);
        // Nothing predicts the coarsest level: all of it is solved.
        let cells = (!self.coarsest).then(|| needed(self.cpu, a, b, &motion));
        self.tiled_in(cells, codes, motion)
    }

    /// The same in some cells of each picture.
    fn tiled_in(
        &self,
        cells: Option<[Cells; 2]>,
        codes: [&Codes; 2],
        mut motion: Motion,
    ) -> Motion {
        let options = tile_options(self.coarsest);
        // The coarsest level has no prediction to lean on.
        let is_finest = self.level == self.settings.finest_solved && !self.coarsest;
        let lattices = if self.settings.covers_finest_once && is_finest {
            Lattices::One
        } else {
            Lattices::Two
        };
        level::solve(
            self.cpu,
            codes,
            &mut motion,
            cells.as_ref(),
            &options,
            lattices,
        );
        motion
    }

    /// Refinement, if the level is one that is refined.
    fn refined(&self, [a, b]: [&Plane; 2], motion: Motion) -> Motion {
        if self.level < self.settings.finest_refined {
            return motion;
        }
        let _stage = stage(Stage::Refine);
        let iterations = self.settings.refinement;
        let threads = rayon::current_num_threads();
        let refined = |field, [a, b]: [&Plane; 2], threads| {
            refine::refine(self.cpu, field, [a, b], iterations, threads)
        };
        let Motion { forward, backward } = motion;
        if a.len() > MOST_AT_ONCE_PIXELS {
            return Motion {
                forward: refined(forward, [a, b], threads),
                backward: refined(backward, [b, a], threads),
            };
        }
        let each = threads.div_ceil(2);
        let (forward, backward) = rayon::join(
            || refined(forward, [a, b], each),
            || refined(backward, [b, a], each),
        );
        Motion { forward, backward }
    }
}

/// The cells of each picture whose tiles are solved.
fn needed(cpu: Cpu, a: &Plane, b: &Plane, motion: &Motion) -> [Cells; 2] {
    let (forward, backward) = rayon::join(
        || need::needed(cpu, a, b, &motion.forward),
        || need::needed(cpu, b, a, &motion.backward),
    );
    [forward, backward]
}

fn tile_options(coarsest: bool) -> TileOptions {
    TileOptions {
        radius: if coarsest { COARSEST_RADIUS } else { RADIUS },
        prior_per_px2: if coarsest {
            COARSEST_PRIOR_PER_PX2
        } else {
            PRIOR_PER_PX2
        },
        transport: TRANSPORT,
    }
}

fn doubled(motion: &Motion, dim: (usize, usize)) -> Motion {
    let (forward, backward) = rayon::join(
        || motion.forward.doubled(dim),
        || motion.backward.doubled(dim),
    );
    Motion { forward, backward }
}

/// Size of a level.
fn level_dim((height, width): (usize, usize), level: usize) -> (usize, usize) {
    (height.div_ceil(1 << level), width.div_ceil(1 << level))
}

/// The levels from `finest` to the coarsest.
fn pyramid(cpu: Cpu, content: Content, finest: usize) -> Vec<Content> {
    let levels = level_count(content.luma().dim());
    let mut content = content;
    for _ in 0..finest {
        content = content.halved(cpu);
    }
    let mut pyramid = vec![content];
    for level in finest + 1..levels {
        pyramid.push(pyramid[level - finest - 1].halved(cpu));
    }
    pyramid
}
