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
mod truth;
mod wheel;

pub use arrows::{Arrow, arrows, arrows_svg, draw_arrows};
pub use error::Error;
pub use flo::{read_flo, write_flo};
pub use kitti::{read_kitti, write_kitti};
pub use maps::{Lengths, confidence, deficit, lengths};
pub use npy::{read_npy, write_npy, write_plane_npy};
pub use truth::{Agreement, agreement};
pub use wheel::wheel;
