//! Packets in, decoded frames out: the best video stream of a file through FFmpeg.

use super::sequence::Sequence;
use super::time::{self, Rational};
use super::{Error, Result, ffi};
use ffmpeg_next as ffmpeg;
use ffmpeg_next::codec::{self, threading};
use ffmpeg_next::format::context::Input;
use ffmpeg_next::format::stream::{Disposition, Stream};
use ffmpeg_next::{Packet, decoder, frame, media};
use std::path::Path;

/// How many times in a row the demuxer may find damage before it counts as stuck.
const MAX_DAMAGE_IN_A_ROW: u32 = 1000;

/// Which of a file's streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pick {
    /// The one that FFmpeg holds for the main picture.
    Best,
    /// The n-th of the video streams, from 0.
    Nth(usize),
    /// The one of this index among all streams.
    Index(usize),
}

/// Demuxer and decoder of one video stream.
pub(super) struct Decoder {
    pub(super) input: Input,
    pub(super) stream: usize,
    pub(super) decoder: decoder::Video,
    /// Packets that the decoder refused.
    pub(super) refused: u64,
    /// Packets that show nothing: an edit list leaves them out, or they are empty.
    pub(super) hidden: u64,
    /// Why reading stopped before the end of the file, if it did.
    pub(super) stopped_by: Option<ffmpeg::Error>,
    draining: bool,
}

impl Decoder {
    /// Opens a video stream; `threads` limits the decoder, `None` lets FFmpeg choose.
    pub(super) fn open(path: &Path, pick: Pick, threads: Option<usize>) -> Result<Self> {
        Self::of(open_input(path)?, pick, threads)
    }

    /// Decodes a video stream of what is open.
    pub(super) fn of(input: Input, pick: Pick, threads: Option<usize>) -> Result<Self> {
        let stream = pick_video(&input, pick)?;
        let decoder = open_decoder(&stream, threads)?;
        Ok(Self {
            stream: stream.index(),
            decoder,
            refused: 0,
            hidden: 0,
            stopped_by: None,
            draining: false,
            input,
        })
    }

    /// The stream that is decoded.
    pub(super) fn stream(&self) -> Result<Stream<'_>> {
        self.input.stream(self.stream).ok_or_else(no_video)
    }

    /// The next frame in showing order. Damaged packets are passed over and counted.
    pub(super) fn next(&mut self) -> Option<frame::Video> {
        let mut frame = frame::Video::empty();
        let mut damage = 0;
        loop {
            match self.decoder.receive_frame(&mut frame) {
                Ok(()) => return Some(frame),
                Err(ffmpeg::Error::Eof) => return None,
                Err(ffmpeg::Error::Other { errno }) if errno == ffmpeg::error::EAGAIN => {
                    if !self.feed() {
                        return None;
                    }
                }
                // A frame that cannot be decoded; the next one perhaps can.
                Err(_) => {
                    self.refused += 1;
                    damage += 1;
                    if !self.feed() && damage > MAX_DAMAGE_IN_A_ROW {
                        return None;
                    }
                }
            }
        }
    }

    /// Gives the decoder one packet, or the end; false where there is nothing more to give.
    fn feed(&mut self) -> bool {
        if self.draining {
            return false;
        }
        let Some(packet) = self.next_packet() else {
            self.draining = true;
            // It may report the damage of an earlier packet, and drains all the same.
            if self.decoder.send_eof().is_err() {
                self.refused += 1;
            }
            return true;
        };
        if self.decoder.send_packet(&packet).is_err() {
            self.refused += 1;
        }
        true
    }

    fn next_packet(&mut self) -> Option<Packet> {
        // A demuxer that only finds damage gets no further.
        let mut damage = 0;
        while damage < MAX_DAMAGE_IN_A_ROW {
            let mut packet = Packet::empty();
            match packet.read(&mut self.input) {
                Ok(()) if packet.stream() == self.stream && packet.size() > 0 => {
                    self.refused += u64::from(damage);
                    self.hidden += u64::from(ffi::is_hidden(&packet));
                    return Some(packet);
                }
                // One without bytes says, in AVI, that the picture before stays.
                Ok(()) => self.hidden += u64::from(packet.stream() == self.stream),
                // Damage from which the demuxer may find its way again.
                Err(ffmpeg::Error::InvalidData) => damage += 1,
                Err(ffmpeg::Error::Eof) => return None,
                Err(why) => {
                    self.stopped_by = Some(why);
                    return None;
                }
            }
        }
        self.refused += u64::from(damage);
        self.stopped_by = Some(ffmpeg::Error::InvalidData);
        None
    }
}

