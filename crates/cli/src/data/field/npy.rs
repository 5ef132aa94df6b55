//! NumPy's array files (NEP 1).

use super::kind::{check_size, plane};
use crate::data::npy::{Array, read_npy, write_npy};
use crate::data::table::Failure;
use otinterp::picture::Plane;
use otinterp::picture::still::{MAX_PIXELS, StillError};
use std::io::Write;

pub(super) fn decode(bytes: &[u8]) -> Result<Plane, Failure> {
    let Array { shape, values } = read_npy(bytes, MAX_PIXELS)?;
    let [rows, columns] = shape[..] else {
        return Err(Failure::Content(format!(
            "its shape is {shape:?}; arrays of two dimensions are read"
        )));
    };
    let (rows, columns) = check_size(rows, columns)?;
    let values = values.into_iter().map(|v| v as f32);
    plane(rows, columns, values.collect())
}

pub(super) fn encode(values: &Plane, out: impl Write) -> Result<(), StillError> {
    let (height, width) = values.dim();
    let shape = [height as u64, width as u64];
    write_npy(&shape, values.iter().copied(), out).map_err(StillError::Write)
}
