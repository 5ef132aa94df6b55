//! Errors of beginning or resuming work.

use super::identity::Mismatch;
use std::io;
use std::path::PathBuf;

/// Why work cannot be begun or resumed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Another process is at it.
    #[error("another run is writing this; its work is in {0}")]
    InUse(PathBuf),
    /// An earlier run left finished segments, and nobody said what is to become of them.
    #[error(
        "an earlier run left unfinished work in {0}; --resume goes on with it, -y throws it away"
    )]
    Unfinished(PathBuf),
    /// What was begun is not what is wanted now.
    #[error("{0}; --resume goes on with the same source and settings only, -y alone begins anew")]
    Changed(Mismatch),
    /// A source is not as it was when the run began.
    #[error("{0} changed while it was read; what is made of it cannot be right")]
    Moving(PathBuf),
}
