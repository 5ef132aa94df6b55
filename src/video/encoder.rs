//! Which encoder, which pixel format, which settings; and the encoder itself.

use super::decode::failed;
use super::ffi::{self, Scaler, Side};
use super::source::ColorTags;
use super::time::Rational;
use super::{Error, Info, Result, pixel};
use crate::picture::{ColorModel, Format, Picture, Range};
use ffmpeg_next as ffmpeg;
use ffmpeg_next::codec::{self, threading};
use ffmpeg_next::format::Pixel;
use ffmpeg_next::{Codec, Dictionary, Packet, color, encoder, format, media};
use std::collections::BTreeMap;

/// What the user wants of the encoder; what is `None` is chosen by the container.
#[derive(Debug, Clone, Default)]
pub struct Encoding {
    /// FFmpeg's name of an encoder.
    pub codec: Option<String>,
    /// Quality, the lower the better; the scale is the encoder's.
    pub crf: Option<u32>,
    /// The encoder's preset.
    pub preset: Option<String>,
    /// Threads of the encoder.
    pub threads: Option<usize>,
    /// 8-bit 4:2:0, which every player shows, wherever the size allows it.
    pub widely_playable: bool,
}

/// The default encoders of a container (by file extension), best first.
fn candidates(extension: &str, format: Format) -> &'static [&'static str] {
    match extension {
        "webm" => &["libvpx-vp9", "libaom-av1", "libsvtav1", "libvpx"],
        // AVI has no place for the reordered frames of H.264; MPEG-4 is 4:2:0 only.
        "avi" => &["mpeg4", "ffv1"],
        "mp4" | "m4v" | "mov" | "mkv" | "ts" | "m2ts" | "mts" | "nut" | "flv" => {
            // Above 8 bits HEVC's Main 10 is what players know; H.264's High 10 they mostly do not.
            if format.bit_depth > 8 {
                &["libx265", "libx264", "libsvtav1", "libaom-av1", "ffv1"]
            } else {
                &["libx264", "libx265", "libvpx-vp9", "mpeg4", "ffv1"]
            }
        }
        _ => &[],
    }
}

/// An open encoder: pictures in, packets out.
pub(super) struct Encoder {
    pub(super) encoder: encoder::video::Encoder,
    pub(super) codec: Codec,
    pub(super) pixel: Pixel,
    /// The pixel format of the pictures, before any conversion.
    pub(super) source_pixel: Pixel,
    scaler: Option<Scaler>,
    tags: ColorTags,
    /// Durations, in ticks, of the pictures that are on their way, by time.
    durations: BTreeMap<i64, i64>,
    /// Of the picture that came last.
    last_duration: i64,
    ended: bool,
}

impl Encoder {
    /// Opens the encoder for pictures as in `info`, about `rate` per second, with times counted in `tick` seconds.
    pub(super) fn open(
        container: &format::Output,
        extension: &str,
        info: &Info,
        (rate, tick): (Rational, Rational),
        encoding: &Encoding,
        tags: ColorTags,
    ) -> Result<Self> {
        let source_pixel = pixel::planar_for(info.format)
            .ok_or_else(|| Error::Invalid("FFmpeg has no such pixel format".to_owned()))?;
        let (codec, pixel) = choose(container, extension, (info, tick), source_pixel, encoding)?;
        let (tags, scaler) = conversion(info, source_pixel, pixel, tags)?;
        let global_header = container.flags().contains(format::Flags::GLOBAL_HEADER);
        let times = (rate, tick);
        let encoder = open(&codec, pixel, info, times, encoding, tags, global_header)?;
        Ok(Self {
            encoder,
            codec,
            pixel,
            source_pixel,
            scaler,
            tags,
            durations: BTreeMap::new(),
            last_duration: 0,
            ended: false,
        })
    }

    /// Encodes the next picture, shown at `pts_ticks` for `duration_ticks`.
    pub(super) fn send(
        &mut self,
        picture: &Picture,
        pts_ticks: i64,
        duration_ticks: i64,
    ) -> Result<()> {
        let mut frame = pixel::frame_from(picture)?;
        if let Some(scaler) = &mut self.scaler {
            frame = scaler
                .run(&frame)
                .map_err(|why| failed("converting the pixel format", why))?;
        }
        frame.set_color_range(self.tags.range);
        frame.set_color_primaries(self.tags.primaries);
        frame.set_color_transfer_characteristic(self.tags.transfer);
        frame.set_color_space(self.tags.matrix);
        frame.set_pts(Some(pts_ticks));
        self.durations.insert(pts_ticks, duration_ticks);
        self.last_duration = duration_ticks;
        let encoded = self.encoder.send_frame(&frame);
        encoded.map_err(|why| failed("encoding", why))
    }

    /// No more pictures come.
    pub(super) fn end(&mut self) -> Result<()> {
        self.ended = true;
        self.encoder
            .send_eof()
            .map_err(|why| failed("encoding", why))
    }

