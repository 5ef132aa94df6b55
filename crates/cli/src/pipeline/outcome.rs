//! Outcome of a run: progress, counts, errors.

use crate::work;
use otinterp_video as video;
use otinterp_video::time::Rational;

/// Why a clip was not retimed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The clip cannot be read.
    #[error(transparent)]
    Read(video::Error),
    /// The output cannot be written.
    #[error("output: {0}")]
    Write(video::Error),
    /// Two pictures do not go together.
    #[error(transparent)]
    Interpolate(#[from] otinterp::Error),
    /// The clip has no frame, or one.
    #[error("it has {}: there is nothing in between", if *.0 == 0 { "no frame" } else { "only one frame" })]
    TooShort(u64),
    /// The user wants no more.
    #[error("interrupted")]
    Interrupted,
    /// Finished segments cannot be kept, or not resumed.
    #[error(transparent)]
    Work(#[from] work::Error),
    /// A thread could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}

/// What was done.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    /// Source frames read.
    pub frames_in: u64,
    /// Frames written.
    pub frames_out: u64,
    /// Seconds from the first source frame to the end of the last.
    pub duration: Rational,
    /// Mean over the in-betweens of the share of the picture that no motion explains; 0 without in-betweens.
    /// Those at a cut do not count.
    pub unexplained_share: f64,
    /// Where one scene ends and another begins, in order of time.
    pub cuts: Vec<Cut>,
    /// Cuts given by hand that lie beyond the clip's last frame.
    pub cuts_beyond: usize,
    /// Source frames that repeated the one before and gave way to in-betweens.
    pub duplicates_replaced: u64,
}

/// Where one scene ends and another begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// Index of the first frame after the cut, from 0.
    pub frame: u64,
    /// Seconds from the clip's first frame to that one.
    pub time: Rational,
}

/// What the pipeline asks and tells while it runs.
pub trait Observer: Sync {
    /// Whether to stop.
    fn is_interrupted(&self) -> bool {
        false
    }

    /// So many frames are written.
    fn written(&self, _frames: u64) {}

    /// Of those, so many were written by an earlier run.
    fn passed(&self, _frames: u64) {}

    /// So many in-betweens are made.
    fn in_betweens(&self, _frames: u64) {}

    /// The first long gap: from `at` on, seconds since the first frame, there is no frame for `gap` seconds.
    fn gap(&self, _at: Rational, _gap: Rational) {}

    /// These cuts are seen so far; the first frame after one is written later than this is told.
    fn cuts(&self, _cuts: &[Cut]) {}
}
