//! A square in front of a background that stands still, both with detail: what is known of them is exact.

use super::*;
use crate::frame_pyramid::PyramidLevel;
use ndarray::Array2;

const CPU: fn() -> Cpu = Cpu::current_or_baseline;
const DIM: (usize, usize) = (48, 64);
/// The square's motion, cells: twice its own side.
const FLIGHT: usize = 24;

fn noise(x: usize, y: usize, seed: usize) -> f32 {
    ((x * 7919 + y * 104_729 + seed * 31) % 251) as f32 / 255.0
}

/// Whether the square is there in the first picture, or in the second.
fn is_square(side: usize, x: usize, y: usize) -> bool {
    let left = 10 + side * FLIGHT;
    (left..left + 12).contains(&x) && (18..30).contains(&y)
}

fn level(side: usize) -> PyramidLevel {
    let plane = Array2::from_shape_fn(DIM, |(y, x)| {
        if is_square(side, x, y) {
            noise(x - side * FLIGHT, y, 5)
        } else {
            noise(x, y, 0)
        }
    });
    PyramidLevel {
        planes: vec![plane],
        quantized: None,
    }
}

/// Whether a window of 3×3 cells around a cell has some of the square, in one of the pictures, and some that is not.
fn is_near_outline(x: usize, y: usize) -> bool {
    let window = (y.saturating_sub(1)..y + 2)
        .flat_map(|y| (x.saturating_sub(1)..x + 2).map(move |x| (x, y)));
    [0, 1].into_iter().any(|side| {
        let inside = window.clone().filter(|&(x, y)| is_square(side, x, y));
        !matches!((inside.count(), window.clone().count()), (0, _) | (9, 9))
    })
}

/// The square's motion where it is, and none elsewhere: so what is hidden has a motion of its own, or what `guess` says.
fn motion(side: usize, guess: f32) -> Field {
    let flight = [1.0, -1.0][side] * FLIGHT as f32;
    let dx = Array2::from_shape_fn(DIM, |(y, x)| {
        if is_square(side, x, y) {
            flight
        } else if is_square(1 - side, x, y) {
            guess
        } else {
            0.0
        }
    });
    Field {
        dx,
        dy: Array2::zeros(DIM),
    }
}

#[test]
fn what_a_square_hides_has_the_backgrounds_motion_and_lies_behind() {
    for guess in [0.0, 3.0, -7.0] {
        let cells = [Cells::of(&level(0)), Cells::of(&level(1))];
        let fields = [motion(0, guess), motion(1, -guess)];
        let found = layers(CPU(), [&cells[0], &cells[1]], [&fields[0], &fields[1]], 1);
        for (side, layers) in found.iter().enumerate() {
            let flight = [1.0, -1.0][side] * FLIGHT as f32;
            for (at, motion) in layers.motion.iter().enumerate() {
                let (x, y) = (at % DIM.1, at / DIM.1);
                if is_near_outline(x, y) {
                    continue;
                }
                let here = is_square(side, x, y);
                let expected = if here { [flight, 0.0] } else { [0.0, 0.0] };
                assert!(
                    apart(*motion, expected) < 1e-3,
                    "{guess}, {side}: {x},{y} {motion:?}"
                );
            }
            let middle = |side: usize| (24 * DIM.1) + 16 + side * FLIGHT;
            let (square, behind) = (middle(side), middle(1 - side));
            assert!(layers.trusted[square] && layers.hidden[square] == 0.0);
            assert!(!layers.trusted[behind] && layers.hidden[behind] == 1.0);
            assert!(layers.order[square] > 0.8 && layers.order[behind] < -0.8);
        }
    }
}

#[test]
fn exchanging_the_pictures_exchanges_what_is_known() {
    let cells = [Cells::of(&level(0)), Cells::of(&level(1))];
    let fields = [motion(0, 2.0), motion(1, 1.0)];
    let there = layers(CPU(), [&cells[0], &cells[1]], [&fields[0], &fields[1]], 1);
    let back = layers(CPU(), [&cells[1], &cells[0]], [&fields[1], &fields[0]], 1);
    for (a, b) in there.iter().zip(back.iter().rev()) {
        assert_eq!(a.motion, b.motion);
        assert_eq!(
            (&a.trusted, &a.hidden, &a.order),
            (&b.trusted, &b.hidden, &b.order)
        );
    }
}
