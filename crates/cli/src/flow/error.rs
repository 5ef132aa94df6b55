//! Errors of reading and writing motion fields.

use std::io;

/// Why a map cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The first four bytes are others than a `.flo` file's.
    #[error("it is no Middlebury .flo file: it does not start with PIEH")]
    NoFlo,
    /// The header's size cannot be.
    #[error("its header says {0}x{1} pixels, which cannot be")]
    Size(i32, i32),
    /// The file ends early, or goes on: its width and height, bytes of a whole file and of this one.
    #[error("a map of {0}x{1} pixels takes {2} bytes and the file has {3}")]
    Length(usize, usize, usize, usize),
    /// The PNG has other samples than KITTI's.
    #[error("a KITTI map is a PNG of three 16-bit colours, and this one is {0}")]
    NoKitti(String),
    /// KITTI's 16 bits end at 512 px; this is a component along x or y.
    #[error(
        "the longest displacement is {0:.1} px along one axis and a KITTI PNG ends at 512; write .flo or .npy instead"
    )]
    TooLong(f32),
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