    /// The next packet that is ready.
    pub(super) fn receive(&mut self) -> Result<Option<Packet>> {
        let mut packet = Packet::empty();
        match self.encoder.receive_packet(&mut packet) {
            Ok(()) => {
                let duration = packet.pts().and_then(|pts| self.durations.remove(&pts));
                if let Some(duration) = duration {
                    // MP4 counts in the order of decoding: the end of the clip follows from the packet that comes last.
                    let is_last = self.ended && self.durations.is_empty();
                    packet.set_duration(if is_last {
                        self.last_duration
                    } else {
                        duration
                    });
                }
                Ok(Some(packet))
            }
            Err(ffmpeg::Error::Eof) => Ok(None),
            Err(ffmpeg::Error::Other { errno }) if errno == ffmpeg::error::EAGAIN => Ok(None),
            Err(why) => Err(failed("encoding", why)),
        }
    }
}

/// The encoder that the user names; or the first of the container's that keeps depth and chroma
/// resolution, and else its first.
fn choose(
    container: &format::Output,
    extension: &str,
    (info, tick): (&Info, Rational),
    source: Pixel,
    encoding: &Encoding,
) -> Result<(Codec, Pixel)> {
    let found: Vec<Codec> = match &encoding.codec {
        Some(name) => vec![by_name(name, container, extension)?],
        None => {
            let default = container.codec(&format!("a.{extension}"), media::Type::Video);
            let named = candidates(extension, info.format).iter();
            named
                .filter_map(|name| encoder::find_by_name(name))
                .chain(encoder::find(default))
                .filter(|codec| ffi::can_hold(container, codec.id()) && takes_tick(codec, tick))
                .collect()
        }
    };
    let with_pixel: Vec<(Codec, Pixel)> = found
        .into_iter()
        .filter_map(|codec| Some((codec, nearest(&codec, source, info, encoding)?)))
        .collect();
    let keeping = with_pixel
        .iter()
        .position(|(_, p)| pixel::keeps_detail(source, *p));
    let chosen = with_pixel.into_iter().nth(keeping.unwrap_or(0));
    chosen.ok_or_else(|| {
        Error::Invalid(format!(
            "FFmpeg has no video encoder for .{extension} files here"
        ))
    })
}

fn by_name(name: &str, container: &format::Output, extension: &str) -> Result<Codec> {
    let codec = encoder::find_by_name(name)
        .filter(Codec::is_video)
        .ok_or_else(|| {
            Error::Invalid(format!(
                "FFmpeg has no video encoder '{name}'; `ffmpeg -encoders` lists them"
            ))
        })?;
    if ffi::can_hold(container, codec.id()) {
        Ok(codec)
    } else {
        Err(Error::Invalid(format!(
            ".{extension} files cannot hold {name}"
        )))
    }
}

