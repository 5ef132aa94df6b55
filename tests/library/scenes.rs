//! Scenes whose in-betweens are known by construction: what stands still, steadiness in time, changes of brightness,
//! pairs that have nothing in common.

use crate::common::texture::texture;
use ndarray::{Array2, s};
use otinterp::picture::Format;
use otinterp::{Interpolator, Method, Picture, Preset};

const SIZE: (usize, usize) = (160, 208);

/// An RGB picture from a function of channel and place.
fn picture(value: impl Fn(usize, f64, f64) -> f32) -> Picture {
    let planes = (0..3)
        .map(|k| Array2::from_shape_fn(SIZE, |(y, x)| value(k, x as f64, y as f64)))
        .collect();
    let mut picture = Picture::new(Format::rgb(8), planes).unwrap();
    picture.quantize();
    picture
}

/// The texture moved by `(dx, dy)`.
fn moved(dx: f64, dy: f64) -> Picture {
    picture(|k, x, y| texture(x - dx, y - dy, k))
}

fn between(a: &Picture, b: &Picture, t: f32) -> Picture {
    let interpolator = Interpolator::new(Method::Ot, Preset::Balanced);
    interpolator.between(a, b).unwrap().at(t)
}

/// Root of the mean squared difference in codes, `margin` pixels away from the border.
fn rms(a: &Picture, b: &Picture, margin: usize) -> f64 {
    let (h, w) = SIZE;
    let cut = s![margin..h - margin, margin..w - margin];
    let planes = a.planes().iter().zip(b.planes());
    let sums: f64 = planes
        .map(|(p, q)| {
            let (p, q) = (p.slice(cut), q.slice(cut));
            let squares = p.iter().zip(q).map(|(a, b)| f64::from(a - b).powi(2));
            squares.sum::<f64>() / p.len() as f64
        })
        .sum();
    (sums / 3.0).sqrt()
}

/// How far `picture` is displaced against `truth` in a square of `side` pixels: least squares over the gradients
/// (Lucas & Kanade 1981).
fn displacement_px(
    picture: &Picture,
    truth: &Picture,
    (y0, x0): (usize, usize),
    side: usize,
) -> (f64, f64) {
    let [mut xx, mut xy, mut yy, mut xt, mut yt] = [0.0; 5];
    for (p, q) in picture.planes().iter().zip(truth.planes()) {
        for y in y0..y0 + side {
            for x in x0..x0 + side {
                let gx = f64::from(q[(y, x + 1)] - q[(y, x - 1)]) / 2.0;
                let gy = f64::from(q[(y + 1, x)] - q[(y - 1, x)]) / 2.0;
                let d = f64::from(q[(y, x)] - p[(y, x)]);
                xx += gx * gx;
                xy += gx * gy;
                yy += gy * gy;
                xt += gx * d;
                yt += gy * d;
            }
        }
    }
    let det = xx * yy - xy * xy;
    ((yy * xt - xy * yt) / det, (xx * yt - xy * xt) / det)
}

/// Black and white strokes, as of letters: a standing overlay.
fn overlay(x: f64, y: f64) -> Option<f32> {
    let inside = (40.0..104.0).contains(&x) && (60.0..84.0).contains(&y);
    let (x, y) = (x as i64 - 40, y as i64 - 60);
    inside.then(|| {
        if (x / 3 + (y / 5) * (x / 7)) % 2 == 0 {
            235.0
        } else {
            20.0
        }
    })
}

#[test]
fn an_overlay_over_a_moving_picture_stands_still() {
    let scene = |dx: f64| picture(|k, x, y| overlay(x, y).unwrap_or(texture(x - dx, y, k)));
    let (a, b) = (scene(0.0), scene(7.0));
    let middle = between(&a, &b, 0.5);
    // Mean and largest difference inside the overlay, `margin` pixels from its edge.
    let difference = |margin: usize| {
        let cut = s![60 + margin..84 - margin, 40 + margin..104 - margin];
        let (mut worst, mut sum, mut count) = (0.0f32, 0.0f64, 0);
        for (p, q) in a.planes().iter().zip(middle.planes()) {
            for (p, q) in p.slice(cut).iter().zip(q.slice(cut)) {
                worst = worst.max((p - q).abs());
                sum += f64::from((p - q).abs());
                count += 1;
            }
        }
        (sum / f64::from(count), worst)
    };
    let (mean, worst) = difference(4);
    assert!(worst <= 1.0, "inside: mean {mean:.2}, worst {worst}");
    let (mean, worst) = difference(0);
    assert!(mean < 3.0, "up to the edge: mean {mean:.2}, worst {worst}");
    // What moves around it is where it should be.
    let off = rms(&middle, &scene(3.5), 16);
    assert!(off < 6.0, "off by {off:.2} codes");
}

