//! Mixture renderer: every pixel is the mean of both pictures warped along several candidate motions, weighted by photometric error.
//!
//! Motion is splatted to time t by cells of 2 px; candidates are selected by their photometric error at half size and blended at
//! full size.

mod along;
mod band;
mod blocks;
mod candidates;
mod corners;
mod fallback;
mod halved;
mod importance;
mod mixed;
mod padded;
mod photometric;
mod planes;
mod points;
mod single;
mod spline;
mod still;
mod texture;
mod trial;

use crate::frame_pyramid::BrightnessChange;
use crate::motion::{Field, Motion};
use crate::picture::{Picture, Plane};
use crate::probe::{Place, Probe, View};
use crate::render::fill::filled;
use crate::render::splat::{Carrier, report};
use crate::timings::{Stage, stage};
use candidates::{Candidate, Candidates};
use fallback::{FallbackMap, UNCERTAINTY_LEVEL, Uncertainty};
use importance::carrier;
use otinterp_simd::Level as Cpu;
use padded::Padded;
use photometric::PhotometricError;
use planes::Pair;
use spline::Spline;

/// Cells of 2 px are pixels of this level.
const LEVEL: usize = 1;
/// Mass that every motion has at least: where nothing arrived, its filled-in value still counts.
const LEAST_MASS: f32 = 0.02;
/// Share of each of the two motions that does not depend on t (measured).
const TIMELESS_SHARE: f32 = 0.2;

/// Renderer that blends samples along the motions through a pixel and around it, weighted by their photometric error.
#[derive(Debug)]
pub struct MixtureRenderer {
    carriers: [Carrier; 2],
    /// Of all planes of the two pictures.
    splines: [Vec<Spline>; 2],
    /// By the motion of either picture.
    fallback: [FallbackMap; 2],
    photometric: PhotometricError,
    brightness: BrightnessChange,
    rings: u32,
}

impl MixtureRenderer {
    /// Of the motion, by cells of 2 px, between two pictures (premultiplied, if they have alpha) that differ in brightness by
    /// `brightness`. Every pixel is rendered along its own motion and those in `rings` rings of neighbours.
    pub fn new(
        cpu: Cpu,
        motion: Motion,
        [first, second]: [&Picture; 2],
        brightness: BrightnessChange,
        rings: u32,
    ) -> Self {
        let Motion { forward, backward } = motion;
        let judging = stage(Stage::Evidence);
        let alike = brightness.applied(second);
        let fallback = [
            FallbackMap::of(cpu, &forward, first, &alike),
            FallbackMap::of(cpu, &backward, &alike, first),
        ];
        drop(judging);
        let splatting = stage(Stage::Splat);
        let carriers = rayon::join(
            || carrier(cpu, forward, first, &alike),
            || carrier(cpu, backward, &alike, first),
        );
        drop(splatting);
        let _stage = stage(Stage::Spline);
        let splines = [first, second].map(|picture| {
            let planes = picture.planes().iter();
            planes.map(|plane| Spline::of(cpu, plane)).collect()
        });
        let photometric = PhotometricError::of(cpu, first, &alike);
        Self {
            carriers: carriers.into(),
            photometric,
            splines,
            fallback,
            brightness,
            rings,
        }
    }

    /// Mean of the fallback map halfway.
    pub fn unexplained_share(&self) -> f32 {
        let [first, second] = &self.fallback;
        first.mixed(second, 0.5).mean()
    }

    /// The picture at `t` in `(0, 1)`, unrounded, between the two that it was made for.
    pub fn at(
        &self,
        cpu: Cpu,
        [first, second]: [&Picture; 2],
        t: f32,
        probe: &dyn Probe,
    ) -> Picture {
        let mut out = first.alike();
        let splatting = stage(Stage::Splat);
        let [a, b] = filled(cpu, self.carriers.each_ref(), t);
        let prior_weight = |mass: Plane, time: f32| {
            mass.mapv_into(|m| (m.min(1.0) + LEAST_MASS) * (TIMELESS_SHARE + time))
        };
        let fields = [a.field, b.field];
        report(probe, LEVEL, &fields, [&a.mass, &b.mass]);
        let prior_weight = [prior_weight(a.mass, 1.0 - t), prior_weight(b.mass, t)];
        let mean = mean(&fields, &prior_weight);
        let padded = |field: &Field| {
            // Half size has half the displacement.
            [&field.dx, &field.dy].map(|plane| Padded::of(plane, |v| 2.0 * v))
        };
        let candidates = Candidates {
            t,
            fields: fields.each_ref().map(padded),
            prior_weight: prior_weight
                .each_ref()
                .map(|plane| Padded::of(plane, |v| v)),
            mean: padded(&mean),
            tried: Candidate::all(self.rings),
            rings: self.rings,
        };
        drop(splatting);
        let pair = Pair {
            pictures: [first, second],
            splines: self.splines.each_ref().map(Vec::as_slice),
            brightness: &self.brightness,
        };
        let error = band::render(cpu, &candidates, &self.photometric, &pair, &mut out);
        let _stage = stage(Stage::Evidence);
        probe.plane(Place::of_both(View::PhotometricError, LEVEL), &error);
        let fallback = self.fallback[0].mixed(&self.fallback[1], t);
        if !fallback.is_zero() {
            let uncertainty = Uncertainty::of(&error, &candidates.fields);
            let shares = fallback.shares(&uncertainty);
            probe.plane(Place::of_both(View::Fallback, UNCERTAINTY_LEVEL), &shares);
            fallback::fade(&mut out, [first, second], t, &shares);
        }
        out
    }
}

/// The mean of two fields by their weights.
fn mean([a, b]: &[Field; 2], [wa, wb]: &[Plane; 2]) -> Field {
    let mean = |a: &Plane, b: &Plane| {
        ndarray::Zip::from(a)
            .and(b)
            .and(wa)
            .and(wb)
            .par_map_collect(|a, b, wa, wb| (wa * a + wb * b) / (wa + wb))
    };
    Field {
        dx: mean(&a.dx, &b.dx),
        dy: mean(&a.dy, &b.dy),
    }
}
