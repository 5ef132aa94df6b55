//! Structural similarity (Wang, Bovik, Sheikh, Simoncelli, *Image quality assessment: from error
//! visibility to structural similarity*, 2004).

use otinterp::picture::Plane;
use rayon::prelude::*;

/// Standard deviation of the Gaussian window in pixels (Wang et al. 2004, §III-C).
const SIGMA_PX: f64 = 1.5;
/// The window ends at 3.5 sigma, rounded: 11 × 11 pixels, as in the paper.
const RADIUS: usize = 5;
const TAPS: usize = 2 * RADIUS + 1;
/// Stabilising constants `(K L)²` with K1 = 0.01, K2 = 0.03, L = 255 (ibid.).
const C1: f64 = (0.01 * 255.0) * (0.01 * 255.0);
const C2: f64 = (0.03 * 255.0) * (0.03 * 255.0);

/// Pictures need at least this many pixels a side: one window.
pub const MIN_SIDE: usize = TAPS;

/// Mean SSIM of planes of 8-bit codes that agree in size; `None` under [`MIN_SIDE`] pixels a side.
///
/// `(2 μa μb + C1)(2 σab + C2) / ((μa² + μb² + C1)(σa² + σb² + C2))` under a Gaussian window of
/// sigma 1.5 px with population (co)variances, averaged over the pixels whose window lies inside
/// the picture, then over the planes.
pub fn ssim(picture: &[Plane], truth: &[Plane]) -> Option<f64> {
    let (height, width) = truth.first()?.dim();
    if height < MIN_SIDE || width < MIN_SIDE {
        return None;
    }
    let planes = picture.iter().zip(truth);
    let sum: f64 = planes.map(|(p, t)| ssim_plane(p, t)).sum();
    Some(sum / truth.len() as f64)
}

fn ssim_plane(a: &Plane, b: &Plane) -> f64 {
    let weights = gaussian();
    let (height, width) = a.dim();
    let (rows, columns) = (height - 2 * RADIUS, width - 2 * RADIUS);
    // Row sums are added in order, so the result does not depend on the number of threads.
    let row_sums: Vec<f64> = (0..rows)
        .into_par_iter()
        .map(|top| {
            let moments = filter_columns(a, b, top, &weights);
            (0..columns)
                .map(|left| similarity(filter_row(&moments[left..left + TAPS], &weights)))
                .sum()
        })
        .collect();
    row_sums.iter().sum::<f64>() / (rows * columns) as f64
}

/// Weighted `[Σa, Σb, Σa², Σb², Σab]`.
type Moments = [f64; 5];

/// The moments of every column over the window's rows `top..top + TAPS`.
fn filter_columns(a: &Plane, b: &Plane, top: usize, weights: &[f64; TAPS]) -> Vec<Moments> {
    let mut moments = vec![[0.0; 5]; a.ncols()];
    for (dy, &w) in weights.iter().enumerate() {
        let rows = a.row(top + dy).into_iter().zip(b.row(top + dy));
        for (m, (&x, &y)) in moments.iter_mut().zip(rows) {
            let (x, y) = (f64::from(x), f64::from(y));
            for (m, v) in m.iter_mut().zip([x, y, x * x, y * y, x * y]) {
                *m += w * v;
            }
        }
    }
    moments
}

fn filter_row(columns: &[Moments], weights: &[f64; TAPS]) -> Moments {
    let mut out = [0.0; 5];
    for (column, &w) in columns.iter().zip(weights) {
        for (o, &v) in out.iter_mut().zip(column) {
            *o += w * v;
        }
    }
    out
}

fn similarity([ma, mb, maa, mbb, mab]: Moments) -> f64 {
    let (va, vb, vab) = (maa - ma * ma, mbb - mb * mb, mab - ma * mb);
    let luminance = (2.0 * ma * mb + C1) / (ma * ma + mb * mb + C1);
    let structure = (2.0 * vab + C2) / (va + vb + C2);
    luminance * structure
}

