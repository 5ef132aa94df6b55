//! An entropic transport problem: cost, marginals, eps, slack. A value that exists is well posed.

use crate::cost::GibbsKernel;
use crate::error::Error;

/// How dear it is to miss a marginal: `rho·KL(marginal | mass)`, in units of cost, per side.
///
/// `∞` is a hard constraint (nothing may be missed), `0` none at all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slack {
    /// Of the source marginal, in `[0, ∞]`.
    pub source: f32,
    /// Of the target marginal, in `[0, ∞]`.
    pub target: f32,
}

impl Slack {
    /// Hard constraints on both sides.
    pub const NONE: Self = Self {
        source: f32::INFINITY,
        target: f32::INFINITY,
    };

    /// The same on both sides.
    pub fn both(rho: f32) -> Self {
        Self {
            source: rho,
            target: rho,
        }
    }

    /// Whether both sides are hard.
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }
}

/// Masses of one side that differ by less than this share in total are taken for equal: the sum of a
/// normalised `f32` histogram of 10^6 points is off by about 10^-6.
const EQUAL_MASS: f64 = 1e-5;

/// Minimise over plans `pi ≥ 0` on the support of `c`
///
/// ```text
/// sum pi·c + eps·KL(pi | a⊗b) + rho_a·KL(pi 1 | a) + rho_b·KL(pi^T 1 | b),   KL(p|q) = sum p·ln(p/q) - p + q
/// ```
#[derive(Debug, Clone)]
pub struct Problem<K> {
    kernel: K,
    source: Vec<f32>,
    target: Vec<f32>,
    /// Masses that have a partner; without slack, totals made equal to the last bit.
    live: [Vec<f32>; 2],
    eps: f32,
    slack: Slack,
}

impl<K: GibbsKernel> Problem<K> {
    /// With hard marginals.
    ///
    /// # Errors
    /// As [`Problem::unbalanced`], and unequal masses.
    pub fn balanced(
        kernel: K,
        source: Vec<f32>,
        target: Vec<f32>,
        eps: f32,
    ) -> Result<Self, Error> {
        Self::unbalanced(kernel, source, target, eps, Slack::NONE)
    }

    /// With slack.
    ///
    /// # Errors
    /// A wrong number of masses, a mass that is negative or not finite, `eps ≤ 0`, a negative slack; and a
    /// point with mass and without slack that has no partner with mass in its support.
    pub fn unbalanced(
        kernel: K,
        source: Vec<f32>,
        target: Vec<f32>,
        eps: f32,
        slack: Slack,
    ) -> Result<Self, Error> {
        check_parameter(
            "eps",
            eps,
            eps > 0.0 && eps.is_finite(),
            "finite and above 0",
        )?;
        for rho in [slack.source, slack.target] {
            check_parameter("slack", rho, rho >= 0.0, "in 0..=inf")?;
        }
        check_masses("source", &source)?;
        check_masses("target", &target)?;
        let (n, m) = (kernel.sources().points(), kernel.targets().points());
        check_length("source masses", n, source.len())?;
        check_length("target masses", m, target.len())?;
        let mut problem = Self {
            kernel,
            live: [source.clone(), target.clone()],
            source,
            target,
            eps,
            slack,
        };
        problem.find_partners()?;
        problem.equalise()?;
        Ok(problem)
    }

    /// Takes points without partner out of the live masses.
    fn find_partners(&mut self) -> Result<(), Error> {
        let (a, b) = (&self.source, &self.target);
        let complete = self.kernel.is_complete();
        let (any_a, any_b) = (a.iter().any(|&a| a > 0.0), b.iter().any(|&b| b > 0.0));
        for i in (0..a.len()).filter(|&i| a[i] > 0.0) {
            let mut found = complete && any_b;
            if !complete {
                self.kernel.visit_row(i, |j, _| found |= b[j] > 0.0);
            }
            if !found {
                if self.slack.source == f32::INFINITY {
                    return Err(unreachable("source", i));
                }
                self.live[0][i] = 0.0;
            }
        }
        for j in (0..b.len()).filter(|&j| b[j] > 0.0) {
            let mut found = complete && any_a;
            if !complete {
                self.kernel.visit_column(j, |i, _| found |= a[i] > 0.0);
            }
            if !found {
                if self.slack.target == f32::INFINITY {
                    return Err(unreachable("target", j));
                }
                self.live[1][j] = 0.0;
            }
        }
        Ok(())
    }

    /// Without any slack: checks that the totals agree and scales the target's by the rest.
    fn equalise(&mut self) -> Result<(), Error> {
        if !self.slack.is_none() {
            return Ok(());
        }
        let (a, b) = (sum(&self.source), sum(&self.target));
        if (a - b).abs() > EQUAL_MASS * a.max(b) {
            return Err(Error::UnequalMass {
                source_mass: a,
                target_mass: b,
            });
        }
        if b > 0.0 {
            for b_live in &mut self.live[1] {
                *b_live = (f64::from(*b_live) * (a / b)) as f32;
            }
        }
        Ok(())
    }
}

impl<K: GibbsKernel> Problem<K> {
    /// The cost.
    pub fn kernel(&self) -> &K {
        &self.kernel
    }

    /// Weight of the entropy, in units of cost.
    pub fn eps(&self) -> f32 {
        self.eps
    }

    /// The slack of the marginals.
    pub fn slack(&self) -> Slack {
        self.slack
    }

    /// Source masses `a`.
    pub fn source_mass(&self) -> &[f32] {
        &self.source
    }

    /// Target masses `b`.
    pub fn target_mass(&self) -> &[f32] {
        &self.target
    }

    /// Masses that can go somewhere, per side.
    pub(crate) fn live(&self) -> [&[f32]; 2] {
        [&self.live[0], &self.live[1]]
    }
}

pub(crate) fn sum(values: &[f32]) -> f64 {
    values.iter().map(|&x| f64::from(x)).sum()
}

fn unreachable(side: &'static str, index: usize) -> Error {
    Error::Unreachable { side, index }
}

/// An eps in the precision that problems are solved in.
///
/// # Errors
/// [`Error::Parameter`] if it is not a positive number of that precision.
pub fn single_eps(eps: f64) -> Result<f32, Error> {
    let single = eps as f32;
    if single.is_normal() && single > 0.0 {
        return Ok(single);
    }
    Err(Error::Parameter {
        what: "eps",
        value: eps,
        range: "within 1.2e-38 to 3.4e38, the range of single precision",
    })
}

fn check_parameter(
    what: &'static str,
    value: f32,
    ok: bool,
    range: &'static str,
) -> Result<(), Error> {
    if ok {
        return Ok(());
    }
    Err(Error::Parameter {
        what,
        value: f64::from(value),
        range,
    })
}

fn check_length(what: &'static str, expected: usize, found: usize) -> Result<(), Error> {
    if expected == found {
        return Ok(());
    }
    Err(Error::Length {
        what,
        expected,
        found,
    })
}

fn check_masses(side: &'static str, masses: &[f32]) -> Result<(), Error> {
    match masses.iter().position(|m| !(m.is_finite() && *m >= 0.0)) {
        None => Ok(()),
        Some(index) => Err(Error::Mass {
            side,
            index,
            value: masses[index],
        }),
    }
}
