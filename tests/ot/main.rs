//! The optimal-transport core against closed forms, exact solvers, other programs and itself.

mod common;
mod distances;
mod exact;
mod gaussians;
mod invariants;
mod pot;
mod shapes;
mod stability;
mod unbalanced;
