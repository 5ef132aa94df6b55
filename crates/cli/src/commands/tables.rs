//! Tables of numbers read as measures: histograms and point clouds.

use super::pair::shown;
use crate::data::{self, Table};
use crate::reporter::Reporter;
use anyhow::{Context, bail};
use clap::Args;
use otinterp::ot::distance::grid::Grid;
use otinterp::ot::{Cloud, Error};
use otinterp::picture::Plane;
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

/// A point cloud, and the names of its coordinates where the file has them.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    /// The points and their masses.
    pub cloud: Cloud,
    names: Option<Vec<String>>,
}

impl Points {
    /// A table as points: a row is a point.
    pub fn of(table: Table, side: &'static str, args: CloudArgs) -> anyhow::Result<Self> {
        let named = table.names.as_ref().and_then(|names| {
            names
                .iter()
                .position(|name| MASS_NAMES.contains(&name.as_str()))
        });
        let mut names = table.names.clone();
        if table.is_line {
            if args.weights {
                bail!("an array of one dimension has no column of weights");
            }
            let masses = vec![1.0; table.columns];
            let cloud = Cloud::new(side, 1, table.values, masses)?;
            return Ok(Self { cloud, names });
        }
        let mass_column = if args.weights {
            named.or(Some(table.columns - 1))
        } else {
            named
        };
        let Some(mass_column) = mass_column else {
            let masses = vec![1.0; table.rows];
            let cloud = Cloud::new(side, table.columns, table.values, masses)?;
            return Ok(Self { cloud, names });
        };
        if table.columns < 2 {
            bail!("its only column holds the weights; there are no coordinates");
        }
        if let Some(names) = &mut names {
            names.remove(mass_column);
        }
        let cloud = weighted(&table, side, mass_column)?;
        Ok(Self { cloud, names })
    }

    /// The same points with their coordinates in the order of those of `first`, where both have names and these are the same ones.
    /// Fails if some of the names are the same and others not: nobody could say what belongs to what.
    pub fn like(self, first: &Self) -> anyhow::Result<Self> {
        let (Some(own), Some(wanted)) = (&self.names, &first.names) else {
            return Ok(self);
        };
        let places: Vec<Option<usize>> = wanted
            .iter()
            .map(|name| own.iter().position(|other| other == name))
            .collect();
        let are_as_many = own.len() == wanted.len();
        if own == wanted || !are_as_many || places.iter().all(Option::is_none) {
            return Ok(self);
        }
        let places: Option<Vec<usize>> = places.into_iter().collect();
        let is_permutation = |places: &Vec<usize>| (0..own.len()).all(|k| places.contains(&k));
        let Some(places) = places.filter(is_permutation) else {
            bail!(
                "its columns are {}, and those of the first table {}; give both the same names, in any order",
                own.join(", "),
                wanted.join(", ")
            );
        };
        let cloud = &self.cloud;
        let points = (0..cloud.len())
            .flat_map(|i| places.iter().map(move |&k| cloud.point(i)[k]))
            .collect();
        let cloud = Cloud::new(
            "points",
            cloud.dimensions(),
            points,
            cloud.masses().to_vec(),
        )?;
        Ok(Self {
            cloud,
            names: Some(wanted.clone()),
        })
    }
}

/// Reads two point clouds, the coordinates of both in one order.
pub fn clouds(
    paths: [&Path; 2],
    sides: [&'static str; 2],
    args: CloudArgs,
    reporter: &Reporter,
) -> anyhow::Result<[Cloud; 2]> {
    let read = |k: usize| {
        let table = data::read(paths[k])?;
        warn_of_index(&table, paths[k], reporter);
        Points::of(table, sides[k], args).with_context(|| shown(paths[k]))
    };
    let first = read(0)?;
    let second = read(1)?.like(&first).with_context(|| shown(paths[1]))?;
    Ok([first.cloud, second.cloud])
}

/// Says that a column was taken for an index.
pub fn warn_of_index(table: &Table, path: &Path, reporter: &Reporter) {
    let columns = match table.index_columns {
        0 => return,
        1 => "the first column has no name and is".to_owned(),
        n => format!("the first {n} columns have no names and are"),
    };
    let name = shown(path);
    reporter.warn(&format!(
        "{name}: {columns} left out as an index of the rows"
    ));
}

fn weighted(table: &Table, side: &'static str, mass_column: usize) -> anyhow::Result<Cloud> {
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

/// A field of numbers as a histogram.
pub fn field_as_grid(values: &Plane, side: &'static str) -> anyhow::Result<Grid> {
    let (rows, columns) = values.dim();
    let table = Table {
        rows,
        columns,
        values: values.iter().map(|&v| v.into()).collect(),
        ..Table::default()
    };
    as_grid(table, side)
}

/// A weight of the entropy, above 0.
pub fn parse_eps(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(eps) if eps > 0.0 && f64::is_finite(eps) => Ok(eps),
        _ => Err("a number above 0 is needed".into()),
    }
}

/// Whether a table says by itself that it holds points: its columns have names.
pub fn is_cloud(table: &Table) -> bool {
    table.names.is_some()
}
