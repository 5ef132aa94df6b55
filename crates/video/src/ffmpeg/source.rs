//! A video stream as a [`Source`]: demuxed, decoded, deinterlaced, in planes.

use super::chain::{Chain, Interlaced};
use super::color::{ColorTags, siting_of, tags_of_frame};
use super::decode::Decoder;
use super::hdr::Extras;
use super::input::{Pick, Place, open_any, open_raw, open_stream};
use super::origin::Origin;
use super::pace::{Pace, pace_of, repeats};
use super::piped::Piped;
use super::pixel;
use super::scan::{average_rate, start_without_time};
use super::skip;
use super::timebase::{ratio, real_duration, seconds};
use super::uniform::Uniform;
use crate::clip::{DEINTERLACED, Error, Frame, Info, MOVED_AS_ONE, Result, Source};
use crate::ffi;
use crate::options::{RawVideo, ReadOptions, Sound};
use crate::time::{Cadence, Rational, short_decimal, zero};
use ffmpeg_next::format::Pixel;
use ffmpeg_next::format::context::Input;
use ffmpeg_next::{chroma, frame};
use otinterp::picture::Format;
use otinterp::timings::{Stage, stage};
use std::collections::VecDeque;
use std::io::Read;
use std::path::Path;

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
    sound: Sound,
    /// The first two, decoded ahead: they tell the format, and that there is something between.
    ahead: VecDeque<frame::Video>,
    uniform: Uniform,
    tags: ColorTags,
    extras: Extras,
    deinterlaces: bool,
    chain: Option<Chain<Times>>,
    info: Info,
    tick: Rational,
    pace: Pace,
    /// Frames per second that are taken in place of its times.
    given: Option<Rational>,
    start: Rational,
    /// How many of the first packets do not say their times, where the later ones do.
    untimed: u64,
    cadence: Cadence,
    announced_frames: u64,
    /// Seconds from the first frame to the end of the last, as the header announces them.
    announced: Option<Rational>,
    /// Where the last frame stood, in seconds on the clip's clock.
    last: Rational,
    has_times: bool,
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
        let timing = timing_of(&decoder, &place, raw, options, &ahead)?;
        let (tick, pace) = (timing.tick, timing.pace);
        let announced_frames = u64::try_from(stream.frames()).unwrap_or(0);
        let announced = seconds(stream.duration(), tick).filter(|d| *d > zero());
        let duration = match options.rate.filter(|_| raw.is_none()) {
            Some(rate) => Some(Rational::from_integer(announced_frames.into()) / rate),
            None => announced.or_else(|| container_duration(&decoder, raw)),
        };
        let mut extras = Extras::of(first, &stream);
        let turn = extras.take_turn(options.turn);
        let is_quarter = turn.is_some_and(|turn| turn.is_quarter);
        if is_quarter {
            // It sits at the same corner no longer; players take that of the centre or the left, and see no difference.
            tags.chroma = chroma::Location::Unspecified;
        }
        let interlaced = interlaced(&ahead, options);
        let deinterlaces = options.deinterlace && interlaced.is_some();
        let chain = Chain::new(
            (read_as, shape.1, shape.2),
            interlaced.filter(|_| deinterlaces),
            turn,
        )?;
        let mut uniform = Uniform::new(first, read_as, &tags);
        uniform.keeps_properties = chain.is_some();
        let (after, width, height) = chain
            .as_ref()
            .map_or((read_as, shape.1, shape.2), |c| c.shape);
        let info = Info {
            width: width as usize,
            height: height as usize,
            format: format_of(after, tags, shape)?,
            rate: timing.rate,
            duration: duration.filter(|d| *d > zero()),
            sample_aspect: aspect_of(first, is_quarter),
            interlaced: interlaced.is_some() && !deinterlaces,
            siting: siting_of(tags.chroma),
        };
        let piped = place
            .is_pipe()
            .then(|| Piped::of(&decoder.demuxer.input, decoder.stream, &extras));
        let known = start_of(first, &decoder, &place, (tick, pace.interval))?;
        let is_bare = raw.is_none() && ffi::container::has_no_times(&decoder.demuxer.input);
        let (untimed, start) = known.unwrap_or_default();
        Ok(Self {
            place,
            raw: raw.cloned(),
            piped,
            ahead,
            uniform,
            tags,
            extras,
            deinterlaces,
            chain,
            info,
            tick,
            pace,
            given: timing.given,
            start,
            untimed,
            cadence: Cadence::new(tick, pace.interval)
                .with_slack(pace.slack)
                .from(start),
            announced_frames,
            announced,
            last: start,
            has_times: known.is_some() && !is_bare,
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
        if self.given.is_some() || self.place.is_pipe() {
            return Ok(self.info.rate);
        }
        let otherwise = Some(self.pace.interval.recip());
        let told = [self.pace.film, self.pace.codec, otherwise];
        average_rate(self.place.open()?, self.decoder.stream, told)
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
            interval: self.pace.interval,
            rate: self.given,
            after: zero(),
            until: None,
            is_part: false,
            sound: self.sound,
        }
    }

    /// FFmpeg's name of the clip's pixel format.
    pub fn pixel_format(&self) -> &'static str {
        pixel::name(self.uniform.first.pixel)
    }

    /// The next frame as it was decoded, in the pixel format in which it is read.
    fn next_decoded(&mut self) -> Result<Option<(frame::Video, Times)>> {
        let Some(frame) = self.ahead.pop_front().or_else(|| self.decoder.next()) else {
            self.place.check_end()?;
            self.ended = true;
            return Ok(None);
        };
        let times = match self.given {
            Some(_) => (None, None),
            None => self.times_of(&frame),
        };
        let frame = self.uniform.make(frame, self.frames)?;
        self.frames += 1;
        Ok(Some((frame, times)))
    }

    fn times_of(&self, frame: &frame::Video) -> Times {
        let time = frame.timestamp().and_then(|t| seconds(t, self.tick));
        let duration = real_duration(frame.packet().duration, self.tick, self.pace.interval);
        // Of film, a frame's own is two or three fields.
        (time, duration.filter(|_| self.pace.film.is_none()))
    }

    /// Whether the header announces more. Its count alone says little: edit lists leave frames out, and AVI has empty ones.
    fn is_cut_short(&self) -> bool {
        let announced = self.announced_frames.saturating_sub(self.decoder.hidden);
        let end = self.last - self.start + self.pace.interval;
        let missing = self.announced.map_or(zero(), |announced| announced - end);
        announced > self.frames && missing >= self.pace.interval * 2 && self.given.is_none()
    }

    /// What was done about its times.
    fn say_times(&self, mut say: impl FnMut(String)) {
        let joins = self.decoder.demuxer.joins();
        if let (Some((at, jump)), None) = (joins.first, self.given) {
            let at = short_decimal(at);
            let by = short_decimal(jump);
            let times = match joins.count {
                1 => String::new(),
                count => format!(" (and {} more)", count - 1),
            };
            say(format!(
                "its timestamps jump by {by} s at {at} s{times}; picture and sound go on there without a gap"
            ));
        }
        if !self.has_times && self.given.is_none() {
            let rate = short_decimal(self.pace.interval.recip());
            say(format!(
                "it has no times; {rate} frames per second are taken (--source-fps sets them)"
            ));
        }
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

/// What the container says of its duration, s.
fn container_duration(decoder: &Decoder, raw: Option<&RawVideo>) -> Option<Rational> {
    let microseconds = decoder.demuxer.input.duration();
    let duration = Rational::new(microseconds.into(), 1_000_000);
    raw.is_none().then_some(duration)
}

/// How the times of a stream are told.
struct Timing {
    tick: Rational,
    pace: Pace,
    /// Frames per second that are taken in place of its times.
    given: Option<Rational>,
    /// Frames per second, as far as is known without reading on.
    rate: Option<Rational>,
}

fn timing_of(
    decoder: &Decoder,
    place: &Place,
    raw: Option<&RawVideo>,
    options: &ReadOptions,
    ahead: &VecDeque<frame::Video>,
) -> Result<Timing> {
    let stream = decoder.stream()?;
    let (tick, rates) = match raw {
        Some(raw) => (raw.rate.recip(), [Some(raw.rate); 2]),
        None => {
            let tick = ratio(stream.time_base())
                .ok_or_else(|| Error::Invalid("its video has no clock".to_owned()))?;
            (tick, [stream.rate(), stream.avg_frame_rate()].map(ratio))
        }
    };
    let given = options.rate.or(raw.map(|raw| raw.rate));
    let mut pace = pace_of(place, decoder, ahead.iter().map(repeats), rates)?;
    if let Some(rate) = given {
        pace.interval = rate.recip();
    }
    let [nominal, average] = rates;
    Ok(Timing {
        tick,
        pace,
        given,
        rate: given.or(pace.film).or(average).or(nominal),
    })
}

/// How many of the first packets do not say their times, and when the first frame stands, in seconds on the file's clock; `None` if none says it.
fn start_of(
    first: &frame::Video,
    decoder: &Decoder,
    place: &Place,
    (tick, interval): (Rational, Rational),
) -> Result<Option<(u64, Rational)>> {
    match first.timestamp().and_then(|t| seconds(t, tick)) {
        None if !place.is_pipe() => {
            start_without_time(place.open()?, decoder.stream, tick, interval)
        }
        start => Ok(start.map(|start| (0, start))),
    }
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
        self.last = time;
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
        if self.deinterlaces || self.untimed > 0 || self.given.is_some() {
            return;
        }
        let span = (self.start, time);
        let found = skip::decoder_between(&self.place, self.decoder.stream, self.threads, span);
        let Some((decoder, first)) = found else {
            return;
        };
        if self.uniform.is_like_first(&first) {
            self.decoder = decoder;
            self.ahead = VecDeque::from([first]);
            // Not all of them are read.
            self.announced_frames = 0;
        }
    }

    fn warnings(&self) -> Vec<String> {
        let (frames, refused, untimed) = (self.frames, self.decoder.refused, self.untimed);
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
        } else if self.ended && self.is_cut_short() {
            let announced = self.announced_frames;
            say(format!(
                "only {frames} of the {announced} frames announced could be decoded"
            ));
        }
        self.say_times(&mut say);
        self.uniform.note().into_iter().for_each(&mut say);
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
