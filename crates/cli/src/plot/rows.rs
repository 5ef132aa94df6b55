//! Scatter plots in rows over one window of the plane: how point clouds move.

use super::figure::{BLUE, FAMILY, Figure, INK, TEXT, VERMILION, range};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Points of one panel with their weights, `(x, y, opacity)`.
#[derive(Debug, Clone, Default)]
pub struct Dots {
    /// Drawn in blue.
    pub first: Vec<[f64; 3]>,
    /// Drawn in vermilion.
    pub second: Vec<[f64; 3]>,
    /// Drawn in a mixture of both: `t` in `[0, 1]` is the part of the second.
    pub moving: Option<(f64, Vec<[f64; 3]>)>,
}

/// One picture.
#[derive(Debug, Clone)]
pub struct Panel {
    /// What stands above it, in the first row.
    pub head: String,
    /// What it shows.
    pub dots: Dots,
}

/// Rows of panels.
#[derive(Debug, Clone)]
pub struct Rows {
    /// A label and as many panels as every other row has.
    pub rows: Vec<(String, Vec<Panel>)>,
}

/// Side of a panel in px.
const SIDE: u32 = 240;
/// Between panels, and round the figure.
const GAP: u32 = 12;
/// Room above the panels for their heads, and above a row for its label.
const HEAD: u32 = 34;
/// Radius of a dot in px.
const RADIUS: i32 = 3;

impl Rows {
    fn columns(&self) -> u32 {
        self.rows.iter().map(|r| r.1.len()).max().unwrap_or(0) as u32
    }

    /// The window that all panels show: square, and round all points.
    fn window(&self) -> ((f64, f64), (f64, f64)) {
        let dots = || {
            let panels = self.rows.iter().flat_map(|r| &r.1);
            panels.flat_map(|p| {
                let moving = p.dots.moving.iter().flat_map(|m| &m.1);
                p.dots.first.iter().chain(&p.dots.second).chain(moving)
            })
        };
        let (x, y) = (range(dots().map(|d| d[0])), range(dots().map(|d| d[1])));
        let half = 0.5 * (x.1 - x.0).max(y.1 - y.0);
        let around =
            |(low, high): (f64, f64)| (0.5 * (low + high) - half, 0.5 * (low + high) + half);
        (around(x), around(y))
    }
}

impl Figure for Rows {
    fn size(&self) -> (u32, u32) {
        let rows = self.rows.len() as u32;
        (
            GAP + self.columns() * (SIDE + GAP),
            HEAD + rows * (HEAD + SIDE) + GAP,
        )
    }

    fn draw_on<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
    ) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
        let ((x0, x1), (y0, y1)) = self.window();
        let font = (FAMILY, TEXT).into_font().color(&INK);
        let left = font.clone();
        let centred = font.pos(Pos::new(HPos::Center, VPos::Center));
        let left = left.pos(Pos::new(HPos::Left, VPos::Center));
        for (r, (label, panels)) in self.rows.iter().enumerate() {
            let top = HEAD + r as u32 * (HEAD + SIDE);
            let place = (GAP as i32, (top + HEAD / 2) as i32);
            area.draw(&Text::new(label.clone(), place, left.clone()))?;
            for (c, panel) in panels.iter().enumerate() {
                let corner = (GAP + c as u32 * (SIDE + GAP), top + HEAD);
                if r == 0 {
                    let place = ((corner.0 + SIDE / 2) as i32, (HEAD / 2) as i32);
                    area.draw(&Text::new(panel.head.clone(), place, centred.clone()))?;
                }
                let (px, py) = (corner.0 as i32, corner.1 as i32);
                let side = SIDE as i32;
                let frame = [(px, py), (px + side, py + side)];
                area.draw(&Rectangle::new(frame, INK.mix(0.4).stroke_width(1)))?;
                let at = |d: &[f64; 3]| {
                    let u = (d[0] - x0) / (x1 - x0);
                    let v = (y1 - d[1]) / (y1 - y0);
                    let scaled = |v: f64| (v * f64::from(SIDE)).round() as i32;
                    (px + scaled(u), py + scaled(v))
                };
                let moving = panel.dots.moving.as_ref();
                let groups = [
                    (Some(&panel.dots.first), BLUE),
                    (Some(&panel.dots.second), VERMILION),
                    (moving.map(|m| &m.1), moving.map_or(BLUE, |m| mixed(m.0))),
                ];
                for (dots, color) in groups {
                    for dot in dots.into_iter().flatten().filter(|d| d[2] > 0.0) {
                        let style = color.mix(dot[2].clamp(0.0, 1.0)).filled();
                        area.draw(&Circle::new(at(dot), RADIUS, style))?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn mixed(t: f64) -> RGBColor {
    let mix = |a: u8, b: u8| (f64::from(a) + t * (f64::from(b) - f64::from(a))).round() as u8;
    RGBColor(
        mix(BLUE.0, VERMILION.0),
        mix(BLUE.1, VERMILION.1),
        mix(BLUE.2, VERMILION.2),
    )
}
