//! Optimal transport, without pictures and tiles: problems, kernels, the Sinkhorn iteration.

pub mod matching;
pub mod window;
