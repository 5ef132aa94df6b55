//! Text renderer for short labels on white.

use ab_glyph::{Font, FontRef, Glyph, InvalidFont, PxScale, ScaleFont, point};
use image::{Rgb, RgbImage};

/// Near black: softer than black, beside photographs.
const INK: f32 = 40.0;

/// A typeface at one size.
pub struct Typeface {
    font: FontRef<'static>,
    scale: PxScale,
}

impl Typeface {
    /// Ubuntu Light (Ubuntu Font Licence 1.0), `height_px` from the highest to the lowest stroke.
    pub fn new(height_px: f32) -> Result<Self, InvalidFont> {
        Ok(Self {
            font: FontRef::try_from_slice(epaint_default_fonts::UBUNTU_LIGHT)?,
            scale: PxScale::from(height_px),
        })
    }

    /// Height of a line in pixels.
    pub fn line_height(&self) -> u32 {
        self.font.as_scaled(self.scale).height().ceil() as u32
    }

    /// Width of a text in pixels.
    pub fn width(&self, text: &str) -> u32 {
        self.layout(text, 0.0, 0.0).1.ceil() as u32
    }

    /// Draws a text whose first line box begins at `x`, `y` (top left).
    pub fn draw(&self, image: &mut RgbImage, text: &str, x: i64, y: i64) {
        for glyph in self.layout(text, x as f32, y as f32).0 {
            let Some(outline) = self.font.outline_glyph(glyph) else {
                continue;
            };
            let corner = outline.px_bounds().min;
            outline.draw(|dx, dy, coverage| {
                let (px, py) = (
                    corner.x as i64 + i64::from(dx),
                    corner.y as i64 + i64::from(dy),
                );
                let inside = u32::try_from(px).ok().zip(u32::try_from(py).ok());
                if let Some(pixel) = inside.and_then(|(px, py)| image.get_pixel_mut_checked(px, py))
                {
                    let opacity = coverage.clamp(0.0, 1.0);
                    let Rgb(codes) = pixel;
                    *codes = codes.map(|c| (f32::from(c) + opacity * (INK - f32::from(c))) as u8);
                }
            });
        }
    }

    /// The glyphs in place, and where the next one would begin, from `x`.
    fn layout(&self, text: &str, x: f32, y: f32) -> (Vec<Glyph>, f32) {
        let font = self.font.as_scaled(self.scale);
        let mut glyphs: Vec<Glyph> = Vec::new();
        let mut pen = x;
        for c in text.chars() {
            let id = font.glyph_id(c);
            if let Some(last) = glyphs.last() {
                pen += font.kern(last.id, id);
            }
            glyphs.push(id.with_scale_and_position(self.scale, point(pen, y + font.ascent())));
            pen += font.h_advance(id);
        }
        (glyphs, pen)
    }
}
