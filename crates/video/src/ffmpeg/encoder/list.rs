//! The video encoders that the linked FFmpeg has.

use crate::clip::Result;
use crate::facts::EncoderInfo;
use crate::facts::Lossless::{self, No, With, Yes};
use crate::ffi::container::{can_hold, muxer};
use crate::ffi::pixel::pixel_facts;
use crate::ffmpeg::library::init;
use crate::ffmpeg::pixel;
use ffmpeg_next::format::{self, Pixel};
use ffmpeg_next::{Codec, codec, encoder};

/// Encoders that suit clips, in the order in which they are listed.
const KNOWN: &[(&str, &str, Lossless)] = &[
    ("libx264", "H.264", With("qp=0")),
    ("libx264rgb", "H.264 in RGB", With("qp=0")),
    ("h264_nvenc", "H.264 on NVIDIA's GPUs", No),
    ("h264_qsv", "H.264 on Intel's GPUs", No),
    ("h264_amf", "H.264 on AMD's GPUs", No),
    ("h264_videotoolbox", "H.264 on Apple's machines", No),
    ("libx265", "HEVC", With("x265-params=lossless=1")),
    ("hevc_nvenc", "HEVC on NVIDIA's GPUs", No),
    ("hevc_qsv", "HEVC on Intel's GPUs", No),
    ("hevc_amf", "HEVC on AMD's GPUs", No),
    ("hevc_videotoolbox", "HEVC on Apple's machines", No),
    ("libsvtav1", "AV1", No),
    ("libaom-av1", "AV1", With("aom-params=lossless=1")),
    ("librav1e", "AV1", No),
    ("av1_nvenc", "AV1 on NVIDIA's GPUs", No),
    ("libvpx-vp9", "VP9", With("lossless=1")),
    ("libvpx", "VP8", No),
    ("ffv1", "FFV1", Yes),
    ("utvideo", "Ut Video", Yes),
    ("huffyuv", "HuffYUV", Yes),
    ("ffvhuff", "FFmpeg's HuffYUV", Yes),
    ("prores_ks", "ProRes", No),
    ("prores_videotoolbox", "ProRes on Apple's machines", No),
    ("dnxhd", "DNxHD and DNxHR", No),
    ("cfhd", "CineForm", No),
    ("qtrle", "QuickTime Animation", Yes),
    ("mpeg4", "MPEG-4 part 2", No),
    ("mpeg2video", "MPEG-2", No),
    ("mjpeg", "JPEG", No),
    ("gif", "GIF, with a palette made for the clip", No),
    ("apng", "animated PNG", Yes),
    ("libwebp_anim", "animated WebP", With("lossless=1")),
    ("libwebp", "WebP", With("lossless=1")),
    ("png", "PNG", Yes),
    ("tiff", "TIFF", Yes),
    ("bmp", "BMP", Yes),
    ("exr", "OpenEXR", No),
    ("libjxl", "JPEG XL", With("distance=0")),
    ("jpeg2000", "JPEG 2000", No),
    ("rawvideo", "bare samples", Yes),
];

/// Extensions of containers that are asked whether they can hold an encoder.
const CONTAINERS: &[&str] = &[
    "mp4", "mov", "mkv", "webm", "avi", "nut", "gif", "apng", "webp",
];

/// Encoders whose codec is a file of its own, and the names of those.
const IMAGES: &[(&str, &str)] = &[
    ("png", "%d.png"),
    ("mjpeg", "%d.jpg"),
    ("tiff", "%d.tif"),
    ("bmp", "%d.bmp"),
    ("libwebp", "%d.webp"),
    ("exr", "%d.exr"),
    ("libjxl", "%d.jxl"),
    ("jpeg2000", "%d.jp2"),
];

/// The video encoders that the linked FFmpeg has, of those that suit clips.
///
/// # Errors
/// [`crate::Error`] if FFmpeg cannot be started.
pub fn encoders() -> Result<Vec<EncoderInfo>> {
    init()?;
    let found = KNOWN.iter().filter_map(|&(name, makes, lossless)| {
        let codec = encoder::find_by_name(name)?;
        let facts: Vec<_> = formats(&codec)
            .into_iter()
            .filter_map(pixel_facts)
            .collect();
        // They take pixel formats with alpha, and drop it.
        let drops_alpha = matches!(codec.id(), codec::Id::H264 | codec::Id::HEVC);
        let mut bit_depths: Vec<u8> = facts.iter().map(|f| f.depth).collect();
        bit_depths.sort_unstable();
        bit_depths.dedup();
        let holds = |found: format::Output| can_hold(&found, codec.id());
        let containers = CONTAINERS.iter().copied();
        let containers = containers.filter(|e| muxer(&format!("a.{e}")).is_some_and(holds));
        let images = IMAGES.iter().filter(|(image, _)| *image == name);
        Some(EncoderInfo {
            name,
            makes,
            lossless,
            alpha: !drops_alpha && facts.iter().any(|f| f.alpha),
            bit_depths,
            containers: containers.chain(images.map(|image| image.1)).collect(),
            pixel_formats: pixel_names(&codec),
        })
    });
    Ok(found.collect())
}

/// Names of the encoders that a container can hold.
pub(super) fn names_for(container: &format::Output) -> Vec<&'static str> {
    let fits = |codec: Codec| can_hold(container, codec.id());
    KNOWN
        .iter()
        .map(|(name, ..)| *name)
        .filter(|name| encoder::find_by_name(name).is_some_and(fits))
        .collect()
}

/// FFmpeg's names of the pixel formats that an encoder takes.
pub(super) fn pixel_names(codec: &Codec) -> Vec<&'static str> {
    formats(codec).into_iter().map(pixel::name).collect()
}

/// The pixel formats that lie in memory; hardware's own are left out.
fn formats(codec: &Codec) -> Vec<Pixel> {
    let formats = codec.video().ok().and_then(|v| v.formats());
    let all = formats.map_or_else(Vec::new, Iterator::collect);
    all.into_iter()
        .filter(|p| pixel_facts(*p).is_some_and(|f| !f.hardware))
        .collect()
}
