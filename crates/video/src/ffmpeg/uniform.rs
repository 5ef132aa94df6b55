//! Frames of one size, pixel format and range: those of the first, whatever the stream changes to on the way.

use super::color::ColorTags;
use super::library::failed;
use super::pixel;
use crate::clip::Result;
use crate::ffi::pixel::{Scaler, Side, copy_properties, is_flipped};
use ffmpeg_next::format::Pixel;
use ffmpeg_next::{color, frame};

/// What may change on the way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Looks {
    pub(super) pixel: Pixel,
    pub(super) width: u32,
    pub(super) height: u32,
    full_range: bool,
    matrix: color::Space,
}

/// Scales and converts frames to the size, pixel format, range and matrix of the first.
pub(super) struct Uniform {
    pub(super) first: Looks,
    /// The pixel format in which frames are read.
    pub(super) read_as: Pixel,
    /// Whether times and field order go along.
    pub(super) keeps_properties: bool,
    scaler: Option<(Looks, Scaler)>,
    /// The first frame that was another: its index from 0, and what it was.
    changed: Option<(u64, Looks)>,
}

impl Looks {
    fn of(frame: &frame::Video, otherwise: (bool, color::Space)) -> Self {
        let is_full_name = pixel::is_full_range_name(frame.format());
        Self {
            pixel: frame.format(),
            width: frame.width(),
            height: frame.height(),
            full_range: match frame.color_range() {
                _ if is_full_name => true,
                color::Range::JPEG => true,
                color::Range::MPEG => false,
                color::Range::Unspecified => otherwise.0,
            },
            matrix: match frame.color_space() {
                color::Space::Unspecified | color::Space::Reserved => otherwise.1,
                matrix => matrix,
            },
        }
    }

    fn side(&self) -> Side {
        Side {
            pixel: self.pixel,
            matrix: self.matrix,
            full_range: self.full_range,
        }
    }
}

impl Uniform {
    /// For a clip whose first frame this is, with the tags of what is read.
    pub(super) fn new(first: &frame::Video, read_as: Pixel, tags: &ColorTags) -> Self {
        let full_range = tags.range == color::Range::JPEG;
        Self {
            first: Looks {
                full_range,
                matrix: tags.matrix,
                ..Looks::of(first, (full_range, tags.matrix))
            },
            read_as,
            keeps_properties: false,
            scaler: None,
            changed: None,
        }
    }

    /// The frame, which is the `index`-th from 0, as the first one is read.
    pub(super) fn make(&mut self, frame: frame::Video, index: u64) -> Result<frame::Video> {
        let mut looks = Looks::of(&frame, (self.first.full_range, self.first.matrix));
        if looks.pixel == self.first.pixel && is_rgb(looks.pixel) {
            looks.full_range = self.first.full_range; // RGB knows neither.
            looks.matrix = self.first.matrix;
        }
        if looks != self.first && index > 0 {
            self.changed.get_or_insert((index, looks));
        }
        let is_as_first = looks == self.first || index == 0;
        if is_as_first && frame.format() == self.read_as && !is_flipped(&frame) {
            return Ok(frame);
        }
        let from = if is_as_first { self.first } else { looks };
        let doing = |why| failed("converting the picture", why);
        let scaler = match self.scaler.take() {
            Some((of, scaler)) if of == from => scaler,
            _ => {
                let to = Side {
                    pixel: self.read_as,
                    ..self.first.side()
                };
                let sizes = [
                    (from.width, from.height),
                    (self.first.width, self.first.height),
                ];
                Scaler::between(from.side(), to, sizes).map_err(doing)?
            }
        };
        let (_, scaler) = self.scaler.insert((from, scaler));
        let mut out = scaler.run(&frame).map_err(doing)?;
        if self.keeps_properties {
            copy_properties(&frame, &mut out).map_err(doing)?;
        }
        Ok(out)
    }

    /// Whether a frame can stand for the first.
    pub(super) fn is_like_first(&self, frame: &frame::Video) -> bool {
        (frame.format(), frame.width(), frame.height())
            == (self.first.pixel, self.first.width, self.first.height)
    }

    /// What changed, in a sentence.
    pub(super) fn note(&self) -> Option<String> {
        let (index, looks) = self.changed?;
        let say = |l: &Looks| {
            let range = if l.full_range { "full" } else { "limited" };
            format!(
                "{}x{} {} in {range} range",
                l.width,
                l.height,
                pixel::name(l.pixel)
            )
        };
        let (found, first) = (say(&looks), say(&self.first));
        Some(match found == first {
            true => format!(
                "the colour matrix changes at frame {index}; what differs from the first frame is converted to it"
            ),
            false => format!(
                "frame {index} is {found}, the first is {first}; what differs from the first is scaled or converted to it"
            ),
        })
    }
}

fn is_rgb(pixel: Pixel) -> bool {
    crate::ffi::pixel::pixel_facts(pixel).is_some_and(|facts| facts.rgb)
}
