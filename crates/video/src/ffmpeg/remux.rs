//! Stream copy: packets of the source file on their way into the output, their PTS and DTS mapped.

use super::ass::Retiming;
use super::container::is_quicktime;
use super::demux::Demuxer;
use super::library::{failed, written};
use super::metadata::take_over_copied;
use super::origin::Origin;
use super::timebase::{Clock, ratio, small, ticks};
use crate::clip::Result;
use crate::ffi;
use crate::ffi::subtitle::Converter;
use crate::time::{Rational, to_f64, zero};
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::context::Output;
use ffmpeg_next::format::stream::Stream;
use ffmpeg_next::{Packet, codec, encoder, media};

/// Packets of the source file on their way, at one speed.
pub(super) struct Reader {
    demuxer: Demuxer,
    streams: Vec<Option<Copied>>,
    clock: Clock,
    /// Where a part ends in the output, in seconds, as far as it is known.
    until: Option<Rational>,
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
    is_subtitle: bool,
    /// Whether times stand in the text.
    is_ass: bool,
    /// Makes of subtitles those of another codec.
    converter: Option<Converter>,
    /// Of subtitles that last until the next, the one that is shown where a part begins.
    held: Option<Packet>,
}

impl Reader {
    pub(super) fn open(origin: &Origin) -> Result<Self> {
        let input = origin.place.open()?;
        Ok(Self {
            streams: input.streams().map(|_| None).collect(),
            demuxer: Demuxer::new(input),
            clock: Clock::default(),
            until: None,
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
        mut converter: Option<Converter>,
    ) -> Result<()> {
        self.has_edit_lists = is_quicktime(&output.format());
        let target = output.nb_streams() as usize;
        add_copy(output, stream, speed, converter.as_mut())?;
        if let Some(place) = self.streams.get_mut(stream.index()) {
            let (medium, codec) = (stream.parameters().medium(), stream.parameters().id());
            *place = Some(Copied {
                target,
                last_dts: None,
                is_subtitle: medium == media::Type::Subtitle,
                is_ass: matches!(codec, codec::Id::ASS | codec::Id::SSA) && converter.is_none(),
                converter,
                held: None,
            });
        }
        Ok(())
    }

    /// All streams are added: the demuxer passes over the others.
    pub(super) fn begin(&mut self, clock: Clock, until: Option<Rational>) {
        self.clock = clock;
        self.until = until;
        for (index, copied) in self.streams.iter().enumerate() {
            if copied.is_none() {
                self.demuxer.discard(index);
            }
        }
    }

    /// Writes all packets up to `time`, in seconds of the output.
    pub(super) fn write_until(&mut self, output: &mut Output, time: Rational) -> Result<()> {
        self.write_while(output, |at| at <= time)
    }

    /// Writes all packets that are left; those before `end`, in seconds of the output, where it is given.
    pub(super) fn finish(&mut self, output: &mut Output, end: Option<Rational>) -> Result<()> {
        self.write_while(output, |at| end.is_none_or(|end| at < end))?;
        let held = |copied: &mut Option<Copied>| copied.as_mut()?.held.take();
        let all: Vec<Packet> = self.streams.iter_mut().filter_map(held).collect();
        all.into_iter()
            .try_for_each(|packet| self.write(output, packet))
    }

    fn write_while(
        &mut self,
        output: &mut Output,
        is_due: impl Fn(Rational) -> bool,
    ) -> Result<()> {
        if self.count() == 0 {
            return Ok(());
        }
        while let Some(packet) = self.pending.take().or_else(|| self.read()) {
            if self.time_of(&packet).is_some_and(|at| !is_due(at)) {
                self.pending = Some(packet);
                return Ok(());
            }
            let held = self.streams.get_mut(packet.stream());
            if let Some(held) = held.and_then(|copied| copied.as_mut()?.held.take()) {
                self.write(output, held)?;
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

    /// Whether a packet is written, now or, if it is kept here, where the part begins.
    fn is_wanted(&mut self, packet: &Packet) -> bool {
        let Some(Some(Copied { is_subtitle, .. })) = self.streams.get(packet.stream()) else {
            return false;
        };
        let is_subtitle = *is_subtitle;
        if let (true, Some(at)) = (self.is_part, self.time_of(packet)) {
            let shown = self.duration_of(packet);
            if self.until.is_some_and(|until| at >= until) {
                return false;
            }
            if at < zero() && is_subtitle && shown == zero() {
                if let Some(Some(copied)) = self.streams.get_mut(packet.stream()) {
                    copied.held = Some(packet.clone());
                }
                return false;
            }
            if at < zero() && !(is_subtitle && at + shown > zero()) {
                return false;
            }
        }
        !self.is_unheard(packet)
    }

    /// How long a packet is shown, in seconds of the output; 0 where it does not say.
    fn duration_of(&self, packet: &Packet) -> Rational {
        let stream = self.demuxer.input.stream(packet.stream());
        let tick = stream.and_then(|s| ratio(s.time_base())).unwrap_or(zero());
        tick * Rational::from_integer(packet.duration().max(0).into()) * self.clock.speed
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
        let shown = seconds(packet.duration()) * self.clock.speed;
        packet.set_duration(ticks(shown, to));
        if copied.is_subtitle {
            let at = packet.pts().or(packet.dts());
            let span = at.map(|t| Span::new(self.clock.place(seconds(t)), shown));
            let limits = (self.is_part, self.until);
            let kept = span.map(|span| span.within(limits));
            if let (true, Some(span), Some(kept)) = (copied.is_ass, span, kept) {
                packet = retimed(&packet, span, kept, self.clock.speed);
            }
            let converted = |converter: &mut Converter| converter.convert(&packet);
            match copied.converter.as_mut().map(converted) {
                None => {}
                Some(Ok(Some(converted))) => packet = converted,
                // A gap, or what the decoder does not understand.
                Some(Ok(None) | Err(_)) => return Ok(()),
            }
            if let Some(kept) = kept {
                let at = Some(ticks(kept.from, to));
                packet.set_duration(ticks(kept.to - kept.from, to));
                return copied.write_subtitle(output, packet, at);
            }
        }
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

impl Copied {
    /// Writes a subtitle that is shown from here on, in ticks of the output. Several may come at once.
    fn write_subtitle(
        &mut self,
        output: &mut Output,
        mut packet: Packet,
        at_ticks: Option<i64>,
    ) -> Result<()> {
        let at_ticks = at_ticks.max(self.last_dts);
        self.last_dts = at_ticks;
        packet.set_dts(at_ticks);
        packet.set_pts(at_ticks);
        packet.set_stream(self.target);
        packet.set_position(usize::MAX as isize);
        written("writing", packet.write_interleaved(output))
    }
}

/// When a subtitle is shown, in seconds of the output.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: Rational,
    to: Rational,
}

impl Span {
    fn new(from: Rational, shown: Rational) -> Self {
        Self {
            from,
            to: from + shown,
        }
    }

    /// What of it lies in the part that is shown, if only a part is.
    fn within(self, (is_part, until): (bool, Option<Rational>)) -> Self {
        if !is_part {
            return self;
        }
        let from = self.from.max(zero());
        let to = until.map_or(self.to, |until| self.to.min(until));
        Self {
            from,
            to: to.max(from),
        }
    }
}

/// An ASS event of which this is kept, with the times in its text.
fn retimed(packet: &Packet, span: Span, kept: Span, slowdown: Rational) -> Packet {
    // Milliseconds of the source.
    let ms = |seconds: Rational| to_f64(seconds / slowdown * 1000);
    let retiming = Retiming {
        slowdown: to_f64(slowdown),
        duration_ms: ms(span.to - span.from),
        cut_before_ms: ms(kept.from - span.from),
        cut_after_ms: ms(span.to - kept.to),
    };
    let Some(Ok(event)) = packet.data().map(std::str::from_utf8) else {
        return packet.clone();
    };
    let mut changed = Packet::copy(retiming.event(event).as_bytes());
    changed.set_flags(packet.flags());
    changed
}

/// Adds a stream for packets that go so many times slower than in the source.
fn add_copy(
    output: &mut Output,
    from: &Stream,
    speed: Rational,
    converter: Option<&mut Converter>,
) -> Result<()> {
    let container = output.format();
    let mut to = output
        .add_stream(encoder::find(codec::Id::None))
        .map_err(|why| failed("adding a stream", why))?;
    match converter {
        Some(converter) => {
            let parameters = converter.parameters();
            to.set_parameters(parameters.map_err(|why| failed("converting subtitles", why))?);
        }
        None => {
            to.set_parameters(from.parameters());
            ffi::stream::settle_codec_tag(&container, &mut to);
        }
    }
    to.set_time_base(from.time_base());
    let slowed = |rate| ratio(rate).and_then(|rate| small(rate / speed).ok());
    to.set_avg_frame_rate(slowed(from.avg_frame_rate()).unwrap_or(ffmpeg::Rational(0, 1)));
    to.set_rate(slowed(from.rate()).unwrap_or(ffmpeg::Rational(0, 1)));
    take_over_copied(from, &mut to)
}
