//! Options common to all commands (preset, threads, report, verbosity), and those that several share.

use super::exit::Usage;
use crate::reporter::{Manner, Reporter};
use clap::{Args, ValueEnum};
use otinterp::timings::{self, Reading, Timings};
use otinterp::{Interpolator, Method, Preset};
use otinterp_video::Access;
use std::thread::available_parallelism;

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// Trade speed for quality
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "balanced",
        env = "OTINTERP_PRESET",
        hide_env_values = true,
        help_heading = "Common options"
    )]
    pub preset: PresetArg,
    /// Number of threads, 1 to 256 or to the number of cores if that is larger [default: all cores]. The result does not depend on it
    #[arg(
        long,
        global = true,
        value_name = "N",
        env = "OTINTERP_THREADS",
        hide_env_values = true,
        help_heading = "Common options"
    )]
    pub threads: Option<usize>,
    /// Write a report as JSON, one object per line, to stdout (to stderr if stdout carries data)
    #[arg(long, global = true, help_heading = "Common options")]
    pub json: bool,
    /// Print no progress and no summary
    #[arg(short, long, global = true, help_heading = "Common options")]
    pub quiet: bool,
    /// Print details on stderr
    #[arg(
        short,
        long,
        global = true,
        conflicts_with = "quiet",
        help_heading = "Common options"
    )]
    pub verbose: bool,
    /// Overwrite existing files, but no input [default: refuse]
    #[arg(short = 'y', long, global = true, help_heading = "Common options")]
    pub overwrite: bool,
}

/// `--timings`.
#[derive(Debug, Clone, Copy, Args)]
pub struct TimingsArg {
    /// Print the time of each stage on stderr, and add it to --json. CPU times of stages need --threads 1
    #[arg(long)]
    timings: bool,
}

impl TimingsArg {
    /// Whether stages are timed.
    pub fn is_on(self) -> bool {
        self.timings
    }

    /// Times all stages from now on, if that is asked for; reads the clocks.
    pub fn start(self) -> Reading {
        if self.timings {
            timings::enable();
        }
        Reading::now()
    }
}

/// `--allow-lists`, `--allow-network`.
#[derive(Debug, Clone, Copy, Args)]
pub struct AccessArg {
    /// Let a playlist or manifest given as a clip open files outside of its folder, and have any name
    #[arg(long, help_heading = "Input")]
    allow_lists: bool,
    /// Let it also open network addresses (DASH, SDP, HLS); none is contacted otherwise
    #[arg(long, help_heading = "Input")]
    allow_network: bool,
}

impl From<AccessArg> for Access {
    fn from(arg: AccessArg) -> Self {
        match (arg.allow_network, arg.allow_lists) {
            (true, _) => Self::Network,
            (false, true) => Self::Files,
            (false, false) => Self::Folder,
        }
    }
}

/// Prints where the time went, if that is asked for; under a report it stands in the report alone.
pub fn print_timings(timings: Option<&Timings>, reporter: &Reporter) {
    if let Some(timings) = timings {
        reporter.table(&timings.table());
    }
}

/// `--preset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PresetArg {
    /// Motion solved at an eighth of the resolution, refined at a quarter (an eighth above a megapixel)
    Fast,
    /// Motion solved and refined at half the resolution, rendered by layers, what lies in front first, of cells of 4 px
    Balanced,
    /// Motion solved at full resolution (720p at half, 1080p at a quarter, 4K at an eighth), rendered by layers of cells of 2 px, of 4 px above 1024×768 pixels
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
    /// Move pixels along the motion found by optimal transport
    Ot,
    /// Move luminance as mass, which is conserved: for densities (smoke, rain, light on black)
    Mass,
    /// Blend the two frames: (1-t) A + t B
    Crossfade,
    /// Repeat the nearer source frame
    Hold,
}

impl MethodArg {
    /// The name as typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ot => "ot",
            Self::Mass => "mass",
            Self::Crossfade => "crossfade",
            Self::Hold => "hold",
        }
    }
}

impl From<PresetArg> for Preset {
    fn from(p: PresetArg) -> Self {
        match p {
            PresetArg::Fast => Self::Fast,
            PresetArg::Balanced => Self::Balanced,
            PresetArg::Best => Self::Best,
        }
    }
}

impl From<MethodArg> for Method {
    fn from(m: MethodArg) -> Self {
        match m {
            MethodArg::Ot => Self::Ot,
            MethodArg::Mass => Self::Mass,
            MethodArg::Crossfade => Self::CrossFade,
            MethodArg::Hold => Self::Hold,
        }
    }
}

/// So many threads can be had, or as many as there are cores if that is more. Threads that find no work look for it again and again:
/// on two cores a picture of 17×13 takes 0.1 s of CPU time with 256 of them, 4 s with 1024, and minutes with 100 000 (measured).
const MOST_THREADS: usize = 256;

impl Common {
    /// Sets the number of threads for the whole process. To be called once.
    /// Fails with [`Usage`] if the number is 0 or too large, see [`MOST_THREADS`]; the pool's own error if it cannot be started.
    pub fn apply(&self) -> anyhow::Result<()> {
        let cores = available_parallelism().map_or(1, usize::from);
        let most = MOST_THREADS.max(cores);
        let threads = match self.threads {
            Some(0) => return Err(Usage("--threads 0: at least 1 is needed".into()).into()),
            Some(threads) if threads > most => {
                let why = format!("--threads {threads}: at most {most} can be had");
                return Err(Usage(why).into());
            }
            // Said here, or the thread pool would take any number that its own variable holds.
            threads => threads.unwrap_or(cores),
        };
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global()?;
        Ok(())
    }

    /// The reporter of a run whose standard output carries data, or does not.
    pub fn reporter(&self, stdout_carries_data: bool) -> Reporter {
        let manner = Manner {
            quiet: self.quiet,
            verbose: self.verbose,
            json: self.json,
        };
        Reporter::new(manner, stdout_carries_data)
    }

    /// The interpolator that the options ask for.
    pub fn interpolator(&self, method: MethodArg) -> Interpolator {
        Interpolator::new(method.into(), self.preset.into())
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
