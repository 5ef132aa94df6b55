//! Exact time. Seconds and rates are fractions of integers; floats never decide anything.

use super::Shown;
use num_integer::Integer;
use num_rational::Ratio;

/// A fraction. Seconds or frames per second.
///
/// 128 bits hold any 64-bit tick count times any time base, and sums and products of two of them.
pub type Rational = Ratio<i128>;

/// A rate or factor that cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' is not a positive number such as 60, 2.5, 23.976 or 24000/1001")]
pub struct NotANumber(String);

/// Largest numerator and denominator taken from a user: what FFmpeg's own rationals hold.
const LARGEST: i128 = i32::MAX as i128;

/// Reads a positive number, `60`, `2.5` or `5/2`, exactly.
///
/// # Errors
/// [`NotANumber`] for anything else, 0 included.
pub fn parse_number(text: &str) -> Result<Rational, NotANumber> {
    let fail = || NotANumber(text.to_owned());
    let value = match text.split_once('/') {
        Some((num, den)) => {
            let den = parse_decimal(den).filter(|d| *d > zero());
            parse_decimal(num).zip(den).map(|(n, d)| n / d)
        }
        None => parse_decimal(text),
    };
    value
        .filter(|v| *v > zero() && *v.numer() <= LARGEST && *v.denom() <= LARGEST)
        .ok_or_else(fail)
}

/// Reads a frame rate as [`parse_number`] does, and `23.976`, `29.97`, `59.94` and their like as
/// `24000/1001`, `30000/1001`, `60000/1001`: the rates that those decimals abbreviate.
///
/// # Errors
/// [`NotANumber`] as [`parse_number`].
pub fn parse_rate(text: &str) -> Result<Rational, NotANumber> {
    let value = parse_number(text)?;
    let Some((_, fraction)) = text.split_once('.').filter(|_| !text.contains('/')) else {
        return Ok(value);
    };
    // NTSC rates: n·1000/1001 for whole n; one digit ("12.5") is too few to abbreviate one.
    if fraction.len() < 2 {
        return Ok(value);
    }
    let base = value.ceil().to_integer();
    let ntsc = Rational::new(base * 1000, 1001);
    let unit = Rational::new(1, 10i128.pow(fraction.len() as u32));
    let is_ntsc = (base % 12 == 0 || base % 15 == 0) && distance(ntsc, value) < unit;
    Ok(if is_ntsc { ntsc } else { value })
}

/// Digits with at most one point. At most 9 on each side, so that nothing overflows.
pub(super) fn parse_decimal(text: &str) -> Option<Rational> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.len() <= 9 && s.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let all: i128 = format!("0{whole}{fraction}").parse().ok()?;
    Some(Rational::new(all, 10i128.pow(fraction.len() as u32)))
}

/// 0.
pub fn zero() -> Rational {
    Rational::from_integer(0)
}

/// `|a - b|`.
pub fn distance(a: Rational, b: Rational) -> Rational {
    if a > b { a - b } else { b - a }
}

/// A time in ticks of a time base of `num/den` seconds, as a fraction of seconds.
///
/// `None` if the time base is not positive.
pub fn seconds(ticks: i64, num: i32, den: i32) -> Option<Rational> {
    (num > 0 && den > 0)
        .then(|| Rational::new(i128::from(ticks) * i128::from(num), i128::from(den)))
}

/// The nearest `f64`, for reports and for rendering.
pub fn to_f64(value: Rational) -> f64 {
    *value.numer() as f64 / *value.denom() as f64
}

