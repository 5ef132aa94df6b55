//! 16 lanes as an array in plain Rust: for the CPUs that have no level of their own, and for NEON, whose registers the
//! compiler fills well by itself. On x86-64 they are what the tests hold the other levels against, and no kernel of the
//! program is compiled for them.

use super::lane::Emulated;
#[cfg(any(test, target_arch = "aarch64"))]
use super::lane::Fused;
use super::{LANES, Number, Simd, Vector};

/// Emulated multiply and add: the baseline but on x86-64, where it is the tests' reference for SSE2.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scalar;

impl Simd for Scalar {
    type V = Array<Emulated>;
    type One = Emulated;
    const REGISTERS: usize = 4;
}

/// Fused multiply-add: NEON, which every 64-bit Arm has, elsewhere the tests' reference for all levels.
#[cfg(any(test, target_arch = "aarch64"))]
#[derive(Debug, Clone, Copy)]
pub(super) struct FusedArray;

#[cfg(any(test, target_arch = "aarch64"))]
impl Simd for FusedArray {
    type V = Array<Fused>;
    type One = Fused;
    const REGISTERS: usize = 8;
}

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
