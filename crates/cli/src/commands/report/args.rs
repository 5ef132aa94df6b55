//! Command-line arguments of `otinterp report`, and what they ask for.

use super::page::MOST_FRAMES;
use crate::commands::common::AccessArg;
use crate::commands::exit::Usage;
use crate::commands::pair::{is_pipe, is_read_once, shown as shown_input};
use crate::commands::retime::{is_clip, parse_range};
use clap::Args;
use otinterp_video::range::Position;
use otinterp_video::time::{Rational, parse_number};
use std::path::{Path, PathBuf};

/// In-betweens of two pictures where none are asked for.
const USUAL_COUNT: usize = 7;

/// Arguments of `otinterp report`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  otinterp report a.png b.png -o page.html           transport beside the cross-fade, seven in-betweens
  otinterp report clip.mp4 -o page.html              the first frames at twice the rate, and all cuts
  otinterp report clip.mp4 --range 1:30-1:45 --factor 4 -o page.html
  otinterp report clip.mp4 --score -o page.html      every other frame left out and rebuilt, beside the truth")]
pub struct ReportArgs {
    /// Two pictures or more of one size; or a clip; or, with --score, what `score` takes: a clip, or a folder of numbered pictures
    /// or triplets
    #[arg(value_name = "INPUT", required = true)]
    pub(super) inputs: Vec<PathBuf>,
    /// HTML file, or - for standard output
    #[arg(short, long, value_name = "PAGE")]
    pub(super) output: PathBuf,
    /// Number of in-betweens of every two pictures [default: 7, or as many as a page holds]
    #[arg(short = 'n', value_name = "N", conflicts_with_all = ["factor", "start", "end", "range", "score"],
          value_parser = clap::value_parser!(u16).range(1..=63))]
    pub(super) count: Option<u16>,
    /// Multiply the frame rate of the clip by K: 2, 2.5 or 5/2 [default: 2]
    #[arg(long, value_name = "K", value_parser = parse_number, conflicts_with = "score")]
    pub(super) factor: Option<Rational>,
    /// Start here: seconds (12.5), [H:]M:S (1:30), or frames (250f); the page shows the first frames of the part, and all its cuts
    #[arg(long, value_name = "PLACE", conflicts_with_all = ["range", "score"])]
    pub(super) start: Option<Position>,
    /// End before this place; counted, like --start, from the first frame of the clip
    #[arg(long, value_name = "PLACE", conflicts_with_all = ["range", "score"])]
    pub(super) end: Option<Position>,
    /// Set --start and --end at once: 1:30-1:45 or 100f-250f
    #[arg(long, value_name = "FROM-TO", value_parser = parse_range, conflicts_with = "score")]
    pub(super) range: Option<(Position, Position)>,
    /// Leave out every other frame, or the middles of triplets, rebuild them, and show them beside the truth with PSNR, SSIM and ghosts
    #[arg(long)]
    pub(super) score: bool,
    #[command(flatten)]
    pub(super) access: AccessArg,
}

/// What a page is made of.
pub(super) enum Subject<'a> {
    /// Two pictures or more, with so many in-betweens of every two.
    Pictures(Vec<&'a Path>, usize),
    /// A clip.
    Clip(&'a Path),
    /// What is scored.
    Scored(&'a Path),
}

impl ReportArgs {
    /// The files that are read.
    pub fn inputs(&self) -> Vec<&Path> {
        self.inputs.iter().map(PathBuf::as_path).collect()
    }

    /// The places that limit the part of a clip.
    pub(super) fn part(&self) -> (Option<Position>, Option<Position>) {
        match self.range {
            Some((start, end)) => (Some(start), Some(end)),
            None => (self.start, self.end),
        }
    }

    /// What is asked for. Nothing is read.
    /// Fails with [`Usage`] if the inputs and options do not go together, or the page has no name of HTML.
    pub(super) fn subject(&self) -> Result<Subject<'_>, Usage> {
        let is_html = |extension: &std::ffi::OsStr| {
            extension.eq_ignore_ascii_case("html") || extension.eq_ignore_ascii_case("htm")
        };
        if !is_pipe(&self.output) && !self.output.extension().is_some_and(is_html) {
            let shown = self.output.display();
            return Err(Usage(format!("{shown}: the page is HTML; name it .html")));
        }
        let paths = self.inputs();
        let shown = paths[0].display();
        match &paths[..] {
            [path] if self.score => Ok(Subject::Scored(path)),
            [_] if self.count.is_some() => Err(Usage(format!(
                "-n is for two pictures or more, and {shown} is alone; a clip takes --factor"
            ))),
            [path] if is_read_once(path) => {
                let shown = shown_input(path);
                let why = format!("{shown}: a clip is read several times, which a pipe cannot be; give a file");
                Err(Usage(why))
            }
            [path] => Ok(Subject::Clip(path)),
            _ if self.score => Err(Usage("--score takes one clip or folder at a time".into())),
            _ if self.factor.is_some() || self.part() != (None, None) => Err(Usage(
                "--factor, --start, --end and --range are for one clip; several inputs are pictures, which take -n".into(),
            )),
            _ => {
                if let Some(clip) = paths.iter().find(|path| is_clip(path)) {
                    let clip = clip.display();
                    let why = format!("{clip} is a clip; a page is made of one clip, or of two pictures or more");
                    return Err(Usage(why));
                }
                let count = self.count_between(paths.len())?;
                Ok(Subject::Pictures(paths, count))
            }
        }
    }

    /// In-betweens of every two of so many pictures.
    fn count_between(&self, pictures: usize) -> Result<usize, Usage> {
        let most = (MOST_FRAMES - 1) / (pictures - 1);
        let most = most.saturating_sub(1);
        match self.count.map(usize::from) {
            _ if most == 0 => Err(Usage(format!(
                "{pictures} pictures and their in-betweens are more than the {MOST_FRAMES} frames that a page holds; give fewer"
            ))),
            Some(count) if count > most => Err(Usage(format!(
                "-n {count}: a page holds {MOST_FRAMES} frames; of {pictures} pictures -n can be {most} at most"
            ))),
            Some(count) => Ok(count),
            None => Ok(USUAL_COUNT.min(most)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(inputs: usize, count: Option<u16>) -> ReportArgs {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            args: ReportArgs,
        }
        let mut words = vec!["report".to_owned(), "-o".into(), "p.html".into()];
        words.extend((0..inputs).map(|n| format!("{n}.png")));
        words.extend(count.map(|count| format!("-n{count}")));
        <Line as clap::Parser>::try_parse_from(words).unwrap().args
    }

    #[test]
    fn a_page_is_never_asked_for_more_than_it_holds() {
        for (pictures, count, expected) in [
            (2, None, Some(7)),
            (2, Some(62), Some(62)),
            (2, Some(63), None),
            (9, None, Some(6)),
            (32, None, Some(1)),
            (33, None, None),
        ] {
            let found = args(pictures, count)
                .subject()
                .ok()
                .map(|subject| match subject {
                    Subject::Pictures(paths, count) => (paths.len(), count),
                    _ => unreachable!(),
                });
            assert_eq!(
                found,
                expected.map(|count| (pictures, count)),
                "{pictures} {count:?}"
            );
            let frames = expected.map_or(0, |count| (pictures - 1) * (count + 1) + 1);
            assert!(frames <= MOST_FRAMES);
        }
    }
}
