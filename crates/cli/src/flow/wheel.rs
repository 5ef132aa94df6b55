//! The standard colour wheel: hue is the direction, saturation the length (Baker et al., *A database and evaluation methodology for
//! optical flow*, 2011, figure 4 and the colour code published with it).

use image::{Rgb, RgbImage};
use otinterp::motion::MotionField;

/// How many hues lead from red to yellow, yellow to green, green to cyan, cyan to blue, blue to magenta and magenta to red: about as
/// many as the eye tells apart there.
const HUES: [usize; 6] = [15, 6, 4, 11, 13, 6];
/// The corners that they lead between.
const CORNERS: [[f32; 3]; 7] = [
    [1.0, 0.0, 0.0],
    [1.0, 1.0, 0.0],
    [0.0, 1.0, 0.0],
    [0.0, 1.0, 1.0],
    [0.0, 0.0, 1.0],
    [1.0, 0.0, 1.0],
    [1.0, 0.0, 0.0],
];

/// The map in colours: white stands still, a displacement of `longest_px` is fully saturated, longer ones are darkened, what is unknown is
/// black.
pub fn wheel(field: &MotionField, longest_px: f32) -> RgbImage {
    let hues = hues();
    let scale = 1.0 / longest_px.max(f32::MIN_POSITIVE);
    let (height, width) = field.dim();
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        let at = (y as usize, x as usize);
        Rgb(color(&hues, field.dx[at] * scale, field.dy[at] * scale))
    })
}

/// The hues around the wheel.
fn hues() -> Vec<[f32; 3]> {
    let mut hues = Vec::new();
    for (pair, steps) in CORNERS.windows(2).zip(HUES) {
        for step in 0..steps {
            let f = step as f32 / steps as f32;
            hues.push(std::array::from_fn(|c| {
                pair[0][c] + f * (pair[1][c] - pair[0][c])
            }));
        }
    }
    hues
}

/// Colour of a displacement whose longest is 1.
fn color(hues: &[[f32; 3]], dx: f32, dy: f32) -> [u8; 3] {
    if dx.is_nan() || dy.is_nan() {
        return [0; 3];
    }
    let length = dx.hypot(dy);
    // From 0 for leftwards, over upwards, rightwards and downwards, back to leftwards.
    let turn = 0.5 * ((-dy).atan2(-dx) / std::f32::consts::PI + 1.0);
    let at = turn * (hues.len() - 1) as f32;
    let (index, f) = (at as usize, at.fract());
    let (low, high) = (hues[index], hues[(index + 1) % hues.len()]);
    std::array::from_fn(|c| {
        let hue = low[c] + f * (high[c] - low[c]);
        let shade = if length <= 1.0 {
            1.0 - length * (1.0 - hue)
        } else {
            0.75 * hue
        };
        (255.0 * shade) as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_those_of_the_published_code() {
        let hues = hues();
        assert_eq!(hues.len(), 55);
        assert_eq!(color(&hues, 0.0, 0.0), [255; 3]);
        // Rightwards is red, leftwards cyan-blue, downwards yellow, upwards blue-violet.
        assert_eq!(color(&hues, 1.0, 0.0), [255, 0, 0]);
        let [left, down, up] =
            [(-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)].map(|(x, y)| color(&hues, x, y));
        assert!(left[0] == 0 && left[2] == 255 && left[1] > 100, "{left:?}");
        assert!(down[0] == 255 && down[1] > 150 && down[2] == 0, "{down:?}");
        assert!(up[2] == 255 && up[0] > 50 && up[1] == 0, "{up:?}");
        assert_eq!(color(&hues, f32::NAN, 0.0), [0; 3]);
        // Half as long is half way to white; longer than the longest is darker.
        assert_eq!(color(&hues, 0.5, 0.0), [255, 127, 127]);
        assert_eq!(color(&hues, 2.0, 0.0), [191, 0, 0]);
    }
}
