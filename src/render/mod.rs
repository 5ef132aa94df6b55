//! Motion, two pictures and a time → the picture at that time.

pub mod alpha;
mod displacement;
mod fade;
mod fill;
mod splat;

pub use displacement::Displacement;
pub use fade::cross_fade;
