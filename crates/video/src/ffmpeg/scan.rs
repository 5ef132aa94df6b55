//! Frame count, frame rate and start of a stream from the PTS of its packets; nothing is decoded.

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
    mut input: Input,
    stream: usize,
    tick: Rational,
    interval: Rational,
) -> Result<Option<(u64, Rational)>> {
    let (mut count, mut after, mut earliest) = (0u64, 0, None::<i64>);
    let mut packet = Packet::empty();
    // Packets come as they are decoded: the first to be shown is among the next few.
    while count < MAX_PACKETS_WITHOUT_TIME && after < 32 && packet.read(&mut input).is_ok() {
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

/// Frames per second of the stream, on average.
///
/// Where the stream declares two different rates, the packets are counted, which reads the input
/// to its end. A declared rate that fits the count but for the rounding of times is taken.
pub(super) fn average_rate(mut input: Input, stream: usize) -> Result<Option<Rational>> {
    let stream = pick_video(&input, Pick::Index(stream))?;
    let index = stream.index();
    let declared = [stream.avg_frame_rate(), stream.rate()].map(ratio);
    let Some(tick) = ratio(stream.time_base()) else {
        return Ok(declared[0]);
    };
    if declared[0] == declared[1] && declared[0].is_some() {
        return Ok(declared[0]);
    }
    let mut times: Option<(i64, i64)> = None;
    let (mut count, mut last_duration) = (0i128, 0);
    let mut packet = Packet::empty();
    while packet.read(&mut input).is_ok() {
        if packet.stream() == index
            && !ffi::stream::is_hidden(&packet)
            && let Some(time) = packet.pts().or(packet.dts())
        {
            count += 1;
            let (first, last) = times.unwrap_or((time, time));
            if time >= last {
                last_duration = packet.duration();
            }
            times = Some((first.min(time), last.max(time)));
        }
        packet = Packet::empty();
    }
    let Some((first, last)) = times.filter(|(first, last)| first < last) else {
        return Ok(declared[0].or(declared[1]));
    };
    let between = tick * i128::from(last - first);
    let gap = between / (count - 1).max(1);
    let last_duration = real_duration(last_duration, tick, gap).unwrap_or(gap);
    let counted = Rational::from_integer(count) / (between + last_duration);
    // First and last time are each rounded by less than a tick.
    let span = |rate: Rational| Rational::from_integer(count) / rate;
    let fitting = declared
        .into_iter()
        .flatten()
        .find(|d| distance(span(*d), span(counted)) < tick * 2);
    Ok(Some(fitting.unwrap_or(counted)))
}

/// The length of a clip as its header announces it; else its packets are counted, which reads the
/// file once and decodes nothing. Damage is not seen.
pub fn length(origin: &Origin) -> Result<Length> {
    let mut input = origin.place.open()?;
    let stream = pick_video(&input, Pick::Index(origin.stream))?;
    let index = stream.index();
    let tick = origin.tick;
    let announced = u64::try_from(stream.frames()).unwrap_or(0);
    if announced > 0 && stream.duration() > 0 {
        return Ok(Length {
            frames: announced,
            is_counted: false,
            duration: seconds(stream.duration(), tick),
        });
    }
    let interval = origin.interval;
    let mut packets = Vec::new();
    let mut packet = Packet::empty();
    while packet.read(&mut input).is_ok() {
        // Of raw video that is cut off, the last is a part of a frame.
        if packet.stream() == index && packet.size() > 0 && !packet.is_corrupt() {
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
    Ok(Length {
        frames: packets.len() as u64,
        is_counted: true,
        duration,
    })
}
