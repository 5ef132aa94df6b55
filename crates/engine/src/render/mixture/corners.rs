//! Kuwahara filter of errors: the least of their means over four squares of which a pixel is a corner.
//!
//! A mean around a pixel next to an edge sees both sides of the edge. One of the four squares that have the pixel as
//! their corner sees its own side alone (Kuwahara et al., *Processing of RI-angiocardiographic images*, 1976).

/// Rows of a band above its first and below its last pixel that are looked at.
pub const REACH_PX: usize = 3;
/// Side of a square, px.
const SIDE: usize = REACH_PX + 1;

/// The least of the four means for every pixel of `out`, `[row][column]`; `errors` has [`REACH_PX`] more rows on either
/// side. Beyond the left and right border the border's value counts.
#[inline(always)]
pub fn least_means(errors: &[f32], width: usize, out: &mut [f32], scratch: &mut Vec<f32>) {
    // A square stands at every place of its first row and column; the first REACH_PX places lie left of the picture.
    let places = width + REACH_PX;
    let rows = errors.len() / width;
    scratch.clear();
    scratch.resize(rows * places, 0.0);
    for (row, sums) in errors
        .chunks_exact(width)
        .zip(scratch.chunks_exact_mut(places))
    {
        for i in 0..SIDE {
            let left = (REACH_PX - i).min(places);
            let (border, inner) = sums.split_at_mut(left);
            let (inner, beyond) = inner.split_at_mut(width.min(inner.len()));
            border.iter_mut().for_each(|s| *s += row[0]);
            inner.iter_mut().zip(row).for_each(|(s, &e)| *s += e);
            beyond.iter_mut().for_each(|s| *s += row[width - 1]);
        }
    }
    // From sums along rows to sums of squares, in place: each row takes those below it, which are still untouched.
    for row in 0..=rows - SIDE {
        let (own, below) = scratch[row * places..].split_at_mut(places);
        for below in below.chunks_exact(places).take(SIDE - 1) {
            own.iter_mut().zip(below).for_each(|(s, &b)| *s += b);
        }
    }
    for (y, out) in out.chunks_exact_mut(width).enumerate() {
        let above = &scratch[y * places..][..places];
        let below = &scratch[(y + REACH_PX) * places..][..places];
        for (x, least) in out.iter_mut().enumerate() {
            let left = above[x].min(below[x]);
            let right = above[x + REACH_PX].min(below[x + REACH_PX]);
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
