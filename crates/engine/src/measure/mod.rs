//! Picture → what the transport compares: content at every pixel, each pixel one unit of mass.
//!
//! The mass is uniform and the information sits in the cost: on natural pictures luminance as
//! mass scores below a cross-fade, since brightness does not travel, things do. Where brightness is a density
//! (smoke, rain on a radar, light on black) it does travel: [`Measure`] is for those.

mod codes;
mod content;
mod exposure;
mod features;
mod mass;
mod prepared;

pub use codes::{Codes, MOST_CODES, STEPS};
pub use content::Content;
pub use exposure::Exposure;
pub use features::Features;
pub use mass::{Background, MassModel, MassOptions, Measure, Unbalanced, is_rgb, luma_codes};
pub use prepared::{Prepared, PreparedLevel};
