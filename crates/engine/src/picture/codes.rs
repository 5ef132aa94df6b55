//! Code value conversion: samples between `f32` and the whole numbers that files hold, as plain loops over slices. On the way to files
//! they are compiled for the CPU at hand (on the way back, which memory bounds, that gains nothing).

use otinterp_simd::{Kernel, Level as Cpu, Simd};

/// 2²³: added to a float in `[0, 2²²]`, it leaves the nearest whole number, halves to even, in the sum's low bits.
pub const WHOLE: f32 = 8_388_608.0;

/// The nearest whole number in `0..=max`, halves to even; `max` is whole and at most 65535. What is no number becomes 0.
#[inline(always)]
pub fn nearest(value: f32, max: f32) -> u16 {
    (clamped(value, max) + WHOLE).to_bits() as u16
}

/// Values as bytes: the nearest whole numbers, halves to even, in `0..=255`. Both slices are of one length.
pub fn to_bytes(values: &[f32], bytes: &mut [u8]) {
    Cpu::current_or_baseline().run(ToBytes(values, bytes));
}

struct ToBytes<'a>(&'a [f32], &'a mut [u8]);

impl Kernel for ToBytes<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        for (&value, byte) in self.0.iter().zip(self.1) {
            *byte = nearest(value, 255.0) as u8;
        }
    }
}

/// Values as 16-bit codes, little endian, two bytes each: as [`to_bytes`], in `0..=65535`.
pub fn to_words(values: &[f32], bytes: &mut [u8]) {
    Cpu::current_or_baseline().run(ToWords(values, bytes));
}

struct ToWords<'a>(&'a [f32], &'a mut [u8]);

impl Kernel for ToWords<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        for (&value, bytes) in self.0.iter().zip(self.1.as_chunks_mut::<2>().0) {
            *bytes = nearest(value, 65_535.0).to_le_bytes();
        }
    }
}

/// Bytes as values, appended.
pub fn extend_from_bytes(values: &mut Vec<f32>, bytes: &[u8]) {
    values.extend(bytes.iter().map(|&byte| f32::from(byte)));
}

/// 16-bit codes, little endian, as values, appended.
pub fn extend_from_words(values: &mut Vec<f32>, bytes: &[u8]) {
    let words = bytes.as_chunks::<2>().0.iter();
    values.extend(words.map(|&bytes| f32::from(u16::from_le_bytes(bytes))));
}

/// Rounds to whole numbers in `0..=max`, halves to even; `max` is whole and at most 65535. What is no number becomes 0.
pub fn round(values: &mut [f32], max: f32) {
    for value in values {
        *value = (clamped(*value, max) + WHOLE) - WHOLE;
    }
}

/// Written so that it is two instructions on any vector unit, whatever it has for numbers that are none.
#[inline(always)]
fn clamped(value: f32, max: f32) -> f32 {
    let value = if value > 0.0 { value } else { 0.0 };
    if value < max { value } else { max }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Halves, thirds and what lies outside, around every code.
    fn values(max: u32) -> Vec<f32> {
        let around = [-0.5, -0.25, 0.0, 1.0 / 3.0, 0.5];
        let inside = (0..=max).flat_map(|code| around.map(|d| code as f32 + d));
        inside.chain([-1e9, 1e9, f32::INFINITY]).collect()
    }

    #[test]
    fn rounding_is_to_the_nearest_and_halves_to_even() {
        for max in [1, 255, 1023, 65_535] {
            let limit = max as f32;
            let mut found = values(max);
            let expected: Vec<f32> = found
                .iter()
                .map(|v| v.round_ties_even().clamp(0.0, limit))
                .collect();
            round(&mut found, limit);
            assert_eq!(found, expected, "up to {max}");
        }
        let mut none = [f32::NAN, -0.0];
        round(&mut none, 255.0);
        assert_eq!(none.map(f32::to_bits), [0, 0]);
    }

    #[test]
    fn codes_survive_the_way_there_and_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        let mut values = Vec::new();
        extend_from_bytes(&mut values, &bytes);
        let mut back = vec![1; bytes.len()];
        to_bytes(&values, &mut back);
        assert_eq!(back, bytes);
        to_bytes(&[-3.0, 300.0, 0.5, 1.5], &mut back[..4]);
        assert_eq!(back[..4], [0, 255, 0, 2]);

        let words: Vec<u8> = (0..=65_535u16).flat_map(u16::to_le_bytes).collect();
        let mut values = Vec::new();
        extend_from_words(&mut values, &words);
        assert_eq!(values[258], 258.0);
        let mut back = vec![1; words.len()];
        to_words(&values, &mut back);
        assert_eq!(back, words);
    }
}
