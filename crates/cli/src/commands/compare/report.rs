//! Report of a run of `compare`, as text and JSON.

use crate::commands::common::{MethodArg, PresetArg, unexplained_note};
use serde::Serialize;
use std::path::PathBuf;

/// Report of a run: `--json`.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The two pictures as typed.
    pub inputs: [String; 2],
    /// The true middle, if one was given.
    pub truth: Option<String>,
    /// The figure; none if it went to standard output.
    pub output: Option<PathBuf>,
    /// Width of the two pictures in pixels.
    pub width: usize,
    /// Height of the two pictures in pixels.
    pub height: usize,
    /// `--preset`.
    pub preset: PresetArg,
    /// Times of the columns, in `[0, 1]`.
    pub times: Vec<f64>,
    /// The rows from top to bottom.
    pub rows: Vec<RowReport>,
}

/// What is known of one row.
#[derive(Debug, Clone, Serialize)]
pub struct RowReport {
    /// The method.
    pub method: MethodArg,
    /// Seconds to solve the transport, once.
    pub solve_s: f64,
    /// Seconds to render all columns.
    pub render_s: f64,
    /// Share of the picture that no motion explains; 0 for other methods than transport.
    pub unexplained_share: f32,
    /// PSNR of its middle against the truth, if there is one.
    pub psnr_db: Option<f64>,
    /// SSIM of its middle against the truth, if there is one and it is large enough.
    pub ssim: Option<f64>,
}

impl RowReport {
    /// `28.14 dB, SSIM 0.913`; empty without a truth.
    pub fn score_label(&self) -> String {
        match (self.psnr_db, self.ssim) {
            (Some(psnr), Some(ssim)) => format!("{psnr:.2} dB, SSIM {ssim:.3}"),
            (Some(psnr), None) => format!("{psnr:.2} dB"),
            _ => String::new(),
        }
    }
}

impl Report {
    /// A line per score if there is a truth, and the file's name.
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        if self.truth.is_some() {
            let scores = self.rows.iter();
            lines.extend(scores.map(|r| format!("{:<10} {}", r.method.name(), r.score_label())));
        }
        if let Some(output) = &self.output {
            let shares = self.rows.iter().map(|row| f64::from(row.unexplained_share));
            let note = unexplained_note(shares.fold(0.0, f64::max));
            lines.push(format!("{}{note}", output.display()));
        }
        lines.join("\n")
    }
}
