//! Trust: cells whose motion leads to a cell that leads back, and fits. Forward-backward consistency and photometric error.

use super::adopt::Adopted;
use super::cells::{Cells, Vector, apart, by_rows, return_error};

/// A motion is trusted if the other picture's leads back to within so many cells.
const RETURN: f32 = 0.35;
/// Its photometric error is to be below this, codes.
const FITS: f32 = 9.0;
/// Groups of fewer trusted cells are chance.
const LEAST_GROUP: usize = 8;
/// Half width of the window over which the strength of outlines is measured, cells; and over which it is a mean along them.
const OUTLINE: usize = 3;
/// See [`OUTLINE`].
const ALONG: usize = 5;
/// Differences between neighbouring cells count no more than this in the strength of an outline, codes.
const MOST_STEP: f32 = 40.0;
/// Codes that the mean difference around an outline has at least.
const LEAST_MEAN: f32 = 3.0;
/// Outlines of motions that differ more belong to different things, cells.
const SAME_THING: f32 = 1.0;

/// Whether each cell of `from` is trusted; `back` are the motions of the other picture.
pub fn trusted(from: &Cells, own: &Adopted, back: &[Vector]) -> Vec<bool> {
    let mut trusted = by_rows([from.width, from.height], |x, y| {
        let at = y * from.width + x;
        own.error[at] < FITS && returns(from, (x, y), own.motion[at], back)
    });
    drop_small_groups(&mut trusted, from.width);
    trusted
}

/// Whether one of the four cells around where a motion leads leads back.
fn returns(cells: &Cells, (x, y): (usize, usize), motion: Vector, back: &[Vector]) -> bool {
    let (to_x, to_y) = (x as f32 + motion[0], y as f32 + motion[1]);
    if !cells.has(to_x, to_y) {
        return false;
    }
    let (column, row) = (to_x.max(0.0) as usize, to_y.max(0.0) as usize);
    let last = [cells.width - 1, cells.height - 1];
    let corners = [[0, 0], [1, 0], [0, 1], [1, 1]];
    corners.iter().any(|[right, down]| {
        let at = (row + down).min(last[1]) * cells.width + (column + right).min(last[0]);
        return_error(motion, back[at]) < RETURN * RETURN
    })
}

/// Distrusts connected groups of fewer than [`LEAST_GROUP`] cells.
fn drop_small_groups(trusted: &mut [bool], width: usize) {
    let mut seen = vec![false; trusted.len()];
    let mut group: Vec<u32> = Vec::with_capacity(trusted.len());
    for start in 0..trusted.len() {
        if !trusted[start] || seen[start] {
            continue;
        }
        group.clear();
        group.push(start as u32);
        seen[start] = true;
        let mut next = 0;
        while let Some(&at) = group.get(next) {
            next += 1;
            let at = at as usize;
            let column = at % width;
            let around = [
                (column > 0).then(|| at - 1),
                (column + 1 < width).then(|| at + 1),
                at.checked_sub(width),
                (at + width < trusted.len()).then(|| at + width),
            ];
            for other in around.into_iter().flatten() {
                if trusted[other] && !seen[other] {
                    seen[other] = true;
                    group.push(other as u32);
                }
            }
        }
        if group.len() < LEAST_GROUP {
            for &at in &group {
                trusted[at as usize] = false;
            }
        }
    }
}

/// How strong an edge of the picture runs along the outline of what is trusted, at its outermost cells: the largest difference between
/// neighbours over the mean of those around, averaged along the outline of one motion. 0 elsewhere. What ends at a strong edge ends
/// there; what ends without one goes on.
pub fn outlines(cells: &Cells, motion: &[Vector], trusted: &[bool]) -> Vec<f32> {
    let (width, height) = (cells.width, cells.height);
    let (right, below) = (cells.steps([1, 0]), cells.steps([0, 1]));
    let step = |at: usize| right[at].max(below[at]).min(MOST_STEP);
    let window = |x: usize, y: usize, by: usize| {
        let rows = y.saturating_sub(by)..(y + by + 1).min(height);
        rows.flat_map(move |row| {
            let columns = x.saturating_sub(by)..(x + by + 1).min(width);
            columns.map(move |column| (column, row, row * width + column))
        })
    };
    let strength = by_rows([width, height], |x, y| {
        let at = y * width + x;
        let ends = |has: bool, other: usize| has && !trusted[other];
        let is_outermost = trusted[at]
            && (ends(x > 0, at.wrapping_sub(1))
                || ends(x + 1 < width, at + 1)
                || ends(y > 0, at.wrapping_sub(width))
                || ends(y + 1 < height, at + width));
        if !is_outermost {
            return -1.0;
        }
        let (mut most, mut sum, mut count) = (0.0f32, 0.0, 0.0);
        for (column, row, other) in window(x, y, OUTLINE) {
            if column.abs_diff(x) < 2 && row.abs_diff(y) < 2 {
                most = most.max(step(other));
            }
            sum += step(other);
            count += 1.0;
        }
        most / (sum / count + LEAST_MEAN)
    });
    by_rows([width, height], |x, y| {
        let at = y * width + x;
        if strength[at] < 0.0 {
            return 0.0;
        }
        let (mut sum, mut count) = (0.0, 0.0);
        for (_, _, other) in window(x, y, ALONG) {
            if strength[other] >= 0.0 && apart(motion[other], motion[at]) <= SAME_THING {
                sum += strength[other];
                count += 1.0;
            }
        }
        sum / count
    })
}
