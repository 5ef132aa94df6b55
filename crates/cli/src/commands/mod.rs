//! Command line: arguments, one module per command, exit codes.

mod codecs;
mod common;
mod compare;
mod completions;
mod distance;
mod exit;
mod flow;
mod frames;
mod html;
mod inspect;
mod man;
mod mass;
mod output;
mod pair;
mod path;
mod points;
mod report;
mod retime;
mod score;
mod tables;
mod times;

use crate::files::protect;
use crate::reporter::print_help;
use clap::{CommandFactory, Parser, Subcommand};
use common::Common;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// The program's name.
const PROGRAM: &str = "otinterp";

/// Frames between frames, by optimal transport.
#[derive(Debug, Parser)]
#[command(name = PROGRAM, version, max_term_width = 100)]
#[command(about = "Make the frames between frames, by optimal transport")]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 usage, 3 some inputs of a batch failed, 130 interrupted."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make in-between stills of two pictures or more
    Frames(frames::FramesArgs),
    /// Retime clips: raise the frame rate, or make slow motion; audio and subtitles are kept
    Retime(Box<retime::RetimeArgs>),
    /// List the video encoders for `retime --codec`; with -v their pixel formats
    Codecs(codecs::CodecsArgs),
    /// Draw transport and cross-fade side by side, as one picture
    Compare(compare::CompareArgs),
    /// Write the motion between two pictures: displacements, as numbers, colours or arrows, and their confidence
    Flow(flow::FlowArgs),
    /// Look into a frame: pyramid, tile masks, motion, visibility, order of depth, candidates, errors and fallback as pictures on a page
    Inspect(inspect::InspectArgs),
    /// Show pictures, a clip or a score on one HTML page: a divider between two ways to make a frame, overlays, cuts and charts
    Report(report::ReportArgs),
    /// Measure the path between two densities: distance, energy and mass, by transport and by cross-fade
    Path(path::PathArgs),
    /// Leave out known frames, rebuild them, and measure the result: PSNR, SSIM, SSIMULACRA 2, sharpness, time
    Score(score::ScoreArgs),
    /// Measure Wasserstein distances of pictures, histograms, point clouds and a clip's frames, with certified intervals
    Distance(distance::DistanceArgs),
    /// Couple point clouds: couplings, barycentric projections, geodesics, minibatch pairs for flow matching, the two-row figure
    Points(Box<points::PointsArgs>),
    /// Print a script by which a shell completes command lines
    Completions(completions::CompletionsArgs),
    /// Print a manual page
    Man(man::ManArgs),
}

impl Command {
    /// The files that are read, as far as they are named: no output takes the place of one.
    fn inputs(&self) -> Vec<&Path> {
        match self {
            Self::Frames(args) => args.inputs(),
            Self::Retime(args) => args.inputs(),
            Self::Codecs(_) | Self::Completions(_) | Self::Man(_) => Vec::new(),
            Self::Compare(args) => args.inputs(),
            Self::Flow(args) => args.inputs(),
            Self::Inspect(args) => args.inputs(),
            Self::Report(args) => args.inputs(),
            Self::Path(args) => args.inputs(),
            // Writes no file.
            Self::Score(_) => Vec::new(),
            Self::Distance(args) => args.inputs(),
            Self::Points(args) => args.inputs(),
        }
    }
}

/// So long after Ctrl-C a command may go on with what cannot be interrupted in the middle: it is to end within a second.
const GRACE: Duration = Duration::from_millis(700);
/// The same where the end says what is kept and closes the report: a pair of large frames takes seconds, and on a busy machine many. A pipe
/// may give nothing for ever.
const GRACE_OF_CLIPS: Duration = Duration::from_secs(10);

impl Command {
    fn grace(&self) -> Duration {
        match self {
            Self::Retime(args) if !args.is_mass() && args.reads_files() => GRACE_OF_CLIPS,
            _ => GRACE,
        }
    }
}

/// Parses the arguments, runs the command, prints the error if there is one.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => return refuse(&e),
    };
    exit::report(run(&cli))
}

/// Whether a text is a list of cuts.
pub fn is_list_of_cuts(text: &str) -> bool {
    retime::cuts(text, "").is_ok()
}

/// Whether a text is a file of floors for the preset that is the default.
pub fn is_file_of_floors(text: &str) -> bool {
    score::Floors::of(text, "".as_ref(), common::PresetArg::Balanced).is_ok()
}

/// Prints help and version whole, an error as one line.
fn refuse(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind as Kind;
    match error.kind() {
        Kind::DisplayHelp
        | Kind::DisplayVersion
        | Kind::DisplayHelpOnMissingArgumentOrSubcommand => match print_help(error) {
            Ok(()) => ExitCode::from(error.exit_code().clamp(0, 2) as u8),
            failed => exit::report(failed),
        },
        Kind::InvalidSubcommand => exit::report(Err(proposed(error).into())),
        _ => exit::report(Err(usage(error).into())),
    }
}

/// A file where a command is expected: says which commands take it.
fn proposed(error: &clap::Error) -> exit::Usage {
    use clap::error::{ContextKind, ContextValue};
    let given = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(given)) => given,
        _ => return usage(error),
    };
    let path = Path::new(given);
    if !path.is_file() && path.extension().is_none() {
        return usage(error);
    }
    exit::Usage(if path.is_dir() || retime::is_clip(path) {
        format!(
            "a command comes before {given}: `otinterp retime {given} --factor 2` doubles its frame rate"
        )
    } else {
        format!(
            "a command comes before {given}, such as `otinterp frames {given} OTHER`; --help lists them"
        )
    })
}

/// What clap says about a command line as one line: its first paragraphs, without the usage.
fn usage(error: &clap::Error) -> exit::Usage {
    let text = error.to_string();
    let paragraphs = text
        .split("\n\n")
        .take_while(|p| !p.starts_with("Usage:") && !p.starts_with("For more"))
        .map(|p| p.split_whitespace().collect::<Vec<_>>().join(" "));
    let line = paragraphs.collect::<Vec<_>>().join("; ");
    exit::Usage(line.trim_start_matches("error: ").to_owned())
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    otinterp_video::reuse_memory();
    if !cli.common.verbose {
        otinterp_video::quiet_libraries();
    }
    cli.common.apply()?;
    protect(cli.command.inputs());
    exit::watch_interrupt(cli.command.grace());
    match &cli.command {
        Command::Frames(args) => frames::run(args, &cli.common),
        Command::Retime(args) => retime::run(args, &cli.common),
        Command::Codecs(args) => codecs::run(args, &cli.common),
        Command::Compare(args) => compare::run(args, &cli.common),
        Command::Flow(args) => flow::run(args, &cli.common),
        Command::Inspect(args) => inspect::run(args, &cli.common),
        Command::Report(args) => report::run(args, &cli.common),
        Command::Path(args) => path::run(args, &cli.common),
        Command::Score(args) => score::run(args, &cli.common),
        Command::Distance(args) => distance::run(args, &cli.common),
        Command::Points(args) => points::run(args, &cli.common),
        Command::Completions(args) => completions::run(args, Cli::command()),
        Command::Man(args) => man::run(args, Cli::command()),
    }
}

#[cfg(test)]
mod documented;
