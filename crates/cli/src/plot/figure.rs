//! Figure basics: colours, type, and the two formats.

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

/// Why a figure could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// The extension names neither format.
    #[error("{0}: figures are written as .svg or .png")]
    Extension(String),
    /// The drawing library's own words.
    #[error("the figure could not be drawn: {0}")]
    Drawing(String),
}

impl Format {
    /// The format that a file's extension names.
    ///
    /// # Errors
    /// [`PlotError::Extension`].
    pub fn of(path: &Path) -> Result<Self, PlotError> {
        let extension = path.extension().map(|e| e.to_ascii_lowercase());
        match extension.as_ref().and_then(|e| e.to_str()) {
            Some("svg") => Ok(Self::Svg),
            Some("png") => Ok(Self::Png),
            _ => Err(PlotError::Extension(path.display().to_string())),
        }
    }
}

/// A figure that draws itself on any backend.
pub(super) trait Figure {
    /// Width and height in px.
    fn size(&self) -> (u32, u32);

    fn draw_on<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, plotters::coord::Shift>,
    ) -> Result<(), DrawingAreaErrorKind<B::ErrorType>>;

    /// The file's bytes.
    fn render(&self, format: Format) -> Result<Vec<u8>, PlotError> {
        let fonts = register_font(
            FAMILY,
            FontStyle::Normal,
            epaint_default_fonts::UBUNTU_LIGHT,
        );
        fonts.map_err(|_| PlotError::Drawing("the embedded font is broken".into()))?;
        let failed = |e: &dyn std::fmt::Display| PlotError::Drawing(e.to_string());
        let (width, height) = self.size();
        match format {
            Format::Svg => {
                let mut text = String::new();
                {
                    let area =
                        SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
                    area.fill(&WHITE).map_err(|e| failed(&e))?;
                    self.draw_on(&area).map_err(|e| failed(&e))?;
                    area.present().map_err(|e| failed(&e))?;
                }
                Ok(text.into_bytes())
            }
            Format::Png => {
                let mut rgb = vec![0; (width * height * 3) as usize];
                {
                    let area =
                        BitMapBackend::with_buffer(&mut rgb, (width, height)).into_drawing_area();
                    area.fill(&WHITE).map_err(|e| failed(&e))?;
                    self.draw_on(&area).map_err(|e| failed(&e))?;
                    area.present().map_err(|e| failed(&e))?;
                }
                let mut png = Cursor::new(Vec::new());
                image::write_buffer_with_format(
                    &mut png,
                    &rgb,
                    width,
                    height,
                    image::ExtendedColorType::Rgb8,
                    image::ImageFormat::Png,
                )
                .map_err(|e| failed(&e))?;
                Ok(png.into_inner())
            }
        }
    }
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
