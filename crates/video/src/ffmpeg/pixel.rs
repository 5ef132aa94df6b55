//! Pixel formats beside [`Format`], and samples carried between frames and pictures.

use crate::clip::{Error, Result};
use crate::ffi::pixel::{PixelFacts, pixel_facts};
use ffmpeg_next::format::Pixel;
use ffmpeg_next::{color, frame};
use otinterp::picture::{ColorModel, Format, Matrix, Picture, Plane, Range, codes, samples, spare};
use otinterp::timings::{Stage, stage};
use std::sync::LazyLock;

/// A pixel format whose planes are taken as they are: model, chroma shifts x and y, alpha, depth.
type Row = (Pixel, ColorModel, u8, u8, bool, u8);

use ColorModel::{Gray, Rgb, Yuv};

/// Planar formats, little endian. A picture is written as the first that fits its format.
static PLANAR: LazyLock<Vec<Row>> = LazyLock::new(|| {
    rows(
        "gray gray9le gray10le gray12le gray14le gray16le \
         gbrp gbrp9le gbrp10le gbrp12le gbrp14le gbrp16le gbrap gbrap10le gbrap12le gbrap16le \
         yuv420p yuv422p yuv444p yuv440p yuv411p yuv410p yuvj420p yuvj422p yuvj444p yuvj440p yuvj411p \
         yuv420p9le yuv422p9le yuv444p9le yuv420p10le yuv422p10le yuv444p10le yuv440p10le \
         yuv420p12le yuv422p12le yuv444p12le yuv440p12le yuv420p14le yuv422p14le yuv444p14le \
         yuv420p16le yuv422p16le yuv444p16le yuva420p yuva422p yuva444p yuva420p10le yuva422p10le \
         yuva444p10le yuva422p12le yuva444p12le yuva420p16le yuva422p16le yuva444p16le",
    )
});

/// Packed formats that are taken apart.
static PACKED: LazyLock<Vec<Row>> = LazyLock::new(|| rows("rgb24 rgba rgb48le rgba64le"));

/// What FFmpeg knows of formats, by its names.
fn rows(names: &str) -> Vec<Row> {
    let row = |name| {
        let pixel = by_name(name)?;
        let facts = pixel_facts(pixel)?;
        let model = match facts.components - u8::from(facts.alpha) {
            1 => Gray,
            _ if facts.rgb => Rgb,
            _ => Yuv,
        };
        let (x, y) = facts.chroma_shift;
        Some((pixel, model, x, y, facts.alpha, facts.depth))
    };
    names.split(' ').filter_map(row).collect()
}

/// Formats that hold the same samples in another order, and the planar format for them.
const REORDERED: &[(Pixel, Pixel)] = &[
    (Pixel::NV12, Pixel::YUV420P),
    (Pixel::NV21, Pixel::YUV420P),
    (Pixel::NV16, Pixel::YUV422P),
    (Pixel::NV24, Pixel::YUV444P),
    (Pixel::NV42, Pixel::YUV444P),
    (Pixel::P010LE, Pixel::YUV420P10LE),
    (Pixel::P016LE, Pixel::YUV420P16LE),
    (Pixel::YUYV422, Pixel::YUV422P),
    (Pixel::UYVY422, Pixel::YUV422P),
    (Pixel::YVYU422, Pixel::YUV422P),
    (Pixel::Y210LE, Pixel::YUV422P10LE),
    (Pixel::UYYVYY411, Pixel::YUV411P),
];

fn row(pixel: Pixel) -> Option<&'static Row> {
    PLANAR.iter().chain(&*PACKED).find(|r| r.0 == pixel)
}

/// The format in which frames of pixel format `pixel` are read: itself where that is possible, the
/// same samples in planes where they are only stored in another order, and else RGB.
pub fn readable(pixel: Pixel) -> Pixel {
    if row(pixel).is_some() {
        return pixel;
    }
    if let Some((_, planar)) = REORDERED.iter().find(|r| r.0 == pixel) {
        return *planar;
    }
    let Some(descriptor) = pixel.descriptor() else {
        return Pixel::RGB24;
    };
    let little_endian = descriptor
        .name()
        .strip_suffix("be")
        .map(|n| format!("{n}le"));
    if let Some(found) = little_endian.and_then(|n| n.parse::<Pixel>().ok())
        && row(found).is_some()
    {
        return found;
    }
    let facts = pixel_facts(pixel);
    let is_deep = facts.is_some_and(|f| f.depth > 8);
    match (is_deep, facts.is_some_and(|f| f.alpha)) {
        (false, false) => Pixel::RGB24,
        (false, true) => Pixel::RGBA,
        (true, false) => Pixel::RGB48LE,
        (true, true) => Pixel::RGBA64LE,
    }
}

