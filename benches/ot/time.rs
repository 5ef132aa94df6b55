//! How time is taken: repeated blocks of calls, of which the fastest or the median counts.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// A block of calls takes at least this long, so that reading the clock costs nothing.
const BLOCK: Duration = Duration::from_millis(2);
/// Blocks of one measurement.
const BLOCKS: usize = 25;

/// Nanoseconds a call of every block, sorted.
fn blocks_ns<T>(mut call: impl FnMut() -> T) -> Vec<f64> {
    let mut calls = 1u32;
    loop {
        let start = Instant::now();
        for _ in 0..calls {
            black_box(call());
        }
        if start.elapsed() >= BLOCK {
            break;
        }
        calls *= 2;
    }
    let mut times: Vec<f64> = (0..BLOCKS)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..calls {
                black_box(call());
            }
            start.elapsed().as_nanos() as f64 / f64::from(calls)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times
}

/// The fastest block: for limits, which nothing but disturbance can lower.
pub fn best_ns<T>(call: impl FnMut() -> T) -> f64 {
    blocks_ns(call)[0]
}

/// The median block: for kernels.
pub fn median_ns<T>(call: impl FnMut() -> T) -> f64 {
    blocks_ns(call)[BLOCKS / 2]
}
