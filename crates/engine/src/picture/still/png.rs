//! PNG and animated PNG writers.

use super::{Still, StillError, interleaved};
use crate::picture::ColorModel;
use ::png::chunk::{self, ChunkType};
use std::borrow::Cow;
use std::io::Write;

/// Writes one picture, which must be grey or RGB of 8 or 16 bits.
pub(super) fn write_image(still: &Still, out: impl Write) -> Result<(), StillError> {
    let mut writer = encoder(still, out)?
        .write_header()
        .map_err(|e| png_error(e, "PNG"))?;
    write_tags(&mut writer, still)
        .and_then(|()| writer.write_image_data(&interleaved(&still.picture, u16::to_be_bytes)))
        .and_then(|()| writer.finish())
        .map_err(|e| png_error(e, "PNG"))
}

/// Writes what the file said of its colours and so on, byte for byte; it must stand before the pixels.
fn write_tags<W: Write>(
    writer: &mut ::png::Writer<W>,
    still: &Still,
) -> Result<(), ::png::EncodingError> {
    for (kind, bytes) in &still.tags.png {
        writer.write_chunk(ChunkType(*kind), bytes)?;
    }
    match &still.tags.exif {
        Some(exif) => writer.write_chunk(chunk::eXIf, exif),
        None => Ok(()),
    }
}

/// An encoder for pictures of the size, format and profile of `like`.
fn encoder<W: Write>(like: &Still, out: W) -> Result<::png::Encoder<'_, W>, StillError> {
    let format = like.picture.format();
    let (width, height) = (like.picture.width() as u32, like.picture.height() as u32);
    let mut info = ::png::Info::with_size(width, height);
    info.icc_profile = like.icc.as_deref().map(Cow::Borrowed);
    let mut encoder = ::png::Encoder::with_info(out, info).map_err(|e| png_error(e, "PNG"))?;
    encoder.set_color(match (format.model, format.alpha) {
        (ColorModel::Gray, false) => ::png::ColorType::Grayscale,
        (ColorModel::Gray, true) => ::png::ColorType::GrayscaleAlpha,
        (ColorModel::Rgb, false) => ::png::ColorType::Rgb,
        (ColorModel::Rgb, true) => ::png::ColorType::Rgba,
        (ColorModel::Yuv, _) => return Err(StillError::Yuv),
    });
    encoder.set_depth(match format.bit_depth {
        8 => ::png::BitDepth::Eight,
        _ => ::png::BitDepth::Sixteen,
    });
    encoder.set_compression(::png::Compression::Fast);
    // Chosen anew for each row: much smaller on photographs than the one filter of `Fast`.
    encoder.set_filter(::png::Filter::Adaptive);
    Ok(encoder)
}

/// Writes an animated PNG that repeats for ever: 8 or 16 bits, alpha and profile kept.
pub struct ApngWriter<W: Write> {
    writer: ::png::Writer<W>,
}

impl<W: Write> ApngWriter<W> {
    /// Writes the header for `frames` frames of the size, format and profile of `like`, shown at
    /// `fps` frames per second.
    ///
    /// # Errors
    /// [`StillError`] if the picture is Y'CbCr or the system refuses.
    pub fn new(out: W, like: &Still, frames: u32, fps: f64) -> Result<Self, StillError> {
        let mut encoder = encoder(like, out)?;
        let (delay, per) = apng_delay(fps);
        let mut writer = encoder
            .set_animated(frames, 0)
            .and_then(|()| encoder.set_frame_delay(delay, per))
            .and_then(|()| encoder.write_header())
            .map_err(apng_error)?;
        write_tags(&mut writer, like).map_err(apng_error)?;
        Ok(Self { writer })
    }

    /// Appends a frame.
    ///
    /// # Errors
    /// [`StillError`] if the system refuses or the frame's size or format is another.
    pub fn push(&mut self, still: &Still) -> Result<(), StillError> {
        self.writer
            .write_image_data(&interleaved(&still.picture, u16::to_be_bytes))
            .map_err(apng_error)
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// [`StillError`] if frames are missing or the system refuses.
    pub fn finish(self) -> Result<(), StillError> {
        self.writer.finish().map_err(apng_error)
    }
}

/// Seconds per frame as a fraction of two 16-bit numbers: thousandths of a frame rate as long as
/// they fit, whole frames per second above.
fn apng_delay(fps: f64) -> (u16, u16) {
    let milli = (1000.0 * fps).round();
    if milli <= f64::from(u16::MAX) {
        (1000, milli.max(1.0) as u16)
    } else {
        (1, fps.round().min(f64::from(u16::MAX)) as u16)
    }
}

fn apng_error(error: ::png::EncodingError) -> StillError {
    png_error(error, "APNG")
}

fn png_error(error: ::png::EncodingError, format: &'static str) -> StillError {
    match error {
        ::png::EncodingError::IoError(e) => StillError::Write(e),
        other => StillError::encode(format, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_exact_for_usual_rates() {
        assert_eq!(apng_delay(25.0), (1000, 25_000));
        assert_eq!(apng_delay(23.976), (1000, 23_976));
        assert_eq!(apng_delay(0.5), (1000, 500));
        assert_eq!(apng_delay(120.0), (1, 120));
    }
}
