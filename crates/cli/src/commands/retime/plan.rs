//! From what was typed to what will be done: every input with its output, checked before work.

use super::RetimeArgs;
use super::inputs;
use super::outputs::{check_outputs, drop_own_outputs, output_for};
use super::pipe::{self, PipeFormat};
use crate::commands::common::Common;
use crate::commands::exit::Usage;
use crate::work;
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
    /// Times slower at the source's frames per second.
    Slow(Rational),
}

impl Target {
    /// `60fps`, `x2` or `slow4`, which names of outputs hold.
    fn suffix(self) -> String {
        match self {
            Self::Rate(rate) => format!("{}fps", short_decimal(rate)),
            Self::Factor(factor) => format!("x{}", short_decimal(factor)),
            Self::Slow(factor) => format!("slow{}", short_decimal(factor)),
        }
    }

    /// Frames per second, and how many times slower, for a source of `rate` frames per second.
    pub(super) fn rate_and_slowdown(self, rate: Rational) -> (Rational, Rational) {
        let one = Rational::from_integer(1);
        match self {
            Self::Rate(wanted) => (wanted, one),
            Self::Factor(factor) => (rate * factor, one),
            Self::Slow(factor) => (rate, factor),
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
    pub(super) is_skipped: bool,
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
        extension_of(self.output_name()) == "y4m"
    }
}

/// All that will be done.
#[derive(Debug)]
pub(super) struct Plan {
    /// In the order of the inputs.
    pub(super) jobs: Vec<Job>,
    /// Several inputs, or a folder: a failure does not end the run.
    pub(super) is_batch: bool,
}

/// What will be done, or the first thing that speaks against it. Nothing is written.
pub(super) fn plan(args: &RetimeArgs, common: &Common) -> anyhow::Result<Plan> {
    pipe::check(args)?;
    let folder = args.inputs.iter().find(|path| inputs::is_folder(path));
    if args.output.is_some() {
        if args.inputs.len() > 1 {
            let why = "-o names one output, but there are several inputs; use --out-dir";
            return Err(Usage(why.into()).into());
        }
        if let Some(folder) = folder {
            let shown = folder.display();
            let why = format!("-o names one output, but {shown} is a folder; use --out-dir");
            return Err(Usage(why).into());
        }
    }
    if args.skip_existing && common.overwrite {
        let why = "--skip-existing keeps what -y would overwrite; give one of the two";
        return Err(Usage(why.into()).into());
    }
    if args.timecodes.is_some() && args.inputs.len() > 1 {
        let why = "--timecodes names one file, but there are several inputs";
        return Err(Usage(why.into()).into());
    }
    let target = args.target();
    let suffix = target.suffix();
    let mut found = inputs::expand(&args.inputs, &suffix, args.out_dir.as_deref())?;
    drop_own_outputs(&mut found, args, &suffix)?;
    let jobs: Vec<Job> = found
        .iter()
        .enumerate()
        .map(|(index, input)| {
            let output = output_for(input, index + 1, args, &suffix)?;
            Ok(Job {
                is_skipped: is_done(&output, args, common),
                input: End::new(&input.path),
                output,
                target,
                format: args.pipe_format(),
            })
        })
        .collect::<anyhow::Result<_>>()?;
    check_outputs(&jobs, common)?;
    Ok(Plan {
        is_batch: jobs.len() > 1 || folder.is_some(),
        jobs,
    })
}

/// Whether an output is there already and stays as it is.
fn is_done(output: &End, args: &RetimeArgs, common: &Common) -> bool {
    let End::File(path) = output else {
        return false;
    };
    let stays = args.skip_existing || (args.resume && !common.overwrite);
    stays && path.is_file() && !(args.resume && work::has_segments(path))
}

/// The extension in lower case, empty if there is none.
pub(super) fn extension_of(path: &Path) -> String {
    path.extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase()
}
