//! Demuxing and muxing of any clip, the same in builds with and without FFmpeg: Y4M here, all else through FFmpeg.

use crate::clip::{Created, Destination, Error, Info, Result, Source};
use crate::facts::{Beside, Length};
use crate::ffmpeg::{self, FileSource, Origin};
use crate::options::{Access, Encoding, RawVideo, ReadOptions};
use crate::peeked::Peeked;
use crate::pipe::Pipe;
use crate::range::{Position, Ranged};
use crate::time::{OutputClock, Rational, Shown};
use crate::y4m::{Header, Y4mSink, Y4mSource};
use otinterp::picture::Picture;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

/// A clip that is open for reading.
pub struct Clip {
    /// Its pictures.
    pub source: Box<dyn Source>,
    /// Frames per second on average, if it tells.
    pub rate: Option<Rational>,
    /// FFmpeg's name of the pixel format, or that of Y4M.
    pub pixel_format: String,
    /// Of Y4M.
    header: Option<Header>,
    /// Of what FFmpeg reads.
    origin: Option<Origin>,
    is_part: bool,
}

/// Whether a file of this name is Y4M, which needs no FFmpeg.
pub fn is_y4m(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("y4m"))
}

/// Opens a file, a named pipe, numbered images by their pattern `in_%04d.png`, or standard input where there is no `path`;
/// what holds nothing but samples, as `raw` says.
///
/// # Errors
/// [`Error`] if there is no such file, it is no clip, or it needs FFmpeg and this build has none.
pub fn open_clip(
    path: Option<&Path>,
    raw: Option<&RawVideo>,
    options: &ReadOptions,
) -> Result<Clip> {
    let pipe = match path {
        Some(path) => Pipe::named(path)?,
        None => Some(Pipe::stdin()?),
    };
    let source = match (pipe, path, raw) {
        (Some(pipe), _, Some(raw)) => FileSource::open_pipe(pipe, Some(raw), options),
        (Some(pipe), _, None) => {
            // Y4M says so in its first bytes.
            let pipe = Peeked::new(pipe)?;
            if pipe.is_y4m() {
                return of_y4m(Y4mSource::new(pipe)?.with_rate(options.rate), options);
            }
            if pipe.is_empty() {
                return Err(Error::Invalid("the pipe is empty".to_owned()));
            }
            FileSource::open_pipe(pipe, None, options)
        }
        (None, path, raw) => {
            let path = path.unwrap_or(Path::new(""));
            match raw {
                Some(raw) => FileSource::open_raw(path, raw, options),
                None if is_y4m(path) => return open_y4m_file(path, options),
                None => FileSource::open_with(path, options),
            }
        }
    }?;
    let rate = match options.counts_frames {
        true => source.average_rate()?,
        false => source.info().rate,
    };
    Ok(Clip {
        rate,
        pixel_format: source.pixel_format().to_owned(),
        header: None,
        origin: Some(source.origin()),
        source: Box::new(source),
        is_part: false,
    })
}

fn open_y4m_file(path: &Path, options: &ReadOptions) -> Result<Clip> {
    let file = File::open(path)?;
    let facts = file.metadata()?;
    if facts.is_dir() {
        return Err(Error::Invalid("it is a folder, not a clip".to_owned()));
    }
    let source = Y4mSource::new(file)?.with_rate(options.rate);
    of_y4m(source.with_size(facts.len()), options)
}

fn of_y4m(source: Y4mSource<impl Read + Send + 'static>, options: &ReadOptions) -> Result<Clip> {
    let mut header = source.header().clone();
    let source = match options.fields {
        Some(_) => source.interlaced(),
        None => source,
    };
    let is_deinterlaced = options.deinterlace && source.info().interlaced;
    let source = match is_deinterlaced {
        true => {
            let order = options.fields.unwrap_or(header.field_order());
            ffmpeg::deinterlaced(source, order)?
        }
        false => Box::new(source),
    };
    if is_deinterlaced && !source.info().interlaced {
        header = header.progressive();
    }
    Ok(Clip {
        rate: Some(header.rate),
        pixel_format: header.colour().to_owned(),
        header: Some(header),
        origin: None,
        source,
        is_part: false,
    })
}

impl Clip {
    /// The part from `start` up to `end`, after and before so many frames of what is around it; all of it where
    /// both are `None`.
    ///
    /// # Errors
    /// [`Error`] if the clip cannot be read up to there, or has no such frame.
    pub fn part(
        self,
        (start, end): (Option<Position>, Option<Position>),
        context_frames: [usize; 2],
    ) -> Result<Self> {
        if start.is_none() && end.is_none() {
            return Ok(self);
        }
        let source = Ranged::new(self.source, (start, end), context_frames)?;
        let mut origin = self.origin;
        if let Some(origin) = &mut origin {
            origin.restrict(source.start(), source.end());
        }
        Ok(Self {
            origin,
            source: Box::new(source),
            is_part: true,
            ..self
        })
    }

