//! Report of distances as text, CSV and JSON.

use super::answer::Answer;
use crate::reporter::Reporter;
use serde::Serialize;
use std::fmt::Write;

/// Totals that differ by more than this share are worth a word.
const EQUAL_TOTALS: f64 = 1e-6;

/// Below it six digits behind the point do not show a number.
const LEAST_PLAIN: f64 = 1e-4;

/// One pair.
#[derive(Debug, Serialize)]
struct Pair<'a> {
    #[serde(flatten)]
    answer: &'a Answer,
    inputs: [&'a str; 2],
}

/// Says the distance of one pair.
pub fn pair(answer: &Answer, inputs: [&str; 2], reporter: &Reporter) -> anyhow::Result<()> {
    reporter.answer(&Pair { answer, inputs }, || text(answer))
}

fn text(answer: &Answer) -> String {
    let unit = match answer.unit {
        "px" => "px",
        _ => "in the points' unit",
    };
    let digits = digits(answer);
    let mut text = format!(
        "W{} = {:.digits$} {unit}, certainly in [{:.digits$}, {:.digits$}]\n",
        answer.p, answer.value, answer.lower, answer.upper
    );
    if let Some(bures) = answer.bures {
        let _ = writeln!(
            text,
            "W2 of the Gaussians with the same means and covariances (Bures) = {bures:.digits$} {unit}"
        );
    }
    if let (Some(value), Some(lower), Some(upper), Some(eps)) = (
        answer.debiased,
        answer.debiased_lower,
        answer.debiased_upper,
        answer.eps,
    ) {
        let root = if answer.p == 2 {
            "square root of the "
        } else {
            ""
        };
        let cells = match answer.debiased_cell {
            Some(cell) if cell > 1 => format!(", on cells of {cell}x{cell} px"),
            _ => String::new(),
        };
        let eps = if eps < LEAST_PLAIN {
            format!("{eps:e}")
        } else {
            format!("{eps:.6}")
        };
        let _ = writeln!(
            text,
            "{root}Sinkhorn divergence at eps = {eps} = {value:.digits$} {unit}, certainly in \
             [{lower:.digits$}, {upper:.digits$}]{cells}"
        );
    }
    let [a, b] = answer.totals;
    if (a - b).abs() > EQUAL_TOTALS * a.max(b) {
        let _ = writeln!(
            text,
            "the totals {a:.6} and {b:.6} differ: both were divided by theirs"
        );
    }
    if answer.cell > 1 {
        let cell = answer.cell;
        let _ = writeln!(
            text,
            "solved on cells of {cell}x{cell} px; the interval holds for all pixels"
        );
    }
    text
}

/// Digits behind the point that the interval's width allows, and one more.
fn digits(answer: &Answer) -> usize {
    let width = answer.upper - answer.lower;
    let size = if width > 0.0 {
        width
    } else {
        1e-6 * answer.value.abs().max(1e-6)
    };
    (1.0 - size.log10().floor()).clamp(2.0, 9.0) as usize
}

/// The first line of a CSV; `keys` are the columns before the numbers.
pub fn csv_head(keys: &str) -> String {
    format!(
        "{keys},p,value,lower,upper,bures,debiased,debiased_lower,debiased_upper,eps,unit,cell\n"
    )
}

/// A line of a CSV.
pub fn csv_line(key: &str, answer: &Answer) -> String {
    let number = |v: Option<f64>| v.map_or(String::new(), |v| v.to_string());
    format!(
        "{key},{},{},{},{},{},{},{},{},{},{},{}\n",
        answer.p,
        answer.value,
        answer.lower,
        answer.upper,
        number(answer.bures),
        number(answer.debiased),
        number(answer.debiased_lower),
        number(answer.debiased_upper),
        number(answer.eps),
        answer.unit,
        answer.cell
    )
}

/// A field of a CSV, in quotes where it needs them.
pub fn csv_field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}
