//! A video stream and those beside it as a [`Sink`]: encoded, muxed.

use super::color::tags_of_pictures;
use super::container::{container_of, extension_of, is_image_file, is_quicktime};
use super::copies::Copies;
use super::encoder::Encoder;
use super::hdr::Extras;
use super::input::{file_url, pattern_url};
use super::library::{failed, written};
use super::losses;
use super::metadata::take_over;
use super::origin::{Origin, tick_of};
use super::packets::{PacketReader, PacketWriter};
use super::piped::Piped;
use super::pixel;
use super::timebase::{small, ticks, ticks_of};
use super::timecode;
use crate::clip::{Created, Destination, Info, Result, Sink};
use crate::ffi;
use crate::options::Encoding;
use crate::time::{OutputClock, Rational, Shown, zero};
use ffmpeg_next::format::context::Output;
use ffmpeg_next::format::stream::Stream;
use ffmpeg_next::{Dictionary, Packet, codec, format};
use otinterp::picture::Picture;
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

/// Encoded packets, kept until all of them are there: a later run goes on with what this one leaves. What stands in the
/// file already comes first.
struct Store {
    path: PathBuf,
    writer: PacketWriter,
}

/// Opens the encoder and the muxer of a clip, and writes the header.
///
/// With an `origin`, its other streams are copied, and its colour tags, metadata, chapters and rotation are taken over.
/// Where the clock slows the picture, subtitles and the like go as slowly, and sound as the origin says.
pub(crate) fn create(
    to: &Destination,
    info: &Info,
    clock: &OutputClock,
    encoding: &Encoding,
    origin: Option<&Origin>,
) -> Result<Created> {
    let mut sink = FileSink::open(to, info, clock, encoding, origin)?;
    if let Destination::Kept { data, .. } = to {
        sink.store = Some(Store {
            writer: PacketWriter::append(data)?,
            path: (*data).to_owned(),
        });
    }
    Ok(Created {
        codec: sink.encoder.codec.name().to_owned(),
        pixel_format: pixel::name(sink.encoder.pixel).to_owned(),
        streams_copied: sink.copies.as_ref().map_or(0, Copies::copied),
        streams_stretched: sink.copies.as_ref().map_or(0, Copies::stretched),
        notes: std::mem::take(&mut sink.notes),
        sink: Box::new(sink),
    })
}

impl FileSink {
    /// Opens the encoder and the muxer of a file, and writes the header.
    ///
    /// # Errors
    /// [`Error`](crate::Error) if the container or the encoder is unknown or refuses the pictures, or the file cannot be
    /// written.
    pub fn create(
        path: &Path,
        info: &Info,
        clock: &OutputClock,
        encoding: &Encoding,
        origin: Option<&Origin>,
    ) -> Result<Self> {
        Self::open(&Destination::File(path), info, clock, encoding, origin)
    }

    fn open(
        to: &Destination,
        info: &Info,
        clock: &OutputClock,
        encoding: &Encoding,
        origin: Option<&Origin>,
    ) -> Result<Self> {
        let container = container_of(to.name())?;
        let output = match to {
            Destination::Stdout(_) => format::output_as("pipe:1", container.name()),
            Destination::File(path) | Destination::Kept { file: path, .. }
                if is_image_file(path) =>
            {
                ffi::container::images_output(&pattern_url(path)?)
            }
            Destination::File(path) | Destination::Kept { file: path, .. } => {
                format::output(&file_url(path)?)
            }
        };
        let output = output.map_err(|why| failed("opening the output", why))?;
        Self::begin(output, to.name(), info, clock, encoding, origin)
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
        let extension = extension_of(path);
        let tags = origin.map_or_else(|| tags_of_pictures(info), |o| o.tags);
        let tick = tick_of(info, clock, origin);
        let times = (clock.rate(), tick);
        let encoder = Encoder::open(&container, &extension, info, times, encoding, tags, origin)?;
        let mut notes: Vec<String> = losses::conversion_note(&encoder).into_iter().collect();
        let nothing = Extras::default();
        let extras = origin.map_or(&nothing, |o| &o.extras);
        notes.extend(losses::lost(extras, tags, &encoder, &container));
        notes.extend(losses::rate_note(container.name(), clock.rate()));
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
        if let Some(origin) = origin {
            timecode::adjust(&mut sink.output, origin, clock);
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
        let at_ticks = packet.dts().or(packet.pts()).unwrap_or(0);
        let time = self.start + Rational::from_integer(at_ticks.into()) * self.tick;
        if let Some(copies) = &mut self.copies {
            copies.write_until(&mut self.output, time)?;
        }
        let tick = match self.output.stream(self.stream) {
            Some(stream) => stream.time_base(),
            None => return Ok(()),
        };
        packet.rescale_ts(small(self.tick)?, tick);
        let start = ticks(self.start, tick);
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
        let ticks = |seconds: Rational| ticks_of(seconds, self.tick);
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

/// Adds the stream of encoded video, with what it takes over from the source's.
fn add_video(
    output: &mut Output,
    encoder: &Encoder,
    clock: &OutputClock,
    tick: Rational,
    from: Option<(&Stream, &Extras)>,
) -> Result<()> {
    let is_quicktime = is_quicktime(&output.format());
    let mut stream = output
        .add_stream(encoder.codec)
        .map_err(|why| failed("adding a stream", why))?;
    stream.set_parameters(&encoder.encoder);
    if is_quicktime && encoder.codec.id() == codec::Id::HEVC {
        ffi::stream::set_codec_tag(&mut stream, *b"hvc1"); // what Apple's players ask for
    }
    stream.set_time_base(small(tick)?);
    if clock.is_constant() {
        let rate = small(clock.rate())?;
        stream.set_avg_frame_rate(rate);
        stream.set_rate(rate);
    }
    match from {
        Some((from, extras)) => {
            take_over(from, &mut stream, |kind| !extras.is_stale(kind))?;
            extras
                .add_to(&mut stream)
                .map_err(|why| failed("adding stream data", why))
        }
        None => Ok(()),
    }
}
