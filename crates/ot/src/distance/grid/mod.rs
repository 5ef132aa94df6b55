//! Wasserstein distances between histograms on one grid, with intervals that hold for the grid as it is.
//!
//! A small histogram is solved exactly. A large one is solved on cells of `2^k × 2^k` bins, and both bounds are then lifted to the
//! bins: so what is certified is always the distance between the histograms themselves, and coarser cells only widen the interval.
//! Cells are made smaller until it is narrow enough.
//!
//! * *Upper bound:* `plan` cuts every cell's bins up among the cells that it exchanges mass with, which gives a coupling of
//!   the bins.
//! * *Lower bound:* `lift` interpolates the cells' potentials, and makes them feasible for all pairs of bins by c-transforms.
//! * *p = 1:* by Kantorovich and Rubinstein the cost depends on the difference of the two alone, so mass that both have in a
//!   bin stays there, and only the rest is carried.

mod cells;
mod histogram;
mod lift;
mod plan;
mod refine;

pub use histogram::Grid;
pub use refine::{Found, wasserstein};
