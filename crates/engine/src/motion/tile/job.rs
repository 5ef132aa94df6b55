//! Tile job: a tile and the middle of its window of displacements.

/// Where a tile lies and which displacement its window is centred on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TileJob {
    /// Left column of the tile in the source picture; may be negative.
    pub x0: isize,
    /// Top row of the tile.
    pub y0: isize,
    /// Whole displacement of the window's centre, in pixels.
    pub base: (isize, isize),
}
