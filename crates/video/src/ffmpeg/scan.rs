//! Frame count, frame rate and start of a stream from the PTS of its packets; nothing is decoded.

use super::demux::Demuxer;
use super::input::{Pick, pick_video};
use super::origin::Origin;
use super::timebase::{ratio, real_duration, seconds};
use crate::clip::Result;
use crate::facts::Length;
use crate::ffi;
use crate::time::{Cadence, Rational, distance};
use ffmpeg_next::Packet;
use ffmpeg_next::format::context::Input;

/// How many packets are looked through for a time.
const MAX_PACKETS_WITHOUT_TIME: u64 = 1000;

/// Where the first frames of a stream do not say their times: how many do not, and when the first of them is shown, if
/// those that follow say theirs.
pub(super) fn start_without_time(
    input: Input,
    stream: usize,
    tick: Rational,
    interval: Rational,
) -> Result<Option<(u64, Rational)>> {
    let mut input = Demuxer::new(input);
    let (mut count, mut after, mut earliest) = (0u64, 0, None::<i64>);
    let mut packet = Packet::empty();
    // Packets come as they are decoded: the first to be shown is among the next few.
    while count < MAX_PACKETS_WITHOUT_TIME && after < 32 && input.read(&mut packet).is_ok() {
        if packet.stream() == stream {
            let time = packet.pts().or(packet.dts());
            match (time, earliest) {
                (None, None) => count += 1,
                (Some(time), _) => earliest = Some(earliest.map_or(time, |e| e.min(time))),
                (None, Some(_)) => {}
            }
            after += u32::from(earliest.is_some());
        }
        packet = Packet::empty();
    }
    let earliest = earliest.and_then(|time| seconds(time, tick));
    Ok(earliest.map(|time| (count, time - interval * i128::from(count))))
}

/// Packets by which a rate that the header declares is checked.
const CHECKED_PACKETS: i128 = 100;
/// Frames may come so much faster than declared, as a share: those that are reordered lie beyond them. They may come half
/// as fast, where frames were dropped.
const CHECK_TOLERANCE: (i128, i128) = (1, 20);
/// Rates in use, tried where the header declares none that fits, frames per second.
const USUAL_RATES: &[(i128, i128)] = &[
    (24, 1),
    (25, 1),
    (30, 1),
    (50, 1),
    (60, 1),
    (24000, 1001),
    (30000, 1001),
    (60000, 1001),
    (10, 1),
    (12, 1),
    (15, 1),
    (20, 1),
    (48, 1),
    (90, 1),
    (100, 1),
    (120, 1),
    (120_000, 1001),
    (240, 1),
];
/// A rate of film may be off the mean over a clip by so much of it: some of it may be video.
const FILM_TOLERANCE: (i128, i128) = (1, 100);

/// Times of a stream's packets as they are read.
#[derive(Default)]
struct Span {
    /// The first and the last to be shown.
    ends: Option<(i64, i64)>,
    count: i128,
    last_duration: i64,
}

impl Span {
    fn take(&mut self, time: i64, duration: i64) {
        self.count += 1;
        let (first, last) = self.ends.unwrap_or((time, time));
        if time >= last {
            self.last_duration = duration;
        }
        self.ends = Some((first.min(time), last.max(time)));
    }

    /// Seconds between the first and the last, and from one to the next in the mean.
    fn mean(&self, tick: Rational) -> Option<(Rational, Rational)> {
        let (first, last) = self.ends.filter(|(first, last)| first < last)?;
        let between = tick * i128::from(last - first);
        Some((between, between / (self.count - 1).max(1)))
    }

    fn fits(&self, rate: Rational, tick: Rational) -> bool {
        let tolerance = Rational::new(CHECK_TOLERANCE.0, CHECK_TOLERANCE.1);
        let one = Rational::from_integer(1);
        self.mean(tick).is_none_or(|(between, _)| {
            let expected = Rational::from_integer(self.count - 1) / rate;
            let slack = rate.recip() * 2;
            between + slack >= expected * (one - tolerance) && between <= expected * 2 + slack
        })
    }
}

/// Reads the packets of a stream that are shown, until there are no more or enough.
fn span_of(demuxer: &mut Demuxer, stream: usize, mut is_enough: impl FnMut(&Span) -> bool) -> Span {
    let mut span = Span::default();
    let mut packet = Packet::empty();
    while !is_enough(&span) && demuxer.read(&mut packet).is_ok() {
        if packet.stream() == stream
            && !ffi::stream::is_hidden(&packet)
            && let Some(time) = packet.pts().or(packet.dts())
        {
            span.take(time, packet.duration());
        }
        packet = Packet::empty();
    }
    span
}

/// Seconds from one of the first frames to the next, in the mean, if they say their times.
pub(super) fn mean_gap(input: Input, stream: usize) -> Result<Option<Rational>> {
    let tick = ratio(pick_video(&input, Pick::Index(stream))?.time_base());
    let span = span_of(&mut Demuxer::new(input), stream, |span| {
        span.count >= CHECKED_PACKETS
    });
    Ok(tick.and_then(|tick| {
        let (between, gap) = span.mean(tick)?;
        // First and last time are each rounded by less than a tick.
        let steps = Rational::from_integer(span.count - 1);
        let off = |rate: &Rational| distance(steps / *rate, between);
        let usual = usual_rates().min_by_key(off);
        let usual = usual.filter(|rate| off(rate) < tick * 2);
        Some(usual.map_or(gap, |rate| rate.recip()))
    }))
}

