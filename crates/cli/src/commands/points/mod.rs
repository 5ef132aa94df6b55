//! `otinterp points`: couplings and geodesics of point clouds, and what flow matching trains on.

mod batches;
mod demo;
mod files;
mod plan;

use super::Common;
use super::exit::{Usage, check_interrupt, watch_interrupt};
use super::frames::parse_time;
use super::output::Output;
use super::pair::shown;
use super::tables::{self, CloudArgs};
use crate::plot::{Dots, Format, Panel, Rows};
use anyhow::Context;
use clap::Args;
use otinterp::ot::Cloud;
use plan::Plan;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Arguments of `otinterp points`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  otinterp points x.csv y.csv --coupling pi.npz --map map.npy --plot rows.svg
  otinterp points x.npy y.npy --times 0.25,0.5 --positions at.csv
  otinterp points x.npy y.npy --batch 256 --pairs pairs.npy --velocities v.npy
  otinterp points --demo                            the two-row figure: points-demo.svg")]
pub struct PointsArgs {
    /// Points that are carried, a row each: .csv, .tsv, .txt or .npy
    #[arg(value_name = "SRC", required_unless_present = "demo")]
    source: Option<PathBuf>,
    /// Where to, in the same number of dimensions
    #[arg(value_name = "DST", required_unless_present = "demo")]
    target: Option<PathBuf>,
    /// 200 points on the left, two clusters on the right, eps 0.5, 200 iterations, drawn
    #[arg(long, conflicts_with_all = ["source", "target", "batch", "eps"])]
    demo: bool,
    #[command(flatten)]
    cloud: CloudArgs,
    /// Weight of entropy, in units of |x - y|²; without it the coupling is exact
    #[arg(
        long,
        value_name = "E",
        allow_negative_numbers = true,
        conflicts_with = "batch"
    )]
    eps: Option<f64>,
    /// Most iterations with --eps
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    iterations: usize,
    /// Writes the coupling: .csv (source,target,mass) or .npz (SciPy's sparse matrix)
    #[arg(long, value_name = "OUT", conflicts_with = "batch")]
    coupling: Option<PathBuf>,
    /// Writes where each source point goes in the mean: .csv or .npy
    #[arg(long, value_name = "OUT", conflicts_with = "batch")]
    map: Option<PathBuf>,
    /// Writes the constant velocities: map minus source, or with --batch x1 - x0 of each pair: .csv or .npy
    #[arg(long, value_name = "OUT")]
    velocities: Option<PathBuf>,
    /// Times of --positions and --plot, 0 (SRC) to 1 (DST), separated by commas
    #[arg(long, value_name = "T,T…", value_delimiter = ',', value_parser = parse_time,
          default_values_t = [0.0, 0.25, 0.5, 0.75, 1.0])]
    times: Vec<f64>,
    /// Writes the grains of mass on their way at --times: .csv, or .npy of shape (times, grains, dimensions)
    #[arg(long, value_name = "OUT", conflicts_with = "batch")]
    positions: Option<PathBuf>,
    /// Draws displacement interpolation above and linear mixing below at --times (of the first two coordinates): .svg or .png
    #[arg(long, value_name = "OUT", conflicts_with = "batch")]
    plot: Option<PathBuf>,
    /// Couples minibatches of so many points of each cloud instead of the clouds
    #[arg(long, value_name = "B", requires = "target")]
    batch: Option<usize>,
    /// How many minibatches [default: all points of the smaller cloud once]
    #[arg(long, value_name = "N", requires = "batch")]
    batches: Option<usize>,
    /// Which minibatches
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// Writes the minibatches' pairs: .csv (batch,source,target,x0…,x1…) or .npy of shape (pairs, 2, dimensions)
    #[arg(long, value_name = "OUT", requires = "batch")]
    pairs: Option<PathBuf>,
}

