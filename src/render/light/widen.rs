//! Cells' values brought to pixels.

use super::moment::Moment;
use crate::picture::{Plane, sampling::Grid};

/// Sample `at` of a plane stands at `(at + 1/2)·2^shift - 1/2` in the picture, a cell at a multiple of its side.
#[inline(always)]
pub fn in_cells(moment: &Moment, at: f32, shift: u8) -> f32 {
    ((at + 0.5) * f32::from(1u8 << shift) - 0.5) / moment.cell_px as f32
}

/// A row of pixels between two rows of cells.
pub struct RowOfCells {
    pub rows: [usize; 2],
    /// How far down between them.
    pub fraction: f32,
    /// Where the first pixel stands, in cells.
    pub first: f32,
    /// Pixels, whole cells of them.
    pub len: usize,
}

impl RowOfCells {
    /// Brings the cells' values, times `scale`, to the pixels.
    #[inline(always)]
    pub fn widen(&self, plane: &Plane, scale: f32, cells: &mut [f32], out: &mut Vec<f32>) {
        let grid = Grid::new(plane);
        let known = grid.width.min(cells.len());
        let [above, below] = self.rows.map(|row| &grid.row(row)[..known]);
        between_rows(above, below, self.fraction, scale, cells);
        out.resize(self.len, 0.0);
        match self.len / (cells.len() - 1) {
            8 => widen_by::<8>(self.first, cells, out),
            4 => widen_by::<4>(self.first, cells, out),
            2 => widen_by::<2>(self.first, cells, out),
            _ => widen_by::<1>(self.first, cells, out),
        }
    }
}

/// A row between two rows of cells, times `scale`; beyond its end the last value again.
#[inline(always)]
fn between_rows(above: &[f32], below: &[f32], fraction: f32, scale: f32, out: &mut [f32]) {
    let known = above.len();
    for ((value, above), below) in out.iter_mut().zip(above).zip(below) {
        *value = scale * (above + fraction * (below - above));
    }
    let last = out[known - 1];
    out[known..].fill(last);
}

/// Values between cells, at `R` places from each to the next, the first of them `first` after it.
#[inline(always)]
fn widen_by<const R: usize>(first: f32, cells: &[f32], out: &mut [f32]) {
    let fractions: [f32; R] = std::array::from_fn(|i| first + i as f32 / R as f32);
    let values = out.as_chunks_mut::<R>().0.iter_mut();
    for ((out, &cell), &next) in values.zip(cells).zip(&cells[1..]) {
        for (out, fraction) in out.iter_mut().zip(fractions) {
            *out = cell + fraction * (next - cell);
        }
    }
}
