//! Clips read through FFmpeg, as pictures.

use super::decode::{
    Decoder, Pick, average_rate, failed, open_input, ratio, real_duration, seconds,
    start_without_time,
};
use super::ffi::{self, Scaler, Side};
use super::filter::Deinterlacer;
use super::hdr::Extras;
use super::piped::Piped;
use super::place::{Place, open_raw, open_stream};
use super::raw::RawVideo;
use super::skip;
use super::sound::Sound;
use super::time::{Cadence, Rational};
use super::{Error, Frame, Info, Result, Siting, Source, pixel};
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::format::context::Input;
use ffmpeg_next::{color, frame};
use otinterp::picture::{ColorModel, Format};
use otinterp::timings::{Stage, stage};
use std::collections::VecDeque;
use std::io::Read;
use std::path::Path;

/// What the colours of a clip mean, as it says itself, to be written again.
#[derive(Debug, Clone, Copy)]
pub(super) struct ColorTags {
    pub(super) range: color::Range,
    pub(super) primaries: color::Primaries,
    pub(super) transfer: color::TransferCharacteristic,
    pub(super) matrix: color::Space,
    pub(super) chroma: ffmpeg::chroma::Location,
}

/// What a file written after this source takes over from it.
#[derive(Debug, Clone)]
pub struct Origin {
    pub(super) place: Place,
    pub(super) stream: usize,
    pub(super) tags: ColorTags,
    pub(super) extras: Extras,
    /// Of a pipe, what could be told at its beginning.
    pub(super) piped: Option<Piped>,
    /// Time of the first frame on the file's clock, in seconds.
    pub(super) start: Rational,
    /// Seconds in which the source counts its times.
    pub(super) tick: Rational,
    /// Seconds between its frames, as it declares them.
    pub(super) interval: Rational,
    /// Whether only a part of the source is shown, to which the streams beside it are cut.
    pub(super) is_part: bool,
    /// What becomes of its sound.
    pub(super) sound: Sound,
}

impl Origin {
    /// Only a part of the source is shown, whose first frame stands at `start` seconds on the file's clock.
    pub fn restrict(&mut self, start: Rational) {
        self.start = start;
        self.is_part = true;
    }

    /// Says what becomes of its sound; by default it lasts as long as the picture.
    pub fn set_sound(&mut self, sound: Sound) {
        self.sound = sound;
    }
}

/// How a clip is to be read.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadOptions {
    /// Threads of the decoder; `None` lets FFmpeg choose.
    pub threads: Option<usize>,
    /// RGB is converted to 4:4:4 Y′CbCr BT.709 and alpha is left out, for outputs that hold only
    /// those.
    pub as_yuv: bool,
    /// Interlaced frames are made whole with FFmpeg's `bwdif`, one for each.
    pub deinterlace: bool,
    /// Which of the video streams, from 0; `None` for the one that FFmpeg holds for the main one.
    pub video_stream: Option<usize>,
}

/// Time and duration of a frame, in seconds, as far as it says.
type Times = (Option<Rational>, Option<Rational>);

/// One video stream of a file.
///
/// Planar YUV, RGB and grey are taken sample by sample; packed and palette formats become RGB.
pub struct FileSource {
    place: Place,
    raw: Option<RawVideo>,
    piped: Option<Piped>,
    decoder: Decoder,
    /// Of the decoder, as the user wants it.
    threads: Option<usize>,
    /// The first two, decoded ahead: they tell the format, and that there is something between.
    ahead: VecDeque<frame::Video>,
    /// Pixel format, width and height of the first frame: what all others must have.
    shape: (Pixel, u32, u32),
    read_as: Pixel,
    scaler: Option<Scaler>,
    tags: ColorTags,
    extras: Extras,
    deinterlaces: bool,
    deinterlacer: Option<Deinterlacer<Times>>,
    info: Info,
    tick: Rational,
    interval: Rational,
    start: Rational,
    /// How many of the first packets do not say their times, where the later ones do.
    untimed: u64,
    cadence: Cadence,
    announced_frames: u64,
    frames: u64,
    ended: bool,
}

