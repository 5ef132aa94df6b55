//! Plots as SVG or PNG, on white so that they read on any page.

mod curve;
mod figure;
mod lines;
mod rows;

pub use curve::Curve;
pub use figure::{Figure, Format};
pub use lines::{LinePanel, Lines};
pub use rows::{Dots, Panel, Rows};
