//! Clips written through FFmpeg.

use super::decode::{failed, file_url};
use super::encoder::{Encoder, Encoding, small};
use super::ffi;
use super::mux::{self, Copies};
use super::source::{ColorTags, Origin};
use super::time::{Rational, zero};
use super::{Error, Info, Result, Sink, Siting};
use crate::picture::{ColorModel, Matrix, Picture, Range};
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::context::Output;
use ffmpeg_next::format::stream::Stream;
use ffmpeg_next::{Dictionary, Packet, codec, color, format};
use std::path::Path;

/// A file with one encoded video stream and the copied streams of its source.
pub struct FileSink {
    output: Output,
    encoder: Encoder,
    /// Index of the video stream.
    stream: usize,
    copies: Option<Copies>,
    rate: Rational,
    /// When the first picture is shown, in seconds.
    start: Rational,
    notes: Vec<String>,
}

/// Whether FFmpeg can write a file of this name.
pub fn can_write(path: &Path) -> bool {
    path.extension()
        .and_then(|e| e.to_str())
        .is_some_and(|e| ffi::has_muxer(&format!("a.{e}")))
}

impl FileSink {
    /// Opens the encoder and writes the header.
    ///
    /// The container follows from the name's extension. With an `origin`, its other streams are
    /// copied, unless `slowdown` is not 1: sound and subtitles cannot be slowed unchanged. Its
    /// colour tags, metadata, chapters and rotation are taken over in either case.
    ///
    /// # Errors
    /// [`Error`] if the container or the encoder is unknown or refuses the pictures, or the file
    /// cannot be written.
    pub fn create(
        path: &Path,
        info: &Info,
        rate: Rational,
        encoding: &Encoding,
        origin: Option<&Origin>,
        slowdown: Rational,
    ) -> Result<Self> {
        super::init()?;
        if !can_write(path) {
            let why = "FFmpeg knows no container for the output's extension";
            return Err(Error::Invalid(why.to_owned()));
        }
        let output =
            format::output(&file_url(path)?).map_err(|why| failed("opening the output", why))?;
        let container = output.format();
        let extension = path
            .extension()
            .and_then(|e| e.to_str())
            .unwrap_or("")
            .to_lowercase();
        let tags = origin.map_or_else(|| tags_of(info), |o| o.tags);
        let encoder = Encoder::open(&container, &extension, info, rate, encoding, tags)?;
        let mut sink = Self {
            notes: conversion_note(&encoder).into_iter().collect(),
            output,
            encoder,
            stream: 0,
            copies: None,
            rate,
            start: zero(),
        };
        match origin {
            Some(origin) => sink.add_streams_of(origin, slowdown)?,
            None => add_video(&mut sink.output, &sink.encoder, sink.rate, None)?,
        }
        sink.write_header(&extension)?;
        Ok(sink)
    }

    fn add_streams_of(&mut self, origin: &Origin, slowdown: Rational) -> Result<()> {
        let mut copies = Copies::open(origin)?;
        let slowed = slowdown != Rational::from_integer(1);
        let (encoder, rate, mut stream) = (&self.encoder, self.rate, 0);
        let left_out =
            copies.add_streams(&mut self.output, origin.stream, slowed, |output, from| {
                stream = output.nb_streams() as usize;
                add_video(output, encoder, rate, Some(from))
            })?;
        self.stream = stream;
        if !left_out.is_empty() {
            let why = if slowed {
                "they cannot be slowed unchanged"
            } else {
                "the container cannot hold them"
            };
            self.notes
                .push(format!("left out: {}; {why}", left_out.join(", ")));
        }
        let shift = if slowed { origin.start } else { copies.shift() };
        self.start = origin.start - shift;
        mux::take_over_container(copies.input(), &mut self.output, shift, slowdown)?;
        self.copies = Some(copies);
        Ok(())
    }

