//! Two pictures' content → the motion between them, both ways, from coarse to fine.

mod field;
mod level;
mod refine;
mod residual;
mod tile;

pub use field::{Field, Motion};
pub use refine::Iterations;

use crate::measure::{Content, Features};
use crate::ot::window::{Options, Shape};
use crate::simd::Level as Cpu;
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
    sweeps: 2,
    v_max: 50.0,
};

/// Residual transport is solved at levels whose short side lies in this range, px (measured: one level
/// more at either end gains nothing on the whole).
const RESIDUAL_SIDES_PX: std::ops::Range<usize> = 80..320;

/// How the motion is solved.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Pyramid levels left unsolved at the fine end: 0 solves at full resolution.
    pub skipped_levels: usize,
    /// Of the refinement at every level.
    pub refinement: Iterations,
}

/// The motion between two pictures of one size.
pub fn solve(cpu: Cpu, first: Content, second: Content, settings: &Settings) -> Motion {
    let full_dim = first.luma().dim();
    let levels = level_count(full_dim);
    let last = settings.skipped_levels.min(levels - 1);
    let (first, second) = rayon::join(|| pyramid(first, levels), || pyramid(second, levels));
    let mut motion = None;
    for level in (last..levels).rev() {
        let (a, b) = (&first[level], &second[level]);
        let dim = a.luma().dim();
        let prediction = match motion {
            None => Motion {
                forward: Field::zeros(dim),
                backward: Field::zeros(dim),
            },
            Some(coarser) => doubled(&coarser, dim),
        };
        motion = Some(solve_level(
            cpu,
            a,
            b,
            prediction,
            level + 1 == levels,
            settings,
        ));
    }
    let mut motion = motion.unwrap_or_else(|| Motion {
        forward: Field::zeros(full_dim),
        backward: Field::zeros(full_dim),
    });
    for level in (0..last).rev() {
        motion = doubled(&motion, first[level].luma().dim());
    }
    motion
}

/// Transport, then refinement, on one level.
fn solve_level(
    cpu: Cpu,
    a: &Content,
    b: &Content,
    prediction: Motion,
    coarsest: bool,
    settings: &Settings,
) -> Motion {
    let (features_a, features_b) = rayon::join(|| Features::of(a), || Features::of(b));
    let options = TileOptions {
        shape: Shape {
            radius: if coarsest { COARSEST_RADIUS } else { RADIUS },
        },
        prior_per_px2: if coarsest {
            COARSEST_PRIOR_PER_PX2
        } else {
            PRIOR_PER_PX2
        },
        transport: TRANSPORT,
    };
    let tiles =
        |prediction: &Motion| level::solve(cpu, &features_a, &features_b, prediction, &options);
    let refined = |motion: Motion| {
        let refined = |field: Field, from: &Content, to: &Content| {
            refine::refine(cpu, field, from.luma(), to.luma(), settings.refinement)
        };
        Motion {
            forward: refined(motion.forward, a, b),
            backward: refined(motion.backward, b, a),
        }
    };
    let motion = tiles(&prediction);
    drop(prediction);
    let (height, width) = a.luma().dim();
    if !RESIDUAL_SIDES_PX.contains(&height.min(width)) {
        // Of large pictures they are hundreds of megabytes, as is what the refinement needs.
        drop((features_a, features_b));
        return refined(motion);
    }
    let mut motion = refined(motion);
    if residual::improve(cpu, &features_a, &features_b, &mut motion) {
        motion = refined(tiles(&motion));
    }
    motion
}

fn doubled(motion: &Motion, dim: (usize, usize)) -> Motion {
    Motion {
        forward: motion.forward.doubled(dim),
        backward: motion.backward.doubled(dim),
    }
}

/// Levels down to about [`COARSEST_SIDE_PX`].
fn level_count((height, width): (usize, usize)) -> usize {
    let short_side = height.min(width) as f32;
    (short_side / COARSEST_SIDE_PX).log2().floor().max(0.0) as usize + 1
}

fn pyramid(content: Content, levels: usize) -> Vec<Content> {
    let mut pyramid = vec![content];
    for level in 1..levels {
        pyramid.push(pyramid[level - 1].halved());
    }
    pyramid
}
