//! Vectors and parts of them, where a row ends; the lanes' places.

use otinterp_simd::{LANES, Number, Simd, Vector};

/// Added and taken away, it rounds a number below 2^22 to the nearest integer.
const ROUND: f32 = 12_582_912.0;
/// The lanes' numbers.
const LANE: [f32; LANES] = [
    0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0,
];

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

/// `x`, `x + 1`, … in the lanes.
#[inline(always)]
pub fn counted<S: Simd>(x: f32) -> S::V {
    S::V::load(&LANE).add(S::V::splat(x))
}

/// The whole part of a number from 0 on.
#[inline(always)]
pub fn whole<S: Simd>(at: S::V) -> S::V {
    let v = S::V::splat;
    let nearest = at.add(v(ROUND)).sub(v(ROUND));
    nearest.sub(at.select_less(nearest, v(1.0), v(0.0)))
}