    fn write_header(&mut self, extension: &str) -> Result<()> {
        // Allows codecs in MP4 that FFmpeg still calls experimental there: they are only copied.
        let mut options = Dictionary::new();
        options.set("strict", "experimental");
        if matches!(extension, "mp4" | "m4v" | "mov") {
            options.set("movflags", "+faststart");
        }
        let written = self.output.write_header_with(options);
        written
            .map(|_| ())
            .map_err(|why| failed("writing the header", why))
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

    /// How many streams are copied unchanged.
    pub fn streams_copied(&self) -> usize {
        self.copies.as_ref().map_or(0, Copies::count)
    }

    /// Writes the packets that are ready, and before each what is to be copied up to its time.
    fn write_packets(&mut self) -> Result<()> {
        while let Some(packet) = self.encoder.receive()? {
            let frames = packet.dts().or(packet.pts()).unwrap_or(0);
            let time = self.start + Rational::from_integer(frames.into()) / self.rate;
            if let Some(copies) = &mut self.copies {
                copies.write_until(&mut self.output, Some(time))?;
            }
            self.write_packet(packet)?;
        }
        Ok(())
    }

    fn write_packet(&mut self, mut packet: Packet) -> Result<()> {
        let tick = match self.output.stream(self.stream) {
            Some(stream) => stream.time_base(),
            None => return Ok(()),
        };
        packet.rescale_ts(small(self.rate.recip())?, tick);
        let start = mux::ticks(self.start, tick);
        packet.set_pts(packet.pts().map(|t| t + start));
        packet.set_dts(packet.dts().map(|t| t + start));
        packet.set_stream(self.stream);
        let written = packet.write_interleaved(&mut self.output);
        written.map_err(|why| failed("writing", why))
    }
}

impl Sink for FileSink {
    fn write(&mut self, picture: &Picture) -> Result<()> {
        self.encoder.send(picture)?;
        self.write_packets()
    }

    fn finish(&mut self) -> Result<()> {
        self.encoder.end()?;
        self.write_packets()?;
        if let Some(copies) = &mut self.copies {
            copies.write_until(&mut self.output, None)?;
        }
        let written = self.output.write_trailer();
        written.map_err(|why| failed("writing the index", why))
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
    let unslowed = Rational::from_integer(1);
    let mut sink = FileSink::create(path, &info, rate, &encoding, None, unslowed)?;
    for picture in pictures {
        if (picture.width(), picture.height(), picture.format())
            != (info.width, info.height, format)
        {
            return Err(Error::Invalid(
                "the pictures differ in size or format".to_owned(),
            ));
        }
        sink.write(&picture)?;
    }
    sink.finish()
}

/// Adds the stream of encoded video, with what it takes over from the source's.
fn add_video(
    output: &mut Output,
    encoder: &Encoder,
    rate: Rational,
    from: Option<&Stream>,
) -> Result<()> {
    let is_quicktime = matches!(output.format().name(), "mp4" | "mov" | "ipod");
    let mut stream = output
        .add_stream(encoder.codec)
        .map_err(|why| failed("adding a stream", why))?;
    stream.set_parameters(&encoder.encoder);
    if is_quicktime && encoder.codec.id() == codec::Id::HEVC {
        ffi::set_codec_tag(&mut stream, *b"hvc1"); // what Apple's players ask for
    }
    let rate = small(rate)?;
    stream.set_time_base(rate.invert());
    stream.set_avg_frame_rate(rate);
    stream.set_rate(rate);
    match from {
        Some(from) => mux::take_over(from, &mut stream),
        None => Ok(()),
    }
}

/// The sentence for a pixel format that had to change.
fn conversion_note(encoder: &Encoder) -> Option<String> {
    let name = |p: format::Pixel| p.descriptor().map_or("unknown", |d| d.name());
    (encoder.pixel != encoder.source_pixel).then(|| {
        format!(
            "{} cannot hold these {} pictures; they are stored as {}",
            encoder.codec.name(),
            name(encoder.source_pixel),
            name(encoder.pixel)
        )
    })
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
