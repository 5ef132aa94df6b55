//! Streams beside the main video: copied packet by packet from the source file, or stretched.

use super::decode::{failed, ratio, seconds};
use super::encoder::small;
use super::ffi;
use super::piped::{dictionary, lasting};
use super::sound::{Sound, Stretch};
use super::source::Origin;
use super::time::{Rational, zero};
use super::{Error, Result};
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::context::{Input, Output};
use ffmpeg_next::format::stream::Stream;
use ffmpeg_next::{Packet, codec, encoder, media};

/// How the times of the source become those of the output, both in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    /// Of the first picture, in the source.
    from: Rational,
    /// Of the first picture, in the output.
    to: Rational,
    /// How many times slower it goes.
    speed: Rational,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            from: zero(),
            to: zero(),
            speed: Rational::from_integer(1),
        }
    }
}

impl Clock {
    /// The time in the output.
    pub(super) fn place(&self, source: Rational) -> Rational {
        (source - self.from) * self.speed + self.to
    }

    /// The time in the source that becomes `time` in the output.
    pub(super) fn source_time(&self, time: Rational) -> Rational {
        (time - self.to) / self.speed + self.from
    }
}

/// All that is not the main video, from the source file, which is read again for it.
///
/// It is read as far as the video has been written, so that little is held in memory, however
/// long the clip.
pub(super) struct Copies {
    origin: Origin,
    slowdown: Rational,
    /// The packets that go at the picture's speed.
    with_picture: Reader,
    /// The packets of sound that goes at its own speed, if that is another. It is read for itself:
    /// where it is when the picture is half through, all else is not yet.
    own_speed: Option<Reader>,
    stretched: Vec<Stretch>,
    /// When the first picture is shown in the output, in seconds.
    start: Rational,
}

/// What becomes of the streams beside the video that is retimed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// How many are copied.
    pub copied: usize,
    /// How many of sound are slowed with the picture and encoded again.
    pub stretched: usize,
    /// The others, such as `stream 1 (audio, aac)`.
    pub left_out: Vec<String>,
}

/// What becomes of a stream.
enum Fate {
    Copied,
    /// Sound that is copied though the picture is slowed.
    AtOwnSpeed,
    Stretched(Box<Stretch>),
    /// Left out, as the user wants.
    Dropped,
    /// Left out: the container cannot hold it.
    Unfit,
    /// Left out: it cannot be stretched.
    Failed(Error),
}

impl Copies {
    /// Opens the source file again; the picture is to be `slowdown` times slower.
    pub(super) fn open(origin: &Origin, slowdown: Rational) -> Result<Self> {
        Ok(Self {
            with_picture: Reader::open(origin)?,
            own_speed: None,
            stretched: Vec::new(),
            origin: origin.clone(),
            slowdown,
            start: zero(),
        })
    }

    /// When the first picture is shown, in seconds: the earliest stream starts at 0.
    pub(super) fn start(&self) -> Rational {
        self.start
    }

    /// How many streams are copied.
    pub(super) fn copied(&self) -> usize {
        self.with_picture.count() + self.own_speed.as_ref().map_or(0, Reader::count)
    }

    /// How many streams of sound are slowed with the picture.
    pub(super) fn stretched(&self) -> usize {
        self.stretched.len()
    }

