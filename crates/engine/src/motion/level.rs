//! Solver of one pyramid level: transport in tiles, residual transport, refinement.

use super::field::Field;
use super::plan::SolvePlan;
use super::refine;
use super::residual;
use super::tile::TileOptions;
use super::tile_mask::{self, TileMask};
use super::votes::{self, Lattices};
use crate::frame_pyramid::{PyramidLevel, QuantizedFeatures};
use crate::picture::Plane;
use crate::probe::{Place, Probe, Side, View};
use crate::timings::{Stage, stage};
use otinterp_ot::tile::Options;
use otinterp_simd::Level as Cpu;
use std::sync::Arc;

/// Half width of the window of displacements: at the coarsest level, where nothing is known, and at
/// the others, where the coarser level predicts (measured: wider windows gained nothing).
const COARSEST_RADIUS: usize = 4;
/// See [`COARSEST_RADIUS`].
const RADIUS: usize = 2;
/// Cost per squared pixel of distance from the prediction (measured).
const PRIOR_PER_PX2: f32 = 5e-4;
/// The same at the coarsest level, whose prediction is merely "no motion" (measured).
const COARSEST_PRIOR_PER_PX2: f32 = 5e-5;
/// The transport in a tile: entropy, slack and sweeps (measured); the scaling of a target ends at 50.
const TRANSPORT: Options = Options {
    eps: 0.01,
    rho: 0.05,
    sweeps: 1,
    v_max: 50.0,
};
/// Above this both directions are refined one after the other: there each keeps all threads busy, and takes memory.
const MOST_AT_ONCE_PIXELS: usize = 1024 * 544;

/// One level that is being solved.
pub struct LevelSolver<'a> {
    pub cpu: Cpu,
    pub level: usize,
    /// Nothing predicts the coarsest level.
    pub coarsest: bool,
    pub plan: &'a SolvePlan,
    pub probe: &'a dyn Probe,
}

impl LevelSolver<'_> {
    /// The place of this level's planes, for a probe.
    pub fn place(&self, view: View, side: Side) -> Place {
        Place {
            view,
            side,
            level: self.level,
        }
    }

    /// The fields both ways, from their predictions; refined only where the levels have no quantised features.
    pub fn solve(
        &self,
        levels: [&PyramidLevel; 2],
        quantized: Option<(Arc<QuantizedFeatures>, Arc<QuantizedFeatures>)>,
        fields: [Field; 2],
    ) -> [Field; 2] {
        let lumas = levels.map(PyramidLevel::luma);
        let Some((first, second)) = quantized else {
            return self.refined(lumas, fields);
        };
        let mask = self.mask(lumas, &fields);
        let fields = self.tiled(mask, [&first, &second], fields);
        if self.plan.has_residual(levels[0].dim()) {
            let fields = self.refined(lumas, fields);
            return self.with_residual(levels, [&first, &second], fields);
        }
        // The refinement takes memory of its own.
        drop((first, second));
        self.refined(lumas, fields)
    }

    /// Residual transport of the pixels that tiles match badly; tiles then try its matches as candidates.
    fn with_residual(
        &self,
        [a, b]: [&PyramidLevel; 2],
        quantized: [&QuantizedFeatures; 2],
        mut fields: [Field; 2],
    ) -> [Field; 2] {
        let lumas = [a.luma(), b.luma()];
        let matching = stage(Stage::Residual);
        let before = self.plan.solves_changes_only.then(|| fields.clone());
        let pixels = self.plan.residual_pixels;
        let is_improved = residual::improve(self.cpu, [a, b], &mut fields, pixels);
        drop(matching);
        if !is_improved {
            return fields;
        }
        let mask = match before {
            None => self.mask(lumas, &fields),
            Some(before) => {
                let changed = |n: usize| tile_mask::changed(&before[n], &fields[n]);
                Some([changed(0), changed(1)])
            }
        };
        let fields = self.tiled(mask, quantized, fields);
        self.refined(lumas, fields)
    }

    /// The tiles of each picture that are solved; all where nothing predicts.
    fn mask(&self, [a, b]: [&Plane; 2], [forward, backward]: &[Field; 2]) -> Option<[TileMask; 2]> {
        let _stage = stage(Stage::Tiles);
        let needed = || {
            rayon::join(
                || tile_mask::needed(self.cpu, a, b, forward),
                || tile_mask::needed(self.cpu, b, a, backward),
            )
        };
        let mask: Option<[TileMask; 2]> = (!self.coarsest).then(|| needed().into());
        if let Some(mask) = mask.as_ref().filter(|_| self.probe.is_on()) {
            for (mask, side) in mask.iter().zip([Side::First, Side::Second]) {
                let place = self.place(View::TileMask, side);
                self.probe.plane(place, &mask.plane());
            }
        }
        mask
    }

    /// Transport in the tiles of the mask.
    fn tiled(
        &self,
        mask: Option<[TileMask; 2]>,
        quantized: [&QuantizedFeatures; 2],
        mut fields: [Field; 2],
    ) -> [Field; 2] {
        let _stage = stage(Stage::Tiles);
        let options = tile_options(self.coarsest);
        // The coarsest level has no prediction to lean on.
        let is_finest = self.level == self.plan.finest_solved && !self.coarsest;
        let lattices = if self.plan.covers_finest_once && is_finest {
            Lattices::One
        } else {
            Lattices::Two
        };
        votes::solve(
            self.cpu,
            quantized,
            &mut fields,
            mask.as_ref(),
            &options,
            lattices,
        );
        fields
    }

    /// Variational refinement, if the level is one that is refined.
    fn refined(&self, [a, b]: [&Plane; 2], fields: [Field; 2]) -> [Field; 2] {
        if self.level < self.plan.finest_refined {
            return fields;
        }
        let _stage = stage(Stage::Refine);
        let iterations = self.plan.refinement;
        let threads = rayon::current_num_threads();
        let refined = |field, [a, b]: [&Plane; 2], threads| {
            refine::refine(self.cpu, field, [a, b], iterations, threads)
        };
        let [forward, backward] = fields;
        if a.len() > MOST_AT_ONCE_PIXELS {
            return [
                refined(forward, [a, b], threads),
                refined(backward, [b, a], threads),
            ];
        }
        let each = threads.div_ceil(2);
        let refined = rayon::join(
            || refined(forward, [a, b], each),
            || refined(backward, [b, a], each),
        );
        refined.into()
    }
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
