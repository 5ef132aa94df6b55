//! Choice of encoder and pixel format.

use super::list;
use crate::clip::{Error, Info, Result};
use crate::ffi::container::can_hold;
use crate::ffi::pixel::{has_raw_tag, nearest_format};
use crate::ffmpeg::pixel;
use crate::options::Encoding;
use crate::time::Rational;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::{Codec, codec, encoder, format, media};
use otinterp::picture::Format;

/// The default encoders of a container (by file extension), best first.
fn candidates(
    extension: &str,
    is_sequence: bool,
    format: Format,
    lossless: bool,
) -> impl Iterator<Item = &'static str> {
    let is_deep = format.bit_depth > 8;
    let names = match extension {
        "nut" if lossless => "rawvideo ffv1",
        _ if lossless => "ffv1",
        "webm" => "libvpx-vp9 libaom-av1 libsvtav1 libvpx",
        // AVI has no place for the reordered frames of H.264; MPEG-4 is 4:2:0 only.
        "avi" => "mpeg4 ffv1",
        // Alpha is what ProRes has over the others.
        "mov" if is_deep => "libx265 libx264 prores_ks",
        "mov" => "libx264 libx265 prores_ks mpeg4",
        // It takes any codec, and readers find no more than these.
        "ts" | "m2ts" | "mts" if is_deep => "libx265 libx264 mpeg2video",
        "ts" | "m2ts" | "mts" => "libx264 libx265 mpeg2video",
        // Above 8 bits HEVC's Main 10 is what players know; H.264's High 10 they mostly do not.
        "mp4" | "m4v" | "mkv" | "nut" | "flv" if is_deep => {
            "libx265 libx264 libsvtav1 libaom-av1 prores_ks ffv1"
        }
        "mp4" | "m4v" | "mkv" | "nut" | "flv" => "libx264 libx265 libvpx-vp9 mpeg4 prores_ks ffv1",
        "webp" if is_sequence => "libwebp",
        "webp" => "libwebp_anim",
        "tif" | "tiff" => "tiff",
        _ => "",
    };
    names.split_whitespace()
}

/// The encoder that the user names; or those of the container, best first: those that keep alpha, depth and chroma
/// resolution come before those that keep alpha, these before those that keep depth. There is at least one.
pub(super) fn choose(
    container: &format::Output,
    extension: &str,
    (info, tick): (&Info, Rational),
    source: Pixel,
    encoding: &Encoding,
) -> Result<Vec<(Codec, Pixel)>> {
    let found: Vec<Codec> = match &encoding.codec {
        Some(name) => vec![by_name(name, container, extension)?],
        None => {
            let default = container.codec(&format!("a.{extension}"), media::Type::Video);
            let is_sequence = container.name() == "image2";
            candidates(extension, is_sequence, info.format, encoding.lossless)
                .filter_map(encoder::find_by_name)
                .chain(encoder::find(default))
                .filter(|codec| can_hold(container, codec.id()) && takes_tick(codec, tick))
                .collect()
        }
    };
    let wanted = encoding.pixel_format.as_deref().map(by_pixel_name);
    let wanted = wanted.transpose()?;
    let with_pixel: Vec<(Codec, Pixel)> = found
        .iter()
        .filter_map(|codec| Some((*codec, nearest(codec, source, wanted, info, encoding)?)))
        .filter(|(codec, pixel)| can_name(container, codec, *pixel))
        .collect();
    let alpha = |codec: &Codec, p: &Pixel| {
        !info.format.alpha || (holds_alpha(container, codec) && pixel::keeps_alpha(source, *p))
    };
    let detail = |p: &Pixel| pixel::keeps_detail(source, *p) || pixel::keeps_all(source, *p);
    let rank = |(codec, pixel): &(Codec, Pixel)| match (alpha(codec, pixel), detail(pixel)) {
        (true, true) => 0,
        (true, false) if info.format.alpha => 1,
        (false, true) => 2,
        _ => 3,
    };
    let mut ranked = with_pixel;
    ranked.sort_by_key(rank);
    if !ranked.is_empty() {
        return Ok(ranked);
    }
    Err(match (wanted, found.first()) {
        (wanted, Some(codec)) if codec.id() == codec::Id::RAWVIDEO => Error::Invalid(format!(
            ".{extension} files cannot say that their bare samples are {}",
            pixel::name(wanted.unwrap_or(source))
        )),
        (Some(wanted), Some(codec)) => Error::Invalid(format!(
            "{} cannot encode {}; it takes {}",
            codec.name(),
            pixel::name(wanted),
            list::pixel_names(codec).join(", ")
        )),
        _ => Error::Invalid(format!(
            "FFmpeg has no video encoder for .{extension} files here"
        )),
    })
}

