//! An encoder of sound, and which one takes what is stretched.

use crate::clip::{Error, Result};
use crate::ffi::container::{can_hold, is_lossless};
use crate::ffmpeg::filter::SoundShape;
use crate::ffmpeg::library::{failed, is_drained};
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::{self, Sample};
use ffmpeg_next::{ChannelLayout, Codec, Packet, codec, encoder, frame, media};

/// Bits per second of a channel, at least and at most, where the source's are not the encoder's
/// default.
const BITS_PER_CHANNEL: (i64, i64) = (48_000, 160_000);

/// An open encoder: samples in, packets out.
pub(super) struct SoundEncoder {
    pub(super) encoder: encoder::audio::Encoder,
    pub(super) codec: Codec,
    /// What it takes.
    pub(super) shape: SoundShape,
}

impl SoundEncoder {
    /// Opens the encoder of the source's codec, with its bits per second, or the nearest that the
    /// container holds.
    pub(super) fn open(
        container: &format::Output,
        (source, bits): (codec::Id, i64),
        shape: SoundShape,
    ) -> Result<Self> {
        let default = container.codec("", media::Type::Audio);
        let lossless = is_lossless(source).then_some(codec::Id::FLAC);
        let others = [codec::Id::AAC, codec::Id::OPUS, default, codec::Id::FLAC];
        let codecs = [source].into_iter().chain(lossless).chain(others);
        for id in codecs.filter(|id| *id != codec::Id::None && can_hold(container, *id)) {
            let Some(codec) = encoder::find(id) else {
                continue;
            };
            // Some refuse other rates than those of a list, and have a good one by themselves.
            for bits in [Some(bits).filter(|bits| *bits > 0), None] {
                if let Ok(opened) = Self::open_one(codec, container, bits, shape) {
                    return Ok(opened);
                }
            }
        }
        let why = "no encoder of sound fits the container";
        Err(Error::Invalid(why.to_owned()))
    }

    fn open_one(
        codec: Codec,
        container: &format::Output,
        bits: Option<i64>,
        source: SoundShape,
    ) -> std::result::Result<Self, ffmpeg::Error> {
        let shape = nearest(&codec, source)?;
        let mut context = codec::Context::new_with_codec(codec).encoder().audio()?;
        context.set_rate(shape.rate_hz as i32);
        context.set_format(shape.format);
        context.set_channel_layout(shape.layout);
        context.set_time_base((1, shape.rate_hz as i32));
        if let Some(bits) = bits.filter(|_| !is_lossless(codec.id())) {
            let channels = i64::from(shape.layout.channels());
            let (least, most) = BITS_PER_CHANNEL;
            context.set_bit_rate(bits.clamp(least * channels, most * channels) as usize);
        }
        if container.flags().contains(format::Flags::GLOBAL_HEADER) {
            context.set_flags(codec::Flags::GLOBAL_HEADER);
        }
        Ok(Self {
            encoder: context.open_as(codec)?,
            codec,
            shape,
        })
    }

    /// Seconds in which it counts.
    pub(super) fn tick(&self) -> ffmpeg::Rational {
        ffmpeg::Rational(1, self.shape.rate_hz as i32)
    }

    /// Samples that a packet holds; `None` for any number.
    pub(super) fn packet_samples(&self) -> Option<usize> {
        Some(self.encoder.frame_size() as usize).filter(|samples| *samples > 0)
    }

    /// Encodes the next samples.
    pub(super) fn send(&mut self, block: &frame::Audio) -> Result<()> {
        let sent = self.encoder.send_frame(block);
        sent.map_err(|why| failed("encoding the sound", why))
    }

    /// No more samples come.
    pub(super) fn end(&mut self) -> Result<()> {
        let sent = self.encoder.send_eof();
        sent.map_err(|why| failed("encoding the sound", why))
    }

    /// The next packet that is ready.
    pub(super) fn receive(&mut self) -> Result<Option<Packet>> {
        let mut packet = Packet::empty();
        match self.encoder.receive_packet(&mut packet) {
            Ok(()) => Ok(Some(packet)),
            Err(why) if is_drained(&why) => Ok(None),
            Err(why) => Err(failed("encoding the sound", why)),
        }
    }
}

/// What the encoder takes that is nearest to the source.
fn nearest(codec: &Codec, source: SoundShape) -> std::result::Result<SoundShape, ffmpeg::Error> {
    let codec = codec.audio()?;
    let formats: Vec<Sample> = codec.formats().map_or_else(Vec::new, Iterator::collect);
    let format = formats
        .iter()
        .copied()
        .filter(|format| *format != Sample::None)
        .min_by_key(|format| (bits_of(*format) < bits_of(source.format), bits_of(*format)))
        .ok_or(ffmpeg::Error::EncoderNotFound)?;
    let given = i64::from(source.rate_hz);
    let rates: Vec<i64> = codec
        .rates()
        .map_or_else(Vec::new, |r| r.map(i64::from).collect());
    let rate = rates
        .into_iter()
        .min_by_key(|rate| (*rate < given, (rate - given).abs()))
        .unwrap_or(given);
    let layouts: Vec<ChannelLayout> = codec
        .channel_layouts()
        .map_or_else(Vec::new, Iterator::collect);
    let usual = ChannelLayout::default(source.layout.channels());
    let layout = [
        source.layout,
        usual,
        ChannelLayout::STEREO,
        ChannelLayout::MONO,
    ]
    .into_iter()
    .find(|layout| layouts.is_empty() || layouts.iter().any(|l| l.bits() == layout.bits()));
    Ok(SoundShape {
        rate_hz: u32::try_from(rate).map_err(|_| ffmpeg::Error::InvalidData)?,
        format,
        layout: layout.ok_or(ffmpeg::Error::InvalidData)?,
    })
}

/// Precision of a format, in bits.
fn bits_of(format: Sample) -> u32 {
    match format {
        Sample::None => 0,
        Sample::U8(_) => 8,
        Sample::I16(_) => 16,
        Sample::F32(_) => 24,
        Sample::I32(_) => 32,
        Sample::F64(_) => 53,
        Sample::I64(_) => 64,
    }
}
