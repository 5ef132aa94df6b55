//! Endpoint and angular error of a motion field against a true one.

use otinterp::motion::MotionField;

/// Means over the pixels whose truth is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Mean endpoint error `|(dx, dy) - (dx, dy)_true|`, px.
    pub endpoint_px: f64,
    /// Mean angle between `(dx, dy, 1)` and `(dx, dy, 1)_true`, degrees (Barron, Fleet & Beauchemin, *Performance of optical flow
    /// techniques*, 1994).
    pub angular_deg: f64,
    /// Share of the pixels whose endpoint error is above 3 px and above 5 % of the true length (KITTI 2015's outliers).
    pub outlier_share: f64,
    /// Pixels whose truth is known.
    pub pixels: usize,
}

/// Compares a map with the true one of the same size; `None` if nothing of that is known.
pub fn agreement(found: &MotionField, truth: &MotionField) -> Option<Agreement> {
    assert_eq!(found.dim(), truth.dim(), "maps of one size");
    let (mut endpoint, mut angular, mut outliers, mut pixels) = (0.0, 0.0, 0usize, 0usize);
    let found = found.dx.iter().zip(&found.dy);
    for ((&dx, &dy), (&tx, &ty)) in found.zip(truth.dx.iter().zip(&truth.dy)) {
        if tx.is_nan() || ty.is_nan() {
            continue;
        }
        let [dx, dy, tx, ty] = [dx, dy, tx, ty].map(f64::from);
        let error = (dx - tx).hypot(dy - ty);
        endpoint += error;
        // atan2 of cross and dot product keeps its digits where the angle is small.
        let cross = [dy - ty, tx - dx, dx * ty - dy * tx];
        let sine = cross.iter().map(|c| c * c).sum::<f64>().sqrt();
        angular += sine.atan2(dx * tx + dy * ty + 1.0);
        outliers += usize::from(error > 3.0 && error > 0.05 * tx.hypot(ty));
        pixels += 1;
    }
    let mean = |sum: f64| sum / pixels as f64;
    (pixels > 0).then(|| Agreement {
        endpoint_px: mean(endpoint),
        angular_deg: mean(angular).to_degrees(),
        outlier_share: mean(outliers as f64),
        pixels,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::maps::per_pixel;
    use ndarray::arr2;

    fn field(dx: &[f32], dy: &[f32]) -> MotionField {
        let plane = |v: &[f32]| arr2(&[[v[0], v[1]]]);
        per_pixel(plane(dx), plane(dy))
    }

    #[test]
    fn errors_are_those_computed_by_hand() {
        // 3-4-5 in the first pixel; the second is not known.
        let truth = field(&[0.0, f32::NAN], &[0.0, f32::NAN]);
        let found = field(&[3.0, 100.0], &[4.0, 0.0]);
        let all = agreement(&found, &truth).unwrap();
        let (endpoint, outliers) = (all.endpoint_px, all.outlier_share);
        assert_eq!((endpoint, all.pixels, outliers), (5.0, 1, 1.0));
        // Between (3, 4, 1) and (0, 0, 1): cos = 1/sqrt(26).
        let expected = (1.0 / 26f64.sqrt()).acos().to_degrees();
        assert!((all.angular_deg - expected).abs() < 1e-9);
        let nothing = field(&[f32::NAN; 2], &[f32::NAN; 2]);
        assert_eq!(agreement(&found, &nothing), None);
        let same = agreement(&found, &found).unwrap();
        assert_eq!((same.endpoint_px, same.angular_deg), (0.0, 0.0));
    }
}
