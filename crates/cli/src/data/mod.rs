//! Tables of numbers: CSV and NPY in, CSV, NPY and NPZ out. What the numbers mean is not known here.

mod csv;
pub mod field;
mod npy;
mod table;

pub use npy::{Array, npy, read_npy, sparse_npz, write_npy};
pub use table::{DataError, Failure, Table, is_table};

use std::path::Path;

/// Reads a table: NPY by its extension, else numbers separated by commas, semicolons, tabs or blanks, with or without a line of
/// names. An array of one dimension is one row.
///
/// # Errors
/// [`DataError`] naming the file if it cannot be read, is empty, has rows of different lengths, something that is not a finite
/// number, more than two dimensions, or more than 2^27 numbers.
pub fn read(path: &Path) -> Result<Table, DataError> {
    let name = path.display().to_string();
    let is_npy = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("npy"));
    let read = if is_npy {
        npy::read(path)
    } else {
        csv::read(path)
    };
    let table = read.map_err(|e| match e {
        Failure::System(source) => DataError::Read {
            name: name.clone(),
            source,
        },
        other => DataError::Content {
            name: name.clone(),
            reason: other.to_string(),
        },
    })?;
    let content = |reason: String| Err(DataError::Content { name, reason });
    if table.values.is_empty() {
        return content("it holds no numbers".into());
    }
    if let Some(at) = table.values.iter().position(|v| !v.is_finite()) {
        let (row, column) = (at / table.columns + 1, at % table.columns + 1);
        let value = table.values[at];
        return content(format!(
            "row {row}, column {column} is {value}; finite numbers are needed"
        ));
    }
    Ok(table)
}
