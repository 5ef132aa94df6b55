//! Smooth step.

/// From 0 at the first of two bounds to 1 at the second.
pub fn smooth_step(value: f32, (from, to): (f32, f32)) -> f32 {
    let step = ((value - from) / (to - from)).clamp(0.0, 1.0);
    step * step * (3.0 - 2.0 * step)
}
