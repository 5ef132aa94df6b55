//! Samples along a motion: both pictures at its two ends blended, and the photometric error between them.

use super::candidates::Ends;
use super::spline::{Spline, sampled};
use crate::frame_pyramid::BrightnessChange;
use otinterp_simd::partial::counted;
use otinterp_simd::{Number, Simd};

/// The full-size colour planes of two pictures, which can be compared pixel by pixel.
#[derive(Debug, Clone, Copy)]
pub struct Colors<'a, const P: usize> {
    /// Of the first picture.
    pub firsts: &'a [Spline; P],
    /// Of the second.
    pub seconds: &'a [Spline; P],
    /// What takes the second picture's values to the first's brightness where the two are compared.
    pub brightness: &'a BrightnessChange,
    /// From a difference summed over the planes, in codes, to one of three channels in `[0, 1]`.
    pub scale: f32,
}

/// As many planes as there are.
#[derive(Debug, Clone, Copy)]
pub enum AnyColors<'a> {
    /// Grey, or luma beside subsampled chroma.
    One(Colors<'a, 1>),
    /// Three colours.
    Three(Colors<'a, 3>),
}

impl<const P: usize> Colors<'_, P> {
    /// The values of sixteen pixels from `(y, x)` on along displacements `d` at `t`, and the photometric error,
    /// summed over three channels in `[0, 1]`.
    #[inline(always)]
    pub fn along<S: Simd>(&self, [y, x]: [usize; 2], t: f32, d: [S::V; 2]) -> ([S::V; P], S::V) {
        let v = S::V::splat;
        let zero = v(0.0);
        let dim = (self.firsts[0].height, self.firsts[0].width);
        let ends = Ends::<S>::of(counted::<S>(x as f32), v(y as f32), t, d);
        let share = ends.share_of_second(t, dim);
        let [a, b] = ends.points(dim);
        let mut values = sampled::<S, P>(self.firsts, &a);
        let seconds = sampled::<S, P>(self.seconds, &b);
        let gain = v(self.brightness.gain);
        let mut difference = zero;
        let pairs = values.iter_mut().zip(&seconds);
        for ((va, vb), offset) in pairs.zip(&self.brightness.offsets) {
            let apart = va.sub(vb.mul_add(gain, v(*offset)));
            difference = difference.add(apart.max(zero.sub(apart)));
            // As a correction to the one sample: two equal samples give exactly that value.
            *va = vb.sub(*va).mul_add(share, *va);
        }
        (values, difference.mul(v(self.scale)))
    }
}
