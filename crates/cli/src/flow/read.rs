//! Maps from files of any kind, which their first bytes tell.

use super::error::Error;
use super::flo::{TAG, read_flo};
use super::kitti::read_kitti;
use super::maps::known_per_pixel;
use super::npy;
use crate::data::{Failure, NPY, Opened, ZIP, read_npy, read_npz};
use otinterp::limits::MAX_VALUES;
use otinterp::motion::MotionField;
use otinterp::picture::Plane;
use otinterp::picture::still::FloatMap;

/// What PNG files begin with.
const PNG: &[u8] = b"\x89PNG";

/// Reads a map: Middlebury's .flo, KITTI's PNG, NumPy's arrays, or a PFM of three channels (dx, dy, and one that is not used:
/// FlyingThings3D and its kin, Mayer et al., *A large dataset to train convolutional networks for disparity, optical flow, and scene
/// flow estimation*, 2016).
///
/// # Errors
/// [`Error`] if it is none of these, broken or too large.
pub fn read_map(opened: Opened) -> Result<MotionField, Error> {
    let head = opened.head.clone();
    if ![TAG, PNG, NPY, ZIP, b"PF", b"Pf"]
        .iter()
        .any(|kind| head.starts_with(kind))
    {
        return Err(Error::Unknown);
    }
    let bytes = opened.whole()?;
    if head.starts_with(TAG) {
        read_flo(&bytes)
    } else if head.starts_with(PNG) {
        read_kitti(&bytes)
    } else if head.starts_with(NPY) {
        npy::map(read_npy(&bytes, MAX_VALUES)?)
    } else if head.starts_with(ZIP) {
        npy::map(read_npz(&bytes, MAX_VALUES)?)
    } else {
        of_floats(&FloatMap::decode(&bytes).map_err(Failure::from)?)
    }
}

fn of_floats(map: &FloatMap) -> Result<MotionField, Error> {
    if map.channels != 3 {
        return Err(Error::Channels);
    }
    let axis = |channel: usize| {
        Plane::from_shape_fn((map.height, map.width), |(y, x)| {
            map.values[3 * (y * map.width + x) + channel]
        })
    };
    Ok(known_per_pixel(axis(0), axis(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn read(bytes: &[u8]) -> Result<MotionField, Error> {
        read_map(Opened::of(Cursor::new(bytes.to_vec())).unwrap())
    }

    #[test]
    fn a_float_map_lies_bottom_up() {
        let mut bytes = b"PF\n1 2\n-1.0\n".to_vec();
        let rows = [[3.0f32, 4.0, 9.0], [1.0, -2.0, 9.0]];
        bytes.extend(rows.iter().flatten().flat_map(|v| v.to_le_bytes()));
        let map = read(&bytes).unwrap();
        assert_eq!((map.dx[(0, 0)], map.dy[(0, 0)]), (1.0, -2.0));
        assert_eq!((map.dx[(1, 0)], map.dy[(1, 0)]), (3.0, 4.0));
    }

    #[test]
    fn what_is_no_map_says_so() {
        assert!(matches!(read(b"P6 1 1 255 abc"), Err(Error::Unknown)));
        assert!(matches!(read(b""), Err(Error::Unknown)));
        let one = read(b"Pf\n1 1\n-1.0\n\0\0\0\0");
        assert!(matches!(one, Err(Error::Channels)), "{one:?}");
    }
}
