//! Report of a score: frames that were left out and rebuilt, beside the truth, with what is measured of each.

use super::album::Album;
use super::hidden::Hidden;
use super::page::{Content, Frame, MOST_FRAMES, Measure, Series};
use super::words::plan_of;
use crate::commands::common::{Common, MethodArg};
use crate::commands::exit::check_interrupt;
use crate::commands::score::{How, MethodScore, Numbers, SetScore, score_one};
use crate::pipeline::Paths;
use crate::reporter::{Reporter, in_one_line};
use anyhow::bail;
use otinterp_video::Access;
use std::path::Path;

/// The methods, in the order of the ways.
const METHODS: [MethodArg; 2] = [MethodArg::Ot, MethodArg::Crossfade];
/// Pictures of a frame: one for each way, but the frame before, which is the one after of the frame before it in a clip.
const PICTURES_PER_FRAME: usize = 5;
/// Most frames that are rebuilt, so that each picture has room for a good JPEG.
const MOST_SCORED: usize = 40;
/// Frames per second while the page plays: each is another moment to look at.
const RATE: f64 = 4.0;

const _: () = assert!(MOST_SCORED <= MOST_FRAMES);

/// The frames of what is scored, and the scores.
pub fn content(
    path: &Path,
    access: Access,
    common: &Common,
    reporter: &Reporter,
) -> anyhow::Result<(Content, Album, SetScore)> {
    let how = How {
        methods: &METHODS,
        motion: Paths::default(),
        max: Some(MOST_SCORED),
        access,
    };
    let by_transport = common.interpolator(MethodArg::Ot);
    let mut album: Option<(Album, (usize, usize))> = None;
    let (mut frames, mut overlays) = (Vec::new(), Vec::new());
    let score = score_one(path, &how, common, reporter, &mut |known, made| {
        check_interrupt()?;
        let size = (known.truth.width(), known.truth.height());
        let (album, first_size) = album.get_or_insert_with(|| {
            (
                Album::new(size, 1.0, MOST_SCORED * PICTURES_PER_FRAME),
                size,
            )
        });
        if *first_size != size {
            let ((w, h), (wf, hf)) = (size, *first_size);
            bail!(
                "{} is {w}x{h} pixels and the first frame {wf}x{hf}; a page shows frames of one size",
                known.name
            );
        }
        let all = [known.truth, &made[0], &made[1], known.before, known.after];
        let pictures = all
            .map(|picture| album.add(picture))
            .into_iter()
            .collect::<anyhow::Result<_>>()?;
        let hidden = Hidden::between(&by_transport, known.before, known.after)?;
        let overlay = hidden.at(0.5)?.map(|png| {
            overlays.push(png);
            overlays.len() - 1
        });
        frames.push(Frame {
            name: in_one_line(&known.name),
            pictures,
            overlay,
        });
        Ok(())
    })?;
    let Some((album, (width, height))) = album else {
        bail!("{}: there is no frame to rebuild", path.display());
    };
    let name = in_one_line(&score.set);
    let content = Content {
        title: format!("{name}: rebuilt frames"),
        lead: lead(&score, frames.len()),
        ways: vec![
            "truth",
            "optimal transport",
            "cross-fade",
            "frame before",
            "frame after",
        ],
        left: 0,
        right: 1,
        rate: RATE,
        frames,
        overlays,
        measures: measures(&score),
        cuts: None,
        settings: vec![plan_of(&by_transport, (height, width))],
    };
    Ok((content, album, score))
}

fn lead(score: &SetScore, count: usize) -> Vec<String> {
    let [transport, fade] = [0, 1].map(|n| score.methods[n].mean.psnr_db);
    let (width, height) = (score.width, score.height);
    let mut lead = vec![format!(
        "{count} frames of {width}×{height} px were left out and rebuilt from those before and after: in the mean {transport:.2} dB by transport, \
             {fade:.2} dB by cross-fade."
    )];
    if count == MOST_SCORED {
        lead.push(format!("No more than {MOST_SCORED} are rebuilt for a page: of triplets evenly spaced ones, of clips the first. otinterp score measures all."));
    }
    lead
}

/// PSNR, SSIM and ghosts of both methods, by frame.
fn measures(score: &SetScore) -> Vec<Measure> {
    let measure = |name, meaning, digits, value: fn(&Numbers) -> Option<f64>| {
        let series = |(index, method): (usize, &MethodScore)| Series {
            // The truth comes first.
            way: index + 1,
            values: method
                .frames
                .iter()
                .map(|frame| value(&frame.numbers))
                .collect(),
        };
        Measure {
            name,
            meaning,
            digits,
            series: score.methods.iter().enumerate().map(series).collect(),
        }
    };
    vec![
        measure(
            "PSNR",
            "dB over 8-bit RGB, higher is closer to the truth",
            2,
            |n| Some(n.psnr_db),
        ),
        measure("SSIM", "1 is equal to the truth", 4, |n| n.ssim),
        measure(
            "Ghost",
            "share of the two frames around that still stands there, 0 is none",
            3,
            |n| n.ghost,
        ),
    ]
}
