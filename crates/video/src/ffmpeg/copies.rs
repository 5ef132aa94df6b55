//! Streams beside the main video: copied packet by packet, or sound that is stretched and encoded again.

use super::container::{is_quicktime, text_codec};
use super::metadata::{dictionary, lasting, name_of};
use super::origin::Origin;
use super::remux::Reader;
use super::sound::Stretch;
use super::timebase::{Clock, ratio, seconds, ticks};
use crate::clip::{Error, Result};
use crate::facts::Beside;
use crate::ffi;
use crate::ffi::subtitle::{Converter, is_text};
use crate::options::Sound;
use crate::time::{Rational, zero};
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::context::{Input, Output};
use ffmpeg_next::format::stream::Stream;
use ffmpeg_next::{codec, format, media};

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

/// What becomes of a stream.
enum Fate {
    Copied,
    /// Subtitles of text, copied as another codec.
    Converted(Box<Converter>),
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
                Fate::Copied => self.with_picture.add(output, &stream, speed, None)?,
                Fate::Converted(converter) => {
                    let codec = text_codec(&output.format()).unwrap_or(codec::Id::None);
                    let (name, codec) = (name_of(&stream), codec.name());
                    notes.push(format!(
                        "{name} is written as {codec}, without what that cannot say"
                    ));
                    let converter = Some(*converter);
                    self.with_picture.add(output, &stream, speed, converter)?;
                }
                Fate::AtOwnSpeed => {
                    speed = Rational::from_integer(1);
                    let reader = match self.own_speed.take() {
                        Some(reader) => reader,
                        None => Reader::open(&self.origin)?,
                    };
                    let reader = self.own_speed.insert(reader);
                    reader.add(output, &stream, speed, None)?;
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
        take_over_container(&source, output, clock, self.end())?;
        Ok(notes)
    }

    fn fate(&self, stream: &Stream, container: &format::Output) -> Fate {
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
        if !ffi::container::holds_several(container) || id == codec::Id::None {
            return Fate::Unfit;
        }
        if is_sound && is_slowed && self.origin.sound == Sound::Stretch {
            return match Stretch::open(&self.origin, stream.index(), self.slowdown, container) {
                Ok(sound) => Fate::Stretched(Box::new(sound)),
                Err(why) => Fate::Failed(why),
            };
        }
        match ffi::container::can_hold(container, id) {
            true if is_sound && is_slowed => Fate::AtOwnSpeed,
            true => Fate::Copied,
            false => converter(stream, container).map_or(Fate::Unfit, |converter| {
                Fate::Converted(Box::new(converter))
            }),
        }
    }

    /// What would become of the streams in such a container.
    pub(super) fn fates(&self, container: &format::Output) -> Result<Beside> {
        let mut found = Beside::default();
        let source = self.origin.place.open()?;
        let streams = source.streams();
        for stream in streams.filter(|s| s.index() != self.origin.stream) {
            match self.fate(&stream, container) {
                Fate::Copied | Fate::Converted(_) | Fate::AtOwnSpeed => found.copied += 1,
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
        let (clock, end) = (self.clock(self.slowdown), self.end());
        self.with_picture.begin(clock, end);
        for sound in &mut self.stretched {
            sound.begin(clock);
        }
        let clock = self.clock(Rational::from_integer(1));
        if let Some(reader) = &mut self.own_speed {
            reader.begin(clock, end);
        }
    }

    /// Where the picture of a part ends in the output, in seconds, as far as it is known.
    fn end(&self) -> Option<Rational> {
        let until = self.origin.until?;
        Some(self.clock(self.slowdown).place(until))
    }

    fn readers(&mut self) -> impl Iterator<Item = &mut Reader> {
        [&mut self.with_picture]
            .into_iter()
            .chain(&mut self.own_speed)
    }

    /// Writes all packets up to `time`, in seconds of the output.
    pub(super) fn write_until(&mut self, output: &mut Output, time: Rational) -> Result<()> {
        for reader in self.readers() {
            reader.write_until(output, time)?;
        }
        let mut sounds = self.stretched.iter_mut();
        sounds.try_for_each(|sound| sound.write_until(output, Some(time)))
    }

    /// Writes all packets that are left; of a part of the source, those before `end` in seconds
    /// of the output.
    pub(super) fn finish(&mut self, output: &mut Output, end: Rational) -> Result<()> {
        let end = self.origin.is_part.then_some(end);
        for reader in self.readers() {
            reader.finish(output, end)?;
        }
        let mut sounds = self.stretched.iter_mut();
        sounds.try_for_each(|sound| sound.finish(output, end))?;
        // A list may have ended early: what is copied is not whole then.
        self.origin.place.check_end()
    }
}

/// What makes of subtitles those that the container can hold, if both are text.
fn converter(stream: &Stream, container: &format::Output) -> Option<Converter> {
    let target = text_codec(container).filter(|_| is_text(stream.parameters().id()))?;
    Converter::open(stream.parameters(), stream.time_base(), target).ok()
}

/// When a stream of pictures or sound begins, in seconds; `None` for others, which come when they
/// are due.
fn start_of(stream: &Stream) -> Option<Rational> {
    let medium = stream.parameters().medium();
    let counts = matches!(medium, media::Type::Audio | media::Type::Video);
    counts.then(|| seconds(stream.start_time(), ratio(stream.time_base())?))?
}

/// The track of time codes in QuickTime files, which the muxer makes of the video's `timecode` tag.
fn is_made_anew(container: &format::Output, stream: &Stream) -> bool {
    is_quicktime(container)
        && ffi::stream::codec_tag(stream) == *b"tmcd"
        && stream.metadata().get("timecode").is_some()
}

/// Container tags and chapters; chapters are stretched with the picture, and of a part cut to it.
fn take_over_container(
    from: &Input,
    output: &mut Output,
    clock: Clock,
    until: Option<Rational>,
) -> Result<()> {
    output.set_metadata(dictionary(&lasting(from.metadata().iter())));
    let tick = ffmpeg::Rational(1, 1_000_000);
    for chapter in from.chapters() {
        let Some(base) = ratio(chapter.time_base()) else {
            continue;
        };
        let place = |t: i64| {
            let time = clock.place(base * Rational::from_integer(t.into()));
            let time = until.map_or(time, |until| time.min(until));
            ticks(time.max(zero()), tick)
        };
        let until = until.map_or(i64::MAX, |until| ticks(until, tick));
        let (start, end) = (place(chapter.start()), place(chapter.end()));
        if end == 0 || start >= until {
            continue; // Over before the first picture, or not begun at the last.
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
