//! Paths through four frames: what moves on a parabola, shakes or turns is shown where it is, and what moves evenly as without.

use crate::common::texture::texture;
use crate::pictures::{quantized, shifted, worst_difference};
use ndarray::Array2;
use otinterp::picture::Format;
use otinterp::{Interpolator, Method, Picture, Preset};

const DIM: (usize, usize) = (256, 192);
const PRESETS: [Preset; 3] = [Preset::Fast, Preset::Balanced, Preset::Best];

fn interpolator(preset: Preset) -> Interpolator {
    Interpolator::new(Method::Ot, preset)
}

/// The texture where it is at a time.
fn at(place: impl Fn(f64) -> (f64, f64), time: f64) -> Picture {
    let (dx, dy) = place(time);
    quantized(shifted(Format::rgb(8), DIM, dx, dy))
}

/// The frames at -1, 0, 1 and 2.
fn four(picture: impl Fn(f64) -> Picture) -> [Picture; 4] {
    [-1.0, 0.0, 1.0, 2.0].map(picture)
}

/// Mean absolute difference away from the border, codes.
fn mean_difference(a: &Picture, b: &Picture) -> f64 {
    const MARGIN: usize = 40;
    let (width, height) = DIM;
    let cut = ndarray::s![MARGIN..height - MARGIN, MARGIN..width - MARGIN];
    let planes = a.planes().iter().zip(b.planes());
    let sums = planes.map(|(a, b)| {
        let pairs = a.slice(cut).into_iter().zip(b.slice(cut));
        let (count, sum) = (
            pairs.len(),
            pairs.map(|(a, b)| f64::from((a - b).abs())).sum::<f64>(),
        );
        sum / count as f64
    });
    sums.sum::<f64>() / a.planes().len() as f64
}

/// How far the frame at t is from the truth, straight and along paths.
fn errors(preset: Preset, picture: impl Fn(f64) -> Picture, t: f64) -> [f64; 2] {
    let [before, a, b, after] = four(&picture);
    let truth = picture(t);
    let interpolator = interpolator(preset);
    let straight = interpolator.between(&a, &b).unwrap().at(t as f32);
    let curved = interpolator
        .between_four(Some(&before), [&a, &b], Some(&after))
        .unwrap()
        .at(t as f32);
    [straight, curved].map(|made| mean_difference(&made, &truth))
}

#[test]
fn a_pan_that_speeds_up_is_met() {
    let place = |s: f64| (6.0 * s + 3.0 * s * s, -2.0 * s + s * s);
    for preset in PRESETS {
        for t in [0.25, 0.5, 0.75] {
            let [straight, curved] = errors(preset, |s| at(place, s), t);
            assert!(
                curved < 0.4 * straight,
                "{preset:?}, {t}: {curved} {straight}"
            );
        }
    }
}

#[test]
fn a_hand_held_shake_is_met_better() {
    // Two oscillations that are not in step.
    let place = |s: f64| (5.0 * (1.1 * s + 0.3).sin(), 4.0 * (1.3 * s + 2.0).cos());
    for preset in PRESETS {
        let [straight, curved] = errors(preset, |s| at(place, s), 0.5);
        assert!(curved < 0.6 * straight, "{preset:?}: {curved} {straight}");
    }
}

#[test]
fn a_turning_picture_is_met_better() {
    let turned = |s: f64| {
        let (sin, cos) = (0.12 * s).sin_cos();
        let (width, height) = DIM;
        let planes = (0..3).map(|plane| {
            Array2::from_shape_fn((height, width), |(y, x)| {
                let (x, y) = (x as f64 - 128.0, y as f64 - 96.0);
                texture(cos * x + sin * y, cos * y - sin * x, plane)
            })
        });
        quantized(Picture::new(Format::rgb(8), planes.collect()).unwrap())
    };
    for preset in PRESETS {
        let [straight, curved] = errors(preset, turned, 0.5);
        assert!(curved <= straight, "{preset:?}: {curved} {straight}");
    }
}

#[test]
fn at_constant_speed_nothing_changes_to_the_bit() {
    let [before, a, b, after] = four(|s| at(|s| (5.0 * s, -3.0 * s), s));
    for preset in PRESETS {
        let interpolator = interpolator(preset);
        let straight = interpolator.between(&a, &b).unwrap();
        let curved = interpolator.between_four(Some(&before), [&a, &b], Some(&after));
        let curved = curved.unwrap();
        for t in [0.3, 0.5] {
            assert_eq!(straight.at(t), curved.at(t), "{preset:?}, {t}");
        }
    }
}

#[test]
fn beside_a_frame_that_is_repeated_paths_are_straight() {
    let [_, a, b, after] = four(|s| at(|s| (6.0 * s + 3.0 * s * s, 0.0), s));
    let interpolator = interpolator(Preset::Fast);
    let straight = interpolator.between(&a, &b).unwrap().at(0.5);
    for [before, after] in [[&a, &after], [&a, &b]] {
        let curved = interpolator.between_four(Some(before), [&a, &b], Some(after));
        assert_eq!(curved.unwrap().at(0.5), straight);
    }
}

/// A Gaussian's mass and centre, of the first plane.
fn centre(picture: &Picture) -> [f64; 2] {
    let mut sums = [0.0; 3];
    for ((y, x), &value) in picture.planes()[0].indexed_iter() {
        let mass = f64::from(value) - 20.0;
        sums = [
            sums[0] + mass,
            sums[1] + mass * x as f64,
            sums[2] + mass * y as f64,
        ];
    }
    [sums[1] / sums[0], sums[2] / sums[0]]
}

/// Displacement interpolation of Gaussians of one covariance moves their means; a spline of measures moves them along a spline.
#[test]
fn a_gaussian_whose_mean_follows_a_cubic_is_where_it_should_be() {
    let mean = |s: f64| {
        let x = 110.0 + 8.0 * s + 4.0 * s * s - 1.5 * s * s * s;
        let y = 90.0 - 5.0 * s + 3.0 * s * s + s * s * s;
        [x, y]
    };
    let picture = |s: f64| {
        let [cx, cy] = mean(s);
        let plane = Array2::from_shape_fn((192, 256), |(y, x)| {
            let (x, y) = (x as f64 - cx, y as f64 - cy);
            (20.0 + 200.0 * (-(x * x + y * y) / 800.0).exp()) as f32
        });
        quantized(Picture::new(Format::gray(8), vec![plane]).unwrap())
    };
    let [before, a, b, after] = four(picture);
    let made = interpolator(Preset::Best).between_four(Some(&before), [&a, &b], Some(&after));
    let made = made.unwrap();
    for t in [0.25, 0.5, 0.75] {
        let (found, truth) = (centre(&made.at(t as f32)), mean(t));
        let straight = [0, 1].map(|n| (1.0 - t) * mean(0.0)[n] + t * mean(1.0)[n]);
        let apart = |place: [f64; 2]| (place[0] - truth[0]).hypot(place[1] - truth[1]);
        assert!(
            apart(found) < 0.35 * apart(straight),
            "{t}: {found:?} {truth:?} {straight:?}"
        );
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let [before, a, b, after] = four(|s| at(|s| (6.0 * s + 3.0 * s * s, -2.0 * s), s));
    let made = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| {
            let interpolator = interpolator(Preset::Balanced);
            let between = interpolator.between_four(Some(&before), [&a, &b], Some(&after));
            between.unwrap().at(0.4)
        })
    };
    let alone = made(1);
    assert_eq!(alone, made(5));
    assert!(worst_difference(&alone, &a, 40) > 5.0);
}
