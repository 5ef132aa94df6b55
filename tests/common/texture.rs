//! A picture without end, so that what is between two of its places is known.

/// A smooth texture in about `[20, 235]`: waves of many directions whose amplitudes grow with their
/// length, as in natural pictures, the shortest 8 px, so that a shift by half a pixel is well defined.
pub fn texture(x: f64, y: f64, channel: usize) -> f32 {
    const LENGTHS_PX: [f64; 9] = [8.0, 11.0, 16.0, 23.0, 33.0, 47.0, 68.0, 97.0, 140.0];
    let waves: f64 = LENGTHS_PX
        .iter()
        .enumerate()
        .map(|(i, length)| {
            // Directions by the golden angle, so that no two waves are alike.
            let angle = 2.4 * (i + 3 * channel) as f64;
            let along = x * angle.cos() + y * angle.sin();
            length.sqrt() * (std::f64::consts::TAU * along / length + 1.7 * i as f64).sin()
        })
        .sum();
    (127.5 + 1.7 * waves).clamp(0.0, 255.0) as f32
}
