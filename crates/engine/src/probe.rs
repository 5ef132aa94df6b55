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
}

/// The probe that ignores all planes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deaf;

impl Probe for Deaf {}
