//! Options that every command takes.

use super::exit::Usage;
use crate::interpolator::{Interpolator, Method, Preset};
use clap::{Args, ValueEnum};

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// Work done for quality
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "balanced",
        help_heading = "Common options"
    )]
    pub preset: PresetArg,
    /// Threads to use; all cores by default. The result does not depend on it
    #[arg(long, global = true, value_name = "N", help_heading = "Common options")]
    pub threads: Option<usize>,
    /// Machine-readable report on stdout (on stderr where stdout carries data)
    #[arg(long, global = true, help_heading = "Common options")]
    pub json: bool,
    /// No progress and no summary
    #[arg(short, long, global = true, help_heading = "Common options")]
    pub quiet: bool,
    /// Say more on stderr
    #[arg(
        short,
        long,
        global = true,
        conflicts_with = "quiet",
        help_heading = "Common options"
    )]
    pub verbose: bool,
    /// Overwrite existing output (default: refuse)
    #[arg(short = 'y', long, global = true, help_heading = "Common options")]
    pub overwrite: bool,
}

/// `--preset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PresetArg {
    /// Motion solved at half resolution, refined once
    Fast,
    /// Motion solved at full resolution, refined twice
    Balanced,
    /// Motion solved at full resolution, refined three times; rendered along more motions
    Best,
}

impl PresetArg {
    /// The name as typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Balanced => "balanced",
            Self::Best => "best",
        }
    }
}

/// `--method`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MethodArg {
    /// Displacement interpolation by optimal transport
    Ot,
    /// (1-t) A + t B
    Crossfade,
    /// The nearer source frame
    Hold,
}

impl MethodArg {
    /// The name as typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ot => "ot",
            Self::Crossfade => "crossfade",
            Self::Hold => "hold",
        }
    }
}

impl From<MethodArg> for Method {
    fn from(m: MethodArg) -> Self {
        match m {
            MethodArg::Ot => Self::Ot,
            MethodArg::Crossfade => Self::CrossFade,
            MethodArg::Hold => Self::Hold,
        }
    }
}

impl Common {
    /// Sets the number of threads for the whole process. To be called once.
    ///
    /// # Errors
    /// [`Usage`] if the number is 0; the pool's own error if it cannot be started.
    pub fn apply(&self) -> anyhow::Result<()> {
        if let Some(threads) = self.threads {
            if threads == 0 {
                return Err(Usage("--threads 0: at least 1 is needed".into()).into());
            }
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build_global()?;
        }
        Ok(())
    }

    /// Prints a warning as one line on stderr, unless `-q` was given.
    pub fn warn(&self, message: &str) {
        if !self.quiet {
            eprintln!("otinterp: warning: {message}");
        }
    }

    /// The interpolator that the options ask for.
    pub fn interpolator(&self, method: MethodArg) -> Interpolator {
        let preset = match self.preset {
            PresetArg::Fast => Preset::Fast,
            PresetArg::Balanced => Preset::Balanced,
            PresetArg::Best => Preset::Best,
        };
        Interpolator::new(method.into(), preset)
    }
}

/// Share of a picture that is worth a word.
const NOTABLE_SHARE: f64 = 0.01;

/// What to say of the share of the picture that no motion explains; nothing where it is small.
pub fn unexplained_note(share: f64) -> String {
    if share < NOTABLE_SHARE {
        return String::new();
    }
    let percent = (100.0 * share).round();
    format!("; no motion explains {percent} % of the picture, which is cross-faded")
}
