//! 16 lanes in x86-64 registers: one of AVX-512, two of AVX2.
//!
//! The types are private to `simd` and only [`Level::run`](super::Level::run) names them, inside the
//! shells that it enters after it found the instructions on this CPU. That is what every `unsafe`
//! block here relies on.
#![allow(unsafe_code)]

use super::lane::Fused;
use super::x86::{largest_4, prefetch, store_below_4, sum_4};
use super::{LANES, Number, Simd, Vector};
use std::arch::x86_64::*;

/// AVX2 and FMA.
#[derive(Debug, Clone, Copy)]
pub(super) struct Avx2;

impl Simd for Avx2 {
    type V = Pair;
    type One = Fused;
    const REGISTERS: usize = 8;
}

/// AVX-512 F, VL, DQ and BW.
#[derive(Debug, Clone, Copy)]
pub(super) struct Avx512;

impl Simd for Avx512 {
    type V = Whole;
    type One = Fused;
    const REGISTERS: usize = 32;
}

/// Lanes 0 to 7 and 8 to 15.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair(__m256, __m256);

/// All lanes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole(__m512);

impl Number for Pair {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        let both = registers!(_mm256_set1_ps(value));
        Self(both, both)
    }
    intrinsics! { [0 1]
        add(o) = _mm256_add_ps;
        sub(o) = _mm256_sub_ps;
        mul(o) = _mm256_mul_ps;
        div(o) = _mm256_div_ps;
        sqrt() = _mm256_sqrt_ps;
        min(o) = _mm256_min_ps;
        max(o) = _mm256_max_ps;
        mul_add(b, c) = _mm256_fmadd_ps;
    }
    #[inline(always)]
    fn select_less(self, o: Self, yes: Self, no: Self) -> Self {
        each!([0 1] select_less(self, o, yes, no))
    }
    #[inline(always)]
    fn times_power_of_two(self, rounded: Self) -> Self {
        self.mul(each!([0 1] power_of_two(rounded)))
    }
    #[inline(always)]
    fn split_exponent(self) -> (Self, Self) {
        let ((m0, e0), (m1, e1)) = (split(self.0), split(self.1));
        (Self(m0, m1), Self(e0, e1))
    }
}

#[inline(always)]
fn select_less(a: __m256, b: __m256, yes: __m256, no: __m256) -> __m256 {
    registers!(_mm256_blendv_ps(no, yes, _mm256_cmp_ps::<_CMP_LT_OQ>(a, b)))
}

/// As `lane::power_of_two`.
#[inline(always)]
fn power_of_two(rounded: __m256) -> __m256 {
    registers!({
        let shifted = _mm256_slli_epi32::<23>(_mm256_castps_si256(rounded));
        _mm256_castsi256_ps(_mm256_add_epi32(shifted, _mm256_set1_epi32(0x3f80_0000)))
    })
}

/// As `lane::split`.
#[inline(always)]
fn split(x: __m256) -> (__m256, __m256) {
    registers!({
        let bits = _mm256_castps_si256(x);
        let above = _mm256_sub_epi32(bits, _mm256_set1_epi32(0x3f35_04f3));
        let e = _mm256_srai_epi32::<23>(above);
        let m = _mm256_sub_epi32(bits, _mm256_slli_epi32::<23>(e));
        (_mm256_castsi256_ps(m), _mm256_cvtepi32_ps(e))
    })
}