/// Runs `otinterp points`.
pub fn run(args: &PointsArgs, common: &Common) -> anyhow::Result<()> {
    if let Some(eps) = args.eps
        && !(eps > 0.0 && eps.is_finite())
    {
        return Err(Usage(format!("--eps {eps}: a number above 0 is needed")).into());
    }
    let outputs = Outputs::open(args, common)?;
    let reporter = common.reporter(false);
    watch_interrupt();
    let (source, target, names) = match (&args.source, &args.target) {
        (Some(source), Some(target)) => {
            let names = [shown(source), shown(target)];
            let source = tables::cloud(source, "source", args.cloud)?;
            let target = tables::cloud(target, "target", args.cloud)?;
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
            "after {iterations} iterations the marginals are off by {:.2} % of the mass",
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

/// The files asked for, opened before the work.
struct Outputs {
    coupling: Option<(files::Kind, Output, String)>,
    map: Option<(files::Kind, Output, String)>,
    velocities: Option<(files::Kind, Output, String)>,
    positions: Option<(files::Kind, Output, String)>,
    pairs: Option<(files::Kind, Output, String)>,
    plot: Option<(Format, Output, String)>,
}

impl Outputs {
    fn open(args: &PointsArgs, common: &Common) -> anyhow::Result<Self> {
        let table = |path: &Option<PathBuf>, sparse: bool| -> anyhow::Result<_> {
            let Some(path) = path else {
                return Ok(None);
            };
            let kind = files::Kind::of(path, sparse)?;
            let output = Output::open(path, common.overwrite)?;
            Ok(Some((kind, output, shown(path))))
        };
        let default = Path::new(demo::FIGURE);
        let plot = args.plot.as_deref().or(args.demo.then_some(default));
        let plot = match plot {
            Some(path) => {
                let format = Format::of(path).map_err(|e| Usage(e.to_string()))?;
                Some((format, Output::open(path, common.overwrite)?, shown(path)))
            }
            None => None,
        };
        Ok(Self {
            coupling: table(&args.coupling, true)?,
            map: table(&args.map, false)?,
            velocities: table(&args.velocities, false)?,
            positions: table(&args.positions, false)?,
            pairs: table(&args.pairs, false)?,
            plot,
        })
    }

    /// Writes all but the pairs; gives their names.
    fn write(
        self,
        plan: &Plan,
        (source, target): (&Cloud, &Cloud),
        times: &[f64],
    ) -> anyhow::Result<Vec<String>> {
        let mut names = Vec::new();
        if let Some((kind, output, name)) = self.coupling {
            output.write(&files::coupling(kind, plan, (source.len(), target.len()))?)?;
            names.push(name);
        }
        let dimensions = source.dimensions();
        if let Some((kind, output, name)) = self.map {
            output.write(&files::rows(kind, "x", dimensions, &plan.map)?)?;
            names.push(name);
        }
        if let Some((kind, output, name)) = self.velocities {
            let pairs = plan.map.iter().zip(source.points());
            let velocities: Vec<f64> = pairs.map(|(y, x)| y - x).collect();
            output.write(&files::rows(kind, "v", dimensions, &velocities)?)?;
            names.push(name);
        }
        if let Some((kind, output, name)) = self.positions {
            output.write(&files::positions(kind, plan, source, times)?)?;
            names.push(name);
        }
        if let Some((format, output, name)) = self.plot {
            output.write(&figure(plan, source, target, times).draw(format)?)?;
            names.push(name);
        }
        Ok(names)
    }
}

/// Displacement interpolation above, linear mixing below.
fn figure(plan: &Plan, source: &Cloud, target: &Cloud, times: &[f64]) -> Rows {
    // One of the heaviest is opaque.
    let dot = |x: &[f64], mass: f64, most: f64| {
        [x[0], x.get(1).copied().unwrap_or(0.0), 0.85 * mass / most]
    };
    let all = |cloud: &Cloud, share: f64| -> Vec<[f64; 3]> {
        let most = cloud.masses().iter().fold(0.0f64, |m, &x| m.max(x));
        (0..cloud.len())
            .map(|i| dot(cloud.point(i), share * cloud.masses()[i], most))
            .collect()
    };
    let most = plan.grains.iter().fold(0.0f64, |m, g| m.max(g.mass));
    let d = source.dimensions();
    let moved = times.iter().map(|&t| {
        let grains = plan.grains.iter().map(|g| {
            let at: Vec<f64> = (0..d.min(2)).map(|k| g.at(source, t, k)).collect();
            dot(&at, g.mass, most)
        });
        Panel {
            head: format!("t = {t}"),
            dots: Dots {
                moving: Some((t, grains.collect())),
                ..Dots::default()
            },
        }
    });
    let mixed = times.iter().map(|&t| Panel {
        head: String::new(),
        dots: Dots {
            first: all(source, 1.0 - t),
            second: all(target, t),
            moving: None,
        },
    });
    Rows {
        rows: vec![
            ("displacement interpolation".to_owned(), moved.collect()),
            ("linear mixing".to_owned(), mixed.collect()),
        ],
    }
}
