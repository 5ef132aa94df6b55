//! The window of a cell: the box of the other grid that its row of the plan is truncated to.

/// Rows `top..bottom` and columns `left..right` of a grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First row.
    pub top: u32,
    /// Row after the last.
    pub bottom: u32,
    /// First column.
    pub left: u32,
    /// Column after the last.
    pub right: u32,
}

impl Window {
    /// All of a grid.
    pub fn all((height, width): (usize, usize)) -> Self {
        Self {
            top: 0,
            bottom: height as u32,
            left: 0,
            right: width as u32,
        }
    }

    /// The cells at most `reach` away in each axis.
    #[inline(always)]
    pub fn around(y: u32, x: u32, reach: u32, (height, width): (usize, usize)) -> Self {
        Self {
            top: y.saturating_sub(reach),
            bottom: (y + reach + 1).min(height as u32),
            left: x.saturating_sub(reach),
            right: (x + reach + 1).min(width as u32),
        }
    }

    /// One cell more on each side, within the grid.
    #[inline(always)]
    pub fn grown(self, (height, width): (usize, usize)) -> Self {
        Self {
            top: self.top.saturating_sub(1),
            bottom: (self.bottom + 1).min(height as u32),
            left: self.left.saturating_sub(1),
            right: (self.right + 1).min(width as u32),
        }
    }

    /// The same place on the next finer grid.
    pub fn doubled(self, (height, width): (usize, usize)) -> Self {
        Self {
            top: 2 * self.top,
            bottom: (2 * self.bottom).min(height as u32),
            left: 2 * self.left,
            right: (2 * self.right).min(width as u32),
        }
    }

    /// The least box that holds this one and a cell.
    pub fn with(self, y: u32, x: u32) -> Self {
        Self {
            top: self.top.min(y),
            bottom: self.bottom.max(y + 1),
            left: self.left.min(x),
            right: self.right.max(x + 1),
        }
    }
}
