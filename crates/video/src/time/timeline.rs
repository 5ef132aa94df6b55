//! One clock for all streams of a file whose timestamps start again or jump on the way.

use super::rational::{Rational, distance, zero};

/// Timestamps that run back by more than this begin anew, s: FFmpeg's `fftools/ffmpeg` (`ts_discontinuity_process`).
const BACK_S: (i128, i128) = (1, 10);
/// The same where only times of showing are known, which run back by a few frames wherever frames are reordered, s.
const BACK_REORDERED_S: i128 = 1;
/// A jump ahead by more is no pause, in a container whose clock may begin anew, s: FFmpeg's `dts_delta_threshold`.
const PAUSE_S: i128 = 10;
/// The same in all others, s: FFmpeg's `dts_error_threshold`, 30 hours.
const PAUSE_ELSEWHERE_S: i128 = 30 * 3600;
/// So long after one stream has jumped, packets of another may still be from before, s. They are interleaved more closely.
const INTERLEAVED_S: i128 = 1;
/// A stream without gaps of its own (subtitles) is sought among so many of the last clocks.
const CLOCKS_SOUGHT: usize = 16;

/// What a packet says of its place.
#[derive(Debug, Clone, Copy)]
pub struct Stamp {
    /// Seconds on the file's clock: of decoding, or of showing where that is not known.
    pub at: Rational,
    /// Seconds up to the next packet, as far as it says.
    pub duration: Option<Rational>,
    /// Whether `at` is the time of decoding, which never runs back.
    pub is_decoding: bool,
}

/// Where the clock of a file began anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Joins {
    /// How often.
    pub count: u64,
    /// The first time: seconds since the stream's first packet, and by how many seconds the timestamps jumped there.
    pub first: Option<(Rational, Rational)>,
}

/// Puts the packets of a file, in the order in which they lie there, on one clock that does not jump.
///
/// Each time the timestamps of a stream of picture or sound jump, what follows is moved so that it goes on where that stream
/// had come to. The other streams follow as they come to the jump, and so picture and sound keep together.
/// A jump is: back by more than 0.1 s, or ahead by more than 10 s (30 h in containers whose clock cannot begin anew).
#[derive(Debug, Clone)]
pub struct Timeline {
    pause: Rational,
    /// One for each clock so far: when it begins on the joined clock, and what is added to its times.
    clocks: Vec<(Rational, Rational)>,
    streams: Vec<Option<Progress>>,
    /// Where the last packet of picture or sound stands.
    latest: Option<Rational>,
    joins: Joins,
}

/// Of one stream, on the joined clock.
#[derive(Debug, Clone, Copy)]
struct Progress {
    clock: usize,
    first: Rational,
    last: Rational,
    next: Rational,
}

impl Timeline {
    /// For a container whose clock may begin anew on the way, or another.
    pub fn new(may_begin_anew: bool) -> Self {
        let pause = match may_begin_anew {
            true => PAUSE_S,
            false => PAUSE_ELSEWHERE_S,
        };
        Self {
            pause: Rational::from_integer(pause),
            clocks: vec![(zero(), zero())],
            streams: Vec::new(),
            latest: None,
            joins: Joins::default(),
        }
    }

    /// Where the clock began anew so far.
    pub fn joins(&self) -> Joins {
        self.joins
    }

    /// What is to be added to the times of the next packet, which belongs to a stream of picture or sound.
    pub fn shift(&mut self, stream: usize, stamp: Stamp) -> Rational {
        if self.streams.len() <= stream {
            self.streams.resize(stream + 1, None);
        }
        let before = self.streams[stream];
        let clock = match before {
            Some(before) => self.clock_of(stamp, before),
            None => self.nearest(stamp.at),
        };
        let shift = self.clocks[clock].1;
        let last = stamp.at + shift;
        let step = before.map(|before| last - before.last);
        let duration = stamp.duration.or(step).unwrap_or_default();
        self.streams[stream] = Some(Progress {
            clock,
            first: before.map_or(last, |before| before.first),
            last,
            next: last + duration.max(zero()),
        });
        self.latest = Some(last);
        shift
    }

    /// The same for a packet of any other stream, or one that does not say its time.
    pub fn shift_beside(&self, stream: usize, at: Option<Rational>) -> Rational {
        let known = self.streams.get(stream).copied().flatten();
        let clock = match (known, at) {
            (Some(known), _) => known.clock,
            (None, Some(at)) => self.nearest(at),
            (None, None) => self.clocks.len() - 1,
        };
        self.clocks[clock].1
    }

    fn newest(&self) -> usize {
        self.clocks.len() - 1
    }

