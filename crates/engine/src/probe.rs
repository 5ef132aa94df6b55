//! Probe of an interpolation: what listens to the planes that are made between two pictures and the frame at t.

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
    /// Mass that is missing at t where a picture's motion leads: `max(0, 1 - arrived)`.
    Deficit,
    /// A picture's displacements carried to t, from the first picture to the second, px of the level.
    Candidates,
    /// How the two pictures differ along the candidates at t: a sum over channels in `[0, 1]`.
    PhotometricError,
    /// The share of the second picture's candidate at t, `[0, 1]`.
    SecondShare,
    /// The share that is cross-faded, `[0, 1]`.
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

/// A listener. With the methods as they are it is deaf, and costs a call for every plane that exists anyway.
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

/// The probe that hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deaf;

impl Probe for Deaf {}
