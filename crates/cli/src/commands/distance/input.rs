//! Inputs of `distance`: a picture's luminance, a histogram, or a point cloud.

use crate::commands::pair::{is_pipe, shown};
use crate::commands::tables::{self, CloudArgs};
use crate::data;
use anyhow::{Context, bail};
use otinterp::frame_pyramid::LumaChroma;
use otinterp::ot::Cloud;
use otinterp::ot::Error;
use otinterp::ot::distance::grid::Grid;
use otinterp::picture::{Picture, samples, still};
use otinterp::render::alpha::premultiplied;
use std::path::Path;

/// A measure on the plane, on a line, or in any space.
#[derive(Debug)]
pub enum Measure {
    /// Luminance of pixels.
    Picture(Grid),
    /// Masses of bins.
    Histogram(Grid),
    /// Points.
    Points(Cloud),
}

impl Measure {
    /// Reads a file. With `points` a table holds points, whatever it looks like.
    pub fn read(
        path: &Path,
        side: &'static str,
        points: bool,
        args: CloudArgs,
    ) -> anyhow::Result<Self> {
        if data::is_table(path) {
            let table = data::read(path)?;
            let measure = if points || args.weights || tables::is_cloud(&table) {
                tables::as_cloud(table, side, args).map(Self::Points)
            } else {
                tables::as_grid(table, side).map(Self::Histogram)
            };
            return measure.with_context(|| path.display().to_string());
        }
        if points {
            bail!(
                "{}: points are read from .csv, .tsv, .txt and .npy",
                path.display()
            );
        }
        let still = if is_pipe(path) {
            still::read_stream(std::io::stdin().lock(), &shown(path))?
        } else {
            still::read(path)?
        };
        let grid = light(&still.picture, side).with_context(|| shown(path))?;
        Ok(Self::Picture(grid))
    }

    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Picture(_) => "picture",
            Self::Histogram(_) => "histogram",
            Self::Points(_) => "points",
        }
    }

    /// Total of its masses.
    pub fn total(&self) -> f64 {
        match self {
            Self::Picture(grid) | Self::Histogram(grid) => grid.total(),
            Self::Points(cloud) => cloud.total(),
        }
    }

    /// Its size, for messages.
    pub fn size(&self) -> String {
        match self {
            Self::Picture(grid) => format!("{}x{} pixels", grid.dim().1, grid.dim().0),
            Self::Histogram(grid) if grid.dim().0 == 1 => format!("{} bins", grid.dim().1),
            Self::Histogram(grid) => format!("{} rows of {} bins", grid.dim().0, grid.dim().1),
            Self::Points(cloud) => format!("points in {} dimensions", cloud.dimensions()),
        }
    }
}

/// The light of a picture as a histogram over its pixels: luma, white at 1, what is transparent being black.
pub fn light(picture: &Picture, side: &'static str) -> anyhow::Result<Grid> {
    let luma = LumaChroma::of(&premultiplied(picture)).into_luma();
    // Video may have codes below black.
    let masses = samples(&luma).iter().map(|&v| f64::from(v).max(0.0));
    Grid::new(side, luma.dim(), masses.collect()).map_err(|e| match e {
        Error::NoMass { .. } => {
            anyhow::anyhow!("all its pixels are black, so there is no light to carry")
        }
        e => e.into(),
    })
}