    /// Which clock the next packet of a stream is on.
    fn clock_of(&mut self, stamp: Stamp, before: Progress) -> usize {
        let gap_on = |shift: Rational| stamp.at + shift - before.next;
        let at = stamp.at + self.clocks[before.clock].1;
        let back = match stamp.is_decoding {
            true => Rational::new(BACK_S.0, BACK_S.1),
            false => BACK_REORDERED_S.into(),
        };
        let is_back = at + back < before.last;
        // Where another stream has jumped, less will do.
        let has_later =
            before.clock < self.newest() && at + Rational::new(BACK_S.0, BACK_S.1) < before.last;
        if !is_back && !has_later && at - before.next <= self.pause {
            // What jumps in one stream has jumped in all.
            let has_jumped = |(begun, _): &(Rational, Rational)| {
                at > *begun + Rational::from_integer(INTERLEAVED_S)
            };
            let later = self.clocks.iter().skip(before.clock + 1);
            return before.clock + later.take_while(|clock| has_jumped(clock)).count();
        }
        let later = self.clocks.iter().enumerate().skip(before.clock + 1);
        let near = later
            .map(|(index, (_, shift))| (distance(gap_on(*shift), zero()), index))
            .min()
            .filter(|(gap, _)| *gap <= Rational::from_integer(PAUSE_S));
        if let Some((_, index)) = near {
            return index;
        }
        let jump = at - before.next;
        self.clocks.push((before.next, before.next - stamp.at));
        self.joins.count += 1;
        let at = before.next - before.first;
        self.joins.first.get_or_insert((at, jump));
        self.newest()
    }

    /// The clock on which a packet comes nearest to those around it.
    fn nearest(&self, at: Rational) -> usize {
        let Some(latest) = self.latest else {
            return self.newest();
        };
        let last = self.clocks.iter().enumerate().rev().take(CLOCKS_SOUGHT);
        let nearest = last.min_by_key(|(_, (_, shift))| distance(at + *shift, latest));
        nearest.map_or(0, |(index, _)| index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn r(num: i128, den: i128) -> Rational {
        Rational::new(num, den)
    }

    const VIDEO: usize = 0;
    const AUDIO: usize = 1;

    /// Where packets given as (stream, milliseconds), each 100 ms long, come to stand, in milliseconds.
    fn placed(timeline: &mut Timeline, packets: &[(usize, i128)]) -> Vec<i128> {
        let place = |&(stream, ms): &(usize, i128)| {
            let stamp = Stamp {
                at: r(ms, 1000),
                duration: Some(r(1, 10)),
                is_decoding: true,
            };
            ((stamp.at + timeline.shift(stream, stamp)) * r(1000, 1)).to_integer()
        };
        packets.iter().map(place).collect()
    }

    #[test]
    fn a_clock_that_starts_again_goes_on_for_all_streams() {
        let mut timeline = Timeline::new(true);
        // The last sound of the first part comes after the first picture of the second.
        let packets = [
            (VIDEO, 1800),
            (AUDIO, 1850),
            (VIDEO, 1900),
            (VIDEO, 0),
            (AUDIO, 1950),
            (AUDIO, 50),
            (VIDEO, 100),
            (AUDIO, 150),
        ];
        let expected = [1800, 1850, 1900, 2000, 1950, 2050, 2100, 2150];
        assert_eq!(placed(&mut timeline, &packets), expected);
        let joins = timeline.joins();
        assert_eq!((joins.count, joins.first), (1, Some((r(1, 5), r(-2, 1)))));
    }

    #[test]
    fn a_long_jump_ahead_is_closed_where_the_clock_may_begin_anew() {
        let packets = [(VIDEO, 0), (VIDEO, 100), (VIDEO, 300_000), (AUDIO, 300_050)];
        let mut timeline = Timeline::new(true);
        assert_eq!(placed(&mut timeline, &packets), [0, 100, 200, 250]);
        let mut elsewhere = Timeline::new(false);
        assert_eq!(placed(&mut elsewhere, &packets), [0, 100, 300_000, 300_050]);
        assert_eq!(elsewhere.joins(), Joins::default());
        // More than 30 hours are an error everywhere.
        let packets = [(VIDEO, 400_000), (VIDEO, 200_000_000)];
        assert_eq!(placed(&mut elsewhere, &packets), [400_000, 400_100]);
    }

    #[test]
    fn pauses_and_small_steps_back_are_as_they_are() {
        let mut timeline = Timeline::new(true);
        let packets = [(VIDEO, 0), (VIDEO, 9000), (VIDEO, 8950), (VIDEO, 9100)];
        assert_eq!(placed(&mut timeline, &packets), [0, 9000, 8950, 9100]);
    }

    #[test]
    fn a_jump_of_one_stream_alone_moves_the_others_a_second_later() {
        let mut timeline = Timeline::new(false);
        let packets = [
            (AUDIO, 1000),
            (VIDEO, 1000),
            (AUDIO, 800),
            (VIDEO, 1100),
            (VIDEO, 2000),
            (VIDEO, 2200),
        ];
        assert_eq!(
            placed(&mut timeline, &packets),
            [1000, 1000, 1100, 1100, 2000, 2500]
        );
    }

    #[test]
    fn subtitles_are_put_beside_what_is_read_with_them() {
        let mut timeline = Timeline::new(true);
        placed(&mut timeline, &[(VIDEO, 0), (VIDEO, 5000), (VIDEO, 0)]);
        assert_eq!(timeline.shift_beside(2, Some(r(1, 2))), r(51, 10));
        assert_eq!(timeline.shift_beside(2, Some(r(52, 10))), zero());
        assert_eq!(timeline.shift_beside(2, None), r(51, 10));
    }
}
