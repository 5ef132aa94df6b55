//! The PTS of a clip's frames, made strictly increasing and freed of the rounding of the container's timebase.

use super::rational::{Rational, distance, zero};

/// Gives every frame of a clip a time: strictly increasing, and freed of rounding.
///
/// Containers round times to their tick (Matroska: 1 ms), so 30 frames a second stand at 0, 33,
/// 67, 100 ms. Where a time lies within one tick, or a slack that is told, of a multiple of the clip's own frame interval,
/// counted from the first frame, that multiple is meant and is taken. All other times, those of
/// variable-rate clips, are taken as they are.
#[derive(Debug, Clone)]
pub struct Cadence {
    tick: Rational,
    /// So far from a multiple of the interval that multiple is meant.
    slack: Rational,
    interval: Rational,
    start: Rational,
    first: Option<Rational>,
    last: Option<Rational>,
}

impl Cadence {
    /// A clip whose times are whole `tick`s and whose frames are about `interval` seconds apart.
    pub fn new(tick: Rational, interval: Rational) -> Self {
        Self {
            tick,
            slack: tick,
            interval,
            start: zero(),
            first: None,
            last: None,
        }
    }

    /// The same, where a first frame that does not say its time stands at `start`.
    pub fn from(self, start: Rational) -> Self {
        Self { start, ..self }
    }

    /// The same, where times are off by up to `slack` seconds: film shown in fields.
    pub fn with_slack(self, slack: Rational) -> Self {
        Self {
            slack: self.tick.max(slack),
            ..self
        }
    }

    /// The time of the next frame, which says that it stands at `time`.
    ///
    /// A frame without a time comes one interval after its predecessor. One that is not later than
    /// its predecessor comes half an interval after it, so that a doubled time does not shift what
    /// follows. Clocks that jump are mended before, for all streams at once ([`super::Timeline`]).
    pub fn place(&mut self, time: Option<Rational>) -> Rational {
        let Some(last) = self.last else {
            let first = time.unwrap_or(self.start);
            self.first = Some(first);
            self.last = Some(first);
            return first;
        };
        let placed = match time {
            None => last + self.interval,
            Some(time) => match self.snap(time) {
                snapped if snapped > last => snapped,
                _ if time > last => time,
                _ => last + self.interval / 2,
            },
        };
        self.last = Some(placed);
        placed
    }

    /// A duration that is one frame interval but for the rounding of its container is that interval.
    pub fn snap_duration(&self, duration: Rational) -> Rational {
        if self.is_rounded() && distance(duration, self.interval) <= self.tick {
            self.interval
        } else {
            duration
        }
    }

    /// A tick as long as a frame is exact (Y4M, AVI); only finer ones are rounded times.
    fn is_rounded(&self) -> bool {
        self.tick * 4 <= self.interval
    }

    fn snap(&self, time: Rational) -> Rational {
        let Some(first) = self.first else { return time };
        if !self.is_rounded() {
            return time;
        }
        let on_grid = first + ((time - first) / self.interval).round() * self.interval;
        if distance(on_grid, time) <= self.slack {
            on_grid
        } else {
            time
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn r(num: i128, den: i128) -> Rational {
        Rational::new(num, den)
    }

    #[test]
    fn rounded_times_are_freed_of_rounding() {
        let mut cadence = Cadence::new(r(1, 1000), r(1, 30));
        let times = [23, 56, 90, 123, 223, 340].map(|ms| cadence.place(Some(r(ms, 1000))));
        let on_grid = [0, 1, 2, 3, 6].map(|n| r(23, 1000) + r(n, 30));
        assert_eq!(times[..5], on_grid);
        // 6 ms off the grid: a variable rate.
        assert_eq!(times[5], r(340, 1000));
    }

    #[test]
    fn broken_times_are_made_increasing() {
        let mut cadence = Cadence::new(r(1, 90000), r(1, 10));
        let given = [Some(500), Some(500), Some(520), None, Some(529), Some(560)];
        let placed = given.map(|t| cadence.place(t.map(|t| r(t, 100))));
        let expected = [500, 505, 520, 530, 535, 560].map(|t| r(t, 100));
        assert_eq!(placed, expected);
    }

    #[test]
    fn film_that_is_shown_in_fields_is_regular_again() {
        // 3:2 pulldown: frames last 3, 2, 3, 2 fields.
        let mut cadence = Cadence::new(r(1, 90000), r(1001, 24000)).with_slack(r(1001, 60000));
        let fields = [0, 3, 5, 8, 10].map(|n| cadence.place(Some(r(n * 1001, 60000))));
        assert_eq!(fields, [0, 1, 2, 3, 4].map(|n| r(n * 1001, 24000)));
    }

    #[test]
    fn frames_before_the_first_time_stand_before_it() {
        let mut cadence = Cadence::new(r(1, 1000), r(1, 25)).from(r(-57, 1000));
        let placed = [None, None, Some(r(23, 1000))].map(|t| cadence.place(t));
        assert_eq!(placed, [r(-57, 1000), r(-17, 1000), r(23, 1000)]);
    }
}
