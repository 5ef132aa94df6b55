//! Decoded frames as 8-bit RGB pictures, for measuring.

use super::decode::Decoder;
use super::input::{Pick, Place, open_any};
use super::library::failed;
use super::pixel;
use crate::clip::Result;
use crate::ffi::pixel::{Scaler, Side};
use crate::options::Access;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::{color, frame};
use otinterp::picture::{Format, Picture};
use std::path::Path;

/// The frames of a clip as 8-bit full-range RGB pictures, in showing order.
///
/// The conversion is libswscale's with the clip's own matrix and range, exact rounding and full
/// chroma interpolation: the same bytes as `ffmpeg -vf
/// scale=flags=area+accurate_rnd+full_chroma_int -pix_fmt rgb24`. Rotation tags are not applied.
pub struct RgbFrames {
    place: Place,
    decoder: Decoder,
    /// With what it was made for, and the width and height.
    scaler: Option<((Side, u32, u32), Scaler)>,
}

impl RgbFrames {
    /// Opens the best video stream of a file, or of what comes from a named pipe.
    ///
    /// # Errors
    /// [`crate::Error`] if there is no such file, it is no clip, or it has no video.
    pub fn open(path: &Path, access: Access) -> Result<Self> {
        let (input, place) = open_any(path, access)?;
        Ok(Self {
            place,
            decoder: Decoder::of(input, Pick::Best, None)?,
            scaler: None,
        })
    }

    fn convert(&mut self, frame: &frame::Video) -> Result<Picture> {
        let full =
            frame.color_range() == color::Range::JPEG || pixel::is_full_range_name(frame.format());
        let (width, height) = (frame.width(), frame.height());
        let side = |pixel, full_range| Side {
            pixel,
            matrix: frame.color_space(),
            full_range,
        };
        let key = (side(frame.format(), full), width, height);
        let doing = |why| failed("converting to RGB", why);
        let scaler = match &mut self.scaler {
            Some((made_for, scaler)) if *made_for == key => scaler,
            other => {
                let to = side(Pixel::RGB24, true);
                let scaler = Scaler::new(key.0, to, width, height).map_err(doing)?;
                &mut other.insert((key, scaler)).1
            }
        };
        pixel::picture_from(&scaler.run(frame).map_err(doing)?, Format::rgb(8))
    }
}

impl Iterator for RgbFrames {
    type Item = Result<Picture>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.decoder.next() {
            Some(frame) => Some(self.convert(&frame)),
            None => self.place.check_end().err().map(Err),
        }
    }
}