    /// Adds a stream to the output for every stream that the container can hold, and calls
    /// `add_main` for the main one. Tags and chapters are taken over too. Returns sentences on what
    /// is left out.
    pub(super) fn add_to(
        &mut self,
        output: &mut Output,
        mut add_main: impl FnMut(&mut Output, &Stream) -> Result<()>,
    ) -> Result<Vec<String>> {
        let mut notes = Vec::new();
        let mut unfit = Vec::new();
        let mut start = zero();
        // An own reader, so that those of the packets can be told what to pass over.
        let source = self.origin.place.open()?;
        for stream in source.streams() {
            let index = stream.index();
            if index == self.origin.stream {
                add_main(output, &stream)?;
                continue;
            }
            let mut speed = self.slowdown;
            let mut begins = start_of(&stream);
            match self.fate(&stream, &output.format()) {
                Fate::Copied => self.with_picture.add(output, &stream, speed)?,
                Fate::AtOwnSpeed => {
                    speed = Rational::from_integer(1);
                    let reader = match self.own_speed.take() {
                        Some(reader) => reader,
                        None => Reader::open(&self.origin)?,
                    };
                    self.own_speed.insert(reader).add(output, &stream, speed)?;
                }
                Fate::Stretched(mut sound) => {
                    sound.add_to(output, &stream)?;
                    begins = sound.start().or(begins);
                    self.stretched.push(*sound);
                }
                Fate::Dropped => continue,
                Fate::Unfit => {
                    if !is_made_anew(&output.format(), &stream) {
                        unfit.push(name_of(&stream));
                    }
                    continue;
                }
                Fate::Failed(why) => {
                    let name = name_of(&stream);
                    notes.push(format!("left out: {name}; it cannot be stretched: {why}"));
                    continue;
                }
            }
            if let Some(begins) = begins {
                start = start.max((self.origin.start - begins) * speed);
            }
        }
        if !unfit.is_empty() {
            let unfit = unfit.join(", ");
            notes.push(format!("left out: {unfit}; the container cannot hold them"));
        }
        self.begin(if self.origin.is_part { zero() } else { start });
        let clock = self.clock(self.slowdown);
        take_over_container(&source, output, clock)?;
        Ok(notes)
    }

    fn fate(&self, stream: &Stream, container: &ffmpeg::format::Output) -> Fate {
        let medium = stream.parameters().medium();
        let is_sound = medium == media::Type::Audio;
        let is_slowed = self.slowdown != Rational::from_integer(1);
        if is_sound && self.origin.sound == Sound::Drop {
            return Fate::Dropped;
        }
        let id = stream.parameters().id();
        // Files of any kind, of which fonts and pictures alone have a codec.
        if medium == media::Type::Attachment && container.name() == "matroska" {
            return Fate::Copied;
        }
        if !ffi::holds_several(container) || id == codec::Id::None {
            return Fate::Unfit;
        }
        if is_sound && is_slowed && self.origin.sound == Sound::Stretch {
            return match Stretch::open(&self.origin, stream.index(), self.slowdown, container) {
                Ok(sound) => Fate::Stretched(Box::new(sound)),
                Err(why) => Fate::Failed(why),
            };
        }
        match ffi::can_hold(container, id) {
            true if is_sound && is_slowed => Fate::AtOwnSpeed,
            true => Fate::Copied,
            false => Fate::Unfit,
        }
    }

    /// What would become of the streams in such a container.
    pub(super) fn fates(&self, container: &ffmpeg::format::Output) -> Result<Beside> {
        let mut found = Beside::default();
        let source = self.origin.place.open()?;
        let streams = source.streams();
        for stream in streams.filter(|s| s.index() != self.origin.stream) {
            match self.fate(&stream, container) {
                Fate::Copied | Fate::AtOwnSpeed => found.copied += 1,
                Fate::Stretched(_) => found.stretched += 1,
                Fate::Dropped => found.left_out.push(name_of(&stream)),
                Fate::Unfit if is_made_anew(container, &stream) => {}
                Fate::Unfit | Fate::Failed(_) => found.left_out.push(name_of(&stream)),
            }
        }
        Ok(found)
    }

    fn clock(&self, speed: Rational) -> Clock {
        Clock {
            from: self.origin.start,
            to: self.start,
            speed,
        }
    }

