//! The cross-fade.

use crate::picture::Picture;
use ndarray::Zip;

/// `(1-t) a + t b`, sample by sample; `a` and `b` are of one size and format.
pub fn cross_fade(a: &Picture, b: &Picture, t: f32) -> Picture {
    let mut out = a.clone();
    for (o, b) in out.planes_mut().iter_mut().zip(b.planes()) {
        Zip::from(o).and(b).par_for_each(|o, &b| *o += t * (b - *o));
    }
    out
}
