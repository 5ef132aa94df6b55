//! Muxer of YUV4MPEG2.

use super::header::Header;
use crate::clip::{Error, Result, Sink};
use crate::time::Shown;
use otinterp::picture::{Picture, codes, samples};
use otinterp::timings::{Stage, stage};
use std::io::Write;

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
