//! Motion, two pictures and a time → the picture at that time.

mod along;
pub mod alpha;
mod band;
mod blocks;
mod carry;
mod corners;
mod displacement;
mod evidence;
mod fade;
mod fill;
mod halved;
mod hypotheses;
mod light;
mod likeness;
mod linear;
pub mod mass;
mod mixed;
mod padded;
mod points;
mod single;
mod splat;
mod spline;
mod still;
mod texture;
mod trial;

pub use displacement::Displacement;
pub use fade::cross_fade;
pub use light::Light;
pub use mass::{Mass, MassError};
