//! Renderers: motion, two pictures and a time t give the picture at t.

pub mod alpha;
mod cells;
mod fade;
mod fill;
mod linear;
mod mixture;
mod part;
mod splat;

pub use cells::Light;
pub use fade::cross_fade;
pub use mixture::Displacement;
