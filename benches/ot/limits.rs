//! What this machine can do, measured on one core with the same vectors that the kernels use.

use crate::time::best_ns;
use otinterp_simd::{Buffer, Kernel, LANES, Level, Number, Simd, Vector, math};
use std::hint::black_box;

/// Bytes that fit the L1 data cache of every CPU in use (32 KiB and more), beside the stack.
const L1_BYTES: usize = 16 << 10;
/// Bytes that fit the L2 cache (256 KiB to 2 MiB and more) but not L1.
const L2_BYTES: usize = 192 << 10;
/// Bytes that no cache holds.
const DRAM_BYTES: usize = 512 << 20;

/// One core's limits at one level.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Limits {
    /// Peak of fused multiply-adds, 2 operations each.
    pub fma_gflops: f64,
    /// Read bandwidth from the first-level cache.
    pub l1_gb_s: f64,
    /// Read bandwidth from the second-level cache.
    pub l2_gb_s: f64,
    /// Read bandwidth from memory.
    pub dram_gb_s: f64,
    /// Exponentials of vectors in the first-level cache.
    pub gexp_s: f64,
}

impl Limits {
    /// Measures all limits; about 1 s.
    pub fn measure(level: Level) -> Self {
        let read = |bytes: usize, memory: &[f32]| {
            let memory = &memory[..bytes / 4];
            bytes as f64 / best_ns(|| level.run(Read(black_box(memory))))
        };
        let mut memory = Buffer::zeros(DRAM_BYTES / 4);
        memory.fill(1.0);
        let steps = 4096;
        let multiply_adds = level.run(FusedMultiplyAdds(steps));
        let mut values = Buffer::zeros(L1_BYTES / 4);
        Self {
            fma_gflops: 2.0 * multiply_adds as f64
                / best_ns(|| level.run(FusedMultiplyAdds(black_box(steps)))),
            l1_gb_s: read(L1_BYTES, &memory),
            l2_gb_s: read(L2_BYTES, &memory),
            dram_gb_s: read(DRAM_BYTES, &memory),
            gexp_s: (values.len() as f64) / best_ns(|| level.run(Exponentials(&mut values))),
        }
    }
}

/// Independent sums: enough registers of them to hide a latency of 5 cycles at 2 a cycle, few enough to
/// stay in registers. Returns the multiply-adds done.
struct FusedMultiplyAdds(usize);

impl Kernel for FusedMultiplyAdds {
    type Output = usize;
    #[inline(always)]
    fn run<S: Simd>(self) -> usize {
        match S::REGISTERS {
            32 => chains::<S, 12>(self.0),
            _ => chains::<S, 6>(self.0),
        }
    }
}

#[inline(always)]
fn chains<S: Simd, const N: usize>(steps: usize) -> usize {
    let (factor, term) = (S::V::splat(black_box(0.999)), S::V::splat(black_box(1e-3)));
    let mut sums = [S::V::splat(1.0); N];
    for _ in 0..steps {
        for sum in &mut sums {
            *sum = sum.mul_add(factor, term);
        }
    }
    for sum in sums {
        black_box(sum.sum());
    }
    steps * N * LANES
}

struct Read<'a>(&'a [f32]);

impl Kernel for Read<'_> {
    type Output = f32;
    #[inline(always)]
    fn run<S: Simd>(self) -> f32 {
        let mut sums = [S::V::splat(0.0); 8];
        for chunk in self.0.chunks_exact(8 * LANES) {
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum = sum.max(S::V::load(&chunk[i * LANES..]));
            }
        }
        let mut most = sums[0];
        for sum in sums {
            most = most.max(sum);
        }
        most.largest()
    }
}

struct Exponentials<'a>(&'a mut [f32]);

impl Kernel for Exponentials<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self) {
        for chunk in self.0.chunks_exact_mut(4 * LANES) {
            let mut lanes = [S::V::splat(0.0); 4];
            for (i, lanes) in lanes.iter_mut().enumerate() {
                // Back below 0, so that repeated calls stay in the usual range.
                let x = S::V::load(&chunk[i * LANES..]);
                *lanes = math::exp_of(S::V::splat(0.0).sub(x));
            }
            for (i, lanes) in lanes.into_iter().enumerate() {
                lanes.store(&mut chunk[i * LANES..]);
            }
        }
    }
}
