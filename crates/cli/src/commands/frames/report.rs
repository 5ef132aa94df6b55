//! Report of a run of `frames`, as text and JSON.

use super::target::Target;
use crate::commands::common::{MethodArg, PresetArg, unexplained_note};
use otinterp::picture::ColorModel;
use otinterp::timings::Timings;
use serde::Serialize;
use std::path::PathBuf;

/// A frame that was written.
#[derive(Debug, Serialize)]
pub struct FrameEntry {
    /// Time: 0 at the first picture, 1 at the second, 2 at the third.
    pub t: f64,
    /// Its file, if it has one of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
}

/// Report of a run: `--json`.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The inputs as typed.
    pub inputs: Vec<String>,
    /// Where the frames went.
    pub output: String,
    pub width: usize,
    pub height: usize,
    pub bit_depth: u8,
    pub color: &'static str,
    pub alpha: bool,
    pub method: MethodArg,
    pub preset: PresetArg,
    /// The frames in the order in which they were written.
    pub frames: Vec<FrameEntry>,
    /// Share of the picture that no motion explains; a mean over the pairs.
    pub unexplained_share: f32,
    /// Seconds to solve the transport.
    pub solve_s: f64,
    /// Seconds to render and write.
    pub render_s: f64,
    /// Where the time went, with `--timings`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timings: Option<Timings>,
}

impl Report {
    /// `12 frames in steps/ (1.20 s)`, for a run that took `total_s` seconds.
    pub fn text(&self, target: &Target, total_s: f64) -> String {
        let (count, output) = (self.frames.len(), &self.output);
        let plural = if count == 1 { "" } else { "s" };
        let place = match target {
            Target::Pipe(_) => "on",
            _ => "in",
        };
        let note = unexplained_note(f64::from(self.unexplained_share));
        format!("{count} frame{plural} {place} {output} ({total_s:.2} s){note}")
    }
}

/// The name of a colour model in reports.
pub fn color_name(model: ColorModel) -> &'static str {
    match model {
        ColorModel::Gray => "gray",
        ColorModel::Rgb => "rgb",
        ColorModel::Yuv => "yuv",
    }
}
