//! What an output cannot keep of its source, one sentence each.

use super::color::ColorTags;
use super::container::{self, is_quicktime};
use super::encoder::Encoder;
use super::hdr::Extras;
use super::pixel;
use crate::ffi::pixel::pixel_facts;
use crate::time::Rational;
use ffmpeg_next::{chroma, codec, color, format};

/// One sentence that names what the output cannot keep, if there is anything.
pub(super) fn lost(
    extras: &Extras,
    tags: ColorTags,
    encoder: &Encoder,
    output: &format::Output,
) -> Option<String> {
    let name = output.name();
    let mut lost: Vec<String> = extras.dynamic.iter().map(|s| (*s).to_owned()).collect();
    let is_matroska = name.contains("matroska") || name.contains("webm");
    let is_quicktime = is_quicktime(output);
    // Both containers hold it themselves; x265 writes it into the stream.
    let has_place = is_matroska || is_quicktime || encoder.codec.name() == "libx265";
    if !has_place && (extras.mastering.is_some() || extras.light.is_some()) {
        lost.push("HDR10 mastering display and light level".to_owned());
    }
    if encoder.loses_alpha(output) {
        lost.push("alpha".to_owned());
    }
    if extras.matrix.is_some() && !extras.is_upright && !container::says_rotation(output) {
        lost.push("rotation and mirroring".to_owned());
    }
    if let Some(siting) = lost_siting(tags, encoder, is_matroska) {
        lost.push(format!("chroma siting ({siting})"));
    }
    if name == "nut" && loses_range(tags, encoder) {
        lost.push("full range".to_owned());
    }
    (!lost.is_empty()).then(|| format!("cannot be kept in the output: {}", lost.join(", ")))
}

/// The sentence for a pixel format that had to change.
pub(super) fn conversion_note(encoder: &Encoder) -> Option<String> {
    (!pixel::keeps_all(encoder.source_pixel, encoder.pixel)).then(|| {
        format!(
            "{} cannot hold these {} pictures; they are stored as {}",
            encoder.codec.name(),
            pixel::name(encoder.source_pixel),
            pixel::name(encoder.pixel)
        )
    })
}

/// GIF counts time in hundredths of a second, and players take less than two for ten.
pub(super) fn rate_note(container: &str, rate: Rational) -> Option<String> {
    (container == "gif" && rate > Rational::from_integer(50)).then(|| {
        "GIF's times are hundredths of a second, and most players show more than 50 frames per \
         second slower"
            .to_owned()
    })
}

/// Whether neither these codecs nor NUT say that all codes of Y′CbCr are used.
fn loses_range(tags: ColorTags, encoder: &Encoder) -> bool {
    let is_rgb = pixel_facts(encoder.pixel).is_some_and(|f| f.rgb);
    let is_silent = matches!(encoder.codec.id(), codec::Id::RAWVIDEO | codec::Id::FFV1);
    is_silent && !is_rgb && tags.range == color::Range::JPEG
}

/// The siting, where neither stream nor container can say it and players would assume another.
fn lost_siting(tags: ColorTags, encoder: &Encoder, is_matroska: bool) -> Option<&'static str> {
    use chroma::Location;
    let name = match tags.chroma {
        Location::Center => "center",
        Location::TopLeft => "topleft",
        Location::Top => "top",
        Location::BottomLeft => "bottomleft",
        Location::Bottom => "bottom",
        // What is assumed where nothing is said.
        Location::Unspecified | Location::Left => return None,
    };
    let subsampled = encoder
        .pixel
        .descriptor()
        .is_some_and(|d| d.log2_chroma_w() + d.log2_chroma_h() > 0);
    let in_stream = matches!(encoder.codec.id(), codec::Id::H264 | codec::Id::HEVC)
        // AV1 knows left and top left alone.
        || (encoder.codec.id() == codec::Id::AV1 && tags.chroma == Location::TopLeft)
        // JPEG has no other.
        || (encoder.codec.id() == codec::Id::MJPEG && tags.chroma == Location::Center);
    (subsampled && !in_stream && !is_matroska).then_some(name)
}
