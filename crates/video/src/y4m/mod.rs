//! YUV4MPEG2: uncompressed clips on pipes.
//!
//! Written here rather than taken from the `y4m` crate (0.8), which takes a stream that is cut off
//! within a frame for one that ends, and knows neither 4:1:1 nor depths other than 8, 10 and 12.

mod header;
#[cfg(test)]
mod tests;

pub use header::Header;

use super::time::Rational;
use super::{Error, Frame, Info, Result, Shown, Sink, Source};
use otinterp::picture::{Picture, Plane, codes, samples, spare};
use otinterp::timings::{Stage, stage};
use std::io::{BufRead, BufReader, Read, Write};

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
            bytes: Vec::new(),
        })
    }

    /// The first line of the stream.
    pub fn header(&self) -> &Header {
        &self.header
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
            return Err(Error::Invalid(format!(
                "not a Y4M stream: no FRAME line before frame {}",
                self.frames
            )));
        }
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
        }))
    }

    fn warnings(&self) -> Vec<String> {
        if self.cut_off {
            vec![format!(
                "the stream is cut off within frame {}",
                self.frames
            )]
        } else {
            Vec::new()
        }
    }
}

/// A line without its end; `None` at the end of the stream.
fn read_line(reader: &mut impl BufRead) -> Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    reader.take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.pop() == Some(b'\n') {
        Ok(Some(line))
    } else {
        Err(Error::Invalid(
            "not a Y4M stream: a line does not end".to_owned(),
        ))
    }
}

/// Writes a Y4M stream.
pub struct Y4mSink<W> {
    writer: W,
    header: Header,
    bytes: Vec<u8>,
}

impl<W: Write + Send> Y4mSink<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// What the writer says.
    pub fn new(mut writer: W, header: Header) -> Result<Self> {
        writer.write_all(header.line().as_bytes())?;
        Ok(Self::go_on(writer, header))
    }

    /// Goes on with a stream that was begun with the same header.
    pub fn go_on(writer: W, header: Header) -> Self {
        Self {
            writer,
            header,
            bytes: Vec::new(),
        }
    }
}

impl<W> Y4mSink<W> {
    /// A frame as it stands in the stream.
    fn take(&mut self, picture: &Picture) {
        let _stage = stage(Stage::ToSamples);
        let marker = b"FRAME\n";
        let sample_bytes = self.header.sample_bytes();
        let planes = picture.planes().iter().map(samples);
        let size = planes.clone().map(<[f32]>::len).sum::<usize>() * sample_bytes;
        self.bytes.resize(marker.len() + size, 0);
        let (head, mut rest) = self.bytes.split_at_mut(marker.len());
        head.copy_from_slice(marker);
        for plane in planes {
            let (out, after) = rest.split_at_mut(plane.len() * sample_bytes);
            if sample_bytes == 1 {
                codes::to_bytes(plane, out);
            } else {
                codes::to_words(plane, out);
            }
            rest = after;
        }
    }
}

impl<W: Write + Send> Sink for Y4mSink<W> {
    fn write(&mut self, picture: &Picture, _shown: Shown) -> Result<()> {
        let (width, height) = (self.header.width, self.header.height);
        if picture.format().plane_count() != self.header.format.plane_count()
            || picture.format().bit_depth != self.header.format.bit_depth
            || (picture.width(), picture.height()) != (width, height)
        {
            return Err(Error::Invalid(
                "the picture does not fit the Y4M header".to_owned(),
            ));
        }
        self.take(picture);
        Ok(self.writer.write_all(&self.bytes)?)
    }

    fn checkpoint(&mut self) -> Result<bool> {
        self.writer.flush()?;
        Ok(true)
    }

    fn finish(&mut self) -> Result<()> {
        Ok(self.writer.flush()?)
    }
}
