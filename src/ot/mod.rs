//! Optimal transport, without pictures and tiles: problems, kernels, the Sinkhorn iteration.

pub mod cost;
mod error;
pub mod kernel;
mod power;
pub mod window;

pub use error::Error;
pub use power::Power;
