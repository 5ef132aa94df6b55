//! The eps-scaling schedule of a solve: the stages of eps that it runs through.

/// One value of eps and how long it is iterated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stage {
    /// Weight of the entropy, in units of cost.
    pub eps: f32,
    /// The stage ends when the marginal error (L1, share of the mass) is at most this …
    pub tolerance: f32,
    /// … or after this many sweeps.
    pub max_sweeps: usize,
}

/// The stages of a solve; the last one's eps is the problem's.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// In order.
    pub stages: Vec<Stage>,
}

/// Stages before the last stop here: their answer is only a start for the next.
const COARSE_TOLERANCE: f32 = 2e-2;
/// … or after so many sweeps.
const COARSE_SWEEPS: usize = 200;
/// Each stage has this share of the eps before it (Schmitzer 2019 and others use ½ … ¼).
const FACTOR: f32 = 0.25;
/// Up to this ratio of cost range to eps the iteration is fast enough, and `exp(-c/eps)` safe enough, to
/// start with the final eps.
pub(crate) const STEEP: f32 = 60.0;

impl Schedule {
    /// One stage.
    pub fn fixed(eps: f32, tolerance: f32, max_sweeps: usize) -> Self {
        Self {
            stages: vec![Stage {
                eps,
                tolerance,
                max_sweeps,
            }],
        }
    }

    /// eps-scaling: from a sixteenth of the cost's range `extent` or so down to `eps` by factors of ¼ (Schmitzer 2019).
    /// One stage if `eps` is above a sixtieth of the range.
    ///
    /// The number of sweeps at eps from a cold start grows like `extent / eps`; from the potentials of `4·eps` it
    /// does not.
    pub fn annealed(extent: f32, eps: f32, tolerance: f32, max_sweeps: usize) -> Self {
        let mut schedule = Self::fixed(eps, tolerance, max_sweeps);
        let mut coarse = eps / FACTOR;
        while extent > STEEP * eps && coarse < extent * FACTOR {
            schedule.stages.insert(
                0,
                Stage {
                    eps: coarse,
                    tolerance: COARSE_TOLERANCE.max(tolerance),
                    max_sweeps: COARSE_SWEEPS.min(max_sweeps),
                },
            );
            coarse /= FACTOR;
        }
        schedule
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_fall_to_the_final_eps() {
        let s = Schedule::annealed(1.0, 1e-4, 1e-6, 1000);
        assert!(s.stages.is_sorted_by(|a, b| a.eps > b.eps));
        assert!(s.stages.len() > 3 && s.stages[0].eps < 0.25);
        assert_eq!(s.stages.last().unwrap().eps, 1e-4);
        assert_eq!(Schedule::annealed(1.0, 0.1, 1e-6, 9).stages.len(), 1);
        assert_eq!(Schedule::annealed(0.0, 0.1, 1e-6, 9).stages.len(), 1);
    }
}
