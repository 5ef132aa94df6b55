//! Certified intervals of a value: a dual value below it, a primal value above.

/// `lower ≤ truth ≤ upper`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// By a pair of potentials that is feasible for the dual problem.
    pub lower: f64,
    /// By a plan that has the marginals.
    pub upper: f64,
}

impl Interval {
    /// The middle.
    pub fn middle(self) -> f64 {
        0.5 * (self.lower + self.upper)
    }

    /// `upper - lower`.
    pub fn width(self) -> f64 {
        self.upper - self.lower
    }

    pub(crate) fn map(self, f: impl Fn(f64) -> f64) -> Self {
        Self {
            lower: f(self.lower),
            upper: f(self.upper),
        }
    }
}
