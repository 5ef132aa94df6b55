//! The stored layout of a measure on a grid: rows padded to whole vectors.

use crate::kernel::padded;

/// How a vector of values per point is stored: rows of `width` points every `pitch` values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Rows.
    pub height: usize,
    /// Points in a row.
    pub width: usize,
    /// Stored length of a row.
    pub pitch: usize,
}

impl Layout {
    /// Number of points.
    pub fn points(self) -> usize {
        self.height * self.width
    }

    /// Stored length of the whole vector, a multiple of [`LANES`](super::kernel::LANES).
    pub fn stored(self) -> usize {
        padded(self.height * self.pitch)
    }

    /// Where point `index` is stored.
    #[inline(always)]
    pub fn at(self, index: usize) -> usize {
        index / self.width * self.pitch + index % self.width
    }

    /// Spreads values of points into a stored vector; padding is left as it is.
    pub fn store<T: Copy>(self, values: &[T], stored: &mut [T]) {
        for (row, values) in values.chunks_exact(self.width).enumerate() {
            stored[row * self.pitch..][..self.width].copy_from_slice(values);
        }
    }

    /// The values of the points in a stored vector.
    pub fn load<T: Copy>(self, stored: &[T]) -> Vec<T> {
        (0..self.height)
            .flat_map(|row| &stored[row * self.pitch..][..self.width])
            .copied()
            .collect()
    }
}