impl FileSource {
    /// Opens the best video stream of a clip, its fields as they are.
    ///
    /// `threads` limits the decoder's threads; for `as_yuv` see [`ReadOptions`].
    ///
    /// # Errors
    /// Those of [`FileSource::open_with`].
    pub fn open(path: &Path, threads: Option<usize>, as_yuv: bool) -> Result<Self> {
        let options = ReadOptions {
            threads,
            as_yuv,
            ..ReadOptions::default()
        };
        Self::open_with(path, &options)
    }

    /// Opens a clip, or numbered images by their pattern `in_%04d.png`, and decodes the first two
    /// frames.
    ///
    /// # Errors
    /// [`Error`] if there is no such file, it is no clip, it has no such video stream, or nothing
    /// of its video can be decoded.
    pub fn open_with(path: &Path, options: &ReadOptions) -> Result<Self> {
        let input = open_input(path)?;
        Self::of(input, Place::File(path.to_owned()), None, options)
    }

    /// As [`FileSource::open_with`], from what cannot be wound back. Streams beside the video are passed over.
    ///
    /// # Errors
    /// Those of [`FileSource::open_with`].
    pub fn open_pipe(reader: impl Read + Send + 'static, options: &ReadOptions) -> Result<Self> {
        Self::of(open_stream(reader)?, Place::Pipe, None, options)
    }

    /// As [`FileSource::open_with`], a file of raw video; from standard input where there is no file.
    ///
    /// # Errors
    /// [`Error`] if there is no such file, or FFmpeg does not know the pixel format.
    pub fn open_raw(path: Option<&Path>, raw: &RawVideo, options: &ReadOptions) -> Result<Self> {
        let place = match path {
            Some(path) => Place::Raw(path.to_owned(), raw.clone()),
            None => Place::Pipe,
        };
        Self::of(open_raw(path, raw)?, place, Some(raw), options)
    }

    fn of(
        input: Input,
        place: Place,
        raw: Option<&RawVideo>,
        options: &ReadOptions,
    ) -> Result<Self> {
        let pick = options.video_stream.map_or(Pick::Best, Pick::Nth);
        let mut decoder = Decoder::of(input, pick, options.threads)?;
        let ahead: VecDeque<_> = (0..2).map_while(|_| decoder.next()).collect();
        let first = match (ahead.front(), ahead.len()) {
            (Some(first), 2..) => first,
            (Some(_), _) => {
                return Err(Error::Invalid(
                    "it has only one frame: there is nothing in between".to_owned(),
                ));
            }
            (None, _) if raw.is_some() => {
                let why = "it does not hold one frame of this size and pixel format";
                return Err(Error::Invalid(why.to_owned()));
            }
            (None, _) if place.is_pipe() => {
                let why = "not one frame of its video can be decoded; on a pipe, MP4 needs its index first (faststart)";
                return Err(Error::Invalid(why.to_owned()));
            }
            (None, _) => {
                return Err(Error::Invalid(
                    "not one frame of its video can be decoded".to_owned(),
                ));
            }
        };
        let shape = (first.format(), first.width(), first.height());
        let read_as = match pixel::readable(shape.0) {
            p if options.as_yuv => pixel::without_rgb_and_alpha(p),
            p => p,
        };
        let tags = tags_of(first, read_as);
        let format = pixel::format_of(read_as, tags.range, tags.matrix, shape.2)
            .ok_or_else(|| Error::Invalid(format!("pixel format {:?} cannot be read", shape.0)))?;
        let stream = decoder.stream()?;
        let (tick, rates) = match raw {
            Some(raw) => (raw.rate.recip(), [Some(raw.rate); 2]),
            None => {
                let tick = ratio(stream.time_base())
                    .ok_or_else(|| Error::Invalid("its video has no clock".to_owned()))?;
                (tick, [stream.rate(), stream.avg_frame_rate()].map(ratio))
            }
        };
        let interval = rates[0]
            .or(rates[1])
            .unwrap_or(Rational::from_integer(25))
            .recip();
        let container = Rational::new(decoder.input.duration().into(), 1_000_000);
        let duration = seconds(stream.duration(), tick).or(raw.is_none().then_some(container));
        let interlaced = ahead.iter().any(frame::Video::is_interlaced);
        let deinterlacer = (interlaced && options.deinterlace)
            .then(|| Deinterlacer::new((read_as, shape.1, shape.2)))
            .transpose()?;
        let aspect = ratio(first.aspect_ratio()).map(|a| (*a.numer() as u32, *a.denom() as u32));
        let info = Info {
            width: shape.1 as usize,
            height: shape.2 as usize,
            format,
            rate: rates[1].or(rates[0]),
            duration: duration.filter(|d| *d > Rational::from_integer(0)),
            sample_aspect: aspect,
            interlaced: interlaced && deinterlacer.is_none(),
            siting: siting_of(tags.chroma),
        };
        let extras = Extras::of(first, &stream);
        let piped = place
            .is_pipe()
            .then(|| Piped::of(&decoder.input, decoder.stream));
        let announced_frames = u64::try_from(stream.frames()).unwrap_or(0);
        let (untimed, start) = match first.timestamp().and_then(|t| seconds(t, tick)) {
            Some(start) => (0, start),
            None if place.is_pipe() => (0, Rational::from_integer(0)),
            None => start_without_time(place.open()?, stream.index(), tick, interval)?
                .unwrap_or_default(),
        };
        Ok(Self {
            place,
            raw: raw.cloned(),
            piped,
            ahead,
            shape,
            read_as,
            scaler: None,
            tags,
            extras,
            deinterlaces: deinterlacer.is_some(),
            deinterlacer,
            info,
            tick,
            interval,
            start,
            untimed,
            cadence: Cadence::new(tick, interval).from(start),
            announced_frames,
            frames: 0,
            ended: false,
            threads: options.threads,
            decoder,
        })
    }