    /// The first picture is shown at `start` seconds of the output.
    fn begin(&mut self, start: Rational) {
        self.start = start;
        let clock = self.clock(self.slowdown);
        self.with_picture.begin(clock);
        for sound in &mut self.stretched {
            sound.begin(clock);
        }
        let clock = self.clock(Rational::from_integer(1));
        if let Some(reader) = &mut self.own_speed {
            reader.begin(clock);
        }
    }

    fn readers(&mut self) -> impl Iterator<Item = &mut Reader> {
        [&mut self.with_picture]
            .into_iter()
            .chain(&mut self.own_speed)
    }

    /// Writes all packets up to `time`, in seconds of the output.
    pub(super) fn write_until(&mut self, output: &mut Output, time: Rational) -> Result<()> {
        for reader in self.readers() {
            reader.write_until(output, Some(time))?;
        }
        let mut sounds = self.stretched.iter_mut();
        sounds.try_for_each(|sound| sound.write_until(output, Some(time)))
    }

    /// Writes all packets that are left; of a part of the source, those before `end` in seconds
    /// of the output.
    pub(super) fn finish(&mut self, output: &mut Output, end: Rational) -> Result<()> {
        let end = self.origin.is_part.then_some(end);
        for reader in self.readers() {
            reader.write_until(output, end)?;
        }
        let mut sounds = self.stretched.iter_mut();
        sounds.try_for_each(|sound| sound.finish(output, end))
    }
}

/// Packets of the source file on their way, at one speed.
struct Reader {
    input: Input,
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
    fn open(origin: &Origin) -> Result<Self> {
        let input = origin.place.open()?;
        Ok(Self {
            streams: input.streams().map(|_| None).collect(),
            input,
            clock: Clock::default(),
            is_part: origin.is_part,
            has_edit_lists: false,
            pending: None,
        })
    }

    fn count(&self) -> usize {
        self.streams.iter().flatten().count()
    }

