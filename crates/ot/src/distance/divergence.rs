//! The Sinkhorn divergence for any cost and with slack, from dual values.

use crate::cost::GibbsKernel;
use crate::error::Error;
use crate::problem::{Problem, Slack};
use crate::sinkhorn::Sinkhorn;

/// `S(a, b) = OT(a, b) - ½ OT(a, a) - ½ OT(b, b) + ½ eps·(m(a) - m(b))²`, `m` the total mass, with one kernel for each
/// of the three problems.
///
/// For costs `|x - y|` and `|x - y|²` it is ≥ 0, 0 only if `a = b`, and convex in each (Feydy et al. 2019; with slack
/// Séjourné et al. 2019, definition 5): entropy's bias, by which `OT(a, a)` is not the least, is gone. Each
/// term is the dual value, whose error is of second order in that of the potentials.
///
/// ```
/// use otinterp_ot::{Sinkhorn, Slack, cost::Separable, distance::sinkhorn_divergence};
/// let grid = || Separable::squared_distance(1, 4, 0.25).unwrap();
/// let (a, b) = ([0.7f32, 0.3, 0.0, 0.0], [0.0f32, 0.0, 0.3, 0.7]);
/// let s = |a: &[f32], b: &[f32]| {
///     sinkhorn_divergence([grid(), grid(), grid()], a, b, 0.05, Slack::NONE, &Sinkhorn::default())
/// };
/// assert!(s(&a, &b)? > 0.1);
/// assert!(s(&a, &a)?.abs() < 1e-6);
/// # Ok::<(), otinterp_ot::Error>(())
/// ```
///
/// # Errors
/// As [`Problem::unbalanced`] and [`Sinkhorn::solve`].
pub fn sinkhorn_divergence<K: GibbsKernel>(
    [between, within_a, within_b]: [K; 3],
    a: &[f32],
    b: &[f32],
    eps: f32,
    slack: Slack,
    sinkhorn: &Sinkhorn,
) -> Result<f64, Error> {
    let value = |kernel: K, a: &[f32], b: &[f32]| -> Result<f64, Error> {
        let problem = Problem::unbalanced(kernel, a.to_vec(), b.to_vec(), eps, slack)?;
        Ok(sinkhorn.solve(&problem)?.dual_value())
    };
    let mass = |m: &[f32]| m.iter().map(|&m| f64::from(m)).sum::<f64>();
    let cross = value(between, a, b)?;
    let own = 0.5 * (value(within_a, a, a)? + value(within_b, b, b)?);
    Ok(cross - own + 0.5 * f64::from(eps) * (mass(a) - mass(b)).powi(2))
}
