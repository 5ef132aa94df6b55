//! Part of a clip: the frames from one PTS or frame number up to another.

use crate::clip::{Error, Frame, Info, Result, Source};
use crate::time::{Rational, parse_decimal, zero};
use std::collections::VecDeque;
use std::str::FromStr;

/// A place in a clip, counted from its first frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Seconds.
    Time(Rational),
    /// Frames.
    Frame(u64),
}

/// A place that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' is no time such as 12.5, 1:30 or 0:01:30.5, and no frame such as 250f")]
pub struct NotAPosition(String);

impl FromStr for Position {
    type Err = NotAPosition;

    /// Seconds, `[[H:]M:]S` with decimals, or frames, `N` and an `f`.
    fn from_str(text: &str) -> std::result::Result<Self, NotAPosition> {
        let fail = || NotAPosition(text.to_owned());
        if let Some(frames) = text.strip_suffix('f') {
            return frames.parse().map(Self::Frame).map_err(|_| fail());
        }
        let mut parts = text.split(':').rev();
        let seconds = parts.next().and_then(parse_decimal).ok_or_else(fail)?;
        let sixty = Rational::from_integer(60);
        let (mut sum, mut unit) = (seconds, sixty);
        for part in parts {
            let is_whole = part.len() <= 9 && part.bytes().all(|b| b.is_ascii_digit());
            let count: i128 = part.parse().ok().filter(|_| is_whole).ok_or_else(fail)?;
            if unit > sixty * sixty {
                return Err(fail());
            }
            sum += unit * Rational::from_integer(count);
            unit *= sixty;
        }
        Ok(Self::Time(sum))
    }
}

/// The frames of a source from one place on, up to but without another, and some of those around them.
pub struct Ranged {
    source: Box<dyn Source>,
    info: Info,
    end: Option<Position>,
    /// Of the source's first frame.
    origin: Rational,
    /// Of the part's first frame.
    start: Rational,
    /// Frames before the part.
    before: VecDeque<Frame>,
    /// Read ahead: its duration depends on what follows.
    ahead: Option<Frame>,
    /// Of `ahead`, from 0.
    index: u64,
    /// Frames after the part that may still be read.
    after: usize,
}

impl Ranged {
    /// Reads `source` up to `start`; gives so many frames of it before the part and after.
    ///
    /// # Errors
    /// [`Error`] if the source cannot be read, or has no frame from `start` up to `end`.
    pub fn new(
        mut source: Box<dyn Source>,
        (start, end): (Option<Position>, Option<Position>),
        [before_frames, after_frames]: [usize; 2],
    ) -> Result<Self> {
        let nothing = || Error::Invalid("it has no frame between --start and --end".to_owned());
        let mut frame = source.next()?.ok_or_else(nothing)?;
        // Where the frames before `start` end.
        let mut length = frame.duration.unwrap_or(zero());
        let origin = frame.time;
        let mut index = 0;
        let is_before = |frame: &Frame, index: u64| match start {
            Some(Position::Time(start)) => frame.time - origin < start,
            Some(Position::Frame(start)) => index < start,
            None => false,
        };
        if let (Some(Position::Time(start)), None | Some(Position::Time(_))) = (start, end)
            && is_before(&frame, index)
        {
            // No index is asked for: frames need not be counted.
            source.skip_before(origin + start);
        }
        let mut before = VecDeque::new();
        while is_before(&frame, index) {
            let Some(next) = source.next()? else {
                return Err(beyond(length, start, index + 1));
            };
            before.push_back(context(std::mem::replace(&mut frame, next)));
            if before.len() > before_frames {
                before.pop_front();
            }
            index += 1;
            length = frame.time - origin + frame.duration.unwrap_or(zero());
        }
        let ranged = Self {
            info: shortened(source.info(), frame.time - origin, end),
            source,
            end,
            origin,
            start: frame.time,
            before,
            ahead: None,
            index,
            after: after_frames,
        };
        if ranged.is_over(&frame, index) {
            return Err(nothing());
        }
        Ok(Self {
            ahead: Some(frame),
            ..ranged
        })
    }

