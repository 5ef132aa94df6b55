//! `otinterp compare`: transport beside cross-fade, as one picture.

mod figure;
mod report;
mod text;
mod tile;

pub use tile::{ERROR_GAIN, from_picture as picture_rgb8};

use super::common::{Common, MethodArg};
use super::exit::{Usage, check_interrupt};
use super::mass::MassArgs;
use super::output::Output;
use super::pair::{self, Pair};
use super::times::parse_time;
use crate::quality;
use anyhow::bail;
use clap::Args;
use figure::{Cell, Figure, Row};
use image::RgbImage;
use otinterp::Interpolator;
use otinterp::picture::Picture;
use otinterp::picture::still;
use report::{Report, RowReport};
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Arguments of `otinterp compare`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  otinterp compare a.png b.png                      a-b.compare.png
  otinterp compare a.png b.png --truth middle.png   with error maps, PSNR and SSIM
  otinterp compare a.png b.png -n 7 -o - | …        nine columns, to a pipe")]
pub struct CompareArgs {
    /// First picture (t = 0); - is standard input
    #[arg(value_name = "A")]
    a: PathBuf,
    /// Second picture (t = 1), of the same size
    #[arg(value_name = "B")]
    b: PathBuf,
    /// True picture at t = 0.5: add error maps, PSNR and SSIM
    #[arg(long, value_name = "M")]
    truth: Option<PathBuf>,
    /// Number of in-between columns, evenly spaced between those of A and B
    #[arg(short = 'n', value_name = "N", default_value_t = 3,
          value_parser = clap::value_parser!(u16).range(0..=63))]
    count: u16,
    /// Times of the columns, 0 (A) to 1 (B), separated by commas
    #[arg(long, value_name = "T,T…", value_delimiter = ',', conflicts_with = "count",
          value_parser = parse_time)]
    times: Vec<f64>,
    /// Largest width of the figure, in pixels; larger pictures are scaled down
    #[arg(long, value_name = "PX", default_value_t = 2400,
          value_parser = clap::value_parser!(u32).range(320..=32768))]
    width: u32,
    /// PNG file, or - for standard output [default: <A>-<B>.compare.png]
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Method shown in the lower row
    #[arg(long, value_enum, default_value = "ot")]
    method: MethodArg,
    #[command(flatten)]
    mass: MassArgs,
}

/// A method's label.
pub fn label(method: MethodArg) -> &'static [&'static str] {
    match method {
        MethodArg::Ot => &["optimal", "transport"],
        MethodArg::Mass => &["transport", "of mass"],
        MethodArg::Crossfade => &["cross-fade"],
        MethodArg::Hold => &["hold"],
    }
}

impl CompareArgs {
    /// The files that are read.
    pub fn inputs(&self) -> Vec<&Path> {
        let all = [Some(&self.a), Some(&self.b), self.truth.as_ref()];
        all.into_iter().flatten().map(PathBuf::as_path).collect()
    }
}

/// Time of the truth.
const MIDDLE: f64 = 0.5;

/// Runs `otinterp compare`.
pub fn run(args: &CompareArgs, common: &Common) -> anyhow::Result<()> {
    let out = args.output.clone().unwrap_or_else(|| default_name(args));
    let is_pipe = pair::is_pipe(&out);
    let is_png = out
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("png"));
    if !is_pipe && !is_png {
        let shown = out.display();
        return Err(Usage(format!("{shown}: the figure is a PNG; name it .png")).into());
    }
    let output = Output::open(&out, common.overwrite)?;
    args.mass.options(&[args.method])?;
    let reporter = common.reporter(is_pipe);
    let pair = Pair::read(&args.a, &args.b, &reporter)?;
    let truth = match &args.truth {
        Some(path) => Some(read_truth(path, &args.a, &pair)?),
        None => None,
    };
    let times = times(args);
    let mut rows = Vec::new();
    let busy = reporter.busy("solving");
    for method in [MethodArg::Crossfade, args.method] {
        check_interrupt()?;
        let mut interpolator = common.interpolator(method);
        if method == args.method {
            interpolator = args.mass.given_to(interpolator, method)?;
            let dim = (pair.a.picture.height(), pair.a.picture.width());
            reporter.detail(&interpolator.plan(dim).to_string());
        }
        rows.push(method_row(
            (method, interpolator),
            &pair,
            &times,
            truth.as_ref(),
        )?);
    }
    drop(busy);
    check_interrupt()?;

    let truth_tile = truth.as_ref().map(tile::from_picture).transpose()?;
    let reports: Vec<RowReport> = rows.iter().map(|r| r.report.clone()).collect();
    let image = figure(rows, truth_tile, &times).draw(args.width)?;
    let mut png = Cursor::new(Vec::new());
    image.write_to(&mut png, image::ImageFormat::Png)?;
    output.write(png.get_ref())?;
    let report = Report {
        inputs: [pair::shown(&args.a), pair::shown(&args.b)],
        truth: args.truth.as_deref().map(pair::shown),
        output: (!is_pipe).then_some(out),
        width: pair.a.picture.width(),
        height: pair.a.picture.height(),
        preset: common.preset,
        times,
        rows: reports,
    };
    reporter.summary(&report, || report.text())
}

