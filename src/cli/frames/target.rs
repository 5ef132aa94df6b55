//! What `-o` asks for.

use super::pattern::Pattern;
use crate::cli::Common;
use crate::cli::exit::Usage;
use crate::cli::pair::{Pair, is_pipe};
use crate::picture::still::StillFormat;
use anyhow::Context;
use clap::ValueEnum;
use std::path::{Path, PathBuf};

/// Where the frames go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Numbered PNG files in a folder, in time order.
    Folder(PathBuf),
    /// One file for each frame, in the order asked for.
    Files {
        /// The folder they lie in; empty for the current one.
        folder: PathBuf,
        /// What was typed.
        typed: PathBuf,
        /// Their names.
        pattern: Pattern,
        /// Their format.
        format: StillFormat,
    },
    /// All frames in one file.
    Animation(PathBuf, Animation),
    /// All frames on standard output.
    Pipe(PipeFormat),
}

/// A file that holds several frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Animation {
    /// GIF: 256 colours a frame.
    Gif,
    /// Animated PNG: exact.
    Apng,
}

/// `--format`: what goes down a pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PipeFormat {
    /// One PNG after another
    Png,
    /// Bare samples, 8 bits, red, green, blue
    Rgb24,
}

impl Target {
    /// Reads `-o` (or its absence) and `--format`, for `count` frames between `a` and `b`.
    ///
    /// # Errors
    /// [`Usage`] if `-o` cannot take that many frames, names no known format, or `--format` is
    /// given without `-o -`.
    pub fn parse(
        out: Option<&Path>,
        format: Option<PipeFormat>,
        (a, b): (&Path, &Path),
        count: usize,
    ) -> Result<Self, Usage> {
        let piped = out.is_some_and(is_pipe);
        if format.is_some() && !piped {
            return Err(Usage("--format is for standard output: add -o -".into()));
        }
        let Some(out) = out else {
            return Ok(Self::Folder(format!("{}-{}", stem(a), stem(b)).into()));
        };
        if piped {
            return Ok(Self::Pipe(format.unwrap_or(PipeFormat::Png)));
        }
        if is_folder(out) {
            return Ok(Self::Folder(out.to_owned()));
        }
        if let Some(animation) = Animation::from_path(out) {
            return Ok(Self::Animation(out.to_owned(), animation));
        }
        Self::files(out, count)
    }

    /// Sees that the target can hold the frames between two pictures; warns of what it leaves out.
    ///
    /// # Errors
    /// [`StillError`](crate::picture::still::StillError) if transparency would be lost.
    pub fn check(&self, pair: &Pair, common: &Common) -> anyhow::Result<()> {
        let format = match self {
            Self::Files { format, .. } => *format,
            // Bare samples hold what PPM holds, at 8 bits.
            Self::Pipe(PipeFormat::Rgb24) => StillFormat::Pnm,
            _ => return Ok(()),
        };
        for still in [&pair.a, &pair.b] {
            format.check(still).with_context(|| self.shown())?;
        }
        if let Some(loss) = format.loses(&pair.a).or(format.loses(&pair.b)) {
            common.warn(&format!("{format}: {loss}", format = format.name()));
        }
        Ok(())
    }

    /// The target as messages name it.
    pub fn shown(&self) -> String {
        match self {
            Self::Folder(folder) => {
                let shown = folder.display().to_string();
                format!("{}/", shown.trim_end_matches(std::path::is_separator))
            }
            Self::Files { typed, .. } => typed.display().to_string(),
            Self::Animation(path, _) => path.display().to_string(),
            Self::Pipe(_) => "standard output".into(),
        }
    }

    fn files(out: &Path, count: usize) -> Result<Self, Usage> {
        let shown = out.display();
        let format = StillFormat::from_path(out)
            .map_err(|e| Usage(format!("{e}; a folder, or .gif, .apng for an animation")))?;
        let folder = out.parent().unwrap_or(Path::new("")).to_owned();
        let name = out.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| Usage(format!("{shown}: the name is not valid UTF-8")))?;
        let pattern = Pattern::parse(name).map_err(|e| Usage(format!("{shown}: {e}")))?;
        if count > 1 && matches!(pattern, Pattern::Literal(_)) {
            return Err(Usage(format!(
                "{shown} is one file and there are {count} frames; use a pattern (mid_%03d.png), \
                 a folder or an animation (.gif)"
            )));
        }
        Ok(Self::Files {
            typed: out.to_owned(),
            folder,
            pattern,
            format,
        })
    }
}

impl Animation {
    fn from_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match extension.as_str() {
            "gif" => Self::Gif,
            "apng" => Self::Apng,
            _ => return None,
        })
    }
}

/// A folder is what exists as one, ends in a slash, or has no extension (and is no pattern).
fn is_folder(out: &Path) -> bool {
    let shown = out.to_string_lossy();
    let slash = shown.ends_with(std::path::is_separator);
    out.is_dir() || slash || (out.extension().is_none() && !shown.contains('%'))
}

/// The name of an input without its extension.
fn stem(input: &Path) -> String {
    if is_pipe(input) {
        return "stdin".into();
    }
    input
        .file_stem()
        .unwrap_or(input.as_os_str())
        .to_string_lossy()
        .into_owned()
}
