//! Bends: how far the paths of cells are from straight ones at one time.

use crate::layers::Vector;

/// Of the cells of both pictures, in cells.
#[derive(Debug)]
pub struct Bends {
    cells: [Vec<Vector>; 2],
    /// The farthest along an axis.
    pub most: f32,
}

impl Bends {
    /// Of the first picture's cells, and of the second's.
    pub fn new(cells: [Vec<Vector>; 2]) -> Self {
        let both = cells.iter().flatten().flatten();
        let most = both.fold(0.0f32, |most, d| most.max(d.abs()));
        Self { cells, most }
    }

    /// Those of a picture's cells.
    #[inline(always)]
    pub fn of(&self, side: usize) -> &[Vector] {
        &self.cells[side]
    }
}

/// The place of the straight path from which one that passes through a cell is so far.
#[inline(always)]
pub fn straightened((x, y): (usize, usize), bend: Vector) -> Vector {
    [x as f32 - bend[0], y as f32 - bend[1]]
}
