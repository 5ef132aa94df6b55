//! Colour tags of frames and pictures: range, primaries, transfer, matrix, chroma siting.

use super::pixel;
use crate::clip::{Info, Siting};
use ffmpeg_next::format::Pixel;
use ffmpeg_next::{chroma, color, frame};
use otinterp::picture::{ColorModel, Format, Matrix, Range};

/// What the colours of a clip mean, as it says itself, to be written again.
#[derive(Debug, Clone, Copy)]
pub(super) struct ColorTags {
    pub(super) range: color::Range,
    pub(super) primaries: color::Primaries,
    pub(super) transfer: color::TransferCharacteristic,
    pub(super) matrix: color::Space,
    pub(super) chroma: chroma::Location,
}

/// The frame's tags; for RGB that becomes YUV, those of the conversion.
pub(super) fn tags_of_frame(frame: &frame::Video, read_as: Pixel) -> ColorTags {
    let mut tags = ColorTags {
        range: frame.color_range(),
        primaries: frame.color_primaries(),
        transfer: frame.color_transfer_characteristic(),
        matrix: frame.color_space(),
        chroma: frame.chroma_location(),
    };
    if pixel::is_full_range_name(frame.format()) {
        tags.range = color::Range::JPEG;
    }
    let is_rgb = |p| {
        pixel::format_of(p, color::Range::MPEG, color::Space::BT709, 0)
            .is_some_and(|f: Format| f.model == ColorModel::Rgb)
    };
    if is_rgb(pixel::readable(frame.format())) && !is_rgb(read_as) {
        tags.range = color::Range::MPEG;
        tags.matrix = color::Space::BT709;
    }
    tags
}

/// The tags for pictures that come without any.
pub(super) fn tags_of_pictures(info: &Info) -> ColorTags {
    let is_yuv = info.format.model == ColorModel::Yuv;
    ColorTags {
        range: match info.format.range {
            Range::Limited => color::Range::MPEG,
            Range::Full => color::Range::JPEG,
        },
        primaries: color::Primaries::Unspecified,
        transfer: color::TransferCharacteristic::Unspecified,
        matrix: match info.format.matrix {
            _ if !is_yuv => color::Space::Unspecified,
            Matrix::Bt601 => color::Space::Unspecified,
            Matrix::Bt709 => color::Space::BT709,
            Matrix::Bt2020 => color::Space::BT2020NCL,
        },
        chroma: match info.siting {
            Some(Siting::Left) => chroma::Location::Left,
            Some(Siting::Center) => chroma::Location::Center,
            Some(Siting::TopLeft) => chroma::Location::TopLeft,
            None => chroma::Location::Unspecified,
        },
    }
}

pub(super) fn siting_of(location: chroma::Location) -> Option<Siting> {
    use chroma::Location;
    match location {
        Location::Left => Some(Siting::Left),
        Location::Center => Some(Siting::Center),
        Location::TopLeft => Some(Siting::TopLeft),
        _ => None,
    }
}
