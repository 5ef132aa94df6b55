//! Guarded over-relaxation of the scalings.

/// Chooses ω of `u = u_old^(1-ω) · u_new^ω` from the observed rate of plain sweeps.
///
/// Near the solution a sweep is a Gauss-Seidel step of two blocks, whose error shrinks by `r` = the second
/// largest eigenvalue of the linearised sweep. Successive over-relaxation is then best at
/// `ω = 2 / (1 + sqrt(1 - r))` and shrinks by `ω - 1` (Young 1954; for Sinkhorn Thibault et al. 2021,
/// Lehmann et al. 2022). That holds only locally, so a check that finds the error grown returns to plain sweeps,
/// which converge from anywhere; after two such returns for good.
#[derive(Debug)]
pub(super) struct Relaxation {
    allowed: bool,
    omega: f32,
    last: Option<Check>,
    failures: usize,
}

#[derive(Debug, Clone, Copy)]
struct Check {
    sweeps: usize,
    error: f32,
    rate: f32,
}

/// The rate counts as settled if it changed by at most this from one check to the next.
const SETTLED: f32 = 0.02;
/// Below this rate plain sweeps are fast enough.
const SLOW: f32 = 0.5;
/// Nearer to 2 the local theory is no longer trusted.
const LARGEST_OMEGA: f32 = 1.95;

impl Relaxation {
    pub fn new(allowed: bool) -> Self {
        Self {
            allowed,
            omega: 1.0,
            last: None,
            failures: 0,
        }
    }

    pub fn omega(&self) -> f32 {
        self.omega
    }

    /// Back to plain sweeps, the observations forgotten.
    pub fn reset(&mut self) {
        (self.omega, self.last) = (1.0, None);
    }

    /// Takes note of an error measured after `sweeps` sweeps in all.
    pub fn observe(&mut self, sweeps: usize, error: f32) {
        if !self.allowed || self.failures >= 2 {
            return;
        }
        let Some(last) = self.last else {
            self.last = Some(Check {
                sweeps,
                error,
                rate: 0.0,
            });
            return;
        };
        let steps = (sweeps - last.sweeps).max(1) as f32;
        let rate = (error / last.error).powf(1.0 / steps);
        self.last = Some(Check {
            sweeps,
            error,
            rate,
        });
        if self.omega > 1.0 {
            if rate >= 1.0 {
                self.failures += 1;
                self.reset();
            }
        } else if rate > SLOW && rate < 1.0 && (rate - last.rate).abs() < SETTLED * (1.0 - rate) {
            self.omega = (2.0 / (1.0 + (1.0 - rate).sqrt())).min(LARGEST_OMEGA);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_settled_slow_rate_is_relaxed_and_growth_ends_it() {
        let mut r = Relaxation::new(true);
        let mut error = 1.0;
        for k in 1..=4 {
            error *= 0.9f32.powi(10);
            r.observe(10 * k, error);
        }
        let best = 2.0 / (1.0 + 0.1f32.sqrt());
        assert!((r.omega() - best).abs() < 1e-3, "{}", r.omega());
        r.observe(50, 2.0 * error);
        assert_eq!(r.omega(), 1.0);
    }

    #[test]
    fn it_stays_out_where_it_is_not_allowed() {
        let mut r = Relaxation::new(false);
        for k in 1..=9 {
            r.observe(10 * k, 0.9f32.powi(10 * k as i32));
        }
        assert_eq!(r.omega(), 1.0);
    }
}
