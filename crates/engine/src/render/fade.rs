//! Cross-fade of two pictures: `(1-t) a + t b`.

use crate::picture::{BAND_SAMPLES, Picture, samples, samples_mut};
use rayon::prelude::*;

/// `(1-t) a + t b`, sample by sample; `a` and `b` are of one size and format.
pub fn cross_fade(a: &Picture, b: &Picture, t: f32) -> Picture {
    let mut out = a.clone();
    for (out, b) in out.planes_mut().iter_mut().zip(b.planes()) {
        samples_mut(out)
            .par_chunks_mut(BAND_SAMPLES)
            .zip(samples(b).par_chunks(BAND_SAMPLES))
            .for_each(|(out, b)| {
                for (o, &b) in out.iter_mut().zip(b) {
                    *o += t * (b - *o);
                }
            });
    }
    out
}
