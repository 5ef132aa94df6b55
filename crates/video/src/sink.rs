//! Clips written through FFmpeg.

use super::decode::{failed, file_url};
use super::encoder::{Encoder, Encoding, small};
use super::ffi;
use super::hdr::{self, Extras};
use super::mux::{self, Copies, written};
use super::packets::{PacketReader, PacketWriter};
use super::piped::Piped;
use super::sequence::{NumberedName, pattern_url};
use super::source::{ColorTags, Origin};
use super::time::{OutputClock, Rational, zero};
use super::{Error, Info, Result, Shown, Sink, Siting, pixel};
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::context::Output;
use ffmpeg_next::format::stream::Stream;
use ffmpeg_next::{Dictionary, Packet, codec, color, format};
use otinterp::picture::{ColorModel, Matrix, Picture, Range};
use std::path::{Path, PathBuf};

/// A file with one encoded video stream and the copied streams of its source.
pub struct FileSink {
    output: Output,
    encoder: Encoder,
    /// Index of the video stream.
    stream: usize,
    copies: Option<Copies>,
    /// Seconds in which the encoder counts.
    tick: Rational,
    /// When the first picture is shown, in seconds.
    start: Rational,
    /// When the last one ends, from the first on.
    end: Rational,
    /// Where the packets wait until the end, if they do.
    store: Option<Store>,
    /// When the encoder that is open began, in ticks: it counts from there.
    begin_ticks: Option<i64>,
    last_dts: Option<i64>,
    notes: Vec<String>,
}

/// The clock of MPEG systems: finer than the ticks of sound, and 32 bits hold 13 hours of it. As text, for FFmpeg.
const MOVIE_TICK_HZ: &str = "90000";

/// Packets that are kept until all of them are there.
struct Store {
    path: PathBuf,
    writer: PacketWriter,
}

/// Whether FFmpeg can write a file of this name.
pub fn can_write(path: &Path) -> bool {
    path.extension()
        .and_then(|e| e.to_str())
        .is_some_and(|e| ffi::has_muxer(&format!("a.{e}")))
}

/// Whether the container of this name keeps the times of single frames.
pub fn holds_variable_rates(path: &Path) -> bool {
    path.extension()
        .and_then(|e| e.to_str())
        .is_some_and(|e| ffi::has_variable_rates(&format!("a.{e}")))
}

/// Whether FFmpeg writes a single picture under such a name, or numbered ones under `a_%04d.png`.
pub fn is_image_file(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str());
    extension.is_some_and(|e| ffi::is_image_name(&format!("%d.{e}")))
        && (NumberedName::of(path).is_some()
            || extension.is_some_and(|e| ffi::is_image_name(&format!("a.{e}"))))
}

fn check_name(path: &Path) -> Result<()> {
    if can_write(path) {
        return Ok(());
    }
    let why = "FFmpeg knows no container for the output's extension";
    Err(Error::Invalid(why.to_owned()))
}

impl FileSink {
    /// Opens the encoder and writes the header.
    ///
    /// The container follows from the name's extension. With an `origin`, its other streams are
    /// copied, and its colour tags, metadata, chapters and rotation are taken over. Where the clock
    /// slows the picture, subtitles and the like go as slowly, and sound as the origin says.
    ///
    /// # Errors
    /// [`Error`] if the container or the encoder is unknown or refuses the pictures, or the file
    /// cannot be written.
    pub fn create(
        path: &Path,
        info: &Info,
        clock: &OutputClock,
        encoding: &Encoding,
        origin: Option<&Origin>,
    ) -> Result<Self> {
        super::init()?;
        check_name(path)?;
        let output = if is_image_file(path) {
            ffi::images_output(&pattern_url(path)?)
        } else {
            format::output(&file_url(path)?)
        };
        let output = output.map_err(|why| failed("opening the output", why))?;
        Self::begin(output, path, info, clock, encoding, origin)
    }

    /// As [`FileSink::create`], to standard output: a container as for a file of the name `like`, one that needs no seeking.
    ///
    /// # Errors
    /// Those of [`FileSink::create`].
    pub fn to_stdout(
        like: &Path,
        info: &Info,
        clock: &OutputClock,
        encoding: &Encoding,
        origin: Option<&Origin>,
    ) -> Result<Self> {
        super::init()?;
        check_name(like)?;
        let container = ffi::muxer(&like.to_string_lossy())
            .ok_or_else(|| failed("opening the output", ffmpeg::Error::MuxerNotFound))?;
        let output = format::output_as("pipe:1", container.name())
            .map_err(|why| failed("opening the output", why))?;
        Self::begin(output, like, info, clock, encoding, origin)
    }

