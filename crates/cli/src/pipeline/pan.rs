//! Pan detection: normalised cross-correlation of fine structure, for moves of the camera too fast for the motion to follow.

use super::thumbnail::{box_means, leading_plane};
use otinterp::picture::{Picture, samples};

/// Short side of the pictures that are compared, px: fine structure survives, and all shifts take a few milliseconds.
const SHORT_SIDE_PX: usize = 48;
/// Shifts are tried up to this share of each side: at least 42 % of both pictures lie on one another.
const REACH: f32 = 0.35;
/// Radius of the square whose mean is taken off, px: large bright and dark parts are alike in many scenes.
const MEAN_RADIUS_PX: usize = 2;

/// Most scenes move little: nearer shifts are tried first, up to these numbers of pixels, then all others.
const RINGS_PX: [isize; 3] = [0, 1, 4];
/// Products are added up in so many sums, which vectors take in one step.
const LANES: usize = 8;

/// Fine structure of a reduced picture.
pub(super) struct Structure {
    width: usize,
    height: usize,
    values: Vec<f32>,
    /// `squares[y][x]`: sum of the squares above row `y` and left of column `x`; `(height + 1) × (width + 1)`.
    squares: Vec<f64>,
}

/// Whether the fine structure of two reduced pictures of one size has a normalised correlation, -1 to 1, above `least` at any
/// of the shifts of one against the other that a fast pan makes.
pub(super) fn correlates(a: &Structure, b: &Structure, least: f32) -> bool {
    let reach = |side: usize| (REACH * side as f32) as isize;
    let (reach_x, reach_y) = (reach(a.width), reach(a.height));
    let mut tried = -1;
    for ring in RINGS_PX.into_iter().chain([reach_x.max(reach_y)]) {
        for dy in -reach_y.min(ring)..=reach_y.min(ring) {
            for dx in -reach_x.min(ring)..=reach_x.min(ring) {
                let is_new = dx.abs().max(dy.abs()) > tried;
                if is_new && a.correlation(b, dx, dy) > least {
                    return true;
                }
            }
        }
        tried = ring;
    }
    false
}

impl Structure {
    pub(super) fn of(picture: &Picture) -> Self {
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
            squares: integral_of_squares(&values, width),
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
        let squares =
            self.squares_in(ax, ay, width, height) * other.squares_in(bx, by, width, height);
        if squares <= 0.0 {
            return 0.0;
        }
        let mut sums = [0.0f32; LANES];
        for y in 0..height {
            let a = &self.values[(ay + y) * self.width + ax..][..width];
            let b = &other.values[(by + y) * self.width + bx..][..width];
            add_products(a, b, &mut sums);
        }
        sums.iter().sum::<f32>() / (squares as f32).sqrt()
    }

    /// Sum of the squares of a part.
    fn squares_in(&self, x: usize, y: usize, width: usize, height: usize) -> f64 {
        let at = |y: usize, x: usize| self.squares[y * (self.width + 1) + x];
        at(y + height, x + width) - at(y, x + width) - at(y + height, x) + at(y, x)
    }
}

fn add_products(a: &[f32], b: &[f32], sums: &mut [f32; LANES]) {
    let (a_whole, a_rest) = a.as_chunks::<LANES>();
    let (b_whole, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_whole.iter().zip(b_whole) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    for ((sum, a), b) in sums.iter_mut().zip(a_rest).zip(b_rest) {
        *sum += a * b;
    }
}

fn integral_of_squares(values: &[f32], width: usize) -> Vec<f64> {
    let mut integral = vec![0.0; width + 1];
    for (y, row) in values.chunks_exact(width).enumerate() {
        let mut sum = 0.0;
        integral.push(0.0);
        for (x, value) in row.iter().enumerate() {
            sum += f64::from(value * value);
            integral.push(integral[y * (width + 1) + x + 1] + sum);
        }
    }
    integral
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Values without any order, the same every time.
    fn structure(width: usize, height: usize, value: impl Fn(usize, usize) -> f32) -> Structure {
        let at = |i: usize| value(i % width, i / width);
        let values: Vec<f32> = (0..width * height).map(at).collect();
        Structure {
            squares: integral_of_squares(&values, width),
            width,
            height,
            values,
        }
    }

    fn noise(x: usize, y: usize) -> f32 {
        let mut hash = (x * 7919 + y * 104_729 + 12_345) as u32;
        hash = (hash ^ (hash >> 13)).wrapping_mul(0x9e37_79b1);
        (hash >> 16) as f32 / 32_768.0 - 1.0
    }

    #[test]
    fn correlation_is_the_sum_over_the_common_part() {
        let a = structure(21, 13, noise);
        let b = structure(21, 13, |x, y| noise(x + 40, y));
        for (dx, dy) in [(0, 0), (3, -2), (-7, 4)] {
            let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
            for y in 0..13 {
                for x in 0..21 {
                    let (x2, y2) = (x - dx, y - dy);
                    if (0..21).contains(&x2) && (0..13).contains(&y2) {
                        let a = f64::from(a.values[(y * 21 + x) as usize]);
                        let b = f64::from(b.values[(y2 * 21 + x2) as usize]);
                        (ab, aa, bb) = (ab + a * b, aa + a * a, bb + b * b);
                    }
                }
            }
            let expected = ab / (aa * bb).sqrt();
            let found = f64::from(a.correlation(&b, dx as isize, dy as isize));
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
    }

    #[test]
    fn a_shift_within_reach_is_found_and_another_picture_is_not() {
        let a = structure(80, 48, noise);
        let shifted = |dx| structure(80, 48, move |x, y| noise(x + dx, y));
        assert!(correlates(&a, &shifted(0), 0.99));
        assert!(correlates(&a, &shifted(27), 0.99));
        assert!(!correlates(&a, &shifted(32), 0.45));
        assert!(!correlates(&a, &structure(80, 48, |_, _| 0.0), 0.0));
    }
}
