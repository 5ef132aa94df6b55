//! How well something fits in the best of four squares of which a pixel is a corner.
//!
//! A mean around a pixel next to an edge sees both sides of the edge. One of the four squares that have the pixel as
//! their corner sees its own side alone (Kuwahara et al., *Processing of RI-angiocardiographic images*, 1976).

/// Rows of a band above its first and below its last pixel that are looked at.
pub const REACH_PX: usize = 3;
/// Side of a square, px.
const SIDE: usize = REACH_PX + 1;

/// The least of the four means for every pixel of `out`, `[row][column]`; `errors` has [`REACH_PX`] more rows on either
/// side. Beyond the left and right border the border's value counts.
pub fn least_means(errors: &[f32], width: usize, out: &mut [f32], scratch: &mut Vec<f32>) {
    // Sums of SIDE values along x, from place x on; the first REACH_PX places lie left of the picture.
    let places = width + REACH_PX;
    scratch.clear();
    for row in errors.chunks_exact(width) {
        for place in 0..places {
            let from = place as isize - REACH_PX as isize;
            let at = |i: usize| (from + i as isize).clamp(0, width as isize - 1) as usize;
            scratch.push((0..SIDE).map(|i| row[at(i)]).sum());
        }
    }
    for (y, out) in out.chunks_exact_mut(width).enumerate() {
        for (x, least) in out.iter_mut().enumerate() {
            let square = |row: usize, place: usize| -> f32 {
                (row..row + SIDE)
                    .map(|row| scratch[row * places + place])
                    .sum()
            };
            let (above, below) = (y, y + REACH_PX);
            let left = square(above, x).min(square(below, x));
            let right = square(above, x + REACH_PX).min(square(below, x + REACH_PX));
            *least = left.min(right) / (SIDE * SIDE) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beside_an_edge_only_the_own_side_counts() {
        // Errors of 1 right of column 5 and below row 6, else 0.
        let (width, rows) = (9, 8);
        let value = |y: usize, x: usize| f32::from(u8::from(x >= 5 || y >= 6 + REACH_PX));
        let padded = rows + 2 * REACH_PX;
        let errors: Vec<f32> = (0..padded * width)
            .map(|i| value(i / width, i % width))
            .collect();
        let mut out = vec![-1.0; rows * width];
        least_means(&errors, width, &mut out, &mut Vec::new());
        for (i, &least) in out.iter().enumerate() {
            let own = value(i / width + REACH_PX, i % width);
            // Inside the quiet corner all is quiet; deep in the rest nothing is.
            if own == 0.0 {
                assert_eq!(least, 0.0, "pixel {i}");
            } else {
                assert!(least > 0.0, "pixel {i}");
            }
        }
        assert_eq!(out[width - 1], 1.0);
    }
}