    /// Opens the encoder for an output that is open and is called `path`, and writes the header.
    fn begin(
        output: Output,
        path: &Path,
        info: &Info,
        clock: &OutputClock,
        encoding: &Encoding,
        origin: Option<&Origin>,
    ) -> Result<Self> {
        let container = output.format();
        let extension = path
            .extension()
            .and_then(|e| e.to_str())
            .unwrap_or("")
            .to_lowercase();
        let tags = origin.map_or_else(|| tags_of(info), |o| o.tags);
        let tick = tick_of(info, clock, origin);
        let times = (clock.rate(), tick);
        let encoder = Encoder::open(&container, &extension, info, times, encoding, tags, origin)?;
        let mut notes: Vec<String> = conversion_note(&encoder).into_iter().collect();
        let nothing = Extras::default();
        let extras = origin.map_or(&nothing, |o| &o.extras);
        notes.extend(hdr::lost(extras, tags, &encoder, &container));
        notes.extend(rate_note(container.name(), clock.rate()));
        let mut sink = Self {
            notes,
            output,
            encoder,
            stream: 0,
            copies: None,
            tick,
            start: zero(),
            end: zero(),
            store: None,
            begin_ticks: None,
            last_dts: None,
        };
        match origin.map(|o| (o, &o.piped)) {
            Some((origin, Some(piped))) => sink.add_video_of_pipe(piped, origin, clock)?,
            Some((origin, None)) => sink.add_streams_of(origin, clock)?,
            None => add_video(&mut sink.output, &sink.encoder, clock, tick, None)?,
        }
        sink.write_header(&extension)?;
        Ok(sink)
    }

    fn add_video_of_pipe(
        &mut self,
        piped: &Piped,
        origin: &Origin,
        clock: &OutputClock,
    ) -> Result<()> {
        add_video(&mut self.output, &self.encoder, clock, self.tick, None)?;
        piped.add_to(&mut self.output, self.stream)?;
        if let Some(mut stream) = self.output.stream_mut(self.stream) {
            let added = origin.extras.add_to(&mut stream);
            added.map_err(|why| failed("adding stream data", why))?;
        }
        if !piped.left_out.is_empty() {
            let left_out = piped.left_out.join(", ");
            let why = "a pipe is read once, for its video";
            self.notes.push(format!("left out: {left_out}; {why}"));
        }
        Ok(())
    }

    fn add_streams_of(&mut self, origin: &Origin, clock: &OutputClock) -> Result<()> {
        let mut copies = Copies::open(origin, clock.slowdown())?;
        let (encoder, tick, mut stream) = (&self.encoder, self.tick, 0);
        let left_out = copies.add_to(&mut self.output, |output, from| {
            stream = output.nb_streams() as usize;
            add_video(output, encoder, clock, tick, Some((from, &origin.extras)))
        })?;
        self.stream = stream;
        self.notes.extend(left_out);
        self.start = copies.start();
        self.copies = Some(copies);
        Ok(())
    }

    fn write_header(&mut self, extension: &str) -> Result<()> {
        // Allows codecs in MP4 that FFmpeg still calls experimental there: they are only copied.
        let mut options = Dictionary::new();
        options.set("strict", "experimental");
        // Without it Matroska numbers every file by chance; the same work is to give the same bytes.
        options.set("fflags", "+bitexact");
        if self.encoder.codec.id() == codec::Id::RAWVIDEO {
            // Packets wait for those of every other stream, ten seconds of them where subtitles are sparse. They come in
            // the order of their times already.
            options.set("max_interleave_delta", "500000");
        }
        if matches!(extension, "mp4" | "m4v" | "mov") {
            options.set("movflags", "+faststart");
            // In what the starts of streams are counted: FFmpeg's own choice, milliseconds, is coarser than the
            // ticks of sound.
            options.set("movie_timescale", MOVIE_TICK_HZ);
        }
        match extension {
            // Again and again, as such pictures are shown.
            "apng" => options.set("plays", "0"),
            "webp" => options.set("loop", "0"),
            _ => {}
        }
        let outcome = self.output.write_header_with(options).map(|_| ());
        written("writing the header", outcome)
    }

    /// Keeps what is encoded in a file, and makes the clip of it when all is there: so a later run can go on with
    /// what this one leaves. What stands in the file already comes first.
    ///
    /// # Errors
    /// [`Error`] if the file cannot be appended to.
    pub fn keep_packets_in(&mut self, path: &Path) -> Result<()> {
        self.store = Some(Store {
            writer: PacketWriter::append(path)?,
            path: path.to_owned(),
        });
        Ok(())
    }

