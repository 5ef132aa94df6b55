//! Command-line arguments of `otinterp flow`.

use crate::commands::common::MethodArg;
use crate::commands::mass::MassArgs;
use clap::Args;
use std::path::{Path, PathBuf};

/// Arguments of `otinterp flow`.
#[derive(Debug, Args)]
#[command(after_help = "\
What is written is told by the file's name, or by a word before it:
  FILE.flo, FILE.npy     displacements: Middlebury's file, or an array of height x width x 2 (dx, dy)
  kitti:FILE.png         displacements as KITTI's 16-bit PNG
  FILE.png               displacements as colours: hue is the direction, saturation the length
  FILE.svg               arrows on the first picture; arrows:FILE.png the same as PNG
  confidence:FILE        how far both directions agree, 0 to 1: .png (white is 1) or .npy
  visibility:FILE        whether the other picture shows it too, 0 (hidden there, or outside) to 1: .png or .npy
  acceleration:FILE      px per interval² half-way, with --before or --after: .flo, .npy, or .png as colours
  order:FILE             order of depth, -1 to 1, larger in front, 0 unknown: .npy, or .png (black -1, white 1)
  flo:- and the like     to standard output; - alone is the .flo file

Examples:
  otinterp flow a.png b.png -o ab.flo -o ab.png -o ab.svg
  otinterp flow a.png b.png --truth ab_true.flo        endpoint and angular error
  otinterp flow b.png c.png --before a.png --after d.png -o acceleration:bc.png
  otinterp flow a.png b.png --backward -o ba.flo       from B to A
  otinterp flow a.npy b.npy --method mass -o ab.npy    brightness is mass: the map of least W2²")]
pub struct FlowArgs {
    /// First picture; - is standard input
    #[arg(value_name = "A")]
    pub(super) a: PathBuf,
    /// Second picture, of the same size
    #[arg(value_name = "B")]
    pub(super) b: PathBuf,
    /// What to write, see below; can be given several times. Without it only the numbers are printed
    #[arg(short, long, value_name = "[KIND:]OUT")]
    pub(super) output: Vec<String>,
    /// Find the motion from B to A instead of from A to B
    #[arg(long)]
    pub(super) backward: bool,
    /// What to transport: ot moves pixels by what they show, mass moves brightness itself (also of fields of numbers)
    #[arg(
        long,
        value_enum,
        default_value = "ot",
        hide_possible_values = true,
        value_name = "ot|mass"
    )]
    pub(super) method: MethodArg,
    #[command(flatten)]
    pub(super) mass: MassArgs,
    /// The frame before A, as far before it as B is after it: print the energy of the paths through all frames, too
    #[arg(long, value_name = "PICTURE")]
    pub(super) before: Option<PathBuf>,
    /// The frame after B
    #[arg(long, value_name = "PICTURE")]
    pub(super) after: Option<PathBuf>,
    /// True motion (.flo, .npy, .npz, three-channel .pfm, or KITTI's .png): print endpoint and angular error
    #[arg(long, value_name = "MAP")]
    pub(super) truth: Option<PathBuf>,
    /// Displacement at which colours saturate, in px [default: the longest]
    #[arg(long, value_name = "PX", value_parser = parse_length)]
    pub(super) saturate_px: Option<f32>,
}

impl FlowArgs {
    /// Whether a frame before or after the two is known.
    pub(super) fn has_neighbours(&self) -> bool {
        self.before.is_some() || self.after.is_some()
    }
}

/// A length above 0.
fn parse_length(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(length) if length > 0.0 && f32::is_finite(length) => Ok(length),
        _ => Err("a length in px above 0 is needed".into()),
    }
}

impl FlowArgs {
    /// The files that are read.
    pub fn inputs(&self) -> Vec<&Path> {
        let more = [&self.before, &self.after, &self.truth];
        let more = more.into_iter().filter_map(Option::as_ref);
        let all = [&self.a, &self.b].into_iter().chain(more);
        all.map(PathBuf::as_path).collect()
    }
}
