//! Photometric error along a motion at half size, by which candidates are selected.

use super::candidates::Ends;
use super::spline::{Spline, sampled};
use crate::picture::{ColorModel, Picture, Plane, pyramid::halve};
use otinterp_simd::{Level as Cpu, Number, Simd};
use std::array::from_ref;

/// Luma of both pictures at half size, at the first one's brightness: it rules out candidates as well as all colours at full size
/// would.
#[derive(Debug)]
pub struct PhotometricError {
    first: Spline,
    second: Spline,
    /// From a difference in codes to one of three channels in `[0, 1]`.
    scale: f32,
}

impl PhotometricError {
    /// Of two pictures of one format and size.
    pub fn of(cpu: Cpu, first: &Picture, alike: &Picture) -> Self {
        let spline = |picture: &Picture| match luma(picture) {
            Some(luma) => Spline::of(cpu, &halve(cpu, &luma)),
            None => Spline::of(cpu, &halve(cpu, &picture.planes()[0])),
        };
        let (first_luma, second_luma) = rayon::join(|| spline(first), || spline(alike));
        Self {
            first: first_luma,
            second: second_luma,
            scale: 3.0 / first.format().max_code(),
        }
    }

    /// Size of the planes.
    #[inline(always)]
    pub fn dim(&self) -> (usize, usize) {
        (self.first.height, self.first.width)
    }

    /// Photometric error, as a sum over three channels in `[0, 1]`, along displacements `d` through `(x, y)` at `t`, in px of
    /// half size.
    #[inline(always)]
    pub fn difference<S: Simd>(&self, [x, y]: [S::V; 2], t: f32, d: [S::V; 2]) -> S::V {
        let [a, b] = Ends::<S>::of(x, y, t, d).points(self.dim());
        let [first] = sampled::<S, 1>(from_ref(&self.first), &a);
        let [second] = sampled::<S, 1>(from_ref(&self.second), &b);
        let apart = first.sub(second);
        let size = apart.max(S::V::splat(0.0).sub(apart));
        size.mul(S::V::splat(self.scale))
    }
}

/// `(R + 2G + B)/4`; in Y′CbCr and grey the first plane is luma.
fn luma(picture: &Picture) -> Option<Plane> {
    let [r, g, b, ..] = picture.planes() else {
        return None;
    };
    (picture.format().model == ColorModel::Rgb).then(|| {
        ndarray::Zip::from(r)
            .and(g)
            .and(b)
            .par_map_collect(|r, g, b| 0.25 * (r + b) + 0.5 * g)
    })
}
