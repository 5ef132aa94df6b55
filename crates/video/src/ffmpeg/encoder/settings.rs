//! Settings of encoders: those for a good master where the user says nothing, and what the user says.

use crate::clip::{Error, Info, Result};
use crate::ffi::container::has_option;
use crate::ffmpeg::color::ColorTags;
use crate::ffmpeg::hdr::Extras;
use crate::options::Encoding;
use crate::time::Rational;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::{Codec, Dictionary, codec, encoder};

/// All that an encoder is opened with.
pub(super) struct Opening {
    pub(super) codec: Codec,
    pub(super) pixel: Pixel,
    pub(super) info: Info,
    /// Frames per second, about, and the tick in seconds.
    pub(super) times: (Rational, Rational),
    pub(super) encoding: Encoding,
    pub(super) tags: ColorTags,
    pub(super) extras: Extras,
    pub(super) global_header: bool,
}

/// x264 and x265.
const X26X: &[&str] = &["libx264", "libx264rgb", "libx265"];

/// Their presets.
const X26X_PRESETS: &str =
    "ultrafast, superfast, veryfast, faster, fast, medium, slow, slower, veryslow, placebo";

/// Options with which the user takes the rate control in hand: no CRF is set beside them.
const RATE_CONTROL: &str = "qp b crf q cq global_quality lossless rc quality";

/// CRF and preset that make a good master: visually lossless, at a speed below that of the
/// interpolation. Each encoder has its own scale.
fn crf_and_preset(name: &str) -> (Option<u32>, Option<&'static str>) {
    match name {
        "libx264" | "libx264rgb" => (Some(17), Some("medium")),
        "libx265" => (Some(18), Some("medium")),
        "libvpx-vp9" => (Some(20), None),
        "libvpx" => (Some(6), None),
        "libaom-av1" => (Some(20), None),
        "libsvtav1" => (Some(24), Some("8")),
        _ => (None, None),
    }
}

/// The largest CRF of an encoder: x264 and x265 take any larger one for this, without a word.
fn largest_crf(name: &str) -> Option<u32> {
    match name {
        "libx264" | "libx264rgb" | "libx265" => Some(51),
        "libvpx-vp9" | "libvpx" | "libaom-av1" | "libsvtav1" => Some(63),
        _ => None,
    }
}

/// Further options for a good master.
fn defaults(name: &str, pixel: Pixel) -> &'static [(&'static str, &'static str)] {
    match name {
        "libvpx-vp9" => &[("row-mt", "1"), ("deadline", "good"), ("cpu-used", "2")],
        "libaom-av1" => &[("row-mt", "1"), ("cpu-used", "6")],
        // FFmpeg 5 loses samples at the edges of slices of these, where the size is no multiple of four.
        "ffv1" if matches!(pixel, Pixel::YUV410P | Pixel::YUV411P) => &[("level", "1")],
        // Version 3 has slices, which threads share, with checksums.
        "ffv1" => &[("level", "3"), ("slicecrc", "1")],
        "png" | "apng" => &[("pred", "mixed")],
        "prores_ks" => &[("vendor", "apl0")],
        // Its lossy mode is 4:2:0.
        "libwebp" | "libwebp_anim" if pixel == Pixel::BGRA => &[("lossless", "1")],
        "libwebp" | "libwebp_anim" => &[("quality", "90")],
        _ => &[],
    }
}

