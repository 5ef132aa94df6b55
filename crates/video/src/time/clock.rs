//! The PTS of the output's frames: at a constant frame rate, or between the source's own (variable frame rate).

use super::rational::{LARGEST, Rational, zero};
use num_integer::Integer;

/// When a picture of the output is shown, in seconds from the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// From when on.
    pub at: Rational,
    /// For how long.
    pub duration: Rational,
}

impl Shown {
    /// Picture `index`, from 0, of those that come at a constant `rate`, in pictures per second.
    pub fn nth(index: u64, rate: Rational) -> Self {
        Self {
            at: Rational::from_integer(index.into()) / rate,
            duration: rate.recip(),
        }
    }
}

/// Where the frames of the output stand on the source's clock.
///
/// *Constant rate.* With `R` the output's rate and `S` how many times slower it runs, output `k` stands at
/// `k / (R·S)` seconds of the source's clock, counted from the first source frame, for all
/// `k >= 0` with `k / (R·S) < D`. `D` runs from the first frame's time to the end of the last
/// frame. So there are `ceil(D·R·S)` outputs, and the output lasts `S·D` to within one of its
/// frames.
///
/// *Variable rate.* Every source frame stands in the output at its own time, times `S`. The gap of `d` seconds up to the
/// next is divided into `max(1, round(d·R·S))` equal parts, and so the output lasts `S·D` exactly.
#[derive(Debug, Clone)]
pub struct OutputClock {
    rate: Rational,
    slowdown: Rational,
    is_constant: bool,
    /// Outputs so far: since the start, or, with a variable rate, since the last source frame.
    next: i128,
}

/// One frame of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Output {
    /// Where it stands between two source frames, in `[0, 1)`: 0 is the first of them.
    pub position: Rational,
    /// When it is shown.
    pub shown: Shown,
}

impl Output {
    /// Whether it is no source frame.
    pub fn is_between(&self) -> bool {
        *self.position.numer() != 0
    }
}

impl OutputClock {
    /// A clock for `rate` frames per second (positive), `slowdown` times slower than the source.
    pub fn new(rate: Rational, slowdown: Rational) -> Self {
        Self {
            rate,
            slowdown,
            is_constant: true,
            next: 0,
        }
    }

    /// A clock that keeps the source's own times and puts in-betweens evenly between them, about `rate` a second.
    pub fn variable(rate: Rational, slowdown: Rational) -> Self {
        Self {
            is_constant: false,
            ..Self::new(rate, slowdown)
        }
    }

    /// Frames of the output per second; with a variable rate about so many.
    pub fn rate(&self) -> Rational {
        self.rate
    }

    /// How many times slower than the source the output runs.
    pub fn slowdown(&self) -> Rational {
        self.slowdown
    }

    /// Whether all outputs last `1/rate` seconds.
    pub fn is_constant(&self) -> bool {
        self.is_constant
    }

    /// The outputs between two source times, from `from` on and before `until`, where nothing is shown from `end` on, nor
    /// before time 0. Times are seconds since the first source frame; gaps are asked for one after the other. They are counted,
    /// not listed: there may be billions.
    pub fn between(&mut self, from: Rational, until: Rational, end: Rational) -> Outputs {
        let clock = self.clone();
        let count = if self.is_constant {
            let first_after = (until.min(end) * self.rate * self.slowdown).ceil();
            let count = (first_after.to_integer() - self.next).max(0);
            self.next += count;
            count
        } else {
            let parts = self.parts(until - from);
            let part = (until - from) / parts;
            let first = (-from / part).ceil().to_integer().max(0);
            let first_after = ((end - from) / part).ceil().to_integer().min(parts);
            (first_after - first).max(0)
        };
        Outputs {
            clock,
            from,
            until,
            end,
            left: u64::try_from(count).unwrap_or(u64::MAX),
        }
    }

    /// Into how many parts a gap is divided at a variable rate.
    fn parts(&self, gap: Rational) -> i128 {
        let parts = (gap * self.rate * self.slowdown).round();
        parts.to_integer().max(1)
    }

