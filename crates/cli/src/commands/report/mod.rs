//! `otinterp report`: pictures, a clip or a score on one self-contained HTML page.

mod album;
mod args;
mod clip;
mod hidden;
mod page;
mod pictures;
mod reading;
mod rgb;
mod scored;
mod survey;
mod words;

use super::common::{Common, PresetArg};
use super::exit::check_interrupt;
use super::output::Output;
use super::pair::{is_pipe, shown};
use super::retime::CutAt;
use super::score::SetScore;
use anyhow::ensure;
pub use args::ReportArgs;
use args::Subject;
use otinterp_video::time::Rational;
use page::{MOST_BYTES, html};
use reading::Reading;
use serde::Serialize;
use std::path::PathBuf;

/// Times the rate of a clip where nothing else is asked for.
const USUAL_FACTOR: i128 = 2;

/// A run's report: `--json`.
#[derive(Debug, Serialize)]
struct Report {
    /// As typed.
    inputs: Vec<String>,
    /// The page; none if it went to standard output.
    output: Option<PathBuf>,
    /// `pictures`, `clip` or `score`.
    kind: &'static str,
    /// `--preset`.
    preset: PresetArg,
    /// Of the pictures, px.
    width: usize,
    height: usize,
    /// Of the pictures on the page, px.
    shown_width: u32,
    shown_height: u32,
    /// Frames on the page.
    frames: usize,
    /// Different pictures on the page.
    pictures: usize,
    /// Of the page.
    bytes: usize,
    /// Of a clip, the cuts that `retime` finds.
    cuts: Option<Vec<CutAt>>,
    /// Of a score, the numbers.
    score: Option<SetScore>,
}

/// Runs `otinterp report`.
pub fn run(args: &ReportArgs, common: &Common) -> anyhow::Result<()> {
    let subject = args.subject()?;
    let is_piped = is_pipe(&args.output);
    let output = Output::open(&args.output, common.overwrite)?;
    let reporter = common.reporter(is_piped);
    let (mut cuts, mut score) = (None, None);
    let (kind, content, album, [width, height]) = match subject {
        Subject::Pictures(paths, count) => {
            let (content, album, size) = pictures::content(&paths, count, common, &reporter)?;
            ("pictures", content, album, size)
        }
        Subject::Clip(input) => {
            let reading = Reading {
                input,
                part: args.part(),
                access: args.access.into(),
                common,
            };
            let factor = args.factor.unwrap_or(Rational::from_integer(USUAL_FACTOR));
            let (content, album, survey, size) = clip::content(&reading, factor, &reporter)?;
            cuts = Some(survey.cuts.iter().map(CutAt::from).collect());
            ("clip", content, album, size)
        }
        Subject::Scored(path) => {
            let (content, album, found) =
                scored::content(path, args.access.into(), common, &reporter)?;
            let size = [found.width, found.height];
            score = Some(found);
            ("score", content, album, size)
        }
    };
    check_interrupt()?;
    let (pictures, (shown_width, shown_height)) = (album.count(), album.size());
    let page = html(&content, album, common)?;
    let bytes = page.len();
    ensure!(
        bytes <= MOST_BYTES,
        "{}: the page would have {bytes} bytes, of {MOST_BYTES} that it may have; a shorter part has fewer cuts",
        shown(&args.inputs[0])
    );
    output.write(page.as_bytes())?;
    let report = Report {
        inputs: args.inputs().into_iter().map(shown).collect(),
        output: (!is_piped).then(|| args.output.clone()),
        kind,
        preset: common.preset,
        width,
        height,
        shown_width,
        shown_height,
        frames: content.frames.len(),
        pictures,
        bytes,
        cuts,
        score,
    };
    let frames = report.frames;
    reporter.summary(&report, || {
        if is_piped {
            return String::new();
        }
        let megabytes = bytes as f64 / 1e6;
        format!(
            "{}: {frames} frames, {megabytes:.1} MB",
            args.output.display()
        )
    })
}
