//! Sharpness of a picture relative to another.

use otinterp::picture::Plane;

/// `Σ|∇picture| / Σ|∇truth|`, the gradients taken by central differences in every plane: 1 is as sharp, less is blurred,
/// more is noisy or ringing. `None` where the truth has no gradient. The planes agree in size.
///
/// In-betweens that are softer than the frames beside them make a clip pulse.
pub fn sharpness(picture: &[Plane], truth: &[Plane]) -> Option<f64> {
    let total = |planes: &[Plane]| planes.iter().map(gradient).sum::<f64>();
    let of_truth = total(truth);
    (of_truth > 0.0).then(|| total(picture) / of_truth)
}

/// Sum of the gradient's length over all samples that have four neighbours.
fn gradient(plane: &Plane) -> f64 {
    let (height, width) = plane.dim();
    let mut sum = 0.0;
    for y in 1..height.max(2) - 1 {
        let (up, here, down) = (plane.row(y - 1), plane.row(y), plane.row(y + 1));
        for x in 1..width.max(2) - 1 {
            let (dx, dy) = (here[x + 1] - here[x - 1], down[x] - up[x]);
            sum += 0.5 * f64::from(dx.hypot(dy));
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_scales_with_contrast_and_falls_with_blur() {
        let wave = |amplitude: f32| {
            Plane::from_shape_fn((20, 30), |(y, x)| {
                100.0 + amplitude * (x as f32 * 0.9 + y as f32 * 0.4).sin()
            })
        };
        let truth = [wave(20.0)];
        assert_eq!(sharpness(&truth, &truth), Some(1.0));
        let half = sharpness(&[wave(10.0)], &truth);
        assert!((half.unwrap() - 0.5).abs() < 1e-4);
        // The mean of the picture and itself moved by half a wave is flat.
        let blurred = truth[0].clone() * 0.5 + &(wave(-20.0) * 0.5);
        assert!(sharpness(&[blurred], &truth).unwrap() < 1e-4);
        assert_eq!(sharpness(&truth, &[Plane::zeros((20, 30))]), None);
        assert_eq!(
            sharpness(&[Plane::zeros((1, 1))], &[Plane::zeros((1, 1))]),
            None
        );
    }
}
