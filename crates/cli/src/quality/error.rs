//! Errors of comparing two pictures.

use otinterp::picture::PictureError;

/// Why two pictures cannot be compared.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The pictures differ in size.
    #[error("{}x{} pixels against {}x{}", picture.0, picture.1, truth.0, truth.1)]
    SizesDiffer {
        /// Width and height of the picture.
        picture: (usize, usize),
        /// Width and height of the truth.
        truth: (usize, usize),
    },
    /// Y′CbCr must be turned into RGB first; the decoder does that.
    #[error("quality is measured on RGB or grey pictures, not on Y'CbCr")]
    NotRgb,
    /// A picture breaks its own format.
    #[error(transparent)]
    Picture(#[from] PictureError),
}
