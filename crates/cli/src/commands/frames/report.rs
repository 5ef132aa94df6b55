//! Report of a run of `frames`, as text and JSON.

use super::target::Target;
use crate::commands::common::{MethodArg, PresetArg, unexplained_note};
use crate::commands::pair::shown;
use otinterp::picture::{ColorModel, Format};
use otinterp::timings::Timings;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// A frame that was written.
#[derive(Debug, Serialize)]
pub struct FrameEntry {
    /// Time in `[0, 1]`.
    pub t: f64,
    /// Its file, if it has one of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
}

/// Report of a run.
#[derive(Debug)]
pub struct Report<'a> {
    /// The inputs as typed.
    pub inputs: [&'a Path; 2],
    /// Format of the frames.
    pub format: Format,
    /// Width and height in pixels.
    pub size: (usize, usize),
    /// `--method`.
    pub method: MethodArg,
    /// `--preset`.
    pub preset: PresetArg,
    /// Where the frames went.
    pub target: &'a Target,
    /// The frames in the order in which they were written.
    pub frames: Vec<FrameEntry>,
    /// Share of the picture that no motion explains.
    pub unexplained_share: f32,
    /// Seconds to solve the transport.
    pub solve_s: f64,
    /// Seconds to render and write.
    pub render_s: f64,
    /// Seconds from start to end.
    pub total_s: f64,
    /// Where the time went, with `--timings`.
    pub timings: Option<Timings>,
}

/// `--json`.
#[derive(Serialize)]
struct Json<'a> {
    inputs: [String; 2],
    output: String,
    width: usize,
    height: usize,
    bit_depth: u8,
    color: &'static str,
    alpha: bool,
    method: MethodArg,
    preset: PresetArg,
    frames: &'a [FrameEntry],
    unexplained_share: f32,
    solve_s: f64,
    render_s: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    timings: Option<&'a Timings>,
}

impl Report<'_> {
    /// `12 frames in steps/ (1.20 s)`.
    pub fn text(&self) -> String {
        let count = self.frames.len();
        let plural = if count == 1 { "" } else { "s" };
        let place = match self.target {
            Target::Pipe(_) => "on",
            _ => "in",
        };
        format!(
            "{count} frame{plural} {place} {} ({:.2} s){}",
            self.target.shown(),
            self.total_s,
            unexplained_note(f64::from(self.unexplained_share))
        )
    }

    /// The same for programs.
    pub fn json(&self) -> impl Serialize {
        Json {
            inputs: self.inputs.map(shown),
            output: self.target.shown(),
            width: self.size.0,
            height: self.size.1,
            bit_depth: self.format.bit_depth,
            color: match self.format.model {
                ColorModel::Gray => "gray",
                ColorModel::Rgb => "rgb",
                ColorModel::Yuv => "yuv",
            },
            alpha: self.format.alpha,
            method: self.method,
            preset: self.preset,
            frames: &self.frames,
            unexplained_share: self.unexplained_share,
            solve_s: self.solve_s,
            render_s: self.render_s,
            timings: self.timings.as_ref(),
        }
    }
}
