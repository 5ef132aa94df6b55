//! Plot of distances as a curve.

use super::answer::Answer;
use crate::commands::common::Common;
use crate::commands::output::Output;
use crate::plot::{Curve, Format};
use std::path::PathBuf;

/// A curve's file, opened before the work.
pub struct Drawing {
    format: Format,
    output: Output,
}

impl Drawing {
    pub fn open((format, path): (Format, &PathBuf), common: &Common) -> anyhow::Result<Self> {
        Ok(Self {
            format,
            output: Output::open(path, common.overwrite)?,
        })
    }

    pub fn write(self, curve: &Curve<'_>) -> anyhow::Result<()> {
        self.output.write(&curve.draw(self.format)?)
    }
}

/// Distances in order, as a curve over their numbers from `start` on.
pub fn curve<'a>(answers: &[&Answer], over: &'a str, start: usize) -> Curve<'a> {
    let p = answers.first().map_or(2, |a| a.p);
    let is_px = answers.first().is_none_or(|a| a.unit == "px");
    let unit = if is_px { " [px]" } else { "" };
    Curve {
        x_label: over,
        y_label: format!("W{p}{unit}"),
        points: answers
            .iter()
            .zip(start..)
            .map(|(a, k)| [k as f64, a.value, a.lower, a.upper])
            .collect(),
    }
}
