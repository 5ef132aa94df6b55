//! The optimal-transport core against closed forms, exact solvers, other programs and itself.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;
mod distances;
mod exact;
mod gaussians;
mod invariants;
mod pot;
mod shapes;
mod stability;
mod unbalanced;
