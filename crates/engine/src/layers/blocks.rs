//! Photometric errors of one motion for a block of cells at once: the places that it leads to lie alike between their four cells.

use super::cells::{ALIKE_CODES, CORNER, Cells, MOST_DIFFERENCE, Vector};

/// Side of a block, cells: with the cells around it eight, which are one vector.
pub const SIDE: usize = 6;
/// Cells of a block's row and those on either side, and two that make shifts simple.
const LANES: usize = SIDE + 2;
/// See [`LANES`].
const ROW: usize = LANES + 2;
/// Values of the cells of a block, row by row; of each row the first [`SIDE`] count.
pub type Values = [[f32; LANES]; SIDE];

/// A block of cells of a picture with those around it.
pub struct Block {
    /// Its upper left cell.
    first: [usize; 2],
    /// Of its planes, from one cell above and to the left on.
    colors: [[[f32; ROW]; LANES]; 3],
    planes: usize,
    /// Of the nine cells around each; those that look like it have the most. Their sum is 1.
    weights: [Values; 9],
}

impl Block {
    /// The block at `(x, y)` of the picture; cells beyond the border are the border's.
    #[inline(always)]
    pub fn of(cells: &Cells, first: [usize; 2]) -> Self {
        let planes = cells.plane_count();
        let (left, top) = (first[0] as isize - 1, first[1] as isize - 1);
        let mut colors = [[[0.0; ROW]; LANES]; 3];
        for (n, rows) in colors.iter_mut().take(planes).enumerate() {
            for (row, y) in rows.iter_mut().zip(top..) {
                *row = *cells.row_from::<ROW>(n, left, y);
            }
        }
        let mut weights = [[[0.0; LANES]; SIDE]; 9];
        let mut total = [[0.0; LANES]; SIDE];
        for (n, weights) in weights.iter_mut().enumerate() {
            let (right, down) = (n % 3, n / 3);
            let base = if right != 1 && down != 1 { CORNER } else { 1.0 };
            for j in 0..SIDE {
                let mut unlike = [0.0f32; LANES];
                for rows in &colors[..planes] {
                    let (own, other) = (shifted(&rows[j + 1], 1), shifted(&rows[j + down], right));
                    for i in 0..LANES {
                        unlike[i] += (other[i] - own[i]).abs();
                    }
                }
                for i in 0..LANES {
                    let unlike = unlike[i] * (1.0 / ALIKE_CODES);
                    weights[j][i] = base / (1.0 + unlike * unlike);
                    total[j][i] += weights[j][i];
                }
            }
        }
        for weights in &mut weights {
            for (weights, total) in weights.iter_mut().zip(&total) {
                for (weight, total) in weights.iter_mut().zip(total) {
                    *weight /= total;
                }
            }
        }
        Self {
            first,
            colors,
            planes,
            weights,
        }
    }

    /// Photometric error of one motion into another picture: the weighted mean difference around each cell, in codes.
    #[inline(always)]
    pub fn errors(&self, to: &Cells, [dx, dy]: Vector) -> Values {
        let (x, y) = (
            self.first[0] as f32 - 1.0 + dx,
            self.first[1] as f32 - 1.0 + dy,
        );
        let (column, row) = (x.floor(), y.floor());
        let (fx, fy) = (x - column, y - row);
        let (column, row) = (column as isize, row as isize);
        let mut apart = [[0.0; ROW]; LANES];
        for (n, colors) in self.colors[..self.planes].iter().enumerate() {
            let mut above = between(to.row_from(n, column, row), fx);
            for ((apart, colors), y) in apart.iter_mut().zip(colors).zip(row + 1..) {
                let below = between(to.row_from(n, column, y), fx);
                for i in 0..LANES {
                    let found = above[i] + fy * (below[i] - above[i]);
                    apart[i] += (colors[i] - found).abs();
                }
                above = below;
            }
        }
        for value in apart.iter_mut().flat_map(|row| &mut row[..LANES]) {
            *value = if *value < MOST_DIFFERENCE {
                *value
            } else {
                MOST_DIFFERENCE
            };
        }
        self.means(&apart)
    }

