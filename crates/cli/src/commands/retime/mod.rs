//! `otinterp retime`.

mod audio;
mod batch;
mod cuts;
mod desk;
mod dry;
mod events;
mod file;
mod inputs;
mod job;
mod keep;
mod length;
mod name;
mod outputs;
mod pipe;
mod plan;
mod progress;
mod report;
mod sequence;

use super::common::{Common, MethodArg, TimingsArg};
use super::exit;
use super::mass::MassArgs;
use crate::pipeline::DEFAULT_CUT_THRESHOLD;
use audio::AudioArg;
use clap::{ArgGroup, Args};
use cuts::{CutArg, DuplicatesArg};
use name::Pattern;
use otinterp_video::range::{NotAPosition, Position};
use otinterp_video::time::{Rational, parse_number, parse_rate};
use pipe::PipeFormat;
use plan::Target;
use progress::ProgressArg;
use std::path::PathBuf;

// Headings of the help.
const SPEED: &str = "Speed (one of these)";
const PART: &str = "Part and times";
const BETWEEN: &str = "In-betweens";
const OUTPUT: &str = "Output";
const ENCODING: &str = "Encoding and sound";
const BATCH: &str = "Batches and long runs";
const INPUT: &str = "Input";

/// Arguments of `otinterp retime`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("target").required(true))]
pub struct RetimeArgs {
    /// Clips, and folders of clips with their sub-folders; `-` reads a pipe: Y4M, or what FFmpeg can read without
    /// seeking (its sound is left out)
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// Set the frame rate of the output, in frames per second: 60, 24000/1001 or 23.976 (read as 24000/1001)
    #[arg(help_heading = SPEED, long, value_name = "R", value_parser = parse_rate, group = "target")]
    fps: Option<Rational>,
    /// Multiply the frame rate by K: 2, 2.5 or 5/2
    #[arg(help_heading = SPEED, long, value_name = "K", value_parser = parse_number, group = "target")]
    factor: Option<Rational>,
    /// Slow down K times at the frame rate of the source, with sound (see --audio) and subtitles
    #[arg(help_heading = SPEED, long, value_name = "K", value_parser = parse_number, group = "target")]
    slow: Option<Rational>,
    /// Start here: seconds (12.5), [H:]M:S (1:30), or frames (250f)
    #[arg(help_heading = PART, long, value_name = "PLACE", conflicts_with = "range")]
    start: Option<Position>,
    /// End before this place; counted, like --start, from the first frame of the source
    #[arg(help_heading = PART, long, value_name = "PLACE", conflicts_with = "range")]
    end: Option<Position>,
    /// Set --start and --end at once: 1:30-1:45 or 100f-250f
    #[arg(help_heading = PART, long, value_name = "FROM-TO", value_parser = parse_range)]
    range: Option<(Position, Position)>,
    /// Keep the frame times of the source and space in-betweens evenly between them, about as many per second as asked for;
    /// a container that holds only a constant frame rate gets that
    #[arg(help_heading = PART, long)]
    vfr: bool,
    /// Also write the presentation time of each frame, in milliseconds (timestamp format v2), which Y4M cannot hold
    #[arg(help_heading = PART, long, value_name = "FILE")]
    timecodes: Option<PathBuf>,
    /// How to make in-between frames
    #[arg(help_heading = BETWEEN, long, value_enum, default_value = "ot")]
    method: MethodArg,
    /// What to show between the last frame of a scene and the first of the next
    #[arg(help_heading = BETWEEN, long, value_enum, default_value = "hold")]
    cut: CutArg,
    /// Detect a cut where this share of the picture, 0 to 1, or more is explained by no motion
    #[arg(help_heading = BETWEEN, long, value_name = "X", value_parser = cuts::parse_share, default_value_t = DEFAULT_CUT_THRESHOLD)]
    cut_threshold: f32,
    /// Read the cuts from a file instead of detecting them: one per line, the index of the first frame after the cut,
    /// from 0, or its time in seconds, as 4.8 or 5s
    #[arg(help_heading = BETWEEN, long, value_name = "FILE", conflicts_with = "cut_threshold")]
    cuts: Option<PathBuf>,
    /// What to do with frames that repeat the one before (animation on twos, dropped frames)
    #[arg(help_heading = BETWEEN, long, value_enum, default_value = "keep")]
    duplicates: DuplicatesArg,
    /// Output file (its extension chooses the container); `-` writes to a pipe, see --format.
    /// By default beside the source, as clip.60fps.mp4, clip.x2.mp4 or clip.slow4.mp4
    #[arg(help_heading = OUTPUT, short, long, value_name = "OUT", conflicts_with = "out_dir")]
    output: Option<PathBuf>,
    /// Format of `-o -` [default: y4m]
    #[arg(help_heading = OUTPUT, long, value_enum, value_name = "HOW")]
    format: Option<PipeFormat>,
    /// Folder for the outputs, created if missing. Clips of an input folder keep their sub-folders
    #[arg(help_heading = OUTPUT, long, value_name = "DIR")]
    out_dir: Option<PathBuf>,
    /// Pattern for the names of the outputs, with {stem}, {ext}, {target} (60fps, x2, slow4) and {index} (of the input,
    /// from 1). By default {stem}.{target}.{ext}
    #[arg(help_heading = OUTPUT, long, value_name = "PATTERN", conflicts_with = "output")]
    name: Option<Pattern>,
    /// Video encoder, by FFmpeg's name [default: chosen for the container]
    #[arg(help_heading = ENCODING, long, value_name = "NAME")]
    codec: Option<String>,
    /// Quality on the encoder's own scale; lower is better
    #[arg(help_heading = ENCODING, long, value_name = "N")]
    crf: Option<u32>,
    /// Preset of the encoder, for example slow or veryfast for libx264
    #[arg(help_heading = ENCODING, long, value_name = "NAME")]
    encoder_preset: Option<String>,
    /// Pixel format to encode, by FFmpeg's name [default: the nearest to the source's]. With --size, the pixel format
    /// of the raw input
    #[arg(help_heading = ENCODING, long, value_name = "NAME")]
    pix_fmt: Option<String>,
    /// Set an option of the encoder, by FFmpeg's name; can be given several times
    #[arg(help_heading = ENCODING, long, value_name = "K=V", value_parser = parse_option)]
    encoder_opt: Vec<(String, String)>,
    /// What to do with sound in slow motion; --fps and --factor copy it unless it is dropped
    #[arg(help_heading = ENCODING, long, value_enum, default_value = "stretch", value_name = "HOW")]
    audio: AudioArg,
    /// Number of clips processed at a time. One uses all cores already; more helps with small clips
    #[arg(help_heading = BATCH, long, value_name = "N", default_value = "1", value_parser = parse_jobs)]
    jobs: usize,
    /// Skip clips whose output exists
    #[arg(help_heading = BATCH, long)]
    skip_existing: bool,
    /// Resume what an earlier run with the same settings left unfinished; skip clips whose output exists
    #[arg(help_heading = BATCH, long)]
    resume: bool,
    /// Print what would be done and write nothing. Cuts are not detected
    #[arg(help_heading = BATCH, long)]
    dry_run: bool,
    /// How to show progress
    #[arg(help_heading = BATCH, long, value_enum, default_value = "auto", value_name = "HOW")]
    progress: ProgressArg,
    /// Read the input, a file or `-`, as raw video of this size; needs --pix-fmt and --source-fps
    #[arg(help_heading = INPUT, long, value_name = "WxH", value_parser = pipe::parse_size)]
    size: Option<(u32, u32)>,
    /// Frame rate of the raw input, in frames per second
    #[arg(help_heading = INPUT, long, value_name = "R", value_parser = parse_rate)]
    source_fps: Option<Rational>,
    /// Index of the video stream to retime, from 0 [default: the main one]. The others are copied
    #[arg(help_heading = INPUT, long, value_name = "N")]
    video_stream: Option<usize>,
    /// Leave interlaced frames as they are
    #[arg(help_heading = INPUT, long)]
    no_deinterlace: bool,
    #[command(flatten)]
    timings: TimingsArg,
    #[command(flatten)]
    mass: MassArgs,
}

