//! Optimal transport: entropic by the Sinkhorn iteration, exact by the network simplex, multiscale on grids.
//!
//! # Nouns
//! * A [`cost`] between sources and targets: [`cost::Dense`], [`cost::Separable`].
//! * A [`Problem`]: cost, masses on both sides, entropy weight `eps`, [`Slack`] of the marginals.
//! * A [`Schedule`]: the values of eps that a solve runs through.
//! * [`Sinkhorn`]: the iteration with its options.
//! * A [`Solution`]: potentials, plan entries, values, projections, and a [`Report`] of how it went.
//! * A [`Cloud`] of weighted points, and [`exact`]: an optimal coupling of two without entropy, with the proof.
//! * [`distance`]: Wasserstein distances with certified intervals, Sinkhorn divergence, exact closed forms.
//!
//! [`tile`] and [`symmetric`] are two fixed entropic problems with kernels of their own: tiles whose support is a window, and two
//! small sets whose sides count alike to the bit. [`multiscale`] carries mass on a grid over any distance.
//!
//! # The problem
//! ```text
//! minimise  sum pi·c + eps·KL(pi | a⊗b) + rho_a·KL(pi 1 | a) + rho_b·KL(pi^T 1 | b)
//! ```
//! The entropy makes the plan unique and the iteration a sequence of matrix products; as eps falls to 0 the plan tends to
//! an optimal one. Storage is `f32`; potentials that leave the loop, and every value, are `f64`.
//!
//! # Sources
//! * Cuturi 2013, *Sinkhorn distances: lightspeed computation of optimal transport*.
//! * Peyré & Cuturi 2019, *Computational optimal transport*.
//! * Chizat, Peyré, Schmitzer & Vialard 2018, *Scaling algorithms for unbalanced optimal transport problems*.
//! * Schmitzer 2019, *Stabilized sparse scaling algorithms for entropy regularized transport problems*.
//! * Séjourné, Feydy, Vialard, Trouvé & Peyré 2019, *Sinkhorn divergences for unbalanced optimal transport*.
//! * Altschuler, Weed & Rigollet 2017, *Near-linear time approximation algorithms for optimal transport via Sinkhorn iteration*.

mod cloud;
pub mod cost;
pub mod distance;
mod error;
pub mod exact;
mod interval;
pub mod kernel;
pub mod minibatch;
pub mod multiscale;
mod power;
mod problem;
mod schedule;
mod sinkhorn;
mod solution;
pub mod symmetric;
pub mod tile;

pub use cloud::{Cloud, unit_scale};
pub use error::Error;
pub use power::Power;
pub use problem::{Problem, Slack, single_eps};
pub use schedule::{Schedule, Stage};
pub use sinkhorn::Sinkhorn;
pub use solution::{Form, Potentials, Report, Solution};
