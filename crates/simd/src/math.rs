//! Branch-free `exp`, `ln` and `pow` for kernels, on one lane or on vectors.
//!
//! Range reduction and polynomials after Cephes (Moshier, *Methods and Programs for Mathematical
//! Functions*, 1989), single precision. The error bounds are tested over the whole range.

use super::{Number, Simd};

/// Adding and subtracting `1.5 · 2^23` rounds a small float to the nearest integer, which then also
/// stands in the low bits of the sum.
const ROUND: f32 = 12_582_912.0;
/// High part of ln 2, exact in few bits so that `n · LN2_HI` is exact for |n| < 2^9 (Cephes).
const LN2_HI: f32 = 0.693_359_4;
/// `ln 2 - LN2_HI`.
const LN2_LO: f32 = -2.121_944_4e-4;
/// Least argument of [`exp`] whose result is a normal number: `ln 2^-126 = -87.34`.
pub const EXP_LEAST: f32 = -87.0;
/// Largest argument of [`exp`]; `ln f32::MAX = 88.72`, and `2^127` is the largest factor.
pub const EXP_LARGEST: f32 = 88.0;

/// `exp(x)`, relative error at most 1.2e-7 (fused) or 2.4e-7 (not fused) on `[-87, 88]`; clamped
/// outside, so never 0 or infinite. NaN stays NaN.
#[inline(always)]
pub fn exp_of<N: Number>(x: N) -> N {
    exp_clamped(N::splat(EXP_LARGEST).min(N::splat(EXP_LEAST).max(x)))
}

/// [`exp_of`] for `x ≤ 88`, without the clamp from above.
#[inline(always)]
pub fn exp_of_at_most_88<N: Number>(x: N) -> N {
    exp_clamped(N::splat(EXP_LEAST).max(x))
}

/// `exp` on `[-87, 88]`.
#[inline(always)]
fn exp_clamped<N: Number>(x: N) -> N {
    let z = x.mul_add(N::splat(std::f32::consts::LOG2_E), N::splat(ROUND));
    let n = z.sub(N::splat(ROUND));
    let r = n.mul_add(N::splat(-LN2_LO), n.mul_add(N::splat(-LN2_HI), x));
    let mut p = N::splat(1.987_569_1e-4);
    p = p.mul_add(r, N::splat(1.398_2e-3));
    p = p.mul_add(r, N::splat(8.333_452e-3));
    p = p.mul_add(r, N::splat(4.166_579_6e-2));
    p = p.mul_add(r, N::splat(1.666_666_5e-1));
    p = p.mul_add(r, N::splat(5e-1));
    let y = p.mul_add(r.mul(r), r).add(N::splat(1.0));
    y.times_power_of_two(z)
}

/// `2^x`, relative error at most 7.6e-5, for `x ≤ 126`; below -126 it is `2^-126`. For weights whose exponents
/// are uncertain by more than that. The polynomial is the cubic of least relative error on `[-½, ½]` (Remez).
#[inline(always)]
pub fn exp2_coarse_of<N: Number>(x: N) -> N {
    let x = N::splat(-126.0).max(x);
    let z = x.add(N::splat(ROUND));
    let r = x.sub(z.sub(N::splat(ROUND)));
    let mut p = N::splat(5.517_167e-2);
    p = p.mul_add(r, N::splat(2.426_111_2e-1));
    p = p.mul_add(r, N::splat(6.932_61e-1));
    p = p.mul_add(r, N::splat(9.999_280_7e-1));
    p.times_power_of_two(z)
}

/// [`exp2_coarse_of`] one lane.
#[inline(always)]
pub fn exp2_coarse<S: Simd>(x: f32) -> f32 {
    exp2_coarse_of(S::One::splat(x)).into()
}

/// The whole number nearest to `x`, `|x| ≤ 2^22`, ties to even. Vectorises where `as` does not.
#[inline(always)]
pub fn nearest(x: f32) -> i32 {
    (x + ROUND).to_bits() as i32 - ROUND.to_bits() as i32
}

/// The largest whole number that is not above `x`, `|x| ≤ 2^22`; never -0.
#[inline(always)]
pub fn floor_of<N: Number>(x: N) -> N {
    let nearest = x.add(N::splat(ROUND)).sub(N::splat(ROUND));
    nearest.sub(x.select_less(nearest, N::splat(1.0), N::splat(0.0)))
}

/// `ln(x)` for positive normal `x`, absolute error at most 3e-7 · max(1, |ln x|).
///
/// Smaller and negative `x` and NaN count as the smallest normal number: the result is at
/// least -87.4.
#[inline(always)]
pub fn ln_of<N: Number>(x: N) -> N {
    let (m, e) = x.max(N::splat(f32::MIN_POSITIVE)).split_exponent();
    let f = m.sub(N::splat(1.0));
    let mut p = N::splat(7.037_683_6e-2);
    p = p.mul_add(f, N::splat(-1.151_461e-1));
    p = p.mul_add(f, N::splat(1.167_699_9e-1));
    p = p.mul_add(f, N::splat(-1.242_014_1e-1));
    p = p.mul_add(f, N::splat(1.424_932_3e-1));
    p = p.mul_add(f, N::splat(-1.666_805_8e-1));
    p = p.mul_add(f, N::splat(2.000_071_4e-1));
    p = p.mul_add(f, N::splat(-2.499_999_4e-1));
    p = p.mul_add(f, N::splat(3.333_333e-1));
    let f2 = f.mul(f);
    let low = N::splat(-0.5).mul_add(f2, e.mul(N::splat(LN2_LO)));
    let tail = p.mul_add(f.mul(f2), low);
    e.mul_add(N::splat(LN2_HI), f.add(tail))
}

