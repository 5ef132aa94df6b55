//! Sound that is slowed with the picture, at its own pitch: decoded, stretched, encoded again.

mod encode;
mod pieces;
mod reader;
mod stretch;

pub(super) use stretch::Stretch;
