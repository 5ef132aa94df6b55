//! CPU levels and the one place where a kernel meets them.
//!
//! A kernel's body is written once, as a [`Kernel`]: safe Rust over slices with fixed-length inner
//! loops, all of it `#[inline(always)]`. [`Level::run`] calls it from inside a shell compiled for the
//! CPU at hand, where the compiler turns those loops into that CPU's vector instructions. This is
//! the only module with `unsafe` code, and the shells are all of it.

mod level;
pub mod math;

pub use level::{Level, LevelError};

/// What a kernel's body is generic over.
pub use self::Arith as Simd;

/// How a kernel multiplies and adds: fused where the CPU can.
pub trait Arith: Copy {
    /// `a * b + c`, rounded once where the level has fused multiply-add, twice elsewhere.
    fn mul_add(a: f32, b: f32, c: f32) -> f32;
}

/// Fused multiply-add: AVX2+FMA, AVX-512, NEON.
#[derive(Debug, Clone, Copy)]
pub struct Fused;

/// Separate multiply and add: baseline x86-64, where a fused one would be a library call.
#[derive(Debug, Clone, Copy)]
pub struct Separate;

impl Arith for Fused {
    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }
}

impl Arith for Separate {
    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
}

/// A hot loop. Implementations and all that they call must be `#[inline(always)]`, or they are
/// compiled for the baseline CPU.
pub trait Kernel {
    /// What the loop returns.
    type Output;
    /// The loop.
    fn run<A: Arith>(self) -> Self::Output;
}
