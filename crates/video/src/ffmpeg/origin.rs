//! What a written file takes over from the clip that is read: tags, side data, clock, and the streams beside the video.

use super::color::ColorTags;
use super::hdr::Extras;
use super::input::Place;
use super::piped::Piped;
use crate::clip::Info;
use crate::options::Sound;
use crate::time::{OutputClock, Rational};

/// What a file written after this source takes over from it.
#[derive(Debug, Clone)]
pub struct Origin {
    pub(super) place: Place,
    pub(super) stream: usize,
    pub(super) tags: ColorTags,
    pub(super) extras: Extras,
    /// Of a pipe, what could be told at its beginning.
    pub(super) piped: Option<Piped>,
    /// Time of the first frame on the file's clock, in seconds.
    pub(super) start: Rational,
    /// Seconds in which the source counts its times.
    pub(super) tick: Rational,
    /// Seconds between its frames, as it declares them.
    pub(super) interval: Rational,
    /// Frames per second that are taken in place of its times.
    pub(super) rate: Option<Rational>,
    /// Seconds from the source's first frame to the first that is shown.
    pub(super) after: Rational,
    /// Where the part that is shown ends, in seconds on the file's clock, as far as it is known before it is reached.
    pub(super) until: Option<Rational>,
    /// Whether only a part of the source is shown, to which the streams beside it are cut.
    pub(super) is_part: bool,
    /// What becomes of its sound.
    pub(super) sound: Sound,
}

impl Origin {
    /// Only a part of the source is shown, from `start` up to `until` seconds on the file's clock; the first frame stands at
    /// `start`.
    pub fn restrict(&mut self, start: Rational, until: Option<Rational>) {
        self.after = start - self.start;
        self.until = until;
        self.start = start;
        self.is_part = true;
    }
}

/// Seconds in which the times of an output are counted.
pub(super) fn tick_of(info: &Info, clock: &OutputClock, origin: Option<&Origin>) -> Rational {
    match origin {
        Some(origin) => clock.tick(origin.tick, origin.interval),
        None => {
            let interval = info.rate.unwrap_or(clock.rate()).recip();
            clock.tick(interval, interval)
        }
    }
}
