//! One stream of sound, time-stretched at its pitch by FFmpeg's `atempo`.

use super::encode::SoundEncoder;
use super::pieces::Pieces;
use super::reader::{STRETCHED_AS, SoundReader};
use crate::clip::Result;
use crate::ffmpeg::filter::{Filter, SoundShape};
use crate::ffmpeg::library::{failed, written};
use crate::ffmpeg::metadata::take_over;
use crate::ffmpeg::origin::Origin;
use crate::ffmpeg::timebase::{Clock, ticks};
use crate::time::{Rational, to_f64, zero};
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format;
use ffmpeg_next::format::context::Output;
use ffmpeg_next::format::stream::Stream;
use ffmpeg_next::packet::side_data;
use ffmpeg_next::{Packet, frame};

/// Samples in a packet of encoders that take any number.
const FREE_PACKET: usize = 4096;

/// One stream of sound on its way.
pub(crate) struct Stretch {
    pieces: Pieces,
    tempo: Filter,
    encoder: SoundEncoder,
    /// Index of the stream in the output.
    target: usize,
    speed: Rational,
    clock: Clock,
    /// Samples given to the encoder.
    made: i64,
    /// Samples there will be, as soon as it is known.
    total: Option<i64>,
    input_ended: bool,
    ended: bool,
    pending: Option<Packet>,
}

impl Stretch {
    /// Opens decoder and encoder for one stream of the source, to be `speed` times slower.
    pub(crate) fn open(
        origin: &Origin,
        stream: usize,
        speed: Rational,
        container: &format::Output,
    ) -> Result<Self> {
        let from = origin.is_part.then_some(origin.start);
        let mut reader = SoundReader::open(&origin.place, stream, from)?;
        let encoder = SoundEncoder::open(container, reader.codec(), reader.shape()?)?;
        let shape = SoundShape {
            format: STRETCHED_AS,
            ..encoder.shape
        };
        reader.convert_to(shape);
        let mut stretch = Self {
            tempo: Filter::for_sound(&tempo_spec(speed, encoder.shape), &shape, encoder.tick())?,
            pieces: Pieces::new(reader, shape, speed),
            encoder,
            target: 0,
            speed,
            clock: Clock::default(),
            made: 0,
            total: None,
            input_ended: false,
            ended: false,
            pending: None,
        };
        stretch.push_silence(lead_samples(shape.rate_hz, to_f64(speed)))?;
        Ok(stretch)
    }

    /// When its sound begins, in seconds of the source.
    pub(crate) fn start(&self) -> Option<Rational> {
        self.pieces.reader.start()
    }

    /// Adds its stream to the output, with the name and marks of the source's.
    pub(crate) fn add_to(&mut self, output: &mut Output, from: &Stream) -> Result<()> {
        self.target = output.nb_streams() as usize;
        let mut to = output
            .add_stream(self.encoder.codec)
            .map_err(|why| failed("adding a stream", why))?;
        to.set_parameters(&self.encoder.encoder);
        to.set_time_base(self.encoder.tick());
        take_over(from, &mut to, |kind| {
            use side_data::Type::{AudioServiceType, ReplayGain};
            matches!(kind, ReplayGain | AudioServiceType)
        })
    }

    /// Says where the output's clock begins; what comes before is left out.
    pub(crate) fn begin(&mut self, clock: Clock) {
        self.clock = clock;
        self.pieces.begin = clock.source_time(zero());
    }

    /// Writes all packets up to `time`, in seconds of the output; all that are left if `None`.
    pub(crate) fn write_until(
        &mut self,
        output: &mut Output,
        time: Option<Rational>,
    ) -> Result<()> {
        loop {
            let Some(packet) = self
                .pending
                .take()
                .map_or_else(|| self.next(), |p| Ok(Some(p)))?
            else {
                return Ok(());
            };
            let at = self.time_of(packet.pts().unwrap_or(0));
            if time.is_some_and(|until| at > until) {
                self.pending = Some(packet);
                return Ok(());
            }
            self.write(output, packet)?;
        }
    }

    /// Writes what is left, up to `end` in seconds of the output if that is given.
    pub(crate) fn finish(&mut self, output: &mut Output, end: Option<Rational>) -> Result<()> {
        if let Some(end) = end {
            let samples = (end - self.time_of(0)) * self.rate();
            let samples = i64::try_from(samples.round().to_integer()).unwrap_or(i64::MAX);
            self.total = Some(self.total.map_or(samples, |total| total.min(samples)));
        }
        self.write_until(output, end)
    }

    /// Samples per second.
    fn rate(&self) -> Rational {
        Rational::from_integer(self.encoder.shape.rate_hz.into())
    }

    /// Seconds of the output at which a sample stands.
    fn time_of(&self, sample: i64) -> Rational {
        let start = self.clock.place(self.pieces.first.unwrap_or_default());
        start + Rational::from_integer(sample.into()) / self.rate()
    }

    fn write(&self, output: &mut Output, mut packet: Packet) -> Result<()> {
        let Some(stream) = output.stream(self.target) else {
            return Ok(());
        };
        let tick = stream.time_base();
        let place = |t: i64| ticks(self.time_of(t), tick);
        let (pts, dts) = (packet.pts().map(place), packet.dts().map(place));
        packet.rescale_ts(self.encoder.tick(), tick); // its duration
        packet.set_pts(pts);
        packet.set_dts(dts);
        packet.set_stream(self.target);
        written("writing", packet.write_interleaved(output))
    }

