//! Portable float maps of one channel: `Pf`, width, height, a scale whose sign is the byte order, then rows from the bottom up
//! (Debevec, *PFM portable floatmap image format*).

use super::kind::{check_size, plane};
use crate::data::table::Failure;
use otinterp::picture::Plane;
use otinterp::picture::still::StillError;
use std::io::Write;

pub(super) fn decode(bytes: &[u8]) -> Result<Plane, Failure> {
    let mut words = Vec::new();
    let mut rest = bytes;
    // One white-space character stands between the last word and the values.
    while words.len() < 4 {
        let start = rest.iter().position(|b| !b.is_ascii_whitespace());
        rest = &rest[start.unwrap_or(rest.len())..];
        let end = rest.iter().position(u8::is_ascii_whitespace);
        let end = end.ok_or_else(|| Failure::Broken("its header is cut short".into()))?;
        words.push(String::from_utf8_lossy(&rest[..end]).into_owned());
        rest = &rest[end + 1..];
    }
    let wrong = || Failure::Broken("its header is not `Pf`, width, height, scale".into());
    let size = |word: &str| word.parse::<u64>().map_err(|_| wrong());
    let (width, height) = (size(&words[1])?, size(&words[2])?);
    let scale: f32 = words[3].parse().map_err(|_| wrong())?;
    let (height, width) = check_size(height, width)?;
    let (values, left) = rest.as_chunks::<4>();
    if values.len() != height * width || !left.is_empty() {
        return Err(Failure::Broken(
            "it has fewer or more values than its size says".into(),
        ));
    }
    let value = |bytes: &[u8; 4]| match scale < 0.0 {
        true => f32::from_le_bytes(*bytes),
        false => f32::from_be_bytes(*bytes),
    };
    let rows = values.chunks_exact(width.max(1)).rev();
    plane(height, width, rows.flatten().map(value).collect())
}

pub(super) fn encode(values: &Plane, mut out: impl Write) -> Result<(), StillError> {
    let mut bytes = format!("Pf\n{} {}\n-1.0\n", values.ncols(), values.nrows()).into_bytes();
    for row in values.rows().into_iter().rev() {
        bytes.extend(row.iter().flat_map(|v| v.to_le_bytes()));
    }
    out.write_all(&bytes).map_err(StillError::Write)
}