/// The pixel format of the encoder that is nearest to the source's.
fn nearest(codec: &Codec, source: Pixel, info: &Info, encoding: &Encoding) -> Option<Pixel> {
    let Some(all) = codec.video().ok().and_then(|v| v.formats()) else {
        return Some(source); // An encoder that does not say takes what comes, or fails at opening.
    };
    let fitting: Vec<Pixel> = all
        .filter(|p| !pixel::is_full_range_name(*p))
        .filter(|p| takes_size(codec, *p, info))
        .collect();
    if encoding.widely_playable && fitting.contains(&Pixel::YUV420P) {
        return Some(Pixel::YUV420P);
    }
    if fitting.contains(&source) {
        return Some(source);
    }
    ffi::nearest_format(&fitting, source, info.format.alpha)
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

/// The tags of what is encoded, and the converter if the pixel format must change.
fn conversion(
    info: &Info,
    source: Pixel,
    target: Pixel,
    mut tags: ColorTags,
) -> Result<(ColorTags, Option<Scaler>)> {
    if source == target {
        return Ok((tags, None));
    }
    let is_rgb = info.format.model == ColorModel::Rgb;
    let from = Side {
        pixel: source,
        matrix: tags.matrix,
        full_range: info.format.range == Range::Full,
    };
    if is_rgb && !is_rgb_pixel(target) {
        tags.matrix = color::Space::BT709;
        tags.range = color::Range::MPEG;
    }
    let to = Side {
        pixel: target,
        matrix: tags.matrix,
        full_range: tags.range == color::Range::JPEG,
    };
    let scaler = Scaler::new(from, to, info.width as u32, info.height as u32)
        .map_err(|why| failed("converting the pixel format", why))?;
    Ok((tags, Some(scaler)))
}

fn is_rgb_pixel(pixel: Pixel) -> bool {
    pixel.descriptor().is_some_and(|d| {
        let name = d.name();
        ["rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "pal8"]
            .iter()
            .any(|p| name.starts_with(p))
    })
}

fn open(
    codec: &Codec,
    pixel: Pixel,
    info: &Info,
    (rate, tick): (Rational, Rational),
    encoding: &Encoding,
    tags: ColorTags,
    global_header: bool,
) -> Result<encoder::video::Encoder> {
    let mut encoder = codec::Context::new_with_codec(*codec)
        .encoder()
        .video()
        .map_err(|why| failed("opening the encoder", why))?;
    encoder.set_width(info.width as u32);
    encoder.set_height(info.height as u32);
    encoder.set_format(pixel);
    encoder.set_frame_rate(Some(small(rate)?));
    encoder.set_time_base(small(tick)?);
    if let Some((x, y)) = info.sample_aspect {
        encoder.set_aspect_ratio((x as i32, y as i32));
    }
    encoder.set_color_range(tags.range);
    encoder.set_color_primaries(tags.primaries);
    encoder.set_color_transfer_characteristic(tags.transfer);
    encoder.set_colorspace(tags.matrix);
    ffi::set_chroma_location(&mut encoder, tags.chroma);
    encoder.set_threading(threading::Config {
        count: encoding.threads.unwrap_or(0),
        // Whatever the encoder has; it sets the bits aside that it does not know.
        kind: threading::Type::Frame,
        ..threading::Config::default()
    });
    let mut flags = codec::Flags::empty();
    if global_header {
        flags |= codec::Flags::GLOBAL_HEADER;
    }
    let (options, extra_flags) = settings(codec.name(), &mut encoder, encoding)?;
    encoder.set_flags(flags | extra_flags);
    encoder.open_with(options).map_err(|why| {
        Error::Invalid(format!(
            "the encoder {} refuses {}x{} {} with these settings: {why}",
            codec.name(),
            info.width,
            info.height,
            pixel.descriptor().map_or("unknown", |d| d.name()),
        ))
    })
}

/// A fraction as FFmpeg holds it.
pub(super) fn small(value: Rational) -> Result<ffmpeg::Rational> {
    match (i32::try_from(*value.numer()), i32::try_from(*value.denom())) {
        (Ok(num), Ok(den)) => Ok(ffmpeg::Rational(num, den)),
        _ => Err(Error::Invalid(format!(
            "the rate {value} is no fraction of 32-bit numbers"
        ))),
    }
}

/// The presets of x264 and x265.
const X26X_PRESETS: &[&str] = &[
    "ultrafast",
    "superfast",
    "veryfast",
    "faster",
    "fast",
    "medium",
    "slow",
    "slower",
    "veryslow",
    "placebo",
];

/// Options that make a good master: visually lossless, at a speed below that of the interpolation.
fn settings(
    name: &str,
    encoder: &mut encoder::video::Video,
    encoding: &Encoding,
) -> Result<(Dictionary<'static>, codec::Flags)> {
    let mut options = Dictionary::new();
    let mut flags = codec::Flags::empty();
    // (CRF, preset); each encoder has its own scale.
    let (crf, preset) = match name {
        "libx264" | "libx264rgb" => (Some(17), Some("medium")),
        "libx265" => (Some(18), Some("medium")),
        "libvpx-vp9" => (Some(20), None),
        "libvpx" => (Some(6), None),
        "libaom-av1" => (Some(20), None),
        "libsvtav1" => (Some(24), Some("8")),
        _ => (None, None),
    };
    match name {
        // It writes to stderr itself.
        "libx265" => options.set("x265-params", "log-level=none"),
        "libvpx-vp9" => {
            options.set("row-mt", "1");
            options.set("deadline", "good");
            options.set("cpu-used", "2");
        }
        "libaom-av1" => {
            options.set("row-mt", "1");
            options.set("cpu-used", "6");
        }
        // CRF is a floor here, under a rate that must be given: 50 Mbit/s is out of the way.
        "libvpx" => encoder.set_bit_rate(50_000_000),
        _ => {}
    }
    // CRF alone decides, without a rate.
    if matches!(name, "libvpx-vp9" | "libaom-av1") {
        encoder.set_bit_rate(0);
    }
    if matches!(
        name,
        "mpeg4" | "libxvid" | "mpeg2video" | "mpeg1video" | "mjpeg" | "msmpeg4"
    ) {
        // Quantiser 2, the finest but one, in FFmpeg's unit of 118 (FF_QP2LAMBDA).
        encoder.set_global_quality(2 * 118);
        flags |= codec::Flags::QSCALE;
    }
    if let (Some(preset), "libx264" | "libx264rgb" | "libx265") = (&encoding.preset, name)
        && !X26X_PRESETS.contains(&preset.as_str())
    {
        // The libraries would write to stderr themselves.
        return Err(Error::Invalid(format!(
            "{name} has no preset '{preset}', but {}",
            X26X_PRESETS.join(", ")
        )));
    }
    let mut set = |option: &str, wanted: Option<String>, default: Option<String>| {
        let known = ffi::has_option(encoder, option);
        if let (Some(_), false) = (&wanted, known) {
            return Err(Error::Invalid(format!(
                "the encoder {name} has no {option}"
            )));
        }
        if let Some(value) = wanted.or(default).filter(|_| known) {
            options.set(option, &value);
        }
        Ok(())
    };
    set(
        "crf",
        encoding.crf.map(|c| c.to_string()),
        crf.map(|c| c.to_string()),
    )?;
    set("preset", encoding.preset.clone(), preset.map(str::to_owned))?;
    Ok((options, flags))
}
