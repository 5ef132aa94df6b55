//! Sixteen neighbouring pixels' places in another plane, and the samples there.
//!
//! Motion is smooth: the whole parts of neighbours' displacements are mostly one and the same, so their samples lie side by
//! side and are loaded as vectors, with weights of their own in every lane. Where they lie too far apart samples are picked lane by
//! lane, bilinear ones. Planes have no margins: next to the border rows of samples are copied.

use super::super::part::{counted, whole};
use crate::measure::Features;
use crate::picture::sampling::Grid;
use crate::simd::{LANES, Number, Simd, Vector};

/// Places are at most so far from the origin, px: any picture is smaller.
pub const FARTHEST_PX: f32 = 1_000_000.0;
/// Twice the slope of the cubic kernel at 1 (Keys 1981).
const SHARPNESS: f32 = -0.6;
/// Rows of pixels that are sampled together.
pub const ROWS: usize = 2;
/// Room for the samples of a row that a vector of cubic samples is made of.
const LINE: usize = LANES + 5;
/// Memory for all rows of them, where the border has to be repeated.
pub type Lines = [[f32; LINE]; ROWS + 5];

/// The planes of luma and, where there are three, colour.
pub fn content<const P: usize>(features: &Features) -> [Grid<'_>; P] {
    std::array::from_fn(|p| Grid::new(&features.planes[p]))
}

