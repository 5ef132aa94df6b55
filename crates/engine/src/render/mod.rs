//! Renderers: motion, two pictures and a time t give the picture at t.

pub mod alpha;
mod cells;
mod fade;
mod fill;
mod layered;
mod linear;
mod smooth;
mod splat;

pub use fade::cross_fade;

use crate::frame_pyramid::{BrightnessChange, FramePyramid};
use crate::motion::Motion;
use crate::picture::Picture;
use crate::probe::Probe;
use cells::CellRenderer;
use layered::LayerRenderer;
use otinterp_simd::Level as Cpu;
use std::sync::Arc;

/// How the motions that a picture is rendered along are chosen, by cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenderPlan {
    /// Those splatted from either picture: one, two where they differ.
    Splatted,
    /// Those of the layers of both pictures, by visibility and order of depth.
    Layered,
}

/// A motion between two pictures, ready to be rendered at any time.
#[derive(Debug)]
pub enum Renderer {
    /// See [`RenderPlan::Splatted`].
    Splatted(Box<CellRenderer>),
    /// See [`RenderPlan::Layered`].
    Layered(Box<LayerRenderer>),
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
        change: &BrightnessChange,
    ) -> Self {
        match plan {
            RenderPlan::Splatted => {
                let renderer = CellRenderer::new(cpu, motion, pyramids);
                Self::Splatted(Box::new(renderer))
            }
            RenderPlan::Layered => {
                drop(pyramids);
                let renderer = LayerRenderer::new(cpu, motion, pictures, change);
                Self::Layered(Box::new(renderer))
            }
        }
    }

    /// Mean of the fallback map halfway: the share of the picture that no motion explains.
    pub fn unexplained_share(&self) -> f32 {
        match self {
            Self::Splatted(renderer) => renderer.unexplained_share(),
            Self::Layered(renderer) => renderer.unexplained_share(),
        }
    }

    /// The picture at `t` in `(0, 1)` between the two that it was made for, in whole code values unless it has alpha.
    pub fn at(&self, cpu: Cpu, pictures: [&Picture; 2], t: f32, probe: &dyn Probe) -> Picture {
        match self {
            Self::Splatted(renderer) => renderer.at(cpu, pictures, t, probe),
            Self::Layered(renderer) => renderer.at(cpu, pictures, t, probe),
        }
    }
}
