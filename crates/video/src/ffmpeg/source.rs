//! A video stream as a [`Source`]: demuxed, decoded, deinterlaced, in planes.

use super::chain::{Chain, Interlaced};
use super::color::{ColorTags, siting_of, tags_of_frame};
use super::decode::Decoder;
use super::hdr::Extras;
use super::input::{Pick, Place, open_any, open_raw, open_stream};
use super::library::failed;
use super::origin::Origin;
use super::piped::Piped;
use super::pixel;
use super::scan::{average_rate, start_without_time};
use super::skip;
use super::timebase::{ratio, real_duration, seconds};
use crate::clip::{DEINTERLACED, Error, Frame, Info, MOVED_AS_ONE, Result, Source};
use crate::ffi::pixel::{Scaler, Side, copy_properties, is_flipped};
use crate::options::{RawVideo, ReadOptions, Sound};
use crate::time::{Cadence, Rational, zero};
use ffmpeg_next::format::Pixel;
use ffmpeg_next::format::context::Input;
use ffmpeg_next::format::stream::Stream;
use ffmpeg_next::{chroma, color, frame};
use otinterp::picture::Format;
use otinterp::timings::{Stage, stage};
use std::collections::VecDeque;
use std::io::Read;
use std::path::Path;

/// Time and duration of a frame, in seconds, as far as it says.
type Times = (Option<Rational>, Option<Rational>);

/// Frames per second of a stream that declares none: what FFmpeg takes for images.
const ASSUMED_RATE_HZ: i128 = 25;

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
    sound: Sound,
    /// The first two, decoded ahead: they tell the format, and that there is something between.
    ahead: VecDeque<frame::Video>,
    /// Pixel format, width and height of the first frame: what all others must have.
    shape: (Pixel, u32, u32),
    read_as: Pixel,
    scaler: Option<Scaler>,
    tags: ColorTags,
    extras: Extras,
    deinterlaces: bool,
    chain: Option<Chain<Times>>,
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
        let (input, place) = open_any(path, options.access)?;
        Self::of(input, place, None, options)
    }

    /// As [`FileSource::open_with`], from what cannot be wound back; raw video, if `raw` says what it is. Streams beside the
    /// video are passed over.
    ///
    /// # Errors
    /// Those of [`FileSource::open_with`].
    pub fn open_pipe(
        reader: impl Read + Send + 'static,
        raw: Option<&RawVideo>,
        options: &ReadOptions,
    ) -> Result<Self> {
        let input = open_stream(reader, raw, options.access)?;
        Self::of(input, Place::Pipe, raw, options)
    }

    /// As [`FileSource::open_with`], a file of raw video.
    ///
    /// # Errors
    /// [`Error`] if there is no such file, or FFmpeg does not know the pixel format.
    pub fn open_raw(path: &Path, raw: &RawVideo, options: &ReadOptions) -> Result<Self> {
        let place = Place::Raw(path.to_owned(), raw.clone());
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
        let first = first_of_several(&ahead, raw.is_some(), &place)?;
        let shape = (first.format(), first.width(), first.height());
        let read_as = match pixel::readable(shape.0) {
            p if options.as_yuv => pixel::without_rgb_and_alpha(p),
            p => p,
        };
        let mut tags = tags_of_frame(first, read_as);
        let stream = decoder.stream()?;
        let (tick, [nominal, average]) = tick_and_rates(&stream, raw)?;
        let interval = nominal
            .or(average)
            .unwrap_or(ASSUMED_RATE_HZ.into())
            .recip();
        let container = Rational::new(decoder.input.duration().into(), 1_000_000);
        let duration = seconds(stream.duration(), tick).or(raw.is_none().then_some(container));
        let mut extras = Extras::of(first, &stream);
        let turn = extras.take_turn(options.turn);
        let is_quarter = turn.is_some_and(|turn| turn.is_quarter);
        let interlaced = interlaced(&ahead, options);
        let deinterlaces = options.deinterlace && interlaced.is_some();
        let chain = Chain::new(
            (read_as, shape.1, shape.2),
            interlaced.filter(|_| deinterlaces),
            turn,
        )?;
        let (after, width, height) = chain
            .as_ref()
            .map_or((read_as, shape.1, shape.2), |c| c.shape);
        if is_quarter {
            // It sits at the same corner no longer; players take that of the centre or the left, and see no difference.
            tags.chroma = chroma::Location::Unspecified;
        }
        let format = format_of(after, tags, shape)?;
        let info = Info {
            width: width as usize,
            height: height as usize,
            format,
            rate: average.or(nominal),
            duration: duration.filter(|d| *d > zero()),
            sample_aspect: aspect_of(first, is_quarter),
            interlaced: interlaced.is_some() && !deinterlaces,
            siting: siting_of(tags.chroma),
        };
        let piped = place
            .is_pipe()
            .then(|| Piped::of(&decoder.input, decoder.stream, &extras));
        let announced_frames = u64::try_from(stream.frames()).unwrap_or(0);
        let (untimed, start) = match first.timestamp().and_then(|t| seconds(t, tick)) {
            Some(start) => (0, start),
            None if place.is_pipe() => (0, zero()),
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
            deinterlaces,
            chain,
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
            sound: options.sound,
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
            after: zero(),
            until: None,
            is_part: false,
            sound: self.sound,
        }
    }

    /// FFmpeg's name of the clip's pixel format.
    pub fn pixel_format(&self) -> &'static str {
        pixel::name(self.shape.0)
    }

    fn check_shape(&self, frame: &frame::Video) -> Result<()> {
        let found = (frame.format(), frame.width(), frame.height());
        if found == self.shape {
            return Ok(());
        }
        let say = |(p, w, h): (Pixel, u32, u32)| format!("{w}x{h} {}", pixel::name(p));
        Err(Error::Changed(self.frames, say(found), say(self.shape)))
    }

    /// The frame in the pixel format in which it is read.
    fn readable(&mut self, frame: frame::Video) -> Result<frame::Video> {
        if frame.format() == self.read_as && !is_flipped(&frame) {
            return Ok(frame);
        }
        let full_range = self.tags.range == color::Range::JPEG;
        let doing = |why| failed("converting the pixel format", why);
        let matrix = self.tags.matrix;
        let scaler = match self.scaler.take() {
            Some(scaler) => scaler,
            None => {
                let [from, to] = [frame.format(), self.read_as].map(|pixel| Side {
                    pixel,
                    matrix,
                    full_range,
                });
                Scaler::new(from, to, self.shape.1, self.shape.2).map_err(doing)?
            }
        };
        let mut out = self.scaler.insert(scaler).run(&frame).map_err(doing)?;
        if self.deinterlaces {
            // Which field comes first.
            copy_properties(&frame, &mut out).map_err(doing)?;
        }
        Ok(out)
    }

    /// The next frame as it was decoded, in the pixel format in which it is read.
    fn next_decoded(&mut self) -> Result<Option<(frame::Video, Times)>> {
        let Some(frame) = self.ahead.pop_front().or_else(|| self.decoder.next()) else {
            self.place.check_end()?;
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
        let Some(mut chain) = self.chain.take() else {
            return self.next_decoded();
        };
        let next = chain.next(|| self.next_decoded());
        self.chain = Some(chain);
        next
    }
}

