//! `otinterp retime`.

mod batch;
mod desk;
mod dry;
mod events;
mod file;
mod inputs;
mod job;
mod name;
mod outputs;
mod plan;
mod progress;
mod report;

use super::common::{Common, MethodArg};
use super::exit;
use crate::video::time::{Rational, parse_number, parse_rate};
use clap::{ArgGroup, Args};
use name::Pattern;
use plan::Target;
use progress::ProgressArg;
use std::path::PathBuf;

/// Arguments of `otinterp retime`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("target").required(true))]
pub struct RetimeArgs {
    /// Clips, and folders of clips with their sub-folders; `-` reads Y4M from a pipe
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// Frames per second of the output, as 60, 24000/1001 or 23.976 (read as 24000/1001)
    #[arg(long, value_name = "R", value_parser = parse_rate, group = "target")]
    fps: Option<Rational>,
    /// So many times the frames per second of the source, as 2, 2.5 or 5/2
    #[arg(long, value_name = "K", value_parser = parse_number, group = "target")]
    factor: Option<Rational>,
    /// So many times slower at the frames per second of the source; sound is left out
    #[arg(long, value_name = "K", value_parser = parse_number, group = "target")]
    slow: Option<Rational>,
    /// Output file (its extension chooses the container); `-` writes Y4M to a pipe.
    /// By default beside the source, as clip.60fps.mp4, clip.x2.mp4 or clip.slow4.mp4
    #[arg(short, long, value_name = "OUT", conflicts_with = "out_dir")]
    output: Option<PathBuf>,
    /// Folder for the outputs; made if missing. Those of a folder's clips go to the same sub-folders
    #[arg(long, value_name = "DIR")]
    out_dir: Option<PathBuf>,
    /// Names of the outputs, with {stem}, {ext}, {target} (60fps, x2, slow4) and {n} (which input,
    /// from 1). By default {stem}.{target}.{ext}
    #[arg(long, value_name = "PATTERN", conflicts_with = "output")]
    name: Option<Pattern>,
    /// Clips worked on at a time. Each uses all cores already; more helps with small ones
    #[arg(long, value_name = "N", default_value = "1", value_parser = parse_jobs)]
    jobs: usize,
    /// Leave out clips whose output exists already
    #[arg(long)]
    skip_existing: bool,
    /// Say what would be done, and write nothing. Cuts are not looked for
    #[arg(long)]
    dry_run: bool,
    /// How progress is told
    #[arg(long, value_enum, default_value = "auto", value_name = "HOW")]
    progress: ProgressArg,
    /// How in-between frames are made
    #[arg(long, value_enum, default_value = "ot")]
    method: MethodArg,
    /// FFmpeg's name of the video encoder; by default chosen for the container
    #[arg(long, value_name = "NAME")]
    codec: Option<String>,
    /// Quality of the encoder, on its own scale; lower is better
    #[arg(long, value_name = "N")]
    crf: Option<u32>,
    /// Preset of the encoder, as slow or veryfast for libx264
    #[arg(long, value_name = "NAME")]
    encoder_preset: Option<String>,
}

fn parse_jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least 1 is needed".to_owned()),
        jobs => jobs.map_err(|_| "it is not a whole number".to_owned()),
    }
}

impl RetimeArgs {
    fn target(&self) -> Target {
        match (self.fps, self.factor, self.slow) {
            (Some(rate), _, _) => Target::Rate(rate),
            (_, Some(factor), _) => Target::Factor(factor),
            // clap asks for exactly one of the three.
            (_, _, slow) => Target::Slow(slow.unwrap_or(Rational::from_integer(1))),
        }
    }
}

/// Runs `otinterp retime`.
pub fn run(args: &RetimeArgs, common: &Common) -> anyhow::Result<()> {
    let plan = plan::plan(args, common)?;
    exit::watch_interrupt();
    #[cfg(feature = "video")]
    if common.verbose {
        crate::video::show_ffmpeg_log()?;
    }
    batch::run(&plan, args, common)
}
