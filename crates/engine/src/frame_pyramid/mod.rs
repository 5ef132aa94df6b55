//! Frame pyramid: luma, colour differences and gradients of one picture at halved sizes, from which matching costs are computed.
//!
//! Every pixel is one unit of mass and the information sits in the cost: on natural pictures luminance as mass scores below a
//! cross-fade, since brightness does not travel, things do. Where brightness is a density (smoke, rain on a radar, light on
//! black) it does travel: [`crate::mass`] is for those.

mod brightness;
mod level;
mod luma_chroma;
mod pyramid;
mod quantized;

pub use brightness::BrightnessChange;
pub use level::PyramidLevel;
pub use luma_chroma::LumaChroma;
pub use pyramid::{FramePyramid, PyramidCache, PyramidPlan};
pub use quantized::{MOST_FEATURES, QuantizedFeatures, STEPS};
