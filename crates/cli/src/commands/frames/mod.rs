//! `otinterp frames`: in-between stills of two pictures.

mod fields;
mod movie;
mod pattern;
mod report;
mod sink;
mod target;
mod times;

use super::Common;
use super::common::{MethodArg, TimingsArg, print_timings};
use super::exit::{check_interrupt, watch_interrupt};
use super::mass::MassArgs;
use super::pair::{Pair, is_pipe};
use crate::reporter::Bar;
use anyhow::Context;
use clap::Args;
use otinterp::Transition;
use otinterp::picture::still::Still;
use otinterp::timings::{Stage, stage};
use otinterp_video::time::{Rational, parse_rate};
use report::{FrameEntry, Report};
use sink::Sink;
use std::path::PathBuf;
use std::time::Instant;
use target::{PipeFormat, Target};
use times::TimesArgs;

pub use fields::read as read_fields;
pub use times::parse_time;

/// Arguments of `otinterp frames`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  otinterp frames a.png b.png -o mid.png            the frame half-way
  otinterp frames a.png b.png -n 7 -o steps/        steps/0001.png … steps/0007.png
  otinterp frames a.jpg b.jpg -n 3 -o mid_%03d.tif  mid_001.tif … mid_003.tif
  otinterp frames a.png b.png -n 14 --endpoints -o loop.gif
  otinterp frames a.png b.png --times 0.1,0.9 -o - | …
  otinterp frames a.png b.png -n 7 --method mass --background auto -o steps/
  otinterp frames a.npy b.npy -n 7 --method mass -o steps/   fields of numbers: .npy, .pfm, float .tif")]
pub struct FramesArgs {
    /// First picture (t = 0): PNG, JPEG, WebP, TIFF, BMP, PNM; - is standard input. Or a field of numbers: NPY, PFM,
    /// floating-point TIFF
    #[arg(value_name = "A")]
    a: PathBuf,
    /// Second picture (t = 1), of the same size
    #[arg(value_name = "B")]
    b: PathBuf,
    #[command(flatten)]
    times: TimesArgs,
    /// File, pattern (mid_%03d.png), folder (0001.png … in time order), animation (.gif, .apng,
    /// .mp4, …), or - for standard output [default: the folder <A>-<B>/]
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// What makes the frames
    #[arg(long, value_enum, default_value = "ot")]
    method: MethodArg,
    /// Frames per second of an animation or Y4M
    #[arg(long, value_name = "R", default_value = "25", value_parser = parse_rate)]
    fps: Rational,
    /// What standard output carries [default: png]
    #[arg(long, value_enum)]
    format: Option<PipeFormat>,
    #[command(flatten)]
    timings: TimingsArg,
    #[command(flatten)]
    mass: MassArgs,
}

/// Runs `otinterp frames`.
pub fn run(args: &FramesArgs, common: &Common) -> anyhow::Result<()> {
    let started = Instant::now();
    let clocks = args.timings.start();
    let mut times = args.times.times();
    if let Some(pair) = fields::read(&args.a, &args.b)? {
        watch_interrupt();
        return fields::run(args, &times, &pair, common);
    }
    let inputs = (args.a.as_path(), args.b.as_path());
    let target = Target::parse(args.output.as_deref(), args.format, inputs, times.len())?;
    if matches!(target, Target::Folder(_)) {
        times.sort_by(f64::total_cmp);
    }
    let interpolator = args
        .mass
        .given_to(common.interpolator(args.method), args.method)?;
    let reporter = common.reporter(args.output.as_deref().is_some_and(is_pipe));
    watch_interrupt();

    let pair = rayon::scope(|_| {
        let _stage = stage(Stage::Decode);
        Pair::read(&args.a, &args.b, &reporter)
    })?;
    target.check(&pair, &reporter)?;
    let mut sink = sink::open(&target, &pair.a, times.len(), args.fps, common.overwrite)?;
    check_interrupt()?;

    let solving = Instant::now();
    let transition = interpolator
        .between(&pair.a.picture, &pair.b.picture)
        .with_context(|| format!("{} and {}", args.a.display(), args.b.display()))?;
    let solve_s = solving.elapsed().as_secs_f64();
    let rendering = Instant::now();
    let bar = reporter.bar("", Some(times.len() as u64));
    let frames = render_all(&transition, &times, &pair.a.icc, sink.as_mut(), bar)?;
    sink.finish()?;
    let timings = clocks.elapsed();
    print_timings(timings.as_ref(), &reporter);
    let report = Report {
        inputs: [&args.a, &args.b],
        format: pair.a.picture.format(),
        size: (pair.a.picture.width(), pair.a.picture.height()),
        method: args.method,
        preset: common.preset,
        target: &target,
        frames,
        unexplained_share: transition.unexplained_share(),
        solve_s,
        render_s: rendering.elapsed().as_secs_f64(),
        total_s: started.elapsed().as_secs_f64(),
        timings,
    };
    reporter.summary(&report.json(), || report.text())
}

/// Renders each frame while the one before it is written.
fn render_all(
    transition: &Transition<&otinterp::picture::Picture>,
    times: &[f64],
    icc: &Option<Vec<u8>>,
    sink: &mut dyn Sink,
    bar: Bar,
) -> anyhow::Result<Vec<FrameEntry>> {
    let render = |t: f64| Still {
        picture: transition.at(t as f32),
        icc: icc.clone(),
    };
    let mut entries = Vec::with_capacity(times.len());
    let mut ready = times.first().map(|&t| render(t));
    for (index, &t) in times.iter().enumerate() {
        check_interrupt()?;
        let Some(frame) = ready.take() else { break };
        let (written, next) = rayon::join(
            || {
                let _stage = stage(Stage::Encode);
                sink.push(&frame)
            },
            || times.get(index + 1).map(|&t| render(t)),
        );
        entries.push(FrameEntry { t, path: written? });
        bar.count(entries.len());
        ready = next;
    }
    Ok(entries)
}
