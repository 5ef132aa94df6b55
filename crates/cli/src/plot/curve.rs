//! Curve plot: a quantity over a number, with its interval.

use super::figure::{BLUE, FAMILY, Figure, GUIDE, INK, TEXT, range};
use plotters::coord::Shift;
use plotters::prelude::*;

/// A curve.
#[derive(Debug)]
pub struct Curve<'a> {
    /// What lies along the abscissa.
    pub x_label: &'a str,
    /// What lies along the ordinate, with its unit.
    pub y_label: String,
    /// `(x, value, lower, upper)`, at least one; `x` counts.
    pub points: Vec<[f64; 4]>,
}

/// More points than this are not marked.
const MARKED: usize = 60;

impl Figure for Curve<'_> {
    fn size(&self) -> (u32, u32) {
        (960, 480)
    }

    fn draw_on<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
    ) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
        let (x0, x1) = range(self.points.iter().map(|p| p[0]));
        // Distances stand on 0.
        let (_, y1) = range(self.points.iter().map(|p| p[3]).chain([0.0]));
        let text = (FAMILY, TEXT).into_font().color(&INK);
        let mut chart = ChartBuilder::on(area)
            .margin(20)
            .x_label_area_size(50)
            .y_label_area_size(80)
            .build_cartesian_2d(x0..x1, 0.0..y1)?;
        chart
            .configure_mesh()
            .axis_style(INK)
            .light_line_style(TRANSPARENT)
            .bold_line_style(GUIDE)
            .label_style(text.clone())
            .axis_desc_style(text)
            .x_desc(self.x_label)
            .y_desc(self.y_label.as_str())
            .x_labels(10)
            .y_labels(6)
            .x_label_formatter(&|x| {
                if x.fract() == 0.0 {
                    short(*x)
                } else {
                    String::new()
                }
            })
            .y_label_formatter(&|y| short(*y))
            .draw()?;
        let above = self.points.iter().map(|p| (p[0], p[3]));
        let below = self.points.iter().rev().map(|p| (p[0], p[2]));
        let band: Vec<(f64, f64)> = above.chain(below).collect();
        chart.draw_series([Polygon::new(band, BLUE.mix(0.25))])?;
        let line = self.points.iter().map(|p| (p[0], p[1]));
        chart.draw_series(LineSeries::new(line.clone(), BLUE.stroke_width(2)))?;
        if self.points.len() <= MARKED {
            chart.draw_series(line.map(|p| Circle::new(p, 3, BLUE.filled())))?;
        }
        Ok(())
    }
}

/// A number with at most three digits behind the point.
fn short(x: f64) -> String {
    let text = format!("{x:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".into()
    } else {
        text.to_owned()
    }
}
