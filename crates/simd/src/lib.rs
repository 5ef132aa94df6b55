//! CPU levels, the vector trait, and the one place where a kernel meets them.
//!
//! A kernel's body is written once, as a [`Kernel`]: safe Rust, generic over [`Simd`], all of it
//! `#[inline(always)]`. [`Level::run`] calls it from inside a shell compiled for the CPU at hand. A
//! body has two ways to be fast there: plain loops over slices with [`Simd::mul_add`] and the
//! one-lane functions of [`math`], which the compiler turns into that CPU's vector instructions; or
//! [`Simd::V`], a vector of [`LANES`] lanes on every CPU, where registers matter.
//!
//! **The levels.** On x86-64 SSE2, AVX2 and AVX-512; on 64-bit Arm the scalar level and NEON; elsewhere the scalar level
//! alone. A kernel is compiled for each level of its target, so every level more is time for all of them.
//!
//! **What is equal across levels.** Every vector has 16 lanes and one order of summation
//! ([`Vector::sum`]), whatever the registers' width, so a body gives the same bits with AVX2,
//! AVX-512 and NEON. The lowest level of a target differs in one thing: the baseline of x86-64 has no fused
//! multiply-add and calling one from the C library costs 20 to 50 times as much as two roundings, so
//! there `a * b + c` is rounded twice. SSE2 and the scalar level agree in that, and to the bit. One `mul_add` then differs
//! by at most half an ULP of the product and one of the result; a sum of `n` products by at most `2n · 2^-24 · Σ|a_i b_i|`;
//! [`math::exp`] and [`math::exp2_coarse`] by at most 2 ULP and [`math::ln`] by at most `3e-7 · max(1, |ln x|)`.
//!
//! Where a row ends, [`partial`] has vectors of fewer values.
//!
//! This is the only crate with `unsafe` code.

#[cfg(target_arch = "x86_64")]
#[macro_use]
mod x86;

#[cfg(any(test, not(target_arch = "x86_64")))]
mod array;
#[cfg(target_arch = "x86_64")]
mod avx;
mod buffer;
mod lane;
mod level;
pub mod math;
pub mod partial;
#[cfg(target_arch = "x86_64")]
mod sse2;
#[cfg(test)]
mod tests;

pub use buffer::Buffer;
pub use level::{Level, LevelError};

/// Lanes of a [`Simd::V`], on every CPU.
pub const LANES: usize = 16;

/// Arithmetic on one or more `f32` lanes, lane by lane.
pub trait Number: Copy {
    /// The same value in every lane.
    fn splat(value: f32) -> Self;
    /// `self + other`.
    fn add(self, other: Self) -> Self;
    /// `self - other`.
    fn sub(self, other: Self) -> Self;
    /// `self · other`.
    fn mul(self, other: Self) -> Self;
    /// `self / other`.
    fn div(self, other: Self) -> Self;
    /// The square root, correctly rounded.
    fn sqrt(self) -> Self;
    /// `self` where `self < other`, else `other`: also where one of them is NaN.
    fn min(self, other: Self) -> Self;
    /// `self` where `self > other`, else `other`: also where one of them is NaN.
    fn max(self, other: Self) -> Self;
    /// `self · factor + term`, rounded once where the level has fused multiply-add, else twice.
    fn mul_add(self, factor: Self, term: Self) -> Self;
    /// `yes` where `self < other`, else `no`.
    fn select_less(self, other: Self, yes: Self, no: Self) -> Self;
    /// `self · 2^n` for `rounded = n + 1.5 · 2^23` with a whole `n` in `-126..=127`.
    fn times_power_of_two(self, rounded: Self) -> Self;
    /// `(m, e)` with `self = m · 2^e` and `m` in `[√½, √2)`, for positive normal `self`.
    fn split_exponent(self) -> (Self, Self);
}

/// [`LANES`] lanes.
pub trait Vector: Number {
    /// The first [`LANES`] values. Any alignment.
    ///
    /// # Panics
    /// If there are fewer.
    fn load(from: &[f32]) -> Self;
    /// Overwrites the first [`LANES`] values. Any alignment.
    ///
    /// # Panics
    /// If there are fewer.
    fn store(self, to: &mut [f32]);
    /// Hints that the value `ahead` places behind the slice's first will be read soon; there need not be one.
    fn prefetch(from: &[f32], ahead: usize);
    /// Overwrites all of fewer than [`LANES`] values with the first lanes.
    fn store_first(self, to: &mut [f32]);
    /// `N ≤ LANES` vectors, of which the `w`-th starts at `from[w]`.
    ///
    /// # Panics
    /// If there are fewer than `LANES + N - 1` values.
    fn load_shifted<const N: usize>(from: &[f32]) -> [Self; N];
    /// In lane l the sum over `j` and `i` of `wy[j] · wx[i] · from[j · stride + i + l]`, row by row: samples of a picture, weighted.
    ///
    /// # Panics
    /// If there are fewer than `(NY - 1) · stride + LANES + NX - 1` values.
    #[inline(always)]
    fn weighted_sum<const NX: usize, const NY: usize>(
        from: &[f32],
        stride: usize,
        wx: &[Self; NX],
        wy: &[Self; NY],
    ) -> Self {
        let mut sum = Self::splat(0.0);
        for (j, &wy) in wy.iter().enumerate() {
            let near = Self::load_shifted::<NX>(&from[j * stride..]);
            let mut along = wx[0].mul(near[0]);
            for i in 1..NX {
                along = wx[i].mul_add(near[i], along);
            }
            sum = along.mul_add(wy, sum);
        }
        sum
    }
    /// In every lane the value at index `row · stride + column` of `from`, for whole rows and columns from 0 on.
    ///
    /// # Panics
    /// If a lane has no such value.
    fn pick(from: &[f32], stride: usize, column: Self, row: Self) -> Self;
    /// Adds `N ≤ LANES` vectors, of which the `w`-th begins `w` lanes up, from the last to the first: the lanes of the
    /// first vector, and the up to `N - 1` beyond them.
    fn add_shifted<const N: usize>(vectors: [Self; N]) -> (Self, Self);
    /// The same with the larger of each two lanes; `least` is below all, also in the lanes that none of them has.
    fn max_shifted<const N: usize>(vectors: [Self; N], least: Self) -> (Self, Self);
    /// Sum of all lanes: lane `i` and lane `i + 8`, then `i + 4`, `i + 2`, `i + 1`.
    fn sum(self) -> f32;
    /// Largest lane, compared in the order of [`Vector::sum`].
    fn largest(self) -> f32;
}

/// A level's types.
pub trait Simd: Copy {
    /// [`LANES`] lanes.
    type V: Vector;
    /// One lane, with the same rounding.
    type One: Number + Into<f32>;
    /// How many vectors of [`Self::V`] the CPU's registers hold. Loops may keep more or fewer sums
    /// at once by it, never sum in another order.
    const REGISTERS: usize;

    /// `a * b + c` as [`Number::mul_add`] rounds it.
    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        Self::One::splat(a)
            .mul_add(Self::One::splat(b), Self::One::splat(c))
            .into()
    }
}

/// A hot loop. Implementations and all that they call must be `#[inline(always)]`, or they are compiled
/// for the baseline CPU. That goes for the library as well: array functions such as `array::from_fn` and
/// `map` are calls, and carry vectors through memory.
///
/// Each is one function for every level, with all that it inlines, and the compiler's time grows faster than a function's size: what has
/// several steps is better several kernels.
pub trait Kernel {
    /// What the loop returns.
    type Output;
    /// The loop.
    fn run<S: Simd>(self) -> Self::Output;
}
