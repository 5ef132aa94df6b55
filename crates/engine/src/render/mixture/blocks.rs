//! Blocks of one motion: where all candidates are so alike that one sample is enough.
//!
//! Next to a pixel whose surroundings all move alike, the two fields and all neighbours agree: one motion, sampled
//! once, shows what a dozen candidates would.

use super::padded::Padded;

/// Side of a block, px.
pub const BLOCK_PX: usize = 16;
/// Samples at half size along a block.
pub const HALF_BLOCK: usize = BLOCK_PX / 2;
/// Motions whose spans `max - min` along x and y add up to less are one, px (set, not swept: with it the public triplets lose at most 0.01 dB against trying all motions).
const ONE_MOTION_PX: f32 = 0.5;

/// By blocks, whether one motion is enough, by the spans of the motion alone.
#[derive(Debug)]
pub struct Blocks {
    one: Vec<bool>,
    columns: usize,
}

/// Least and largest x and y.
#[derive(Debug, Clone, Copy)]
struct Span([f32; 4]);

impl Span {
    const NONE: Self = Self([f32::MAX, f32::MIN, f32::MAX, f32::MIN]);

    fn joined(self, other: Self) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        Self([a.min(e), b.max(f), c.min(g), d.max(h)])
    }

    fn px(self) -> f32 {
        let [a, b, c, d] = self.0;
        (b - a) + (d - c)
    }
}

impl Blocks {
    /// Of two fields at half size, in px of a picture of size `dim`; motions up to `reach_px` away count as well.
    pub fn of(fields: &[[Padded; 2]; 2], dim: (usize, usize), reach_px: usize) -> Self {
        let (rows, columns) = (dim.0.div_ceil(BLOCK_PX), dim.1.div_ceil(BLOCK_PX));
        let mut spans = vec![Span::NONE; rows * columns];
        for [field_x, field_y] in fields {
            for y in 0..field_x.height {
                let row = &mut spans[y / HALF_BLOCK * columns..][..columns];
                let (dx, dy) = (field_x.row(y as isize, 0), field_y.row(y as isize, 0));
                for (x, (&dx, &dy)) in dx[..field_x.width].iter().zip(dy).enumerate() {
                    let span = &mut row[x / HALF_BLOCK];
                    *span = span.joined(Span([dx, dx, dy, dy]));
                }
            }
        }
        let reach = reach_px.div_ceil(BLOCK_PX);
        let along_rows = spread(&spans, (rows, columns), (1, columns), reach);
        let all = spread(&along_rows, (columns, rows), (columns, 1), reach);
        Self {
            one: all.iter().map(|span| span.px() < ONE_MOTION_PX).collect(),
            columns,
        }
    }

    /// The blocks of one row.
    pub fn row(&self, row: usize) -> &[bool] {
        &self.one[row * self.columns..][..self.columns]
    }
}

/// Joins each span with those up to `reach` before and after it on its line; `(step, jump)` lead along and across lines.
fn spread(
    spans: &[Span],
    (lines, len): (usize, usize),
    (step, jump): (usize, usize),
    reach: usize,
) -> Vec<Span> {
    let mut out = spans.to_vec();
    for line in 0..lines {
        for i in 0..len {
            let near = i.saturating_sub(reach)..(i + reach + 1).min(len);
            let joined = near.fold(Span::NONE, |sum, j| {
                sum.joined(spans[line * jump + j * step])
            });
            out[line * jump + i * step] = joined;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Plane;

    #[test]
    fn blocks_near_a_motion_boundary_need_more_than_one() {
        let dim = (64, 160);
        // Still left of column 80, 3 px right of it.
        let field = |low: f32, high: f32, dy: f32| {
            let dx = Plane::from_shape_fn((32, 80), |(_, x)| if x < 40 { low } else { high });
            let dy = Plane::from_elem((32, 80), dy);
            [Padded::of(&dx, |v| v), Padded::of(&dy, |v| v)]
        };
        let fields = [field(0.0, 3.0, 0.0), field(0.0, 3.0, 0.0)];
        let blocks = Blocks::of(&fields, dim, 8);
        for y in 0..4 {
            let expected: Vec<bool> = (0..10).map(|x| !(4..=5).contains(&x)).collect();
            assert_eq!(blocks.row(y), expected);
        }
        // Two fields that differ everywhere.
        let fields = [field(0.0, 0.0, 0.0), field(0.0, 0.0, 0.7)];
        assert!(!Blocks::of(&fields, dim, 8).one.contains(&true));
    }
}
