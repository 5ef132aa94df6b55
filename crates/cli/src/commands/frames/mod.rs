//! `otinterp frames`: in-between stills of two pictures or more.

mod args;
mod fields;
mod movie;
mod pattern;
mod report;
mod sink;
mod target;

use super::common::{Common, print_timings};
use super::exit::{Usage, check_interrupt, watch_interrupt};
use super::pair::{is_pipe, read_all, read_fields, shown};
use crate::pipeline::Paths;
use crate::reporter::Bar;
use anyhow::Context;
use otinterp::picture::Picture;
use otinterp::picture::still::Still;
use otinterp::timings::{Stage, stage};
use otinterp::{Interpolator, Sequence, Transition};
use report::{FrameEntry, Report, color_name};
use sink::Sink;
use std::path::Path;
use std::time::{Duration, Instant};
use target::Target;

pub use args::FramesArgs;

/// Runs `otinterp frames`.
pub fn run(args: &FramesArgs, common: &Common) -> anyhow::Result<()> {
    let started = Instant::now();
    let clocks = args.timings.start();
    let mut times = args.times.times();
    if let Some(pair) = read_fields(&args.a, &args.b)? {
        if !args.more.is_empty() {
            return Err(Usage("of fields of numbers there can be two".into()).into());
        }
        watch_interrupt();
        return fields::run(args, &times, &pair, common);
    }
    let paths: Vec<&Path> = [&args.a, &args.b]
        .into_iter()
        .chain(&args.more)
        .map(|path| path.as_path())
        .collect();
    let ends = (paths[0], paths[paths.len() - 1]);
    let count = (0..paths.len() - 1)
        .map(|pair| of_pair(&times, pair).count())
        .sum();
    let target = Target::parse(args.output.as_deref(), args.format, ends, count)?;
    if matches!(target, Target::Folder(_)) {
        times.sort_by(f64::total_cmp);
    }
    let interpolator = args
        .mass
        .given_to(common.interpolator(args.method), args.method)?;
    let reporter = common.reporter(args.output.as_deref().is_some_and(is_pipe));

    let stills = rayon::scope(|_| {
        let _stage = stage(Stage::Decode);
        read_all(&paths, &reporter)
    })?;
    // Not before: a signal is to end a read that waits for a named pipe, and nothing is written yet.
    watch_interrupt();
    target.check(&stills, &reporter)?;
    let first = &stills[0];
    let mut sink = sink::open(&target, first, count, args.fps, common.overwrite)?;
    check_interrupt()?;
    let dim = (first.picture.height(), first.picture.width());
    reporter.detail(&interpolator.plan(dim).to_string());

    let rendering = Instant::now();
    let mut way = Way {
        interpolator,
        motion: args.motion,
        times: &times,
        sink: sink.as_mut(),
        bar: reporter.bar("", Some(count as u64)),
        frames: Vec::with_capacity(count),
        unexplained: 0.0,
        solving: Duration::ZERO,
    };
    way.go(&stills, &paths)?;
    let (frames, solving, unexplained) = (way.frames, way.solving, way.unexplained);
    sink.finish()?;
    let timings = clocks.elapsed();
    print_timings(timings.as_ref(), &reporter);
    let format = first.picture.format();
    let report = Report {
        inputs: paths.iter().map(|path| shown(path)).collect(),
        output: target.shown(),
        width: first.picture.width(),
        height: first.picture.height(),
        bit_depth: format.bit_depth,
        color: color_name(format.model),
        alpha: format.alpha,
        method: args.method,
        preset: common.preset,
        frames,
        unexplained_share: unexplained / (paths.len() - 1) as f32,
        solve_s: solving.as_secs_f64(),
        render_s: (rendering.elapsed() - solving).as_secs_f64(),
        timings,
    };
    let total_s = started.elapsed().as_secs_f64();
    reporter.summary(&report, || report.text(&target, total_s))
}

/// The times between the pictures of a pair, of which the first one has all: the picture that two pairs share is shown once.
fn of_pair(times: &[f64], pair: usize) -> impl Iterator<Item = f64> {
    let is_twice = pair > 0 && times.contains(&1.0);
    times
        .iter()
        .copied()
        .filter(move |&t| !(is_twice && t == 0.0))
}

/// The way through all pictures.
struct Way<'a> {
    interpolator: Interpolator,
    motion: Paths,
    /// Of each pair.
    times: &'a [f64],
    sink: &'a mut dyn Sink,
    bar: Bar,
    frames: Vec<FrameEntry>,
    /// Sum over the pairs.
    unexplained: f32,
    solving: Duration,
}

impl Way<'_> {
    fn go(&mut self, stills: &[Still], paths: &[&Path]) -> anyhow::Result<()> {
        let mut sequence = Sequence::new(self.interpolator);
        for (pair, two) in stills.windows(2).enumerate() {
            check_interrupt()?;
            let begun = Instant::now();
            let beyond = match self.motion {
                Paths::Curved => stills.get(pair + 2),
                Paths::Straight => {
                    sequence.restart();
                    None
                }
            };
            let transition = sequence
                .between(
                    [&two[0].picture, &two[1].picture],
                    beyond.map(|still| &still.picture),
                )
                .with_context(|| {
                    format!(
                        "{} and {}",
                        paths[pair].display(),
                        paths[pair + 1].display()
                    )
                })?;
            self.solving += begun.elapsed();
            self.unexplained += transition.unexplained_share();
            self.render(pair, &transition, &two[0].icc)?;
        }
        Ok(())
    }

    /// Renders each frame while the one before it is written.
    fn render(
        &mut self,
        pair: usize,
        transition: &Transition<&Picture>,
        icc: &Option<Vec<u8>>,
    ) -> anyhow::Result<()> {
        let render = |t: f64| Still {
            picture: transition.at(t as f32),
            icc: icc.clone(),
        };
        let times: Vec<f64> = of_pair(self.times, pair).collect();
        let mut ready = times.first().map(|&t| render(t));
        for (index, &t) in times.iter().enumerate() {
            check_interrupt()?;
            let Some(frame) = ready.take() else { break };
            let sink = &mut *self.sink;
            let (written, next) = rayon::join(
                || {
                    let _stage = stage(Stage::Encode);
                    sink.push(&frame)
                },
                || times.get(index + 1).map(|&t| render(t)),
            );
            let (t, path) = (pair as f64 + t, written?);
            self.frames.push(FrameEntry { t, path });
            self.bar.count(self.frames.len());
            ready = next;
        }
        Ok(())
    }
}