/// At most three decimals, without trailing zeros: `60`, `23.976`, `2.5`.
pub fn short_decimal(value: Rational) -> String {
    let text = format!("{:.3}", to_f64(value));
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Gives every frame of a clip a time: strictly increasing, and freed of rounding.
///
/// Containers round times to their tick (Matroska: 1 ms), so 30 frames a second stand at 0, 33,
/// 67, 100 ms. Where a time lies within one tick of a multiple of the clip's own frame interval,
/// counted from the first frame, that multiple is meant and is taken. All other times, those of
/// variable-rate clips, are taken as they are.
#[derive(Debug, Clone)]
pub struct Cadence {
    tick: Rational,
    interval: Rational,
    start: Rational,
    first: Option<Rational>,
    last: Option<Rational>,
    offset: Rational,
}

impl Cadence {
    /// A clip whose times are whole `tick`s and whose frames are about `interval` seconds apart.
    pub fn new(tick: Rational, interval: Rational) -> Self {
        Self {
            tick,
            interval,
            start: zero(),
            first: None,
            last: None,
            offset: zero(),
        }
    }

    /// The same, where a first frame that does not say its time stands at `start`.
    pub fn from(self, start: Rational) -> Self {
        Self { start, ..self }
    }

    /// The time of the next frame, which says that it stands at `time`.
    ///
    /// A frame without a time comes one interval after its predecessor. One that is not later than
    /// its predecessor comes half an interval after it, so that a doubled time does not shift what
    /// follows. A jump back by more than a second is a new start of the clock: this frame comes
    /// one interval after its predecessor and the rest keeps its distance to it.
    pub fn place(&mut self, time: Option<Rational>) -> Rational {
        let Some(last) = self.last else {
            let first = time.unwrap_or(self.start);
            self.first = Some(first);
            self.last = Some(first);
            return first;
        };
        let mut placed = match time {
            None => last + self.interval,
            Some(t) => self.snap(t + self.offset),
        };
        if placed <= last {
            if last - placed > Rational::from_integer(1) {
                self.offset += last + self.interval - placed;
                placed = last + self.interval;
            } else {
                placed = last + self.interval / 2;
            }
        }
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
        if distance(on_grid, time) <= self.tick {
            on_grid
        } else {
            time
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

    /// The next output between two source times, if there is one before `until`. Times are seconds since the first source
    /// frame; every gap is asked for until it has no more.
    pub fn next_between(&mut self, from: Rational, until: Rational) -> Option<Output> {
        let gap = until - from;
        if self.is_constant {
            let at = Rational::from_integer(self.next) / (self.rate * self.slowdown);
            return (at < until).then(|| {
                self.next += 1;
                self.output((at - from) / gap, at, self.rate.recip())
            });
        }
        let parts = (gap * self.rate * self.slowdown)
            .round()
            .to_integer()
            .max(1);
        if self.next == parts {
            self.next = 0;
            return None;
        }
        let position = Rational::new(self.next, parts);
        self.next += 1;
        Some(self.output(position, from + position * gap, gap * self.slowdown / parts))
    }

    /// The next output while the last source frame is held up to its `end`: position 0.
    pub fn next_held(&mut self, last: Rational, end: Rational) -> Option<Output> {
        let held = if self.is_constant {
            self.next_between(last, end)
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
        let parts = (interval * self.rate * self.slowdown).round().to_integer();
        let part = interval * self.slowdown / parts.max(1);
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

/// The clock of MPEG systems: finer than any eye, and every container has it.
const COARSEST_VARIABLE_TICK_HZ: i128 = 90_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn r(num: i128, den: i128) -> Rational {
        Rational::new(num, den)
    }

    #[test]
    fn rates_are_read_exactly() {
        for (text, num, den) in [
            ("60", 60, 1),
            ("24000/1001", 24000, 1001),
            ("23.976", 24000, 1001),
            ("23.98", 24000, 1001),
            ("29.97", 30000, 1001),
            ("47.952", 48000, 1001),
            ("59.94", 60000, 1001),
            ("59.9400599", 60000, 1001),
            ("119.88", 120000, 1001),
            ("14.985", 15000, 1001),
            ("12.5", 25, 2),
            ("24.00", 24, 1),
            ("30.5", 61, 2),
            ("33.33", 3333, 100),
            ("7.25", 29, 4),
        ] {
            assert_eq!(parse_rate(text), Ok(r(num, den)), "{text}");
        }
        assert_eq!(parse_number("2.997"), Ok(r(2997, 1000)));
        assert_eq!(parse_number("5/2"), Ok(r(5, 2)));
    }

    #[test]
    fn what_is_no_positive_number_is_refused() {
        for text in [
            "",
            "0",
            "0.0",
            "-1",
            "a",
            "1/0",
            "1e3",
            ".",
            "1.2.3",
            "1/",
            "9999999999",
            "nan",
        ] {
            assert!(parse_rate(text).is_err(), "{text}");
        }
    }

    /// (source duration, rate, slowdown) -> number of outputs.
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
            while let Some(output) = clock.next_between(zero(), duration) {
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
        let mut take = |from, until| {
            let mut found = Vec::new();
            while let Some(output) = clock.next_between(from, until) {
                found.push(output.position);
            }
            found
        };
        assert_eq!(take(zero(), r(1, 10)), [zero(), r(1, 2)]);
        assert_eq!(
            take(r(1, 10), r(4, 10)),
            [zero(), r(1, 6), r(1, 3), r(1, 2), r(2, 3), r(5, 6)]
        );
    }

    #[test]
    fn variable_rates_keep_the_times_of_the_source() {
        // Source at 0, 1/10, 4/10, until 1/2; twice slower, about 10 a second of output.
        let mut clock = OutputClock::variable(r(10, 1), r(2, 1));
        let mut all = Vec::new();
        for (from, until) in [(zero(), r(1, 10)), (r(1, 10), r(4, 10))] {
            while let Some(output) = clock.next_between(from, until) {
                all.push(output);
            }
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

    #[test]
    fn rounded_times_are_freed_of_rounding() {
        let mut cadence = Cadence::new(r(1, 1000), r(1, 30));
        let times = [23, 56, 90, 123, 223, 340].map(|ms| cadence.place(Some(r(ms, 1000))));
        let first = r(23, 1000);
        let expected = [
            first,
            first + r(1, 30),
            first + r(2, 30),
            first + r(3, 30),
            first + r(6, 30),
            r(340, 1000), // 6 ms off the grid: a variable rate
        ];
        assert_eq!(times, expected);
    }

    #[test]
    fn broken_times_are_made_increasing() {
        let mut cadence = Cadence::new(r(1, 90000), r(1, 10));
        let given = [
            Some(r(5, 1)),
            Some(r(5, 1)),
            Some(r(52, 10)),
            None,
            Some(r(0, 1)),
            Some(r(1, 10)),
        ];
        let placed = given.map(|t| cadence.place(t));
        let expected = [
            r(5, 1),
            r(505, 100),
            r(52, 10),
            r(53, 10),
            r(54, 10),
            r(55, 10),
        ];
        assert_eq!(placed, expected);
    }

    #[test]
    fn frames_before_the_first_time_stand_before_it() {
        let mut cadence = Cadence::new(r(1, 1000), r(1, 25)).from(r(-57, 1000));
        let placed = [None, None, Some(r(23, 1000))].map(|t| cadence.place(t));
        assert_eq!(placed, [r(-57, 1000), r(-17, 1000), r(23, 1000)]);
    }

    #[test]
    fn short_decimals() {
        assert_eq!(short_decimal(r(24000, 1001)), "23.976");
        assert_eq!(short_decimal(r(60, 1)), "60");
        assert_eq!(short_decimal(r(5, 2)), "2.5");
        assert_eq!(short_decimal(r(100, 1)), "100");
    }
}
