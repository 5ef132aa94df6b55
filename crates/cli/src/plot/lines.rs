//! Line plot: named lines in panels side by side, over an abscissa from 0 to 1.

use super::figure::{BLUE, FAMILY, Figure, GUIDE, INK, VERMILION};
use plotters::coord::Shift;
use plotters::prelude::*;

/// Size of text, px.
const TEXT: u32 = 16;
/// Height of the figure and width of a panel, px.
const PANEL: (u32, u32) = (560, 440);

type Points = Vec<(f64, f64)>;

/// Panels side by side.
#[derive(Debug)]
pub struct Lines {
    /// What lies along the abscissa.
    pub x_label: &'static str,
    /// From left to right.
    pub panels: Vec<LinePanel>,
}

/// Two lines and what they are held against.
#[derive(Debug)]
pub struct LinePanel {
    /// What lies along the ordinate, with its unit.
    pub y_label: &'static str,
    /// Names and points of the blue and the vermilion line.
    pub lines: [(&'static str, Points); 2],
    /// Name and points of the thin line that is right.
    pub truth: (&'static str, Points),
    /// Whether the names stand below on the right, or in the middle: where they leave the lines free.
    pub names_below: bool,
}

impl Figure for Lines {
    fn size(&self) -> (u32, u32) {
        (PANEL.0 * self.panels.len() as u32, PANEL.1)
    }

    fn draw_on<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
    ) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
        let areas = area.split_evenly((1, self.panels.len()));
        let mut panels = self.panels.iter().zip(&areas);
        panels.try_for_each(|(panel, area)| panel.draw_on(area, self.x_label))
    }
}

impl LinePanel {
    fn draw_on<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        x_label: &str,
    ) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
        let all = [&self.lines[0].1, &self.lines[1].1, &self.truth.1];
        let most = all.into_iter().flatten().fold(0.0, |m: f64, p| m.max(p.1));
        let top = if most > 0.0 { 1.08 * most } else { 1.0 };
        let text = (FAMILY, TEXT).into_font().color(&INK);
        let mut chart = ChartBuilder::on(area)
            .margin(16)
            .x_label_area_size(46)
            .y_label_area_size(84)
            .build_cartesian_2d(0.0..1.0, 0.0..top)?;
        chart
            .configure_mesh()
            .axis_style(INK)
            .light_line_style(TRANSPARENT)
            .bold_line_style(GUIDE)
            .label_style(text.clone())
            .axis_desc_style(text.clone())
            .x_desc(x_label)
            .y_desc(self.y_label)
            .x_labels(6)
            .y_labels(6)
            .x_label_formatter(&|x| format!("{x:.1}"))
            .y_label_formatter(&|y| format!("{}", (y * 1e3).round() / 1e3))
            .draw()?;
        let (name, truth) = &self.truth;
        chart
            .draw_series(LineSeries::new(truth.iter().copied(), INK.stroke_width(1)))?
            .label(*name)
            .legend(|(x, y)| PathElement::new([(x, y), (x + 20, y)], INK));
        for ((name, points), color) in self.lines.iter().zip([BLUE, VERMILION]) {
            let line = LineSeries::new(points.iter().copied(), color.stroke_width(2)).point_size(3);
            chart.draw_series(line)?.label(*name).legend(move |(x, y)| {
                PathElement::new([(x, y), (x + 20, y)], color.stroke_width(2))
            });
        }
        chart
            .configure_series_labels()
            .position(if self.names_below {
                SeriesLabelPosition::LowerRight
            } else {
                SeriesLabelPosition::MiddleMiddle
            })
            .background_style(WHITE.mix(0.8))
            .label_font(text)
            .draw()
    }
}
