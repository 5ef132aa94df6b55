//! One clip to be retimed: input, output, frame rate.

use super::options::PipeFormat;
use otinterp_video::is_y4m;
use otinterp_video::time::{Rational, short_decimal};
use std::fmt;
use std::path::{Path, PathBuf};

/// What the output's rate follows from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    /// Frames per second.
    Rate(Rational),
    /// Times the source's frames per second.
    Factor(Rational),
    /// Times slower, at these frames per second or the source's.
    Slow(Rational, Option<Rational>),
}

impl Target {
    /// Whether the output's rate follows from the source's.
    pub(super) fn needs_rate(self) -> bool {
        !matches!(self, Self::Rate(_) | Self::Slow(_, Some(_)))
    }

    /// `60fps`, `x2`, `slow4` or `slow4.60fps`, which names of outputs hold.
    pub(super) fn suffix(self) -> String {
        let at = |rate: Rational| format!("{}fps", short_decimal(rate));
        match self {
            Self::Rate(rate) => at(rate),
            Self::Slow(factor, Some(rate)) => format!("slow{}.{}", short_decimal(factor), at(rate)),
            Self::Factor(factor) => format!("x{}", short_decimal(factor)),
            Self::Slow(factor, None) => format!("slow{}", short_decimal(factor)),
        }
    }

    /// Frames per second, and how many times slower, for a source of `rate` frames per second; `None` where they follow
    /// from a rate that is not known.
    pub(super) fn rate_and_slowdown(self, rate: Option<Rational>) -> Option<(Rational, Rational)> {
        let one = Rational::from_integer(1);
        match self {
            Self::Rate(wanted) => Some((wanted, one)),
            Self::Factor(factor) => Some((rate? * factor, one)),
            Self::Slow(factor, wanted) => Some((wanted.or(rate)?, factor)),
        }
    }
}

/// A file, or a pipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    Pipe,
    File(PathBuf),
}

impl End {
    /// `-` is the pipe.
    pub(super) fn new(path: &Path) -> Self {
        if path == Path::new("-") {
            Self::Pipe
        } else {
            Self::File(path.to_owned())
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Pipe => f.write_str("-"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// One clip to be retimed.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) input: End,
    pub(super) output: End,
    pub(super) target: Target,
    /// What is written if the output is a pipe.
    pub(super) format: PipeFormat,
    /// The output is there already, and `--skip-existing` or `--resume` was given.
    pub(super) is_there: bool,
}

impl Job {
    /// Whether stdout carries the clip.
    pub(super) fn writes_to_stdout(&self) -> bool {
        self.output == End::Pipe
    }

    /// The output's name, or for a pipe one that stands for what flows through it: the container follows from it.
    pub(super) fn output_name(&self) -> &Path {
        match &self.output {
            End::Pipe => self.format.like(),
            End::File(path) => path,
        }
    }

    /// Whether Y4M is written, which needs no FFmpeg.
    pub(super) fn writes_y4m(&self) -> bool {
        is_y4m(self.output_name())
    }
}

/// The extension in lower case, empty if there is none.
pub(super) fn extension_of(path: &Path) -> String {
    path.extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase()
}
