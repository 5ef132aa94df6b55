//! Gradient magnitude similarity deviation (Xue, Zhang, Mou, Bovik, *Gradient magnitude similarity deviation: a highly
//! efficient perceptual image quality index*, 2014).

use ndarray::Array2;
use otinterp::picture::Plane;

/// The constant `c` that keeps flat places from counting (Xue et al. 2014, §II, for codes up to 255).
const STABILISER: f64 = 170.0;
/// Weights of R′, G′ and B′ in luma (ITU-R BT.601), as the paper's own program takes them.
const LUMA: [f64; 3] = [0.299, 0.587, 0.114];

/// GMSD of three planes of 8-bit R′G′B′ codes that agree in size: 0 for equal pictures, at most ½, the less the better;
/// `None` unless there are three planes.
///
/// The standard deviation over the pixels of `(2 p q + c) / (p² + q² + c)`, where p and q are the lengths of the gradients of the
/// two lumas (rounded to whole codes, reduced to half by the mean of 2 × 2 pixels) by Prewitt's operator over 3, and
/// c = 170. Where all of the picture is equally wrong it is 0, too: it judges how unevenly structure is lost.
pub fn gmsd(picture: &[Plane], truth: &[Plane]) -> Option<f64> {
    let (p, q) = (gradient(&half(picture)?), gradient(&half(truth)?));
    let pairs = p.iter().zip(&q);
    let similarity = pairs.map(|(p, q)| (2.0 * p * q + STABILISER) / (p * p + q * q + STABILISER));
    Some(similarity.collect::<ndarray::Array1<f64>>().std(0.0))
}

/// Luma at half size: the mean of pixel (2x, 2y) and those to the left, above, and above to the left.
fn half(planes: &[Plane]) -> Option<Array2<f64>> {
    let [red, green, blue] = planes else {
        return None;
    };
    let (height, width) = red.dim();
    let luma = Array2::from_shape_fn((height, width), |at| {
        let codes = [red, green, blue].map(|plane| f64::from(plane[at]));
        let weighted = codes.iter().zip(LUMA).map(|(code, weight)| code * weight);
        weighted.sum::<f64>().round()
    });
    let size = (height.div_ceil(2), width.div_ceil(2));
    Some(Array2::from_shape_fn(size, |(y, x)| {
        let rows = [mirrored(2 * y, -1, height), 2 * y];
        let columns = [mirrored(2 * x, -1, width), 2 * x];
        let sum: f64 = rows
            .map(|y| columns.map(|x| luma[[y, x]]).iter().sum::<f64>())
            .iter()
            .sum();
        sum / 4.0
    }))
}

/// Length of the gradient by Prewitt's operator over 3.
fn gradient(luma: &Array2<f64>) -> Array2<f64> {
    let (height, width) = luma.dim();
    Array2::from_shape_fn((height, width), |(y, x)| {
        let rows = [-1, 0, 1].map(|d| mirrored(y, d, height));
        let columns = [-1, 0, 1].map(|d| mirrored(x, d, width));
        let across = rows.map(|y| luma[[y, columns[2]]] - luma[[y, columns[0]]]);
        let down = columns.map(|x| luma[[rows[2], x]] - luma[[rows[0], x]]);
        let mean = |d: [f64; 3]| d.iter().sum::<f64>() / 3.0;
        mean(across).hypot(mean(down))
    })
}

