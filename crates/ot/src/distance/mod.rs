//! Distances between measures: Wasserstein, Bures, Sinkhorn divergence.
//!
//! | function | gives | error |
//! |---|---|---|
//! | [`wasserstein`], [`certify`] | W1, W2 of point clouds and histograms | none: an interval that holds the truth |
//! | [`grid::wasserstein`] | W1, W2 of histograms on a grid, of any size | none: likewise |
//! | [`sinkhorn_divergence`] | a debiased entropic loss, 0 only between equals | that of the solve |
//! | [`debiased`] | the same of clouds and of histograms | none: an interval |
//! | [`mod@line`] | W1, W2 and the coupling in one dimension | rounding |
//! | [`gaussian`] | W2 and the map between normal distributions | rounding |

mod certified;
pub mod debiased;
mod divergence;
pub mod gaussian;
pub mod grid;
pub mod line;

pub use crate::interval::Interval;
pub use certified::{certify, wasserstein};
pub use divergence::sinkhorn_divergence;
