//! `otinterp flow`: optical flow between two pictures, as files and as numbers.

mod args;
mod output;
mod report;
mod solve;

pub use args::FlowArgs;

use super::common::Common;
use super::exit::{Usage, check_interrupt};
use super::output::Output;
use super::pair;
use crate::data::{Failure, Opened};
use crate::flow::{self, Agreement};
use anyhow::bail;
use otinterp::motion::MotionField;
use output::{Drawn, Target};
use report::Report;
use std::path::Path;

/// Runs `otinterp flow`.
pub fn run(args: &FlowArgs, common: &Common) -> anyhow::Result<()> {
    let targets: Vec<Target> = args
        .output
        .iter()
        .map(|text| Target::parse(text))
        .collect::<Result<_, _>>()?;
    output::check_together(&targets)?;
    if targets.iter().any(Target::needs_neighbours) && !args.has_neighbours() {
        let why = "acceleration: needs the frame before or after the two: --before, --after";
        return Err(Usage(why.into()).into());
    }
    let files: Vec<Output> = targets
        .iter()
        .map(|target| Output::open(target.path(), common.overwrite))
        .collect::<Result<_, _>>()?;
    let reporter = common.reporter(targets.iter().any(|t| pair::is_pipe(t.path())));
    let truth = args.truth.as_deref().map(read_truth).transpose()?;
    let busy = reporter.busy("solving");
    let solved = solve::solve(args, common, &reporter)?;
    drop(busy);
    check_interrupt()?;
    let agreement = match (&args.truth, &truth) {
        (Some(path), Some(truth)) => Some(compared(&solved.there, truth, path)?),
        _ => None,
    };
    let lengths = flow::lengths(&solved.there, solved.mass.as_ref());
    let confidence = flow::confidence(&solved.there, &solved.back);
    let dim @ (height, width) = solved.there.dim();
    let straight = || (MotionField::zeros(0, dim), 0.0);
    let (acceleration, bending_px2) = solved.paths.unwrap_or_else(straight);
    let drawn = Drawn {
        field: &solved.there,
        confidence: &confidence,
        visibility: &solved.layers.visibility,
        order: &solved.layers.order,
        acceleration: &acceleration,
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
    let report = Report {
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
        path_energy_px2: args
            .has_neighbours()
            .then_some(lengths.energy_px2 + bending_px2),
        squared_distance_px2: solved.squared_distance_px2,
        mean_confidence: mean(&confidence),
        mean_visibility: mean(&solved.layers.visibility),
        endpoint_px: agreement.map(|a| a.endpoint_px),
        angular_deg: agreement.map(|a| a.angular_deg),
        outlier_share: agreement.map(|a| a.outlier_share),
        pixels_known: agreement.map(|a| a.pixels),
        outputs: targets
            .iter()
            .map(Target::path)
            .filter(|path| !pair::is_pipe(path))
            .map(Path::to_owned)
            .collect(),
    };
    reporter.summary(&report, || report.text())
}

fn mean(plane: &otinterp::picture::Plane) -> f64 {
    plane.iter().map(|&v| f64::from(v)).sum::<f64>() / plane.len().max(1) as f64
}

fn read_truth(path: &Path) -> anyhow::Result<MotionField> {
    let shown = pair::shown(path);
    let opened = Opened::open(path).map_err(|e| Failure::System(e).of(&shown))?;
    flow::read_map(opened).map_err(|error| match error {
        flow::Error::Data(failure) => failure.of(&shown),
        other => anyhow::anyhow!("{shown}: {other}"),
    })
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