    /// What the user should know, one sentence each: a changed pixel format, streams left out.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// FFmpeg's name of the encoder.
    pub fn codec(&self) -> &str {
        self.encoder.codec.name()
    }

    /// FFmpeg's name of the pixel format written.
    pub fn pixel_format(&self) -> &'static str {
        self.encoder
            .pixel
            .descriptor()
            .map_or("unknown", |d| d.name())
    }

    /// How many streams are copied: their bytes are unchanged, their times go with the picture.
    pub fn streams_copied(&self) -> usize {
        self.copies.as_ref().map_or(0, Copies::copied)
    }

    /// How many streams of sound are stretched.
    pub fn streams_stretched(&self) -> usize {
        self.copies.as_ref().map_or(0, Copies::stretched)
    }

    /// Takes the packets that are ready: into the store, or else into the container.
    fn take_packets(&mut self) -> Result<()> {
        while let Some(mut packet) = self.encoder.receive()? {
            let begin = self.begin_ticks.unwrap_or(0);
            packet.set_pts(packet.pts().map(|t| t + begin));
            packet.set_dts(packet.dts().map(|t| t + begin));
            match &mut self.store {
                Some(store) => store.writer.write(&packet)?,
                None => self.mux(packet)?,
            }
        }
        Ok(())
    }

    /// Writes a packet, and before it what is to be copied up to its time.
    fn mux(&mut self, mut packet: Packet) -> Result<()> {
        let ticks = packet.dts().or(packet.pts()).unwrap_or(0);
        let time = self.start + Rational::from_integer(ticks.into()) * self.tick;
        if let Some(copies) = &mut self.copies {
            copies.write_until(&mut self.output, time)?;
        }
        let tick = match self.output.stream(self.stream) {
            Some(stream) => stream.time_base(),
            None => return Ok(()),
        };
        packet.rescale_ts(small(self.tick)?, tick);
        let start = mux::ticks(self.start, tick);
        packet.set_pts(packet.pts().map(|t| t + start));
        // Encoders guess the first times of decoding: those of the next one may not be later than the last one's.
        let least = self.last_dts.map(|last| last + 1);
        let dts = packet
            .dts()
            .map(|t| (t + start).max(least.unwrap_or(i64::MIN)));
        self.last_dts = dts.or(self.last_dts);
        packet.set_dts(dts);
        packet.set_stream(self.stream);
        written("writing", packet.write_interleaved(&mut self.output))
    }

    /// Makes the clip of what was kept.
    fn mux_store(&mut self) -> Result<()> {
        let Some(mut store) = self.store.take() else {
            return Ok(());
        };
        store.writer.flush()?;
        let mut packets = PacketReader::open(&store.path)?;
        while let Some(packet) = packets.next()? {
            self.mux(packet)?;
        }
        Ok(())
    }
}

impl Sink for FileSink {
    fn write(&mut self, picture: &Picture, shown: Shown) -> Result<()> {
        let ticks = |seconds: Rational| mux::ticks_of(seconds, self.tick);
        self.end = shown.at + shown.duration;
        let (at, end) = (ticks(shown.at), ticks(self.end));
        let begin = *self.begin_ticks.get_or_insert(at);
        self.encoder.send(picture, at - begin, (end - at).max(1))?;
        self.take_packets()
    }

    fn passed(&mut self, shown: Shown) -> Result<()> {
        self.end = shown.at + shown.duration;
        Ok(())
    }

    fn checkpoint(&mut self) -> Result<bool> {
        if self.store.is_none() || !self.encoder.can_restart() {
            return Ok(false);
        }
        self.encoder.end(false)?;
        self.take_packets()?;
        if let Some(store) = &mut self.store {
            store.writer.flush()?;
        }
        self.begin_ticks = None;
        self.encoder.restart()?;
        Ok(true)
    }

    fn finish(&mut self) -> Result<()> {
        self.encoder.end(true)?;
        self.take_packets()?;
        self.mux_store()?;
        if let Some(copies) = &mut self.copies {
            copies.finish(&mut self.output, self.start + self.end)?;
        }
        written("writing the index", self.output.write_trailer())
    }
}

