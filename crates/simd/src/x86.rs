//! What the x86-64 levels share: macros over registers, and the ends of sums and rows in 128 bits.
//!
//! As in [`avx`](super::avx), the functions here are only entered where the CPU has their instructions. 128 bits are
//! part of every x86-64 target.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

/// An expression of register intrinsics.
macro_rules! registers {
    ($($code:tt)*) => {{
        // SAFETY: the intrinsics in here touch registers only, and this CPU has them: the first lines
        // of the module that they stand in say why.
        unsafe { $($code)* }
    }};
}

/// `Self` of one call for each register: `each!([0 1] f(a, b))` is `Self(f(a.0, b.0), f(a.1, b.1))`.
macro_rules! each {
    ([$($register:tt)*] $function:ident $arguments:tt) => {
        Self($(each!(@ $register $function $arguments)),*)
    };
    (@ $register:tt $function:ident ($($argument:ident),*)) => {
        $function($($argument.$register),*)
    };
}

/// Methods that are one intrinsic for each register.
macro_rules! intrinsics {
    ($registers:tt $($name:ident($($other:ident),*) = $intrinsic:ident;)*) => {$(
        #[inline(always)]
        fn $name(self $(, $other: Self)*) -> Self {
            registers!(each!($registers $intrinsic(self $(, $other)*)))
        }
    )*};
}

/// [`Vector::add_shifted`](super::Vector::add_shifted) for any operation, as in Horner's rule: what is joined so far moves
/// up by one lane. (A macro: a function that is passed on would be compiled without AVX.)
macro_rules! joined_shifted {
    ($vectors:ident, $neutral:expr, $join:ident) => {{
        let neutral = $neutral;
        let (mut low, mut high) = ($vectors[N - 1].$join(neutral), neutral);
        for w in (0..N - 1).rev() {
            high = high.shift_in(low);
            low = $vectors[w].$join(low.shift_in(neutral));
        }
        (low, high)
    }};
}

/// See [`Vector::prefetch`](super::Vector::prefetch).
#[inline(always)]
pub(super) fn prefetch(from: &[f32], ahead: usize) {
    let place = from.as_ptr().wrapping_add(ahead).cast();
    // SAFETY: a prefetch is a hint that never faults, whatever the address.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(place) }
}

/// Stores as many lanes as `to` has room for, at most 3. In pieces of a power of two and not by a mask: loads of
/// what lies behind a masked store wait until it has left the store buffer.
#[inline(always)]
pub(super) fn store_below_4(lanes: __m128, to: &mut [f32]) {
    let (mut rest, mut at) = (lanes, 0);
    if to.len() & 2 != 0 {
        // SAFETY: the slice has at least 2 values.
        unsafe { _mm_store_sd(to.as_mut_ptr().cast(), _mm_castps_pd(rest)) };
        rest = registers!(_mm_movehl_ps(rest, rest));
        at = 2;
    }
    if to.len() & 1 != 0 {
        to[at] = registers!(_mm_cvtss_f32(rest));
    }
}

/// The last two steps of [`Vector::sum`](super::Vector::sum).
#[inline(always)]
pub(super) fn sum_4(x: __m128) -> f32 {
    registers!({
        let x = _mm_add_ps(x, _mm_movehl_ps(x, x));
        _mm_cvtss_f32(_mm_add_ss(x, _mm_shuffle_ps::<1>(x, x)))
    })
}

/// The last two steps of [`Vector::largest`](super::Vector::largest).
#[inline(always)]
pub(super) fn largest_4(x: __m128) -> f32 {
    registers!({
        let x = _mm_max_ps(x, _mm_movehl_ps(x, x));
        _mm_cvtss_f32(_mm_max_ss(x, _mm_shuffle_ps::<1>(x, x)))
    })
}
