//! Measure of a picture: the part of it that is mass (luminance, a channel or alpha, above a floor).

use crate::frame_pyramid::LumaChroma;
use crate::picture::{ColorModel, Picture, Plane, samples};

/// What is transported as mass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MassModel {
    /// Luma; colours travel with it.
    #[default]
    Luma,
    /// Red, green and blue, each on its own way.
    Rgb,
    /// Alpha; colours travel with it.
    Alpha,
}

/// A constant level that is no mass: it stays where it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Background {
    /// In code values above black.
    Level(f32),
    /// Found in the pictures: the most frequent level of their darker half, and three standard deviations of what lies below it.
    Auto,
}

impl Default for Background {
    /// Black.
    fn default() -> Self {
        Self::Level(0.0)
    }
}

/// What is done where the two pictures have different total masses.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Unbalanced {
    /// Each picture is taken as shares of its total: all mass moves, and fades in or out on its way.
    #[default]
    Normalise,
    /// Mass that would have to go further than about `reach_px` fades out in place, and what has no origin within it fades in
    /// (KL slack).
    Slack {
        /// Distance at which the share `1/e` of a translated mass still moves, px; `None` is a quarter of the diagonal.
        reach_px: Option<f32>,
    },
}

/// How mass is taken from pictures and transported.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MassOptions {
    /// What mass is.
    pub model: MassModel,
    /// What is no mass.
    pub background: Background,
    /// What is done with a difference of totals.
    pub unbalanced: Unbalanced,
}

/// What of a plane moves: at every pixel `max(value - floor, 0)`.
#[derive(Debug)]
pub struct Measure {
    /// Mass, in the value's units.
    pub mass: Plane,
    /// The value, of which mass is the moving part.
    pub value: Plane,
}

impl Measure {
    /// The part of `value` above `floor`.
    pub fn above(value: Plane, floor: f32) -> Self {
        let mass = value.mapv(|v| (v - floor).max(0.0));
        Self { mass, value }
    }

    /// Of two values that have one floor.
    pub fn pair(values: [Plane; 2], background: Background) -> [Self; 2] {
        let floor = match background {
            Background::Level(level) => level,
            Background::Auto => {
                let floors = values.each_ref().map(|plane| floor_of(samples(plane)));
                floors[0].max(floors[1])
            }
        };
        values.map(|value| Self::above(value, floor))
    }
}

/// Luma above black, in code values, not negative. Of a picture with alpha, premultiplied.
pub fn luma_codes(picture: &Picture) -> Plane {
    let (_, scale) = picture.format().luma_offset_scale();
    LumaChroma::of(picture)
        .into_luma()
        .mapv_into(|v| (v * scale).max(0.0))
}

/// Whether a picture has red, green and blue of its own.
pub fn is_rgb(picture: &Picture) -> bool {
    picture.format().model == ColorModel::Rgb
}

/// Bins of the histogram in which the most frequent level is sought.
const BINS: usize = 256;

/// The level of a background with noise: the most frequent level in the darker half of the values, and three standard
/// deviations, as the values below it tell.
fn floor_of(values: &[f32]) -> f32 {
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let mut sorted: Vec<f32> = finite().collect();
    let half = sorted.len() / 2;
    if half == 0 {
        return 0.0;
    }
    let (low, median, _) = sorted.select_nth_unstable_by(half, f32::total_cmp);
    let median = *median;
    let least = low.iter().copied().fold(median, f32::min);
    if least == median {
        return median;
    }
    let width = (median - least) / BINS as f32;
    let mut counts = [0u32; BINS + 1];
    for v in finite().filter(|&v| v <= median) {
        counts[((v - least) / width) as usize] += 1;
    }
    let fullest = (0..=BINS)
        .max_by_key(|&n| (counts[n], BINS - n))
        .unwrap_or(0);
    let level = (least + (fullest as f32 + 0.5) * width).min(median);
    let below = || finite().filter(|&v| v < level);
    let squares: f64 = below().map(|v| f64::from(level - v).powi(2)).sum();
    let deviation = (squares / below().count().max(1) as f64).sqrt();
    level + 3.0 * deviation as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    /// Sum of four uniform numbers by a linear congruential generator, about normal, standard deviation 1.
    fn noise(state: &mut u32) -> f32 {
        let mut uniform = || {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (*state >> 8) as f32 / 16_777_216.0 - 0.5
        };
        let sum = uniform() + uniform() + uniform() + uniform();
        sum * 3f32.sqrt()
    }

    #[test]
    fn the_floor_lies_just_above_a_noisy_background() {
        let mut state = 7;
        let plane = Array2::from_shape_fn((100, 100), |(y, x)| {
            let blob = if y > 70 && x > 70 { 120.0 } else { 0.0 };
            20.0 + 2.0 * noise(&mut state) + blob
        });
        let floor = floor_of(samples(&plane));
        assert!((24.0..=28.5).contains(&floor), "{floor}");
        assert_eq!(floor_of(&[3.0; 50]), 3.0);
        let black: Vec<f32> = (0..100).map(|i| if i < 80 { 0.0 } else { 9.0 }).collect();
        assert_eq!(floor_of(&black), 0.0);
    }

    #[test]
    fn mass_is_what_lies_above_the_floor() {
        let value = Array2::from_shape_vec((1, 3), vec![1.0, 5.0, 9.0]).unwrap();
        let measure = Measure::above(value, 5.0);
        assert_eq!(
            measure.mass,
            Array2::from_shape_vec((1, 3), vec![0.0, 0.0, 4.0]).unwrap()
        );
    }
}
