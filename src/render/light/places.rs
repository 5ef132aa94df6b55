//! Sixteen neighbouring pixels' places in another plane, and the samples there.
//!
//! Motion is smooth: the whole parts of neighbours' displacements are mostly one and the same, so their samples lie side by
//! side and are loaded as vectors, with weights of their own in every lane. Lanes that lie elsewhere are served in
//! further rounds. Planes have no margins: next to the border the samples are picked one by one.

use crate::measure::Features;
use crate::picture::sampling::Grid;
use crate::simd::{LANES, Number, Simd, Vector};

/// Added and taken away, it rounds a number below 2^22 to the nearest integer.
const ROUND: f32 = 12_582_912.0;
/// Places are at most so far from the origin, px: any picture is smaller.
pub const FARTHEST_PX: f32 = 1_000_000.0;
/// Twice the slope of the cubic kernel at 1 (Keys 1981).
const SHARPNESS: f32 = -0.6;
/// The lanes' numbers.
const LANE: [f32; LANES] = [
    0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0,
];
/// Rows of pixels that are sampled together.
pub const ROWS: usize = 2;
/// Room for the samples of a row that a vector of cubic samples is made of.
const LINE: usize = LANES + 5;
/// Rows of them.
const LINES: usize = ROWS + 5;

/// `x`, `x + 1`, … in the lanes.
#[inline(always)]
pub fn counted<S: Simd>(x: f32) -> S::V {
    S::V::load(&LANE).add(S::V::splat(x))
}

/// The planes of luma and, where there are three, colour.
pub fn content<const P: usize>(features: &Features) -> [Grid<'_>; P] {
    std::array::from_fn(|p| Grid::new(&features.planes[p]))
}

/// Places, and the weights of the `N × N` samples around each.
#[derive(Debug, Clone, Copy)]
pub struct Places<S: Simd, const N: usize> {
    /// Whole part of x, less the number of the lane.
    column: S::V,
    /// Whole part of y.
    row: S::V,
    columns: [f32; LANES],
    rows: [f32; LANES],
    wx: [S::V; N],
    wy: [S::V; N],
}

impl<S: Simd> Places<S, 2> {
    /// Bilinear interpolation at `(x, y)`.
    #[inline(always)]
    pub fn linear(x: S::V, y: S::V) -> Self {
        let ((column, fx), (row, fy)) = (split::<S>(x), split::<S>(y));
        let one = S::V::splat(1.0);
        Self::new(column, row, [one.sub(fx), fx], [one.sub(fy), fy])
    }
}

impl<S: Simd> Places<S, 4> {
    /// Cubic convolution at `(x, y)`; at a sample's own place it is that sample, exactly.
    #[inline(always)]
    pub fn cubic(x: S::V, y: S::V) -> Self {
        let ((column, fx), (row, fy)) = (split::<S>(x), split::<S>(y));
        Self::new(column, row, cubic_weights::<S>(fx), cubic_weights::<S>(fy))
    }
}

impl<S: Simd, const N: usize> Places<S, N> {
    #[inline(always)]
    fn new(column: S::V, row: S::V, wx: [S::V; N], wy: [S::V; N]) -> Self {
        let column = column.sub(S::V::load(&LANE));
        let (mut columns, mut rows) = ([0.0; LANES], [0.0; LANES]);
        column.store(&mut columns);
        row.store(&mut rows);
        Self {
            column,
            row,
            columns,
            rows,
            wx,
            wy,
        }
    }

