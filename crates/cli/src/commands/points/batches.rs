//! Minibatches of pairs for flow matching.

use super::args::PointsArgs;
use super::files;
use super::outputs::Outputs;
use crate::commands::exit::check_interrupt;
use crate::reporter::Reporter;
use otinterp::ot::Cloud;
use otinterp::ot::minibatch::{Batch, Minibatches};
use serde::Serialize;

/// `--json`.
#[derive(Debug, Serialize)]
struct Report<'a> {
    inputs: &'a [String; 2],
    points: [usize; 2],
    dimensions: usize,
    batch: usize,
    seed: u64,
    /// Mean of `|x1 - x0|²` of each batch.
    costs: Vec<f64>,
    outputs: Vec<String>,
}

/// Draws and couples the batches, and writes their pairs.
pub fn run(
    source: &Cloud,
    target: &Cloud,
    size: usize,
    args: &PointsArgs,
    outputs: Outputs,
    names: &[String; 2],
    reporter: &Reporter,
) -> anyhow::Result<()> {
    let once = source.len().min(target.len()) / size.max(1);
    let count = args.batches.unwrap_or(once);
    let mut minibatches = Minibatches::new(source, target, size, args.seed)?;
    let mut batches: Vec<Batch> = Vec::new();
    for _ in 0..count {
        check_interrupt()?;
        batches.push(minibatches.draw()?);
    }
    let mut written = Vec::new();
    if let Some((kind, output, name)) = outputs.pairs {
        output.write(&files::pairs(kind, &batches, (source, target))?)?;
        written.push(name);
    }
    if let Some((kind, output, name)) = outputs.velocities {
        let pairs = batches.iter().flat_map(|b| &b.pairs);
        let velocities: Vec<f64> = pairs
            .flat_map(|&(i, j)| target.point(j).iter().zip(source.point(i)))
            .map(|(y, x)| y - x)
            .collect();
        output.write(&files::rows(kind, "v", source.dimensions(), &velocities)?)?;
        written.push(name);
    }
    let report = Report {
        inputs: names,
        points: [source.len(), target.len()],
        dimensions: source.dimensions(),
        batch: size,
        seed: args.seed,
        costs: batches.iter().map(|b| b.cost).collect(),
        outputs: written,
    };
    reporter.answer(&report, || {
        let mean = report.costs.iter().sum::<f64>() / report.costs.len().max(1) as f64;
        let line =
            format!("{count} minibatches of {size} pairs, mean squared distance {mean:.6}\n");
        report
            .outputs
            .iter()
            .fold(line, |text, name| text + name + "\n")
    })
}
