//! The exponent `p` of a Wasserstein distance, and the cost `|x - y|^p`.

/// The exponent of a Wasserstein distance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// `c = |x - y|`: the earth mover's distance.
    One,
    /// `c = |x - y|²`.
    Two,
}

impl Power {
    /// `|x - y|^p` in `f64`.
    pub fn cost<const D: usize>(self, x: &[f32; D], y: &[f32; D]) -> f64 {
        let squared: f64 = x
            .iter()
            .zip(y)
            .map(|(&x, &y)| (f64::from(x) - f64::from(y)).powi(2))
            .sum();
        match self {
            Self::One => squared.sqrt(),
            Self::Two => squared,
        }
    }

    /// `total^(1/p)`: the distance that a transport cost stands for.
    pub fn root(self, total: f64) -> f64 {
        match self {
            Self::One => total,
            Self::Two => total.max(0.0).sqrt(),
        }
    }
}