    /// The time of the first frame, in seconds on the clip's own clock.
    pub fn start(&self) -> Rational {
        self.start
    }

    /// Where the part ends, in seconds on the clip's own clock, if that is said; of a number of frames as the rate has it.
    pub fn end(&self) -> Option<Rational> {
        let after = match self.end? {
            Position::Time(end) => end,
            Position::Frame(end) => Rational::from_integer(end.into()) / self.info.rate?,
        };
        Some(self.origin + after)
    }

    fn is_over(&self, frame: &Frame, index: u64) -> bool {
        match self.end {
            Some(Position::Time(end)) => frame.time - self.origin >= end,
            Some(Position::Frame(end)) => index >= end,
            None => false,
        }
    }

    /// Reads one more frame after the part. What is wrong out there is no fault of the part.
    fn read_after(&mut self) {
        if self.after > 0 {
            self.after -= 1;
            self.ahead = self.source.next().ok().flatten().map(context);
        }
    }
}

/// A frame that is not shown.
fn context(frame: Frame) -> Frame {
    Frame {
        is_context: true,
        ..frame
    }
}

/// That a clip of some length ends before the part that is asked for begins; where frames are asked for, all were counted.
fn beyond(length: Rational, start: Option<Position>, frames: u64) -> Error {
    let seconds = *length.numer() as f64 / *length.denom() as f64;
    let length = match start {
        Some(Position::Frame(_)) => format!("{frames} frames ({seconds:.3} s)"),
        _ => format!("{seconds:.3} s"),
    };
    Error::Invalid(format!(
        "it has no frame between --start and --end: it is {length} long; give a part that begins before its end"
    ))
}

/// What is known of the part that begins `start` seconds after the first frame.
fn shortened(info: &Info, start: Rational, end: Option<Position>) -> Info {
    let whole = info.duration;
    let until = match end {
        Some(Position::Time(end)) => Some(whole.map_or(end, |whole| whole.min(end))),
        Some(Position::Frame(end)) => info
            .rate
            .map(|rate| Rational::from_integer(end.into()) / rate)
            .zip(whole)
            .map(|(end, whole)| end.min(whole)),
        None => whole,
    };
    Info {
        duration: until.map(|until| until - start).filter(|d| *d > zero()),
        ..info.clone()
    }
}

impl Source for Ranged {
    fn info(&self) -> &Info {
        &self.info
    }

    fn next(&mut self) -> Result<Option<Frame>> {
        if let Some(frame) = self.before.pop_front() {
            return Ok(Some(frame));
        }
        let Some(mut frame) = self.ahead.take() else {
            return Ok(None);
        };
        if frame.is_context {
            self.read_after();
            return Ok(Some(frame));
        }
        self.index += 1;
        if let Some(next) = self.source.next()? {
            if self.is_over(&next, self.index) {
                let until = match self.end {
                    Some(Position::Time(end)) => next.time.min(self.origin + end),
                    _ => next.time,
                };
                frame.duration = Some(until - frame.time);
                if self.after > 0 {
                    self.after -= 1;
                    self.ahead = Some(context(next));
                }
            } else {
                self.ahead = Some(next);
            }
        } else if let (Some(Position::Time(end)), Some(duration)) = (self.end, frame.duration) {
            frame.duration = Some(duration.min(self.origin + end - frame.time));
        }
        Ok(Some(frame))
    }

    fn warnings(&self) -> Vec<String> {
        self.source.warnings()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_exactly() {
        let time = |num, den| Some(Position::Time(Rational::new(num, den)));
        for (text, expected) in [
            ("12.5", time(25, 2)),
            ("0", time(0, 1)),
            ("1:30", time(90, 1)),
            ("0:01:30.04", time(9004, 100)),
            ("2:00:00", time(7200, 1)),
            ("250f", Some(Position::Frame(250))),
            ("", None),
            ("f", None),
            ("-1", None),
            ("1:2:3:4", None),
            ("1.5:00", None),
            ("1:", None),
            ("+1:00", None),
        ] {
            assert_eq!(text.parse::<Position>().ok(), expected, "{text}");
        }
    }
}
