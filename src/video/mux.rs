//! Streams that are not retimed: copied packet by packet from the source file.

use super::decode::{failed, ratio, seconds};
use super::ffi;
use super::source::Origin;
use super::time::{Rational, zero};
use super::{Error, Result, hdr};
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::context::{Input, Output};
use ffmpeg_next::format::stream::Stream;
use ffmpeg_next::packet::side_data::Type as SideData;
use ffmpeg_next::{Dictionary, Packet, codec, encoder, media};

/// The source file, read a second time for all that is not its main video.
///
/// It is read as far as the video has been written, so that little is held in memory, however
/// long the clip.
pub(super) struct Copies {
    input: Input,
    streams: Vec<Option<Copied>>,
    /// Seconds taken off all times, so that the earliest stream starts at 0.
    shift: Rational,
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

impl Copies {
    /// Opens the source file again.
    pub(super) fn open(origin: &Origin) -> Result<Self> {
        let mut input = origin.place.open()?;
        if let Some(mut main) = input.stream_mut(origin.stream) {
            ffi::discard(&mut main);
        }
        let starts = input.streams().filter_map(|s| {
            let kept = matches!(
                s.parameters().medium(),
                media::Type::Audio | media::Type::Video
            );
            let start = seconds(s.start_time(), ratio(s.time_base())?)?;
            (kept && s.index() != origin.stream).then_some(start)
        });
        let shift = if origin.is_part {
            origin.start
        } else {
            starts.fold(origin.start, Rational::min)
        };
        Ok(Self {
            streams: input.streams().map(|_| None).collect(),
            input,
            shift,
            is_part: origin.is_part,
            has_edit_lists: false,
            pending: None,
        })
    }

    /// Seconds taken off all times.
    pub(super) fn shift(&self) -> Rational {
        self.shift
    }

    /// How many streams are copied.
    pub(super) fn count(&self) -> usize {
        self.streams.iter().flatten().count()
    }

    /// The input, for its tags and chapters.
    pub(super) fn input(&self) -> &Input {
        &self.input
    }

    /// Adds a stream to the output for every stream but `main` that the container can hold (none of
    /// them with `only_main`), and calls `add_main` in its place. Returns the names of those left
    /// out.
    pub(super) fn add_streams(
        &mut self,
        output: &mut Output,
        main: usize,
        only_main: bool,
        mut add_main: impl FnMut(&mut Output, &Stream) -> Result<()>,
    ) -> Result<Vec<String>> {
        self.has_edit_lists = is_quicktime(&output.format());
        let mut left_out = Vec::new();
        for index in 0..self.streams.len() {
            let Some(stream) = self.input.stream(index) else {
                continue;
            };
            if index == main {
                add_main(output, &stream)?;
                continue;
            }
            let id = stream.parameters().id();
            let container = output.format();
            let fits = ffi::holds_several(&container) && ffi::can_hold(&container, id);
            if only_main || id == codec::Id::None || !fits {
                if !is_made_anew(&container, &stream) {
                    left_out.push(name_of(&stream));
                }
                if let Some(mut stream) = self.input.stream_mut(index) {
                    ffi::discard(&mut stream);
                }
                continue;
            }
            let target = output.nb_streams() as usize;
            add_copy(output, &stream)?;
            self.streams[index] = Some(Copied {
                target,
                last_dts: None,
            });
        }
        Ok(left_out)
    }

    /// Writes all packets up to `time`, in seconds of the output; all that are left if `None`.
    pub(super) fn write_until(
        &mut self,
        output: &mut Output,
        time: Option<Rational>,
    ) -> Result<()> {
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
        Some(tick * Rational::from_integer(time.into()) - self.shift)
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
        let tick = target.time_base();
        packet.rescale_ts(source.time_base(), tick);
        let shift = ticks(self.shift, tick);
        let pts = packet.pts().map(|t| t.saturating_sub(shift));
        let dts = packet.dts().map(|t| t.saturating_sub(shift));
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

/// What a pipe says of its container and its main video before the packets: there is no reading it a second time.
#[derive(Debug, Clone)]
pub(super) struct Piped {
    /// Names of the streams beside, and of what else is left out.
    pub(super) left_out: Vec<String>,
    tags: Tags,
    stream_tags: Tags,
    stream_data: Vec<(SideData, Vec<u8>)>,
}

type Tags = Vec<(String, String)>;

impl Piped {
    pub(super) fn of(input: &Input, main: usize) -> Self {
        let others = input.streams().filter(|s| s.index() != main);
        let mut left_out: Vec<String> = others.map(|s| name_of(&s)).collect();
        if input.nb_chapters() > 0 {
            left_out.push("chapters".to_owned());
        }
        let stream = input.stream(main);
        let data = stream.iter().flat_map(Stream::side_data);
        Self {
            left_out,
            tags: lasting(input.metadata().iter()),
            stream_tags: stream
                .iter()
                .flat_map(|s| lasting(s.metadata().iter()))
                .collect(),
            stream_data: data
                .filter(|d| !hdr::is_of_the_coding(d.kind()))
                .map(|d| (d.kind(), d.data().to_vec()))
                .collect(),
        }
    }

    /// Gives the output what the pipe said.
    pub(super) fn add_to(&self, output: &mut Output, stream: usize) -> Result<()> {
        output.set_metadata(dictionary(&self.tags));
        let Some(mut stream) = output.stream_mut(stream) else {
            return Ok(());
        };
        stream.set_metadata(dictionary(&self.stream_tags));
        for (kind, bytes) in &self.stream_data {
            ffi::add_side_data(&mut stream, *kind, bytes)
                .map_err(|why| failed("copying stream data", why))?;
        }
        Ok(())
    }
}

/// Tags that say something of the content.
fn lasting<'a>(tags: impl Iterator<Item = (&'a str, &'a str)>) -> Tags {
    tags.filter(|(key, _)| !is_stale(key))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn dictionary(tags: &Tags) -> Dictionary<'static> {
    let mut all = Dictionary::new();
    for (key, value) in tags {
        all.set(key, value);
    }
    all
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
fn name_of(stream: &Stream) -> String {
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

fn add_copy(output: &mut Output, from: &Stream) -> Result<()> {
    let container = output.format();
    let mut to = output
        .add_stream(encoder::find(codec::Id::None))
        .map_err(|why| failed("adding a stream", why))?;
    to.set_parameters(from.parameters());
    ffi::settle_codec_tag(&container, &mut to);
    to.set_time_base(from.time_base());
    to.set_avg_frame_rate(from.avg_frame_rate());
    to.set_rate(from.rate());
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
pub(super) fn take_over_container(
    from: &Input,
    output: &mut Output,
    shift: Rational,
    slowdown: Rational,
) -> Result<()> {
    output.set_metadata(dictionary(&lasting(from.metadata().iter())));
    let tick = ffmpeg::Rational(1, 1_000_000);
    for chapter in from.chapters() {
        let Some(base) = ratio(chapter.time_base()) else {
            continue;
        };
        let place = |t: i64| {
            let time = (base * Rational::from_integer(t.into()) - shift) * slowdown;
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

/// Tags that describe the old file and not its content.
fn is_stale(key: &str) -> bool {
    matches!(
        key,
        "major_brand" | "minor_version" | "compatible_brands" | "encoder" | "DURATION" | "rotate"
    ) || ["BPS", "NUMBER_OF_", "_STATISTICS"]
        .iter()
        .any(|p| key.starts_with(p))
}