    /// Frames per second on average, exactly; may read the file once. Those of a pipe are as it declares them.
    ///
    /// # Errors
    /// [`Error`] if the file can no longer be opened.
    pub fn average_rate(&self) -> Result<Option<Rational>> {
        if self.raw.is_some() || self.place.is_pipe() {
            return Ok(self.info.rate);
        }
        average_rate(self.place.open()?, self.decoder.stream)
    }

    /// What a file written after this source takes over.
    pub fn origin(&self) -> Origin {
        Origin {
            place: self.place.clone(),
            stream: self.decoder.stream,
            tags: self.tags,
            extras: self.extras.clone(),
            piped: self.piped.clone(),
            start: self.start,
            tick: self.tick,
            interval: self.interval,
            is_part: false,
            sound: Sound::default(),
        }
    }

    /// FFmpeg's name of the clip's pixel format.
    pub fn pixel_format(&self) -> &'static str {
        self.shape.0.descriptor().map_or("unknown", |d| d.name())
    }

    fn check_shape(&self, frame: &frame::Video) -> Result<()> {
        let found = (frame.format(), frame.width(), frame.height());
        if found == self.shape {
            return Ok(());
        }
        let say = |(p, w, h): (Pixel, u32, u32)| {
            format!("{w}x{h} {}", p.descriptor().map_or("unknown", |d| d.name()))
        };
        Err(Error::Changed {
            index: self.frames,
            found: say(found),
            first: say(self.shape),
        })
    }

    /// The frame in the pixel format in which it is read.
    fn readable(&mut self, frame: frame::Video) -> Result<frame::Video> {
        if frame.format() == self.read_as && !ffi::is_flipped(&frame) {
            return Ok(frame);
        }
        let full_range = self.tags.range == color::Range::JPEG;
        if self.scaler.is_none() {
            let side = |pixel| Side {
                pixel,
                matrix: self.tags.matrix,
                full_range,
            };
            let scaler = Scaler::new(
                side(frame.format()),
                side(self.read_as),
                self.shape.1,
                self.shape.2,
            );
            self.scaler = Some(scaler.map_err(|why| failed("converting the pixel format", why))?);
        }
        let scaler = self.scaler.as_mut().ok_or(Error::Invalid(String::new()))?;
        let doing = |why| failed("converting the pixel format", why);
        let mut out = scaler.run(&frame).map_err(doing)?;
        if self.deinterlaces {
            // Which field comes first.
            ffi::copy_properties(&frame, &mut out).map_err(doing)?;
        }
        Ok(out)
    }

    /// The next frame as it was decoded, in the pixel format in which it is read.
    fn next_decoded(&mut self) -> Result<Option<(frame::Video, Times)>> {
        let Some(frame) = self.ahead.pop_front().or_else(|| self.decoder.next()) else {
            self.ended = true;
            return Ok(None);
        };
        self.check_shape(&frame)?;
        self.frames += 1;
        let time = frame.timestamp().and_then(|t| seconds(t, self.tick));
        let duration = real_duration(frame.packet().duration, self.tick, self.interval);
        Ok(Some((self.readable(frame)?, (time, duration))))
    }

    /// The next frame, whole.
    fn next_whole(&mut self) -> Result<Option<(frame::Video, Times)>> {
        let Some(mut deinterlacer) = self.deinterlacer.take() else {
            return self.next_decoded();
        };
        let next = deinterlacer.next(|| self.next_decoded());
        self.deinterlacer = Some(deinterlacer);
        next
    }
}

