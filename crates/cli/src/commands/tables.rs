//! Tables of numbers read as measures: histograms and point clouds.

use crate::data::{self, Table};
use anyhow::{Context, bail};
use clap::Args;
use otinterp::ot::distance::grid::Grid;
use otinterp::ot::{Cloud, Error};
use std::path::Path;

/// How the columns of point clouds are read.
#[derive(Debug, Clone, Copy, Args)]
pub struct CloudArgs {
    /// Read the last column of a table of points as their masses (in a CSV file with names: the column weight, mass or w)
    #[arg(long)]
    pub weights: bool,
}

/// Names of the column of masses.
const MASS_NAMES: [&str; 4] = ["weight", "weights", "mass", "w"];

/// Reads a point cloud: a row is a point.
pub fn cloud(path: &Path, side: &'static str, args: CloudArgs) -> anyhow::Result<Cloud> {
    as_cloud(data::read(path)?, side, args).with_context(|| path.display().to_string())
}

/// A table as a point cloud.
pub fn as_cloud(table: Table, side: &'static str, args: CloudArgs) -> anyhow::Result<Cloud> {
    let named = table.names.as_ref().and_then(|names| {
        names
            .iter()
            .position(|name| MASS_NAMES.contains(&name.as_str()))
    });
    if table.is_line {
        if args.weights {
            bail!("an array of one dimension has no column of weights");
        }
        let masses = vec![1.0; table.columns];
        return Ok(Cloud::new(side, 1, table.values, masses)?);
    }
    let mass_column = if args.weights {
        named.or(Some(table.columns - 1))
    } else {
        named
    };
    let Some(mass_column) = mass_column else {
        let masses = vec![1.0; table.rows];
        return Ok(Cloud::new(side, table.columns, table.values, masses)?);
    };
    if table.columns < 2 {
        bail!("its only column holds the weights; there are no coordinates");
    }
    let mut points = Vec::with_capacity(table.rows * (table.columns - 1));
    let mut masses = Vec::with_capacity(table.rows);
    for row in table.values.chunks_exact(table.columns) {
        for (column, &value) in row.iter().enumerate() {
            if column == mass_column {
                masses.push(value);
            } else {
                points.push(value);
            }
        }
    }
    let cloud = Cloud::new(side, table.columns - 1, points, masses);
    cloud.map_err(|e| match e {
        Error::Mass { index, value, .. } => anyhow::anyhow!(
            "row {}: the weight is {value}; weights are not negative",
            index + 1
        ),
        Error::NoMass { .. } => anyhow::anyhow!("all weights are 0"),
        e => e.into(),
    })
}

/// A table as a histogram; one column is one dimension, as one row is.
pub fn as_grid(table: Table, side: &'static str) -> anyhow::Result<Grid> {
    let columns = table.columns;
    let dim = if columns == 1 {
        (1, table.rows)
    } else {
        (table.rows, columns)
    };
    Grid::new(side, dim, table.values).map_err(|e| match e {
        Error::Mass { index, value, .. } => anyhow::anyhow!(
            "row {}, column {} is {value}; a histogram's masses are not negative (points are read with --points)",
            index / columns + 1,
            index % columns + 1
        ),
        Error::NoMass { .. } => anyhow::anyhow!("all masses are 0"),
        e => e.into(),
    })
}

/// Whether a table says by itself that it holds points: its columns have names.
pub fn is_cloud(table: &Table) -> bool {
    table.names.is_some()
}