    /// Weighted means around each cell, of values from one cell above and to the left of the block on.
    #[inline(always)]
    pub fn means(&self, apart: &[[f32; ROW]; LANES]) -> Values {
        let mut errors = [[0.0; LANES]; SIDE];
        for (n, weights) in self.weights.iter().enumerate() {
            let (right, down) = (n % 3, n / 3);
            for j in 0..SIDE {
                let apart = shifted(&apart[j + down], right);
                for i in 0..LANES {
                    errors[j][i] += weights[j][i] * apart[i];
                }
            }
        }
        errors
    }
}

/// The values of a row from the `by`-th on.
#[inline(always)]
fn shifted(row: &[f32; ROW], by: usize) -> &[f32; LANES] {
    row[by..].first_chunk().unwrap_or(&[0.0; LANES])
}

/// Between neighbouring samples.
#[inline(always)]
fn between(samples: &[f32; LANES + 1], f: f32) -> [f32; LANES] {
    let mut out = [0.0; LANES];
    for i in 0..LANES {
        out[i] = samples[i] + f * (samples[i + 1] - samples[i]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame_pyramid::PyramidLevel;
    use ndarray::Array2;

    const DIM: (usize, usize) = (19, 23);

    fn cells(seed: usize) -> Cells {
        let plane = |n: usize| {
            Array2::from_shape_fn(DIM, |(y, x)| {
                ((x * 7919 + y * 104_729 + (seed + n) * 31) % 251) as f32 / 900.0
            })
        };
        Cells::of(&PyramidLevel {
            planes: (0..3).map(plane).collect(),
            quantized: None,
        })
    }

    /// Colour of a cell, the border's beyond it.
    fn color(cells: &Cells, x: isize, y: isize) -> [f64; 3] {
        let within = |at: isize, len: usize| at.clamp(0, len as isize - 1) as usize;
        let at = within(y, DIM.0) * DIM.1 + within(x, DIM.1);
        [0, 1, 2].map(|n| f64::from(cells.color(at)[n]))
    }

    fn apart(a: [f64; 3], b: [f64; 3]) -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum()
    }

    /// The weighted mean difference around a cell, by the formula.
    fn oracle(from: &Cells, to: &Cells, [x, y]: [isize; 2], [dx, dy]: Vector) -> f64 {
        let (mut sum, mut total) = (0.0, 0.0);
        for down in -1..=1isize {
            for right in -1..=1isize {
                let (px, py) = (x + right, y + down);
                let own = color(from, px, py);
                let unlike = apart(own, color(from, x, y)) / f64::from(ALIKE_CODES);
                let is_corner = right != 0 && down != 0;
                let weight =
                    if is_corner { f64::from(CORNER) } else { 1.0 } / (1.0 + unlike * unlike);
                let (u, v) = (px as f64 + f64::from(dx), py as f64 + f64::from(dy));
                let (column, row) = (u.floor(), v.floor());
                let (fx, fy) = (u - column, v - row);
                let at = |i: isize, j: isize| color(to, column as isize + i, row as isize + j);
                let corners = [at(0, 0), at(1, 0), at(0, 1), at(1, 1)];
                let found = [0, 1, 2].map(|n| {
                    let above = corners[0][n] + fx * (corners[1][n] - corners[0][n]);
                    let below = corners[2][n] + fx * (corners[3][n] - corners[2][n]);
                    above + fy * (below - above)
                });
                sum += weight * apart(own, found).min(f64::from(MOST_DIFFERENCE));
                total += weight;
            }
        }
        sum / total
    }

    #[test]
    fn errors_of_a_block_are_those_of_the_formula_within_and_beyond_the_border() {
        let (from, to) = (cells(0), cells(9));
        for first in [[6, 6], [0, 0], [18, 12], [12, 18]] {
            let block = Block::of(&from, first);
            for motion in [
                [0.0, 0.0],
                [2.25, -1.6],
                [-40.5, 0.3],
                [0.7, 50.0],
                [21.4, -30.2],
            ] {
                let errors = block.errors(&to, motion);
                for (j, row) in errors.iter().enumerate() {
                    for (i, &found) in row[..SIDE].iter().enumerate() {
                        let (x, y) = (first[0] + i, first[1] + j);
                        if x >= DIM.1 || y >= DIM.0 {
                            continue;
                        }
                        let truth = oracle(&from, &to, [x as isize, y as isize], motion);
                        let error = (f64::from(found) - truth).abs();
                        assert!(
                            error < 1e-3,
                            "{first:?} {motion:?} {x},{y}: {found} {truth}"
                        );
                    }
                }
            }
        }
    }
}
