//! Cubic samples of another plane for sixteen neighbouring pixels at once.
//!
//! Motion is smooth: the whole parts of neighbours' displacements are mostly one and the same, so their samples lie side by
//! side and are loaded as vectors, with weights of their own in every lane. Where they lie too far apart,
//! `pixels` takes bilinear samples. Planes have no margins: next to the border rows of samples are copied.

use crate::picture::sampling::Grid;
use otinterp_simd::{LANES, Number, Simd, Vector};

/// Places are at most so far from the origin, px: any picture is smaller.
pub const FARTHEST_PX: f32 = 1_000_000.0;
/// Twice the slope of the cubic kernel at 1 (Keys 1981).
const SHARPNESS: f32 = -0.75;
/// Room for the samples of a row that a vector of cubic samples is made of.
const LINE: usize = LANES + 5;
/// Memory for all rows of them, where the border has to be repeated.
pub type Lines = [[f32; LINE]; 6];

/// Cubic samples of sixteen places that lie close together: lane l stands `past` columns and rows after `(column + l, row)`, between 0 and
/// `NX - 3` and `NY - 3`. No place has to be looked at by itself.
#[inline(always)]
pub fn near<S: Simd, const NX: usize, const NY: usize, const P: usize>(
    planes: &[Grid<'_>; P],
    [column, row]: [isize; 2],
    past: [S::V; 2],
    lines: &mut Lines,
) -> [S::V; P] {
    let wx = spread_weights::<S, NX>(past[0]);
    let wy = spread_weights::<S, NY>(past[1]);
    let (left, top) = (column - 1, row - 1);
    let Grid { width, height, .. } = planes[0];
    let across = LANES + NX - 1;
    let inside =
        left >= 0 && top >= 0 && left as usize + across <= width && top as usize + NY <= height;
    let mut out = [S::V::splat(0.0); P];
    if inside {
        let first = top as usize * width + left as usize;
        let count = (NY - 1) * width + across;
        for (out, plane) in out.iter_mut().zip(planes) {
            let window = plane.samples_from(first, count);
            *out = S::V::weighted_sum(window, width, &wx, &wy);
            // Of what the next vector reads, the last row is new to this band of rows.
            S::V::prefetch(window, count + LANES);
        }
        return out;
    }
    for (out, plane) in out.iter_mut().zip(planes) {
        copy_lines(plane, [left, top], NY, lines);
        *out = S::V::weighted_sum(lines.as_flattened(), LINE, &wx, &wy);
    }
    out
}

/// Cubic weights of `N` samples, 4 to 6, around a point between 0 and `N - 3` past the second of them.
#[inline(always)]
fn spread_weights<S: Simd, const N: usize>(past: S::V) -> [S::V; N] {
    let v = S::V::splat;
    let zero = v(0.0);
    // The bounds are a rounding error away at most.
    let past = past.max(zero).min(v((N - 3) as f32));
    let mut f = past;
    for whole in 1..N - 3 {
        f = past.select_less(v(whole as f32), f, past.sub(v(whole as f32)));
    }
    let four = cubic_weights::<S>(f);
    let mut weights = [zero; N];
    weights[..4].copy_from_slice(&four);
    for whole in 1..N - 3 {
        // One sample further for those that are.
        for i in (1..N).rev() {
            weights[i] = past.select_less(v(whole as f32), weights[i], weights[i - 1]);
        }
        weights[0] = past.select_less(v(whole as f32), weights[0], zero);
    }
    weights
}

/// So many rows of samples from `(left, top)` on, the border's repeated outwards.
#[cold]
#[inline(never)]
fn copy_lines(plane: &Grid<'_>, [left, top]: [isize; 2], rows: usize, lines: &mut Lines) {
    let (width, last_row) = (plane.width, plane.height as isize - 1);
    let before = left.saturating_neg().clamp(0, LINE as isize) as usize;
    let from = left.clamp(0, width as isize) as usize;
    let within = (LINE - before).min(width - from);
    for (line, y) in lines.iter_mut().take(rows).zip(top..) {
        let row = plane.row(y.clamp(0, last_row) as usize);
        line[..before].fill(row[0]);
        line[before..before + within].copy_from_slice(&row[from..from + within]);
        line[before + within..].fill(row[width - 1]);
    }
}

/// Weights of the four samples around a point `f` past the second of them (Keys, *Cubic convolution interpolation for
/// digital image processing*, 1981, eq. 4 before a is chosen).
#[inline(always)]
fn cubic_weights<S: Simd>(f: S::V) -> [S::V; 4] {
    let g = S::V::splat(1.0).sub(f);
    let outer = f.mul(g).mul(S::V::splat(SHARPNESS));
    [
        outer.mul(g),
        inner_weight::<S>(f),
        inner_weight::<S>(g),
        outer.mul(f),
    ]
}

/// `1 + f²·((a + 2)·f - (a + 3))`.
#[inline(always)]
fn inner_weight<S: Simd>(f: S::V) -> S::V {
    let v = S::V::splat;
    let slope = f.mul_add(v(SHARPNESS + 2.0), v(-SHARPNESS - 3.0));
    f.mul(f).mul_add(slope, v(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Plane;
    use otinterp_simd::{Kernel, Level as Cpu};

    const DIM: (usize, usize) = (37, 53);

    fn plane() -> Plane {
        Plane::from_shape_fn(DIM, |(y, x)| ((y * 7919 + x * 104_729) % 251) as f32)
    }

    /// A sample; the border's are repeated outwards.
    fn at(plane: &Plane, y: isize, x: isize) -> f64 {
        let within = |at: isize, len: usize| at.clamp(0, len as isize - 1) as usize;
        f64::from(plane[(within(y, DIM.0), within(x, DIM.1))])
    }

    /// The sum over samples around `(x, y)` by the kernel's weights along either axis.
    fn oracle(plane: &Plane, [x, y]: [f32; 2]) -> f64 {
        let (x, y) = (f64::from(x), f64::from(y));
        let around = |at: f64| at.floor() as isize - 2..=at.floor() as isize + 3;
        let row = |j: isize| -> f64 {
            around(x)
                .map(|i| cubic(x - i as f64) * at(plane, j, i))
                .sum()
        };
        around(y).map(|j| cubic(y - j as f64) * row(j)).sum()
    }

    /// Keys 1981, eq. 4.
    fn cubic(d: f64) -> f64 {
        let (d, a) = (d.abs(), f64::from(SHARPNESS));
        if d < 1.0 {
            (a + 2.0) * d.powi(3) - (a + 3.0) * d.powi(2) + 1.0
        } else if d < 2.0 {
            a * (d.powi(3) - 5.0 * d.powi(2) + 8.0 * d - 4.0)
        } else {
            0.0
        }
    }

    struct Near<'a>(&'a Plane, [isize; 2], [[f32; LANES]; 2]);

    impl Kernel for Near<'_> {
        type Output = [f32; LANES];

        fn run<S: Simd>(self) -> Self::Output {
            let past = [S::V::load(&self.2[0]), S::V::load(&self.2[1])];
            let mut lines = Lines::default();
            let [sampled] = near::<S, 6, 5, 1>(&[Grid::new(self.0)], self.1, past, &mut lines);
            let mut out = [0.0; LANES];
            sampled.store(&mut out);
            out
        }
    }

    #[test]
    fn cubic_samples_are_those_of_the_formula_within_and_across_the_border() {
        let plane = plane();
        // Up to three columns and two rows after the place.
        let right: [f32; LANES] = std::array::from_fn(|l| (l as f32 * 0.37) % 3.0);
        let down: [f32; LANES] = std::array::from_fn(|l| (l as f32 * 0.21 + 0.4) % 2.0);
        for cpu in Cpu::available() {
            for place in [[9, 12], [-4, 3], [45, 33], [-60, -50], [200, 90], [34, -2]] {
                let found = cpu.run(Near(&plane, place, [right, down]));
                for (lane, &found) in found.iter().enumerate() {
                    let x = (place[0] + lane as isize) as f32 + right[lane];
                    let truth = oracle(&plane, [x, place[1] as f32 + down[lane]]);
                    let error = (f64::from(found) - truth).abs();
                    assert!(error < 5e-3, "{place:?}, {lane}: {found} {truth}");
                }
            }
        }
    }
}