/// Reads `key=value`.
fn parse_option(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("it is not of the form key=value".to_owned()),
    }
}

fn parse_jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least 1 is needed".to_owned()),
        jobs => jobs.map_err(|_| "it is not a whole number".to_owned()),
    }
}

impl RetimeArgs {
    /// The places that limit the part shown.
    fn part(&self) -> (Option<Position>, Option<Position>) {
        match self.range {
            Some((start, end)) => (Some(start), Some(end)),
            None => (self.start, self.end),
        }
    }

    fn target(&self) -> Target {
        match (self.fps, self.factor, self.slow) {
            (Some(rate), _, _) => Target::Rate(rate),
            (_, Some(factor), _) => Target::Factor(factor),
            // clap asks for exactly one of the three.
            (_, _, slow) => Target::Slow(slow.unwrap_or(Rational::from_integer(1))),
        }
    }
}

fn parse_range(text: &str) -> Result<(Position, Position), String> {
    let (start, end) = text
        .split_once('-')
        .ok_or_else(|| format!("'{text}' is no range such as 1:30-1:45 or 100f-250f"))?;
    let place = |text: &str| text.parse().map_err(|e: NotAPosition| e.to_string());
    Ok((place(start)?, place(end)?))
}

/// Runs `otinterp retime`.
pub fn run(args: &RetimeArgs, common: &Common) -> anyhow::Result<()> {
    args.mass.options(&[args.method])?;
    let plan = plan::plan(args, common)?;
    if args.timings.is_on() && args.jobs > 1 {
        let why = "--timings: with --jobs it could not be told which clip takes what";
        return Err(exit::Usage(why.to_owned()).into());
    }
    exit::watch_interrupt();
    #[cfg(feature = "video")]
    if common.verbose {
        otinterp_video::show_ffmpeg_log()?;
    }
    batch::run(&plan, args, common)
}