    /// The next output between two source times, if there is one before `until` and `end`.
    fn next_before(&mut self, end: Rational, from: Rational, until: Rational) -> Option<Output> {
        let gap = until - from;
        if self.is_constant {
            let at = Rational::from_integer(self.next) / (self.rate * self.slowdown);
            return (at < until.min(end)).then(|| {
                self.next += 1;
                self.output((at - from) / gap, at, self.rate.recip())
            });
        }
        let parts = self.parts(gap);
        let part = gap / parts;
        let first = (-from / part).ceil().to_integer();
        let shown = self.next.max(first);
        let at = from + part * shown;
        if shown >= parts || at >= end {
            self.next = 0;
            return None;
        }
        self.next = shown + 1;
        let duration = part.min(end - at) * self.slowdown;
        Some(self.output(Rational::new(shown, parts), at, duration))
    }

    /// The next output while the last source frame is held up to its `end`: position 0.
    pub fn next_held(&mut self, last: Rational, end: Rational) -> Option<Output> {
        let held = if self.is_constant {
            self.next_before(end, last, end)
        } else {
            (self.next == 0 && last < end).then(|| {
                self.next = -1;
                self.output(zero(), last, (end - last) * self.slowdown)
            })
        };
        held.map(|output| Output {
            position: zero(),
            ..output
        })
    }

    fn output(&self, position: Rational, at: Rational, duration: Rational) -> Output {
        Output {
            position,
            shown: Shown {
                at: at * self.slowdown,
                duration,
            },
        }
    }

    /// How many outputs there are in `duration` seconds of the source; with a variable rate, about so many.
    pub fn count(&self, duration: Rational) -> u64 {
        let count = (duration * self.rate * self.slowdown).ceil();
        u64::try_from(count.to_integer()).unwrap_or(0)
    }

    /// Seconds in which the times of the outputs are counted: `1/rate`, or, with a variable rate, `1/n` for a whole `n` of
    /// at least 90000. In that, source times, which are whole `source_tick`s, are whole numbers wherever `n` fits into 31
    /// bits, and so are the in-betweens of frames that are `interval` seconds apart.
    pub fn tick(&self, source_tick: Rational, interval: Rational) -> Rational {
        if self.is_constant {
            return self.rate.recip();
        }
        let part = interval * self.slowdown / self.parts(interval);
        let ticks_hz = *(source_tick * self.slowdown).denom();
        let hz = [ticks_hz.lcm(part.denom()), ticks_hz]
            .into_iter()
            .map(|hz| {
                hz * Rational::new(COARSEST_VARIABLE_TICK_HZ, hz)
                    .ceil()
                    .to_integer()
                    .max(1)
            })
            .find(|hz| *hz <= LARGEST);
        Rational::new(1, hz.unwrap_or(COARSEST_VARIABLE_TICK_HZ))
    }
}

/// The outputs between two source times, made one by one.
#[derive(Debug, Clone)]
pub struct Outputs {
    clock: OutputClock,
    from: Rational,
    until: Rational,
    end: Rational,
    left: u64,
}

impl Outputs {
    /// How many are left.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// How many of those that are left are no source frame: all, but perhaps the first.
    pub fn left_between(&self) -> u64 {
        let first = self.clone().next();
        self.left - u64::from(first.is_some_and(|output| !output.is_between()))
    }
}

impl Iterator for Outputs {
    type Item = Output;

    fn next(&mut self) -> Option<Output> {
        self.left = self.left.checked_sub(1)?;
        self.clock.next_before(self.end, self.from, self.until)
    }
}

