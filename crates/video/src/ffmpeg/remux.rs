//! Stream copy: packets of the source file on their way into the output, their PTS and DTS mapped.

use super::container::is_quicktime;
use super::demux::Demuxer;
use super::library::{failed, written};
use super::metadata::take_over;
use super::origin::Origin;
use super::timebase::{Clock, ratio, small, ticks};
use crate::clip::Result;
use crate::ffi;
use crate::time::{Rational, zero};
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::context::Output;
use ffmpeg_next::format::stream::Stream;
use ffmpeg_next::{Packet, codec, encoder, media};

/// Packets of the source file on their way, at one speed.
pub(super) struct Reader {
    demuxer: Demuxer,
    streams: Vec<Option<Copied>>,
    clock: Clock,
    /// Whether what comes before 0 is left out.
    is_part: bool,
    /// Whether the container says itself what is not heard.
    has_edit_lists: bool,
    pending: Option<Packet>,
}

/// One stream on its way.
struct Copied {
    target: usize,
    last_dts: Option<i64>,
}

impl Reader {
    pub(super) fn open(origin: &Origin) -> Result<Self> {
        let input = origin.place.open()?;
        Ok(Self {
            streams: input.streams().map(|_| None).collect(),
            demuxer: Demuxer::new(input),
            clock: Clock::default(),
            is_part: origin.is_part,
            has_edit_lists: false,
            pending: None,
        })
    }

    pub(super) fn count(&self) -> usize {
        self.streams.iter().flatten().count()
    }

    /// Adds a stream to the output, to be filled from the source's of the same index.
    pub(super) fn add(
        &mut self,
        output: &mut Output,
        stream: &Stream,
        speed: Rational,
    ) -> Result<()> {
        self.has_edit_lists = is_quicktime(&output.format());
        let target = output.nb_streams() as usize;
        add_copy(output, stream, speed)?;
        if let Some(place) = self.streams.get_mut(stream.index()) {
            *place = Some(Copied {
                target,
                last_dts: None,
            });
        }
        Ok(())
    }

    /// All streams are added: the demuxer passes over the others.
    pub(super) fn begin(&mut self, clock: Clock) {
        self.clock = clock;
        for (index, copied) in self.streams.iter().enumerate() {
            if copied.is_none() {
                self.demuxer.discard(index);
            }
        }
    }

    /// Writes all packets up to `time`, in seconds of the output; all that are left if `None`.
    pub(super) fn write_until(
        &mut self,
        output: &mut Output,
        time: Option<Rational>,
    ) -> Result<()> {
        if self.count() == 0 {
            return Ok(());
        }
        while let Some(packet) = self.pending.take().or_else(|| self.read()) {
            if let (Some(until), Some(at)) = (time, self.time_of(&packet))
                && at > until
            {
                self.pending = Some(packet);
                return Ok(());
            }
            self.write(output, packet)?;
        }
        Ok(())
    }

    fn read(&mut self) -> Option<Packet> {
        loop {
            let mut packet = Packet::empty();
            match self.demuxer.read(&mut packet) {
                Ok(()) if self.is_wanted(&packet) => return Some(packet),
                Ok(()) => {}
                // The end, or what the decoder of the main stream meets as well and reports.
                Err(_) => return None,
            }
        }
    }

    fn is_wanted(&self, packet: &Packet) -> bool {
        let is_copied = matches!(self.streams.get(packet.stream()), Some(Some(_)));
        let is_early = || self.is_part && self.time_of(packet).is_some_and(|at| at < zero());
        is_copied && !is_early() && !self.is_unheard(packet)
    }

    /// Whether an edit list of the source leaves out this sound, and the output would play it. The last ones before
    /// the first that is heard stay: decoders start with them.
    fn is_unheard(&self, packet: &Packet) -> bool {
        if self.has_edit_lists || !ffi::stream::is_hidden(packet) {
            return false;
        }
        let Some(stream) = self.demuxer.input.stream(packet.stream()) else {
            return false;
        };
        let (start, length) = (stream.start_time(), packet.duration());
        let is_first = packet
            .pts()
            .is_some_and(|t| (start - 2 * length..=start).contains(&t));
        stream.parameters().medium() == media::Type::Audio && !is_first
    }

    /// When a packet is decoded, on the output's clock.
    fn time_of(&self, packet: &Packet) -> Option<Rational> {
        let tick = ratio(self.demuxer.input.stream(packet.stream())?.time_base())?;
        let time = packet.dts().or(packet.pts())?;
        Some(self.clock.place(tick * Rational::from_integer(time.into())))
    }

    fn write(&mut self, output: &mut Output, mut packet: Packet) -> Result<()> {
        let (Some(source), Some(Some(copied))) = (
            self.demuxer.input.stream(packet.stream()),
            self.streams.get_mut(packet.stream()),
        ) else {
            return Ok(());
        };
        let Some(target) = output.stream(copied.target) else {
            return Ok(());
        };
        let (from, to) = (source.time_base(), target.time_base());
        let seconds =
            |t: i64| ratio(from).map_or(zero(), |tick| tick * Rational::from_integer(t.into()));
        let place = |t: i64| ticks(self.clock.place(seconds(t)), to);
        let (pts, dts) = (packet.pts().map(place), packet.dts().map(place));
        packet.set_duration(ticks(seconds(packet.duration()) * self.clock.speed, to));
        // Muxers refuse times that run backwards, which damaged files have.
        let least = copied.last_dts.map(|last| last.saturating_add(1));
        let dts = dts.or(pts).max(least).or(Some(0));
        copied.last_dts = dts;
        packet.set_dts(dts);
        packet.set_pts(pts.max(dts));
        packet.set_stream(copied.target);
        packet.set_position(usize::MAX as isize);
        written("writing", packet.write_interleaved(output))
    }
}

/// Adds a stream for packets that go so many times slower than in the source.
fn add_copy(output: &mut Output, from: &Stream, speed: Rational) -> Result<()> {
    let container = output.format();
    let mut to = output
        .add_stream(encoder::find(codec::Id::None))
        .map_err(|why| failed("adding a stream", why))?;
    to.set_parameters(from.parameters());
    ffi::stream::settle_codec_tag(&container, &mut to);
    to.set_time_base(from.time_base());
    let slowed = |rate| ratio(rate).and_then(|rate| small(rate / speed).ok());
    to.set_avg_frame_rate(slowed(from.avg_frame_rate()).unwrap_or(ffmpeg::Rational(0, 1)));
    to.set_rate(slowed(from.rate()).unwrap_or(ffmpeg::Rational(0, 1)));
    take_over(from, &mut to, |_| true)
}
