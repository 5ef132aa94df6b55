//! Sound that is slowed with the picture, at its own pitch: decoded, stretched, encoded again.

mod encode;
mod reader;

use super::Result;
use super::decode::failed;
use super::filter::{Filter, SoundShape};
use super::mux::{self, Clock};
use super::source::Origin;
use super::time::{Rational, to_f64, zero};
use encode::SoundEncoder;
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::context::Output;
use ffmpeg_next::format::sample::Type;
use ffmpeg_next::format::stream::Stream;
use ffmpeg_next::format::{self, Sample};
use ffmpeg_next::packet::side_data;
use ffmpeg_next::{Packet, frame};
use reader::{Block, SoundReader};

/// What becomes of sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sound {
    /// It lasts as long as the picture: copied, or in slow motion stretched at its pitch.
    #[default]
    Stretch,
    /// It is copied at its own speed, in slow motion too.
    Copy,
    /// It is left out.
    Drop,
}

/// Seconds by which the times of a source may differ from the count of its samples. Containers
/// round times, and recorders are not exact; beyond it something is missing, or there twice.
const TOLERANCE_S: (i128, i128) = (1, 20);
/// Seconds without sound from which on the source's times are held for broken.
const LONGEST_GAP_S: i128 = 3600;
/// The same for sound that comes twice.
const LONGEST_REPEAT_S: i128 = 1;
/// Samples of output, about, that a piece of input may become: it bounds what is in memory.
const PIECE_BECOMES: f64 = 65536.0;
/// Samples in a packet of encoders that take any number.
const FREE_PACKET: usize = 4096;
/// How FFmpeg's `atempo` is given sound.
const STRETCHED_AS: Sample = Sample::F32(Type::Packed);

/// One stream of sound on its way.
pub(super) struct Stretch {
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
    ///
    /// # Errors
    /// [`Error`](super::Error) if its sound cannot be decoded, or the container takes none that can be encoded.
    pub(super) fn open(
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
    pub(super) fn start(&self) -> Option<Rational> {
        self.pieces.reader.start()
    }

    /// Adds its stream to the output, with the name and marks of the source's.
    pub(super) fn add_to(&mut self, output: &mut Output, from: &Stream) -> Result<()> {
        self.target = output.nb_streams() as usize;
        let mut to = output
            .add_stream(self.encoder.codec)
            .map_err(|why| failed("adding a stream", why))?;
        to.set_parameters(&self.encoder.encoder);
        to.set_time_base(self.encoder.tick());
        mux::take_over(from, &mut to, |kind| {
            use side_data::Type::{AudioServiceType, ReplayGain};
            matches!(kind, ReplayGain | AudioServiceType)
        })
    }

    /// Says where the output's clock begins; what comes before is left out.
    pub(super) fn begin(&mut self, clock: Clock) {
        self.clock = clock;
        self.pieces.begin = clock.source_time(zero());
    }

    /// Writes all packets up to `time`, in seconds of the output; all that are left if `None`.
    pub(super) fn write_until(
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
    pub(super) fn finish(&mut self, output: &mut Output, end: Option<Rational>) -> Result<()> {
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
        let place = |t: i64| mux::ticks(self.time_of(t), tick);
        let (pts, dts) = (packet.pts().map(place), packet.dts().map(place));
        packet.rescale_ts(self.encoder.tick(), tick); // its duration
        packet.set_pts(pts);
        packet.set_dts(dts);
        packet.set_stream(self.target);
        mux::written("writing", packet.write_interleaved(output))
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

/// The source's sound in small pieces without gaps: where its times say that there is none,
/// silence.
struct Pieces {
    reader: SoundReader,
    /// Samples per second.
    rate: Rational,
    channels: usize,
    /// Samples in a piece, at most.
    length: usize,
    /// Seconds of the source before which nothing is taken.
    begin: Rational,
    /// Seconds of the source at which the first sample stands.
    first: Option<Rational>,
    /// Samples handed out.
    taken: i64,
    /// Samples of silence to be handed out next.
    silence: i64,
    /// Then come these, interleaved, from `at` on.
    waiting: Vec<f32>,
    at: usize,
}

impl Pieces {
    fn new(reader: SoundReader, shape: SoundShape, speed: Rational) -> Self {
        let length = (PIECE_BECOMES / to_f64(speed)).clamp(16.0, 4096.0);
        let channels = usize::try_from(shape.layout.channels()).unwrap_or(1);
        Self {
            reader,
            rate: Rational::from_integer(shape.rate_hz.into()),
            channels,
            length: length as usize,
            begin: zero(),
            first: None,
            taken: 0,
            silence: 0,
            waiting: Vec::new(),
            at: 0,
        }
    }

    /// The next interleaved samples; `None` at the end.
    fn next(&mut self) -> Result<Option<Vec<f32>>> {
        loop {
            if self.silence > 0 {
                let count = self.silence.min(self.length as i64);
                self.silence -= count;
                self.taken += count;
                return Ok(Some(vec![0.0; count as usize * self.channels]));
            }
            let left = &self.waiting[self.at..];
            if !left.is_empty() {
                let piece = left[..left.len().min(self.length * self.channels)].to_vec();
                self.at += piece.len();
                self.taken += (piece.len() / self.channels) as i64;
                return Ok(Some(piece));
            }
            match self.reader.next()? {
                Some(block) => self.place(block),
                None => return Ok(None),
            }
        }
    }

    /// Puts a block where its time says.
    fn place(&mut self, block: Block) {
        let count = (block.samples.len() / self.channels) as i64;
        let samples = |seconds: Rational| {
            let count = (seconds * self.rate).round().to_integer();
            i64::try_from(count).unwrap_or(i64::MAX)
        };
        let seconds = |samples: i64| Rational::from_integer(samples.into()) / self.rate;
        let mut skipped = 0;
        match (self.first, block.time) {
            (None, time) => {
                let time = time.unwrap_or(self.begin);
                skipped = samples(self.begin - time).max(0);
                if skipped < count {
                    self.first = Some(time.max(self.begin));
                }
            }
            (Some(_), None) => {}
            (Some(first), Some(time)) => {
                let gap = samples(time - first).saturating_sub(self.taken);
                let tolerance = samples(Rational::new(TOLERANCE_S.0, TOLERANCE_S.1));
                let believed = -samples(LONGEST_REPEAT_S.into())..=samples(LONGEST_GAP_S.into());
                if !believed.contains(&gap) {
                    self.first = Some(time - seconds(self.taken));
                } else if gap > tolerance {
                    self.silence = gap;
                } else if gap < -tolerance {
                    skipped = -gap;
                }
            }
        }
        self.at = skipped.min(count) as usize * self.channels;
        self.waiting = block.samples;
    }
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
