//! Renderer: the motion between two pictures, by layers of its cells, and a time t give the picture at t.

pub mod alpha;
mod cells;
mod fade;
mod layered;
mod linear;
mod smooth;

pub use fade::cross_fade;
pub use layered::Renderer;
