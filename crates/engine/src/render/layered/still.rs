//! Cells that stand still: both pictures show the same detail in place, as overlays do over what moves.

use crate::picture::{Picture, sampling::Grid};
use rayon::prelude::*;

/// Side of the squares that are compared, px. A cell is a corner of four of them, so that one lies within what stands still up to its
/// edge (Kuwahara et al., *Processing of RI-angiocardiographic images*, 1976).
const SQUARE_PX: usize = 4;
/// Mean difference in a square that is none, and the least range of values that is detail, as shares of full scale (1 and 24 codes
/// of 255).
const SAME: f32 = 1.0 / 255.0;
/// See [`SAME`].
const DETAIL: f32 = 24.0 / 255.0;

/// Of every cell of `2^cell_log2` px whether it stands still; `width` and `height` are of the cells.
pub fn standing(
    [first, second]: [&Picture; 2],
    cell_log2: u8,
    [width, height]: [usize; 2],
) -> Vec<bool> {
    let format = first.format();
    let planes = 0..format.color_planes();
    let pairs: Vec<_> = planes
        .filter(|&index| format.plane_shift(index) == (0, 0))
        .map(|index| [first, second].map(|picture| Grid::new(&picture.planes()[index])))
        .collect();
    let max_code = format.max_code();
    let mut out = vec![false; width * height];
    out.par_chunks_mut(width).enumerate().for_each(|(y, row)| {
        for (x, out) in row.iter_mut().enumerate() {
            let at = [x << cell_log2, y << cell_log2];
            let corners = [[0, 0], [1, 0], [0, 1], [1, 1]];
            *out = corners.iter().any(|side| {
                let from = [0, 1].map(|axis| {
                    let before = side[axis] * (SQUARE_PX - 1);
                    at[axis].checked_sub(before)
                });
                from[0]
                    .zip(from[1])
                    .is_some_and(|(x, y)| is_same_detail(&pairs, [x, y], max_code))
            });
        }
    });
    out
}

/// Whether a square with its upper left corner there is the same in both pictures, with detail. No square crosses the border.
fn is_same_detail(pairs: &[[Grid<'_>; 2]], [x, y]: [usize; 2], max_code: f32) -> bool {
    let Grid { width, height, .. } = pairs[0][0];
    if x + SQUARE_PX > width || y + SQUARE_PX > height {
        return false;
    }
    let count = (pairs.len() * SQUARE_PX * SQUARE_PX) as f32;
    let most = SAME * max_code * count;
    let (mut sum, mut range) = (0.0, 0.0f32);
    for [first, second] in pairs {
        let (mut least, mut largest) = (f32::MAX, f32::MIN);
        for row in y..y + SQUARE_PX {
            let pair = [first, second].map(|grid| &grid.row(row)[x..][..SQUARE_PX]);
            for (a, b) in pair[0].iter().zip(pair[1]) {
                sum += (a - b).abs();
                least = least.min(*a);
                largest = largest.max(*a);
            }
            if sum > most {
                return false;
            }
        }
        range = range.max(largest - least);
    }
    range >= DETAIL * max_code
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Format, Plane};

    #[test]
    fn what_is_the_same_in_place_stands_still_up_to_its_edge_unless_it_is_flat() {
        let (height, width) = (40, 60);
        let noise = |x: usize, y: usize| ((x * 7919 + y * 104_729) % 251) as f32;
        let picture = |moved: usize| {
            let plane = Plane::from_shape_fn((height, width), |(y, x)| match (x, y) {
                (20..40, 12..28) => noise(x, y),
                (50.., _) => 90.0,
                _ => noise(x + moved, y),
            });
            Picture::new(Format::gray(8), vec![plane]).unwrap()
        };
        let found = standing([&picture(0), &picture(5)], 1, [width / 2, height / 2]);
        for y in 0..height / 2 {
            for x in 0..width / 2 {
                let expected = (10..20).contains(&x) && (6..14).contains(&y);
                assert_eq!(found[y * width / 2 + x], expected, "{x},{y}");
            }
        }
    }
}
