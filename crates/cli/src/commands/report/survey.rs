//! Survey of a clip: one pass over its frames that finds the cuts, with thumbnails, and the times of the first frames.

use super::album::{jpeg_url, jpeg_within, scaled, within};
use super::page::{CutShown, MOST_FRAMES};
use super::reading::{Reading, Watch, invalid};
use super::rgb;
use crate::commands::common::MethodArg;
use crate::pipeline::{Cut, Cuts, DEFAULT_CUT_THRESHOLD, thumbnail};
use crate::reporter::Reporter;
use otinterp::picture::Picture;
use otinterp_video::time::{OutputClock, Rational, short_decimal};
use otinterp_video::{Shown, Sink};

/// Most cuts that the page shows with thumbnails.
const MOST_SHOWN: usize = 200;
/// Longest side of a thumbnail, px: two of them are as wide as an entry of the list.
const THUMBNAIL_PX: u32 = 192;
/// What a thumbnail may take, bytes: all of them 2 MB.
const THUMBNAIL_BYTES: usize = 5_000;
/// So few pictures per second ask for none between two frames that are less than days apart.
const NONE_BETWEEN: (i128, i128) = (1, 1_000_000);

/// What is known of a clip, or of the part that is asked for.
pub struct Survey {
    /// Frames.
    pub frames: u64,
    /// Times of the first frames, one more than a page shows if there are as many, s from the first.
    pub times: Vec<Rational>,
    /// Where one scene ends and another begins.
    pub cuts: Vec<Cut>,
    /// The first of them, with thumbnails.
    pub shown: Vec<CutShown>,
}

/// Reads all frames once.
///
/// # Errors
/// One line that names the clip: it cannot be read, or has fewer than two frames.
pub fn survey(reading: &Reading, reporter: &Reporter) -> anyhow::Result<Survey> {
    let mut clip = reading.open()?;
    let bar = reporter.bar("cuts", None);
    let watch = Watch::new(&bar);
    let mut sink = Thumbnails {
        watch: &watch,
        index: 0,
        times: Vec::new(),
        before: None,
        shown: Vec::new(),
    };
    let (few, in_s) = NONE_BETWEEN;
    let clock = OutputClock::variable(Rational::new(few, in_s), Rational::from_integer(1));
    // The pictures of a scene's end are repeated, none is made.
    let rules = reading.rules(MethodArg::Hold, Cuts::Detected(DEFAULT_CUT_THRESHOLD));
    let counts = reading.run(&mut clip, &mut sink, clock, &rules, &watch)?;
    for warning in clip.source.warnings() {
        // It names options that are `retime`'s.
        reporter.warn(&format!("as retime says it: {warning}"));
    }
    let (times, shown) = (sink.times, sink.shown);
    Ok(Survey {
        frames: counts.as_ref().map_or(0, |counts| counts.frames_in),
        cuts: counts.map_or_else(Vec::new, |counts| counts.cuts),
        times,
        shown,
    })
}

/// Takes every frame of the source once, and keeps small pictures of those at cuts.
struct Thumbnails<'a> {
    watch: &'a Watch<'a>,
    index: u64,
    times: Vec<Rational>,
    before: Option<Picture>,
    shown: Vec<CutShown>,
}

impl Sink for Thumbnails<'_> {
    fn write(&mut self, picture: &Picture, shown: Shown) -> otinterp_video::Result<()> {
        if self.times.len() <= MOST_FRAMES {
            self.times.push(shown.at);
        }
        if self.shown.len() < MOST_SHOWN {
            let small = thumbnail(picture)?;
            let before = self.before.take();
            if let Some(before) = before.filter(|_| self.watch.is_cut(self.index)) {
                let [before, after] = [url(&before)?, url(&small)?];
                self.shown.push(CutShown {
                    frame: self.index,
                    time: short_decimal(shown.at),
                    before,
                    after,
                });
            }
            self.before = Some(small);
        }
        self.index += 1;
        Ok(())
    }

    fn finish(&mut self) -> otinterp_video::Result<()> {
        Ok(())
    }
}

fn url(picture: &Picture) -> otinterp_video::Result<String> {
    let image = rgb::shown(picture).map_err(|e| invalid(&e))?;
    let (width, height) = image.dimensions();
    let size = within((width as usize, height as usize), 1.0, THUMBNAIL_PX);
    let image = scaled(image, size);
    let jpeg = jpeg_within(image, THUMBNAIL_BYTES).map_err(|e| invalid(&e))?;
    Ok(jpeg_url(&jpeg))
}
