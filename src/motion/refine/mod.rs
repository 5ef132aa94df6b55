//! Sub-pixel refinement of a displacement field.
//!
//! Minimises, over `w = (u, v)`, by fixed-point iteration and red-black successive over-relaxation,
//!
//! ```text
//! E(w) = ∫ δ·ψ(|brightness residual|²) + γ·ψ(|gradient residual|²) + α·ψ(|∇u|² + |∇v|²),   ψ(s²) = sqrt(s² + ε²)
//! ```
//! (Brox, Bruhn, Papenberg, Weickert, *High accuracy optical flow estimation based on a theory for
//! warping*, 2004, with the residuals normalised by their gradients as in Zimmer, Bruhn, Weickert,
//! *Optic flow in harmony*, 2011, and the settings of Kroeger et al., *Fast optical flow using dense
//! inverse search*, 2016.) Grey levels are on the scale 0…255, which the weights are made for.

mod checker;
mod derivatives;
mod relax;
mod system;

use super::field::Field;
use crate::picture::Plane;
use crate::simd::Level as Cpu;
use checker::Checkered;
use derivatives::Derivatives;
use system::System;

/// δ: weight of brightness constancy (Kroeger et al. 2016).
const BRIGHTNESS: f32 = 5.0;
/// γ: weight of gradient constancy (Kroeger et al. 2016).
const GRADIENT: f32 = 10.0;
/// α: weight of smoothness (measured: 20 as in Kroeger et al. loses where motion is small).
const SMOOTHNESS: f32 = 10.0;
/// ε² of ψ.
const EPSILON2: f32 = 1e-6;
/// Added to squared gradients before they normalise a residual (Zimmer et al. 2011, ζ²).
const ZETA2: f32 = 0.01;
/// Over-relaxation (Kroeger et al. 2016).
const RELAXATION: f32 = 1.6;

/// How long the refinement iterates.
#[derive(Debug, Clone, Copy)]
pub struct Iterations {
    /// Times that the target is warped anew and the derivatives are taken.
    pub warps: usize,
    /// Times that the weights ψ' are computed anew.
    pub fixed_point: usize,
    /// Relaxation sweeps with each.
    pub relaxation: usize,
}

/// Refines `field`, the displacements from `source` to `target` (luma, white at 1).
pub fn refine(
    cpu: Cpu,
    mut field: Field,
    source: &Plane,
    target: &Plane,
    iterations: Iterations,
) -> Field {
    let mut system = System::new(field.dim());
    for _ in 0..iterations.warps {
        let start = [&field.dx, &field.dy].map(Checkered::from_plane);
        let derivatives = Derivatives::of(cpu, &field, source, target);
        let mut flow = start.clone();
        for _ in 0..iterations.fixed_point {
            system.set_weights(cpu, &flow);
            system.assemble(cpu, &derivatives, &start, &flow);
            for _ in 0..iterations.relaxation {
                relax::sweep(cpu, &system, &mut flow);
            }
        }
        let [dx, dy] = flow;
        field = Field {
            dx: dx.to_plane(),
            dy: dy.to_plane(),
        };
    }
    field
}
