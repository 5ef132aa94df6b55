//! Sampling points, sixteen at a time, between the samples of planes of one size.
//!
//! Motion is smooth: the whole parts of neighbouring pixels' displacements are mostly one and the same, so that
//! neighbours' samples lie side by side and are loaded as vectors, with weights of their own in every lane. Where whole parts
//! change by one there are five weights along an axis for four. Lanes that lie elsewhere are served in further rounds.

use otinterp_simd::partial::counted;
use otinterp_simd::{LANES, Number, Simd, Vector, math};

/// Points, and the weights of the four by four samples around each.
#[derive(Debug, Clone, Copy)]
pub struct Points<S: Simd> {
    /// Whole part of x, less the number of the lane.
    column: S::V,
    /// Whole part of y.
    row: S::V,
    /// Weights of the columns from one left of the whole part on.
    wx: [S::V; 4],
    /// Weights of the rows from one above it on.
    wy: [S::V; 4],
}

impl<S: Simd> Points<S> {
    /// The points `(x, y)`, taken to the border of planes of so many columns and rows where they lie outside; weights of
    /// the cubic B-spline.
    #[inline(always)]
    pub fn of(x: S::V, y: S::V, width: usize, height: usize) -> Self {
        let (column, fx) = split::<S>(x, width);
        let (row, fy) = split::<S>(y, height);
        Self {
            column: column.sub(counted::<S>(0.0)),
            row,
            wx: spline_weights::<S>(fx),
            wy: spline_weights::<S>(fy),
        }
    }

    /// How to serve all lanes at once, if their whole parts differ by at most one along each axis.
    #[inline(always)]
    pub fn together(&self) -> Option<Round<S>> {
        let (column, row) = (least::<S>(self.column), least::<S>(self.row));
        let right = self.column.sub(S::V::splat(column));
        let down = self.row.sub(S::V::splat(row));
        let spread = right.max(down).largest();
        if spread > 1.5 {
            return None;
        }
        Some(Round {
            column: column as isize,
            row: row as usize,
            wide: spread > 0.5,
            wx: shifted::<S>(self.wx, right),
            wy: shifted::<S>(self.wy, down),
        })
    }

    /// The place of the first of the lanes that `wait` (1 there, else 0), and the lanes (1, else 0) that it serves.
    #[inline(always)]
    pub fn next(&self, wait: S::V) -> (Round<S>, S::V) {
        let (mut columns, mut rows, mut waiting) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
        self.column.store(&mut columns);
        self.row.store(&mut rows);
        wait.store(&mut waiting);
        // There is one, or there is no round.
        let lane = waiting.iter().position(|&w| w != 0.0).unwrap_or(0);
        let v = S::V::splat;
        let right = self.column.sub(v(columns[lane]));
        let down = self.row.sub(v(rows[lane]));
        // Lanes at most one step away; of two such neighbours on either side that to the left, that above.
        let far = right.mul(right).max(down.mul(down));
        let near = far.select_less(v(1.5), wait, v(0.0));
        let left = v(0.0).sub(right).mul(near).largest().max(0.0);
        let up = v(0.0).sub(down).mul(near).largest().max(0.0);
        let (right, down) = (right.add(v(left)), down.add(v(up)));
        let (x, y) = (right.sub(v(0.5)), down.sub(v(0.5)));
        let apart = x.mul(x).max(y.mul(y));
        let round = Round {
            column: (columns[lane] - left) as isize,
            row: (rows[lane] - up) as usize,
            wide: true,
            wx: shifted::<S>(self.wx, right),
            wy: shifted::<S>(self.wy, down),
        };
        (round, apart.select_less(v(1.0), wait, v(0.0)))
    }
}

/// The least lane.
#[inline(always)]
fn least<S: Simd>(v: S::V) -> f32 {
    -S::V::splat(0.0).sub(v).largest()
}

/// Where lanes are served together whose whole parts differ by at most one.
#[derive(Debug, Clone, Copy)]
pub struct Round<S: Simd> {
    /// Column of lane 0's first whole part, which may be negative.
    pub column: isize,
    /// Row of the first whole part.
    pub row: usize,
    /// Whether five columns and rows are needed, not four.
    pub wide: bool,
    /// Weights of the columns from one left of the whole part on.
    pub wx: [S::V; 5],
    /// Weights of the rows from one above it on.
    pub wy: [S::V; 5],
}

/// Four weights, moved one place on where `by` is 1, not 0.
#[inline(always)]
fn shifted<S: Simd>([a, b, c, d]: [S::V; 4], by: S::V) -> [S::V; 5] {
    let (half, zero) = (S::V::splat(0.5), S::V::splat(0.0));
    [
        by.select_less(half, a, zero),
        by.select_less(half, b, a),
        by.select_less(half, c, b),
        by.select_less(half, d, c),
        by.select_less(half, zero, d),
    ]
}

/// A coordinate, clamped to `len` samples, as a whole and a fraction in `[0, 1)`. NaN counts as 0.
#[inline(always)]
fn split<S: Simd>(at: S::V, len: usize) -> (S::V, S::V) {
    let zero = S::V::splat(0.0);
    let at = at.max(zero).min(S::V::splat((len - 1) as f32));
    let whole = math::floor_of(at);
    (whole, at.sub(whole))
}

/// β³ at the four coefficients around a point `f` past the second of them.
#[inline(always)]
fn spline_weights<S: Simd>(f: S::V) -> [S::V; 4] {
    let v = S::V::splat;
    let g = v(1.0).sub(f);
    let sixth = v(1.0 / 6.0);
    [
        g.mul(g).mul(g).mul(sixth),
        inner_weight::<S>(f),
        inner_weight::<S>(g),
        f.mul(f).mul(f).mul(sixth),
    ]
}

/// `2/3 - f²·(2 - f)/2`.
#[inline(always)]
fn inner_weight<S: Simd>(f: S::V) -> S::V {
    let v = S::V::splat;
    f.mul_add(v(0.5), v(-1.0)).mul_add(f.mul(f), v(2.0 / 3.0))
}
