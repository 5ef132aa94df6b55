//! Table of numbers, and the errors of reading one.

use otinterp::limits::TooLarge;
use std::io;

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
    /// First columns without a name, indices of the rows, that were left out.
    pub index_columns: usize,
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
    #[error("it is too large: {0}")]
    TooLarge(#[from] TooLarge),
}

pub(super) fn too_many(values: u64, most: u64) -> Failure {
    Failure::Content(format!(
        "it holds {} numbers; at most {most} are read",
        match values {
            u64::MAX => "more than 10^19".into(),
            values => values.to_string(),
        }
    ))
}

impl Failure {
    /// The same with the file's name.
    pub fn of(self, name: &str) -> anyhow::Error {
        match self {
            Self::System(e) if e.kind() == io::ErrorKind::NotFound => {
                anyhow::anyhow!("{name}: there is no such file")
            }
            Self::System(e) if e.kind() == io::ErrorKind::IsADirectory => {
                anyhow::anyhow!("{name} is a folder; a file is needed")
            }
            Self::System(e) => anyhow::Error::new(e).context(format!("{name} cannot be read")),
            other => anyhow::anyhow!("{name}: {other}"),
        }
    }
}