/// The frame's tags; for RGB that becomes YUV, those of the conversion.
fn tags_of(frame: &frame::Video, read_as: Pixel) -> ColorTags {
    let mut tags = ColorTags {
        range: frame.color_range(),
        primaries: frame.color_primaries(),
        transfer: frame.color_transfer_characteristic(),
        matrix: frame.color_space(),
        chroma: frame.chroma_location(),
    };
    if pixel::is_full_range_name(frame.format()) {
        tags.range = color::Range::JPEG;
    }
    let is_rgb = |p| {
        pixel::format_of(p, color::Range::MPEG, color::Space::BT709, 0)
            .is_some_and(|f: Format| f.model == ColorModel::Rgb)
    };
    if is_rgb(pixel::readable(frame.format())) && !is_rgb(read_as) {
        tags.range = color::Range::MPEG;
        tags.matrix = color::Space::BT709;
    }
    tags
}

fn siting_of(location: ffmpeg::chroma::Location) -> Option<Siting> {
    use ffmpeg::chroma::Location;
    match location {
        Location::Left => Some(Siting::Left),
        Location::Center => Some(Siting::Center),
        Location::TopLeft => Some(Siting::TopLeft),
        _ => None,
    }
}

impl Source for FileSource {
    fn info(&self) -> &Info {
        &self.info
    }

    fn next(&mut self) -> Result<Option<Frame>> {
        let decoding = stage(Stage::Decode);
        let Some((frame, (time, duration))) = self.next_whole()? else {
            return Ok(None);
        };
        drop(decoding);
        let time = self.cadence.place(time);
        let duration = duration.map(|d| self.cadence.snap_duration(d));
        let picture = pixel::picture_from(&frame, self.info.format)?;
        Ok(Some(Frame {
            picture,
            time,
            duration,
        }))
    }

    fn skip_before(&mut self, time: Rational) {
        // The deinterlacer looks back; frames without times are counted from the first.
        if self.deinterlaces || self.untimed > 0 {
            return;
        }
        let span = (self.start, time);
        let found = skip::decoder_between(&self.place, self.decoder.stream, self.threads, span);
        let Some((decoder, first)) = found else {
            return;
        };
        if (first.format(), first.width(), first.height()) == self.shape {
            self.decoder = decoder;
            self.ahead = VecDeque::from([first]);
            // Not all of them are read.
            self.announced_frames = 0;
        }
    }

    fn warnings(&self) -> Vec<String> {
        let mut found = Vec::new();
        let announced = self.announced_frames.saturating_sub(self.decoder.hidden);
        if let Some(why) = self.decoder.stopped_by {
            found.push(format!(
                "reading stopped early after {} frames: {why}",
                self.frames
            ));
        }
        if self.decoder.refused > 0 && self.raw.is_some() {
            // All bytes are samples: only a part of a frame can be refused.
            found.push(format!(
                "the stream is cut off within frame {}",
                self.frames
            ));
        } else if self.decoder.refused > 0 {
            found.push(format!(
                "damaged: {} packets could not be decoded, {} frames could",
                self.decoder.refused, self.frames
            ));
        } else if self.ended && announced > self.frames {
            found.push(format!(
                "only {} of the {announced} frames announced could be decoded",
                self.frames
            ));
        }
        if self.untimed > 0 {
            found.push(format!(
                "the first {} frames have no times; sound may not fit them",
                self.untimed
            ));
        }
        if self.deinterlaces {
            found.push(
                "it is interlaced; bwdif made one whole frame of each (--no-deinterlace: as it is)"
                    .to_owned(),
            );
        }
        if self.info.interlaced {
            found.push(
                "it is interlaced; both fields of a frame are moved as one picture".to_owned(),
            );
        }
        found
    }
}
