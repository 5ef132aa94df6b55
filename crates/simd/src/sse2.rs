//! 16 lanes in four registers of SSE2, the baseline of x86-64: it needs no detection.
//!
//! It has no fused multiply-add, which is made here of operations on `f64`: the bits are those of the other levels.
#![allow(unsafe_code)]

use super::lane::{BELOW_F32, Emulated, HALFWAY, exact_mul_add};
use super::x86::{largest_4, prefetch, store_below_4, sum_4};
use super::{LANES, Number, Simd, Vector};
use std::arch::x86_64::*;

/// SSE2.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sse2;

impl Simd for Sse2 {
    type V = Four;
    type One = Emulated;
    const REGISTERS: usize = 4;
}

/// Lanes 0 to 3, 4 to 7, 8 to 11 and 12 to 15.
#[derive(Debug, Clone, Copy)]
pub(super) struct Four(__m128, __m128, __m128, __m128);

impl Number for Four {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        let all = registers!(_mm_set1_ps(value));
        Self(all, all, all, all)
    }
    intrinsics! { [0 1 2 3]
        add(o) = _mm_add_ps;
        sub(o) = _mm_sub_ps;
        mul(o) = _mm_mul_ps;
        div(o) = _mm_div_ps;
        sqrt() = _mm_sqrt_ps;
        min(o) = _mm_min_ps;
        max(o) = _mm_max_ps;
    }
    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        let ((x0, d0), (x1, d1)) = (mul_add(self.0, b.0, c.0), mul_add(self.1, b.1, c.1));
        let ((x2, d2), (x3, d3)) = (mul_add(self.2, b.2, c.2), mul_add(self.3, b.3, c.3));
        let doubtful = registers!({
            let either = _mm_or_si128(_mm_or_si128(d0, d1), _mm_or_si128(d2, d3));
            _mm_movemask_epi8(either)
        });
        if doubtful != 0 {
            return exact(self, b, c);
        }
        Self(x0, x1, x2, x3)
    }
    #[inline(always)]
    fn select_less(self, o: Self, yes: Self, no: Self) -> Self {
        each!([0 1 2 3] select_less(self, o, yes, no))
    }
    #[inline(always)]
    fn times_power_of_two(self, rounded: Self) -> Self {
        self.mul(each!([0 1 2 3] power_of_two(rounded)))
    }
    #[inline(always)]
    fn split_exponent(self) -> (Self, Self) {
        let ((m0, e0), (m1, e1)) = (split(self.0), split(self.1));
        let ((m2, e2), (m3, e3)) = (split(self.2), split(self.3));
        (Self(m0, m1, m2, m3), Self(e0, e1, e2, e3))
    }
}

/// `a·b + c`, and where that is in doubt, as of one lane (`lane::mul_add`).
#[inline(always)]
fn mul_add(a: __m128, b: __m128, c: __m128) -> (__m128, __m128i) {
    registers!({
        let sum = |a, b, c| {
            _mm_add_pd(
                _mm_mul_pd(_mm_cvtps_pd(a), _mm_cvtps_pd(b)),
                _mm_cvtps_pd(c),
            )
        };
        let upper = |x| _mm_movehl_ps(x, x);
        let (low, high) = (sum(a, b, c), sum(upper(a), upper(b), upper(c)));
        let rounded = _mm_movelh_ps(_mm_cvtpd_ps(low), _mm_cvtpd_ps(high));
        let (low, high) = (_mm_castpd_ps(low), _mm_castpd_ps(high));
        // The lower and the upper halves of the four sums.
        let fine = _mm_castps_si128(_mm_shuffle_ps::<0b10_00_10_00>(low, high));
        let coarse = _mm_castps_si128(_mm_shuffle_ps::<0b11_01_11_01>(low, high));
        let below = _mm_and_si128(fine, _mm_set1_epi32(BELOW_F32 as i32));
        let is_halfway = _mm_cmpeq_epi32(below, _mm_set1_epi32(HALFWAY as i32));
        // Of 2^-126, the least `f32` that has all its bits.
        let least = _mm_set1_epi32(0x3810_0000);
        let size = _mm_and_si128(coarse, _mm_set1_epi32(0x7fff_ffff));
        let is_zero = _mm_cmpeq_epi32(size, _mm_setzero_si128());
        let is_small = _mm_andnot_si128(is_zero, _mm_cmplt_epi32(size, least));
        (rounded, _mm_or_si128(is_halfway, is_small))
    })
}

#[cold]
#[inline(never)]
fn exact(a: Four, b: Four, c: Four) -> Four {
    let [mut a, b, c] = [a, b, c].map(|four| {
        let mut lanes = [0.0; LANES];
        four.store(&mut lanes);
        lanes
    });
    for (a, (b, c)) in a.iter_mut().zip(b.into_iter().zip(c)) {
        *a = exact_mul_add(*a, b, c);
    }
    Four::load(&a)
}

