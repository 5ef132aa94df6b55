//! Target of `frames`: what `-o` asks for.

use super::pattern::Pattern;
use crate::commands::exit::Usage;
use crate::commands::pair::{is_pipe, stem};
use crate::reporter::Reporter;
use anyhow::Context;
use clap::ValueEnum;
use otinterp::picture::still::{Still, StillError, StillFormat};
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
    /// YUV4MPEG2.
    Y4m,
    /// What FFmpeg writes.
    Video,
}

/// `--format`: what goes down a pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PipeFormat {
    /// One PNG after another
    Png,
    /// YUV4MPEG2, 4:4:4 or grey, full range
    Y4m,
    /// Raw samples, 8 bits, red, green, blue
    Rgb24,
}

impl Target {
    /// Reads `-o` (or its absence) and `--format`, for `count` frames between `a` and `b`.
    /// Fails with [`Usage`] if `-o` cannot take that many frames, names no known format, or `--format` is
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

    /// Sees that the target can hold the frames between pictures of one format; warns of what it leaves out.
    pub fn check(&self, stills: &[Still], reporter: &Reporter) -> anyhow::Result<()> {
        let (name, holds_alpha, holds_16_bit, holds_icc) = match self {
            Self::Folder(_) | Self::Pipe(PipeFormat::Png) => return Ok(()),
            Self::Files {
                format: StillFormat::Png,
                ..
            } => return Ok(()),
            Self::Files { format: f, .. } => {
                (f.name(), f.holds_alpha(), f.holds_16_bit(), f.holds_icc())
            }
            Self::Animation(_, Animation::Apng) => return Ok(()),
            // Known to have 256 colours and transparency that is on or off.
            Self::Animation(_, Animation::Gif) => ("GIF", true, true, false),
            Self::Animation(_, Animation::Y4m) | Self::Pipe(PipeFormat::Y4m) => {
                ("Y4M", false, true, false)
            }
            Self::Animation(_, Animation::Video) => ("the clip", false, false, false),
            Self::Pipe(PipeFormat::Rgb24) => ("RGB24", false, false, false),
        };
        if !holds_alpha && stills.iter().any(|s| s.has_transparency()) {
            return Err(StillError::NoAlpha(name)).with_context(|| self.shown());
        }
        if !holds_16_bit && stills.iter().any(|s| s.picture.format().bit_depth > 8) {
            reporter.warn(&format!("{name} holds 8 bits; the frames are rounded"));
        }
        if !holds_icc && stills.iter().any(|s| s.icc.is_some()) {
            reporter.warn(&format!("{name} holds no colour profile; it is left out"));
        }
        let lost = match (self, stills.first()) {
            (_, None) => Vec::new(),
            (Self::Files { format, .. }, Some(still)) => format.tags_lost(&still.tags),
            (_, Some(still)) => still.tags.names(),
        };
        if !lost.is_empty() {
            let lost = lost.join(", ");
            reporter.warn(&format!(
                "{name} does not hold the pictures' {lost}; what they say is left out"
            ));
        }
        Ok(())
    }

    /// The target as messages name it.
    pub fn shown(&self) -> String {
        match self {
            Self::Folder(folder) => shown_folder(folder),
            Self::Files { typed, .. } => typed.display().to_string(),
            Self::Animation(path, _) => path.display().to_string(),
            Self::Pipe(_) => "standard output".into(),
        }
    }

    fn files(out: &Path, count: usize) -> Result<Self, Usage> {
        let shown = out.display();
        let format = StillFormat::from_path(out)
            .map_err(|e| Usage(format!("{e}; a folder, or .gif, .apng for an animation")))?;
        let (folder, pattern) = pattern_in(out)?;
        if count > 1 && matches!(pattern, Pattern::Literal(_)) {
            return Err(Usage(format!(
                "{shown} is one file and there are {count} frames; use a pattern (mid_%03d.png), \
                 a folder or an animation (.gif, .mp4)"
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
            "y4m" => Self::Y4m,
            "mp4" | "m4v" | "mov" | "mkv" | "webm" => Self::Video,
            _ => return None,
        })
    }
}

/// The folder and the pattern of a file's name.
pub(super) fn pattern_in(out: &Path) -> Result<(PathBuf, Pattern), Usage> {
    let shown = out.display();
    let name = out.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| Usage(format!("{shown}: the name is not valid UTF-8")))?;
    let pattern = Pattern::parse(name).map_err(|e| Usage(format!("{shown}: {e}")))?;
    Ok((out.parent().unwrap_or(Path::new("")).to_owned(), pattern))
}

/// A folder as messages name it.
pub(super) fn shown_folder(folder: &Path) -> String {
    let shown = folder.display().to_string();
    format!("{}/", shown.trim_end_matches(std::path::is_separator))
}

/// A folder is what exists as one, ends in a slash, or has no extension (and is no pattern).
pub(super) fn is_folder(out: &Path) -> bool {
    let shown = out.to_string_lossy();
    let slash = shown.ends_with(std::path::is_separator);
    out.is_dir() || slash || (out.extension().is_none() && !shown.contains('%'))
}
