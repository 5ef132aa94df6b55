//! The gate's network, fitted by Adam (Kingma & Ba, *Adam: a method for stochastic optimization*, 2015) to the cross-entropy of how right
//! motions are.

use super::collect::{INPUTS, Row};
use super::scene::random::Random;

/// Width of the hidden layer, as in the engine.
const HIDDEN: usize = 16;
/// Times that all motions are shown.
const EPOCHS: usize = 24;
/// Motions between two steps.
const BATCH: usize = 1024;
/// Length of the first step; the last is 0.
const RATE: f64 = 0.004;
/// Decay of the means of gradients and of their squares.
const DECAY: [f64; 2] = [0.9, 0.999];

/// `h = max(0, inputsᵀ x + bias)`, `z = output·h + output_bias`.
#[derive(Clone)]
pub struct Network {
    pub inputs: [[f64; HIDDEN]; INPUTS],
    pub bias: [f64; HIDDEN],
    pub output: [f64; HIDDEN],
    pub output_bias: f64,
}

impl Network {
    /// Small numbers by chance, always the same.
    pub fn new() -> Self {
        let mut random = Random::new(7);
        let mut lane = || [(); HIDDEN].map(|()| random.around(0.0, 0.3));
        Self {
            inputs: [(); INPUTS].map(|()| lane()),
            output: lane(),
            bias: [0.0; HIDDEN],
            output_bias: 0.0,
        }
    }

    fn zero() -> Self {
        Self {
            inputs: [[0.0; HIDDEN]; INPUTS],
            bias: [0.0; HIDDEN],
            output: [0.0; HIDDEN],
            output_bias: 0.0,
        }
    }

    /// All numbers, always in one order.
    fn numbers(&mut self) -> impl Iterator<Item = &mut f64> {
        let inputs = self.inputs.iter_mut().flatten();
        let lanes = self.bias.iter_mut().chain(&mut self.output);
        inputs
            .chain(lanes)
            .chain(std::iter::once(&mut self.output_bias))
    }

    fn forward(&self, inputs: &[f64; INPUTS]) -> ([f64; HIDDEN], f64) {
        let mut hidden = self.bias;
        for (value, weights) in inputs.iter().zip(&self.inputs) {
            for (hidden, weight) in hidden.iter_mut().zip(weights) {
                *hidden += value * weight;
            }
        }
        let lanes = hidden.iter().zip(&self.output);
        let z = self.output_bias + lanes.map(|(h, w)| h.max(0.0) * w).sum::<f64>();
        (hidden, z)
    }

    /// Mean cross-entropy.
    pub fn loss(&self, rows: &[Row]) -> f64 {
        let of = |row: &Row| {
            let (_, z) = self.forward(&row.inputs);
            // ln(1 + eᶻ) without overflow.
            z.max(0.0) + (-z.abs()).exp().ln_1p() - row.right * z
        };
        rows.iter().map(of).sum::<f64>() / rows.len() as f64
    }

    /// Adds a motion's gradient.
    fn add_gradient(&self, row: &Row, scale: f64, gradient: &mut Self) {
        let (hidden, z) = self.forward(&row.inputs);
        let error = scale * (1.0 / (1.0 + (-z).exp()) - row.right);
        gradient.output_bias += error;
        let mut back = [0.0; HIDDEN];
        for lane in 0..HIDDEN {
            gradient.output[lane] += error * hidden[lane].max(0.0);
            if hidden[lane] > 0.0 {
                back[lane] = error * self.output[lane];
                gradient.bias[lane] += back[lane];
            }
        }
        for (value, gradient) in row.inputs.iter().zip(&mut gradient.inputs) {
            for (gradient, back) in gradient.iter_mut().zip(back) {
                *gradient += value * back;
            }
        }
    }

    /// Fits the network; `each` is called after every epoch.
    pub fn fit(&mut self, rows: &[Row], each: impl Fn(usize, &Self)) {
        let mut random = Random::new(11);
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let (mut mean, mut square) = (Self::zero(), Self::zero());
        let steps = EPOCHS * rows.len().div_ceil(BATCH);
        let mut step = 0;
        for epoch in 0..EPOCHS {
            for last in (1..order.len()).rev() {
                order.swap(last, random.whole(0, last));
            }
            for batch in order.chunks(BATCH) {
                let mut gradient = Self::zero();
                let scale = 1.0 / batch.len() as f64;
                for &n in batch {
                    self.add_gradient(&rows[n], scale, &mut gradient);
                }
                let rate = RATE * (1.0 - step as f64 / steps as f64);
                step += 1;
                let corrected = DECAY.map(|decay| 1.0 - decay.powi(step));
                let moments = mean.numbers().zip(square.numbers());
                let numbers = self.numbers().zip(gradient.numbers()).zip(moments);
                for ((number, gradient), (mean, square)) in numbers {
                    *mean += (1.0 - DECAY[0]) * (*gradient - *mean);
                    *square += (1.0 - DECAY[1]) * (*gradient * *gradient - *square);
                    *number -=
                        rate * (*mean / corrected[0]) / ((*square / corrected[1]).sqrt() + 1e-8);
                }
            }
            each(epoch, self);
        }
    }
}
