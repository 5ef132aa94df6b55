//! `otinterp points`: couplings and geodesics of point clouds, and what flow matching trains on.

mod args;
mod batches;
mod demo;
mod files;
mod outputs;
mod plan;

pub use args::PointsArgs;

use super::common::Common;
use super::exit::check_interrupt;
use super::pair::shown;
use super::tables;
use anyhow::Context;
use outputs::Outputs;
use plan::Plan;
use serde::Serialize;

/// Runs `otinterp points`.
pub fn run(args: &PointsArgs, common: &Common) -> anyhow::Result<()> {
    let outputs = Outputs::open(args, common)?;
    let reporter = common.reporter(false);
    let (source, target, names) = match (&args.source, &args.target) {
        (Some(source), Some(target)) => {
            let names = [shown(source), shown(target)];
            let sides = ["source", "target"];
            let [source, target] = tables::clouds([source, target], sides, args.cloud, &reporter)?;
            (source, target, names)
        }
        _ => {
            let (source, target) = demo::clouds()?;
            (source, target, ["demo".to_owned(), "demo".to_owned()])
        }
    };
    let context = || format!("{} and {}", names[0], names[1]);
    if source.dimensions() != target.dimensions() {
        let (d, e) = (source.dimensions(), target.dimensions());
        anyhow::bail!("{}: points in {d} and in {e} dimensions", context());
    }
    if let Some(size) = args.batch {
        return batches::run(&source, &target, size, args, outputs, &names, &reporter)
            .with_context(context);
    }
    let (eps, iterations) = if args.demo {
        (Some(demo::EPS), demo::ITERATIONS)
    } else {
        (args.eps, args.iterations)
    };
    let plan = match eps {
        Some(eps) => Plan::entropic(&source, &target, eps, iterations),
        None => Plan::exact(&source, &target),
    }
    .with_context(context)?;
    check_interrupt()?;
    if plan.converged == Some(false) {
        let error = plan.marginal_error.unwrap_or(0.0);
        reporter.warn(&format!(
            "after {} iterations the marginals are off by {:.2} % of the mass; raise --eps or --iterations",
            plan.sweeps.unwrap_or(iterations),
            100.0 * error
        ));
    }
    let written = outputs.write(&plan, (&source, &target), &args.times)?;
    let report = Report {
        inputs: &names,
        points: [source.len(), target.len()],
        dimensions: source.dimensions(),
        entries: plan.entries.len(),
        cost: plan.cost,
        distance: plan.cost.max(0.0).sqrt(),
        cost_lower: plan.cost_lower,
        eps,
        sweeps: plan.sweeps,
        marginal_error: plan.marginal_error,
        outputs: written,
    };
    reporter.answer(&report, || report.text())
}

/// `--json`.
#[derive(Debug, Serialize)]
struct Report<'a> {
    inputs: &'a [String; 2],
    points: [usize; 2],
    dimensions: usize,
    entries: usize,
    /// `sum pi·|x - y|²`, of shares of the mass.
    cost: f64,
    /// Its root.
    distance: f64,
    /// A lower bound of all couplings' costs, of an exact one.
    cost_lower: Option<f64>,
    eps: Option<f64>,
    sweeps: Option<usize>,
    marginal_error: Option<f64>,
    outputs: Vec<String>,
}

impl Report<'_> {
    fn text(&self) -> String {
        let ([n, m], d) = (self.points, self.dimensions);
        let entries = self.entries;
        let (cost, root) = (self.cost, self.distance);
        let lines = format!(
            "{n} points to {m}, {d} dimensions: {entries} couples\n\
             mean squared distance {cost:.6}, its root {root:.6}\n"
        );
        self.outputs
            .iter()
            .fold(lines, |text, name| text + name + "\n")
    }
}
