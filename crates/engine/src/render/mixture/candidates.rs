//! Candidate motions of a pixel at time t: those splatted to it and its neighbours', each with a prior weight.
//!
//! Next to a motion boundary the motion splatted to a pixel is often its neighbour's. So every pixel is
//! rendered along several motions: the two splatted ones and those found a few pixels away, each with a
//! weight from its photometric error (overlapped motion compensation: Orchard & Sullivan,
//! *Overlapped block motion compensation: an estimation-theoretic approach*, 1994, with the weights found
//! from the pictures). Where nothing fits well the result is a mean of many, which errs least.

use super::padded::Padded;
use super::points::Points;
use super::spline::{Spline, sampled};
use otinterp_simd::{Number, Simd};
use std::array::from_ref;

/// Distance of the nearest ring of four pixels whose motions are tried; each further ring is twice as far, px (measured,
/// see `docs/decisions/quality-log.md`).
const NEAREST_RING_PX: isize = 8;
/// Factor of a candidate's prior weight for every [`NEAREST_RING_PX`] further away (measured).
const PRIOR_WEIGHT_PER_STEP: f32 = 0.65;
/// Weight of a sample from outside the picture, beside one from inside.
const OUTSIDE: f32 = 1e-3;

/// The motions at one time, from the first picture to the second, and the prior weight of each, before its photometric
/// error counts. All at half size, in px of the picture.
#[derive(Debug)]
pub struct Candidates {
    /// In `(0, 1)`.
    pub t: f32,
    /// dx and dy as splatted from the first picture and from the second.
    pub fields: [[Padded; 2]; 2],
    /// Weight of each, > 0.
    pub prior_weight: [Padded; 2],
    /// Their weighted mean.
    pub mean: [Padded; 2],
    /// The motions that are tried at every pixel.
    pub tried: Vec<Candidate>,
    /// How many rings of neighbours these are from.
    pub rings: u32,
}

/// A motion tried at a pixel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Which of the two fields has it.
    pub field: usize,
    /// How many rows and columns from the pixel, in samples of half size.
    pub offset: (isize, isize),
    /// Weight beside the pixel's own motion.
    pub prior_weight: f32,
}

impl Candidate {
    /// Distance of the outermost ring, px.
    pub fn reach_px(rings: u32) -> usize {
        rings
            .checked_sub(1)
            .map_or(0, |last| (NEAREST_RING_PX << last) as usize)
    }

    /// The own motions of both fields, then those of neighbours in so many rings.
    pub fn all(rings: u32) -> Vec<Self> {
        let own = (0..2).map(|field| Self {
            field,
            offset: (0, 0),
            prior_weight: 1.0,
        });
        let neighbours = (0..2).flat_map(|field| {
            (0..rings).flat_map(move |ring| {
                let by = (NEAREST_RING_PX << ring) / 2;
                let prior_weight = PRIOR_WEIGHT_PER_STEP.powi((1 << ring) - 1);
                [(-by, 0), (by, 0), (0, -by), (0, by)].map(|offset| Self {
                    field,
                    offset,
                    prior_weight,
                })
            })
        });
        own.chain(neighbours).collect()
    }

    /// Whether it is the pixel's own motion.
    pub fn is_own(self) -> bool {
        self.offset == (0, 0)
    }
}

/// Where motions through sixteen pixels at time t start and end.
#[derive(Debug, Clone, Copy)]
pub struct Ends<S: Simd> {
    first: [S::V; 2],
    second: [S::V; 2],
}

impl<S: Simd> Ends<S> {
    /// Of the displacements `(dx, dy)` through `(x, y)`.
    #[inline(always)]
    pub fn of(x: S::V, y: S::V, t: f32, [dx, dy]: [S::V; 2]) -> Self {
        let (back, on) = (S::V::splat(-t), S::V::splat(1.0 - t));
        Self {
            first: [dx.mul_add(back, x), dy.mul_add(back, y)],
            second: [dx.mul_add(on, x), dy.mul_add(on, y)],
        }
    }

    /// Places in the first and in the second plane of size `dim`.
    #[inline(always)]
    pub fn points(self, (height, width): (usize, usize)) -> [Points<S>; 2] {
        let ([ax, ay], [bx, by]) = (self.first, self.second);
        [
            Points::of(ax, ay, width, height),
            Points::of(bx, by, width, height),
        ]
    }

    /// How much the sample of the second picture counts: t, unless one end lies outside.
    #[inline(always)]
    pub fn share_of_second(self, t: f32, dim: (usize, usize)) -> S::V {
        let first = seen::<S>(self.first, dim).mul(S::V::splat(1.0 - t));
        let second = seen::<S>(self.second, dim).mul(S::V::splat(t));
        second.div(first.add(second))
    }

    /// Samples at both ends in two planes of size `dim`, blended by time.
    #[inline(always)]
    pub fn blend(self, t: f32, dim: (usize, usize), first: &Spline, second: &Spline) -> S::V {
        let [a, b] = self.points(dim);
        let [va] = sampled::<S, 1>(from_ref(first), &a);
        let [vb] = sampled::<S, 1>(from_ref(second), &b);
        vb.sub(va).mul_add(self.share_of_second(t, dim), va)
    }
}

/// 1 inside the picture, [`OUTSIDE`] elsewhere.
#[inline(always)]
fn seen<S: Simd>([x, y]: [S::V; 2], (height, width): (usize, usize)) -> S::V {
    let v = S::V::splat;
    let middle = |len: usize| v(0.5 * (len as f32 - 1.0));
    let (mx, my) = (middle(width), middle(height));
    // Distance from the middle, which may be half the picture's size.
    let (x, y) = (x.sub(mx), y.sub(my));
    let (x, y) = (x.max(v(0.0).sub(x)), y.max(v(0.0).sub(y)));
    let inside_x = x.select_less(v(0.5 * width as f32), v(1.0), v(OUTSIDE));
    y.select_less(v(0.5 * height as f32), inside_x, v(OUTSIDE))
}