/// [`exp_of`] one lane.
#[inline(always)]
pub fn exp<S: Simd>(x: f32) -> f32 {
    exp_of(S::One::splat(x)).into()
}

/// [`ln_of`] one lane.
#[inline(always)]
pub fn ln<S: Simd>(x: f32) -> f32 {
    ln_of(S::One::splat(x)).into()
}

/// `x^p` for positive `x`, as `exp(p · ln x)`.
#[inline(always)]
pub fn pow<S: Simd>(x: f32, p: f32) -> f32 {
    exp::<S>(p * ln::<S>(x))
}

#[cfg(test)]
mod tests {
    use super::super::lane::{Emulated, Fused};
    use super::*;

    /// Largest relative error of `exp` over `[-87, 88]`, every 211th float and the ends.
    fn worst_exp<N: Number + Into<f32>>() -> f64 {
        let below = (0.0f32.to_bits()..=88.0f32.to_bits()).step_by(211);
        let above = ((-0.0f32).to_bits()..=(-87.0f32).to_bits()).step_by(211);
        let ends = [88.0f32.to_bits(), (-87.0f32).to_bits()];
        below
            .chain(above)
            .chain(ends)
            .map(|bits| {
                let x = f32::from_bits(bits);
                let truth = f64::from(x).exp();
                let got: f32 = exp_of(N::splat(x)).into();
                ((f64::from(got) - truth) / truth).abs()
            })
            .fold(0.0, f64::max)
    }

    /// Largest absolute error of `ln` over `max(1, |ln x|)`, for every 211th positive normal float.
    fn worst_ln<N: Number + Into<f32>>() -> f64 {
        (0x0080_0000u32..0x7f80_0000)
            .step_by(211)
            .map(|bits| {
                let x = f32::from_bits(bits);
                let truth = f64::from(x).ln();
                let got: f32 = ln_of(N::splat(x)).into();
                (f64::from(got) - truth).abs() / truth.abs().max(1.0)
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn exp_is_within_its_bound_over_its_range() {
        let worst = worst_exp::<Fused>();
        assert!(worst < 1.2e-7, "{worst:e}");
        for x in [0.0, -0.0] {
            assert_eq!(f32::from(exp_of(Fused::splat(x))), 1.0);
        }
        for x in [-1e30, f32::NEG_INFINITY] {
            let least: f32 = exp_of(Fused::splat(x)).into();
            assert!(least > 0.0 && least < 2e-38);
        }
        for x in [1e30, f32::INFINITY] {
            let largest: f32 = exp_of(Fused::splat(x)).into();
            assert!(largest > 1e38 && largest.is_finite());
        }
        assert!(f32::from(exp_of(Fused::splat(f32::NAN))).is_nan());
    }

    #[test]
    fn the_coarse_power_of_two_is_within_its_bound_over_its_range() {
        for step in -126_000..=126_000 {
            let x = step as f32 / 1000.0;
            let truth = f64::from(x).exp2();
            let got: [f32; 2] = [
                exp2_coarse_of(Fused::splat(x)).into(),
                exp2_coarse_of(Emulated::splat(x)).into(),
            ];
            for got in got {
                let error = (f64::from(got) - truth).abs() / truth;
                assert!(error < 7.6e-5, "{x}: {error:e}");
            }
        }
        let least: f32 = exp2_coarse_of(Fused::splat(-1e9)).into();
        assert!(least > 0.0 && least < 2e-38);
    }

    #[test]
    fn nearest_whole_numbers_are_exact() {
        for n in [-4_194_303, -5700, -1, 0, 1, 65_535, 4_194_303] {
            for beside in [-0.25f32, 0.0, 0.25] {
                assert_eq!(nearest(n as f32 + beside), n);
            }
        }
        assert_eq!([0.5, 1.5, -0.5].map(nearest), [0, 2, 0]);
    }

    #[test]
    fn floors_are_exact() {
        for n in [-4_194_303, -5700, -1, 0, 1, 65_535, 4_194_303] {
            for beside in [-0.5f32, -0.25, 0.0, 0.25, 0.5] {
                let x = n as f32 + beside;
                let floor: f32 = floor_of(Fused::splat(x)).into();
                assert_eq!(floor, x.floor(), "{x}");
            }
        }
        for x in [0.999_999_94, -1e-30, 1.000_000_1, -0.0] {
            let floor: f32 = floor_of(Fused::splat(x)).into();
            assert_eq!(floor, x.floor(), "{x}");
        }
    }

    #[test]
    fn ln_is_within_its_bound_over_its_range() {
        let worst = worst_ln::<Fused>();
        assert!(worst < 3e-7, "{worst:e}");
        assert_eq!(f32::from(ln_of(Fused::splat(1.0))), 0.0);
        for x in [0.0, -1.0, 1e-42, f32::NAN] {
            let least: f32 = ln_of(Fused::splat(x)).into();
            assert!((-87.4..-87.3).contains(&least));
        }
    }
}
