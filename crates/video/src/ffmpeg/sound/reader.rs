//! Demuxer and decoder of one stream of sound.

use crate::clip::{Error, Result};
use crate::ffmpeg::decode::Decoder;
use crate::ffmpeg::demux::Demuxer;
use crate::ffmpeg::filter::{Filter, SoundShape};
use crate::ffmpeg::input::Place;
use crate::ffmpeg::library::failed;
use crate::ffmpeg::timebase::{ratio, seconds};
use crate::time::Rational;
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::Sample;
use ffmpeg_next::format::sample::Type;
use ffmpeg_next::{ChannelLayout, Packet, codec, decoder, frame, media};

/// How FFmpeg's `atempo` is given sound.
pub(super) const STRETCHED_AS: Sample = Sample::F32(Type::Packed);

/// Interleaved samples.
pub(super) struct Block {
    /// Seconds of the source at which the first one stands, if it says.
    pub(super) time: Option<Rational>,
    pub(super) samples: Vec<f32>,
}

/// A second reader of the source file, for the sound of one stream.
pub(super) struct SoundReader {
    decoder: Decoder<decoder::Audio>,
    tick: ffmpeg::Rational,
    /// Packets that end before, in seconds of the source, are passed over.
    from: Option<Rational>,
    /// The first, decoded ahead: it tells how the sound is sampled.
    ahead: Option<frame::Audio>,
    start: Option<Rational>,
    /// What the samples become.
    wanted: Option<SoundShape>,
    /// Makes them so, for frames of such a shape.
    converter: Option<(SoundShape, Filter)>,
    /// A frame of another shape, for which the converter is not made yet.
    changed: Option<frame::Audio>,
    ended: bool,
}

impl SoundReader {
    /// Opens a stream and decodes the beginning of its sound, or that around `from` seconds of the
    /// source.
    pub(super) fn open(place: &Place, stream: usize, from: Option<Rational>) -> Result<Self> {
        let mut demuxer = Demuxer::new(place.open()?);
        let streams = demuxer.input.nb_streams() as usize;
        for index in (0..streams).filter(|index| *index != stream) {
            demuxer.discard(index);
        }
        let source = demuxer
            .input
            .stream(stream)
            .filter(|s| s.parameters().medium() == media::Type::Audio)
            .ok_or_else(|| Error::Invalid("it has no such sound".to_owned()))?;
        let tick = source.time_base();
        let doing = |why| failed("opening the decoder", why);
        let context = codec::Context::from_parameters(source.parameters()).map_err(doing)?;
        let mut decoder = context.decoder();
        decoder.set_packet_time_base(tick);
        let decoder = decoder.audio().map_err(doing)?;
        let mut reader = Self {
            decoder: Decoder::new(demuxer, stream, decoder),
            tick,
            from,
            ahead: None,
            start: None,
            wanted: None,
            converter: None,
            changed: None,
            ended: false,
        };
        let first = reader.decode();
        let first = first.ok_or_else(|| Error::Invalid("nothing can be decoded".to_owned()))?;
        reader.start = reader.time_of(first.timestamp());
        reader.ahead = Some(first);
        Ok(reader)
    }

    /// When the first sample stands, in seconds of the source.
    pub(super) fn start(&self) -> Option<Rational> {
        self.start
    }

    /// The codec of the source, and its bits per second, 0 where they are not known.
    pub(super) fn codec(&self) -> (codec::Id, i64) {
        let stream = self.decoder.demuxer.input.stream(self.decoder.stream);
        let bits = stream.map_or(0, |s| s.parameters().bit_rate());
        (self.decoder.decoder.id(), bits)
    }

    /// How the sound is sampled at its beginning.
    pub(super) fn shape(&self) -> Result<SoundShape> {
        let shape = self.ahead.as_ref().and_then(shape_of);
        shape.ok_or_else(|| Error::Invalid("its channels are not known".to_owned()))
    }

