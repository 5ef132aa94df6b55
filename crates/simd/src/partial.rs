//! Vectors where a row ends, of which only the first lanes have a value; and the numbers of the lanes.
//!
//! For loops over a row in steps of [`LANES`] whose last step is a shorter one: `load(&row[x..])`, and
//! `store(value, &mut row[x..])`.

use super::{LANES, Number, Simd, Vector};

/// The lanes' numbers.
const LANE: [f32; LANES] = [
    0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0,
];

/// The first [`LANES`] values, or all, the lanes beyond the slice's end 0.
#[inline(always)]
pub fn load<S: Simd>(from: &[f32]) -> S::V {
    if from.len() >= LANES {
        return S::V::load(from);
    }
    let mut lanes = [0.0; LANES];
    lanes[..from.len()].copy_from_slice(from);
    S::V::load(&lanes)
}

/// Overwrites the first [`LANES`] values, or all.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kernel, Level};

    /// One step over a row of that many values.
    struct Step(usize);

    impl Kernel for Step {
        type Output = [Vec<f32>; 2];

        #[inline(always)]
        fn run<S: Simd>(self) -> Self::Output {
            let row: Vec<f32> = (0..self.0).map(|i| 3.0 + i as f32).collect();
            let mut loaded = vec![-7.0; LANES];
            load::<S>(&row).store(&mut loaded);
            let mut stored = vec![-7.0; self.0];
            store::<S>(counted::<S>(5.0), &mut stored);
            [loaded, stored]
        }
    }

    #[test]
    fn lanes_beyond_the_end_are_zeros_and_are_not_written() {
        for level in Level::available() {
            for len in 0..2 * LANES {
                let [loaded, stored] = level.run(Step(len));
                for (i, lane) in loaded.into_iter().enumerate() {
                    let there = if i < len { 3.0 + i as f32 } else { 0.0 };
                    assert_eq!(lane, there, "{} {len}: lane {i}", level.name());
                }
                for (i, value) in stored.into_iter().enumerate() {
                    let there = if i < LANES { 5.0 + i as f32 } else { -7.0 };
                    assert_eq!(value, there, "{} {len}: value {i}", level.name());
                }
            }
        }
    }
}
