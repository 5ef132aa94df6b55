//! `otinterp path`: distances, energies and masses of the frames between two densities.

mod plot;
mod report;
mod spline;
mod walk;

use super::common::{Common, MethodArg};
use super::exit::{Usage, check_interrupt};
use super::mass::{MassArgs, masses};
use super::output::Plot;
use super::pair::shown;
use clap::Args;
use otinterp::Preset;
use otinterp::mass::{MassModel, Unbalanced};
use report::Report;
use spline::Spline;
use std::path::{Path, PathBuf};
use walk::Walk;

/// Arguments of `otinterp path`.
#[derive(Debug, Args)]
#[command(after_help = "\
W2(mu0, mut) is how far the frame at t is from the first one, in pixels, both taken as shares of their totals. On the shortest way it is t times
W2(mu0, mu1): the transport's is. Energy is the squared speed from the frame before, W2 over the time between, in pixels² per unit of t²: on the
shortest way it is the same all along, W2². The cross-fade starts at once for far away, and its energy grows with the number of frames.

Examples:
  otinterp path a.png b.png --frames 7
  otinterp path a.npy b.npy --frames 15 --json
  otinterp path a.png b.png --frames 9 --plot way.svg
  otinterp path b.png c.png --before a.png --after d.png   energy of the spline through all four")]
pub struct PathArgs {
    /// First picture (t = 0) or field of numbers
    #[arg(value_name = "A")]
    a: PathBuf,
    /// Second one (t = 1), of the same size
    #[arg(value_name = "B")]
    b: PathBuf,
    /// Density before A, as far from it as B: adds the energy of the smooth path through all
    #[arg(long, value_name = "FILE")]
    before: Option<PathBuf>,
    /// Density after B, as far from it as A
    #[arg(long, value_name = "FILE")]
    after: Option<PathBuf>,
    /// Number of in-betweens, evenly spaced: t = k/(N+1)
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=99))]
    frames: u16,
    /// Draw the distances and energies: .svg or .png
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    #[command(flatten)]
    mass: MassArgs,
}

impl PathArgs {
    /// The files that are read.
    pub fn inputs(&self) -> Vec<&Path> {
        let outer = [&self.before, &self.after].into_iter().flatten();
        [&self.a, &self.b]
            .into_iter()
            .chain(outer)
            .map(PathBuf::as_path)
            .collect()
    }
}

/// Runs `otinterp path`.
pub fn run(args: &PathArgs, common: &Common) -> anyhow::Result<()> {
    let options = args.mass.options(&[MethodArg::Mass])?;
    if options.unbalanced != Unbalanced::Normalise {
        let why = "path measures shares of the total: --unbalanced slack makes no sense with it";
        return Err(Usage(why.into()).into());
    }
    if options.model == MassModel::Rgb {
        let why = "path measures one mass: --mass is luma or alpha";
        return Err(Usage(why.into()).into());
    }
    let plot = Plot::open(args.plot.as_deref(), common)?;
    let reporter = common.reporter(false);
    let pair = masses(&args.a, &args.b, &options, &reporter)?;
    // Each beside the one that it is next to: of the same size, above the same background.
    let beside = |end: &Path, outer: &Option<PathBuf>| {
        let read = outer
            .as_ref()
            .map(|outer| masses(end, outer, &options, &reporter));
        read.transpose().map(|both| both.map(|[_, outer]| outer))
    };
    let outer = [
        beside(&args.a, &args.before)?,
        beside(&args.b, &args.after)?,
    ];
    // With the second picture.
    let bar = reporter.bar("", Some(u64::from(args.frames) + 1));
    bar.count(0);
    let most_cells = Preset::from(common.preset).most_mass_cells();
    let walk = Walk::between(&pair, args.frames, most_cells, check_interrupt, |frames| {
        bar.count(frames)
    })?;
    let spline = if outer.iter().any(Option::is_some) {
        let outer = outer.each_ref().map(Option::as_ref);
        Some(Spline::between(&pair, outer, most_cells, check_interrupt)?)
    } else {
        None
    };
    drop(bar);
    if let Some(plot) = plot {
        plot.write(&plot::figure(&walk))?;
    }
    let dim = pair[0].dim();
    let report = Report::new([shown(&args.a), shown(&args.b)], dim, &walk, spline);
    reporter.answer(&report, || report.table())
}