/// Whether readers are told the pixel format: with bare samples, that takes a code of the container's. Without any
/// container the user knows it.
fn can_name(container: &format::Output, codec: &Codec, pixel: Pixel) -> bool {
    codec.id() != codec::Id::RAWVIDEO || container.name() == "rawvideo" || has_raw_tag(pixel)
}

/// Whether alpha that the encoder is given arrives in the file.
pub(super) fn holds_alpha(container: &format::Output, codec: &Codec) -> bool {
    match codec.id() {
        // Their encoders take pixel formats with alpha, and drop it.
        codec::Id::H264 | codec::Id::HEVC => false,
        // It goes beside the stream, in a place that Matroska alone has.
        codec::Id::VP8 | codec::Id::VP9 => {
            container.name().contains("matroska") || container.name().contains("webm")
        }
        _ => true,
    }
}

fn by_pixel_name(name: &str) -> Result<Pixel> {
    pixel::by_name(name).ok_or_else(|| {
        Error::Invalid(format!(
            "FFmpeg has no pixel format '{}'; `otinterp codecs` lists those of the encoders",
            name.escape_debug()
        ))
    })
}

fn by_name(name: &str, container: &format::Output, extension: &str) -> Result<Codec> {
    let there = || {
        let names = list::names_for(container);
        if names.is_empty() {
            "`otinterp codecs` lists those that there are".to_owned()
        } else {
            format!("for .{extension} there are {}", names.join(", "))
        }
    };
    let codec = Some(name)
        .filter(|name| !name.contains('\0'))
        .and_then(encoder::find_by_name)
        .filter(Codec::is_video)
        .ok_or_else(|| {
            let name = name.escape_debug();
            Error::Invalid(format!("FFmpeg has no video encoder '{name}'; {}", there()))
        })?;
    match can_hold(container, codec.id()) {
        true => Ok(codec),
        false => Err(Error::Invalid(format!(
            ".{extension} files cannot hold {name}; {}",
            there()
        ))),
    }
}

/// The pixel format of the encoder that is wanted, or nearest to the source's.
fn nearest(
    codec: &Codec,
    source: Pixel,
    wanted: Option<Pixel>,
    info: &Info,
    encoding: &Encoding,
) -> Option<Pixel> {
    let all = codec.video().ok().and_then(|v| v.formats());
    let Some(all) = all.map(Iterator::collect::<Vec<Pixel>>) else {
        // An encoder that does not say takes what comes, or fails at opening.
        return Some(wanted.unwrap_or(source));
    };
    if let Some(wanted) = wanted {
        return Some(wanted).filter(|p| all.contains(p));
    }
    // A palette made for the clip, and not the fixed colours that FFmpeg holds for nearer.
    if codec.id() == codec::Id::GIF && all.contains(&Pixel::PAL8) {
        return Some(Pixel::PAL8);
    }
    // JPEG's range is full, by those names alone in FFmpeg up to 7.
    let by_full_range = codec.id() == codec::Id::MJPEG && all.contains(&Pixel::YUVJ420P);
    let fitting: Vec<Pixel> = all
        .into_iter()
        .filter(|p| pixel::is_full_range_name(*p) == by_full_range)
        .filter(|p| takes_size(codec, *p, info))
        .collect();
    if encoding.widely_playable && fitting.contains(&Pixel::YUV420P) {
        return Some(Pixel::YUV420P);
    }
    if fitting.contains(&source) {
        return Some(source);
    }
    let same = fitting.iter().find(|p| pixel::keeps_all(source, **p));
    same.copied()
        .or_else(|| nearest_format(&fitting, source, info.format.alpha))
}

/// H.264 and HEVC encoders refuse sizes that the chroma planes do not divide.
fn takes_size(codec: &Codec, pixel: Pixel, info: &Info) -> bool {
    if !matches!(codec.id(), codec::Id::H264 | codec::Id::HEVC) {
        return true;
    }
    pixel.descriptor().is_none_or(|d| {
        info.width.is_multiple_of(1 << d.log2_chroma_w())
            && info.height.is_multiple_of(1 << d.log2_chroma_h())
    })
}

/// MPEG-4 part 2 counts the ticks of a second in 16 bits.
fn takes_tick(codec: &Codec, tick: Rational) -> bool {
    codec.id() != codec::Id::MPEG4 || *tick.denom() <= 65_535
}
