//! Report of the scores as a table and as JSON.

use super::measure::{Numbers, SetScore};
use crate::commands::common::{Common, MethodArg, PresetArg};
use crate::quality::LayerScores;
use otinterp::timings::Timings;
use serde::Serialize;

/// All that was scored.
#[derive(Debug, Serialize)]
pub struct Report {
    /// `--preset`.
    pub preset: PresetArg,
    /// Threads used.
    pub threads: usize,
    /// The methods, in the order asked for.
    pub methods: Vec<MethodArg>,
    /// One per set.
    pub sets: Vec<SetScore>,
    /// What could not be scored.
    pub failed: Vec<Failure>,
    /// Where the time went, with `--timings`: all sets and methods together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timings: Option<Timings>,
}

/// What could not be scored, and why.
#[derive(Debug, Serialize)]
pub struct Failure {
    /// The set, or the path if no set was found there.
    pub set: String,
    /// One line.
    pub error: String,
}

impl Report {
    /// A report without sets.
    pub fn new(methods: &[MethodArg], common: &Common) -> Self {
        Self {
            preset: common.preset,
            threads: rayon::current_num_threads(),
            methods: methods.to_owned(),
            sets: Vec::new(),
            failed: Vec::new(),
            timings: None,
        }
    }

    /// One line per set and method, and before it, with `scenes`, one per frame; nothing if there are none.
    pub fn table(&self, scenes: bool) -> String {
        if self.sets.is_empty() {
            return String::new();
        }
        let methods = || self.sets.iter().flat_map(|set| &set.methods);
        let layers = methods().any(|method| method.mean.layers.is_some());
        let mut rows = vec![header(layers)];
        for set in &self.sets {
            if scenes {
                push_scenes(&mut rows, set, layers);
            }
            for (i, method) in set.methods.iter().enumerate() {
                let once = |text: String| if i == 0 { text } else { String::new() };
                let names = [
                    once(set.set.clone()),
                    once(format!("{}x{}", set.width, set.height)),
                    once(method.frames.len().to_string()),
                    method.method.name().to_owned(),
                ];
                rows.push(row(names, &method.mean, layers));
            }
        }
        align(&rows)
    }
}

type Row = Vec<String>;

/// One row for each frame and method of a set.
fn push_scenes(rows: &mut Vec<Row>, set: &SetScore, layers: bool) {
    for frame in 0..set.frames() {
        for (i, method) in set.methods.iter().enumerate() {
            let Some(score) = method.frames.get(frame) else {
                continue;
            };
            let name = if i == 0 { &score.frame[..] } else { "" };
            let names = [name, "", "", method.method.name()].map(str::to_owned);
            rows.push(row(names, &score.numbers, layers));
        }
    }
}

/// The names of the columns, with those of scenes in layers or without.
fn header(layers: bool) -> Row {
    let layers = if layers { LAYER_HEADER } else { "" };
    let header = [HEADER, layers, "ms,CPU ms"].map(|part| part.split_terminator(','));
    header.into_iter().flatten().map(String::from).collect()
}

fn row(names: [String; 4], numbers: &Numbers, layers: bool) -> Row {
    let mut row = names.to_vec();
    row.extend(cells(numbers));
    if layers {
        row.extend(layer_cells(numbers.layers.as_ref()));
    }
    row.extend([wall(numbers), or_dash(numbers.cpu_ms, 1)]);
    row
}

/// The frame that was scored last, on one line.
pub fn frame_line(score: &SetScore) -> String {
    let mut line = score.set.clone();
    for method in &score.methods {
        if let Some(last) = method.frames.last() {
            let [psnr, ssim, ..] = cells(&last.numbers);
            let wall = wall(&last.numbers);
            if line.len() == score.set.len() {
                line += &format!(": {}", last.frame);
            }
            let name = method.method.name();
            line += &format!("; {name} {psnr} dB {ssim} {wall} ms");
        }
    }
    line
}

const HEADER: &str = "set,size,frames,method,PSNR dB,SSIM,SSIMULACRA2,GMSD,sharp,ghost";
const LAYER_HEADER: &str = "both dB,one dB,edge dB,thing,trace dB";

fn cells(numbers: &Numbers) -> [String; 6] {
    [
        format!("{:.2}", numbers.psnr_db),
        or_dash(numbers.ssim, 4),
        or_dash(numbers.ssimulacra2, 2),
        or_dash(numbers.gmsd, 4),
        or_dash(numbers.sharpness, 3),
        or_dash(numbers.ghost, 3),
    ]
}

fn layer_cells(scores: Option<&LayerScores>) -> [String; 5] {
    let of =
        |value: fn(&LayerScores) -> Option<f64>, digits| or_dash(scores.and_then(value), digits);
    [
        of(|scores| scores.both_db, 2),
        of(|scores| scores.one_db, 2),
        of(|scores| scores.edge_db, 2),
        of(|scores| scores.thing, 3),
        of(|scores| scores.trace_db, 2),
    ]
}

fn wall(numbers: &Numbers) -> String {
    format!("{:.1}", numbers.wall_ms)
}

fn or_dash(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
}

/// Columns two spaces apart; words to the left, numbers to the right.
fn align(rows: &[Row]) -> String {
    const WORDS: [usize; 3] = [0, 1, 3];
    let width = |i: usize| rows.iter().map(|row| row[i].chars().count()).max();
    let widths: Vec<_> = (0..rows[0].len()).filter_map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (i, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            line += &match WORDS.contains(&i) {
                true => format!("{cell:<width$}  "),
                false => format!("{cell:>width$}  "),
            };
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
