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
    #[error(
        "a map is an array of height x width x 2 or 2 x height x width, and this one's shape is {0:?}"
    )]
    Shape(Vec<u64>),
    /// A float map of another number of channels than three.
    #[error(
        "a map is a PFM of three channels (dx, dy, and one that is not used), and this one has one"
    )]
    Channels,
    /// The first bytes are those of no kind of map.
    #[error("it is no map of displacements; .flo, KITTI's .png, .npy, .npz and .pfm are read")]
    Unknown,
    /// More pixels than are read.
    #[error("it is too large: {0}")]
    TooLarge(#[from] otinterp::limits::TooLarge),
    /// It cannot be read, or is broken.
    #[error(transparent)]
    Data(#[from] crate::data::Failure),
    /// The PNG is broken, or cannot be written.
    #[error("the PNG is broken: {0}")]
    Png(String),
    /// The system refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
}
