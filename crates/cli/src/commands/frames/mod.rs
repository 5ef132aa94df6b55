//! `otinterp frames`: in-between stills of two pictures.

mod args;
mod fields;
mod movie;
mod pattern;
mod report;
mod sink;
mod target;

use super::common::{Common, print_timings};
use super::exit::{check_interrupt, watch_interrupt};
use super::pair::{Pair, is_pipe, read_fields, shown};
use crate::reporter::Bar;
use anyhow::Context;
use otinterp::Transition;
use otinterp::picture::still::Still;
use otinterp::timings::{Stage, stage};
use report::{FrameEntry, Report, color_name};
use sink::Sink;
use std::time::Instant;
use target::Target;

pub use args::FramesArgs;

/// Runs `otinterp frames`.
pub fn run(args: &FramesArgs, common: &Common) -> anyhow::Result<()> {
    let started = Instant::now();
    let clocks = args.timings.start();
    let mut times = args.times.times();
    if let Some(pair) = read_fields(&args.a, &args.b)? {
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
    let dim = (pair.a.picture.height(), pair.a.picture.width());
    reporter.detail(&interpolator.plan(dim).to_string());

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
    let format = pair.a.picture.format();
    let report = Report {
        inputs: [shown(&args.a), shown(&args.b)],
        output: target.shown(),
        width: pair.a.picture.width(),
        height: pair.a.picture.height(),
        bit_depth: format.bit_depth,
        color: color_name(format.model),
        alpha: format.alpha,
        method: args.method,
        preset: common.preset,
        frames,
        unexplained_share: transition.unexplained_share(),
        solve_s,
        render_s: rendering.elapsed().as_secs_f64(),
        timings,
    };
    let total_s = started.elapsed().as_secs_f64();
    reporter.summary(&report, || report.text(&target, total_s))
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
