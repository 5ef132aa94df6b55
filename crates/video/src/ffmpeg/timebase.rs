//! Timebases: ticks as seconds and back, and the map from the source's PTS to the output's.

use crate::clip::{Error, Result};
use crate::time::{Rational, zero};
use ffmpeg_next as ffmpeg;

/// FFmpeg's fraction, if it is positive.
pub(super) fn ratio(value: ffmpeg::Rational) -> Option<Rational> {
    let (num, den) = (value.numerator(), value.denominator());
    (num > 0 && den > 0).then(|| Rational::new(num.into(), den.into()))
}

/// A number of ticks as seconds, `None` where FFmpeg has none (`i64::MIN`).
pub(super) fn seconds(ticks: i64, tick: Rational) -> Option<Rational> {
    (ticks != i64::MIN).then(|| tick * Rational::from_integer(ticks.into()))
}

/// A frame's or packet's duration in seconds, if it has one. Where the container has none, FFmpeg
/// gives one tick, however fine the ticks are beside the interval between frames.
pub(super) fn real_duration(ticks: i64, tick: Rational, interval: Rational) -> Option<Rational> {
    let made_up = ticks == 1 && tick * 4 <= interval;
    (ticks > 0 && !made_up).then(|| tick * Rational::from_integer(ticks.into()))
}

/// A fraction as FFmpeg holds it.
pub(super) fn small(value: Rational) -> Result<ffmpeg::Rational> {
    match (i32::try_from(*value.numer()), i32::try_from(*value.denom())) {
        (Ok(num), Ok(den)) => Ok(ffmpeg::Rational(num, den)),
        _ => Err(Error::Invalid(format!(
            "the rate {value} is no fraction of 32-bit numbers"
        ))),
    }
}

/// Seconds as the nearest number of ticks.
pub(super) fn ticks(seconds: Rational, tick: ffmpeg::Rational) -> i64 {
    ratio(tick).map_or(0, |tick| ticks_of(seconds, tick))
}

/// Seconds as the nearest number of ticks of `tick` seconds, which is positive.
pub(super) fn ticks_of(seconds: Rational, tick: Rational) -> i64 {
    i64::try_from((seconds / tick).round().to_integer()).unwrap_or(0)
}

/// How the times of the source become those of the output, both in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    /// Of the first picture, in the source.
    pub(super) from: Rational,
    /// Of the first picture, in the output.
    pub(super) to: Rational,
    /// How many times slower it goes.
    pub(super) speed: Rational,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            from: zero(),
            to: zero(),
            speed: Rational::from_integer(1),
        }
    }
}

impl Clock {
    /// The time in the output.
    pub(super) fn place(&self, source: Rational) -> Rational {
        (source - self.from) * self.speed + self.to
    }

    /// The time in the source that becomes `time` in the output.
    pub(super) fn source_time(&self, time: Rational) -> Rational {
        (time - self.to) / self.speed + self.from
    }
}
