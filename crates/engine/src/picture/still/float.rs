//! Colour pictures of floating-point samples: 0 is black, 1 is white.

use super::StillError;
use image::{DynamicImage, ImageBuffer};

/// The picture with 16 bits, which hold every 8-bit and 16-bit code that was divided by white exactly.
///
/// # Errors
/// [`StillError::UnsupportedSamples`] if a sample is not within 0 to 1: then it is light of a scene, for which 16 bits have no code.
pub(super) fn picture(
    (width, height): (u32, u32),
    channels: usize,
    values: &[f32],
    name: &str,
) -> Result<DynamicImage, StillError> {
    if let Some(value) = values.iter().find(|v| !(0.0..=1.0).contains(*v)) {
        let why = format!(
            "a floating-point sample is {value}, and 0 (black) to 1 (white) are read; tone-map or scale it"
        );
        return Err(StillError::UnsupportedSamples(name.to_owned(), why));
    }
    let codes = values
        .iter()
        .map(|v| (v * 65535.0).round() as u16)
        .collect();
    let picture = match channels {
        3 => ImageBuffer::from_raw(width, height, codes).map(DynamicImage::ImageRgb16),
        _ => ImageBuffer::from_raw(width, height, codes).map(DynamicImage::ImageRgba16),
    };
    let short = || StillError::Broken(name.to_owned(), "it has fewer values than pixels".into());
    picture.ok_or_else(short)
}