impl Vector for Pair {
    #[inline(always)]
    fn load(from: &[f32]) -> Self {
        let from = from[..LANES].as_ptr();
        // SAFETY: the slice has 16 values, and AVX is there (see the module's first lines).
        unsafe { Self(_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))) }
    }
    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        let to = to[..LANES].as_mut_ptr();
        // SAFETY: the slice has room for 16 values, and AVX is there (see the module's first lines).
        unsafe {
            _mm256_storeu_ps(to, self.0);
            _mm256_storeu_ps(to.add(8), self.1);
        }
    }
    #[inline(always)]
    fn store_first(self, to: &mut [f32]) {
        if to.len() >= 8 {
            // SAFETY: the slice has room for 8 values, and AVX is there (as above).
            unsafe { _mm256_storeu_ps(to.as_mut_ptr(), self.0) };
            store_below_8(self.1, &mut to[8..]);
        } else {
            store_below_8(self.0, to);
        }
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
    fn weighted_sum<const NX: usize, const NY: usize>(
        from: &[f32],
        stride: usize,
        wx: &[Self; NX],
        wy: &[Self; NY],
    ) -> Self {
        let from = &from[..(NY - 1) * stride + LANES + NX - 1];
        // Half by half: the weights of one fit into the registers.
        let (mut x, mut y) = ([wx[0].0; NX], [wy[0].0; NY]);
        (0..NX).for_each(|i| x[i] = wx[i].0);
        (0..NY).for_each(|j| y[j] = wy[j].0);
        // SAFETY: the slice has all that is read, and AVX and FMA are there (as above).
        let low = unsafe { weighted_8(from.as_ptr(), stride, &x, &y) };
        (0..NX).for_each(|i| x[i] = wx[i].1);
        (0..NY).for_each(|j| y[j] = wy[j].1);
        // SAFETY: as before, eight values further.
        let high = unsafe { weighted_8(from.as_ptr().add(8), stride, &x, &y) };
        Self(low, high)
    }
    #[inline(always)]
    fn pick(from: &[f32], stride: usize, column: Self, row: Self) -> Self {
        let low = indices_8(stride, column.0, row.0);
        let high = indices_8(stride, column.1, row.1);
        let largest = registers!(_mm256_max_epu32(low, high));
        assert_below_8(largest, from.len());
        // SAFETY: all indices, taken as unsigned ones, lie below the slice's length, which is at most `i32::MAX` (just
        // asserted), and AVX2 is there (as above).
        unsafe {
            Self(
                _mm256_i32gather_ps::<4>(from.as_ptr(), low),
                _mm256_i32gather_ps::<4>(from.as_ptr(), high),
            )
        }
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
        registers!(sum_8(_mm256_add_ps(self.0, self.1)))
    }
    #[inline(always)]
    fn largest(self) -> f32 {
        registers!(largest_8(_mm256_max_ps(self.0, self.1)))
    }
}

/// Eight lanes of [`Vector::weighted_sum`].
///
/// # Safety
/// There are `(NY - 1) · stride + 8 + NX - 1` values, and AVX and FMA.
#[inline(always)]
unsafe fn weighted_8<const NX: usize, const NY: usize>(
    from: *const f32,
    stride: usize,
    wx: &[__m256; NX],
    wy: &[__m256; NY],
) -> __m256 {
    // SAFETY: as the caller warrants.
    unsafe {
        let mut sum = _mm256_setzero_ps();
        for (j, &wy) in wy.iter().enumerate() {
            let row = from.add(j * stride);
            let mut along = _mm256_mul_ps(wx[0], _mm256_loadu_ps(row));
            for (i, &wx) in wx.iter().enumerate().skip(1) {
                along = _mm256_fmadd_ps(wx, _mm256_loadu_ps(row.add(i)), along);
            }
            sum = _mm256_fmadd_ps(along, wy, sum);
        }
        sum
    }
}

/// A length as an index's type; more than that is no index of 32 bits.
#[inline(always)]
fn index(len: usize) -> i32 {
    len.min(i32::MAX as usize) as i32
}

/// `row · stride + column`.
#[inline(always)]
fn indices_8(stride: usize, column: __m256, row: __m256) -> __m256i {
    registers!({
        let rows = _mm256_mullo_epi32(_mm256_cvttps_epi32(row), _mm256_set1_epi32(index(stride)));
        _mm256_add_epi32(rows, _mm256_cvttps_epi32(column))
    })
}

/// Panics unless all indices, taken as unsigned ones, are less than `len` and than `i32::MAX`.
#[inline(always)]
fn assert_below_8(indices: __m256i, len: usize) {
    let all = registers!({
        let len = _mm256_set1_epi32(index(len));
        let is_not_less = _mm256_cmpeq_epi32(_mm256_max_epu32(indices, len), indices);
        _mm256_testz_si256(is_not_less, is_not_less)
    });
    assert!(all == 1, "an index beyond the end");
}

