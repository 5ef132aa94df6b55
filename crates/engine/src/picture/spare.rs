//! Memory pool of planes: in a clip every frame needs what the one before it has just given back, and that is neither zeroed nor
//! mapped anew.

use crate::pool::Pool;
use ndarray::Array2;

/// Planes that are kept at most, those of four pictures: as many more or less than usual are on their way through a clip's stages.
/// What is kept has been in use at one time, so the peak hardly grows by it (stills of 8K with `fast`: 1.73 GiB before, 1.78 with it).
const MOST_PLANES: usize = 12;
/// Smaller planes are not worth it: 256×256.
const LEAST_SAMPLES: usize = 1 << 16;

static SPARE: Pool<Vec<f32>> = Pool::new(MOST_PLANES);

/// Room for so many samples, whose values are left over from something else. Debug builds make them NaN, so that tests find what is
/// not written.
pub fn room(count: usize) -> Vec<f32> {
    let found = SPARE.take(|samples| samples.len() == count);
    let mut samples = found.unwrap_or_else(|| vec![0.0; count]);
    if cfg!(debug_assertions) {
        samples.fill(f32::NAN);
    }
    samples
}

/// Takes back what a plane is stored in; if there is enough already, the oldest goes.
pub(super) fn keep(plane: Array2<f32>) {
    if plane.len() < LEAST_SAMPLES {
        return;
    }
    let (samples, _) = plane.into_raw_vec_and_offset();
    SPARE.give(samples);
}
