//! Errors of beginning or resuming work.

use super::identity::Mismatch;
use std::io;
use std::path::PathBuf;

/// Why work cannot be begun or resumed, or a finished output not be taken for what is wanted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refused.
    #[error(transparent)]
    Io(io::Error),
    /// The user wants no more.
    #[error("interrupted")]
    Interrupted,
    /// Another process is at it.
    #[error("another run is writing this; its work is in {0}")]
    InUse(PathBuf),
    /// What has the work folder's name was not made by a run of this user, or leads elsewhere.
    #[error("{0} is in the way: it is no work folder that a run of yours made; remove it")]
    Foreign(PathBuf),
    /// An earlier run left finished segments, and nobody said what is to become of them.
    #[error(
        "an earlier run left unfinished work in {0}; --resume goes on with it, -y throws it away"
    )]
    Unfinished(PathBuf),
    /// What was begun is not what is wanted now.
    #[error(
        "the work was begun {0}; --resume goes on with the same source and settings only, -y alone begins anew"
    )]
    Changed(Mismatch),
    /// What was kept is not what was written.
    #[error(
        "what an earlier run left in {0} is damaged, or of another version; -y alone begins anew"
    )]
    Damaged(PathBuf),
    /// A source is not as it was when the run began.
    #[error("{0} changed while it was read; what is made of it cannot be right")]
    Moving(PathBuf),
    /// A finished output is not what is wanted now.
    #[error("it is there already, made {0}; -y makes it anew")]
    Other(Mismatch),
    /// A finished output is no longer what was written.
    #[error("it is there already, and was changed since it was made; -y makes it anew")]
    Touched,
    /// Nothing tells what a finished output was made of.
    #[error(
        "it is there already, and nothing tells that it was made from this source with these settings; -y makes it anew"
    )]
    Unknown,
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::Interrupted => Self::Interrupted,
            _ => Self::Io(error),
        }
    }
}
