//! Arrow plot of a motion field on the picture, as PNG and as SVG.

use base64::Engine as _;
use image::{ImageError, RgbImage};
use otinterp::motion::MotionField;
use std::fmt::Write as _;
use std::io::Cursor;
use tiny_skia::{LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, Transform};

/// Arrows along the longer side, about.
const ARROWS_PER_SIDE: usize = 40;
/// Least distance between two arrows, px.
const LEAST_STEP_PX: usize = 8;
/// Displacements shorter than this are a dot, px: their direction cannot be seen.
const DOT_PX: f32 = 0.5;
/// Width of the line as a share of the distance between arrows, and the same for the dark rim around it.
const LINE_SHARE: f32 = 0.1;
const RIM_SHARE: f32 = 0.22;
/// Length of the head as a share of the arrow, at most that of the distance between arrows; its half angle in radians.
const HEAD_SHARE: f32 = 0.35;
const HEAD_ANGLE_RAD: f32 = 0.5;
/// Bright on a dark rim: seen on any picture.
const LINE: [u8; 3] = [255, 225, 60];
const RIM: [u8; 3] = [20, 20, 20];

/// One arrow: from a pixel to where it is found, true to scale, in px.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrow {
    /// Tail.
    pub from: (f32, f32),
    /// Tip.
    pub to: (f32, f32),
}

/// Arrows on a regular grid, each the displacement of the pixel at its tail.
pub fn arrows(field: &MotionField) -> Vec<Arrow> {
    let (height, width) = field.dim();
    let step = step_px(field);
    let along = |len: usize| {
        (step / 2..len.max(step / 2 + 1))
            .step_by(step)
            .map(move |i| i.min(len - 1))
    };
    let mut out = Vec::new();
    for y in along(height) {
        for x in along(width) {
            let (dx, dy) = (field.dx[(y, x)], field.dy[(y, x)]);
            if !dx.is_nan() && !dy.is_nan() {
                let from = (x as f32 + 0.5, y as f32 + 0.5);
                let to = (from.0 + dx, from.1 + dy);
                out.push(Arrow { from, to });
            }
        }
    }
    out
}

/// Distance between two arrows, px.
fn step_px(field: &MotionField) -> usize {
    let (height, width) = field.dim();
    (height.max(width) / ARROWS_PER_SIDE).max(LEAST_STEP_PX)
}

impl Arrow {
    /// The line and the head's two sides: points of one stroke.
    fn points(&self, step_px: f32) -> Vec<(f32, f32)> {
        let (dx, dy) = (self.to.0 - self.from.0, self.to.1 - self.from.1);
        let length = dx.hypot(dy);
        if length < DOT_PX {
            return vec![self.from, (self.from.0 + 0.01, self.from.1)];
        }
        let head = HEAD_SHARE * length.min(step_px);
        let side = |turn: f32| {
            let angle = dy.atan2(dx) + turn;
            let (x, y) = self.to;
            (x - head * angle.cos(), y - head * angle.sin())
        };
        let sides = [side(HEAD_ANGLE_RAD), side(-HEAD_ANGLE_RAD)];
        vec![self.from, self.to, sides[0], self.to, sides[1]]
    }
}

/// The arrows drawn on the picture.
pub fn draw_arrows(field: &MotionField, picture: &RgbImage) -> RgbImage {
    let mut out = picture.clone();
    let (width, height) = picture.dimensions();
    let Some(mut pixmap) = Pixmap::new(width, height) else {
        return out;
    };
    for (pixel, color) in pixmap.data_mut().chunks_exact_mut(4).zip(picture.pixels()) {
        pixel.copy_from_slice(&[color[0], color[1], color[2], 255]);
    }
    let step = step_px(field) as f32;
    let arrows = arrows(field);
    if let Some(path) = path(&arrows, step) {
        for (share, [r, g, b]) in [(RIM_SHARE, RIM), (LINE_SHARE, LINE)] {
            let mut paint = Paint::default();
            paint.set_color_rgba8(r, g, b, 255);
            let stroke = Stroke {
                width: share * step,
                line_cap: LineCap::Round,
                line_join: LineJoin::Round,
                ..Stroke::default()
            };
            pixmap.stroke_path(&path, &paint, &stroke, Transform::identity(), None);
        }
    }
    for (color, pixel) in out.pixels_mut().zip(pixmap.data().chunks_exact(4)) {
        color.0.copy_from_slice(&pixel[..3]);
    }
    out
}

/// All arrows as one path; none without arrows.
fn path(arrows: &[Arrow], step_px: f32) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for arrow in arrows {
        let points = arrow.points(step_px);
        builder.move_to(points[0].0, points[0].1);
        points[1..].iter().for_each(|p| builder.line_to(p.0, p.1));
    }
    builder.finish()
}

/// The same as SVG, the picture inside it.
pub fn arrows_svg(field: &MotionField, picture: &RgbImage) -> Result<String, ImageError> {
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png)?;
    let png = base64::engine::general_purpose::STANDARD.encode(png.get_ref());
    let (width, height) = picture.dimensions();
    let step = step_px(field) as f32;
    let mut line = String::new();
    for arrow in arrows(field) {
        let points = arrow.points(step);
        for (index, (x, y)) in points.into_iter().enumerate() {
            let command = if index == 0 { 'M' } else { 'L' };
            // Writing to a String does not fail.
            let _ = write!(line, "{command}{x:.2} {y:.2}");
        }
        line.push('\n');
    }
    let stroke = |share: f32, [r, g, b]: [u8; 3]| {
        let width = share * step;
        format!(r##"<use href="#a" stroke="rgb({r},{g},{b})" stroke-width="{width:.2}"/>"##)
    };
    Ok(format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">
<defs><path id="a" d="{line}" fill="none" stroke-linecap="round" stroke-linejoin="round"/></defs>
<image width="{width}" height="{height}" href="data:image/png;base64,{png}"/>
{}
{}
</svg>
"#,
        stroke(RIM_SHARE, RIM),
        stroke(LINE_SHARE, LINE)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;
    use ndarray::Array2;

    #[test]
    fn arrows_are_true_to_scale_and_drawn_where_they_are() {
        let mut field = MotionField::zeros(0, (60, 80));
        field.dx = Array2::from_elem((60, 80), 6.0);
        field.dy[(4, 4)] = f32::NAN;
        let all = arrows(&field);
        // Every 8 px from the fourth on, one of them unknown.
        assert_eq!(all.len(), 10 * 7 - 1);
        assert_eq!((all[0].from, all[0].to), ((12.5, 4.5), (18.5, 4.5)));
        let drawn = draw_arrows(&field, &RgbImage::from_pixel(80, 60, Rgb([128; 3])));
        let middle = drawn[(15, 4)];
        assert!(middle[0] > 150 && middle[2] < 128, "{middle:?}");
        assert_eq!(drawn[(20, 9)], Rgb([128; 3]));
        let svg = arrows_svg(&field, &drawn).unwrap();
        assert!(svg.contains("M12.50 4.50L18.50 4.50L"), "{svg}");
        let tails = svg.lines().filter(|line| line.starts_with('M')).count();
        assert_eq!(tails + 1, all.len());
    }

    #[test]
    fn one_pixel_has_its_arrow() {
        assert_eq!(arrows(&MotionField::zeros(0, (1, 1))).len(), 1);
    }
}
