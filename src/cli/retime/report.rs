//! What the user sees: progress, notes, the summary, the report.

use crate::cli::common::{Common, unexplained_note};
use crate::cli::exit;
use crate::pipeline::{Cut, Observer};
use crate::video::time::{Rational, short_decimal, to_f64};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};

/// What `--json` prints.
#[derive(Debug, serde::Serialize)]
pub(super) struct Report<'a> {
    pub(super) results: &'a [Outcome],
}

/// How one input went.
#[derive(Debug, serde::Serialize)]
#[serde(untagged)]
pub(super) enum Outcome {
    Done(Box<Done>),
    Failed { input: String, error: String },
}

/// One clip that was retimed.
#[derive(Debug, serde::Serialize)]
pub(super) struct Done {
    pub(super) input: String,
    pub(super) output: String,
    pub(super) method: &'static str,
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) frames_in: u64,
    pub(super) frames_out: u64,
    /// Frames per second of the output, as a fraction.
    pub(super) rate: String,
    pub(super) duration_s: f64,
    /// Mean over the in-betweens of the share of the picture that no motion explains.
    pub(super) unexplained_share: f64,
    /// Where scenes begin, in order of time.
    pub(super) cuts: Vec<CutAt>,
    /// Source frames that repeated the one before and gave way to in-betweens.
    pub(super) duplicates_replaced: u64,
    pub(super) codec: String,
    pub(super) pixel_format: String,
    pub(super) streams_copied: usize,
    pub(super) warnings: Vec<String>,
    pub(super) wall_s: f64,
}

/// A cut.
#[derive(Debug, serde::Serialize)]
pub(super) struct CutAt {
    /// Index of the first source frame after it, from 0.
    frame: u64,
    /// Seconds of the source's clock from its first frame to that one.
    time_s: f64,
}

impl From<&Cut> for CutAt {
    fn from(cut: &Cut) -> Self {
        Self {
            frame: cut.frame,
            time_s: to_f64(cut.time),
        }
    }
}

/// What to say of cuts and duplicates; nothing of none.
fn edits_note(done: &Done) -> String {
    let mut note = match done.cuts.len() {
        0 => String::new(),
        1 => "; 1 cut".to_owned(),
        cuts => format!("; {cuts} cuts"),
    };
    match done.duplicates_replaced {
        0 => {}
        1 => note += "; 1 repeated frame replaced",
        frames => note += &format!("; {frames} repeated frames replaced"),
    }
    note
}

/// Prints the report as one line of JSON.
pub(super) fn print_json(report: &Report, on_stderr: bool) -> anyhow::Result<()> {
    let line = serde_json::to_string(report)?;
    if on_stderr {
        eprintln!("{line}");
    } else {
        writeln!(std::io::stdout(), "{line}")?;
    }
    Ok(())
}

/// One line on stderr.
pub(super) fn tell(line: &str) {
    eprintln!("otinterp: {line}");
}

/// The summary of one clip, unless `-q`.
pub(super) fn summarise(done: &Done, rate: Rational, common: &Common) {
    if !common.quiet {
        let Done {
            input,
            output,
            frames_in,
            frames_out,
            duration_s,
            unexplained_share,
            wall_s,
            ..
        } = done;
        let rate = short_decimal(rate);
        eprintln!(
            "{input} -> {output}: {frames_in} frames to {frames_out} at {rate} fps \
             ({duration_s:.2} s of video in {wall_s:.1} s){}{}",
            edits_note(done),
            unexplained_note(*unexplained_share)
        );
    }
}

/// A bar on stderr, where that is a terminal.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// A bar for `frames` frames, as far as that is known.
    pub(super) fn new(name: &str, frames: Option<u64>, common: &Common) -> Self {
        if common.quiet || !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let (bar, template) = match frames {
            Some(frames) => (
                ProgressBar::new(frames),
                "{prefix} {wide_bar} {pos}/{len} frames, {per_sec}, {eta} left",
            ),
            None => (
                ProgressBar::no_length(),
                "{prefix} {spinner} {pos} frames, {per_sec}",
            ),
        };
        // The templates are constant and right; a default bar is no reason to fail.
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .with_key(
                "per_sec",
                |state: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
                    let _ = write!(out, "{:.1} fps", state.per_sec());
                },
            );
        bar.set_style(style);
        bar.set_prefix(name.to_owned());
        Self(bar)
    }

    /// Removes the bar.
    pub(super) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

impl Observer for Progress {
    fn is_interrupted(&self) -> bool {
        exit::is_interrupted()
    }

    fn written(&self, frames: u64) {
        self.0.set_position(frames);
    }
}
