//! Command-line arguments of `otinterp retime`.

use super::job::Target;
use super::name;
use super::options::{
    AudioArg, FieldsArg, PipeFormat, parse_jobs, parse_option, parse_range, parse_share, parse_size,
};
use super::progress::ProgressArg;
use crate::commands::common::{AccessArg, MethodArg, TimingsArg};
use crate::commands::mass::MassArgs;
use crate::pipeline::{AtCut, DEFAULT_CUT_THRESHOLD, Duplicates, Paths};
use clap::{ArgGroup, Args};
use otinterp_video::RawVideo;
use otinterp_video::range::Position;
use otinterp_video::time::{Rational, parse_number, parse_rate};
use std::path::{Path, PathBuf};

// Headings of the help.
const SPEED: &str = "Speed (one of these; --slow also with --fps)";
const PART: &str = "Part and times";
const BETWEEN: &str = "In-betweens";
const OUTPUT: &str = "Output";
const ENCODING: &str = "Encoding and sound";
const BATCH: &str = "Batches and long runs";
const INPUT: &str = "Input";

/// Arguments of `otinterp retime`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("target").required(true).multiple(true))]
pub struct RetimeArgs {
    /// Clips, and folders of clips with their sub-folders; `-` reads a pipe, as does the name of one: Y4M, or what FFmpeg
    /// can read without seeking (its sound is left out)
    #[arg(required = true, value_name = "INPUT")]
    pub(super) inputs: Vec<PathBuf>,
    /// Set the frame rate of the output, in frames per second: 60, 24000/1001 or 23.976 (read as 24000/1001)
    #[arg(help_heading = SPEED, long, value_name = "R", value_parser = parse_rate, group = "target", conflicts_with = "factor")]
    pub(super) fps: Option<Rational>,
    /// Multiply the frame rate by K: 2, 2.5 or 5/2
    #[arg(help_heading = SPEED, long, value_name = "K", value_parser = parse_number, group = "target")]
    pub(super) factor: Option<Rational>,
    /// Slow down K times at the frame rate of the source, or that of --fps, with sound (see --audio) and subtitles
    #[arg(help_heading = SPEED, long, value_name = "K", value_parser = parse_number, group = "target", conflicts_with = "factor")]
    pub(super) slow: Option<Rational>,
    /// Start here: seconds (12.5), [H:]M:S (1:30), or frames (250f)
    #[arg(help_heading = PART, long, value_name = "PLACE", conflicts_with = "range")]
    pub(super) start: Option<Position>,
    /// End before this place; counted, like --start, from the first frame of the source
    #[arg(help_heading = PART, long, value_name = "PLACE", conflicts_with = "range")]
    pub(super) end: Option<Position>,
    /// Set --start and --end at once: 1:30-1:45 or 100f-250f. The part is made as in the whole clip: a few frames
    /// around it are read for their motion
    #[arg(help_heading = PART, long, value_name = "FROM-TO", value_parser = parse_range)]
    pub(super) range: Option<(Position, Position)>,
    /// Keep the frame times of the source and space in-betweens evenly between them, about as many per second as asked for;
    /// a container that holds only a constant frame rate gets that
    #[arg(help_heading = PART, long)]
    pub(super) vfr: bool,
    /// Also write the presentation time of each frame, in milliseconds (timestamp format v2), which Y4M cannot hold
    #[arg(help_heading = PART, long, value_name = "FILE")]
    pub(super) timecodes: Option<PathBuf>,
    /// How to make in-between frames
    #[arg(help_heading = BETWEEN, long, value_enum, default_value = "ot")]
    pub(super) method: MethodArg,
    /// How things move from one frame to the next
    #[arg(help_heading = BETWEEN, long, value_enum, default_value = "curved")]
    pub(super) motion: Paths,
    /// The clip is a loop (a GIF, a cycle): go on from its last frame to its first, in place of holding the last
    #[arg(help_heading = BETWEEN, long = "loop")]
    pub(super) is_loop: bool,
    /// What to show between the last frame of a scene and the first of the next
    #[arg(help_heading = BETWEEN, long, value_enum, default_value = "hold")]
    pub(super) cut: AtCut,
    /// Detect a cut where this share of the picture, 0 to 1, or more is explained by no motion
    #[arg(help_heading = BETWEEN, long, value_name = "X", value_parser = parse_share, default_value_t = DEFAULT_CUT_THRESHOLD)]
    pub(super) cut_threshold: f32,
    /// Read the cuts from a file instead of detecting them: one per line, the index of the first frame after the cut,
    /// from 0, or its time in seconds, as 4.8 or 5s
    #[arg(help_heading = BETWEEN, long, value_name = "FILE", conflicts_with = "cut_threshold")]
    pub(super) cuts: Option<PathBuf>,
    /// What to do with frames that repeat the one before (animation on twos, dropped frames)
    #[arg(help_heading = BETWEEN, long, value_enum, default_value = "keep")]
    pub(super) duplicates: Duplicates,
    /// Output file (its extension chooses the container); `-` writes to a pipe, see --format.
    /// By default beside the source, as clip.60fps.mp4, clip.x2.mp4 or clip.slow4.mp4
    #[arg(help_heading = OUTPUT, short, long, value_name = "OUT", conflicts_with = "out_dir")]
    pub(super) output: Option<PathBuf>,
    /// Format of `-o -` [default: y4m]
    #[arg(help_heading = OUTPUT, long, value_enum, value_name = "HOW")]
    pub(super) format: Option<PipeFormat>,
    /// Folder for the outputs, created if missing. Clips of an input folder keep their sub-folders
    #[arg(help_heading = OUTPUT, long, value_name = "DIR")]
    pub(super) out_dir: Option<PathBuf>,
    /// Pattern for the names of the outputs, with {stem}, {ext}, {target} (60fps, x2, slow4, slow4.60fps) and {index} (of the input,
    /// from 1). By default {stem}.{target}.{ext}
    #[arg(help_heading = OUTPUT, long, value_name = "PATTERN", value_parser = name::parse, conflicts_with = "output")]
    pub(super) name: Option<String>,
    /// Video encoder, by FFmpeg's name [default: chosen for the container]
    #[arg(help_heading = ENCODING, long, value_name = "NAME")]
    pub(super) codec: Option<String>,
    /// Quality on the encoder's own scale; lower is better
    #[arg(help_heading = ENCODING, long, value_name = "N")]
    pub(super) crf: Option<u32>,
    /// Preset of the encoder, for example slow or veryfast for libx264
    #[arg(help_heading = ENCODING, long, value_name = "NAME")]
    pub(super) encoder_preset: Option<String>,
    /// Pixel format to encode, by FFmpeg's name [default: the nearest to the source's]. With --size, the pixel format
    /// of the raw input
    #[arg(help_heading = ENCODING, long, value_name = "NAME")]
    pub(super) pix_fmt: Option<String>,
    /// Set an option of the encoder, by FFmpeg's name; can be given several times
    #[arg(help_heading = ENCODING, long, value_name = "K=V", value_parser = parse_option)]
    pub(super) encoder_opt: Vec<(String, String)>,
    /// What to do with sound in slow motion; --fps and --factor copy it unless it is dropped
    #[arg(help_heading = ENCODING, long, value_enum, default_value = "stretch", value_name = "HOW")]
    pub(super) audio: AudioArg,
    /// Number of clips processed at a time. One uses all cores already; more helps with small clips
    #[arg(help_heading = BATCH, long, value_name = "N", default_value = "1", value_parser = parse_jobs)]
    pub(super) jobs: usize,
    /// Skip clips whose output exists, made from the same source with the same settings; any other is an error
    #[arg(help_heading = BATCH, long)]
    pub(super) skip_existing: bool,
    /// Resume what an earlier run with the same source and settings left unfinished; skip what it finished, as --skip-existing
    #[arg(help_heading = BATCH, long)]
    pub(super) resume: bool,
    /// Print what would be done and write nothing. Cuts are not detected
    #[arg(help_heading = BATCH, long)]
    pub(super) dry_run: bool,
    /// How to show progress
    #[arg(help_heading = BATCH, long, value_enum, default_value = "auto", value_name = "HOW")]
    pub(super) progress: ProgressArg,
    /// Read the input, a file or `-`, as raw video of this size; needs --pix-fmt and --source-fps
    #[arg(help_heading = INPUT, long, value_name = "WxH", value_parser = parse_size)]
    pub(super) size: Option<(u32, u32)>,
    /// Frame rate of the input, in frames per second, in place of the times that it says itself: for raw video, numbered
    /// pictures [default: 25], streams without times, and clips whose times are wrong
    #[arg(help_heading = INPUT, long, value_name = "R", value_parser = parse_rate)]
    pub(super) source_fps: Option<Rational>,
    /// Index of the video stream to retime, from 0 [default: the main one]. The others are copied
    #[arg(help_heading = INPUT, long, value_name = "N")]
    pub(super) video_stream: Option<usize>,
    /// Leave interlaced frames as they are
    #[arg(help_heading = INPUT, long)]
    pub(super) no_deinterlace: bool,
    /// Take every frame for two fields in this order, whatever the clip says: for raw video, and for clips that do not say
    /// it
    #[arg(help_heading = INPUT, long, value_enum, value_name = "ORDER", conflicts_with = "no_deinterlace")]
    pub(super) fields: Option<FieldsArg>,
    #[command(flatten)]
    pub(super) access: AccessArg,
    #[command(flatten)]
    pub(super) timings: TimingsArg,
    #[command(flatten)]
    pub(super) mass: MassArgs,
}

impl RetimeArgs {
    /// The files that are read, as far as they are named; clips of folders are found later.
    pub fn inputs(&self) -> Vec<&Path> {
        let all = self.inputs.iter().chain(&self.cuts);
        all.map(PathBuf::as_path).collect()
    }

    /// Whether a frame takes long.
    pub fn is_mass(&self) -> bool {
        self.method == MethodArg::Mass
    }

    /// Whether no input is a pipe, for which one waits.
    pub fn reads_files(&self) -> bool {
        let mut inputs = self.inputs.iter().map(|path| path.metadata());
        inputs.all(|input| input.is_ok_and(|input| input.is_file() || input.is_dir()))
    }

    /// The places that limit the part shown.
    pub(super) fn part(&self) -> (Option<Position>, Option<Position>) {
        match self.range {
            Some((start, end)) => (Some(start), Some(end)),
            None => (self.start, self.end),
        }
    }

    pub(super) fn target(&self) -> Target {
        match (self.fps, self.factor, self.slow) {
            (rate, _, Some(slow)) => Target::Slow(slow, rate),
            (Some(rate), _, None) => Target::Rate(rate),
            // clap asks for one of the three.
            (None, factor, None) => Target::Factor(factor.unwrap_or(Rational::from_integer(1))),
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
