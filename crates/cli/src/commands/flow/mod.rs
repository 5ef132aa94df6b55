//! `otinterp flow`: the transport map between two pictures, its files and its numbers.

mod output;
mod report;
mod solve;

use super::Common;
use super::common::MethodArg;
use super::exit::{check_interrupt, watch_interrupt};
use super::mass::MassArgs;
use super::output::Output;
use super::pair;
use crate::flow::{self, Agreement};
use anyhow::{Context, bail};
use clap::Args;
use otinterp::motion::MotionField;
use output::{Drawn, Target};
use report::Report;
use std::fs::File;
use std::io::{BufReader, Read};
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
  deficit:FILE           where mass is missing: what the other picture shows and this one hides, 0 to 1: .png or .npy
  flo:- and the like     to standard output; - alone is the .flo file

Examples:
  otinterp flow a.png b.png -o ab.flo -o ab.png -o ab.svg
  otinterp flow a.png b.png --truth ab_true.flo        endpoint and angular error
  otinterp flow a.png b.png --backward -o ba.flo       from B to A
  otinterp flow a.npy b.npy --method mass -o ab.npy    brightness is mass: the map of least W2²")]
pub struct FlowArgs {
    /// First picture; - is standard input
    #[arg(value_name = "A")]
    a: PathBuf,
    /// Second picture, of the same size
    #[arg(value_name = "B")]
    b: PathBuf,
    /// What to write, see below; can be given several times. Without it only the numbers are told
    #[arg(short, long, value_name = "[KIND:]OUT")]
    output: Vec<String>,
    /// The map from B to A instead of that from A to B
    #[arg(long)]
    backward: bool,
    /// What is transported: ot is every pixel with what it shows, mass is brightness itself (fields of numbers too)
    #[arg(
        long,
        value_enum,
        default_value = "ot",
        hide_possible_values = true,
        value_name = "ot|mass"
    )]
    method: MethodArg,
    #[command(flatten)]
    mass: MassArgs,
    /// The true map (.flo, .npy or KITTI's .png): endpoint and angular error are told
    #[arg(long, value_name = "MAP")]
    truth: Option<PathBuf>,
    /// Length that colours saturate at, in px [default: the longest displacement]
    #[arg(long, value_name = "PX", value_parser = parse_length)]
    saturate_px: Option<f32>,
}

/// A length above 0.
fn parse_length(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(length) if length > 0.0 && f32::is_finite(length) => Ok(length),
        _ => Err("a length in px above 0 is needed".into()),
    }
}

/// Runs `otinterp flow`.
pub fn run(args: &FlowArgs, common: &Common) -> anyhow::Result<()> {
    let targets: Vec<Target> = args
        .output
        .iter()
        .map(|text| Target::parse(text))
        .collect::<Result<_, _>>()?;
    output::check_together(&targets)?;
    let files: Vec<Output> = targets
        .iter()
        .map(|target| Output::open(target.path(), common.overwrite))
        .collect::<Result<_, _>>()?;
    watch_interrupt();
    let truth = args.truth.as_deref().map(read_truth).transpose()?;
    let solved = solve::solve(args, common)?;
    check_interrupt()?;
    let agreement = match (&args.truth, &truth) {
        (Some(path), Some(truth)) => Some(compared(&solved.there, truth, path)?),
        _ => None,
    };
    let lengths = flow::lengths(&solved.there, solved.mass.as_ref());
    let confidence = flow::confidence(&solved.there, &solved.back);
    let (height, width) = solved.there.dim();
    let drawn = Drawn {
        field: &solved.there,
        confidence: &confidence,
        deficit: &solved.deficit,
        saturate_px: args.saturate_px.unwrap_or(lengths.longest_px),
        picture: solved.picture,
    };
    // All is made before anything takes its name.
    let bytes: Vec<Vec<u8>> = targets
        .iter()
        .map(|target| drawn.bytes(target))
        .collect::<Result<_, _>>()?;
    for (file, bytes) in files.into_iter().zip(&bytes) {
        file.write(bytes)?;
    }
    let paths = || targets.iter().map(Target::path);
    Report {
        inputs: [&args.a, &args.b].map(|path| pair::shown(path)),
        is_backward: args.backward,
        method: args.method,
        width,
        height,
        preset: common.preset,
        solve_s: solved.solve_s,
        mean_px: lengths.mean_px,
        longest_px: lengths.longest_px,
        energy_px2: lengths.energy_px2,
        squared_distance_px2: solved.squared_distance_px2,
        mean_confidence: mean(&confidence),
        mean_deficit: mean(&solved.deficit),
        endpoint_px: agreement.map(|a| a.endpoint_px),
        angular_deg: agreement.map(|a| a.angular_deg),
        outlier_share: agreement.map(|a| a.outlier_share),
        pixels_known: agreement.map(|a| a.pixels),
        outputs: paths()
            .filter(|path| !pair::is_pipe(path))
            .map(Path::to_owned)
            .collect(),
    }
    .print(common, paths().any(pair::is_pipe))
}

fn mean(plane: &otinterp::picture::Plane) -> f64 {
    plane.iter().map(|&v| f64::from(v)).sum::<f64>() / plane.len().max(1) as f64
}

/// The true map: its kind by the file's name.
fn read_truth(path: &Path) -> anyhow::Result<MotionField> {
    let shown = || path.display().to_string();
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .with_context(shown)?;
    let kind = path
        .extension()
        .map(|e| e.to_string_lossy().to_ascii_lowercase());
    match kind.as_deref() {
        Some("npy") => flow::read_npy(&bytes[..]),
        Some("png") => flow::read_kitti(BufReader::new(std::io::Cursor::new(bytes))),
        _ => flow::read_flo(&bytes),
    }
    .with_context(shown)
}

fn compared(found: &MotionField, truth: &MotionField, path: &Path) -> anyhow::Result<Agreement> {
    let path = path.display();
    let ((height, width), (rows, columns)) = (found.dim(), truth.dim());
    if (height, width) != (rows, columns) {
        bail!(
            "{path} is a map of {columns}x{rows} pixels and the pictures are {width}x{height}; the truth must be of their size"
        );
    }
    match flow::agreement(found, truth) {
        Some(agreement) => Ok(agreement),
        None => {
            bail!("{path}: every displacement in it is unknown; there is nothing to compare with")
        }
    }
}
