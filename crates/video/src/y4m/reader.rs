//! Demuxer of YUV4MPEG2: its frames as pictures.

use super::header::Header;
use crate::clip::{Error, Frame, Info, MOVED_AS_ONE, Result, Source};
use crate::time::Rational;
use otinterp::picture::{Picture, Plane, codes, spare};
use otinterp::timings::{Stage, stage};
use std::io::{BufRead, BufReader, Read};

/// Longest header or frame line: far above any in use, so that bytes that are no Y4M at all are
/// not read to their end in search of a line end.
const LONGEST_LINE: u64 = 4096;

/// Reads a Y4M stream.
pub struct Y4mSource<R> {
    reader: BufReader<R>,
    header: Header,
    info: Info,
    frames: u64,
    cut_off: bool,
    /// Whether the last frame said that it is whole, in a stream where they differ.
    last_is_whole: bool,
    bytes: Vec<u8>,
}

impl<R: Read + Send> Y4mSource<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`Error`] if it is not that of a Y4M stream.
    pub fn new(reader: R) -> Result<Self> {
        let mut reader = BufReader::with_capacity(1 << 20, reader);
        let line = read_line(&mut reader)?
            .ok_or_else(|| Error::Invalid("not a Y4M stream: it is empty".to_owned()))?;
        let header = Header::parse(&line)?;
        let info = Info {
            width: header.width,
            height: header.height,
            format: header.format,
            rate: Some(header.rate),
            duration: None,
            sample_aspect: header.sample_aspect,
            interlaced: header.interlaced,
            siting: header.siting,
        };
        Ok(Self {
            reader,
            header,
            info,
            frames: 0,
            cut_off: false,
            last_is_whole: false,
            bytes: Vec::new(),
        })
    }

    /// Says how many frames per second are taken in place of those of the header, if they are.
    #[must_use]
    pub fn with_rate(mut self, rate: Option<Rational>) -> Self {
        if let Some(rate) = rate {
            self.header = self.header.with_rate(rate);
            self.info.rate = Some(rate);
        }
        self
    }

    /// Says how many bytes the whole stream has, from which its duration follows.
    #[must_use]
    pub fn with_size(mut self, stream_bytes: u64) -> Self {
        let Info {
            format,
            width,
            height,
            ..
        } = self.info;
        let planes = (0..format.plane_count()).map(|plane| format.plane_dim(plane, width, height));
        let samples: usize = planes.map(|(height, width)| height * width).sum();
        // The line before each frame mostly has no parameters.
        let frame_bytes = samples * self.header.sample_bytes() + b"FRAME\n".len();
        let frames = Rational::from_integer((stream_bytes / frame_bytes as u64).into());
        self.info.duration = Some(frames / self.header.rate);
        self
    }

    /// All frames hold two fields, whatever the stream says.
    #[must_use]
    pub(crate) fn interlaced(mut self) -> Self {
        self.info.interlaced = true;
        self
    }

    /// The first line of the stream.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Whether the last frame holds two fields.
    #[cfg(feature = "video")]
    pub(crate) fn last_has_fields(&self) -> bool {
        self.info.interlaced && !self.last_is_whole
    }

    /// One plane; `None` if the stream ends within it.
    fn read_plane(&mut self, (height, width): (usize, usize)) -> Result<Option<Plane>> {
        let wanted = height * width * self.header.sample_bytes();
        self.bytes.clear();
        // Grows with what really comes, whatever the header promises.
        (&mut self.reader)
            .take(wanted as u64)
            .read_to_end(&mut self.bytes)?;
        if self.bytes.len() < wanted {
            return Ok(None);
        }
        let _stage = stage(Stage::FromSamples);
        let mut samples = spare::room(height * width);
        samples.clear();
        if self.header.sample_bytes() == 1 {
            codes::extend_from_bytes(&mut samples, &self.bytes);
        } else {
            codes::extend_from_words(&mut samples, &self.bytes);
        }
        Ok(Plane::from_shape_vec((height, width), samples).ok())
    }
}

impl<R: Read + Send> Source for Y4mSource<R> {
    fn info(&self) -> &Info {
        &self.info
    }

    fn next(&mut self) -> Result<Option<Frame>> {
        if self.cut_off {
            return Ok(None);
        }
        let _stage = stage(Stage::Decode);
        let Some(line) = read_line(&mut self.reader)? else {
            return Ok(None);
        };
        if !(line == b"FRAME" || line.starts_with(b"FRAME ")) {
            let why = format!(
                "not a Y4M stream: no FRAME line before frame {}",
                self.frames
            );
            return Err(Error::Invalid(why));
        }
        self.last_is_whole = line.split(|b| *b == b' ').any(is_whole);
        let format = self.info.format;
        let mut planes = Vec::with_capacity(format.plane_count());
        for index in 0..format.plane_count() {
            let dim = format.plane_dim(index, self.info.width, self.info.height);
            let Some(plane) = self.read_plane(dim)? else {
                self.cut_off = true;
                return Ok(None);
            };
            planes.push(plane);
        }
        let interval = self.header.rate.recip();
        let time = interval * Rational::from_integer(self.frames.into());
        self.frames += 1;
        Ok(Some(Frame {
            picture: Picture::new(format, planes)?,
            time,
            duration: Some(interval),
            is_context: false,
        }))
    }

    fn warnings(&self) -> Vec<String> {
        let frame = self.frames;
        let cut = || format!("the stream is cut off within frame {frame}");
        let fields = || MOVED_AS_ONE.to_owned();
        let found = [self.cut_off.then(cut), self.info.interlaced.then(fields)];
        found.into_iter().flatten().collect()
    }
}

/// Whether a word of a frame's line says that both its fields are of one time (`I`, how it is shown, then `p`).
fn is_whole(word: &[u8]) -> bool {
    matches!(word, [b'I', _, b'p', ..])
}

/// A line without its end; `None` at the end of the stream.
fn read_line(reader: &mut impl BufRead) -> Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    reader.take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.pop() != Some(b'\n') {
        let why = "not a Y4M stream: a line does not end";
        return Err(Error::Invalid(why.to_owned()));
    }
    Ok(Some(line))
}
