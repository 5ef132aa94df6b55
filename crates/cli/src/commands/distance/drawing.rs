//! Plot of distances as a curve.

use super::answer::Answer;
use crate::plot::Curve;

/// Distances in order, as a curve over their numbers from 1 on.
pub fn curve<'a>(answers: &[&Answer], over: &'a str) -> Curve<'a> {
    let p = answers.first().map_or(2, |a| a.p);
    let is_px = answers.first().is_none_or(|a| a.unit == "px");
    let unit = if is_px { " [px]" } else { "" };
    Curve {
        x_label: over,
        y_label: format!("W{p}{unit}"),
        points: answers
            .iter()
            .zip(1i32..)
            .map(|(a, k)| [k.into(), a.value, a.lower, a.upper])
            .collect(),
    }
}
