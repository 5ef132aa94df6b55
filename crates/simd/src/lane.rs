//! One lane in plain Rust, with an instruction for fused multiply-add and without.

use super::Number;

/// One lane; multiply-add is an instruction of the CPU, or else a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fused(f32);

/// One lane; multiply-add is made of others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Emulated(f32);

/// Low bits of an `f64` that an `f32` does not have, and what they are halfway between two of them.
pub(super) const BELOW_F32: u64 = (1 << 29) - 1;
pub(super) const HALFWAY: u64 = 1 << 28;

/// `a·b + c`, rounded once.
///
/// In `f64` the product is exact, and the sum is rounded there and then again. That makes one rounding of both unless the first one ends
/// halfway between two `f32` or among those with fewer bits: then it is done exactly, which takes long.
#[inline(always)]
fn mul_add(a: f32, b: f32, c: f32) -> f32 {
    let sum = f64::from(a) * f64::from(b) + f64::from(c);
    let is_small = sum.abs() < f64::from(f32::MIN_POSITIVE) && sum != 0.0;
    if sum.to_bits() & BELOW_F32 == HALFWAY || is_small {
        return exact_mul_add(a, b, c);
    }
    sum as f32
}

/// The same, whatever the sum.
#[cold]
#[inline(never)]
pub(super) fn exact_mul_add(a: f32, b: f32, c: f32) -> f32 {
    a.mul_add(b, c)
}

/// `(m, e)` of [`Number::split_exponent`] for one value.
#[inline(always)]
fn split(x: f32) -> (f32, f32) {
    let bits = x.to_bits() as i32;
    // 0x3f3504f3 is √½: the subtraction carries into the exponent field where m would reach √2.
    let e = (bits - 0x3f35_04f3) >> 23;
    (f32::from_bits((bits - (e << 23)) as u32), e as f32)
}

/// `2^n` from `n + 1.5 · 2^23`, whose low bits hold `n`.
#[inline(always)]
fn power_of_two(rounded: f32) -> f32 {
    f32::from_bits((rounded.to_bits() << 23).wrapping_add(0x3f80_0000))
}

macro_rules! one_lane {
    ($One:ident, |$a:ident, $b:ident, $c:ident| $mul_add:expr) => {
        impl From<$One> for f32 {
            #[inline(always)]
            fn from(lane: $One) -> f32 {
                lane.0
            }
        }

        impl Number for $One {
            #[inline(always)]
            fn splat(value: f32) -> Self {
                Self(value)
            }
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                Self(self.0 * other.0)
            }
            #[inline(always)]
            fn div(self, other: Self) -> Self {
                Self(self.0 / other.0)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                Self(self.0.sqrt())
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                if self.0 < other.0 { self } else { other }
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                if self.0 > other.0 { self } else { other }
            }
            #[inline(always)]
            fn mul_add(self, factor: Self, term: Self) -> Self {
                let ($a, $b, $c) = (self.0, factor.0, term.0);
                Self($mul_add)
            }
            #[inline(always)]
            fn select_less(self, other: Self, yes: Self, no: Self) -> Self {
                if self.0 < other.0 { yes } else { no }
            }
            #[inline(always)]
            fn times_power_of_two(self, rounded: Self) -> Self {
                Self(self.0 * power_of_two(rounded.0))
            }
            #[inline(always)]
            fn split_exponent(self) -> (Self, Self) {
                let (m, e) = split(self.0);
                (Self(m), Self(e))
            }
        }
    };
}

one_lane!(Fused, |a, b, c| a.mul_add(b, c));
one_lane!(Emulated, |a, b, c| mul_add(a, b, c));
