//! Gate: how likely each of the motions that meet in a cell is what is seen there, by a network of two layers fitted to scenes in layers.
//!
//! Inputs are what is known of a motion (`features`, `x`), and how that differs from the mean of the others (`r`):
//! `h = max(0, A x + B r + b)`, `z = w·h + w₀`, and the likelihood is `½ (1 + z/(1 + |z|))`, whose cube is the weight. `make fit-gate` fits
//! the numbers in [`weights`] to the project's own scenes, with seeds that no floor is measured on.

mod weights;

use super::slots::SLOTS;
use crate::probe::{Candidate, FEATURES};
use weights::{HIDDEN, HIDDEN_BIAS, OTHERS, OUTPUT, OUTPUT_BIAS, OWN};

/// Weights of up to [`SLOTS`] motions that meet in a cell, each in `[0, 1]`.
#[inline(always)]
pub fn weights_of(candidates: &[Candidate]) -> [f32; SLOTS] {
    let mut sums = [0.0; FEATURES];
    for candidate in candidates {
        for (sum, feature) in sums.iter_mut().zip(candidate.features) {
            *sum += feature;
        }
    }
    let per_other = 1.0 / (candidates.len() as f32 - 1.0).max(1.0);
    let mut weights = [0.0; SLOTS];
    for (weight, candidate) in weights.iter_mut().zip(candidates) {
        let mut hidden = HIDDEN_BIAS;
        for (n, own) in candidate.features.into_iter().enumerate() {
            let apart = own - per_other * (sums[n] - own);
            for lane in 0..HIDDEN {
                hidden[lane] += OWN[n][lane] * own + OTHERS[n][lane] * apart;
            }
        }
        let mut z = OUTPUT_BIAS;
        for (hidden, output) in hidden.into_iter().zip(OUTPUT) {
            z += output * hidden.max(0.0);
        }
        let likely = 0.5 + 0.5 * z / (1.0 + z.abs());
        *weight = likely * likely * likely;
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A motion that both pictures show and cover, trusted, with that error and order.
    fn seen(error: f32, order: f32) -> Candidate {
        Candidate {
            features: [error, error, 1.0, 1.0, 1.0, 1.0, order, 0.0, 1.0, 1.0],
            ..Candidate::default()
        }
    }

    /// A motion that one picture alone shows.
    fn hidden(order: f32) -> Candidate {
        Candidate {
            features: [0.6, 0.6, 0.1, 0.0, 1.0, 1.0, order, 0.9, 0.0, 0.9],
            ..Candidate::default()
        }
    }

    #[test]
    fn weights_are_those_of_the_formula_and_follow_their_motions() {
        let met = [seen(0.1, 0.8), hidden(-0.7), seen(0.5, -0.2)];
        let found = weights_of(&met);
        for (n, own) in met.iter().enumerate() {
            let mut z = f64::from(OUTPUT_BIAS);
            for lane in 0..HIDDEN {
                let mut sum = f64::from(HIDDEN_BIAS[lane]);
                for k in 0..FEATURES {
                    let of = |candidate: &Candidate| f64::from(candidate.features[k]);
                    let others: f64 = met.iter().map(of).sum::<f64>() - of(own);
                    sum += f64::from(OWN[k][lane]) * of(own)
                        + f64::from(OTHERS[k][lane]) * (of(own) - others / 2.0);
                }
                z += f64::from(OUTPUT[lane]) * sum.max(0.0);
            }
            let truth = (0.5 * (1.0 + z / (1.0 + z.abs()))).powi(3);
            assert!((f64::from(found[n]) - truth).abs() < 1e-5, "{n}");
        }
        let turned = weights_of(&[met[2], met[0], met[1]]);
        for (a, b) in [
            (turned[0], found[2]),
            (turned[1], found[0]),
            (turned[2], found[1]),
        ] {
            assert!((a - b).abs() < 1e-5);
        }
    }

    #[test]
    fn what_fits_and_what_lies_in_front_is_likelier() {
        let [fits, differs, ..] = weights_of(&[seen(0.05, 0.0), seen(0.8, 0.0)]);
        assert!(fits > 2.0 * differs, "{fits} {differs}");
        let [front, behind, ..] = weights_of(&[seen(0.1, 0.8), seen(0.1, -0.8)]);
        assert!(front > 2.0 * behind, "{front} {behind}");
        let [both, one, ..] = weights_of(&[seen(0.1, 0.5), hidden(-0.5)]);
        assert!(both > 2.0 * one, "{both} {one}");
    }
}