/// Stores as many lanes as `to` has room for, at most 7.
#[inline(always)]
fn store_below_8(lanes: __m256, to: &mut [f32]) {
    let low = registers!(_mm256_castps256_ps128(lanes));
    if to.len() < 4 {
        return store_below_4(low, to);
    }
    // SAFETY: the slice has at least 4 values, and AVX is there (as above).
    unsafe { _mm_storeu_ps(to.as_mut_ptr(), low) };
    store_below_4(registers!(_mm256_extractf128_ps::<1>(lanes)), &mut to[4..]);
}

impl Pair {
    /// Every lane moved up by one; `below`'s last lane comes in as lane 0.
    #[inline(always)]
    fn shift_in(self, below: Self) -> Self {
        Self(shift_in_8(self.0, below.1), shift_in_8(self.1, self.0))
    }
}

/// `x` moved up by one lane, with the last lane of `below` as lane 0.
#[inline(always)]
fn shift_in_8(x: __m256, below: __m256) -> __m256 {
    registers!({
        let (x, below) = (_mm256_castps_si256(x), _mm256_castps_si256(below));
        // The upper half of `below` and the lower of `x`: what each half of `x` is moved up from.
        let before = _mm256_permute2x128_si256::<0x21>(below, x);
        _mm256_castsi256_ps(_mm256_alignr_epi8::<12>(x, before))
    })
}

/// The last three steps of [`Vector::sum`].
#[inline(always)]
fn sum_8(x: __m256) -> f32 {
    registers!({
        let low = _mm256_castps256_ps128(x);
        sum_4(_mm_add_ps(low, _mm256_extractf128_ps::<1>(x)))
    })
}

/// The last three steps of [`Vector::largest`].
#[inline(always)]
fn largest_8(x: __m256) -> f32 {
    registers!({
        let low = _mm256_castps256_ps128(x);
        largest_4(_mm_max_ps(low, _mm256_extractf128_ps::<1>(x)))
    })
}

/// A mask of the first `count` of 16 lanes.
#[inline(always)]
fn first_bits(count: usize) -> __mmask16 {
    ((1u32 << count) - 1) as __mmask16
}

