//! Portable float maps of one channel.

use super::kind::plane;
use crate::data::table::Failure;
use otinterp::picture::Plane;
use otinterp::picture::still::{FloatMap, FloatMapError, StillError};
use std::io::Write;

pub(super) fn decode(bytes: &[u8]) -> Result<Plane, Failure> {
    let map = FloatMap::decode(bytes)?;
    plane(map.height, map.width, map.values)
}

impl From<FloatMapError> for Failure {
    fn from(error: FloatMapError) -> Self {
        match error {
            FloatMapError::TooLarge(why) => Self::TooLarge(why),
            other => Self::Broken(other.to_string()),
        }
    }
}

pub(super) fn encode(values: &Plane, mut out: impl Write) -> Result<(), StillError> {
    let mut bytes = format!("Pf\n{} {}\n-1.0\n", values.ncols(), values.nrows()).into_bytes();
    for row in values.rows().into_iter().rev() {
        bytes.extend(row.iter().flat_map(|v| v.to_le_bytes()));
    }
    out.write_all(&bytes).map_err(StillError::Write)
}