    /// How long it is. Y4M and a part are read through for it, other files at most packet by packet.
    ///
    /// # Errors
    /// [`Error`] if it cannot be read.
    pub fn length(&mut self) -> Result<Length> {
        if let Some(origin) = self.origin.as_ref().filter(|_| !self.is_part) {
            return ffmpeg::length(origin);
        }
        let (mut frames, mut span) = (0, None);
        while let Some(frame) = self.source.next()? {
            if frame.is_context {
                continue;
            }
            let (first, last) =
                span.map_or((frame.time, frame.time), |(first, last, _)| (first, last));
            let shown = frame.duration.unwrap_or(frame.time - last);
            span = Some((first, frame.time, frame.time + shown));
            frames += 1;
        }
        Ok(Length {
            frames,
            is_counted: true,
            duration: span.map(|(first, _, end)| end - first),
        })
    }
}

/// That a clip can be written under this name.
///
/// # Errors
/// [`Error`] that says which names will do.
pub fn check_container(path: &Path) -> Result<()> {
    match is_y4m(path) {
        true => Ok(()),
        false => ffmpeg::container_of(path).map(|_| ()),
    }
}

/// Whether a clip of this name keeps the times of single frames (a variable frame rate).
pub fn holds_variable_rates(path: &Path) -> bool {
    !is_y4m(path) && ffmpeg::holds_variable_rates(path)
}

/// Whether a player learns from a clip of this name how to turn its pictures. Where it does not, they are to be turned when
/// they are read: [`ReadOptions::turn`].
pub fn holds_rotation(path: &Path) -> bool {
    !is_y4m(path) && ffmpeg::holds_rotation(path)
}

/// Opens a clip for writing: pictures as in `info`, at the times of `clock`.
///
/// Of the clip `from` that is read, the other streams are copied, and colour tags, metadata, chapters and rotation are taken
/// over. Where the clock slows the picture, subtitles and the like go as slowly, and sound as [`ReadOptions`] say.
///
/// # Errors
/// [`Error`] if the container or the encoder is unknown or refuses the pictures, the file cannot be written, or it needs
/// FFmpeg and this build has none.
pub fn create_clip(
    to: &Destination,
    info: &Info,
    clock: &OutputClock,
    encoding: &Encoding,
    from: Option<&Clip>,
) -> Result<Created> {
    if !is_y4m(to.name()) {
        return ffmpeg::create(to, info, clock, encoding, origin_of(from));
    }
    let header = y4m_header(info, clock, encoding, from)?;
    let pixel_format = header.colour().to_owned();
    let (out, is_begun): (Box<dyn Write + Send>, bool) = match to {
        Destination::File(path) => (Box::new(File::create(path)?), false),
        Destination::Stdout(_) => (Box::new(BufWriter::new(io::stdout())), false),
        Destination::Kept { data, is_begun, .. } => {
            let file = OpenOptions::new().append(true).open(data)?;
            (Box::new(file), *is_begun)
        }
    };
    let sink = match is_begun {
        true => Y4mSink::go_on(out, header),
        false => Y4mSink::new(out, header)?,
    };
    Ok(Created {
        sink: Box::new(sink),
        codec: "y4m".to_owned(),
        pixel_format,
        streams_copied: 0,
        streams_stretched: 0,
        notes: Vec::new(),
    })
}

fn origin_of(clip: Option<&Clip>) -> Option<&Origin> {
    clip.and_then(|clip| clip.origin.as_ref())
}

fn y4m_header(
    info: &Info,
    clock: &OutputClock,
    encoding: &Encoding,
    from: Option<&Clip>,
) -> Result<Header> {
    if encoding.pixel_format.is_some() || !encoding.options.is_empty() {
        let why = "Y4M is written as it is; --pix-fmt and --encoder-opt are for encoders";
        return Err(Error::Invalid(why.to_owned()));
    }
    match from.and_then(|clip| clip.header.clone()) {
        Some(header) => Ok(header.with_rate(clock.rate())),
        None => Header::new(info, clock.rate()),
    }
}

/// The names of the encoder and of the pixel format that `from` would be written with under this name. The encoder is
/// opened, so that settings which it refuses are found; nothing is written.
///
/// # Errors
/// Those of [`create_clip`].
pub fn encoder_for(
    path: &Path,
    clock: &OutputClock,
    encoding: &Encoding,
    from: &Clip,
) -> Result<(String, String)> {
    let info = from.source.info();
    if is_y4m(path) {
        let header = y4m_header(info, clock, encoding, Some(from))?;
        return Ok(("y4m".to_owned(), header.colour().to_owned()));
    }
    ffmpeg::encoder_for(path, info, clock, encoding, origin_of(Some(from)))
}

/// Whether a file of this name holds all sound of the clip at `path`, its bytes unchanged. True of what cannot be opened, or
/// only once.
pub fn holds_sound_of(path: &Path, name: &Path, access: Access) -> bool {
    !path.is_file() || is_y4m(path) || ffmpeg::holds_sound_of(path, name, access)
}

/// What would become of the streams beside the video in a file of this name.
///
/// # Errors
/// [`Error`] if the source cannot be opened again.
pub fn streams_beside(path: &Path, clock: &OutputClock, from: &Clip) -> Result<Beside> {
    match &from.origin {
        Some(origin) if !is_y4m(path) => ffmpeg::streams_beside(path, clock, origin),
        _ => Ok(Beside::default()),
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
    let mut sink = create_clip(&Destination::File(path), &info, &clock, &encoding, None)?.sink;
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
