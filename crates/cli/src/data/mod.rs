//! Tables of numbers: CSV and NPY in, CSV, NPY and NPZ out. What the numbers mean is not known here.

mod csv;
pub mod field;
mod npy;
mod table;

pub(crate) use npy::{Array, npy, read_npy, sparse_npz, write_npy};
pub(crate) use table::{Failure, Table, is_table};

use anyhow::{Context, bail};
use std::path::Path;

/// Reads a table: NPY by its extension, else numbers separated by commas, semicolons, tabs or blanks, with or without a line of
/// names. An array of one dimension is one row.
pub(crate) fn read(path: &Path) -> anyhow::Result<Table> {
    let name = path.display();
    let is_npy = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("npy"));
    let read = if is_npy {
        npy::read(path)
    } else {
        csv::read(path)
    };
    let table = match read {
        Err(e @ Failure::System(_)) => Err(e).with_context(|| format!("{name} cannot be read")),
        read => read.with_context(|| name.to_string()),
    }?;
    if table.values.is_empty() {
        bail!("{name}: it holds no numbers");
    }
    if let Some(at) = table.values.iter().position(|v| !v.is_finite()) {
        let (row, column) = (at / table.columns + 1, at % table.columns + 1);
        let value = table.values[at];
        bail!("{name}: row {row}, column {column} is {value}; finite numbers are needed");
    }
    Ok(table)
}