/// Seconds of a tick, and the nominal and the average rate in frames per second.
fn tick_and_rates(
    stream: &Stream,
    raw: Option<&RawVideo>,
) -> Result<(Rational, [Option<Rational>; 2])> {
    if let Some(raw) = raw {
        return Ok((raw.rate.recip(), [Some(raw.rate); 2]));
    }
    let tick = ratio(stream.time_base())
        .ok_or_else(|| Error::Invalid("its video has no clock".to_owned()))?;
    Ok((tick, [stream.rate(), stream.avg_frame_rate()].map(ratio)))
}

/// Which frames hold two fields: as the user says, or else as the first ones do.
fn interlaced(ahead: &VecDeque<frame::Video>, options: &ReadOptions) -> Option<Interlaced> {
    let flagged = || ahead.iter().any(frame::Video::is_interlaced);
    let all = options.fields.map(Interlaced::All);
    all.or_else(|| flagged().then_some(Interlaced::Flagged))
}

/// The format of pictures in this pixel format, which were decoded in that shape.
fn format_of(pixel: Pixel, tags: ColorTags, decoded: (Pixel, u32, u32)) -> Result<Format> {
    pixel::format_of(pixel, tags.range, tags.matrix, decoded.2)
        .ok_or_else(|| Error::Invalid(format!("pixel format {:?} cannot be read", decoded.0)))
}

/// Width : height of a pixel, after a quarter of a turn or none.
fn aspect_of(frame: &frame::Video, is_quarter: bool) -> Option<(u32, u32)> {
    let aspect = ratio(frame.aspect_ratio())?;
    let (x, y) = (*aspect.numer() as u32, *aspect.denom() as u32);
    Some(if is_quarter { (y, x) } else { (x, y) })
}

/// The first frame, if another follows it.
fn first_of_several<'a>(
    ahead: &'a VecDeque<frame::Video>,
    is_raw: bool,
    place: &Place,
) -> Result<&'a frame::Video> {
    let why = match (ahead.front(), ahead.len()) {
        (Some(first), 2..) => return Ok(first),
        (Some(_), _) => "it has only one frame: there is nothing in between",
        (None, _) if is_raw => "it does not hold one frame of this size and pixel format",
        (None, _) if place.is_pipe() => {
            "not one frame of its video can be decoded; on a pipe, MP4 needs its index first (faststart)"
        }
        (None, _) => "not one frame of its video can be decoded",
    };
    Err(Error::Invalid(why.to_owned()))
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
            is_context: false,
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
        let (frames, refused, untimed) = (self.frames, self.decoder.refused, self.untimed);
        let announced = self.announced_frames.saturating_sub(self.decoder.hidden);
        let mut found = Vec::new();
        let mut say = |what: String| found.push(what);
        if let Some(why) = self.decoder.stopped_by {
            say(format!(
                "reading stopped early after {frames} frames: {why}"
            ));
        }
        if refused > 0 && self.raw.is_some() {
            // All bytes are samples: only a part of a frame can be refused.
            say(format!("the stream is cut off within frame {frames}"));
        } else if refused > 0 {
            say(format!(
                "damaged: {refused} packets could not be decoded, {frames} frames could"
            ));
        } else if self.ended && announced > frames {
            say(format!(
                "only {frames} of the {announced} frames announced could be decoded"
            ));
        }
        if untimed > 0 {
            say(format!(
                "the first {untimed} frames have no times; sound may not fit them"
            ));
        }
        if self.deinterlaces {
            say(DEINTERLACED.to_owned());
        }
        if self.info.interlaced {
            say(MOVED_AS_ONE.to_owned());
        }
        found
    }
}
