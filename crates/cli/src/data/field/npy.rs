//! NumPy's array files (NEP 1).

use super::kind::plane;
use crate::data::npy::{Array, write_npy};
use crate::data::table::Failure;
use otinterp::picture::Plane;
use otinterp::picture::still::StillError;
use std::io::Write;

/// An array as a field.
pub(super) fn field(Array { shape, values }: Array) -> Result<Plane, Failure> {
    let [rows, columns] = shape[..] else {
        return Err(Failure::Content(format!(
            "its shape is {shape:?}; arrays of two dimensions are read"
        )));
    };
    let values = values.into_iter().map(|v| v as f32);
    plane(rows as usize, columns as usize, values.collect())
}

pub(super) fn encode(values: &Plane, out: impl Write) -> Result<(), StillError> {
    let (height, width) = values.dim();
    let shape = [height as u64, width as u64];
    write_npy(&shape, values.iter().copied(), out).map_err(StillError::Write)
}
