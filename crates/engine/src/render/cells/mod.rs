//! Cell renderer: pictures warped along the motion of cells of 4 or 8 px, fast enough for live use.
//!
//! Photometric errors, splatting to time t and the choice between the two pictures' motions work on the pictures reduced, by
//! cells of 4×4 or 8×8 px. At full resolution every picture is sampled once along one motion, along two only where they
//! differ.

pub mod candidates;
pub mod errors;
pub mod lists;
mod mix;
mod operations;
pub mod photometric;
mod pixels;
mod places;
pub mod rows;
mod widen;

use crate::frame_pyramid::FramePyramid;
use crate::motion::{Motion, MotionField};
use crate::picture::Picture;
use crate::probe::Probe;
use crate::render::fill::filled;
use crate::render::splat::Carrier;
use crate::timings::{Stage, stage};
use candidates::Candidates;
use errors::Both;
use otinterp_simd::Level as Cpu;
use photometric::{FallbackMap, PhotometricError};
use std::sync::Arc;

/// Renderer from motions of cells of 4 or 8 px.
#[derive(Debug)]
pub struct CellRenderer {
    pyramids: [Arc<FramePyramid>; 2],
    carriers: [Carrier; 2],
    /// By the motion of either picture.
    fallback: [FallbackMap; 2],
}

impl CellRenderer {
    /// Of the motion between two pictures whose pyramids begin at the level of its cells, the second as bright as the first.
    pub fn new(cpu: Cpu, motion: Motion, pyramids: [Arc<FramePyramid>; 2]) -> Self {
        let _stage = stage(Stage::Evidence);
        let [a, b] = [0, 1].map(|n| &pyramids[n].levels()[0]);
        let [forward, backward] = [motion.forward, motion.backward].map(MotionField::into_cells);
        let (first, second) = rayon::join(
            || PhotometricError::of(cpu, &forward, a, b),
            || PhotometricError::of(cpu, &backward, b, a),
        );
        Self {
            carriers: [
                Carrier::new(forward, first.weight),
                Carrier::new(backward, second.weight),
            ],
            fallback: [first.fallback, second.fallback],
            pyramids,
        }
    }

    /// Mean of the fallback map halfway.
    pub fn unexplained_share(&self) -> f32 {
        let [first, second] = &self.fallback;
        first.mixed(second, 0.5).mean()
    }

    /// The picture at `t` in `(0, 1)` between the two that it was made for, in whole code values unless it has alpha.
    pub fn at(
        &self,
        cpu: Cpu,
        [first, second]: [&Picture; 2],
        t: f32,
        probe: &dyn Probe,
    ) -> Picture {
        let splatting = stage(Stage::Splat);
        let splatted = filled(cpu, self.carriers.each_ref(), t);
        drop(splatting);
        let judging = stage(Stage::Evidence);
        let pictures = [0, 1].map(|n| &self.pyramids[n].levels()[0]);
        let fallback = self.fallback[0].mixed(&self.fallback[1], t);
        let level = self.pyramids[0].finest();
        let both = Both { t, pictures };
        let candidates = Candidates::new(cpu, both, splatted, level, &fallback, probe);
        drop(judging);
        let mut out = first.alike();
        rows::render(cpu, &candidates, [first, second], &mut out);
        out
    }
}
