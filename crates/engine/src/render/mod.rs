//! Renderers: motion, two pictures and a time t give the picture at t.

pub mod alpha;
mod cells;
mod fade;
mod fill;
mod linear;
mod mixture;
mod smooth;
mod splat;

pub use fade::cross_fade;

use crate::frame_pyramid::{BrightnessChange, FramePyramid};
use crate::motion::Motion;
use crate::picture::Picture;
use crate::probe::Probe;
use crate::timings::{Stage, stage};
use cells::CellRenderer;
use mixture::MixtureRenderer;
use otinterp_simd::Level as Cpu;
use std::sync::Arc;

/// How pictures are rendered from a motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenderPlan {
    /// By cells of 4 or 8 px: warped along one motion, along two where they differ.
    Cells {
        /// Cells may take over motions of their neighbours.
        propagates: bool,
    },
    /// By cells of 2 px: the mean along several candidate motions, weighted by their photometric error.
    Mixture {
        /// Rings of neighbours whose motions every pixel is rendered along.
        rings: u32,
    },
}

/// A motion between two pictures, ready to be rendered at any time.
#[derive(Debug)]
pub enum Renderer {
    /// See [`RenderPlan::Cells`].
    Cells(Box<CellRenderer>),
    /// See [`RenderPlan::Mixture`].
    Mixture(Box<MixtureRenderer>),
}

impl Renderer {
    /// Of the motion between two pictures (premultiplied, if they have alpha) that differ in brightness by `change`; the second's
    /// pyramid is as bright as the first's.
    pub fn new(
        cpu: Cpu,
        plan: RenderPlan,
        motion: Motion,
        pictures: [&Picture; 2],
        pyramids: [Arc<FramePyramid>; 2],
        change: BrightnessChange,
    ) -> Self {
        match plan {
            RenderPlan::Cells { propagates } => {
                let renderer = CellRenderer::new(cpu, motion, pyramids, propagates);
                Self::Cells(Box::new(renderer))
            }
            RenderPlan::Mixture { rings } => {
                drop(pyramids);
                let renderer = MixtureRenderer::new(cpu, motion, pictures, change, rings);
                Self::Mixture(Box::new(renderer))
            }
        }
    }

    /// Mean of the fallback map halfway: the share of the picture that no motion explains.
    pub fn unexplained_share(&self) -> f32 {
        match self {
            Self::Cells(renderer) => renderer.unexplained_share(),
            Self::Mixture(renderer) => renderer.unexplained_share(),
        }
    }

    /// The picture at `t` in `(0, 1)` between the two that it was made for, in whole code values unless it has alpha.
    pub fn at(&self, cpu: Cpu, pictures: [&Picture; 2], t: f32, probe: &dyn Probe) -> Picture {
        match self {
            Self::Cells(renderer) => renderer.at(cpu, pictures, t, probe),
            Self::Mixture(renderer) => {
                let mut out = renderer.at(cpu, pictures, t, probe);
                if !out.format().alpha {
                    let _stage = stage(Stage::Quantize);
                    out.quantize();
                }
                out
            }
        }
    }
}