    /// The next packet.
    fn next(&mut self) -> Result<Option<Packet>> {
        loop {
            if let Some(packet) = self.encoder.receive()? {
                return Ok(Some(packet));
            }
            if self.ended {
                return Ok(None);
            }
            match self.next_block()? {
                Some(mut block) => {
                    block.set_pts(Some(self.made));
                    self.made += block.samples() as i64;
                    self.encoder.send(&block)?;
                }
                None => {
                    self.ended = true;
                    self.encoder.end()?;
                }
            }
        }
    }

    /// The next samples for the encoder.
    fn next_block(&mut self) -> Result<Option<frame::Audio>> {
        loop {
            let left = self.total.map_or(i64::MAX, |total| total - self.made);
            let Ok(left @ 1..) = usize::try_from(left) else {
                return Ok(None);
            };
            let wanted = self.encoder.packet_samples().unwrap_or(FREE_PACKET);
            let wanted = wanted.min(left);
            if let Some(block) = self.tempo.pull_sound(Some(wanted))? {
                return Ok(Some(block));
            }
            if self.input_ended {
                return Ok(None);
            }
            match self.pieces.next()? {
                Some(piece) => self.push(&piece)?,
                None => self.end_input()?,
            }
        }
    }

    /// No more sound comes: the stretched one is `speed` times as long, to the sample.
    fn end_input(&mut self) -> Result<()> {
        self.input_ended = true;
        let exact = Rational::from_integer(self.pieces.taken.into()) * self.speed;
        let exact = i64::try_from(exact.round().to_integer()).unwrap_or(i64::MAX);
        self.total = Some(self.total.map_or(exact, |total| total.min(exact)));
        // `atempo` is short by part of a window: silence after the end pushes out all of it.
        self.push_silence(self.encoder.shape.rate_hz as usize / 4)?;
        self.tempo.close(0)
    }

    /// Gives the filter that many samples of silence.
    fn push_silence(&mut self, samples: usize) -> Result<()> {
        let silence = vec![0.0; self.pieces.length * self.pieces.channels];
        let mut left = samples;
        while left > 0 {
            let count = left.min(self.pieces.length);
            self.push(&silence[..count * self.pieces.channels])?;
            left -= count;
        }
        Ok(())
    }

    /// Gives the filter interleaved samples.
    fn push(&mut self, samples: &[f32]) -> Result<()> {
        let count = samples.len() / self.pieces.channels;
        let layout = self.encoder.shape.layout;
        let mut block = frame::Audio::new(STRETCHED_AS, count, layout);
        if block.planes() != 1 {
            return Err(failed("stretching the sound", ffmpeg::Error::Unknown));
        }
        block.set_rate(self.encoder.shape.rate_hz);
        for (to, from) in block.plane_mut::<f32>(0).iter_mut().zip(samples) {
            *to = *from;
        }
        self.tempo.push_sound(&block)
    }
}

/// The graph that makes sound `speed` times slower, in the encoder's format.
///
/// One `atempo` takes from half to double; several in a row do more.
fn tempo_spec(speed: Rational, shape: SoundShape) -> String {
    let tempo = 1.0 / to_f64(speed);
    let steps = tempo.log2().abs().ceil().max(1.0);
    let each = tempo.powf(1.0 / steps).clamp(0.5, 2.0);
    let chain = vec![format!("atempo={each:.17}"); steps as usize].join(",");
    format!("[in0]{chain},{}[out]", shape.filter())
}

/// Samples of silence to come before the sound, so that it is in step with the picture.
///
/// `atempo` moves what it slows to an earlier time. Clicks, noise and tones came early by 0.3 to
/// 0.45 of its window for each time slower beyond the first, at rates from 16 to 48 kHz; so much
/// silence, once slowed, makes up for it. What it speeds up comes in time.
fn lead_samples(rate_hz: u32, speed: f64) -> usize {
    let window = f64::from((rate_hz / 24).next_power_of_two());
    let early = 0.375 * window * (speed - 1.0).max(0.0);
    (early / speed).round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use ffmpeg_next::ChannelLayout;

    #[test]
    fn no_step_of_the_chain_is_beyond_a_factor_of_two() {
        let shape = SoundShape {
            rate_hz: 48000,
            format: STRETCHED_AS,
            layout: ChannelLayout::STEREO,
        };
        for (speed, steps) in [
            (Rational::new(1, 1), 1),
            (Rational::new(3, 2), 1),
            (Rational::new(2, 1), 1),
            (Rational::new(3, 1), 2),
            (Rational::new(4, 1), 2),
            (Rational::new(1, 5), 3),
            (Rational::new(20000, 1), 15),
        ] {
            let spec = tempo_spec(speed, shape);
            let tempos: Vec<f64> = spec
                .trim_start_matches("[in0]")
                .split(',')
                .filter_map(|filter| filter.strip_prefix("atempo=")?.parse().ok())
                .collect();
            assert_eq!(tempos.len(), steps, "{spec}");
            assert!(tempos.iter().all(|t| (0.5..=2.0).contains(t)), "{spec}");
            let product: f64 = tempos.iter().product();
            assert!((product * to_f64(speed) - 1.0).abs() < 1e-12, "{spec}");
        }
    }
}
