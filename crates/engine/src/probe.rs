//! Probe of an interpolation: an interface that is given the planes made between two pictures and the frame at t.

use crate::picture::Plane;

/// What a plane shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum View {
    /// Luma of a frame pyramid's level, `[0, 1]`.
    Pyramid,
    /// The half tiles of a level whose tiles are solved: 1, else 0.
    TileMask,
    /// Displacements after a level, px of the level.
    Motion,
    /// How far a picture's cells are seen in the other one, `[0, 1]`.
    Visibility,
    /// Order of depth of the layers that a picture's cells belong to, `(-1, 1)`, larger in front.
    Order,
    /// The first motion that each cell is rendered along at t, from the first picture to the second, px of the level.
    Candidates,
    /// Photometric error along it: a sum over channels in `[0, 1]`.
    PhotometricError,
    /// Fallback map: the share of the cross-fade at t, `[0, 1]`.
    Fallback,
}

/// Which picture's: where a pyramid or a motion starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The first picture's.
    First,
    /// The second picture's.
    Second,
    /// Of both.
    Both,
}

/// Where in an interpolation a plane was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// What it shows.
    pub view: View,
    /// Whose it is.
    pub side: Side,
    /// Level of the pyramid whose pixels it has: 0 is full size, 1 half, and so on.
    pub level: usize,
}

impl Place {
    /// Of both pictures together.
    pub fn of_both(view: View, level: usize) -> Self {
        Self {
            view,
            side: Side::Both,
            level,
        }
    }
}

/// What is known of a motion among several that meet in a cell.
pub const FEATURES: usize = 10;

/// A motion among several that meet in a cell at t.
#[derive(Debug, Clone, Copy, Default)]
pub struct Candidate {
    /// From the first picture to the second, cells.
    pub motion: [f32; 2],
    /// How much of the second picture is shown along it, `[0, 1]`.
    pub share: f32,
    /// Photometric error `e/(e + 8)`, of e codes, without what lies outside the pictures, and with; how far both pictures show it; the lesser
    /// coverage by one of them, and the larger; the share of the cells beside it that have it; order of depth; how far it is hidden;
    /// how far it is known to be right in the picture where that is less, and in the other. All but the order in `[0, 1]`.
    pub features: [f32; FEATURES],
}

/// Receives planes. With the methods as they are it ignores them, at the cost of a call for every plane that exists anyway.
pub trait Probe: Sync {
    /// Whether planes are wanted that are made for the probe alone.
    fn is_on(&self) -> bool {
        false
    }

    /// A plane of numbers.
    fn plane(&self, _place: Place, _plane: &Plane) {}

    /// Displacements, rightwards and downwards, px of the level.
    fn motion(&self, _place: Place, _dx: &Plane, _dy: &Plane) {}

    /// Motions that meet in a cell at t, column and row; in any order of cells, from many threads.
    fn candidates(&self, _cell: (usize, usize), _candidates: &[Candidate]) {}
}

/// The probe that ignores all planes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deaf;

impl Probe for Deaf {}