/// The index `at + step` of `0..len`, mirrored at the first and the last, which are not repeated.
fn mirrored(at: usize, step: isize, len: usize) -> usize {
    match at.checked_add_signed(step) {
        Some(index) if index < len => index,
        Some(_) => len.saturating_sub(2),
        None => 1.min(len - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(plane: Plane) -> [Plane; 3] {
        [plane.clone(), plane.clone(), plane]
    }

    #[test]
    fn equal_pictures_have_none() {
        let noise = Plane::from_shape_fn((9, 14), |(y, x)| ((y * 7919 + x * 104_729) % 251) as f32);
        let picture = grey(noise);
        assert_eq!(gmsd(&picture, &picture), Some(0.0));
        assert_eq!(gmsd(&picture[..1], &picture[..1]), None);
    }

    /// A row 0 0 0 90 90 90 90 90 against black. Halved, columns 1 and 0 (mirrored), 1 and 2, 3 and 4, 5 and 6 give 0 0 90 90; the
    /// gradient is 0 at the mirrored ends and 90 between.
    #[test]
    fn a_step_by_hand() {
        let step = Plane::from_shape_fn((2, 8), |(_, x)| if x < 3 { 0.0 } else { 90.0 });
        let black = Plane::zeros((2, 8));
        let found = gmsd(&grey(step), &grey(black)).unwrap();
        let low = 170.0 / (90.0f64.powi(2) + 170.0);
        // Half of the similarities are `low` and half are 1.
        assert!((found - (1.0 - low) / 2.0).abs() < 1e-12, "{found}");
    }

    /// The definition word for word: pictures padded by their mirror, kernels as tables, the variance from its moments.
    fn oracle(a: &Plane, b: &Plane) -> f64 {
        let padded = |p: &Array2<f64>| {
            let (h, w) = p.dim();
            let pick = |i: usize, n: usize| i.abs_diff(1).min(2 * (n - 1) - i.abs_diff(1));
            Array2::from_shape_fn((h + 2, w + 2), |(y, x)| p[[pick(y, h), pick(x, w)]])
        };
        let filtered = |p: &Array2<f64>, kernel: [[f64; 3]; 3]| {
            let wide = padded(p);
            Array2::from_shape_fn(p.dim(), |(y, x)| {
                let taps = (0..9).map(|k| kernel[k / 3][k % 3] * wide[[y + k / 3, x + k % 3]]);
                taps.sum::<f64>()
            })
        };
        let magnitude = |p: &Plane| {
            let mean = filtered(
                &p.mapv(f64::from),
                [[0.25, 0.25, 0.0], [0.25, 0.25, 0.0], [0.0; 3]],
            );
            let half = mean.slice(ndarray::s![..;2, ..;2]).to_owned();
            let x = filtered(&half, [[1.0, 0.0, -1.0]; 3]) / 3.0;
            let y = filtered(&half, [[1.0; 3], [0.0; 3], [-1.0; 3]]) / 3.0;
            (&x * &x + &y * &y).mapv(f64::sqrt)
        };
        let (p, q) = (magnitude(a), magnitude(b));
        let similarity = (&p * &q * 2.0 + 170.0) / (&p * &p + &q * &q + 170.0);
        let mean = similarity.mean().unwrap();
        ((&similarity * &similarity).mean().unwrap() - mean * mean).sqrt()
    }

    #[test]
    fn agrees_with_the_definition() {
        for (height, width) in [(8, 8), (9, 14), (16, 7), (31, 40)] {
            let noise = |seed: usize| {
                Plane::from_shape_fn((height, width), |(y, x)| {
                    ((y * 7919 + x * 104_729 + seed * 613 + x * y * seed) % 256) as f32
                })
            };
            let (a, b) = (noise(1), noise(2));
            let expected = oracle(&a, &b);
            let found = gmsd(&grey(a), &grey(b)).unwrap();
            assert!(
                expected > 0.05 && (found - expected).abs() < 1e-9,
                "{found} {expected}"
            );
        }
    }

    #[test]
    fn one_pixel_has_no_gradient() {
        let dot = |code: f32| grey(Plane::from_elem((1, 1), code));
        assert_eq!(gmsd(&dot(0.0), &dot(255.0)), Some(0.0));
    }

    #[test]
    fn luma_weighs_green_most() {
        let step = Plane::from_shape_fn((8, 8), |(_, x)| if x < 4 { 0.0 } else { 200.0 });
        let flat = Plane::zeros((8, 8));
        let truth = grey(flat.clone());
        let of = |channel: usize| {
            let mut picture = grey(flat.clone());
            picture[channel] = step.clone();
            gmsd(&picture, &truth).unwrap()
        };
        assert!(
            of(1) > of(0) && of(0) > of(2),
            "{} {} {}",
            of(0),
            of(1),
            of(2)
        );
    }
}
