//! Gaussian pyramid of a plane: low-pass filter and halving.

use super::{Plane, samples, samples_mut, spare, unwritten};
use otinterp_simd::{Kernel, Level as Cpu, Simd};
use rayon::prelude::*;

/// Binomial low-pass filter (Burt & Adelson, *The Laplacian pyramid as a compact image code*, 1983).
const TAPS: [f32; 5] = [1.0 / 16.0, 4.0 / 16.0, 6.0 / 16.0, 4.0 / 16.0, 1.0 / 16.0];
/// Samples that the filter takes on either side.
const REACH: usize = 2;

/// Rows of the result that are made by one task.
const BAND_ROWS: usize = 16;

/// A plane at half size, `ceil(height/2) × ceil(width/2)`: low-passed, every other sample taken.
///
/// Sample `(y, x)` of the result stands at `(2y, 2x)` of the plane. The border is repeated.
pub fn halve(cpu: Cpu, plane: &Plane) -> Plane {
    halve_axes(cpu, plane, (true, true))
}

/// A plane halved so many times along y and along x.
pub fn reduced(cpu: Cpu, plane: &Plane, halvings_y: usize, halvings_x: usize) -> Plane {
    let mut reduced: Option<Plane> = None;
    for n in 0..halvings_y.max(halvings_x) {
        let axes = (n < halvings_y, n < halvings_x);
        let halved = halve_axes(cpu, reduced.as_ref().unwrap_or(plane), axes);
        if let Some(larger) = reduced.replace(halved) {
            spare::keep(larger);
        }
    }
    reduced.unwrap_or_else(|| plane.clone())
}

/// Halved along y, along x, or both.
fn halve_axes(cpu: Cpu, plane: &Plane, (along_y, along_x): (bool, bool)) -> Plane {
    let (height, width) = plane.dim();
    let half = |len: usize, halved: bool| if halved { len.div_ceil(2) } else { len };
    let dim = (half(height, along_y), half(width, along_x));
    let mut out = unwritten(dim);
    samples_mut(&mut out)
        .par_chunks_mut(BAND_ROWS * dim.1)
        .enumerate()
        .for_each_init(Vec::new, |line, (band, out)| {
            cpu.run(HalveRows {
                source: samples(plane),
                height,
                first_row: band * BAND_ROWS,
                along_y,
                along_x,
                line,
                columns: dim.1,
                out,
            });
        });
    out
}

/// Makes some rows of a halved plane.
struct HalveRows<'a> {
    source: &'a [f32],
    height: usize,
    /// Of the result.
    first_row: usize,
    along_y: bool,
    along_x: bool,
    /// A row that is filtered along y, with [`REACH`] more on either side.
    line: &'a mut Vec<f32>,
    columns: usize,
    out: &'a mut [f32],
}

impl Kernel for HalveRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let width = self.source.len() / self.height;
        let row = |y: usize| &self.source[y * width..][..width];
        let line = self.line;
        // One more, so that pairs of samples can be read to the end.
        line.resize(width + 2 * REACH + 1, 0.0);
        for (n, out) in self.out.chunks_exact_mut(self.columns).enumerate() {
            let y = self.first_row + n;
            let inner = &mut line[REACH..][..width];
            if self.along_y {
                let mut rows = [self.source; 5];
                for (j, around) in rows.iter_mut().enumerate() {
                    *around = row((2 * y + j).saturating_sub(REACH).min(self.height - 1));
                }
                filter_columns(rows, inner);
            } else {
                inner.copy_from_slice(row(y));
            }
            if self.along_x {
                let (first, last) = (line[REACH], line[REACH + width - 1]);
                line[..REACH].fill(first);
                line[REACH + width..].fill(last);
                filter_row(line, out);
            } else {
                out.copy_from_slice(inner);
            }
        }
    }
}

#[inline(always)]
fn filter_columns(rows: [&[f32]; 5], out: &mut [f32]) {
    let n = out.len();
    let [a, b, c, d, e] = rows;
    let (a, b, c, d, e) = (&a[..n], &b[..n], &c[..n], &d[..n], &e[..n]);
    for x in 0..n {
        out[x] = TAPS[0] * (a[x] + e[x]) + TAPS[1] * (b[x] + d[x]) + TAPS[2] * c[x];
    }
}

/// Every other sample along a row that begins [`REACH`] before the first.
#[inline(always)]
fn filter_row(line: &[f32], out: &mut [f32]) {
    let n = out.len();
    let pairs = line.as_chunks::<2>().0;
    let (near, middle, far) = (&pairs[..n], &pairs[1..][..n], &pairs[2..][..n]);
    for x in 0..n {
        let ([a, b], [c, d], [e, _]) = (near[x], middle[x], far[x]);
        out[x] = TAPS[0] * (a + e) + TAPS[1] * (b + d) + TAPS[2] * c;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cpu() -> Cpu {
        Cpu::available().pop().unwrap()
    }

    #[test]
    fn an_axis_that_is_not_halved_is_kept_and_both_ways_are_one() {
        let plane =
            Plane::from_shape_fn((33, 70), |(y, x)| ((y * 7919 + x * 104_729) % 256) as f32);
        assert_eq!(reduced(cpu(), &plane, 0, 0), plane);
        let both = reduced(cpu(), &plane, 1, 1);
        assert_eq!(both, halve(cpu(), &plane));
        let apart = reduced(cpu(), &reduced(cpu(), &plane, 1, 0), 0, 1);
        assert_eq!(both.dim(), apart.dim());
        for level in Cpu::available() {
            for (a, b) in halve(level, &plane).iter().zip(&apart) {
                assert!((a - b).abs() < 1e-4, "{a} {b}");
            }
        }
        assert_eq!(reduced(cpu(), &plane, 2, 1).dim(), (9, 35));
    }

    #[test]
    fn constants_and_ramps_survive() {
        for dim in [(1, 1), (1, 7), (6, 5), (33, 40)] {
            let half = halve(cpu(), &Plane::from_elem(dim, 3.0));
            assert_eq!(half.dim(), (dim.0.div_ceil(2), dim.1.div_ceil(2)));
            assert!(half.iter().all(|v| (v - 3.0).abs() < 1e-6));
        }
        let ramp = Plane::from_shape_fn((40, 60), |(y, x)| y as f32 + 0.5 * x as f32);
        let half = halve(cpu(), &ramp);
        for y in 1..19 {
            for x in 1..29 {
                assert!((half[(y, x)] - (2.0 * y as f32 + x as f32)).abs() < 1e-4);
            }
        }
    }
}
