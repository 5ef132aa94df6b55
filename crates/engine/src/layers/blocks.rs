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
