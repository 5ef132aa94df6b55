//! Upsampling by two: sixteen pixels between samples at half size, bilinear.

use otinterp_simd::{LANES, Simd, Vector};

/// Samples at half size that sixteen pixels lie between.
pub const HALVES: usize = LANES / 2 + 1;

/// Sixteen pixels between the samples of two rows, bilinear: sample `k` stands at pixel `2k`; the row that is halfway is the mean
/// of the two, a row of samples itself is given twice.
#[inline(always)]
pub fn doubled<S: Simd>(upper: &[f32], lower: &[f32]) -> S::V {
    let (upper, lower) = (&upper[..HALVES], &lower[..HALVES]);
    let mut means = [0.0; HALVES];
    for ((mean, &a), &b) in means.iter_mut().zip(upper).zip(lower) {
        *mean = 0.5 * (a + b);
    }
    let mut out = [0.0; LANES];
    for (k, pair) in out.chunks_exact_mut(2).enumerate() {
        pair[0] = means[k];
        pair[1] = 0.5 * (means[k] + means[k + 1]);
    }
    S::V::load(&out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use otinterp_simd::{Kernel, Level};

    struct Doubled<'a>([&'a [f32]; 2]);

    impl Kernel for Doubled<'_> {
        type Output = [f32; LANES];

        #[inline(always)]
        fn run<S: Simd>(self) -> [f32; LANES] {
            let [upper, lower] = self.0;
            let mut out = [0.0; LANES];
            doubled::<S>(upper, lower).store(&mut out);
            out
        }
    }

    #[test]
    fn a_ramp_stays_a_ramp() {
        let row = |y: usize| -> Vec<f32> { (0..HALVES).map(|k| (40 * y + 2 * k) as f32).collect() };
        for level in Level::available() {
            for y in 0..8 {
                let out = level.run(Doubled([&row(y / 2), &row(y / 2 + y % 2)]));
                for (x, &v) in out.iter().enumerate() {
                    assert_eq!(v, (20 * y + x) as f32);
                }
            }
        }
    }
}
