//! From what was typed to what will be done: every input with its output, checked before work.

use super::RetimeArgs;
use crate::cli::common::Common;
use crate::cli::exit::Usage;
use crate::video::time::{Rational, short_decimal};
use anyhow::{Context, bail};
use std::collections::HashSet;
use std::fmt;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Containers whose extension an output without `-o` keeps; the rest become MP4.
const KEPT_EXTENSIONS: &[&str] = &[
    "mp4", "m4v", "mov", "mkv", "webm", "avi", "ts", "m2ts", "mts", "nut", "y4m",
];

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
    /// What stands between the stem and the extension of an output without `-o`.
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

/// A file, or a pipe that carries Y4M.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    Pipe,
    File(PathBuf),
}

impl End {
    fn new(path: &Path) -> Self {
        if path == Path::new("-") {
            Self::Pipe
        } else {
            Self::File(path.to_owned())
        }
    }

    /// Whether Y4M flows here, which needs no FFmpeg.
    pub(super) fn is_y4m(&self) -> bool {
        match self {
            Self::Pipe => true,
            Self::File(path) => extension_of(path) == "y4m",
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
}

impl Job {
    /// Whether stdout carries the clip.
    pub(super) fn writes_to_stdout(&self) -> bool {
        self.output == End::Pipe
    }
}

/// The jobs, or the first thing that speaks against them.
pub(super) fn plan(args: &RetimeArgs, common: &Common) -> anyhow::Result<Vec<Job>> {
    if args.output.is_some() && args.inputs.len() > 1 {
        let why = "-o names one output, but there are several inputs; use --out-dir";
        return Err(Usage(why.into()).into());
    }
    if args.timecodes.is_some() && args.inputs.len() > 1 {
        let why = "--timecodes names one file, but there are several inputs";
        return Err(Usage(why.into()).into());
    }
    let target = args.target();
    let jobs: Vec<Job> = args
        .inputs
        .iter()
        .map(|input| {
            let input = End::new(input);
            let output = output_for(&input, args, target)?;
            Ok(Job {
                input,
                output,
                target,
            })
        })
        .collect::<anyhow::Result<_>>()?;
    let mut seen = HashSet::new();
    for job in &jobs {
        if !seen.insert(job.output.to_string()) {
            return Err(Usage(format!("two inputs would be written to {}", job.output)).into());
        }
        check_output(job, common.overwrite)?;
    }
    if let Some(folder) = &args.out_dir {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    Ok(jobs)
}

fn output_for(input: &End, args: &RetimeArgs, target: Target) -> anyhow::Result<End> {
    if let Some(output) = &args.output {
        return Ok(End::new(output));
    }
    let End::File(path) = input else {
        let why = "input - needs -o: -o - for Y4M on stdout, or a file";
        return Err(Usage(why.into()).into());
    };
    let extension = extension_of(path);
    let extension = if KEPT_EXTENSIONS.contains(&extension.as_str()) {
        extension
    } else {
        "mp4".to_owned()
    };
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = format!("{stem}.{}.{extension}", target.suffix());
    let folder = match &args.out_dir {
        Some(folder) => folder.as_path(),
        None => path.parent().unwrap_or(Path::new("")),
    };
    Ok(End::File(folder.join(name)))
}

fn check_output(job: &Job, overwrite: bool) -> anyhow::Result<()> {
    let End::File(output) = &job.output else {
        if std::io::stdout().is_terminal() {
            let why = "-o - writes Y4M, and stdout is a terminal; pipe it or name a file";
            return Err(Usage(why.into()).into());
        }
        return Ok(());
    };
    if let End::File(input) = &job.input
        && let (Ok(a), Ok(b)) = (input.canonicalize(), output.canonicalize())
        && a == b
    {
        bail!(
            "{}: the output would overwrite its own source",
            output.display()
        );
    }
    if output.is_dir() {
        bail!(
            "{}: it is a folder; -o names a file, --out-dir a folder",
            output.display()
        );
    }
    if !overwrite && output.symlink_metadata().is_ok() {
        bail!("{}: it exists already; -y overwrites", output.display());
    }
    if !can_write(output) {
        bail!(
            "{}: no container is known for this extension; .mp4, .mkv, .webm, .mov or .y4m will do",
            output.display()
        );
    }
    Ok(())
}

#[cfg(feature = "video")]
fn can_write(path: &Path) -> bool {
    extension_of(path) == "y4m" || crate::video::can_write(path)
}

#[cfg(not(feature = "video"))]
fn can_write(path: &Path) -> bool {
    extension_of(path) == "y4m"
}

/// The extension in lower case, empty if there is none.
pub(super) fn extension_of(path: &Path) -> String {
    path.extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase()
}