fn usual_rates() -> impl Iterator<Item = Rational> {
    USUAL_RATES
        .iter()
        .map(|(num, den)| Rational::new(*num, *den))
}

/// Frames per second of the stream, on average.
///
/// A rate that the stream declares is believed if the times of its first packets fit it. Else the packets are counted, which
/// reads the input to its end: then a declared or usual rate is taken that fits the count but for the rounding of times.
///
/// `film` is the rate that repeated fields tell of, `codec` what the codec says, `otherwise` that of a stream without times.
pub(super) fn average_rate(
    input: Input,
    stream: usize,
    [film, codec, otherwise]: [Option<Rational>; 3],
) -> Result<Option<Rational>> {
    let video = pick_video(&input, Pick::Index(stream))?;
    let declared = [video.avg_frame_rate(), video.rate()].map(ratio);
    let Some(tick) = ratio(video.time_base()) else {
        return Ok(declared[0]);
    };
    let believed = declared[0].filter(|_| declared[0] == declared[1] && film.is_none());
    let mut demuxer = Demuxer::new(input);
    let mut is_checked = false;
    let span = span_of(&mut demuxer, stream, |span| {
        is_checked |= span.count == CHECKED_PACKETS;
        span.count == CHECKED_PACKETS && believed.is_some_and(|rate| span.fits(rate, tick))
    });
    if let Some(rate) = believed.filter(|rate| span.fits(*rate, tick))
        && (span.count == CHECKED_PACKETS || !is_checked)
    {
        return Ok(Some(rate));
    }
    let Some((between, gap)) = span.mean(tick) else {
        // Without times, the codec knows best.
        return Ok(otherwise);
    };
    let count = Rational::from_integer(span.count);
    let last_duration = real_duration(span.last_duration, tick, gap).unwrap_or(gap);
    let counted = count / (between + last_duration);
    if let Some(film) = film {
        let most = (count * Rational::new(FILM_TOLERANCE.0, FILM_TOLERANCE.1)).max(2.into());
        if distance(between * film, count - 1) <= most {
            return Ok(Some(film));
        }
    }
    // First and last time are each rounded by less than a tick.
    let off = |rate: &Rational| distance(count / *rate, count / counted);
    let fitting = declared
        .into_iter()
        .flatten()
        .chain(codec)
        .find(|rate| off(rate) < tick * 2);
    let fitting = fitting.or_else(|| {
        usual_rates()
            .min_by_key(off)
            .filter(|rate| off(rate) < tick * 2)
    });
    Ok(Some(fitting.unwrap_or(counted)))
}

/// The length of a clip as its header announces it; else its packets are counted, which reads the
/// file once and decodes nothing. Damage is not seen.
pub fn length(origin: &Origin) -> Result<Length> {
    let input = origin.place.open()?;
    let stream = pick_video(&input, Pick::Index(origin.stream))?;
    let index = stream.index();
    let tick = origin.tick;
    let interval = origin.interval;
    let announced = u64::try_from(stream.frames()).unwrap_or(0);
    let lasting = |frames: u64| {
        origin
            .rate
            .map(|rate| Rational::from_integer(frames.into()) / rate)
    };
    if announced > 0 && stream.duration() > 0 {
        let duration = seconds(stream.duration(), tick);
        let average = ratio(stream.avg_frame_rate()).map_or(interval, |rate| rate.recip());
        let counted = average * Rational::from_integer(announced.into());
        // An edit list leaves some out.
        if duration.is_none_or(|d| distance(d, counted) <= average) {
            return Ok(Length {
                frames: announced,
                is_counted: false,
                duration: lasting(announced).or(duration),
            });
        }
    }
    let mut input = Demuxer::new(input);
    let mut packets = Vec::new();
    let mut packet = Packet::empty();
    while input.read(&mut packet).is_ok() {
        // Of raw video that is cut off, the last is a part of a frame.
        let is_shown = !packet.is_corrupt() && !ffi::stream::is_hidden(&packet);
        if packet.stream() == index && packet.size() > 0 && is_shown {
            packets.push((packet.pts().or(packet.dts()), packet.duration()));
        }
        packet = Packet::empty();
    }
    // Packets come in the order in which they are decoded; times are placed as they are shown.
    packets.sort_by_key(|(time, _)| *time);
    let mut cadence = Cadence::new(tick, interval);
    let times: Vec<Rational> = packets
        .iter()
        .map(|(time, _)| cadence.place(time.and_then(|t| seconds(t, tick))))
        .collect();
    let duration = match (times.as_slice(), packets.last()) {
        ([first, .., before, last], Some((_, shown))) => {
            let shown = real_duration(*shown, tick, interval).map(|d| cadence.snap_duration(d));
            Some(*last - *first + shown.unwrap_or(*last - *before))
        }
        _ => None,
    };
    let frames = packets.len() as u64;
    Ok(Length {
        frames,
        is_counted: true,
        duration: lasting(frames).or(duration),
    })
}
