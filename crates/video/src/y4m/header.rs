//! The first line of a Y4M stream: size, frame rate, pixel format, chroma siting.

use crate::clip::{Error, Info, Result, Siting};
use crate::options::FieldOrder;
use crate::time::Rational;
use otinterp::picture::{ColorModel, Format, Matrix, Range};

/// Widest and highest picture taken from a header: more than any format in use, and few enough
/// pixels that no size overflows.
const LARGEST_SIDE: usize = 65_535;

/// What is meant without a `C` tag.
const DEFAULT_COLOUR: &str = "420jpeg";

/// The first line: `YUV4MPEG2 W… H… F… …`. Tags that mean nothing here are kept as they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// All tags in order, without the magic word.
    tags: Vec<String>,
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Frames per second.
    pub rate: Rational,
    /// Width : height of a pixel, if known.
    pub sample_aspect: Option<(u32, u32)>,
    /// Whether frames hold two fields.
    pub interlaced: bool,
    /// Format of every picture.
    pub format: Format,
    /// Where chroma samples sit.
    pub siting: Option<Siting>,
}

impl Header {
    /// Reads the first line (without its line end).
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is not that of a Y4M stream or its colour space is unknown.
    pub fn parse(line: &[u8]) -> Result<Self> {
        let invalid = |why: &str| Error::Invalid(format!("not a Y4M stream: {why}"));
        let line = std::str::from_utf8(line).map_err(|_| invalid("its first line is not text"))?;
        let mut words = line.split(' ');
        if words.next() != Some("YUV4MPEG2") {
            return Err(invalid("it does not begin with YUV4MPEG2"));
        }
        let tags: Vec<String> = words.filter(|w| !w.is_empty()).map(str::to_owned).collect();
        let tag = |key: char| tags.iter().find_map(|t| t.strip_prefix(key));
        let side = |key| {
            tag(key)
                .and_then(|v| v.parse().ok())
                .filter(|v| (1..=LARGEST_SIDE).contains(v))
                .ok_or_else(|| invalid(&format!("its {key} tag is missing or out of range")))
        };
        let colour = tag('C').unwrap_or(DEFAULT_COLOUR);
        let mut format = parse_colour(colour)
            .ok_or_else(|| invalid(&format!("its colour space C{colour} is not known")))?;
        let (width, height) = (side('W')?, side('H')?);
        if tags.iter().any(|t| t == "XCOLORRANGE=FULL") {
            format.range = Range::Full;
        }
        // Y4M has no tag for the matrix; what players assume, by the lines of standard definition.
        if height > 576 {
            format.matrix = Matrix::Bt709;
        }
        // 25 is what FFmpeg takes for a stream that does not say.
        let rate = tag('F')
            .and_then(parse_ratio)
            .map_or(Rational::from_integer(25), |(n, d)| {
                Rational::new(n.into(), d.into())
            });
        Ok(Self {
            sample_aspect: tag('A').and_then(parse_ratio),
            interlaced: matches!(tag('I'), Some("t" | "b" | "m")),
            siting: match colour {
                "420jpeg" => Some(Siting::Center),
                "420mpeg2" => Some(Siting::Left),
                "420paldv" => Some(Siting::TopLeft),
                _ => None,
            },
            tags,
            width,
            height,
            rate,
            format,
        })
    }

    /// The header for pictures as in `info` at `rate` frames per second.
    ///
    /// # Errors
    /// [`Error::Invalid`] if Y4M has no colour space for the format.
    pub fn new(info: &Info, rate: Rational) -> Result<Self> {
        let colour = colour_tag(info.format, info.siting)
            .ok_or_else(|| Error::Invalid("Y4M cannot hold its pixel format".to_owned()))?;
        let (aspect_x, aspect_y) = info.sample_aspect.unwrap_or((0, 0));
        let mut tags = vec![
            format!("W{}", info.width),
            format!("H{}", info.height),
            rate_tag(rate),
            if info.interlaced { "Im" } else { "Ip" }.to_owned(),
            format!("A{aspect_x}:{aspect_y}"),
            format!("C{colour}"),
        ];
        if info.format.range == Range::Full {
            tags.push("XCOLORRANGE=FULL".to_owned());
        }
        Ok(Self {
            tags,
            width: info.width,
            height: info.height,
            rate,
            sample_aspect: info.sample_aspect,
            interlaced: info.interlaced,
            format: info.format,
            siting: info.siting,
        })
    }

