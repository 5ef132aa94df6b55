//! Command-line arguments of `otinterp retime`.

use super::job::Target;
use super::name::Pattern;
use super::options::{
    AudioArg, CutArg, DuplicatesArg, PipeFormat, parse_jobs, parse_option, parse_range,
    parse_share, parse_size,
};
use super::progress::ProgressArg;
use crate::commands::common::{MethodArg, TimingsArg};
use crate::commands::mass::MassArgs;
use crate::pipeline::DEFAULT_CUT_THRESHOLD;
use clap::{ArgGroup, Args};
use otinterp_video::RawVideo;
use otinterp_video::range::Position;
use otinterp_video::time::{Rational, parse_number, parse_rate};
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
    pub(super) inputs: Vec<PathBuf>,
    /// Frames per second of the output, as 60, 24000/1001 or 23.976 (read as 24000/1001)
    #[arg(help_heading = SPEED, long, value_name = "R", value_parser = parse_rate, group = "target")]
    pub(super) fps: Option<Rational>,
    /// So many times the frames per second of the source, as 2, 2.5 or 5/2
    #[arg(help_heading = SPEED, long, value_name = "K", value_parser = parse_number, group = "target")]
    pub(super) factor: Option<Rational>,
    /// So many times slower at the frames per second of the source, sound (see --audio) and subtitles too
    #[arg(help_heading = SPEED, long, value_name = "K", value_parser = parse_number, group = "target")]
    pub(super) slow: Option<Rational>,
    /// Leave out what comes before: seconds (12.5), [H:]M:S (1:30), or frames (250f)
    #[arg(help_heading = PART, long, value_name = "PLACE", conflicts_with = "range")]
    pub(super) start: Option<Position>,
    /// Leave out what comes from there on; counted, like --start, from the first frame of the source
    #[arg(help_heading = PART, long, value_name = "PLACE", conflicts_with = "range")]
    pub(super) end: Option<Position>,
    /// --start and --end in one, as 1:30-1:45 or 100f-250f
    #[arg(help_heading = PART, long, value_name = "FROM-TO", value_parser = parse_range)]
    pub(super) range: Option<(Position, Position)>,
    /// Keep the source's own times and put in-betweens evenly between them, about as many a second as asked for;
    /// where the container holds only a constant rate, that is written
    #[arg(help_heading = PART, long)]
    pub(super) vfr: bool,
    /// Also write when each frame is shown, in milliseconds (timestamp format v2), as Y4M cannot say it
    #[arg(help_heading = PART, long, value_name = "FILE")]
    pub(super) timecodes: Option<PathBuf>,
    /// How in-between frames are made
    #[arg(help_heading = BETWEEN, long, value_enum, default_value = "ot")]
    pub(super) method: MethodArg,
    /// What stands between the last frame of a scene and the first of the next
    #[arg(help_heading = BETWEEN, long, value_enum, default_value = "hold")]
    pub(super) cut: CutArg,
    /// Share of the picture that no motion explains, 0 to 1, from which on two frames are two scenes
    #[arg(help_heading = BETWEEN, long, value_name = "X", value_parser = parse_share, default_value_t = DEFAULT_CUT_THRESHOLD)]
    pub(super) cut_threshold: f32,
    /// Cuts by hand, none are sought then: a line each, the index of the first frame after the cut,
    /// from 0, or its time in seconds, as 4.8 or 5s
    #[arg(help_heading = BETWEEN, long, value_name = "FILE", conflicts_with = "cut_threshold")]
    pub(super) cuts: Option<PathBuf>,
    /// What becomes of frames that repeat the one before (animation on twos, dropped frames)
    #[arg(help_heading = BETWEEN, long, value_enum, default_value = "keep")]
    pub(super) duplicates: DuplicatesArg,
    /// Output file (its extension chooses the container); `-` writes to a pipe, see --format.
    /// By default beside the source, as clip.60fps.mp4, clip.x2.mp4 or clip.slow4.mp4
    #[arg(help_heading = OUTPUT, short, long, value_name = "OUT", conflicts_with = "out_dir")]
    pub(super) output: Option<PathBuf>,
    /// What `-o -` writes; by default y4m
    #[arg(help_heading = OUTPUT, long, value_enum, value_name = "HOW")]
    pub(super) format: Option<PipeFormat>,
    /// Folder for the outputs; made if missing. Those of a folder's clips go to the same sub-folders
    #[arg(help_heading = OUTPUT, long, value_name = "DIR")]
    pub(super) out_dir: Option<PathBuf>,
    /// Names of the outputs, with {stem}, {ext}, {target} (60fps, x2, slow4) and {index} (which input,
    /// from 1). By default {stem}.{target}.{ext}
    #[arg(help_heading = OUTPUT, long, value_name = "PATTERN", conflicts_with = "output")]
    pub(super) name: Option<Pattern>,
    /// FFmpeg's name of the video encoder; by default chosen for the container
    #[arg(help_heading = ENCODING, long, value_name = "NAME")]
    pub(super) codec: Option<String>,
    /// Quality of the encoder, on its own scale; lower is better
    #[arg(help_heading = ENCODING, long, value_name = "N")]
    pub(super) crf: Option<u32>,
    /// Preset of the encoder, as slow or veryfast for libx264
    #[arg(help_heading = ENCODING, long, value_name = "NAME")]
    pub(super) encoder_preset: Option<String>,
    /// FFmpeg's name of the pixel format to encode; by default the one nearest to the source's. With --size, the one
    /// of the raw video that is read
    #[arg(help_heading = ENCODING, long, value_name = "NAME")]
    pub(super) pix_fmt: Option<String>,
    /// Another option of the encoder, by FFmpeg's name; can be given several times
    #[arg(help_heading = ENCODING, long, value_name = "K=V", value_parser = parse_option)]
    pub(super) encoder_opt: Vec<(String, String)>,
    /// What becomes of the sound in slow motion; --fps and --factor copy it unless it is dropped
    #[arg(help_heading = ENCODING, long, value_enum, default_value = "stretch", value_name = "HOW")]
    pub(super) audio: AudioArg,
    /// Clips worked on at a time. Each uses all cores already; more helps with small ones
    #[arg(help_heading = BATCH, long, value_name = "N", default_value = "1", value_parser = parse_jobs)]
    pub(super) jobs: usize,
    /// Leave out clips whose output exists already
    #[arg(help_heading = BATCH, long)]
    pub(super) skip_existing: bool,
    /// Go on with the work that an earlier run with the same settings left unfinished; clips whose output is there are
    /// left out
    #[arg(help_heading = BATCH, long)]
    pub(super) resume: bool,
    /// Say what would be done, and write nothing. Cuts are not looked for
    #[arg(help_heading = BATCH, long)]
    pub(super) dry_run: bool,
    /// How progress is told
    #[arg(help_heading = BATCH, long, value_enum, default_value = "auto", value_name = "HOW")]
    pub(super) progress: ProgressArg,
    /// The input, a file or `-`, is raw video of this size; --pix-fmt and --source-fps must say the rest
    #[arg(help_heading = INPUT, long, value_name = "WxH", value_parser = parse_size)]
    pub(super) size: Option<(u32, u32)>,
    /// Frames per second of raw video that is read
    #[arg(help_heading = INPUT, long, value_name = "R", value_parser = parse_rate)]
    pub(super) source_fps: Option<Rational>,
    /// Which of the video streams, from 0; by default the main one. The others are copied
    #[arg(help_heading = INPUT, long, value_name = "N")]
    pub(super) video_stream: Option<usize>,
    /// Leaves interlaced frames as they are
    #[arg(help_heading = INPUT, long)]
    pub(super) no_deinterlace: bool,
    #[command(flatten)]
    pub(super) timings: TimingsArg,
    #[command(flatten)]
    pub(super) mass: MassArgs,
}

