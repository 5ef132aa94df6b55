//! Tables of numbers: CSV, NPY and NPZ in, CSV, NPY and NPZ out. What the numbers mean is not known here.

mod bytes;
mod csv;
pub mod field;
mod list;
mod npy;
mod npz;
mod table;

pub use bytes::{NPY, Opened, ZIP};
pub(crate) use list::read_list;
pub(crate) use npy::{Array, npy, read_npy, sparse_npz, write_npy};
pub(crate) use npz::read_npz;
pub use table::{Failure, Table};

use anyhow::bail;
use otinterp::limits::MAX_VALUES;
use std::path::Path;

/// Reads a table from a file, a pipe or, as `-`, standard input: NPY or NPZ by its first bytes, else numbers separated by commas,
/// semicolons, tabs or blanks, with or without a line of names. An array of one dimension is one row.
pub(crate) fn read(path: &Path) -> anyhow::Result<Table> {
    match Opened::open(path) {
        Ok(opened) => read_opened(opened, path),
        Err(error) => named(Err(Failure::System(error)), path),
    }
}

/// The table in a file that is opened.
pub(crate) fn read_opened(opened: Opened, path: &Path) -> anyhow::Result<Table> {
    let is_array = opened.head.starts_with(NPY) || opened.head.starts_with(ZIP);
    let is_named_so = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("npy"));
    if is_named_so && !is_array {
        let why = "it does not begin as NumPy's arrays do";
        return named(Err(Failure::Broken(why.into())), path);
    }
    named(decode(opened), path)
}

/// A table of any kind, by its first bytes; its numbers may be any.
///
/// # Errors
/// [`Failure`] if it cannot be read, is broken, too large, or no table of numbers.
pub fn decode(opened: Opened) -> Result<Table, Failure> {
    if opened.head.starts_with(NPY) {
        return npy::table(read_npy(&opened.whole()?, MAX_VALUES)?);
    }
    if opened.head.starts_with(ZIP) {
        return npy::table(read_npz(&opened.whole()?, MAX_VALUES)?);
    }
    csv::read(opened.stream())
}

/// Names the file in errors, and sees that there are numbers and all are finite.
fn named(table: Result<Table, Failure>, path: &Path) -> anyhow::Result<Table> {
    let name = match path.as_os_str() == "-" {
        true => "standard input".to_owned(),
        false => path.display().to_string(),
    };
    let table = table.map_err(|failure| failure.of(&name))?;
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
