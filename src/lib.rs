//! `otinterp` makes the frames between two frames.
//!
//! A picture is treated as a measure: mass placed at positions, each grain carrying its content.
//! Entropic optimal transport between two such measures, solved tile by tile, gives a map `T`, and
//! the frame at time `t` is the displacement interpolation `mu_t = ((1-t) Id + t T)# mu_0`
//! (McCann, *A convexity principle for interacting gases*, 1997).

pub mod cli;
pub mod data;
pub mod files;
pub mod flow;
mod interpolator;
pub mod measure;
pub mod motion;
pub mod ot;
pub mod picture;
pub mod pipeline;
pub mod plot;
pub mod quality;
pub mod render;
pub mod simd;
pub mod timings;
pub mod video;
pub mod work;

pub use interpolator::{Error, Interpolator, Method, Preparation, Preset, Transition};
pub use picture::Picture;

/// The example in the README, compiled with the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
