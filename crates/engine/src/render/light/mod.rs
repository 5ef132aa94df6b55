//! Displacement interpolation that is light enough for live use.
//!
//! All questions are asked of the pictures reduced, by cells of 4×4 or 8×8 px: how well the motion explains
//! the pictures, what lands where at time t, which of the two pictures' motions fits a place best. At full resolution every
//! picture is sampled once along one motion, along two only where they differ.

mod judge;
mod moment;
mod neighbours;
mod places;
mod plan;
mod rows;
mod widen;

use super::carry::{Carrier, Splatted};
use super::fill::fill;
use crate::measure::{Features, Prepared};
use crate::motion::Motion;
use crate::picture::{Picture, sampling::Grid};
use crate::timings::{Stage, stage};
use judge::{Judged, Unexplained};
use moment::{Both, Moment};
use otinterp_simd::Level as Cpu;
use std::sync::Arc;

/// A transition ready to be rendered at any time.
#[derive(Debug)]
pub struct Light {
    prepared: [Arc<Prepared>; 2],
    carriers: [Carrier; 2],
    /// By the motion of either picture.
    unexplained: [Unexplained; 2],
    exchanges: bool,
}

impl Light {
    /// Of the motion between two pictures that are prepared from the level of their cells on, the second as bright as the first.
    /// With `exchanges`, cells may take over motions of their neighbours.
    pub fn new(cpu: Cpu, motion: Motion, prepared: [Arc<Prepared>; 2], exchanges: bool) -> Self {
        let _stage = stage(Stage::Evidence);
        let [a, b] = [0, 1].map(|n| &prepared[n].levels()[0].features);
        let Motion { forward, backward } = motion;
        let (first, second) = rayon::join(
            || Judged::of(cpu, &forward, a, b),
            || Judged::of(cpu, &backward, b, a),
        );
        Self {
            carriers: [
                Carrier::new(forward, first.weight),
                Carrier::new(backward, second.weight),
            ],
            unexplained: [first.unexplained, second.unexplained],
            prepared,
            exchanges,
        }
    }

    /// Share of the picture, halfway, that the motion does not explain.
    pub fn unexplained_share(&self) -> f32 {
        let [first, second] = &self.unexplained;
        first.mixed(second, 0.5).mean()
    }

    /// The picture at `t` in `(0, 1)` between the two that it was made for, in whole code values unless it has alpha.
    pub fn at(&self, cpu: Cpu, [first, second]: [&Picture; 2], t: f32) -> Picture {
        let splatting = stage(Stage::Splat);
        let carried = |carrier: &Carrier, t: f32, sign: f32| {
            let mut splatted: Splatted = carrier.at(cpu, t, sign);
            fill(&mut splatted);
            splatted
        };
        let (a, b) = rayon::join(
            || carried(&self.carriers[0], t, 1.0),
            || carried(&self.carriers[1], 1.0 - t, -1.0),
        );
        drop(splatting);
        let judging = stage(Stage::Evidence);
        let pictures = [0, 1].map(|n| &self.prepared[n].levels()[0].features);
        let unexplained = self.unexplained[0].mixed(&self.unexplained[1], t);
        let cell_px = 1 << self.prepared[0].finest();
        let both = Both { t, pictures };
        let moment = Moment::new(cpu, both, [a, b], cell_px, &unexplained, self.exchanges);
        drop(judging);
        let mut out = first.alike();
        rows::render(cpu, &moment, [first, second], &mut out);
        out
    }
}

/// The planes of luma and, where there are three, colour.
fn content<const P: usize>(features: &Features) -> [Grid<'_>; P] {
    std::array::from_fn(|p| Grid::new(&features.planes[p]))
}
