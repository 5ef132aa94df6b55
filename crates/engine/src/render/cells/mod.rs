//! Cells to pixels: photometric errors and choices by cells of 2 to 8 px, and both pictures warped along their motions.
//!
//! At full resolution each picture is sampled once along one motion, along several only between cells whose motions differ.

pub mod candidates;
pub mod errors;
pub mod lists;
mod mix;
mod operations;
pub mod photometric;
mod pixels;
mod places;
pub mod rows;
mod widen;