impl RetimeArgs {
    /// The places that limit the part shown.
    pub(super) fn part(&self) -> (Option<Position>, Option<Position>) {
        match self.range {
            Some((start, end)) => (Some(start), Some(end)),
            None => (self.start, self.end),
        }
    }

    pub(super) fn target(&self) -> Target {
        match (self.fps, self.factor, self.slow) {
            (Some(rate), _, _) => Target::Rate(rate),
            (_, Some(factor), _) => Target::Factor(factor),
            // clap asks for exactly one of the three.
            (_, _, slow) => Target::Slow(slow.unwrap_or(Rational::from_integer(1))),
        }
    }

    /// The format of a pipe that is written.
    pub(super) fn pipe_format(&self) -> PipeFormat {
        self.format.unwrap_or(PipeFormat::Y4m)
    }

    /// What the inputs are if they are raw video.
    pub(super) fn raw_input(&self) -> Option<RawVideo> {
        let ((width, height), rate) = (self.size?, self.source_fps?);
        Some(RawVideo {
            width,
            height,
            pixel_format: self.pix_fmt.clone()?,
            rate,
        })
    }

    /// The pixel format that the encoder is told; with `--size` the name is the source's.
    pub(super) fn encoded_pix_fmt(&self) -> Option<&String> {
        self.pix_fmt.as_ref().filter(|_| self.size.is_none())
    }
}