    /// The samples of planes of one size; the border is repeated outwards.
    #[inline(always)]
    pub fn sample<const P: usize>(&self, planes: &[Grid<'_>; P]) -> [S::V; P] {
        let v = S::V::splat;
        let mut out = [v(0.0); P];
        let mut waiting = v(1.0);
        let mut lane = 0;
        loop {
            let (column, row) = (self.columns[lane], self.rows[lane]);
            let right = self.column.sub(v(column));
            let down = self.row.sub(v(row));
            // 0 in the lanes whose samples these are, else at least 1.
            let apart = right.mul_add(right, down.mul(down));
            let place = [column as isize, row as isize];
            let [values] = weighted::<S, N, N, P, 1>(planes, place, &[self.wx], &[self.wy]);
            for p in 0..P {
                out[p] = apart.select_less(v(0.5), values[p], out[p]);
            }
            waiting = apart.select_less(v(0.5), v(0.0), waiting);
            if waiting.largest() == 0.0 {
                return out;
            }
            let mut left = [0.0; LANES];
            waiting.store(&mut left);
            while left[lane] == 0.0 {
                lane += 1;
            }
        }
    }
}

/// Cubic samples of sixteen places that lie close together, in two neighbouring rows at once, which share most of what they read:
/// lane l of row k stands `past[k]` columns and rows after `(column + l, row + k)`, between 0 and `NX - 3` and `NY - 3`. No place has to
/// be looked at by itself.
#[inline(always)]
pub fn near<S: Simd, const NX: usize, const NY: usize, const P: usize>(
    planes: &[Grid<'_>; P],
    place: [isize; 2],
    past: [[S::V; 2]; ROWS],
) -> [[S::V; P]; ROWS] {
    let (mut wx, mut wy) = ([[past[0][0]; NX]; ROWS], [[past[0][0]; NY]; ROWS]);
    for k in 0..ROWS {
        wx[k] = spread_weights::<S, NX>(past[k][0]);
        wy[k] = spread_weights::<S, NY>(past[k][1]);
    }
    weighted::<S, NX, NY, P, ROWS>(planes, place, &wx, &wy)
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

/// Sums over `NX × NY` samples for each of `R` rows, row k's first lane's from one column and one row before `(column, row + k)` on;
/// bilinear ones from there.
#[inline(always)]
fn weighted<S: Simd, const NX: usize, const NY: usize, const P: usize, const R: usize>(
    planes: &[Grid<'_>; P],
    [column, row]: [isize; 2],
    wx: &[[S::V; NX]; R],
    wy: &[[S::V; NY]; R],
) -> [[S::V; P]; R] {
    let before = if NX == 2 { 0 } else { 1 };
    let (left, top) = (column - before, row - before);
    let Grid { width, height, .. } = planes[0];
    let (across, down) = (LANES + NX - 1, NY + R - 1);
    let inside =
        left >= 0 && top >= 0 && left as usize + across <= width && top as usize + down <= height;
    let mut picked = [0.0; LINES * LINE];
    let mut out = [[S::V::splat(0.0); P]; R];
    for (p, plane) in planes.iter().enumerate() {
        let (window, stride) = if inside {
            let first = top as usize * width + left as usize;
            (
                plane.samples_from(first, (down - 1) * width + across),
                width,
            )
        } else {
            pick(plane, [left, top], down, &mut picked);
            (&picked[..], LINE)
        };
        let mut sums = [S::V::splat(0.0); R];
        for j in 0..NY + R - 1 {
            let near = S::V::load_shifted::<NX>(&window[j * stride..][..across]);
            for k in 0..R {
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
        for j in down..(down + R).min(height.saturating_sub(top.max(0) as usize)) {
            if inside {
                let below = (top as usize + j) * width;
                S::V::prefetch(plane.samples_from(below, width), left as usize + LANES);
            }
        }
        for k in 0..R {
            out[k][p] = sums[k];
        }
    }
    out
}

/// So many rows of samples from `(left, top)` on, the border's repeated outwards.
#[cold]
#[inline(never)]
fn pick(plane: &Grid<'_>, [left, top]: [isize; 2], rows: usize, lines: &mut [f32]) {
    let (last_x, last_y) = (plane.width as isize - 1, plane.height as isize - 1);
    for (line, y) in lines.chunks_exact_mut(LINE).take(rows).zip(top..) {
        let row = plane.row(y.clamp(0, last_y) as usize);
        for (value, x) in line.iter_mut().zip(left..) {
            *value = row[x.clamp(0, last_x) as usize];
        }
    }
}

/// A coordinate as a whole and a fraction in `[0, 1)`. NaN lies far outside.
#[inline(always)]
fn split<S: Simd>(at: S::V) -> (S::V, S::V) {
    let v = S::V::splat;
    let at = at.max(v(-FARTHEST_PX)).min(v(FARTHEST_PX));
    let nearest = at.add(v(ROUND)).sub(v(ROUND));
    let whole = nearest.sub(at.select_less(nearest, v(1.0), v(0.0)));
    (whole, at.sub(whole))
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
