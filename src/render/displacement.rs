//! Displacement interpolation: both pictures sampled along the motion at time t.

use super::band;
use super::evidence::Unexplained;
use super::fade::cross_fade;
use super::fill::fill;
use super::hypotheses::Moment;
use super::splat::{Splatted, Splatter};
use super::spline::Spline;
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
}

impl Displacement {
    /// Prepares the motion between two pictures (premultiplied, if they have alpha).
    pub fn new(cpu: Cpu, motion: Motion, first: &Picture, second: &Picture) -> Self {
        let Motion { forward, backward } = motion;
        let unexplained = [
            Unexplained::of(&forward, first, second),
            Unexplained::of(&backward, second, first),
        ];
        let (forward, backward) = rayon::join(
            || Splatter::new(forward, first, second),
            || Splatter::new(backward, second, first),
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
        }
    }

    /// Share of the picture, halfway, that the motion does not explain and that is therefore a cross-fade.
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
        };
        band::render(cpu, &moment, &self.splines, &mut out);
        let unexplained = self.unexplained[0].mixed(&self.unexplained[1], t);
        if !unexplained.is_zero() {
            unexplained.apply(&mut out, &cross_fade(first, second, t));
        }
        out
    }
}

/// A splatted field without holes, and the mass it had before.
fn filled(mut splatted: Splatted) -> (Field, Plane) {
    fill(&mut splatted);
    (splatted.field, splatted.mass)
}
