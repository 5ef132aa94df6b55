//! Branch-free `exp`, `ln` and `pow` for kernels.
//!
//! Range reduction and polynomials after Cephes (Moshier, *Methods and Programs for Mathematical
//! Functions*, 1989), single precision. Error bounds are tested below over the whole range.

use super::Arith;

/// Adding and subtracting `1.5 · 2^23` rounds a small float to the nearest integer, which then also
/// stands in the low bits of the sum.
const ROUND: f32 = 12_582_912.0;
/// High part of ln 2, exact in few bits so that `n · LN2_HI` is exact for |n| < 2^9 (Cephes).
const LN2_HI: f32 = 0.693_359_4;
/// `ln 2 - LN2_HI`.
const LN2_LO: f32 = -2.121_944_4e-4;

/// `exp(x)`, relative error at most 3e-7 on `[-87, 88]`; clamped outside, so never 0 or infinite.
#[inline(always)]
pub fn exp<A: Arith>(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    let z = A::mul_add(x, std::f32::consts::LOG2_E, ROUND);
    let n = z - ROUND;
    let r = A::mul_add(n, -LN2_LO, A::mul_add(n, -LN2_HI, x));
    let mut p = 1.987_569_1e-4;
    p = A::mul_add(p, r, 1.398_2e-3);
    p = A::mul_add(p, r, 8.333_452e-3);
    p = A::mul_add(p, r, 4.166_579_6e-2);
    p = A::mul_add(p, r, 1.666_666_5e-1);
    p = A::mul_add(p, r, 5e-1);
    let y = A::mul_add(p, r * r, r) + 1.0;
    // 2^n, built in the exponent bits.
    y * f32::from_bits((z.to_bits() << 23).wrapping_add(0x3f80_0000))
}

/// `ln(x)` for positive normal `x`, absolute error at most 3e-7 · max(1, |ln x|).
///
/// Smaller and negative `x` count as the smallest normal number: the result is at least -87.4.
#[inline(always)]
pub fn ln<A: Arith>(x: f32) -> f32 {
    let bits = x.max(f32::MIN_POSITIVE).to_bits() as i32;
    // x = m · 2^e with m in [sqrt(1/2), sqrt(2)).
    let e = (bits - 0x3f35_04f3) >> 23;
    let m = f32::from_bits((bits - (e << 23)) as u32);
    let e = e as f32;
    let f = m - 1.0;
    let mut p = 7.037_683_6e-2;
    p = A::mul_add(p, f, -1.151_461e-1);
    p = A::mul_add(p, f, 1.167_699_9e-1);
    p = A::mul_add(p, f, -1.242_014_1e-1);
    p = A::mul_add(p, f, 1.424_932_3e-1);
    p = A::mul_add(p, f, -1.666_805_8e-1);
    p = A::mul_add(p, f, 2.000_071_4e-1);
    p = A::mul_add(p, f, -2.499_999_4e-1);
    p = A::mul_add(p, f, 3.333_333e-1);
    let f2 = f * f;
    let tail = A::mul_add(p, f * f2, A::mul_add(-0.5, f2, e * LN2_LO));
    A::mul_add(e, LN2_HI, f + tail)
}

/// `x^p` for positive `x`, as `exp(p · ln x)`.
#[inline(always)]
pub fn pow<A: Arith>(x: f32, p: f32) -> f32 {
    exp::<A>(p * ln::<A>(x))
}

#[cfg(test)]
mod tests {
    use super::super::{Fused, Separate};
    use super::*;

    fn worst_exp<A: Arith>() -> f64 {
        (-870_000..=880_000)
            .map(|i| {
                let x = i as f32 * 1e-4;
                let truth = f64::from(x).exp();
                ((f64::from(exp::<A>(x)) - truth) / truth).abs()
            })
            .fold(0.0, f64::max)
    }

    fn worst_ln<A: Arith>() -> f64 {
        // Every exponent of a positive normal float, 4096 mantissas each.
        (0x0080_0000u32..0x7f80_0000)
            .step_by(1 << 11)
            .map(|bits| {
                let x = f32::from_bits(bits);
                let truth = f64::from(x).ln();
                (f64::from(ln::<A>(x)) - truth).abs() / truth.abs().max(1.0)
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn exp_is_within_its_bound_over_its_range() {
        assert!(worst_exp::<Fused>() < 3e-7, "{}", worst_exp::<Fused>());
        assert!(
            worst_exp::<Separate>() < 3e-7,
            "{}",
            worst_exp::<Separate>()
        );
        assert_eq!(exp::<Fused>(0.0), 1.0);
        assert!(exp::<Fused>(-1e30) > 0.0 && exp::<Fused>(1e30).is_finite());
    }

    #[test]
    fn ln_is_within_its_bound_over_its_range() {
        assert!(worst_ln::<Fused>() < 3e-7, "{}", worst_ln::<Fused>());
        assert!(worst_ln::<Separate>() < 3e-7, "{}", worst_ln::<Separate>());
        assert_eq!(ln::<Fused>(1.0), 0.0);
        assert!(ln::<Fused>(0.0) > -88.0);
    }
}
