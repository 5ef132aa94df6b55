//! Scene cuts and duplicate frames, as the options and the list of cuts say.

use super::args::RetimeArgs;
use crate::commands::common::Common;
use crate::commands::exit::Usage;
use crate::data::read_list;
use crate::pipeline::{Cuts, HandCut, Rules};
use anyhow::bail;
use otinterp_video::time::{parse_number, zero};
use std::path::Path;

/// The rules that the options ask for.
pub(super) fn rules(args: &RetimeArgs, common: &Common) -> anyhow::Result<Rules> {
    let cuts = match &args.cuts {
        None => Cuts::Detected(args.cut_threshold),
        Some(_) if args.inputs.len() > 1 => {
            let why = "--cuts names the cuts of one clip, but there are several inputs";
            return Err(Usage(why.into()).into());
        }
        Some(path) => Cuts::ByHand(read(path)?),
    };
    Ok(Rules {
        interpolator: args
            .mass
            .given_to(common.interpolator(args.method), args.method)?,
        cuts,
        at_cut: args.cut,
        duplicates: args.duplicates,
        paths: args.motion,
        is_loop: args.is_loop,
    })
}

/// Reads a list of cuts: one a line, `#` begins a comment.
fn read(path: &Path) -> anyhow::Result<Vec<HandCut>> {
    cuts(&read_list(path)?, &path.display().to_string())
}

/// The cuts in such a list; `name` is for messages.
pub fn cuts(text: &str, name: &str) -> anyhow::Result<Vec<HandCut>> {
    let mut cuts = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let entry = line.split('#').next().unwrap_or_default().trim();
        if entry.is_empty() {
            continue;
        }
        let Some(cut) = parse(entry) else {
            bail!(
                "{name}: line {}: '{entry}' is no cut; give the index of the first frame after it, as 120 \
                 (frames are counted from 0), or its time in seconds, as 4.8 or 5s",
                index + 1
            );
        };
        // Twice the same is one cut, and none is left over.
        if !cuts.contains(&cut) {
            cuts.push(cut);
        }
    }
    Ok(cuts)
}

/// `120` is a frame, `4.8` and `5s` are seconds. Before frame 0 and time 0 there is nothing to cut.
fn parse(entry: &str) -> Option<HandCut> {
    let seconds = match entry.strip_suffix('s') {
        Some(number) => number.trim_end(),
        None if entry.contains('.') => entry,
        None => return entry.parse().ok().filter(|f| *f > 0).map(HandCut::Frame),
    };
    parse_number(seconds)
        .ok()
        .filter(|time| *time > zero())
        .map(HandCut::Time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use otinterp_video::time::Rational;

    #[test]
    fn whole_numbers_are_frames_and_others_seconds() {
        let time = |n, d| Some(HandCut::Time(Rational::new(n, d)));
        for (entry, cut) in [
            ("120", Some(HandCut::Frame(120))),
            ("4.8", time(24, 5)),
            ("5s", time(5, 1)),
            ("5.25 s", time(21, 4)),
            ("0", None),
            ("0.0", None),
            ("-3", None),
            ("s", None),
            ("1:20", None),
        ] {
            assert_eq!(parse(entry), cut, "{entry}");
        }
    }
}