/// Opens a file as a clip, with messages for those that are none.
pub(super) fn open_input(path: &Path) -> Result<Input> {
    super::init()?;
    if let Some(sequence) = Sequence::find(path) {
        return sequence.open();
    }
    // What the system says is clearer than what FFmpeg makes of it.
    if std::fs::metadata(path)?.is_dir() {
        return Err(Error::Invalid("it is a folder, not a clip".to_owned()));
    }
    std::fs::File::open(path)?;
    ffmpeg::format::input(&file_url(path)?).map_err(|why| match why {
        ffmpeg::Error::InvalidData => Error::Invalid(
            "it is not a clip that FFmpeg can read, or its index is missing (cut off?)".to_owned(),
        ),
        why => failed("opening", why),
    })
}

/// The name as FFmpeg wants it: with a protocol, so that a colon in the name is not taken for one.
pub(super) fn file_url(path: &Path) -> Result<String> {
    match path.to_str() {
        Some(name) if !name.contains('\0') => Ok(format!("file:{name}")),
        _ => Err(Error::Invalid("FFmpeg needs a name in UTF-8".to_owned())),
    }
}

/// A video stream; a cover picture is none.
pub(super) fn pick_video(input: &Input, pick: Pick) -> Result<Stream<'_>> {
    let is_video = |s: &Stream| {
        s.parameters().medium() == media::Type::Video
            && !s.disposition().contains(Disposition::ATTACHED_PIC)
    };
    match pick {
        Pick::Best => input.streams().best(media::Type::Video).filter(is_video),
        Pick::Index(index) => input.stream(index).filter(is_video),
        Pick::Nth(n) => {
            let count = input.streams().filter(is_video).count();
            if n >= count && count > 0 {
                let last = count - 1;
                return Err(Error::Invalid(match last {
                    0 => format!("it has no video stream {n}, but only one, 0"),
                    _ => format!("it has no video stream {n}, but 0 to {last}"),
                }));
            }
            input.streams().filter(is_video).nth(n)
        }
    }
    .ok_or_else(no_video)
}

fn open_decoder(stream: &Stream, threads: Option<usize>) -> Result<decoder::Video> {
    let doing = |why| failed("opening the decoder", why);
    let mut context = codec::Context::from_parameters(stream.parameters()).map_err(doing)?;
    context.set_threading(threading::Config {
        kind: threading::Type::Frame,
        count: threads.unwrap_or(0),
        ..threading::Config::default()
    });
    let mut decoder = context.decoder();
    decoder.set_packet_time_base(stream.time_base());
    // FFmpeg's own VP8 and VP9 decoders leave out alpha, which WebM keeps in a second stream.
    let with_alpha = stream.metadata().get("alpha_mode") == Some("1");
    let library = match stream.parameters().id() {
        codec::Id::VP9 if with_alpha => decoder::find_by_name("libvpx-vp9"),
        codec::Id::VP8 if with_alpha => decoder::find_by_name("libvpx"),
        _ => None,
    };
    let opened = match library {
        Some(library) => decoder.open_as(library).and_then(|o| o.video()),
        None => decoder.video(),
    };
    opened.map_err(doing)
}

pub(super) fn no_video() -> Error {
    Error::Invalid("it has no video stream".to_owned())
}

pub(super) fn failed(doing: &str, why: ffmpeg::Error) -> Error {
    Error::Ffmpeg {
        doing: doing.to_owned(),
        why,
    }
}

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
            && !ffi::is_hidden(&packet)
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
        .find(|d| time::distance(span(*d), span(counted)) < tick * 2);
    Ok(Some(fitting.unwrap_or(counted)))
}
