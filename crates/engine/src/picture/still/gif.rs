//! GIF writer for sequences of stills.

use super::promote::converted;
use super::{Still, StillError, interleaved};
use crate::picture::Format;
use std::io::Write;

/// NeuQuant looks at one pixel in ten: what the `gif` crate calls a good compromise. Frames of up
/// to 256 colours are exact at any setting.
const GIF_QUANTISER_SPEED: i32 = 10;
/// Shortest delay that browsers keep to, in hundredths of a second; below, they show 0.1 s.
const GIF_MIN_DELAY_CS: f64 = 2.0;

/// Writes a GIF that repeats for ever. Each frame has its own palette of 256 colours; transparency
/// is on (alpha under one half) or off.
pub struct GifWriter<W: Write> {
    encoder: ::gif::Encoder<W>,
    /// Hundredths of a second of a frame.
    interval_cs: f64,
    /// Frames so far.
    frames: u32,
    /// When the next frame begins, in hundredths of a second.
    next_cs: f64,
}

impl<W: Write> GifWriter<W> {
    /// Writes the header for frames of the size of `like`, shown at `fps` frames per second on
    /// average: each frame begins within half a hundredth of a second of its time, which is all
    /// that GIF can tell, and is shown for at least two.
    ///
    /// # Errors
    /// [`StillError`] if the size is above 65535 or the system refuses.
    pub fn new(out: W, like: &Still, fps: f64) -> Result<Self, StillError> {
        let (width, height) = gif_size(like)?;
        let mut encoder = ::gif::Encoder::new(out, width, height, &[]).map_err(gif_error)?;
        encoder
            .set_repeat(::gif::Repeat::Infinite)
            .map_err(gif_error)?;
        Ok(Self {
            encoder,
            interval_cs: (100.0 / fps).max(GIF_MIN_DELAY_CS),
            frames: 0,
            next_cs: 0.0,
        })
    }

    /// Appends a frame.
    ///
    /// # Errors
    /// [`StillError`] if the system refuses.
    pub fn push(&mut self, still: &Still) -> Result<(), StillError> {
        let (width, height) = gif_size(still)?;
        let rgba = converted(&still.picture, Format::rgb(8).with_alpha())
            .map_err(|e| StillError::encode("GIF", e))?;
        let mut pixels = interleaved(&rgba, u16::to_ne_bytes);
        for alpha in pixels.iter_mut().skip(3).step_by(4) {
            *alpha = if *alpha < 128 { 0 } else { 255 };
        }
        let mut frame =
            ::gif::Frame::from_rgba_speed(width, height, &mut pixels, GIF_QUANTISER_SPEED);
        self.frames += 1;
        let end_cs = (self.interval_cs * f64::from(self.frames)).round();
        frame.delay = (end_cs - self.next_cs) as u16;
        self.next_cs = end_cs;
        frame.dispose = if still.picture.format().alpha {
            ::gif::DisposalMethod::Background
        } else {
            ::gif::DisposalMethod::Keep
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
        let why = "sides are limited to 65535 pixels";
        u16::try_from(n).map_err(|_| StillError::encode("GIF", why))
    };
    Ok((side(still.picture.width())?, side(still.picture.height())?))
}

fn gif_error(error: ::gif::EncodingError) -> StillError {
    match error {
        ::gif::EncodingError::Io(e) => StillError::Write(e),
        other => StillError::encode("GIF", other),
    }
}
