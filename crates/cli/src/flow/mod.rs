//! Optical flow outside the engine: its files, its figures, and its errors against a true one.
//!
//! A map is a [`MotionField`](otinterp::motion::MotionField): pixel `(x, y)` of the one picture is found at `(x + dx, y + dy)` in the other. Unknown
//! displacements, which only maps read from files have, are NaN.

mod arrows;
mod error;
mod flo;
mod kitti;
mod maps;
mod npy;
mod read;
mod truth;
mod wheel;

pub(crate) use arrows::{arrows_svg, draw_arrows};
pub use error::Error;
pub use flo::write_flo;
pub(crate) use kitti::write_kitti;
pub(crate) use maps::{confidence, lengths};
pub(crate) use npy::{write_npy, write_plane_npy};
pub use read::read_map;
pub(crate) use truth::{Agreement, agreement};
pub(crate) use wheel::wheel;
