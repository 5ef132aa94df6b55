//! Displacement interpolation: both pictures sampled along the motion at time t.

use super::band;
use super::evidence::{Doubt, Unexplained};
use super::fade::cross_fade;
use super::fill::fill;
use super::hypotheses::Moment;
use super::splat::{Splatted, Splatter};
use super::spline::Spline;
use crate::measure::Exposure;
use crate::motion::{Field, Motion};
use crate::picture::{Picture, Plane};
use crate::simd::Level as Cpu;

/// Mass that every motion has at least: where nothing arrived, its filled-in value still counts.
const LEAST_MASS: f32 = 0.02;
/// Share of each of the two motions that does not depend on t (measured).
const TIMELESS_SHARE: f32 = 0.2;
/// A transition ready to be rendered at any time.
#[derive(Debug)]
pub struct Displacement {
    forward: Splatter,
    backward: Splatter,
    /// Of all planes of the two pictures.
    splines: [Vec<Spline>; 2],
    /// By the motion of either picture.
    unexplained: [Unexplained; 2],
    exposure: Exposure,
    rings: u32,
}

impl Displacement {
    /// Prepares the motion between two pictures (premultiplied, if they have alpha) that differ in brightness by
    /// `exposure`. Every pixel is rendered along its own motion and those in `rings` rings of neighbours.
    pub fn new(
        cpu: Cpu,
        motion: Motion,
        first: &Picture,
        second: &Picture,
        exposure: Exposure,
        rings: u32,
    ) -> Self {
        let Motion { forward, backward } = motion;
        let alike = exposure.applied(second);
        let unexplained = [
            Unexplained::of(&forward, first, &alike),
            Unexplained::of(&backward, &alike, first),
        ];
        let (forward, backward) = rayon::join(
            || Splatter::new(forward, first, &alike),
            || Splatter::new(backward, &alike, first),
        );
        let splines = [first, second].map(|picture| {
            let planes = picture.planes().iter();
            planes.map(|plane| Spline::of(cpu, plane)).collect()
        });
        Self {
            forward,
            backward,
            splines,
            unexplained,
            exposure,
            rings,
        }
    }

    /// Share of the picture, halfway, that the motion does not explain.
    pub fn unexplained_share(&self) -> f32 {
        let [first, second] = &self.unexplained;
        first.mixed(second, 0.5).mean()
    }

    /// The picture at `t` in `(0, 1)`, unrounded, between the two that it was made for.
    pub fn at(&self, cpu: Cpu, first: &Picture, second: &Picture, t: f32) -> Picture {
        let mut out = first.clone();
        let (a, b) = rayon::join(
            || filled(self.forward.at(t, 1.0)),
            || filled(self.backward.at(1.0 - t, -1.0)),
        );
        let standing = |mass: Plane, time: f32| {
            mass.mapv_into(|m| (m.min(1.0) + LEAST_MASS) * (TIMELESS_SHARE + time))
        };
        let moment = Moment {
            t,
            fields: [a.0, b.0],
            standing: [standing(a.1, 1.0 - t), standing(b.1, t)],
            rings: self.rings,
        };
        let error = band::render(cpu, &moment, &self.splines, &self.exposure, &mut out);
        let unexplained = self.unexplained[0].mixed(&self.unexplained[1], t);
        if !unexplained.is_zero() {
            let doubt = Doubt::of(&error, &moment.fields);
            unexplained.apply(&mut out, &cross_fade(first, second, t), &doubt);
        }
        out
    }
}

/// A splatted field without holes, and the mass it had before.
fn filled(mut splatted: Splatted) -> (Field, Plane) {
    fill(&mut splatted);
    (splatted.field, splatted.mass)
}
