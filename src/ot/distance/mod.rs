//! Distances between measures.
//!
//! | function | gives | error |
//! |---|---|---|
//! | [`wasserstein`], [`certify`] | W1, W2 of point clouds and histograms | none: an interval that holds the truth |
//! | [`sinkhorn_divergence`] | a debiased entropic loss, 0 only between equals | that of the solve |
//! | [`mod@line`] | W1, W2 and the coupling in one dimension | rounding |
//! | [`gaussian`] | W2 and the map between normal distributions | rounding |

mod certified;
mod divergence;
pub mod gaussian;
pub mod line;

pub use certified::{Interval, certify, wasserstein};
pub use divergence::sinkhorn_divergence;
