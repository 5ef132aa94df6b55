//! `otinterp` interpolates video frames by entropic optimal transport: it makes the frames between two frames.
//!
//! A picture is treated as a measure: mass placed at positions, each grain carrying its colour.
//! Entropic optimal transport between two such measures, solved tile by tile, gives a map `T`, and
//! the frame at time `t` is the displacement interpolation `mu_t = ((1-t) Id + t T)# mu_0`
//! (McCann, *A convexity principle for interacting gases*, 1997).

pub mod frame_pyramid;
mod interpolator;
mod layers;
pub mod limits;
pub mod mass;
pub mod motion;
pub mod picture;
mod plan;
mod pool;
pub mod probe;
pub mod render;
mod sequence;
pub mod timings;
mod transition;

pub use frame_pyramid::PyramidCache;
pub use interpolator::{Error, Interpolator};
pub use layers::LayerMaps;
pub use otinterp_ot as ot;
pub use otinterp_simd as simd;
pub use picture::Picture;
pub use plan::{Method, Plan, Preset};
pub use sequence::Sequence;
pub use transition::{OuterMotion, Transition};

/// The example in docs/guide/library.md, compiled with the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/library.md")]
struct Readme;
