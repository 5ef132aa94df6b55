//! `--audio`.

use clap::ValueEnum;

/// `--audio`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AudioArg {
    /// It is slowed with the picture, at its own pitch, and encoded again
    Stretch,
    /// It is copied at its own speed, and ends before the picture does
    Copy,
    /// It is left out
    Drop,
}

#[cfg(feature = "video")]
impl From<AudioArg> for otinterp_video::Sound {
    fn from(arg: AudioArg) -> Self {
        match arg {
            AudioArg::Stretch => Self::Stretch,
            AudioArg::Copy => Self::Copy,
            AudioArg::Drop => Self::Drop,
        }
    }
}
