//! Inputs of `distance`: a picture's luminance, a histogram, or a point cloud.

use crate::commands::pair::{Input, shown};
use crate::commands::tables::{self, CloudArgs, Points, warn_of_index};
use crate::data::{self, NPY, ZIP};
use crate::reporter::Reporter;
use anyhow::{Context, bail};
use otinterp::frame_pyramid::LumaChroma;
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
    Points(Points),
}

impl Measure {
    /// Reads a file or a pipe. With `points` a table holds points, whatever it looks like.
    pub fn read(
        path: &Path,
        side: &'static str,
        points: bool,
        args: CloudArgs,
        reporter: &Reporter,
    ) -> anyhow::Result<Self> {
        let mut input = Input::open(path)?;
        if is_table(&input, path, points) {
            let opened = input.opened();
            let opened = opened.map_err(|e| data::Failure::System(e).of(&shown(path)))?;
            let table = data::read_opened(opened, path)?;
            warn_of_index(&table, path, reporter);
            let measure = if points || args.weights || tables::is_cloud(&table) {
                Points::of(table, side, args).map(Self::Points)
            } else {
                tables::as_grid(table, side).map(Self::Histogram)
            };
            return measure.with_context(|| shown(path));
        }
        if points {
            bail!(
                "{}: points are read from tables: .csv, .tsv, .txt, .npy and .npz",
                shown(path)
            );
        }
        if let Some(field) = input.field()? {
            let grid = tables::field_as_grid(&field.values, side);
            return grid.map(Self::Histogram).with_context(|| shown(path));
        }
        let grid = light(&input.still()?.picture, side).with_context(|| shown(path))?;
        Ok(Self::Picture(grid))
    }

    /// Whether a file is one measure and no clip, by its name and its first bytes.
    pub fn is_one(path: &Path) -> bool {
        let is_regular = |input: &Input| !input.is_pipe() && path.is_file();
        Input::open(path).is_ok_and(|input| {
            let head = input.head();
            is_regular(&input)
                && (is_table(&input, path, false)
                    || head.starts_with(b"Pf")
                    // An animation is a clip, too.
                    || (still::is_picture(&head) && still::read(path).is_ok()))
        })
    }

    /// The same measure with its coordinates in the order of those of `first`; see [`Points::like`].
    pub fn like(self, first: &Self) -> anyhow::Result<Self> {
        match (self, first) {
            (Self::Points(points), Self::Points(first)) => points.like(first).map(Self::Points),
            (other, _) => Ok(other),
        }
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
            Self::Points(points) => points.cloud.total(),
        }
    }

    /// Its size, for messages.
    pub fn size(&self) -> String {
        match self {
            Self::Picture(grid) => format!("{}x{} pixels", grid.dim().1, grid.dim().0),
            Self::Histogram(grid) if grid.dim().0 == 1 => format!("{} bins", grid.dim().1),
            Self::Histogram(grid) => format!("{} rows of {} bins", grid.dim().0, grid.dim().1),
            Self::Points(points) => {
                format!("points in {} dimensions", points.cloud.dimensions())
            }
        }
    }
}

/// Extensions of tables.
const TABLES: [&str; 5] = ["csv", "tsv", "txt", "npy", "npz"];

/// Whether an input is a table: by its first bytes; by its name if it has one; else, of a pipe or where points are asked for, if it is
/// no picture.
fn is_table(input: &Input, path: &Path, points: bool) -> bool {
    let head = input.head();
    if head.starts_with(NPY) || head.starts_with(ZIP) {
        return true;
    }
    let is_named = path
        .extension()
        .is_some_and(|e| TABLES.iter().any(|k| e.eq_ignore_ascii_case(k)));
    let is_text = !(still::is_picture(&head) || head.starts_with(b"Pf"));
    is_named || (is_text && (points || input.is_pipe()))
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
