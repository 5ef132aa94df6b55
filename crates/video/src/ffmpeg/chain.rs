//! Filters between decoder and picture, one frame in and one out: deinterlacing, turning.

use super::filter::{Filter, Shape};
use super::pixel;
use crate::clip::Result;
use crate::options::FieldOrder;
use ffmpeg_next::frame;
use std::collections::VecDeque;

/// Which frames hold two fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interlaced {
    /// Those that say so themselves.
    Flagged,
    /// All.
    All(FieldOrder),
}

/// How a player is to turn or mirror pictures, in quarters of a full turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    /// FFmpeg's filters for it.
    filters: &'static str,
    /// Whether width and height change places.
    pub(super) is_quarter: bool,
}

impl Turn {
    /// That of a display matrix (FFmpeg's display.h: 3×3 numbers, the first two columns 16.16 fixed point); `None` where it
    /// leaves the picture as it is, or turns it by no whole quarter. As FFmpeg's own programs turn.
    pub(super) fn of(matrix: &[u8]) -> Option<Self> {
        let entries = matrix.as_chunks::<4>().0.first_chunk::<9>()?;
        let m = entries.map(|bytes| f64::from(i32::from_ne_bytes(bytes)));
        let scale = [m[0].hypot(m[3]), m[1].hypot(m[4])];
        if scale.contains(&0.0) {
            return None;
        }
        let degrees = (m[1] / scale[1]).atan2(m[0] / scale[0]).to_degrees();
        // FFmpeg, too, takes a degree less or more for none.
        let near = |angle: f64| {
            (degrees - angle).rem_euclid(360.0) < 1.5 || (angle - degrees).rem_euclid(360.0) < 1.5
        };
        let turn = |filters, is_quarter| {
            Some(Self {
                filters,
                is_quarter,
            })
        };
        if near(90.0) && m[3] > 0.0 {
            turn("transpose=cclock_flip", true)
        } else if near(90.0) {
            turn("transpose=clock", true)
        } else if near(270.0) && m[3] < 0.0 {
            turn("transpose=clock_flip", true)
        } else if near(270.0) {
            turn("transpose=cclock", true)
        } else if near(180.0) && m[4] < 0.0 {
            turn("hflip,vflip", false)
        } else if near(180.0) {
            turn("hflip", false)
        } else if near(0.0) && m[4] < 0.0 {
            turn("vflip", false)
        } else {
            None
        }
    }
}

/// A graph that gives a frame for every frame.
pub(super) struct Chain<T> {
    filter: Filter,
    /// Pixel format, width and height of what comes out.
    pub(super) shape: Shape,
    /// What goes with each frame inside, in order.
    inside: VecDeque<T>,
    ended: bool,
}

impl<T> Chain<T> {
    /// For frames of `shape`; `None` where nothing is to be done. FFmpeg's `bwdif` makes a whole frame of every interlaced
    /// one, and looks at its neighbours for it.
    pub(super) fn new(
        shape: Shape,
        interlaced: Option<Interlaced>,
        turn: Option<Turn>,
    ) -> Result<Option<Self>> {
        let (pixel, width, height) = shape;
        let mut filters = Vec::new();
        if let Some(interlaced) = interlaced {
            let which = match interlaced {
                Interlaced::Flagged => "deint=interlaced",
                Interlaced::All(FieldOrder::TopFirst) => "deint=all:parity=tff",
                Interlaced::All(FieldOrder::BottomFirst) => "deint=all:parity=bff",
            };
            let name = pixel::name(pixel);
            filters.push(format!("bwdif=mode=send_frame:{which},format={name}"));
        }
        let mut after = shape;
        if let Some(turn) = turn {
            if turn.is_quarter {
                after = (pixel::turnable(pixel), height, width);
            }
            let name = pixel::name(after.0);
            filters.push(format!("{},format={name}", turn.filters));
        }
        if filters.is_empty() {
            return Ok(None);
        }
        let spec = format!("[in0]{}[out]", filters.join(","));
        Ok(Some(Self {
            filter: Filter::new(&spec, &[shape])?,
            shape: after,
            inside: VecDeque::new(),
            ended: false,
        }))
    }

    /// The next frame, with what came with it; `more` gives the next that goes in.
    pub(super) fn next(
        &mut self,
        mut more: impl FnMut() -> Result<Option<(frame::Video, T)>>,
    ) -> Result<Option<(frame::Video, T)>> {
        loop {
            if let Some(frame) = self.filter.pull()? {
                return Ok(self.inside.pop_front().map(|with| (frame, with)));
            }
            if self.ended {
                return Ok(None);
            }
            match more()? {
                Some((frame, with)) => {
                    self.inside.push_back(with);
                    self.filter.push(0, frame)?;
                }
                None => {
                    self.ended = true;
                    self.filter.close(0)?;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_of_display_matrices() {
        // Columns of the first two rows: x' = a x + c y, y' = b x + d y.
        for ([a, b, c, d], filters) in [
            ([1, 0, 0, 1], None),
            ([0, 1, -1, 0], Some("transpose=clock")),
            ([0, -1, 1, 0], Some("transpose=cclock")),
            ([-1, 0, 0, -1], Some("hflip,vflip")),
            ([-1, 0, 0, 1], Some("hflip")),
            ([1, 0, 0, -1], Some("vflip")),
            ([0, 1, 1, 0], Some("transpose=cclock_flip")),
            ([0, -1, -1, 0], Some("transpose=clock_flip")),
            ([1, 1, -1, 1], None),
            ([0, 0, 0, 0], None),
        ] {
            let matrix = [a, b, 0, c, d, 0, 0, 0, 1 << 14].map(|v: i32| v << 16);
            let bytes: Vec<u8> = matrix.iter().flat_map(|v| v.to_ne_bytes()).collect();
            let turn = Turn::of(&bytes).map(|turn| turn.filters);
            assert_eq!(turn, filters, "{a} {b} {c} {d}");
        }
        assert_eq!(Turn::of(&[0; 8]), None);
    }
}
