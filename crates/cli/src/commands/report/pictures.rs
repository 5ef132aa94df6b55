//! Report of pictures: transport beside the cross-fade, at even times between every two.

use super::album::Album;
use super::hidden::Hidden;
use super::page::{Content, Frame};
use super::words::{base_name, plan_of};
use crate::commands::common::{Common, MethodArg};
use crate::commands::compare::time_label;
use crate::commands::exit::check_interrupt;
use crate::commands::pair::{open_all, read_all, shown};
use crate::reporter::{Reporter, in_one_line};
use otinterp::Sequence;
use otinterp::picture::Picture;
use std::path::Path;

/// Frames per second while the page plays: slow enough to see each.
const RATE: f64 = 8.0;

/// The frames of two pictures or more, `count` in-betweens of every two, and the pictures' width and height in px.
pub fn content(
    paths: &[&Path],
    count: usize,
    common: &Common,
    reporter: &Reporter,
) -> anyhow::Result<(Content, Album, [usize; 2])> {
    let stills = read_all(open_all(paths)?, reporter)?;
    let pictures: Vec<&Picture> = stills.iter().map(|still| &still.picture).collect();
    let (width, height) = (pictures[0].width(), pictures[0].height());
    let [by_transport, by_fade] =
        [MethodArg::Ot, MethodArg::Crossfade].map(|method| common.interpolator(method));
    reporter.detail(&by_transport.plan((height, width)).to_string());
    let pairs = pictures.len() - 1;
    let mut album = Album::new((width, height), 1.0, pictures.len() + 2 * pairs * count);
    let (mut frames, mut overlays) = (Vec::new(), Vec::new());
    let bar = reporter.bar("", Some((pairs * (count + 1) + 1) as u64));
    let mut sequence = Sequence::new(by_transport);
    for pair in 0..pairs {
        check_interrupt()?;
        let [a, b] = [pictures[pair], pictures[pair + 1]];
        let transport = sequence.between([a, b], pictures.get(pair + 2).copied())?;
        let fade = by_fade.between(a, b)?;
        check_interrupt()?;
        let hidden = Hidden::between(&by_transport, a, b)?;
        let steps = count + 1;
        // The picture that two pairs share is shown once.
        for k in 0..steps + usize::from(pair + 1 == pairs) {
            check_interrupt()?;
            let t = k as f64 / steps as f64;
            let nearer = if 2 * k <= steps { a } else { b };
            let ways = [&fade.at(t as f32), &transport.at(t as f32), nearer]
                .map(|picture| album.add(picture));
            let ways: anyhow::Result<Vec<usize>> = ways.into_iter().collect();
            let overlay = hidden.at(t)?.map(|png| {
                overlays.push(png);
                overlays.len() - 1
            });
            frames.push(Frame {
                name: time_label(pair as f64 + t),
                pictures: ways?,
                overlay,
            });
            bar.count(frames.len());
        }
    }
    let names: Vec<String> = paths.iter().map(|path| in_one_line(&shown(path))).collect();
    let lead = format!(
        "{}: {width}×{height} px, {count} in-between{} of every two, where t is 0 at the first picture and 1 at the next.",
        names.join(", "),
        if count == 1 { "" } else { "s" }
    );
    let content = Content {
        title: format!(
            "{} – {}",
            base_name(paths[0]),
            base_name(paths[paths.len() - 1])
        ),
        lead: vec![lead],
        ways: vec!["cross-fade", "optimal transport", "nearer picture"],
        left: 0,
        right: 1,
        rate: RATE,
        frames,
        overlays,
        measures: Vec::new(),
        cuts: None,
        settings: vec![plan_of(&by_transport, (height, width))],
    };
    Ok((content, album, [width, height]))
}
