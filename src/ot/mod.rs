//! Optimal transport, without pictures and tiles: problems, kernels, the Sinkhorn iteration.

pub mod window;
