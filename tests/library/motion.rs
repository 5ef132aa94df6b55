//! The solved motion against motions that are known.

use crate::common::texture::texture;
use ndarray::Array2;
use otinterp::motion::{Motion, MotionField};
use otinterp::picture::{Format, Picture};
use otinterp::{Interpolator, Method, Preset};

const WIDTH: usize = 176;
const HEIGHT: usize = 144;
/// Content that leaves the picture has no match: errors are measured away from the border.
const MARGIN: usize = 24;

/// The texture seen through a map from picture to texture coordinates.
fn seen(map: impl Fn(f64, f64) -> (f64, f64)) -> Picture {
    let plane = Array2::from_shape_fn((HEIGHT, WIDTH), |(y, x)| {
        let (x, y) = map(x as f64, y as f64);
        texture(x, y, 0)
    });
    let mut picture = Picture::new(Format::gray(8), vec![plane]).unwrap();
    picture.quantize();
    picture
}

/// By the preset that solves at full resolution, for every pixel.
fn solve(a: &Picture, b: &Picture) -> Motion {
    solve_with(Preset::Balanced, a, b)
}

fn solve_with(preset: Preset, a: &Picture, b: &Picture) -> Motion {
    let interpolator = Interpolator::new(Method::Ot, preset);
    let Motion { forward, backward } = interpolator.motion(a, b).unwrap();
    Motion {
        forward: forward.per_pixel((HEIGHT, WIDTH)),
        backward: backward.per_pixel((HEIGHT, WIDTH)),
    }
}

/// Mean and largest distance of a field from the true displacement, px.
fn errors_px(field: &MotionField, truth: impl Fn(f64, f64) -> (f64, f64)) -> (f64, f64) {
    let (mut sum, mut worst, mut n) = (0.0, 0.0f64, 0.0);
    for y in MARGIN..HEIGHT - MARGIN {
        for x in MARGIN..WIDTH - MARGIN {
            let (dx, dy) = truth(x as f64, y as f64);
            let error = (f64::from(field.dx[(y, x)]) - dx).hypot(f64::from(field.dy[(y, x)]) - dy);
            sum += error;
            worst = worst.max(error);
            n += 1.0;
        }
    }
    (sum / n, worst)
}

#[test]
fn translations_are_found_to_a_tenth_of_a_pixel() {
    for (dx, dy) in [
        (0.25, 0.0),
        (0.5, -0.5),
        (3.3, 1.7),
        (-9.6, 6.4),
        (17.2, -11.8),
    ] {
        let a = seen(|x, y| (x, y));
        let b = seen(|x, y| (x - dx, y - dy));
        let motion = solve(&a, &b);
        let (mean, worst) = errors_px(&motion.forward, |_, _| (dx, dy));
        assert!(
            mean < 0.1 && worst < 0.5,
            "{dx},{dy} forward: {mean} {worst}"
        );
        let (mean, worst) = errors_px(&motion.backward, |_, _| (-dx, -dy));
        assert!(
            mean < 0.1 && worst < 0.5,
            "{dx},{dy} backward: {mean} {worst}"
        );
    }
}

#[test]
fn zoom_and_rotation_are_followed() {
    let centre = (WIDTH as f64 / 2.0, HEIGHT as f64 / 2.0);
    for (zoom, degrees) in [(1.05, 0.0), (1.0, 3.0), (0.96, -2.0)] {
        let angle = f64::to_radians(degrees);
        let (cos, sin) = (angle.cos(), angle.sin());
        // A point at p in the first picture is at centre + zoom·R(angle)·(p - centre) in the second.
        let forward = |x: f64, y: f64| {
            let (x, y) = (x - centre.0, y - centre.1);
            (
                centre.0 + zoom * (cos * x - sin * y),
                centre.1 + zoom * (sin * x + cos * y),
            )
        };
        let inverse = |x: f64, y: f64| {
            let (x, y) = ((x - centre.0) / zoom, (y - centre.1) / zoom);
            (centre.0 + cos * x + sin * y, centre.1 - sin * x + cos * y)
        };
        let a = seen(|x, y| (x, y));
        let b = seen(inverse);
        let motion = solve(&a, &b);
        let (mean, _) = errors_px(&motion.forward, |x, y| {
            let (tx, ty) = forward(x, y);
            (tx - x, ty - y)
        });
        assert!(mean < 0.1, "zoom {zoom}, {degrees} degrees: {mean} px");
    }
}

#[test]
fn an_object_and_its_background_move_apart() {
    // A disc of other texture moves left over a background that moves right.
    let inside = |x: f64, y: f64, cx: f64| (x - cx).hypot(y - 72.0) < 26.0;
    let disc = |x: f64, y: f64| (y + 300.0, x - 200.0);
    let a = seen(|x, y| {
        if inside(x, y, 96.0) {
            disc(x, y)
        } else {
            (x, y)
        }
    });
    let b = seen(|x, y| {
        if inside(x, y, 84.0) {
            disc(x + 12.0, y)
        } else {
            (x - 6.0, y)
        }
    });
    let motion = solve(&a, &b);
    let median_dx = |inside_disc: bool| {
        let mut values: Vec<f32> = motion
            .forward
            .dx
            .indexed_iter()
            .filter(|&((y, x), _)| {
                let distance = (x as f64 - 96.0).hypot(y as f64 - 72.0);
                let central =
                    (MARGIN..WIDTH - MARGIN).contains(&x) && (MARGIN..HEIGHT - MARGIN).contains(&y);
                if inside_disc {
                    distance < 20.0
                } else {
                    distance > 48.0 && central
                }
            })
            .map(|(_, &v)| v)
            .collect();
        values.sort_by(f32::total_cmp);
        values[values.len() / 2]
    };
    assert!((median_dx(true) + 12.0).abs() < 0.1, "{}", median_dx(true));
    assert!((median_dx(false) - 6.0).abs() < 0.1, "{}", median_dx(false));
}

#[test]
fn a_small_fast_object_is_found_by_residual_transport() {
    // A ball of 14 px flies 44 px over a background that moves 2 px: at the levels where 44 px is a
    // short way, the ball is smaller than a pixel.
    let ball = |x: f64, y: f64, cx: f64, cy: f64| (x - cx).hypot(y - cy) < 7.0;
    let scene = |x: f64, y: f64, cx: f64, shift: f64| {
        if ball(x, y, cx, 60.0) {
            // Striped, so that its own pixels can be told apart.
            (1000.0 + 3.0 * (x - cx), 500.0 + 3.0 * (y - 60.0))
        } else {
            (x - shift, y)
        }
    };
    let a = seen(|x, y| scene(x, y, 60.0, 0.0));
    let b = seen(|x, y| scene(x, y, 104.0, 2.0));
    // At half the resolution it has too few pixels.
    let motion = solve_with(Preset::Best, &a, &b);
    for (dy, dx) in [(0, 0), (-3, 0), (3, 0), (0, -3), (0, 3)] {
        let at = ((60 + dy) as usize, (60 + dx) as usize);
        let found = (motion.forward.dx[at], motion.forward.dy[at]);
        assert!(
            (found.0 - 44.0).abs() < 1.0 && found.1.abs() < 1.0,
            "{found:?}"
        );
        let at = ((60 + dy) as usize, (104 + dx) as usize);
        let found = (motion.backward.dx[at], motion.backward.dy[at]);
        assert!(
            (found.0 + 44.0).abs() < 1.0 && found.1.abs() < 1.0,
            "{found:?}"
        );
    }
}
