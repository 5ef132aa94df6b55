//! Field of numbers, its kinds of files, and the errors of reading one.

use crate::data::Failure;
use otinterp::picture::Plane;
use std::path::Path;

/// A kind of file for fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldFormat {
    /// NumPy's array file.
    Npy,
    /// Portable float map.
    Pfm,
    /// TIFF with samples of 32-bit floating-point numbers.
    Tiff,
}

/// A field and the kind of file it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The values.
    pub values: Plane,
    /// The kind of file.
    pub format: FieldFormat,
}

impl FieldFormat {
    /// The kind of file that an extension names, if it names one.
    pub fn from_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match extension.as_str() {
            "npy" => Self::Npy,
            "pfm" => Self::Pfm,
            "tif" | "tiff" => Self::Tiff,
            _ => return None,
        })
    }

    /// The extension of its files.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Npy => "npy",
            Self::Pfm => "pfm",
            Self::Tiff => "tif",
        }
    }
}

/// A plane from values row by row.
pub(super) fn plane(height: usize, width: usize, values: Vec<f32>) -> Result<Plane, Failure> {
    if height == 0 || width == 0 {
        return Err(Failure::Broken("it has no values".into()));
    }
    Plane::from_shape_vec((height, width), values)
        .map_err(|_| Failure::Broken("it has fewer or more values than its size says".into()))
}
