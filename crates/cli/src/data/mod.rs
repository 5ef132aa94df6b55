//! Tables of numbers: CSV and NPY in, CSV, NPY and NPZ out. What the numbers mean is for others to say.

mod csv;
pub mod field;
mod npy;

pub use npy::{Array, npy, read_npy, sparse_npz, write_npy};

use std::io;
use std::path::Path;

/// Most numbers that are read from one file: 1 GiB.
const MAX_VALUES: u64 = 1 << 27;

/// Rows and columns of numbers. All of them are finite.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
    /// All numbers, row after row.
    pub values: Vec<f64>,
    /// The columns' names, if the file has a line of them.
    pub names: Option<Vec<String>>,
    /// Whether it is an array of one dimension, which counts as one row.
    pub is_line: bool,
}

/// Why a table could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The system could not read it.
    #[error("{name} cannot be read")]
    Read {
        /// The file as it was named.
        name: String,
        /// What the system says.
        source: io::Error,
    },
    /// Its content is no table.
    #[error("{name}: {reason}")]
    Content {
        /// The file as it was named.
        name: String,
        /// What is wrong, and where.
        reason: String,
    },
}

/// Whether a file's name is that of a table.
pub fn is_table(path: &Path) -> bool {
    let known = ["csv", "tsv", "txt", "npy"];
    path.extension()
        .is_some_and(|e| known.iter().any(|k| e.eq_ignore_ascii_case(k)))
}

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

/// Why bytes are no numbers, before they have a name.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The system could not read them.
    #[error(transparent)]
    System(#[from] io::Error),
    /// They break the rules of their format, or end too early.
    #[error("it is broken or cut short: {0}")]
    Broken(String),
    /// They are something that is not read.
    #[error("{0}")]
    Content(String),
}

fn too_many(values: u64, most: u64) -> Failure {
    Failure::Content(format!(
        "it holds {values} numbers; at most {most} are read"
    ))
}
