//! Rules of a run: interpolator, scene cuts, duplicates.

use clap::ValueEnum;
use otinterp::Interpolator;
use otinterp_video::time::Rational;

/// Share of a picture, reduced in size, that no motion explains, from which on two frames are taken for two scenes.
/// Measured: `docs/decisions/007-cuts-and-duplicates.md`.
pub const DEFAULT_CUT_THRESHOLD: f32 = 0.4;

/// How in-betweens are made, and where there are none.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Makes the in-betweens.
    pub interpolator: Interpolator,
    /// Where the cuts are.
    pub cuts: Cuts,
    /// What stands between the last frame of a scene and the first of the next.
    pub at_cut: AtCut,
    /// What becomes of frames that repeat the one before.
    pub duplicates: Duplicates,
    /// How things move between two frames.
    pub paths: Paths,
    /// The last frame is followed by the first.
    pub is_loop: bool,
}

/// Where one scene ends and another begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Cuts {
    /// Where the frames say so: where at least this share of them, in `[0, 1]`, is explained by no motion.
    Detected(f32),
    /// Where the user says so.
    ByHand(Vec<HandCut>),
}

/// A cut given by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandCut {
    /// Index of the first frame after the cut, from 0.
    Frame(u64),
    /// Seconds since the clip's first frame: the frame nearest to it is the first after the cut.
    Time(Rational),
}

/// What stands between two scenes: `--cut`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum AtCut {
    /// Repeat the nearer of the two frames, bit for bit
    #[default]
    Hold,
    /// Cross-fade from one to the other
    Crossfade,
}

/// What becomes of frames that repeat the one before: `--duplicates`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Duplicates {
    /// Keep them
    #[default]
    Keep,
    /// Replace them by in-betweens of the frames around them
    Replace,
}

/// How things move between two frames: `--motion`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Paths {
    /// Along a smooth path through the frames before and after as well, where these tell of it
    #[default]
    Curved,
    /// Straight on, at constant speed
    Straight,
}

impl Rules {
    /// In-betweens by `interpolator` between all frames: no cuts, duplicates stay.
    pub fn new(interpolator: Interpolator) -> Self {
        Self {
            interpolator,
            cuts: Cuts::ByHand(Vec::new()),
            at_cut: AtCut::default(),
            duplicates: Duplicates::default(),
            paths: Paths::default(),
            is_loop: false,
        }
    }

    /// Whether cuts are found on the pictures.
    pub(super) fn seeks_cuts(&self) -> bool {
        matches!(self.cuts, Cuts::Detected(_))
    }
}