    /// Adds a stream to the output, to be filled from the source's of the same index.
    fn add(&mut self, output: &mut Output, stream: &Stream, speed: Rational) -> Result<()> {
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
    fn begin(&mut self, clock: Clock) {
        self.clock = clock;
        for (index, copied) in self.streams.iter().enumerate() {
            if copied.is_none()
                && let Some(mut stream) = self.input.stream_mut(index)
            {
                ffi::discard(&mut stream);
            }
        }
    }

    /// Writes all packets up to `time`, in seconds of the output; all that are left if `None`.
    fn write_until(&mut self, output: &mut Output, time: Option<Rational>) -> Result<()> {
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
            match packet.read(&mut self.input) {
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
        if self.has_edit_lists || !ffi::is_hidden(packet) {
            return false;
        }
        let Some(stream) = self.input.stream(packet.stream()) else {
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
        let tick = ratio(self.input.stream(packet.stream())?.time_base())?;
        let time = packet.dts().or(packet.pts())?;
        Some(self.clock.place(tick * Rational::from_integer(time.into())))
    }

    fn write(&mut self, output: &mut Output, mut packet: Packet) -> Result<()> {
        let (Some(source), Some(Some(copied))) = (
            self.input.stream(packet.stream()),
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

/// The outcome of writing; a reader that went away is no failure of FFmpeg's.
pub(super) fn written(doing: &str, outcome: std::result::Result<(), ffmpeg::Error>) -> Result<()> {
    outcome.map_err(|why| match why {
        ffmpeg::Error::Other { errno } if errno == ffmpeg::error::EPIPE => {
            Error::Io(std::io::ErrorKind::BrokenPipe.into())
        }
        why => failed(doing, why),
    })
}

/// When a stream of pictures or sound begins, in seconds; `None` for others, which come when they
/// are due.
fn start_of(stream: &Stream) -> Option<Rational> {
    let medium = stream.parameters().medium();
    let counts = matches!(medium, media::Type::Audio | media::Type::Video);
    counts.then(|| seconds(stream.start_time(), ratio(stream.time_base())?))?
}

/// Seconds as the nearest number of ticks.
pub(super) fn ticks(seconds: Rational, tick: ffmpeg::Rational) -> i64 {
    ratio(tick).map_or(0, |tick| ticks_of(seconds, tick))
}

/// Seconds as the nearest number of ticks of `tick` seconds, which is positive.
pub(super) fn ticks_of(seconds: Rational, tick: Rational) -> i64 {
    i64::try_from((seconds / tick).round().to_integer()).unwrap_or(0)
}

fn is_quicktime(container: &ffmpeg::format::Output) -> bool {
    matches!(container.name(), "mp4" | "mov" | "ipod")
}

/// The track of time codes in QuickTime files, which the muxer makes of the video's `timecode` tag.
fn is_made_anew(container: &ffmpeg::format::Output, stream: &Stream) -> bool {
    is_quicktime(container)
        && ffi::codec_tag(stream) == *b"tmcd"
        && stream.metadata().get("timecode").is_some()
}

/// `stream 3 (subtitle, subrip)`.
pub(super) fn name_of(stream: &Stream) -> String {
    let kind = match stream.parameters().medium() {
        media::Type::Video => "video",
        media::Type::Audio => "audio",
        media::Type::Subtitle => "subtitle",
        media::Type::Attachment => "attachment",
        media::Type::Data | media::Type::Unknown => "data",
    };
    match stream.parameters().id() {
        codec::Id::None => format!("stream {} ({kind})", stream.index()),
        id => format!("stream {} ({kind}, {})", stream.index(), id.name()),
    }
}

/// Adds a stream for packets that go so many times slower than in the source.
fn add_copy(output: &mut Output, from: &Stream, speed: Rational) -> Result<()> {
    let container = output.format();
    let mut to = output
        .add_stream(encoder::find(codec::Id::None))
        .map_err(|why| failed("adding a stream", why))?;
    to.set_parameters(from.parameters());
    ffi::settle_codec_tag(&container, &mut to);
    to.set_time_base(from.time_base());
    let slowed = |rate| ratio(rate).and_then(|rate| small(rate / speed).ok());
    to.set_avg_frame_rate(slowed(from.avg_frame_rate()).unwrap_or(ffmpeg::Rational(0, 1)));
    to.set_rate(slowed(from.rate()).unwrap_or(ffmpeg::Rational(0, 1)));
    take_over(from, &mut to, |_| true)
}

/// Metadata, disposition and the wanted side data of a stream.
pub(super) fn take_over(
    from: &Stream,
    to: &mut ffmpeg::format::stream::StreamMut,
    wanted: impl Fn(ffmpeg::packet::side_data::Type) -> bool,
) -> Result<()> {
    to.set_metadata(dictionary(&lasting(from.metadata().iter())));
    ffi::copy_disposition(from, to);
    ffi::copy_side_data(from, to, wanted).map_err(|why| failed("copying stream data", why))
}

/// Container tags and chapters; chapters are stretched with the picture.
fn take_over_container(from: &Input, output: &mut Output, clock: Clock) -> Result<()> {
    output.set_metadata(dictionary(&lasting(from.metadata().iter())));
    let tick = ffmpeg::Rational(1, 1_000_000);
    for chapter in from.chapters() {
        let Some(base) = ratio(chapter.time_base()) else {
            continue;
        };
        let place = |t: i64| {
            let time = clock.place(base * Rational::from_integer(t.into()));
            ticks(time.max(zero()), tick)
        };
        let (start, end) = (place(chapter.start()), place(chapter.end()));
        if end == 0 {
            continue; // Over before the first picture.
        }
        let title = chapter.metadata().get("title").unwrap_or("").to_owned();
        let added = output.add_chapter(chapter.id(), tick, start, end.max(start), &title);
        let mut added = added.map_err(|_| Error::Invalid("its chapters are broken".to_owned()))?;
        for (key, value) in chapter.metadata().iter() {
            added.set_metadata(key, value);
        }
    }
    Ok(())
}
