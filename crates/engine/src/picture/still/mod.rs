//! Still-image files: PNG, JPEG, WebP, TIFF, BMP, PNM, GIF and colour PFM in; all but GIF and PFM out.
//!
//! A file's kind is told by its content, not by its name. Grey, RGB and alpha at 8 or 16 bits come
//! in as they are; palettes and fewer bits are expanded. Orientation tags are applied, so what the
//! program sees is what a viewer shows.

mod error;
mod float;
mod float_map;
mod format;
mod gif;
mod interleaved;
mod jpeg;
mod kind;
mod png;
mod promote;
mod read;
mod tags;
#[cfg(test)]
mod tests;
mod tiff;
mod tiff_read;
mod write;

pub use error::StillError;
pub use float_map::{FloatMap, FloatMapError};
pub use format::StillFormat;
pub use gif::GifWriter;
pub use interleaved::interleaved;
pub use kind::{HEAD_BYTES, is_picture};
pub use png::ApngWriter;
pub use promote::promote;
pub use read::{read, read_stream};
pub use tags::Tags;
pub use write::{rgb24, write, write_png};

use super::Picture;

/// A picture and the colour profile that its file carried.
#[derive(Debug, Clone, PartialEq)]
pub struct Still {
    /// Full-range grey or RGB, with or without alpha, 8 or 16 bits.
    pub picture: Picture,
    /// The ICC profile, byte for byte, if there is one for this colour model.
    pub icc: Option<Vec<u8>>,
    /// What else the file said of its colours, its density and how it was taken.
    pub tags: Tags,
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
    /// A still without a colour profile and tags.
    fn from(picture: Picture) -> Self {
        Self {
            picture,
            icc: None,
            tags: Tags::default(),
        }
    }
}
