//! Still formats that can be written, and what each can hold.

use super::{Still, StillError, Tags};
use crate::picture::ColorModel;
use std::path::Path;

/// A segment's most bytes without its length and the word `Exif` (JEITA CP-3451, 4.7.2).
const MAX_JPEG_EXIF_BYTES: usize = 65_535 - 2 - 6;

/// A still format that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StillFormat {
    /// Portable Network Graphics: holds everything.
    Png,
    /// Tagged Image File Format: holds everything.
    Tiff,
    /// JPEG: 8 bits, no alpha, not exact.
    Jpeg,
    /// WebP, lossless: 8 bits.
    WebP,
    /// Windows bitmap: 8 bits, no profile.
    Bmp,
    /// Netpbm's PGM (grey) or PPM (colour): no alpha, no profile.
    Pnm,
    /// Netpbm's PAM: no profile.
    Pam,
}

impl StillFormat {
    /// The format that a file's extension names.
    ///
    /// # Errors
    /// [`StillError::UnknownExtension`] if it names none.
    pub fn from_path(path: &Path) -> Result<Self, StillError> {
        let extension = path
            .extension()
            .map(|e| e.to_string_lossy().to_ascii_lowercase());
        Ok(match extension.as_deref() {
            Some("png") => Self::Png,
            Some("tif" | "tiff") => Self::Tiff,
            Some("jpg" | "jpeg") => Self::Jpeg,
            Some("webp") => Self::WebP,
            Some("bmp") => Self::Bmp,
            Some("pgm" | "ppm" | "pnm") => Self::Pnm,
            Some("pam") => Self::Pam,
            _ => {
                let name = path.display().to_string();
                return Err(StillError::UnknownExtension(name, extension));
            }
        })
    }

    /// Whether transparency can be held.
    pub fn holds_alpha(self) -> bool {
        !matches!(self, Self::Jpeg | Self::Pnm)
    }

    /// Whether 16-bit samples can be held; all formats hold 8.
    pub fn holds_16_bit(self) -> bool {
        matches!(self, Self::Png | Self::Tiff | Self::Pnm | Self::Pam)
    }

    /// Whether an ICC profile can be held.
    pub fn holds_icc(self) -> bool {
        matches!(self, Self::Png | Self::Tiff | Self::Jpeg | Self::WebP)
    }

    /// Those of some tags that can be held.
    pub fn tags_held(self, tags: &Tags) -> Tags {
        // JPEG's segments end at 65535 bytes.
        let fits = |exif: &Vec<u8>| match self {
            Self::Png | Self::WebP => true,
            Self::Jpeg => exif.len() <= MAX_JPEG_EXIF_BYTES,
            _ => false,
        };
        Tags {
            png: match self {
                Self::Png => tags.png.clone(),
                _ => Vec::new(),
            },
            exif: tags.exif.clone().filter(fits),
        }
    }

    /// The names of those that cannot be held.
    pub fn tags_lost(self, tags: &Tags) -> Vec<String> {
        let held = self.tags_held(tags).names();
        let mut lost = tags.names();
        lost.retain(|name| !held.contains(name));
        lost
    }

    /// Whether `still` can be written in this format at all.
    ///
    /// # Errors
    /// [`StillError::NoAlpha`] if transparent pixels would be lost, [`StillError::Yuv`] if the
    /// picture is neither grey nor RGB.
    pub fn check(self, still: &Still) -> Result<(), StillError> {
        if still.picture.format().model == ColorModel::Yuv {
            return Err(StillError::Yuv);
        }
        if still.has_transparency() && !self.holds_alpha() {
            return Err(StillError::NoAlpha(self.name()));
        }
        Ok(())
    }

    /// The name that people know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Tiff => "TIFF",
            Self::Jpeg => "JPEG",
            Self::WebP => "WebP",
            Self::Bmp => "BMP",
            Self::Pnm => "PGM/PPM",
            Self::Pam => "PAM",
        }
    }
}