    /// Sets what all samples become: packed 32-bit floats.
    pub(super) fn convert_to(&mut self, wanted: SoundShape) {
        self.wanted = Some(wanted);
    }

    /// The next samples. Damaged packets are passed over.
    pub(super) fn next(&mut self) -> Result<Option<Block>> {
        loop {
            if let Some((_, filter)) = &mut self.converter {
                if let Some(frame) = filter.pull_sound(None)? {
                    return Ok(Some(block_of(&frame, filter.output_tick())));
                }
                if self.ended {
                    return Ok(None);
                }
            }
            if let Some(frame) = self.changed.take() {
                self.renew(&frame)?;
                self.push(&frame)?;
                continue;
            }
            let Some(frame) = self.ahead.take().or_else(|| self.decode()) else {
                self.ended = true;
                match &mut self.converter {
                    Some((_, filter)) => filter.close(0)?,
                    None => return Ok(None),
                }
                continue;
            };
            let shape = shape_of(&frame);
            match &mut self.converter {
                Some((given, _)) if shape == Some(*given) => self.push(&frame)?,
                _ if shape.is_none() => {} // Its time will be silent.
                converter => {
                    // What is inside comes first.
                    if let Some((_, filter)) = converter {
                        filter.close(0)?;
                    }
                    self.changed = Some(frame);
                }
            }
        }
    }

    fn push(&mut self, frame: &frame::Audio) -> Result<()> {
        match &mut self.converter {
            Some((_, filter)) => filter.push_sound(frame),
            None => Ok(()),
        }
    }

    /// A converter for such frames.
    fn renew(&mut self, frame: &frame::Audio) -> Result<()> {
        let (Some(given), Some(wanted)) = (shape_of(frame), self.wanted) else {
            return Ok(());
        };
        let spec = format!("[in0]{}[out]", wanted.filter());
        self.converter = Some((given, Filter::for_sound(&spec, &given, self.tick)?));
        Ok(())
    }

    fn time_of(&self, ticks: Option<i64>) -> Option<Rational> {
        seconds(ticks?, ratio(self.tick)?)
    }

    /// The next frame, its time being that of its first sample.
    fn decode(&mut self) -> Option<frame::Audio> {
        let mut frame = frame::Audio::empty();
        let (tick, from) = (self.tick, self.from);
        loop {
            if !self
                .decoder
                .receive(&mut frame, |packet| !is_early(packet, tick, from))
            {
                return None;
            }
            if frame.samples() > 0 {
                let time = frame.timestamp();
                frame.set_pts(time);
                return Some(frame);
            }
        }
    }
}

/// Whether a packet is over before `from`, in seconds of the source, and not needed to decode what comes then either.
fn is_early(packet: &Packet, tick: ffmpeg::Rational, from: Option<Rational>) -> bool {
    let (Some(tick), Some(from)) = (ratio(tick), from) else {
        return false;
    };
    let end = packet
        .pts()
        .or(packet.dts())
        .and_then(|at| seconds(at.saturating_add(packet.duration()), tick));
    end.is_some_and(|end| end + Rational::new(1, 2) < from)
}

/// How a frame is sampled; `None` for what cannot be converted.
fn shape_of(frame: &frame::Audio) -> Option<SoundShape> {
    let layout = match frame.channel_layout() {
        layout if layout.bits() != 0 => layout,
        _ => ChannelLayout::default(frame.channels().into()),
    };
    let format = frame.format();
    let is_known = layout.bits() != 0 && format != Sample::None && frame.rate() > 0;
    is_known.then_some(SoundShape {
        rate_hz: frame.rate(),
        format,
        layout,
    })
}

fn block_of(frame: &frame::Audio, tick: Option<Rational>) -> Block {
    let is_there = frame.planes() == 1 && frame.format() == STRETCHED_AS;
    Block {
        time: frame.pts().zip(tick).and_then(|(t, tick)| seconds(t, tick)),
        samples: if is_there {
            frame.plane::<f32>(0).to_vec()
        } else {
            Vec::new()
        },
    }
}
