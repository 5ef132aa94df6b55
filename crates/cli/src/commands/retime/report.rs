//! Summary of a clip and of a run, as sentences and as records of `--json`.

use crate::commands::common::unexplained_note;
use crate::pipeline::Cut;
use otinterp::timings::Timings;
use otinterp_video::time::{Rational, short_decimal, to_f64};

/// One clip that was retimed.
#[derive(Debug, serde::Serialize)]
pub(super) struct Done {
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
    pub(super) streams_stretched: usize,
    pub(super) warnings: Vec<String>,
    pub(super) wall_s: f64,
    /// Where the time went, with `--timings`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timings: Option<Timings>,
}

/// How a run went.
#[derive(Debug, Default, serde::Serialize)]
pub(super) struct Summary {
    pub(super) total: usize,
    pub(super) done: usize,
    pub(super) skipped: usize,
    pub(super) failed: usize,
    pub(super) interrupted: bool,
    pub(super) dry_run: bool,
    pub(super) wall_s: f64,
}

/// A cut.
#[derive(Debug, serde::Serialize)]
pub struct CutAt {
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

/// The sentence on one clip.
pub(super) fn summary_of(input: &str, done: &Done, rate: Rational) -> String {
    let Done {
        output,
        frames_in,
        frames_out,
        duration_s,
        unexplained_share,
        wall_s,
        ..
    } = done;
    let rate = short_decimal(rate);
    format!(
        "{input} -> {output}: {frames_in} frames to {frames_out} at {rate} fps \
         ({duration_s:.2} s of video in {wall_s:.1} s){}{}",
        edits_note(done),
        unexplained_note(*unexplained_share)
    )
}

/// `[3/12] ` before a name of a batch, nothing before a single one.
pub(super) fn of_batch(index: usize, of: usize) -> String {
    if of > 1 {
        format!("[{index}/{of}] ")
    } else {
        String::new()
    }
}

/// Failures that the last line names; each has had its own line before.
const NAMED: usize = 3;

/// The last line of a batch: `7 of 9 done, 1 skipped, 1 failed: name: why`.
pub(super) fn last_line(summary: &Summary, errors: &[String]) -> String {
    let would = if summary.dry_run { "would be " } else { "" };
    let mut line = format!("{} of {} {would}done", summary.done, summary.total);
    if summary.skipped > 0 {
        line += &format!(", {} skipped", summary.skipped);
    }
    if summary.failed > 0 {
        let named = errors.iter().take(NAMED).map(String::as_str);
        let named = named.collect::<Vec<_>>().join("; ");
        line += &format!(", {} failed: {named}", summary.failed);
    }
    if errors.len() > NAMED {
        line += &format!("; and {} more", errors.len() - NAMED);
    }
    line
}
