//! Distances between the frames of a clip.

use super::answer::{Answer, Question};
use super::drawing::curve;
use super::input::{Measure, light};
use super::report;
use crate::commands::exit::{check_interrupt, plain};
use crate::commands::output::Plot;
use crate::reporter::Reporter;
use anyhow::{Context, bail};
use otinterp_video::{Access, RgbFrames};
use serde::Serialize;
use std::path::Path;

/// A frame and the one that it is held against, from 0.
#[derive(Debug, Serialize)]
struct Step {
    frame: usize,
    against: usize,
    #[serde(flatten)]
    answer: Answer,
}

/// `--json`.
#[derive(Debug, Serialize)]
struct Clip<'a> {
    input: String,
    frames: &'a [Step],
}

/// Prints the distances of successive frames, or of each from the first.
pub fn run(
    path: &Path,
    (first, access): (bool, Access),
    question: Question,
    plot: Option<Plot>,
    reporter: &Reporter,
) -> anyhow::Result<()> {
    let steps = steps(path, (first, access), question, reporter)?;
    let answers: Vec<&Answer> = steps.iter().map(|s| &s.answer).collect();
    if let Some(plot) = plot {
        plot.write(&curve(&answers, "frame"))?;
    }
    let clip = Clip {
        input: path.display().to_string(),
        frames: &steps,
    };
    reporter.answer(&clip, || {
        let lines = steps.iter().map(|step| {
            let key = format!("{},{}", step.frame, step.against);
            report::csv_line(&key, &step.answer)
        });
        report::csv_head("frame,against") + &lines.collect::<String>()
    })
}

fn steps(
    path: &Path,
    (first, access): (bool, Access),
    question: Question,
    reporter: &Reporter,
) -> anyhow::Result<Vec<Step>> {
    let shown = path.display();
    // What comes through a named pipe is there once, for the clip.
    if path.is_file() && Measure::is_one(path) {
        bail!("{shown} is one measure; give a second, or a clip");
    }
    let frames = RgbFrames::open(path, access).map_err(plain);
    let frames = frames.with_context(|| shown.to_string())?;
    let bar = reporter.bar(&shown.to_string(), None);
    let mut steps = Vec::new();
    let mut before: Option<(usize, Measure)> = None;
    for (frame, picture) in frames.enumerate() {
        check_interrupt()?;
        let context = || format!("{shown}: frame {frame}");
        let picture = picture.map_err(plain).with_context(context)?;
        let measure = Measure::Picture(light(&picture, "frame").with_context(context)?);
        if let Some((against, other)) = &before {
            let answer = Answer::find(other, &measure, question).with_context(context)?;
            steps.push(Step {
                frame,
                against: *against,
                answer,
            });
        }
        if before.is_none() || !first {
            before = Some((frame, measure));
        }
        bar.count(frame + 1);
    }
    drop(bar);
    if steps.is_empty() {
        bail!("{shown} has fewer than two frames");
    }
    Ok(steps)
}
