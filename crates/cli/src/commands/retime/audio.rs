//! `--audio`.

use clap::ValueEnum;

/// `--audio`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AudioArg {
    /// Slow it down with the picture, keep its pitch, and encode it again
    Stretch,
    /// Copy it at its own speed; it ends before the picture
    Copy,
    /// Leave it out
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
