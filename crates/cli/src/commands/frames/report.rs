//! What a run of `frames` says when it is done.

use super::target::Target;
use crate::commands::Common;
use crate::commands::common::{MethodArg, PresetArg, unexplained_note};
use crate::commands::pair::shown;
use indicatif::{ProgressBar, ProgressStyle};
use otinterp::picture::{ColorModel, Format};
use otinterp::timings::Timings;
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A bar on stderr while several frames are made; none where it is no terminal. It is gone when
/// dropped, so that an error has the line for itself.
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar for `count` frames.
    pub fn new(count: usize, common: &Common) -> Self {
        if common.quiet || count < 2 {
            return Self(ProgressBar::hidden());
        }
        // The template is constant and right; a default bar is no reason to fail.
        let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} frames, {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        // indicatif draws nothing where stderr is no terminal.
        Self(ProgressBar::new(count as u64).with_style(style))
    }

    /// Shows how many frames are written.
    pub fn written(&self, frames: usize) {
        self.0.set_position(frames as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A frame that was written.
#[derive(Debug, Serialize)]
pub struct FrameEntry {
    /// Time in `[0, 1]`.
    pub t: f64,
    /// Its file, if it has one of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
}

/// All that is told about a run.
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
    output: &'a str,
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
    /// Prints the JSON object with `--json`, else one line on stderr unless `-q`.
    ///
    /// # Errors
    /// If the JSON cannot be written.
    pub fn print(&self, common: &Common) -> anyhow::Result<()> {
        let output = self.target.shown();
        if !common.json {
            if !common.quiet {
                let count = self.frames.len();
                let plural = if count == 1 { "" } else { "s" };
                let place = if self.is_piped() { "on" } else { "in" };
                eprintln!(
                    "{count} frame{plural} {place} {output} ({:.2} s){}",
                    self.total_s,
                    unexplained_note(f64::from(self.unexplained_share))
                );
            }
            return Ok(());
        }
        let json = serde_json::to_string(&Json {
            inputs: self.inputs.map(shown),
            output: &output,
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
        })?;
        if self.is_piped() {
            eprintln!("{json}");
        } else {
            writeln!(std::io::stdout(), "{json}")?;
        }
        Ok(())
    }

    fn is_piped(&self) -> bool {
        matches!(self.target, Target::Pipe(_))
    }
}