/// Writes pictures of one size and format as a clip at `rate` frames per second.
///
/// The container follows from the name's extension; RGB becomes BT.709, 4:2:0 where the size is
/// even and 4:4:4 where it is not. Alpha is left out where the encoder has none.
///
/// # Errors
/// [`Error`] if there is no picture, they differ, or the file cannot be written.
pub fn write_clip(
    path: &Path,
    pictures: impl IntoIterator<Item = Picture>,
    rate: Rational,
) -> Result<()> {
    let mut pictures = pictures.into_iter().peekable();
    let first = pictures
        .peek()
        .ok_or_else(|| Error::Invalid("no picture to write".to_owned()))?;
    let format = first.format();
    let info = Info {
        width: first.width(),
        height: first.height(),
        format,
        rate: Some(rate),
        duration: None,
        sample_aspect: None,
        interlaced: false,
        siting: None,
    };
    let encoding = Encoding {
        widely_playable: true,
        ..Encoding::default()
    };
    let clock = OutputClock::new(rate, Rational::from_integer(1));
    let mut sink = FileSink::create(path, &info, &clock, &encoding, None)?;
    for (index, picture) in pictures.enumerate() {
        if (picture.width(), picture.height(), picture.format())
            != (info.width, info.height, format)
        {
            return Err(Error::Invalid(
                "the pictures differ in size or format".to_owned(),
            ));
        }
        sink.write(&picture, Shown::nth(index as u64, rate))?;
    }
    sink.finish()
}

/// Adds the stream of encoded video, with what it takes over from the source's.
fn add_video(
    output: &mut Output,
    encoder: &Encoder,
    clock: &OutputClock,
    tick: Rational,
    from: Option<(&Stream, &Extras)>,
) -> Result<()> {
    let is_quicktime = matches!(output.format().name(), "mp4" | "mov" | "ipod");
    let mut stream = output
        .add_stream(encoder.codec)
        .map_err(|why| failed("adding a stream", why))?;
    stream.set_parameters(&encoder.encoder);
    if is_quicktime && encoder.codec.id() == codec::Id::HEVC {
        ffi::set_codec_tag(&mut stream, *b"hvc1"); // what Apple's players ask for
    }
    stream.set_time_base(small(tick)?);
    if clock.is_constant() {
        let rate = small(clock.rate())?;
        stream.set_avg_frame_rate(rate);
        stream.set_rate(rate);
    }
    match from {
        Some((from, extras)) => {
            mux::take_over(from, &mut stream, |kind| !hdr::is_of_the_coding(kind))?;
            extras
                .add_to(&mut stream)
                .map_err(|why| failed("adding stream data", why))
        }
        None => Ok(()),
    }
}

/// The sentence for a pixel format that had to change.
fn conversion_note(encoder: &Encoder) -> Option<String> {
    (!pixel::keeps_all(encoder.source_pixel, encoder.pixel)).then(|| {
        format!(
            "{} cannot hold these {} pictures; they are stored as {}",
            encoder.codec.name(),
            pixel::name(encoder.source_pixel),
            pixel::name(encoder.pixel)
        )
    })
}

/// GIF counts time in hundredths of a second, and players take less than two for ten.
fn rate_note(container: &str, rate: Rational) -> Option<String> {
    (container == "gif" && rate > Rational::from_integer(50)).then(|| {
        "GIF's times are hundredths of a second, and most players show more than 50 frames per \
         second slower"
            .to_owned()
    })
}

/// Seconds in which the times of an output are counted.
pub(super) fn tick_of(info: &Info, clock: &OutputClock, origin: Option<&Origin>) -> Rational {
    match origin {
        Some(origin) => clock.tick(origin.tick, origin.interval),
        None => {
            let interval = info.rate.unwrap_or(clock.rate()).recip();
            clock.tick(interval, interval)
        }
    }
}

/// The tags for pictures that come without any.
pub(super) fn tags_of(info: &Info) -> ColorTags {
    let is_yuv = info.format.model == ColorModel::Yuv;
    ColorTags {
        range: match info.format.range {
            Range::Limited => color::Range::MPEG,
            Range::Full => color::Range::JPEG,
        },
        primaries: color::Primaries::Unspecified,
        transfer: color::TransferCharacteristic::Unspecified,
        matrix: match info.format.matrix {
            _ if !is_yuv => color::Space::Unspecified,
            Matrix::Bt601 => color::Space::Unspecified,
            Matrix::Bt709 => color::Space::BT709,
            Matrix::Bt2020 => color::Space::BT2020NCL,
        },
        chroma: match info.siting {
            Some(Siting::Left) => ffmpeg::chroma::Location::Left,
            Some(Siting::Center) => ffmpeg::chroma::Location::Center,
            Some(Siting::TopLeft) => ffmpeg::chroma::Location::TopLeft,
            None => ffmpeg::chroma::Location::Unspecified,
        },
    }
}
