//! Pictures: planar `f32` samples in the source's own code values, and what those codes mean.
//!
//! A [`Picture`] is never converted on its way through the program: YUV stays YUV, 10 bit stays
//! 10 bit. Code values up to 16 bits are exact in `f32`, so decode → encode is lossless.

pub mod codes;
mod format;
pub mod pyramid;
pub mod sampling;
pub mod spare;
pub mod still;
mod yuv;

pub use format::{ColorModel, Format, Matrix, Range};
pub use yuv::to_yuv;

use ndarray::Array2;
use rayon::prelude::*;

/// One plane of samples, `height × width`, row major, unit stride along a row.
pub type Plane = Array2<f32>;

/// Samples that one task works on where a loop does next to nothing with each: some ten microseconds.
pub const BAND_SAMPLES: usize = 1 << 16;

/// What is wrong with a picture's parts.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PictureError {
    /// The number of planes, given second, is not that of the format.
    #[error("{0} planes expected for this format, {1} given")]
    PlaneCount(usize, usize),
    /// A plane's size does not follow from the format and the first plane.
    #[error("plane {index} is {found:?}, {expected:?} expected (height, width)")]
    PlaneSize {
        /// Index of the plane, from 0.
        index: usize,
        /// Height and width that the format asks for.
        expected: (usize, usize),
        /// Height and width that were given.
        found: (usize, usize),
    },
    /// No pixel at all.
    #[error("the picture has no pixels")]
    Empty,
}

/// A picture: planes of code values (`0..=format.max_code()`) and their meaning.
///
/// Plane order: `Gray` Y; `Rgb` R, G, B; `Yuv` Y, U, V; alpha, where there is one, comes last and
/// is full size. Colour is not premultiplied by alpha.
///
/// The memory of its planes serves later pictures ([`spare`]).
#[derive(Debug, PartialEq)]
pub struct Picture {
    format: Format,
    planes: Vec<Plane>,
}

impl Clone for Picture {
    fn clone(&self) -> Self {
        let mut copy = self.alike();
        for (to, from) in copy.planes.iter_mut().zip(&self.planes) {
            to.assign(from);
        }
        copy
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        self.planes.drain(..).for_each(spare::keep);
    }
}

impl Picture {
    /// Builds a picture from planes.
    ///
    /// # Errors
    /// [`PictureError`] if the number or the sizes of the planes do not fit `format`.
    pub fn new(format: Format, planes: Vec<Plane>) -> Result<Self, PictureError> {
        let expected = format.plane_count();
        if planes.len() != expected {
            return Err(PictureError::PlaneCount(expected, planes.len()));
        }
        let (height, width) = planes[0].dim();
        if height == 0 || width == 0 {
            return Err(PictureError::Empty);
        }
        for (index, plane) in planes.iter().enumerate() {
            let expected = format.plane_dim(index, width, height);
            if plane.dim() != expected {
                return Err(PictureError::PlaneSize {
                    index,
                    expected,
                    found: plane.dim(),
                });
            }
        }
        // Kernels walk rows as slices; a transposed or cut view is copied once, here.
        let rows = |p: Plane| match p.is_standard_layout() {
            true => p,
            false => p.as_standard_layout().into_owned(),
        };
        let planes = planes.into_iter().map(rows).collect();
        Ok(Self { format, planes })
    }

    /// A picture of this one's format and size, all of whose samples are still to be written.
    pub fn alike(&self) -> Self {
        let planes = self.planes.iter();
        Self {
            format: self.format,
            planes: planes.map(|plane| unwritten(plane.dim())).collect(),
        }
    }

    /// Width in pixels of the full-size planes.
    pub fn width(&self) -> usize {
        self.planes[0].ncols()
    }

    /// Height in pixels of the full-size planes.
    pub fn height(&self) -> usize {
        self.planes[0].nrows()
    }

    /// What the code values mean.
    pub fn format(&self) -> Format {
        self.format
    }

    /// All planes, alpha last.
    pub fn planes(&self) -> &[Plane] {
        &self.planes
    }

    /// All planes, alpha last, to be filled. Their sizes must stay.
    pub fn planes_mut(&mut self) -> &mut [Plane] {
        &mut self.planes
    }

    /// The alpha plane, if the format has one.
    pub fn alpha(&self) -> Option<&Plane> {
        self.format
            .alpha
            .then(|| &self.planes[self.planes.len() - 1])
    }

    /// Rounds every sample to a whole code value in `0..=max_code`: what any file will hold.
    ///
    /// Halves go to the even code. At t = 0.5 half of all blends end in a half; rounded up they
    /// would brighten the picture by a quarter code.
    pub fn quantize(&mut self) {
        let max_code = self.format.max_code();
        for plane in &mut self.planes {
            samples_mut(plane)
                .par_chunks_mut(BAND_SAMPLES)
                .for_each(|band| codes::round(band, max_code));
        }
    }
}

/// A plane all of whose samples are still to be written.
fn unwritten(dim: (usize, usize)) -> Plane {
    let samples = spare::room(dim.0 * dim.1);
    // As many as the plane has.
    Plane::from_shape_vec(dim, samples).unwrap_or_else(|_| Plane::zeros(dim))
}

/// A plane's samples, row by row.
///
/// # Panics
/// If the plane is not in standard layout. [`Picture::new`] and every function that makes planes
/// here see to it.
#[expect(
    clippy::expect_used,
    reason = "planes are in standard layout by construction"
)]
pub fn samples(plane: &Plane) -> &[f32] {
    plane.as_slice().expect("planes are in standard layout")
}

/// The same, to be written.
///
/// # Panics
/// As [`samples`].
#[expect(
    clippy::expect_used,
    reason = "planes are in standard layout by construction"
)]
pub fn samples_mut(plane: &mut Plane) -> &mut [f32] {
    plane.as_slice_mut().expect("planes are in standard layout")
}
