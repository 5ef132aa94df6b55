//! SSIMULACRA 2 (Sneyers, Cloudinary, 2022), by the crate `ssimulacra2`.

use otinterp::picture::Plane;
use ssimulacra2::{ColorPrimaries, Rgb, TransferCharacteristic, compute_frame_ssimulacra2};

/// SSIMULACRA 2 of three planes of 8-bit sRGB codes that agree in size: 100 for equal pictures, 90 where a difference is
/// hardly seen side by side, 70 high quality, 50 medium, below 0 for very different ones. `None` for pictures under 8
/// pixels a side.
pub fn ssimulacra2(picture: &[Plane], truth: &[Plane]) -> Option<f64> {
    compute_frame_ssimulacra2(srgb(truth)?, srgb(picture)?).ok()
}

fn srgb(planes: &[Plane]) -> Option<Rgb> {
    let [red, green, blue] = planes else {
        return None;
    };
    let (height, width) = red.dim();
    let pixels = red.iter().zip(green).zip(blue);
    let data = pixels.map(|((r, g), b)| [r / 255.0, g / 255.0, b / 255.0]);
    let (transfer, primaries) = (TransferCharacteristic::SRGB, ColorPrimaries::BT709);
    Rgb::new(data.collect(), width, height, transfer, primaries).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A smooth picture with `amount` of noise, a fixed pattern.
    fn planes(side: usize, amount: f32) -> Vec<Plane> {
        let noise = |y: usize, x: usize| ((y * 7919 + x * 104_729) % 101) as f32 / 101.0 - 0.5;
        (0..3)
            .map(|k| {
                Plane::from_shape_fn((side, side), |(y, x)| {
                    let smooth = 128.0 + 60.0 * ((x + 3 * y + 20 * k) as f32 / 17.0).sin();
                    (smooth + amount * noise(y, x)).round()
                })
            })
            .collect()
    }

    #[test]
    fn equal_pictures_have_100_and_more_noise_has_less() {
        let clean = planes(64, 0.0);
        assert_eq!(ssimulacra2(&clean, &clean), Some(100.0));
        let [little, much] = [4.0, 60.0].map(|n| ssimulacra2(&planes(64, n), &clean).unwrap());
        assert!(little < 100.0 && much < little - 10.0, "{little} {much}");
    }

    #[test]
    fn tiny_pictures_have_none() {
        let tiny = planes(7, 0.0);
        assert_eq!(ssimulacra2(&tiny, &tiny), None);
    }
}