#[inline(always)]
fn select_less(a: __m128, b: __m128, yes: __m128, no: __m128) -> __m128 {
    registers!({
        let less = _mm_cmplt_ps(a, b);
        _mm_or_ps(_mm_and_ps(less, yes), _mm_andnot_ps(less, no))
    })
}

/// As `lane::power_of_two`.
#[inline(always)]
fn power_of_two(rounded: __m128) -> __m128 {
    registers!({
        let shifted = _mm_slli_epi32::<23>(_mm_castps_si128(rounded));
        _mm_castsi128_ps(_mm_add_epi32(shifted, _mm_set1_epi32(0x3f80_0000)))
    })
}

/// As `lane::split`.
#[inline(always)]
fn split(x: __m128) -> (__m128, __m128) {
    registers!({
        let bits = _mm_castps_si128(x);
        let above = _mm_sub_epi32(bits, _mm_set1_epi32(0x3f35_04f3));
        let e = _mm_srai_epi32::<23>(above);
        let m = _mm_sub_epi32(bits, _mm_slli_epi32::<23>(e));
        (_mm_castsi128_ps(m), _mm_cvtepi32_ps(e))
    })
}

impl Vector for Four {
    #[inline(always)]
    fn load(from: &[f32]) -> Self {
        let from = from[..LANES].as_ptr();
        // SAFETY: the slice has 16 values.
        unsafe {
            Self(
                _mm_loadu_ps(from),
                _mm_loadu_ps(from.add(4)),
                _mm_loadu_ps(from.add(8)),
                _mm_loadu_ps(from.add(12)),
            )
        }
    }
    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        let to = to[..LANES].as_mut_ptr();
        // SAFETY: the slice has room for 16 values.
        unsafe {
            _mm_storeu_ps(to, self.0);
            _mm_storeu_ps(to.add(4), self.1);
            _mm_storeu_ps(to.add(8), self.2);
            _mm_storeu_ps(to.add(12), self.3);
        }
    }
    #[inline(always)]
    fn store_first(self, to: &mut [f32]) {
        let (mut rest, mut at) = (self.0, 0);
        for next in [self.1, self.2, self.3] {
            if to.len() - at < 4 {
                break;
            }
            // SAFETY: the slice has at least 4 values from `at` on.
            unsafe { _mm_storeu_ps(to.as_mut_ptr().add(at), rest) };
            (rest, at) = (next, at + 4);
        }
        store_below_4(rest, &mut to[at..]);
    }
    #[inline(always)]
    fn prefetch(from: &[f32], ahead: usize) {
        prefetch(from, ahead);
    }
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
        let (columns, rows) = (column.whole_lanes(), row.whole_lanes());
        let mut lanes = [0.0; LANES];
        for (lane, (column, row)) in lanes.iter_mut().zip(columns.into_iter().zip(rows)) {
            *lane = from[row as usize * stride + column as usize];
        }
        Self::load(&lanes)
    }
    #[inline(always)]
    fn add_shifted<const N: usize>(vectors: [Self; N]) -> (Self, Self) {
        joined_shifted!(vectors, Self::splat(0.0), add)
    }
    #[inline(always)]
    fn max_shifted<const N: usize>(vectors: [Self; N], least: Self) -> (Self, Self) {
        joined_shifted!(vectors, least, max)
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        sum_4(registers!(_mm_add_ps(
            _mm_add_ps(self.0, self.2),
            _mm_add_ps(self.1, self.3)
        )))
    }
    #[inline(always)]
    fn largest(self) -> f32 {
        largest_4(registers!(_mm_max_ps(
            _mm_max_ps(self.0, self.2),
            _mm_max_ps(self.1, self.3)
        )))
    }
}

impl Four {
    /// The lanes as whole numbers; one that is none from 0 on is beyond 2^31.
    #[inline(always)]
    fn whole_lanes(self) -> [u32; LANES] {
        let mut lanes = [0; LANES];
        let to = lanes.as_mut_ptr().cast::<__m128i>();
        // SAFETY: the array has room for 16 values.
        unsafe {
            _mm_storeu_si128(to, _mm_cvttps_epi32(self.0));
            _mm_storeu_si128(to.add(1), _mm_cvttps_epi32(self.1));
            _mm_storeu_si128(to.add(2), _mm_cvttps_epi32(self.2));
            _mm_storeu_si128(to.add(3), _mm_cvttps_epi32(self.3));
        }
        lanes
    }

    /// Every lane moved up by one; `below`'s last lane comes in as lane 0.
    #[inline(always)]
    fn shift_in(self, below: Self) -> Self {
        Self(
            shift_in(self.0, below.3),
            shift_in(self.1, self.0),
            shift_in(self.2, self.1),
            shift_in(self.3, self.2),
        )
    }
}

/// `x` moved up by one lane, with the last lane of `below` as lane 0.
#[inline(always)]
fn shift_in(x: __m128, below: __m128) -> __m128 {
    registers!({
        // Twice the last of `below`, twice the first of `x`.
        let seam = _mm_shuffle_ps::<0b00_00_11_11>(below, x);
        _mm_shuffle_ps::<0b10_01_10_00>(seam, x)
    })
}