/// Bilinear samples of planes of one size, at least 2×2, at `(x, y)`; the border is repeated outwards.
#[inline(always)]
pub fn linear<S: Simd, const P: usize>(planes: &[Grid<'_>; P], x: S::V, y: S::V) -> [S::V; P] {
    let v = S::V::splat;
    let Grid { width, height, .. } = planes[0];
    let (x, y) = (within::<S>(x, width - 1), within::<S>(y, height - 1));
    let column = whole::<S>(x).min(v((width - 2) as f32));
    let row = whole::<S>(y).min(v((height - 2) as f32));
    let (fx, fy) = (x.sub(column), y.sub(row));
    let (mut columns, mut rows) = ([0.0; LANES], [0.0; LANES]);
    column.store(&mut columns);
    row.store(&mut rows);
    let right = column.sub(counted::<S>(columns[0]));
    let down = row.sub(v(rows[0]));
    let (left, top) = (columns[0] as usize, rows[0] as usize);
    let mut out = [v(0.0); P];
    if left + LANES < width && right.mul_add(right, down.mul(down)).largest() == 0.0 {
        for (out, plane) in out.iter_mut().zip(planes) {
            let window = plane.samples_from(top * width + left, width + LANES + 1);
            let [a, b] = S::V::load_shifted::<2>(&window[..LANES + 1]);
            let [c, d] = S::V::load_shifted::<2>(&window[width..]);
            *out = between::<S>([a, b, c, d], fx, fy);
        }
        return out;
    }
    for (out, plane) in out.iter_mut().zip(planes) {
        let all = plane.samples_from(0, width * height);
        let mut corners = [v(0.0); 4];
        for (corner, from) in corners.iter_mut().zip([0, 1, width, width + 1]) {
            *corner = S::V::pick(&all[from..], width, column, row);
        }
        *out = between::<S>(corners, fx, fy);
    }
    out
}

/// Between 0 and `last`; what is no number becomes 0.
#[inline(always)]
fn within<S: Simd>(at: S::V, last: usize) -> S::V {
    at.max(S::V::splat(0.0)).min(S::V::splat(last as f32))
}

/// Between four samples: two above, two below.
#[inline(always)]
fn between<S: Simd>([a, b, c, d]: [S::V; 4], fx: S::V, fy: S::V) -> S::V {
    let above = b.sub(a).mul_add(fx, a);
    let below = d.sub(c).mul_add(fx, c);
    below.sub(above).mul_add(fy, above)
}

/// Cubic samples of sixteen places that lie close together, in two neighbouring rows at once, which share most of what they read:
/// lane l of row k stands `past[k]` columns and rows after `(column + l, row + k)`, between 0 and `NX - 3` and `NY - 3`. No place has to
/// be looked at by itself.
#[inline(always)]
pub fn near<S: Simd, const NX: usize, const NY: usize, const P: usize>(
    planes: &[Grid<'_>; P],
    place: [isize; 2],
    past: [[S::V; 2]; ROWS],
    lines: &mut Lines,
) -> [[S::V; P]; ROWS] {
    let (mut wx, mut wy) = ([[past[0][0]; NX]; ROWS], [[past[0][0]; NY]; ROWS]);
    for k in 0..ROWS {
        wx[k] = spread_weights::<S, NX>(past[k][0]);
        wy[k] = spread_weights::<S, NY>(past[k][1]);
    }
    weighted::<S, NX, NY, P>(planes, place, &wx, &wy, lines)
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

/// Sums over `NX × NY` samples for each row, row k's first lane's from one column and one row before `(column, row + k)` on.
#[inline(always)]
fn weighted<S: Simd, const NX: usize, const NY: usize, const P: usize>(
    planes: &[Grid<'_>; P],
    [column, row]: [isize; 2],
    wx: &[[S::V; NX]; ROWS],
    wy: &[[S::V; NY]; ROWS],
    lines: &mut Lines,
) -> [[S::V; P]; ROWS] {
    let (left, top) = (column - 1, row - 1);
    let Grid { width, height, .. } = planes[0];
    let (across, down) = (LANES + NX - 1, NY + ROWS - 1);
    let inside =
        left >= 0 && top >= 0 && left as usize + across <= width && top as usize + down <= height;
    let mut out = [[S::V::splat(0.0); P]; ROWS];
    for (p, plane) in planes.iter().enumerate() {
        let (window, stride) = if inside {
            let first = top as usize * width + left as usize;
            (
                plane.samples_from(first, (down - 1) * width + across),
                width,
            )
        } else {
            copy_lines(plane, [left, top], down, lines);
            (lines.as_flattened(), LINE)
        };
        let mut sums = [S::V::splat(0.0); ROWS];
        for j in 0..NY + ROWS - 1 {
            let near = S::V::load_shifted::<NX>(&window[j * stride..][..across]);
            for k in 0..ROWS {
                // Row k begins k samples further down.
                if j >= k && j - k < NY {
                    let mut along = wx[k][0].mul(near[0]);
                    for i in 1..NX {
                        along = wx[k][i].mul_add(near[i], along);
                    }
                    sums[k] = along.mul_add(wy[k][j - k], sums[k]);
                }
            }
        }
        // The rows below are the only ones that the next rows of pixels find new.
        for j in down..(down + ROWS).min(height.saturating_sub(top.max(0) as usize)) {
            if inside {
                let below = (top as usize + j) * width;
                S::V::prefetch(plane.samples_from(below, width), left as usize + LANES);
            }
        }
        for k in 0..ROWS {
            out[k][p] = sums[k];
        }
    }
    out
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
    use crate::simd::{Kernel, Level as Cpu};

    const DIM: (usize, usize) = (37, 53);

    fn plane() -> Plane {
        Plane::from_shape_fn(DIM, |(y, x)| ((y * 7919 + x * 104_729) % 251) as f32)
    }

    /// A sample; the border's are repeated outwards.
    fn at(plane: &Plane, y: isize, x: isize) -> f64 {
        let within = |at: isize, len: usize| at.clamp(0, len as isize - 1) as usize;
        f64::from(plane[(within(y, DIM.0), within(x, DIM.1))])
    }

    /// The sum over samples around `(x, y)` by weights along either axis.
    fn oracle(plane: &Plane, [x, y]: [f32; 2], weight: fn(f64) -> f64) -> f64 {
        let (x, y) = (f64::from(x), f64::from(y));
        let around = |at: f64| at.floor() as isize - 2..=at.floor() as isize + 3;
        let row = |j: isize| -> f64 {
            around(x)
                .map(|i| weight(x - i as f64) * at(plane, j, i))
                .sum()
        };
        around(y).map(|j| weight(y - j as f64) * row(j)).sum()
    }

    fn tent(d: f64) -> f64 {
        (1.0 - d.abs()).max(0.0)
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

    struct Linear<'a>(&'a Plane, [[f32; LANES]; 2]);

    impl Kernel for Linear<'_> {
        type Output = [f32; LANES];

        fn run<S: Simd>(self) -> [f32; LANES] {
            let [x, y] = [0, 1].map(|axis| S::V::load(&self.1[axis]));
            let [sampled] = linear::<S, 1>(&[Grid::new(self.0)], x, y);
            let mut out = [0.0; LANES];
            sampled.store(&mut out);
            out
        }
    }

    struct Near<'a>(&'a Plane, [isize; 2], [[[f32; LANES]; 2]; ROWS]);

    impl Kernel for Near<'_> {
        type Output = [[f32; LANES]; ROWS];

        fn run<S: Simd>(self) -> Self::Output {
            let mut past = [[S::V::splat(0.0); 2]; ROWS];
            for (past, given) in past.iter_mut().zip(&self.2) {
                *past = [S::V::load(&given[0]), S::V::load(&given[1])];
            }
            let mut lines = Lines::default();
            let sampled = near::<S, 6, 5, 1>(&[Grid::new(self.0)], self.1, past, &mut lines);
            let mut out = [[0.0; LANES]; ROWS];
            for (out, [sampled]) in out.iter_mut().zip(sampled) {
                sampled.store(out);
            }
            out
        }
    }

    #[test]
    fn bilinear_samples_are_those_of_the_formula_wherever_the_places_lie() {
        let plane = plane();
        let together: [f32; LANES] = std::array::from_fn(|l| l as f32 + 7.25);
        let scattered: [f32; LANES] = std::array::from_fn(|l| ((l * 29) % 71) as f32 * 0.9 - 5.0);
        let far: [f32; LANES] = std::array::from_fn(|l| (l as f32 - 8.0) * 1e5);
        for cpu in Cpu::available() {
            for (x, y) in [
                (together, [11.75; LANES]),
                (together.map(|x| x + 29.0), [35.5; LANES]),
                (together, [36.0; LANES]),
                (together.map(|x| x - 20.0), [-3.0; LANES]),
                (scattered, together),
                (far, scattered),
            ] {
                let found = cpu.run(Linear(&plane, [x, y]));
                for (lane, found) in found.into_iter().enumerate() {
                    let inside = |at: f32, len: usize| at.clamp(0.0, (len - 1) as f32);
                    let place = [inside(x[lane], DIM.1), inside(y[lane], DIM.0)];
                    let truth = oracle(&plane, place, tent);
                    assert!(
                        (f64::from(found) - truth).abs() < 1e-3,
                        "{place:?}: {found} {truth}"
                    );
                }
            }
            let none = cpu.run(Linear(&plane, [[f32::NAN; LANES]; 2]));
            assert_eq!(none, [plane[(0, 0)]; LANES]);
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
                let past = [[right, down], [down, right.map(|r| r * 0.6)]];
                let found = cpu.run(Near(&plane, place, past));
                for (row, found) in found.iter().enumerate() {
                    for (lane, &found) in found.iter().enumerate() {
                        let x = (place[0] + lane as isize) as f32 + past[row][0][lane];
                        let y = (place[1] + row as isize) as f32 + past[row][1][lane];
                        let truth = oracle(&plane, [x, y], cubic);
                        let error = (f64::from(found) - truth).abs();
                        assert!(error < 5e-3, "{place:?}, {row}, {lane}: {found} {truth}");
                    }
                }
            }
        }
    }
}
