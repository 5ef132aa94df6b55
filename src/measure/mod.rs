//! Picture → what the transport compares: content at every pixel, each pixel one unit of mass.
//!
//! The mass is uniform and the information sits in the cost: on natural pictures luminance as
//! mass scores below a cross-fade, since brightness does not travel, things do.

mod content;
mod exposure;
mod features;

pub use content::Content;
pub use exposure::Exposure;
pub use features::Features;
