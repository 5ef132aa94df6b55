//! Command-line arguments of `otinterp frames`.

use super::target::PipeFormat;
use crate::commands::common::{MethodArg, TimingsArg};
use crate::commands::mass::MassArgs;
use crate::commands::times::TimesArgs;
use crate::pipeline::Paths;
use clap::Args;
use otinterp_video::time::{Rational, parse_rate};
use std::path::{Path, PathBuf};

/// Arguments of `otinterp frames`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  otinterp frames a.png b.png -o mid.png            the frame half-way
  otinterp frames a.png b.png -n 7 -o steps/        steps/0001.png … steps/0007.png
  otinterp frames a.jpg b.jpg -n 3 -o mid_%03d.tif  mid_001.tif … mid_003.tif
  otinterp frames a.png b.png -n 14 --endpoints -o loop.gif
  otinterp frames a.png b.png c.png d.png -n 8 -o path/   eight between each two, on one smooth path
  otinterp frames a.png b.png --times 0.1,0.9 -o - | …
  otinterp frames a.png b.png -n 7 --method mass --background auto -o steps/
  otinterp frames a.npy b.npy -n 7 --method mass -o steps/   fields of numbers: .npy, .pfm, float .tif")]
pub struct FramesArgs {
    /// First picture (t = 0): PNG, JPEG, WebP, TIFF, BMP, PNM; - is standard input. Or a field of numbers: NPY, PFM,
    /// floating-point TIFF
    #[arg(value_name = "A")]
    pub(super) a: PathBuf,
    /// Second picture (t = 1), of the same size
    #[arg(value_name = "B")]
    pub(super) b: PathBuf,
    /// More pictures, at equal distances in time: the frames between each two, along smooth paths through all of them
    #[arg(value_name = "MORE")]
    pub(super) more: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) times: TimesArgs,
    /// File, pattern (mid_%03d.png), folder (0001.png … in time order), animation (.gif, .apng,
    /// .mp4, …), or - for standard output [default: the folder <A>-<LAST>/]
    #[arg(short, long, value_name = "OUT")]
    pub(super) output: Option<PathBuf>,
    /// How to make the frames
    #[arg(long, value_enum, default_value = "ot")]
    pub(super) method: MethodArg,
    /// How things move through three pictures or more
    #[arg(long, value_enum, default_value = "curved")]
    pub(super) motion: Paths,
    /// Frame rate of an animation or Y4M, in frames per second
    #[arg(long, value_name = "R", default_value = "25", value_parser = parse_rate)]
    pub(super) fps: Rational,
    /// Format of the frames on standard output [default: png]
    #[arg(long, value_enum)]
    pub(super) format: Option<PipeFormat>,
    #[command(flatten)]
    pub(super) timings: TimingsArg,
    #[command(flatten)]
    pub(super) mass: MassArgs,
}

impl FramesArgs {
    /// The files that are read.
    pub fn inputs(&self) -> Vec<&Path> {
        let all = [&self.a, &self.b].into_iter().chain(&self.more);
        all.map(PathBuf::as_path).collect()
    }
}
