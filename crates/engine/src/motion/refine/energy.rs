//! Weights and constants of the refinement's energy.

/// δ: weight of brightness constancy (Kroeger et al. 2016).
pub const BRIGHTNESS: f32 = 5.0;
/// γ: weight of gradient constancy (Kroeger et al. 2016).
pub const GRADIENT: f32 = 10.0;
/// α: weight of smoothness (measured: 20 as in Kroeger et al. loses where motion is small).
pub const SMOOTHNESS: f32 = 10.0;
/// ε² of ψ.
pub const EPSILON2: f32 = 1e-6;
/// Added to squared gradients before they normalise a residual (Zimmer et al. 2011, ζ²).
pub const ZETA2: f32 = 0.01;
/// Over-relaxation (Kroeger et al. 2016).
pub const RELAXATION: f32 = 1.6;