fn times(args: &CompareArgs) -> Vec<f64> {
    if !args.times.is_empty() {
        return args.times.clone();
    }
    let steps = f64::from(args.count) + 1.0;
    (0..=args.count + 1).map(|k| f64::from(k) / steps).collect()
}

fn default_name(args: &CompareArgs) -> PathBuf {
    let stems = (pair::stem(&args.a), pair::stem(&args.b));
    PathBuf::from(format!("{}-{}.compare.png", stems.0, stems.1))
}

fn read_truth(path: &Path, path_a: &Path, pair: &Pair) -> anyhow::Result<Picture> {
    let truth = still::read(path)?.picture;
    let a = &pair.a.picture;
    if (truth.width(), truth.height()) != (a.width(), a.height()) {
        bail!(
            "{} is {}x{} pixels and {} is {}x{}; the truth must be of the same size",
            path.display(),
            truth.width(),
            truth.height(),
            pair::shown(path_a),
            a.width(),
            a.height()
        );
    }
    Ok(truth)
}

/// What one method made.
struct MethodRow {
    label: &'static [&'static str],
    tiles: Vec<RgbImage>,
    error: Option<RgbImage>,
    report: RowReport,
}

fn method_row(
    (method, interpolator): (MethodArg, Interpolator),
    pair: &Pair,
    times: &[f64],
    truth: Option<&Picture>,
) -> anyhow::Result<MethodRow> {
    let solving = Instant::now();
    let transition = interpolator.between(&pair.a.picture, &pair.b.picture)?;
    let solve_s = solving.elapsed().as_secs_f64();
    let rendering = Instant::now();
    let frames: Vec<Picture> = times.iter().map(|&t| transition.at(t as f32)).collect();
    let render_s = rendering.elapsed().as_secs_f64();
    let (mut scores, mut error) = (None, None);
    if let Some(truth) = truth {
        let middle = transition.at(MIDDLE as f32);
        scores = Some(quality::scores(&middle, truth)?);
        error = Some(tile::error_map(&middle, truth)?);
    }
    let tiles: Result<_, _> = frames.iter().map(tile::from_picture).collect();
    Ok(MethodRow {
        label: label(method),
        tiles: tiles?,
        error,
        report: RowReport {
            method,
            solve_s,
            render_s,
            unexplained_share: transition.unexplained_share(),
            psnr_db: scores.map(|s| s.psnr_db),
            ssim: scores.and_then(|s| s.ssim),
        },
    })
}

fn figure(rows: Vec<MethodRow>, truth: Option<RgbImage>, times: &[f64]) -> Figure {
    let mut figure = Figure::default();
    let mut errors = Vec::new();
    for (index, row) in rows.into_iter().enumerate() {
        let heads = times.iter().map(|&t| (index == 0).then(|| time_label(t)));
        let cells = row.tiles.into_iter().zip(heads);
        figure.rows.push(Row {
            label: row.label,
            cells: cells.map(|(tile, head)| Cell::new(tile, head)).collect(),
        });
        if let Some(error) = row.error {
            let head = format!("{}: error × {}", row.label.join(" "), ERROR_GAIN);
            let score = row.report.score_label();
            errors.push(Cell::new(error, Some(head)).with_foot(score));
        }
    }
    if let Some(truth) = truth {
        let head = format!("true picture, {}", time_label(MIDDLE));
        errors.insert(1, Cell::new(truth, Some(head)));
        figure.rows.push(Row {
            label: &["at t = 0.5"],
            cells: errors,
        });
    }
    figure
}

/// `t = 0.25`, with as many digits as are needed, up to three.
pub fn time_label(t: f64) -> String {
    let text = format!("{t:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("t = {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_labelled_with_the_digits_they_need() {
        let labels = [0.0, 1.0, 0.5, 0.25, 0.125, 1.0 / 3.0].map(time_label);
        assert_eq!(
            labels,
            [
                "t = 0",
                "t = 1",
                "t = 0.5",
                "t = 0.25",
                "t = 0.125",
                "t = 0.333"
            ]
        );
    }
}