/// The options for the encoder that is about to be opened, and flags for its context.
pub(super) fn settings(
    opening: &Opening,
    encoder: &mut encoder::video::Video,
) -> Result<(Dictionary<'static>, codec::Flags)> {
    let (name, encoding) = (opening.codec.name(), &opening.encoding);
    let mut options = Dictionary::new();
    let mut flags = match opening.global_header {
        true => codec::Flags::GLOBAL_HEADER,
        false => codec::Flags::empty(),
    };
    let controls = |key: &str| RATE_CONTROL.split(' ').any(|option| option == key);
    let takes_over = encoding.options.iter().any(|(key, _)| controls(key));
    let (crf, preset) = crf_and_preset(name);
    for (key, value) in defaults(name, opening.pixel) {
        options.set(key, value);
    }
    // CRF is a floor for libvpx, under a rate that must be given: 50 Mbit/s is out of the way. For
    // its successors it alone decides, without a rate.
    match name {
        "libvpx" => encoder.set_bit_rate(50_000_000),
        "libvpx-vp9" | "libaom-av1" => encoder.set_bit_rate(0),
        _ => {}
    }
    if matches!(
        name,
        "mpeg4" | "libxvid" | "mpeg2video" | "mpeg1video" | "mjpeg" | "msmpeg4"
    ) && !takes_over
    {
        // Quantiser 2, the finest but one, in FFmpeg's unit of 118 (FF_QP2LAMBDA).
        encoder.set_global_quality(2 * 118);
        flags |= codec::Flags::QSCALE;
    }
    if let Some(preset) = &encoding.preset
        && X26X.contains(&name)
        && !X26X_PRESETS.split(", ").any(|known| known == preset)
    {
        // The libraries would write to stderr themselves.
        let why = format!("{name} has no preset '{preset}', but {X26X_PRESETS}");
        return Err(Error::Invalid(why));
    }
    if let (Some(crf), Some(largest)) = (encoding.crf, largest_crf(name))
        && crf > largest
    {
        let why = format!("--crf {crf}: the encoder {name} takes 0 to {largest}");
        return Err(Error::Invalid(why));
    }
    let mut set = |option: &str, wanted: Option<String>, default: Option<String>| {
        let known = has_option(encoder, option);
        if let (Some(_), false) = (&wanted, known) {
            let why = format!("the encoder {name} has no {option}");
            return Err(Error::Invalid(why));
        }
        if let Some(value) = wanted.or(default).filter(|_| known) {
            options.set(option, &value);
        }
        Ok(())
    };
    let crf = crf.filter(|_| !takes_over).map(|c| c.to_string());
    set("crf", encoding.crf.map(|c| c.to_string()), crf)?;
    set("preset", encoding.preset.clone(), preset.map(str::to_owned))?;
    for (key, value) in &encoding.options {
        if key.contains('\0') || value.contains('\0') || !has_option(encoder, key) {
            return Err(Error::Invalid(format!(
                "the encoder {name} has no option '{}'; `ffmpeg -h encoder={name}` lists them",
                key.escape_debug()
            )));
        }
        if !matches!(key.as_str(), "x264-params" | "x265-params") {
            options.set(key, value);
        }
    }
    if X26X.contains(&name) {
        // A player can begin at every key frame. FFmpeg's own MPEG encoders refuse to promise it.
        flags |= codec::Flags::CLOSED_GOP;
    }
    match name {
        "libx264" | "libx264rgb" => {
            let params = x264_params(opening);
            if !params.is_empty() {
                options.set("x264-params", &params);
            }
        }
        "libx265" => options.set("x265-params", &x265_params(opening)),
        _ => {}
    }
    Ok((options, flags))
}

/// The same pictures shall give the same bytes. With AVX-512, what x264 (core 164) writes depends on what its memory held
/// before: measured on clips in segments, where eight runs gave eight results with its macroblock tree, and one without or
/// with AVX2.
fn x264_params(opening: &Opening) -> String {
    let mut params = Vec::new();
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx512f") {
        params.push("asm=AVX2".to_owned());
    }
    let looks_by_themselves = theirs(opening, "rc-lookahead").next().is_some();
    if let Some(frames) = lookahead(opening.info.width * opening.info.height)
        && !looks_by_themselves
    {
        params.push(format!("rc-lookahead={frames}"));
    }
    params.extend(theirs(opening, "x264-params"));
    params.join(":")
}

/// So many frames ahead x264 looks where pictures are larger than 1080p; `None` leaves it to its preset.
///
/// Each takes 24 MiB at 3840×2160 (measured): the 40 frames of the preset `medium` are 1 GiB there.
fn lookahead(pixels: usize) -> Option<usize> {
    const FRAMES: usize = 20;
    const LEAST: usize = 5;
    const FULL_PIXELS: usize = 1920 * 1088;
    (pixels > FULL_PIXELS).then(|| (FRAMES * FULL_PIXELS / pixels).max(LEAST))
}

/// So many threads an encoder takes; 0 is its own choice.
pub(super) fn threads(opening: &Opening) -> usize {
    /// x265 refuses more frames at a time (X265_MAX_FRAME_THREADS); it shares all cores out among them by itself.
    const MOST_OF_X265: usize = 16;
    let wanted = opening.encoding.threads.unwrap_or(0);
    match opening.codec.name() {
        "libx265" => wanted.min(MOST_OF_X265),
        _ => wanted,
    }
}

/// Below this width x265 (3.5) writes beyond its memory with its vector instructions: glibc's checks of the heap end the process at all
/// widths up to 48 that were tried (16, 30, 32, 48; 8, 10 and 12 bits), at 16 with SSE4.1 too, at none from 60 on; at none without them.
const LEAST_X265_WIDTH: usize = 64;

/// x265 takes its own options in one string; the user's come last, and so win.
fn x265_params(opening: &Opening) -> String {
    // It writes to stderr itself.
    let mut params = vec!["log-level=none".to_owned()];
    if opening.info.width < LEAST_X265_WIDTH {
        params.push("no-asm=1".to_owned());
    }
    params.extend(opening.extras.x265_params());
    params.extend(theirs(opening, "x265-params"));
    params.join(":")
}

/// What the user gives of an option.
fn theirs(opening: &Opening, option: &str) -> impl Iterator<Item = String> {
    let options = opening.encoding.options.iter();
    options
        .filter(move |(key, _)| key == option)
        .map(|(_, value)| value.clone())
}
