//! Table of numbers, and the errors of reading one.

use std::io;
use std::path::Path;

/// Most numbers that are read from one file: 1 GiB.
pub(super) const MAX_VALUES: u64 = 1 << 27;

/// Rows and columns of numbers. All of them are finite.
#[derive(Debug, Default)]
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

/// Whether a file's name is that of a table.
pub fn is_table(path: &Path) -> bool {
    let known = ["csv", "tsv", "txt", "npy"];
    path.extension()
        .is_some_and(|e| known.iter().any(|k| e.eq_ignore_ascii_case(k)))
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
    /// More values than any sensible use.
    #[error("it is too large")]
    TooLarge,
}

pub(super) fn too_many(values: u64, most: u64) -> Failure {
    Failure::Content(format!(
        "it holds {values} numbers; at most {most} are read"
    ))
}
