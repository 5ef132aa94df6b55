//! Sequences of stills in one file: GIF and APNG.

use super::promote::converted;
use super::{Still, StillError, interleaved};
use crate::picture::{ColorModel, Format};
use std::borrow::Cow;
use std::io::Write;

/// NeuQuant looks at one pixel in ten: what the `gif` crate calls a good compromise. Frames of up
/// to 256 colours are exact at any setting.
const GIF_QUANTISER_SPEED: i32 = 10;
/// Shortest delay that browsers keep to, in hundredths of a second; below, they show 0.1 s.
const GIF_MIN_DELAY_CS: f64 = 2.0;

/// Writes a GIF that repeats for ever. Each frame has its own palette of 256 colours; transparency
/// is on (alpha under one half) or off.
pub struct GifWriter<W: Write> {
    encoder: gif::Encoder<W>,
    delay_cs: u16,
}

impl<W: Write> GifWriter<W> {
    /// Writes the header for frames of the size of `like`, shown at `fps` frames per second
    /// (rounded to hundredths of a second a frame).
    ///
    /// # Errors
    /// [`StillError`] if the size is above 65535 or the system refuses.
    pub fn new(out: W, like: &Still, fps: f64) -> Result<Self, StillError> {
        let (width, height) = gif_size(like)?;
        let mut encoder = gif::Encoder::new(out, width, height, &[]).map_err(gif_error)?;
        encoder
            .set_repeat(gif::Repeat::Infinite)
            .map_err(gif_error)?;
        let delay_cs = (100.0 / fps).round().max(GIF_MIN_DELAY_CS) as u16;
        Ok(Self { encoder, delay_cs })
    }

    /// Appends a frame.
    ///
    /// # Errors
    /// [`StillError`] if the system refuses.
    pub fn push(&mut self, still: &Still) -> Result<(), StillError> {
        let (width, height) = gif_size(still)?;
        let rgba = converted(&still.picture, Format::rgb(8).with_alpha()).map_err(|e| {
            StillError::Encode {
                format: "GIF",
                reason: e.to_string(),
            }
        })?;
        let mut pixels = interleaved(&rgba, u16::to_ne_bytes);
        for alpha in pixels.iter_mut().skip(3).step_by(4) {
            *alpha = if *alpha < 128 { 0 } else { 255 };
        }
        let mut frame =
            gif::Frame::from_rgba_speed(width, height, &mut pixels, GIF_QUANTISER_SPEED);
        frame.delay = self.delay_cs;
        frame.dispose = if still.picture.format().alpha {
            gif::DisposalMethod::Background
        } else {
            gif::DisposalMethod::Keep
        };
        self.encoder.write_frame(&frame).map_err(gif_error)
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// [`StillError`] if the system refuses.
    pub fn finish(self) -> Result<(), StillError> {
        let mut out = self.encoder.into_inner().map_err(gif_error)?;
        out.flush().map_err(StillError::Write)
    }
}

fn gif_size(still: &Still) -> Result<(u16, u16), StillError> {
    let side = |n: usize| {
        u16::try_from(n).map_err(|_| StillError::Encode {
            format: "GIF",
            reason: "sides are limited to 65535 pixels".into(),
        })
    };
    Ok((side(still.picture.width())?, side(still.picture.height())?))
}

fn gif_error(error: gif::EncodingError) -> StillError {
    match error {
        gif::EncodingError::Io(e) => StillError::Write(e),
        other => StillError::Encode {
            format: "GIF",
            reason: other.to_string(),
        },
    }
}

/// Writes an animated PNG that repeats for ever: 8 or 16 bits, alpha and profile kept.
pub struct ApngWriter<W: Write> {
    writer: png::Writer<W>,
}

impl<W: Write> ApngWriter<W> {
    /// Writes the header for `frames` frames of the size, format and profile of `like`, shown at
    /// `fps` frames per second.
    ///
    /// # Errors
    /// [`StillError`] if the picture is Y'CbCr or the system refuses.
    pub fn new(out: W, like: &Still, frames: u32, fps: f64) -> Result<Self, StillError> {
        let format = like.picture.format();
        let color = match (format.model, format.alpha) {
            (ColorModel::Gray, false) => png::ColorType::Grayscale,
            (ColorModel::Gray, true) => png::ColorType::GrayscaleAlpha,
            (ColorModel::Rgb, false) => png::ColorType::Rgb,
            (ColorModel::Rgb, true) => png::ColorType::Rgba,
            (ColorModel::Yuv, _) => return Err(StillError::Yuv),
        };
        let (width, height) = (like.picture.width() as u32, like.picture.height() as u32);
        let mut info = png::Info::with_size(width, height);
        info.icc_profile = like.icc.clone().map(Cow::Owned);
        let (delay, per) = apng_delay(fps);
        let start = || {
            let mut encoder = png::Encoder::with_info(out, info)?;
            encoder.set_color(color);
            encoder.set_depth(match format.bit_depth {
                8 => png::BitDepth::Eight,
                _ => png::BitDepth::Sixteen,
            });
            encoder.set_compression(png::Compression::Fast);
            encoder.set_filter(png::Filter::Adaptive);
            encoder.set_animated(frames, 0)?;
            encoder.set_frame_delay(delay, per)?;
            encoder.write_header()
        };
        Ok(Self {
            writer: start().map_err(apng_error)?,
        })
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

fn apng_error(error: png::EncodingError) -> StillError {
    match error {
        png::EncodingError::IoError(e) => StillError::Write(e),
        other => StillError::Encode {
            format: "APNG",
            reason: other.to_string(),
        },
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
