//! Errors of reading and writing motion fields.

use std::io;

/// Why a map cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The first four bytes are others than a `.flo` file's.
    #[error("it is no Middlebury .flo file: it does not start with PIEH")]
    NoFlo,
    /// The header's size cannot be.
    #[error("its header says {width}x{height} pixels, which cannot be")]
    Size {
        /// Pixels in a row.
        width: i64,
        /// Rows.
        height: i64,
    },
    /// The file ends early, or goes on.
    #[error("a map of {width}x{height} pixels takes {expected} bytes and the file has {found}")]
    Length {
        /// Pixels in a row.
        width: usize,
        /// Rows.
        height: usize,
        /// Bytes of a whole file.
        expected: usize,
        /// Bytes of this one.
        found: usize,
    },
    /// The PNG has other samples than KITTI's.
    #[error("a KITTI map is a PNG of three 16-bit colours, and this one is {0}")]
    NoKitti(String),
    /// KITTI's 16 bits end at 512 px.
    #[error(
        "the longest displacement is {longest_px:.1} px along one axis and a KITTI PNG ends at 512; write .flo or .npy instead"
    )]
    TooLong {
        /// Its component along x or y.
        longest_px: f32,
    },
    /// The array has another shape.
    #[error("a map is an array of height x width x 2, and this one's shape is {0:?}")]
    NpyShape(Vec<u64>),
    /// No NumPy array of numbers.
    #[error("it is no NumPy array that is read: {0}")]
    Npy(#[from] crate::data::Failure),
    /// The PNG is broken, or cannot be written.
    #[error("{0}")]
    Png(String),
    /// The system refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
}
