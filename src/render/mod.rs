//! Motion, two pictures and a time → the picture at that time.

pub mod alpha;
mod band;
mod corners;
mod displacement;
mod evidence;
mod fade;
mod fill;
mod hypotheses;
mod splat;
mod spline;

pub use displacement::Displacement;
pub use fade::cross_fade;