/// The clock of MPEG systems: finer than any eye, and every container has it.
const COARSEST_VARIABLE_TICK_HZ: i128 = 90_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn r(num: i128, den: i128) -> Rational {
        Rational::new(num, den)
    }

    #[test]
    fn outputs_fill_the_duration() {
        for (duration, rate, slowdown, count) in [
            (r(1, 1), r(60, 1), r(1, 1), 60),
            (r(60, 1), r(24000, 1001), r(1, 1), 1439), // 1438.56
            (r(1001, 1000), r(60, 1), r(1, 1), 61),    // 60.06
            (r(1, 60), r(60, 1), r(1, 1), 1),
            (r(1, 61), r(60, 1), r(1, 1), 1),
            (r(2, 1), r(30, 1), r(4, 1), 240),
        ] {
            let mut clock = OutputClock::new(rate, slowdown);
            assert_eq!(clock.count(duration), count);
            let mut found = 0i128;
            let outputs = clock.between(zero(), duration, duration);
            assert_eq!((outputs.left(), outputs.left_between()), (count, count - 1));
            for output in outputs {
                assert_eq!(output.shown.at, r(found, 1) / rate);
                assert_eq!(output.shown.duration, rate.recip());
                found += 1;
            }
            assert_eq!(found, i128::from(count));
        }
    }

    #[test]
    fn positions_follow_variable_times() {
        // Source at 0, 1/10, 4/10; output at 20 a second.
        let mut clock = OutputClock::new(r(20, 1), r(1, 1));
        let mut take = |from, until| -> Vec<_> {
            let outputs = clock.between(from, until, until);
            outputs.map(|output| output.position).collect()
        };
        assert_eq!(take(zero(), r(1, 10)), [zero(), r(1, 2)]);
        assert_eq!(
            take(r(1, 10), r(4, 10)),
            [zero(), r(1, 6), r(1, 3), r(1, 2), r(2, 3), r(5, 6)]
        );
    }

    #[test]
    fn billions_of_outputs_are_counted_without_being_made() {
        let mut clock = OutputClock::new(r(30, 1), r(1, 1));
        let outputs = clock.between(zero(), r(4_294_967_295, 1), r(4_294_967_296, 1));
        assert_eq!(outputs.left(), 30 * 4_294_967_295);
        assert_eq!(outputs.left_between(), 30 * 4_294_967_295 - 1);
        // The next gap begins where this one ends, though nothing was taken.
        let next = clock.between(
            r(4_294_967_295, 1),
            r(4_294_967_296, 1),
            r(4_294_967_296, 1),
        );
        assert_eq!(
            next.map(|o| o.position).collect::<Vec<_>>()[..2],
            [zero(), r(1, 30)]
        );
    }

    #[test]
    fn variable_rates_keep_the_times_of_the_source() {
        // Source at 0, 1/10, 4/10, until 1/2; twice slower, about 10 a second of output.
        let mut clock = OutputClock::variable(r(10, 1), r(2, 1));
        let mut all = Vec::new();
        for (from, until) in [(zero(), r(1, 10)), (r(1, 10), r(4, 10))] {
            all.extend(clock.between(from, until, until));
        }
        while let Some(output) = clock.next_held(r(4, 10), r(1, 2)) {
            all.push(output);
        }
        let positions: Vec<_> = all.iter().map(|o| o.position).collect();
        let sixths = (0..6).map(|k| r(k, 6));
        let expected: Vec<_> = [zero(), r(1, 2)]
            .into_iter()
            .chain(sixths)
            .chain([zero()])
            .collect();
        assert_eq!(positions, expected);
        // Shown one after the other, without a gap, up to the end.
        let mut end = zero();
        for output in &all {
            assert_eq!(output.shown.at, end);
            end += output.shown.duration;
        }
        assert_eq!(end, r(1, 1));
        assert_eq!(all[2].shown.at, r(2, 10));
        // Matroska's milliseconds, twice slower, are whole numbers of ticks.
        let tick = clock.tick(r(1, 1000), r(1, 10));
        assert!(tick <= r(1, 90_000) && (r(2, 1000) / tick).is_integer());
        // So are the in-betweens of 24000/1001.
        let doubled = OutputClock::variable(r(48000, 1001), r(1, 1));
        let tick = doubled.tick(r(1, 1000), r(1001, 24000));
        assert!((r(1001, 48000) / tick).is_integer() && (r(1, 1000) / tick).is_integer());
        let constant = OutputClock::new(r(60, 1), r(1, 1));
        assert_eq!(constant.tick(r(1, 1000), r(1, 30)), r(1, 60));
    }
}