    /// The same stream at another rate; all other tags stay.
    #[must_use]
    pub fn with_rate(mut self, rate: Rational) -> Self {
        self.rate = rate;
        match self.tags.iter_mut().find(|t| t.starts_with('F')) {
            Some(tag) => *tag = rate_tag(rate),
            None => self.tags.push(rate_tag(rate)),
        }
        self
    }

    /// The same stream with whole frames.
    #[must_use]
    pub fn progressive(mut self) -> Self {
        self.interlaced = false;
        if let Some(tag) = self.tags.iter_mut().find(|t| t.starts_with('I')) {
            *tag = "Ip".to_owned();
        }
        self
    }

    /// Which field comes first; of frames that differ in it, that of NTSC's DVDs, the upper one.
    pub(crate) fn field_order(&self) -> FieldOrder {
        match self.tags.iter().any(|t| t == "Ib") {
            true => FieldOrder::BottomFirst,
            false => FieldOrder::TopFirst,
        }
    }

    /// The line, with its line end.
    pub fn line(&self) -> String {
        format!("YUV4MPEG2 {}\n", self.tags.join(" "))
    }

    /// The colour space, as the `C` tag names it.
    pub fn colour(&self) -> &str {
        let tag = self.tags.iter().find_map(|t| t.strip_prefix('C'));
        tag.unwrap_or(DEFAULT_COLOUR)
    }

    /// Bytes of one sample.
    pub(super) fn sample_bytes(&self) -> usize {
        if self.format.bit_depth > 8 { 2 } else { 1 }
    }
}

fn rate_tag(rate: Rational) -> String {
    format!("F{}:{}", rate.numer(), rate.denom())
}

/// `a:b`, both positive.
fn parse_ratio(text: &str) -> Option<(u32, u32)> {
    let (a, b) = text.split_once(':')?;
    let (a, b) = (a.parse().ok()?, b.parse().ok()?);
    (a > 0 && b > 0).then_some((a, b))
}

/// The format of a `C` tag: chroma layout, then `p` and the bits where there are more than 8.
fn parse_colour(tag: &str) -> Option<Format> {
    let yuv = |x, y| Format {
        model: ColorModel::Yuv,
        chroma_shift_x: x,
        chroma_shift_y: y,
        range: Range::Limited,
        ..Format::rgb(8)
    };
    let with_depth = |format: Format, depth: &str| {
        let bit_depth = match depth {
            "" => 8,
            depth => depth.parse().ok().filter(|d| (9..=16).contains(d))?,
        };
        Some(Format {
            bit_depth,
            ..format
        })
    };
    match tag {
        "420jpeg" | "420mpeg2" | "420paldv" => return Some(yuv(1, 1)),
        "444alpha" => return Some(yuv(0, 0).with_alpha()),
        "411" => return Some(yuv(2, 0)),
        _ => {}
    }
    if let Some(depth) = tag.strip_prefix("mono") {
        let gray = Format {
            range: Range::Limited,
            ..Format::gray(8)
        };
        return with_depth(gray, depth);
    }
    let (layout, depth) = tag.split_once('p').unwrap_or((tag, ""));
    let (x, y) = match layout {
        "420" => (1, 1),
        "422" => (1, 0),
        "444" => (0, 0),
        _ => return None,
    };
    with_depth(yuv(x, y), depth)
}

/// The `C` tag for a format.
fn colour_tag(format: Format, siting: Option<Siting>) -> Option<String> {
    let depth = match format.bit_depth {
        8 => String::new(),
        9..=16 => format.bit_depth.to_string(),
        _ => return None,
    };
    if format.model == ColorModel::Gray && !format.alpha {
        return Some(format!("mono{depth}"));
    }
    let shifts = (format.chroma_shift_x, format.chroma_shift_y);
    match (format.model, shifts, format.alpha, format.bit_depth) {
        (ColorModel::Yuv, (0, 0), true, 8) => return Some("444alpha".to_owned()),
        (ColorModel::Yuv, (2, 0), false, 8) => return Some("411".to_owned()),
        (ColorModel::Yuv, (1, 1), false, 8) => {
            let name = match siting {
                Some(Siting::Left) => "420mpeg2",
                Some(Siting::TopLeft) => "420paldv",
                Some(Siting::Center) | None => "420jpeg",
            };
            return Some(name.to_owned());
        }
        (ColorModel::Yuv, _, false, _) => {}
        _ => return None,
    }
    let layout = match shifts {
        (1, 1) => "420",
        (1, 0) => "422",
        (0, 0) => "444",
        _ => return None,
    };
    Some(if depth.is_empty() {
        layout.to_owned()
    } else {
        format!("{layout}p{depth}")
    })
}
