//! Still-image files: PNG, JPEG, WebP, TIFF, BMP, PNM and GIF in; all but GIF out.
//!
//! A file's kind is told by its content, not by its name. Grey, RGB and alpha at 8 or 16 bits come
//! in as they are; palettes and fewer bits are expanded. Orientation tags are applied, so what the
//! program sees is what a viewer shows.

mod error;
mod format;
mod gif;
mod interleaved;
mod jpeg;
mod png;
mod promote;
mod read;
#[cfg(test)]
mod tests;
mod tiff;
mod write;

pub use error::StillError;
pub use format::StillFormat;
pub use gif::GifWriter;
pub use interleaved::interleaved;
pub use png::ApngWriter;
pub use promote::promote;
pub use read::MAX_PIXELS;
pub use read::{read, read_stream};
pub use write::{rgb24, write, write_png};

use super::Picture;

/// A picture and the colour profile that its file carried.
#[derive(Debug, Clone, PartialEq)]
pub struct Still {
    /// Full-range grey or RGB, with or without alpha, 8 or 16 bits.
    pub picture: Picture,
    /// The ICC profile, byte for byte, if there is one for this colour model.
    pub icc: Option<Vec<u8>>,
}

impl Still {
    /// Whether any pixel is not wholly opaque.
    pub fn has_transparency(&self) -> bool {
        let opaque = self.picture.format().max_code();
        let alpha = self.picture.alpha();
        alpha.is_some_and(|plane| plane.iter().any(|&v| v < opaque))
    }
}

impl From<Picture> for Still {
    /// A still without a colour profile.
    fn from(picture: Picture) -> Self {
        Self { picture, icc: None }
    }
}
