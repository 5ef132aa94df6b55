//! Transport against closed forms, exact solvers, other programs and itself.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;
mod debiased;
mod distances;
mod exact;
mod gaussians;
mod grid;
mod invariants;
mod multiscale;
mod pot;
mod shapes;
mod simplex;
mod stability;
mod tile;
mod unbalanced;