/// The YUV or grey format without alpha nearest to a readable format.
pub fn without_rgb_and_alpha(pixel: Pixel) -> Pixel {
    let Some(&(_, model, x, y, _, depth)) = row(pixel) else {
        return pixel;
    };
    let model = if model == Rgb { Yuv } else { model };
    PLANAR
        .iter()
        .find(|r| (r.1, r.2, r.3, r.4, r.5) == (model, x, y, false, depth))
        .map_or(pixel, |r| r.0)
}

/// The readable format nearest to this one whose pictures can stand on their sides: chroma is as fine one way as the other.
pub fn turnable(pixel: Pixel) -> Pixel {
    let Some(&(_, model, x, y, alpha, depth)) = row(pixel).filter(|r| r.2 != r.3) else {
        return pixel;
    };
    let finest = x.min(y);
    let wanted = (model, finest, finest, alpha, depth);
    PLANAR
        .iter()
        .find(|r| {
            (r.1, r.2, r.3, r.4, r.5) == wanted
                && is_full_range_name(r.0) == is_full_range_name(pixel)
        })
        .map_or(pixel, |r| r.0)
}

/// The [`Format`] of a readable pixel format.
pub fn format_of(
    pixel: Pixel,
    range: color::Range,
    matrix: color::Space,
    height: u32,
) -> Option<Format> {
    let &(_, model, chroma_shift_x, chroma_shift_y, alpha, bit_depth) = row(pixel)?;
    let full = model == Rgb || range == color::Range::JPEG || is_full_range_name(pixel);
    Some(Format {
        model,
        chroma_shift_x,
        chroma_shift_y,
        alpha,
        bit_depth,
        range: if full { Range::Full } else { Range::Limited },
        matrix: match matrix {
            color::Space::BT709 => Matrix::Bt709,
            color::Space::BT2020NCL | color::Space::BT2020CL => Matrix::Bt2020,
            // Untagged: what players assume, by the height of standard definition (576 lines).
            color::Space::Unspecified if height > 576 => Matrix::Bt709,
            _ => Matrix::Bt601,
        },
    })
}

/// Whether the pixel format itself says full range, FFmpeg's deprecated `yuvj` formats.
pub fn is_full_range_name(pixel: Pixel) -> bool {
    matches!(
        pixel,
        Pixel::YUVJ420P | Pixel::YUVJ422P | Pixel::YUVJ444P | Pixel::YUVJ440P | Pixel::YUVJ411P
    )
}

/// The planar pixel format that holds pictures of `format`, if there is one.
pub fn planar_for(format: Format) -> Option<Pixel> {
    let key = (
        format.model,
        format.chroma_shift_x,
        format.chroma_shift_y,
        format.alpha,
        format.bit_depth,
    );
    PLANAR
        .iter()
        .find(|r| (r.1, r.2, r.3, r.4, r.5) == key)
        .map(|r| r.0)
}

/// Whether `target` has at least the depth and the chroma resolution of `source`.
pub fn keeps_detail(source: Pixel, target: Pixel) -> bool {
    match (row(source), row(target)) {
        (Some(s), Some(t)) => t.5 >= s.5 && t.2 <= s.2 && t.3 <= s.3,
        _ => source == target,
    }
}

/// The pixel format of a name of FFmpeg's.
pub fn by_name(name: &str) -> Option<Pixel> {
    let parsed = (!name.contains('\0')).then(|| name.parse::<Pixel>())?;
    parsed.ok().filter(|pixel| *pixel != Pixel::None)
}

/// Whether frames in the pixel format of this name, one of FFmpeg's, can be read.
pub fn can_be_read(name: &str) -> bool {
    let facts = by_name(name).and_then(pixel_facts);
    facts.is_some_and(|f| !f.hardware)
}

/// FFmpeg's name of the pixel format in which pictures of `format` are written raw: the one that their source has, of this
/// name, if it can be made of them without loss.
pub fn raw_name(format: Format, source: &str) -> Option<&'static str> {
    let planar = planar_for(format)?;
    let source = by_name(source).map(|source| [source, readable(source)]);
    let mut found = source.into_iter().flatten();
    let found = found.find(|p| keeps_all(planar, *p));
    Some(name(found.unwrap_or(planar)))
}

