//! Vectors and parts of them, where a row ends.

use crate::simd::{LANES, Simd, Vector};

/// A vector, its lanes beyond the slice's end 0.
#[inline(always)]
pub fn load<S: Simd>(from: &[f32]) -> S::V {
    if from.len() >= LANES {
        return S::V::load(from);
    }
    let mut lanes = [0.0; LANES];
    lanes[..from.len()].copy_from_slice(from);
    S::V::load(&lanes)
}

/// Writes up to a vector.
#[inline(always)]
pub fn store<S: Simd>(value: S::V, to: &mut [f32]) {
    if to.len() >= LANES {
        value.store(to);
    } else {
        value.store_first(to);
    }
}