fn gaussian() -> [f64; TAPS] {
    let mut w: [f64; TAPS] = std::array::from_fn(|i| {
        let x = i as f64 - RADIUS as f64;
        (-0.5 * (x / SIGMA_PX).powi(2)).exp()
    });
    let sum: f64 = w.iter().sum();
    w.iter_mut().for_each(|w| *w /= sum);
    w
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes without structure and without a library: a linear congruential generator.
    fn noise(height: usize, width: usize, seed: u32) -> Plane {
        let mut state = seed;
        Plane::from_shape_simple_fn((height, width), || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as f32
        })
    }

    /// The definition read word for word: a two-dimensional window, centred moments, no
    /// separation, no shared code with the implementation but the constants of the paper.
    fn oracle(a: &Plane, b: &Plane) -> f64 {
        let (h, w) = a.dim();
        let weight = |dy: isize, dx: isize| (-((dy * dy + dx * dx) as f64) / 4.5).exp();
        let offsets: Vec<(isize, isize)> = (-5..=5)
            .flat_map(|dy| (-5..=5).map(move |dx| (dy, dx)))
            .collect();
        let total: f64 = offsets.iter().map(|&(dy, dx)| weight(dy, dx)).sum();
        let mut sum = 0.0;
        for y in 5..h - 5 {
            for x in 5..w - 5 {
                let at = |p: &Plane, dy: isize, dx: isize| {
                    f64::from(p[[y.wrapping_add_signed(dy), x.wrapping_add_signed(dx)]])
                };
                let mean = |f: &dyn Fn(isize, isize) -> f64| {
                    let terms = offsets.iter().map(|&(dy, dx)| weight(dy, dx) * f(dy, dx));
                    terms.sum::<f64>() / total
                };
                let ma = mean(&|dy, dx| at(a, dy, dx));
                let mb = mean(&|dy, dx| at(b, dy, dx));
                let va = mean(&|dy, dx| (at(a, dy, dx) - ma).powi(2));
                let vb = mean(&|dy, dx| (at(b, dy, dx) - mb).powi(2));
                let vab = mean(&|dy, dx| (at(a, dy, dx) - ma) * (at(b, dy, dx) - mb));
                sum += (2.0 * ma * mb + 6.5025) * (2.0 * vab + 58.5225)
                    / ((ma * ma + mb * mb + 6.5025) * (va + vb + 58.5225));
            }
        }
        sum / ((h - 10) * (w - 10)) as f64
    }

    #[test]
    fn constants() {
        let plane = |v: f32| vec![Plane::from_elem((13, 17), v)];
        for (a, b) in [(10.0f32, 200.0f32), (0.0, 255.0), (128.0, 129.0)] {
            let (x, y) = (f64::from(a), f64::from(b));
            let expected = (2.0 * x * y + C1) / (x * x + y * y + C1);
            let found = ssim(&plane(a), &plane(b)).unwrap();
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }

    #[test]
    fn identity_is_one_and_the_mean_is_over_planes() {
        let planes = vec![noise(20, 30, 1), noise(20, 30, 2)];
        assert!((ssim(&planes, &planes).unwrap() - 1.0).abs() < 1e-12);
        let other = vec![planes[0].clone(), noise(20, 30, 3)];
        let alone = ssim(&planes[1..], &other[1..]).unwrap();
        let both = ssim(&planes, &other).unwrap();
        assert!((both - (1.0 + alone) / 2.0).abs() < 1e-12);
    }

    #[test]
    fn agrees_with_the_definition() {
        for (h, w) in [(11, 11), (12, 29), (25, 16)] {
            let (a, b) = (noise(h, w, 5), noise(h, w, 6));
            let mixed = &a * 0.75 + &b * 0.25;
            for b in [&b, &mixed] {
                let found = ssim(std::slice::from_ref(&a), std::slice::from_ref(b)).unwrap();
                let expected = oracle(&a, b);
                assert!((found - expected).abs() < 1e-9, "{found} {expected}");
            }
        }
    }

    #[test]
    fn under_one_window_there_is_none() {
        assert_eq!(ssim(&[noise(10, 40, 1)], &[noise(10, 40, 1)]), None);
        assert!(ssim(&[noise(11, 11, 1)], &[noise(11, 11, 2)]).is_some());
    }
}