/// FFmpeg's name of a pixel format.
pub fn name(pixel: Pixel) -> &'static str {
    pixel.descriptor().map_or("unknown", |d| d.name())
}

/// Whether frames of `target` hold all that frames of `source` do, and give it back unchanged.
pub fn keeps_all(source: Pixel, target: Pixel) -> bool {
    let (Some(s), Some(t)) = (pixel_facts(source), pixel_facts(target)) else {
        return source == target;
    };
    let colours = |f: PixelFacts| f.components - u8::from(f.alpha);
    source == target
        || (t.plain
            && !t.palette
            && t.rgb == s.rgb
            && t.depth == s.depth
            && t.chroma_shift == s.chroma_shift
            && colours(t) == colours(s)
            && t.alpha == s.alpha)
}

/// Whether `target` has alpha, where `source` has it.
pub fn keeps_alpha(source: Pixel, target: Pixel) -> bool {
    let has = |p| pixel_facts(p).is_some_and(|f| f.alpha);
    has(target) || !has(source)
}

/// Plane of FFmpeg's frame for each plane of a picture: FFmpeg stores G, B, R.
fn plane_order(model: ColorModel) -> [usize; 4] {
    match model {
        Rgb => [2, 0, 1, 3],
        Gray | Yuv => [0, 1, 2, 3],
    }
}

/// Copies a frame of a readable pixel format into a picture.
pub fn picture_from(frame: &frame::Video, format: Format) -> Result<Picture> {
    let _stage = stage(Stage::FromSamples);
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let bytes = if format.bit_depth > 8 { 2 } else { 1 };
    let packed = PACKED.iter().any(|r| r.0 == frame.format());
    let planes = (0..format.plane_count())
        .map(|index| {
            let dim = format.plane_dim(index, width, height);
            if packed {
                let step = format.plane_count();
                read_plane(frame, 0, dim, bytes, step, index)
            } else {
                let plane = plane_order(format.model)[index];
                read_plane(frame, plane, dim, bytes, 1, 0)
            }
        })
        .collect();
    Ok(Picture::new(format, planes)?)
}

/// Reads every `step`-th sample from `offset` on, in samples of `bytes` bytes.
fn read_plane(
    frame: &frame::Video,
    plane: usize,
    (height, width): (usize, usize),
    bytes: usize,
    step: usize,
    offset: usize,
) -> Plane {
    let (data, stride) = (frame.data(plane), frame.stride(plane));
    let mut samples = spare::room(width * height);
    samples.clear();
    for row in data.chunks(stride).take(height) {
        match (bytes, step) {
            (1, 1) => codes::extend_from_bytes(&mut samples, &row[..width.min(row.len())]),
            (2, 1) => codes::extend_from_words(&mut samples, &row[..(2 * width).min(row.len())]),
            (1, _) => {
                let row = row.iter().skip(offset).step_by(step).take(width);
                samples.extend(row.map(|&v| f32::from(v)));
            }
            _ => {
                let row = row.chunks_exact(2).skip(offset).step_by(step).take(width);
                samples.extend(row.map(|v| f32::from(u16::from_le_bytes([v[0], v[1]]))));
            }
        }
    }
    samples.resize(width * height, 0.0);
    Plane::from_shape_vec((height, width), samples)
        .unwrap_or_else(|_| Plane::zeros((height, width)))
}

/// Copies a picture into a new frame of the planar pixel format for its format.
pub fn frame_from(picture: &Picture) -> Result<frame::Video> {
    let _stage = stage(Stage::ToSamples);
    let format = picture.format();
    let pixel = planar_for(format)
        .ok_or_else(|| Error::Invalid(format!("FFmpeg has no pixel format for {format:?}")))?;
    let mut frame = frame::Video::new(pixel, picture.width() as u32, picture.height() as u32);
    for (index, plane) in picture.planes().iter().enumerate() {
        let target = plane_order(format.model)[index];
        let stride = frame.stride(target);
        let data = frame.data_mut(target);
        let (height, width) = plane.dim();
        let row_bytes = if format.bit_depth > 8 { 2 } else { 1 } * width;
        for (row, out) in samples(plane)
            .chunks_exact(width)
            .zip(data.chunks_mut(stride))
        {
            let (out, beside) = out.split_at_mut(row_bytes);
            if format.bit_depth > 8 {
                codes::to_words(row, out);
            } else {
                codes::to_bytes(row, out);
            }
            // x264 looks at what stands beside the picture: chance there makes chance in its output.
            beside.fill(0);
        }
        let end = data.len().min(height * stride);
        data[end..].fill(0);
    }
    Ok(frame)
}
