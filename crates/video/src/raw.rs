//! Raw video: samples alone, which do not say what they are.

use super::time::Rational;

/// What must be told of raw video before it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawVideo {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// FFmpeg's name of the pixel format.
    pub pixel_format: String,
    /// Frames per second.
    pub rate: Rational,
}
