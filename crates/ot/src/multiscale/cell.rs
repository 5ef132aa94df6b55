//! A cell of one level with its mass, potentials, window and displacement.

use super::window::Window;

/// A cell with mass.
#[derive(Debug, Clone)]
pub struct Cell {
    /// Row.
    pub y: u32,
    /// Column.
    pub x: u32,
    /// Share of the total mass.
    pub mass: f32,
    /// Its logarithm.
    pub log_mass: f32,
    /// Potential of the transport to the other measure, in squared cells of this level.
    pub potential: f64,
    /// Potential of the transport of the measure to itself.
    pub own: f64,
    /// Where in the other grid its mass goes.
    pub window: Window,
    /// The cell of the other grid that takes the most of it.
    pub best: [u32; 2],
    /// Mean displacement without entropy's blur, in cells.
    pub dx: f32,
    /// The same along y.
    pub dy: f32,
}

impl Cell {
    /// The potential without entropy's bias.
    pub fn unbiased(&self) -> f64 {
        self.potential - self.own
    }
}