/// `$code` for every whole number `$w` from 1 on below `$end`, at most 15, which the code may use as a constant.
macro_rules! unrolled {
    ($end:expr, $w:ident => $code:expr) => {
        unrolled!(@ $end, $w => $code, 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    (@ $end:expr, $w:ident => $code:expr, $($n:literal)*) => {
        $(if $n < $end {
            const $w: i32 = $n;
            $code
        })*
    };
}

/// All but the first of [`Vector::add_shifted`]: each vector is turned by its number of lanes, and a mask tells which of
/// them are beyond the first 16.
macro_rules! joined_beyond {
    ($vectors:ident, $neutral:expr, $join:ident) => {{
        let (mut low, mut high) = ($neutral.0, $neutral.0);
        unrolled!(LANES, TURN => if LANES - (TURN as usize) < $vectors.len() {
            let w = LANES - TURN as usize;
            registers!({
                let turned = _mm512_castps_si512($vectors[w].0);
                let turned = _mm512_castsi512_ps(_mm512_alignr_epi32::<TURN>(turned, turned));
                low = $join(low, !first_bits(w), turned, low);
                high = $join(high, first_bits(w), turned, high);
            });
        });
        (Self(low), Self(high))
    }};
}

impl Number for Whole {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        registers!(Self(_mm512_set1_ps(value)))
    }
    intrinsics! { [0]
        add(o) = _mm512_add_ps;
        sub(o) = _mm512_sub_ps;
        mul(o) = _mm512_mul_ps;
        div(o) = _mm512_div_ps;
        sqrt() = _mm512_sqrt_ps;
        min(o) = _mm512_min_ps;
        max(o) = _mm512_max_ps;
        mul_add(b, c) = _mm512_fmadd_ps;
    }
    #[inline(always)]
    fn select_less(self, o: Self, yes: Self, no: Self) -> Self {
        registers!({
            let less = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(self.0, o.0);
            Self(_mm512_mask_blend_ps(less, no.0, yes.0))
        })
    }
    #[inline(always)]
    fn times_power_of_two(self, rounded: Self) -> Self {
        registers!({
            let shifted = _mm512_slli_epi32::<23>(_mm512_castps_si512(rounded.0));
            let power = _mm512_add_epi32(shifted, _mm512_set1_epi32(0x3f80_0000));
            Self(_mm512_mul_ps(self.0, _mm512_castsi512_ps(power)))
        })
    }
    #[inline(always)]
    fn split_exponent(self) -> (Self, Self) {
        registers!({
            let bits = _mm512_castps_si512(self.0);
            let above = _mm512_sub_epi32(bits, _mm512_set1_epi32(0x3f35_04f3));
            let e = _mm512_srai_epi32::<23>(above);
            let m = _mm512_sub_epi32(bits, _mm512_slli_epi32::<23>(e));
            (Self(_mm512_castsi512_ps(m)), Self(_mm512_cvtepi32_ps(e)))
        })
    }
}

impl Vector for Whole {
    #[inline(always)]
    fn load(from: &[f32]) -> Self {
        let from = from[..LANES].as_ptr();
        // SAFETY: the slice has 16 values, and AVX-512 is there (see the module's first lines).
        unsafe { Self(_mm512_loadu_ps(from)) }
    }
    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        let to = to[..LANES].as_mut_ptr();
        // SAFETY: the slice has room for 16 values, and AVX-512 is there (as above).
        unsafe { _mm512_storeu_ps(to, self.0) }
    }
    #[inline(always)]
    fn store_first(self, to: &mut [f32]) {
        registers!({
            let low = _mm512_castps512_ps256(self.0);
            Pair(low, _mm512_extractf32x8_ps::<1>(self.0))
        })
        .store_first(to);
    }
    #[inline(always)]
    fn prefetch(from: &[f32], ahead: usize) {
        prefetch(from, ahead);
    }
    #[inline(always)]
    fn load_shifted<const N: usize>(from: &[f32]) -> [Self; N] {
        let from = &from[..LANES + N - 1];
        let low = Self::load(from);
        // SAFETY: the mask has a bit for each of the `N - 1` values from 16 on, and AVX-512 is there (as above).
        let high = unsafe {
            Self(_mm512_maskz_loadu_ps(
                first_bits(N - 1),
                from.as_ptr().add(LANES),
            ))
        };
        let mut vectors = [low; N];
        unrolled!(N, W => vectors[W as usize] = registers!({
            let (low, high) = (_mm512_castps_si512(low.0), _mm512_castps_si512(high.0));
            Self(_mm512_castsi512_ps(_mm512_alignr_epi32::<W>(high, low)))
        }));
        vectors
    }
    #[inline(always)]
    fn pick(from: &[f32], stride: usize, column: Self, row: Self) -> Self {
        let indices = registers!({
            let rows =
                _mm512_mullo_epi32(_mm512_cvttps_epi32(row.0), _mm512_set1_epi32(index(stride)));
            _mm512_add_epi32(rows, _mm512_cvttps_epi32(column.0))
        });
        let below = registers!(_mm512_cmplt_epu32_mask(
            indices,
            _mm512_set1_epi32(index(from.len()))
        ));
        assert!(below == !0, "an index beyond the end");
        // SAFETY: all indices, taken as unsigned ones, lie below the slice's length, which is at most `i32::MAX` (just
        // asserted), and AVX-512 is there (as above).
        unsafe { Self(_mm512_i32gather_ps::<4>(indices, from.as_ptr())) }
    }
    #[inline(always)]
    fn add_shifted<const N: usize>(vectors: [Self; N]) -> (Self, Self) {
        let zero = Self::splat(0.0);
        let (low, high) = joined_beyond!(vectors, zero, _mm512_mask_add_ps);
        (vectors[0].add(low), high)
    }
    #[inline(always)]
    fn max_shifted<const N: usize>(vectors: [Self; N], least: Self) -> (Self, Self) {
        let (low, high) = joined_beyond!(vectors, least, _mm512_mask_max_ps);
        (vectors[0].max(low), high)
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        registers!({
            let low = _mm512_castps512_ps256(self.0);
            sum_8(_mm256_add_ps(low, _mm512_extractf32x8_ps::<1>(self.0)))
        })
    }
    #[inline(always)]
    fn largest(self) -> f32 {
        registers!({
            let low = _mm512_castps512_ps256(self.0);
            largest_8(_mm256_max_ps(low, _mm512_extractf32x8_ps::<1>(self.0)))
        })
    }
}
