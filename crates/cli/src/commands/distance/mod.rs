//! `otinterp distance`: Wasserstein distances of pictures, histograms and point clouds.

mod answer;
mod clip;
mod drawing;
mod input;
mod report;

use super::common::{AccessArg, Common};
use super::exit::{self, BatchFailed, Usage, check_interrupt};
use super::output::Plot;
use super::pair::shown;
use super::tables::{CloudArgs, parse_eps};
use crate::plot::Format;
use crate::reporter::Reporter;
use answer::{Answer, Question};
use anyhow::Context;
use clap::Args;
use drawing::curve;
use input::Measure;
use otinterp::ot::Power;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Arguments of `otinterp distance`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  otinterp distance a.png b.png                     W2 of their luminances, in px
  otinterp distance a.npy b.npy --p 1 --json        earth mover's distance of two histograms
  otinterp distance x.csv y.csv --points --debiased with the Sinkhorn divergence
  otinterp distance --against ref.png *.png         a line for each
  otinterp distance clip.mp4 --plot w2.svg          from frame to frame")]
pub struct DistanceArgs {
    /// Two pictures, histograms (.csv, .npy, .npz, .pfm, floating-point .tif) or point clouds; one clip; any number with --against
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Exponent of the distance; 1 is the earth mover's distance
    #[arg(long, value_name = "1|2", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=2))]
    p: u8,
    /// Also compute the Sinkhorn divergence: entropic transport without the entropy's bias
    #[arg(long)]
    debiased: bool,
    /// Weight of the entropy in the Sinkhorn divergence, in px^p or the points' unit^p; implies --debiased [default: (diagonal / 20)^p]
    #[arg(long, value_name = "E", allow_negative_numbers = true, value_parser = parse_eps)]
    eps: Option<f64>,
    /// Compare this file with each of the others: CSV, or JSON with --json
    #[arg(long, value_name = "REF")]
    against: Option<PathBuf>,
    /// Of a clip: compare every frame with the first instead of the one before
    #[arg(long)]
    first: bool,
    /// Read tables as points, one per row, not as histograms (tables with named columns always are)
    #[arg(long)]
    points: bool,
    #[command(flatten)]
    cloud: CloudArgs,
    #[command(flatten)]
    access: AccessArg,
    /// Draw the distances of a clip or of --against as a curve: .svg or .png
    #[arg(long, value_name = "OUT")]
    plot: Option<PathBuf>,
}

impl DistanceArgs {
    /// The files that are read.
    pub fn inputs(&self) -> Vec<&Path> {
        self.files
            .iter()
            .chain(&self.against)
            .map(PathBuf::as_path)
            .collect()
    }
}

/// Runs `otinterp distance`.
pub fn run(args: &DistanceArgs, common: &Common) -> anyhow::Result<()> {
    let question = Question {
        power: if args.p == 1 { Power::One } else { Power::Two },
        debiased: args.debiased || args.eps.is_some(),
        eps: args.eps,
    };
    let format = args.plot.as_deref().map(Format::of).transpose();
    let format = format.map_err(Usage)?;
    let plot = || Plot::open(args.plot.as_deref(), common);
    let reporter = &common.reporter(false);
    match (&args.against, &args.files[..]) {
        (Some(reference), files) => against(reference, files, args, question, plot()?, reporter),
        (None, [clip]) => {
            let how = (args.first, args.access.into());
            clip::run(clip, how, question, plot()?, reporter)
        }
        (None, [_, _]) if format.is_some() => {
            Err(Usage("--plot: one distance is no curve; give a clip, or --against".into()).into())
        }
        (None, [a, b]) => pair([a, b], args, question, reporter),
        (None, files) => {
            let count = files.len();
            let hint = "give two, one clip, or --against REF";
            Err(Usage(format!("{count} files have no one distance; {hint}")).into())
        }
    }
}

fn pair(
    [a, b]: [&PathBuf; 2],
    args: &DistanceArgs,
    question: Question,
    reporter: &Reporter,
) -> anyhow::Result<()> {
    let names = [shown(a), shown(b)];
    let read = |path, side| Measure::read(path, side, args.points, args.cloud, reporter);
    let first = read(a, "first")?;
    let second = read(b, "second")?
        .like(&first)
        .with_context(|| names[1].clone())?;
    let pair = format!("{} and {}", names[0], names[1]);
    let busy = reporter.busy(&pair);
    let answer = Answer::find(&first, &second, question).with_context(|| pair.clone())?;
    drop(busy);
    check_interrupt()?;
    warn_if_wide(&answer, reporter);
    report::pair(&answer, [&names[0], &names[1]], reporter)
}

fn warn_if_wide(answer: &Answer, reporter: &Reporter) {
    if answer.is_wide() {
        let cell = answer.cell;
        reporter.warn(&format!(
            "the interval is {:.1} % of the value wide; {cell}x{cell} px cells are the finest that are solved here",
            100.0 * answer.width_share()
        ));
    }
}

/// One of many.
#[derive(Debug, Serialize)]
struct Entry {
    file: String,
    #[serde(flatten)]
    answer: Answer,
}

/// What could not be compared.
#[derive(Debug, Serialize)]
struct Failure {
    file: String,
    error: String,
}

/// `--against --json`.
#[derive(Debug, Serialize)]
struct Many<'a> {
    against: String,
    distances: &'a [Entry],
    failed: &'a [Failure],
}

fn against(
    reference: &Path,
    files: &[PathBuf],
    args: &DistanceArgs,
    question: Question,
    plot: Option<Plot>,
    reporter: &Reporter,
) -> anyhow::Result<()> {
    let read = |path, side| Measure::read(path, side, args.points, args.cloud, reporter);
    let origin = read(reference, "reference")?;
    let (mut entries, mut failed) = (Vec::new(), Vec::new());
    let bar = reporter.bar("", Some(files.len() as u64));
    for (done, path) in files.iter().enumerate() {
        check_interrupt()?;
        bar.show(done as u64, format!("{done} of {} files", files.len()));
        let file = shown(path);
        let both = format!("{} and {file}", shown(reference));
        let busy = reporter.busy(&both);
        let found = read(path, "file").and_then(|other| {
            let other = other.like(&origin).with_context(|| file.clone())?;
            Answer::find(&origin, &other, question).with_context(|| both)
        });
        drop(busy);
        match found {
            Ok(answer) => {
                warn_if_wide(&answer, reporter);
                entries.push(Entry { file, answer });
            }
            Err(error) => {
                let error = exit::one_line(&error);
                if files.len() > 1 {
                    reporter.fault(&error);
                }
                failed.push(Failure { file, error });
            }
        }
    }
    drop(bar);
    if let (true, [failure]) = (files.len() == 1, &failed[..]) {
        anyhow::bail!("{}", failure.error);
    }
    if let Some(plot) = plot
        && !entries.is_empty()
    {
        let answers: Vec<&Answer> = entries.iter().map(|e| &e.answer).collect();
        plot.write(&curve(&answers, "file"))?;
    }
    let many = Many {
        against: shown(reference),
        distances: &entries,
        failed: &failed,
    };
    reporter.answer(&many, || {
        let lines = entries.iter().map(|entry| {
            let file = report::csv_field(&entry.file);
            report::csv_line(&file, &entry.answer)
        });
        report::csv_head("file") + &lines.collect::<String>()
    })?;
    if !failed.is_empty() {
        let (n, of) = (failed.len(), files.len());
        return Err(BatchFailed(format!("{n} of {of} inputs failed")).into());
    }
    Ok(())
}
