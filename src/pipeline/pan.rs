//! Whether two frames are one scene seen after a move of the camera that is too fast for the motion to follow.

use super::thumbnail::{box_means, leading_plane};
use crate::picture::{Picture, samples};

/// Short side of the pictures that are compared, px: fine structure survives, and all shifts take a few milliseconds.
const SHORT_SIDE_PX: usize = 48;
/// Shifts are tried up to this share of each side: at least 42 % of both pictures lie on one another.
const REACH: f32 = 0.35;
/// Radius of the square whose mean is taken off, px: large bright and dark parts are alike in many scenes.
const MEAN_RADIUS_PX: usize = 2;

/// Fine structure of a reduced picture.
struct Structure {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

/// The largest normalised correlation, -1 to 1, of the fine structure of two reduced pictures of one size, over the shifts of
/// one against the other that a fast pan makes.
pub(super) fn correlation(first: &Picture, second: &Picture) -> f32 {
    let (a, b) = (Structure::of(first), Structure::of(second));
    let reach = |side: usize| (REACH * side as f32) as isize;
    let (reach_x, reach_y) = (reach(a.width), reach(a.height));
    let mut best = -1.0_f32;
    for dy in -reach_y..=reach_y {
        for dx in -reach_x..=reach_x {
            best = best.max(a.correlation(&b, dx, dy));
        }
    }
    best
}

impl Structure {
    fn of(picture: &Picture) -> Self {
        let step = (picture.width().min(picture.height()) / SHORT_SIDE_PX).max(1);
        let (width, height) = (picture.width() / step, picture.height() / step);
        let small = box_means(leading_plane(picture), (height, width));
        let small = samples(&small);
        let mut values = small.to_vec();
        for y in 0..height {
            for x in 0..width {
                values[y * width + x] -= mean_around(small, (width, height), x, y);
            }
        }
        Self {
            width,
            height,
            values,
        }
    }

    /// With `other` shifted by `(dx, dy)`, over the part that both cover.
    fn correlation(&self, other: &Self, dx: isize, dy: isize) -> f32 {
        let part = |shift: isize, side: usize| {
            let length = side - shift.unsigned_abs();
            (shift.max(0) as usize, (-shift).max(0) as usize, length)
        };
        let (ax, bx, width) = part(dx, self.width);
        let (ay, by, height) = part(dy, self.height);
        let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
        for y in 0..height {
            let a = &self.values[(ay + y) * self.width + ax..][..width];
            let b = &other.values[(by + y) * self.width + bx..][..width];
            for (a, b) in a.iter().zip(b) {
                ab += a * b;
                aa += a * a;
                bb += b * b;
            }
        }
        if aa * bb > 0.0 {
            ab / (aa * bb).sqrt()
        } else {
            0.0
        }
    }
}

fn mean_around(values: &[f32], (width, height): (usize, usize), x: usize, y: usize) -> f32 {
    let span = |at: usize, side: usize| {
        at.saturating_sub(MEAN_RADIUS_PX)..(at + MEAN_RADIUS_PX + 1).min(side)
    };
    let (rows, columns) = (span(y, height), span(x, width));
    let count = rows.len() * columns.len();
    let sum: f32 = rows
        .flat_map(|row| &values[row * width..][columns.clone()])
        .sum();
    sum / count as f32
}
