//! Figure basics: colours, type, and the two formats.

use anyhow::Context;
use image::{ImageFormat, RgbImage};
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};
use std::io::Cursor;
use std::path::Path;

/// The typeface: plotters asks for it by this name, which in an SVG means the reader's own.
pub(super) const FAMILY: &str = "sans-serif";
/// Near black.
pub(super) const INK: RGBColor = RGBColor(40, 40, 40);
/// Lines that only guide the eye.
pub(super) const GUIDE: RGBColor = RGBColor(222, 222, 222);
/// Blue, vermilion and green of a palette that most people can tell apart (Okabe & Ito 2008).
pub(super) const BLUE: RGBColor = RGBColor(0, 114, 178);
pub(super) const VERMILION: RGBColor = RGBColor(213, 94, 0);
/// Size of text in px.
pub(super) const TEXT: f64 = 18.0;

/// What a figure is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Lines and letters.
    Svg,
    /// Pixels.
    Png,
}

const FAILED: &str = "the figure could not be drawn";

impl Format {
    /// The format that a file's extension names; or one line that says which there are.
    pub fn of(path: &Path) -> Result<Self, String> {
        let extension = path.extension().map(|e| e.to_ascii_lowercase());
        match extension.as_ref().and_then(|e| e.to_str()) {
            Some("svg") => Ok(Self::Svg),
            Some("png") => Ok(Self::Png),
            _ => {
                let shown = path.display();
                Err(format!("{shown}: figures are written as .svg or .png"))
            }
        }
    }
}

/// A figure that draws itself on any backend.
pub trait Figure {
    /// Width and height in px.
    fn size(&self) -> (u32, u32);

    /// Draws it on an area of that size.
    fn draw_on<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, plotters::coord::Shift>,
    ) -> Result<(), DrawingAreaErrorKind<B::ErrorType>>;

    /// The file's bytes.
    fn draw(&self, format: Format) -> anyhow::Result<Vec<u8>> {
        let font = epaint_default_fonts::UBUNTU_LIGHT;
        if register_font(FAMILY, FontStyle::Normal, font).is_err() {
            anyhow::bail!("{FAILED}: the embedded font is broken");
        }
        let (width, height) = self.size();
        match format {
            Format::Svg => {
                let mut text = String::new();
                fill(self, SVGBackend::with_string(&mut text, (width, height)))?;
                Ok(text.into_bytes())
            }
            Format::Png => {
                let mut image = RgbImage::new(width, height);
                fill(
                    self,
                    BitMapBackend::with_buffer(&mut image, (width, height)),
                )?;
                let mut png = Cursor::new(Vec::new());
                image.write_to(&mut png, ImageFormat::Png).context(FAILED)?;
                Ok(png.into_inner())
            }
        }
    }
}

fn fill<B: DrawingBackend>(figure: &(impl Figure + ?Sized), backend: B) -> anyhow::Result<()> {
    let area = backend.into_drawing_area();
    let drawn = area.fill(&WHITE).and_then(|()| figure.draw_on(&area));
    let drawn = drawn.and_then(|()| area.present());
    drawn.map_err(|e| anyhow::anyhow!("{FAILED}: {e}"))
}

/// Least and largest value, a margin of 5 % on both sides; around a single value some room.
pub(super) fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (least, most) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
        (l.min(v), h.max(v))
    });
    let extent = most - least;
    let margin = if extent > 0.0 {
        0.05 * extent
    } else {
        0.5 * least.abs().max(1.0)
    };
    (least - margin, most + margin)
}
