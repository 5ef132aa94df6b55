//! Lanes in plain Rust: one lane, and arrays of 16 for levels whose registers the compiler fills
//! well by itself (the scalar level and NEON).

use super::{LANES, Number, Simd, Vector};

/// The level without run-time detection: baseline x86-64 and whatever else.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scalar;

impl Simd for Scalar {
    type V = Array<Separate>;
    type One = Separate;
    const REGISTERS: usize = 4;
}

/// Fused multiply-add on arrays: NEON, which every 64-bit Arm has. On other CPUs it is the reference
/// that the tests hold the vector levels against.
#[cfg(any(test, target_arch = "aarch64"))]
#[derive(Debug, Clone, Copy)]
pub(super) struct FusedArray;

#[cfg(any(test, target_arch = "aarch64"))]
impl Simd for FusedArray {
    type V = Array<Fused>;
    type One = Fused;
    const REGISTERS: usize = 8;
}

/// One lane; multiply and add are fused.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fused(f32);

/// One lane; multiply and add are rounded separately.
#[derive(Debug, Clone, Copy)]
pub(super) struct Separate(f32);

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
one_lane!(Separate, |a, b, c| a * b + c);

/// 16 lanes as an array.
#[derive(Debug, Clone, Copy)]
pub(super) struct Array<One>([One; LANES]);

impl<One: Number> Array<One> {
    #[inline(always)]
    fn zip(mut self, other: Self, operation: impl Fn(One, One) -> One) -> Self {
        for (a, b) in self.0.iter_mut().zip(other.0) {
            *a = operation(*a, b);
        }
        self
    }

    #[inline(always)]
    fn fold(mut self, operation: impl Fn(One, One) -> One) -> One {
        for width in [8, 4, 2, 1] {
            for i in 0..width {
                self.0[i] = operation(self.0[i], self.0[i + width]);
            }
        }
        self.0[0]
    }
}

/// [`Vector::add_shifted`] for any operation; `neutral` stands in lanes that no vector has.
#[inline(always)]
fn joined_shifted<One: Number, const N: usize>(
    vectors: [Array<One>; N],
    neutral: One,
    join: impl Fn(One, One) -> One,
) -> (Array<One>, Array<One>) {
    let mut lanes = [neutral; 2 * LANES];
    for (w, vector) in vectors.iter().enumerate().rev() {
        for (joined, &lane) in lanes[w..].iter_mut().zip(&vector.0) {
            *joined = join(lane, *joined);
        }
    }
    let (mut low, mut high) = ([neutral; LANES], [neutral; LANES]);
    low.copy_from_slice(&lanes[..LANES]);
    high.copy_from_slice(&lanes[LANES..]);
    (Array(low), Array(high))
}

impl<One: Number> Number for Array<One> {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self([One::splat(value); LANES])
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, One::add)
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, One::sub)
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, One::mul)
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self.zip(other, One::div)
    }
    #[inline(always)]
    fn sqrt(mut self) -> Self {
        for lane in &mut self.0 {
            *lane = lane.sqrt();
        }
        self
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        self.zip(other, One::min)
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.zip(other, One::max)
    }
    #[inline(always)]
    fn mul_add(mut self, factor: Self, term: Self) -> Self {
        for i in 0..LANES {
            self.0[i] = self.0[i].mul_add(factor.0[i], term.0[i]);
        }
        self
    }
    #[inline(always)]
    fn select_less(mut self, other: Self, yes: Self, no: Self) -> Self {
        for i in 0..LANES {
            self.0[i] = self.0[i].select_less(other.0[i], yes.0[i], no.0[i]);
        }
        self
    }
    #[inline(always)]
    fn times_power_of_two(self, rounded: Self) -> Self {
        self.zip(rounded, One::times_power_of_two)
    }
    #[inline(always)]
    fn split_exponent(self) -> (Self, Self) {
        let (mut m, mut e) = (self, self);
        for i in 0..LANES {
            (m.0[i], e.0[i]) = self.0[i].split_exponent();
        }
        (m, e)
    }
}

impl<One: Number + Into<f32>> Vector for Array<One> {
    #[inline(always)]
    fn load(from: &[f32]) -> Self {
        let from = &from[..LANES];
        let mut lanes = [One::splat(0.0); LANES];
        for (lane, &value) in lanes.iter_mut().zip(from) {
            *lane = One::splat(value);
        }
        Self(lanes)
    }
    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        for (value, lane) in to[..LANES].iter_mut().zip(self.0) {
            *value = lane.into();
        }
    }
    #[inline(always)]
    fn store_first(self, to: &mut [f32]) {
        for (value, lane) in to.iter_mut().zip(self.0) {
            *value = lane.into();
        }
    }
    #[inline(always)]
    fn prefetch(_: &[f32], _: usize) {}
    #[inline(always)]
    fn load_shifted<const N: usize>(from: &[f32]) -> [Self; N] {
        let mut vectors = [Self::splat(0.0); N];
        for (w, vector) in vectors.iter_mut().enumerate() {
            *vector = Self::load(&from[w..]);
        }
        vectors
    }
    #[inline(always)]
    fn pick(from: &[f32], stride: usize, column: Self, row: Self) -> Self {
        let mut lanes = [One::splat(0.0); LANES];
        for (lane, (column, row)) in lanes.iter_mut().zip(column.0.into_iter().zip(row.0)) {
            let (column, row): (f32, f32) = (column.into(), row.into());
            // By way of 32 bits: one instruction.
            *lane = One::splat(from[(row as u32) as usize * stride + (column as u32) as usize]);
        }
        Self(lanes)
    }
    #[inline(always)]
    fn add_shifted<const N: usize>(vectors: [Self; N]) -> (Self, Self) {
        joined_shifted(vectors, One::splat(0.0), One::add)
    }
    #[inline(always)]
    fn max_shifted<const N: usize>(vectors: [Self; N], least: Self) -> (Self, Self) {
        joined_shifted(vectors, least.0[0], One::max)
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        self.fold(One::add).into()
    }
    #[inline(always)]
    fn largest(self) -> f32 {
        self.fold(One::max).into()
    }
}