/// Sees that what lies between `scene(0)` and `scene(1)` is where the scene has it at three times.
fn assert_followed(scene: impl Fn(f64) -> Picture) {
    let (a, b) = (scene(0.0), scene(1.0));
    for t in [0.25f32, 0.5, 0.75] {
        let (middle, truth) = (between(&a, &b, t), scene(t.into()));
        for place in [(40, 40), (40, 130), (90, 60), (100, 140)] {
            let (x, y) = displacement_px(&middle, &truth, place, 24);
            assert!(
                x.hypot(y) < 0.25,
                "t = {t} at {place:?}: off by ({x:.3}, {y:.3}) px"
            );
        }
    }
}

#[test]
fn everything_moves_steadily_along_a_line() {
    assert_followed(|t| moved(9.3 * t, -4.6 * t));
}

#[test]
fn a_rotating_and_zooming_picture_is_followed_in_time() {
    // Turned by 4° and enlarged by 3 %: a path of positions that is a line within 0.05 px.
    assert_followed(|t| {
        let (angle, scale) = (0.07 * t, 1.0 + 0.03 * t);
        let (sin, cos) = angle.sin_cos();
        picture(|k, x, y| {
            let (x, y) = ((x - 104.0) / scale, (y - 80.0) / scale);
            texture(cos * x + sin * y + 104.0, cos * y - sin * x + 80.0, k)
        })
    });
}

#[test]
fn a_change_of_brightness_is_interpolated_and_the_motion_found_all_the_same() {
    let scene = |dx: f64, gain: f32| picture(|k, x, y| gain * texture(x - dx, y, k));
    for (dx, gain) in [(0.0, 0.6), (5.0, 0.85), (5.0, 0.6), (5.0, 0.3)] {
        let (a, b) = (scene(0.0, 1.0), scene(dx, gain));
        let truth = scene(dx / 2.0, (1.0 + gain) / 2.0);
        let fade = Interpolator::new(Method::CrossFade, Preset::Balanced);
        let fade = fade.between(&a, &b).unwrap().at(0.5);
        let (off, fade_off) = (
            rms(&between(&a, &b, 0.5), &truth, 16),
            rms(&fade, &truth, 16),
        );
        // Without motion the cross-fade is the truth, and rounding all that is left.
        let bound = if dx == 0.0 { 1.0 } else { 0.3 * fade_off };
        assert!(
            off < bound,
            "shift {dx}, gain {gain}: off by {off:.2}, the cross-fade {fade_off:.2}"
        );
    }
}

#[test]
fn pictures_without_anything_in_common_go_over_to_the_cross_fade_and_say_so() {
    let a = moved(0.0, 0.0);
    let solve = |preset, b: &Picture| {
        let ot = Interpolator::new(Method::Ot, preset);
        let transition = ot.between(&a, b).unwrap();
        (transition.at(0.5), transition.unexplained_share())
    };
    // All of a pair that only moves is explained.
    for preset in [Preset::Balanced, Preset::Best] {
        assert_eq!(solve(preset, &moved(6.0, -3.0)).1, 0.0);
    }
    // White noise is in the one picture alone.
    let noise = |k: usize, x: f64, y: f64| {
        let seed = (x * 7919.0 + y * 104_729.0 + k as f64 * 1_299_709.0).sin() * 43_758.545;
        255.0 * (seed - seed.floor()) as f32
    };
    let other = picture(noise);
    // Cells of 4 px see noise as the little that is left of its means.
    let (_, share) = solve(Preset::Balanced, &other);
    assert!(share > 0.5, "only {share} is unexplained");
    let (middle, share) = solve(Preset::Best, &other);
    assert!(share > 0.5, "only {share} is unexplained");
    let fade = Interpolator::new(Method::CrossFade, Preset::Balanced);
    let fade = fade.between(&a, &other).unwrap().at(0.5);
    let (off, apart) = (rms(&middle, &fade, 0), rms(&a, &other, 0));
    assert!(
        off < 0.2 * apart,
        "off the cross-fade by {off:.1}, the pictures by {apart:.1}"
    );
}
