//! Adoption of motions: next to motion boundaries a cell takes over the motion, of those around it or of the other picture's that
//! lead to it, with the least photometric error. So boundaries of motion come to lie where those of the picture are.

use super::cells::{Cells, Vector, apart, by_rows};

/// Directions in which motions are sought.
pub const AROUND: [[isize; 2]; 8] = [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
    [1, 1],
    [-1, -1],
    [1, -1],
    [-1, 1],
];
/// Distances at which they are, cells.
const DISTANCES: [isize; 4] = [1, 2, 4, 7];
/// Distances at which a motion boundary is noticed, cells.
const NOTICED: [isize; 2] = [2, 4];
/// Motions around that differ by this, `max - min` along both axes, are a boundary, cells.
const BOUNDARY: f32 = 0.5;
/// A motion that fits so well is kept, codes.
const GOOD: f32 = 2.0;
/// Part of its error that another motion's has to stay below, less [`MARGIN`] codes.
const PART: f32 = 0.9;
/// See [`PART`].
const MARGIN: f32 = 0.3;
/// Motions that differ less are the same, cells.
const SAME: f32 = 0.25;
/// Motions of the other picture that are tried where they land.
const MOST_LANDED: usize = 4;

/// Motions of the cells of one picture and their photometric errors, in codes.
#[derive(Debug)]
pub struct Adopted {
    pub motion: Vec<Vector>,
    pub error: Vec<f32>,
}

/// The motions of the cells of `from` into `to`, boundaries mended; `back` are those from `to` into `from`.
pub fn adopted(from: &Cells, to: &Cells, motion: &[Vector], back: &[Vector]) -> Adopted {
    let landed = landed(to, back);
    let both = by_rows([from.width, from.height], |x, y| {
        let at = y * from.width + x;
        let landed = landed[at];
        let landed = landed.iter().map_while(|found| *found);
        best(from, to, motion, landed, (x, y))
    });
    let (motion, error) = both.into_iter().unzip();
    Adopted { motion, error }
}

/// Up to [`MOST_LANDED`] motions of the other picture that end at each cell, turned round.
fn landed(cells: &Cells, back: &[Vector]) -> Vec<[Option<Vector>; MOST_LANDED]> {
    let mut landed = vec![[None; MOST_LANDED]; cells.len()];
    for (at, &[dx, dy]) in back.iter().enumerate() {
        if let Some(to) = cells.led_to(at % cells.width, at / cells.width, [dx, dy])
            && let Some(free) = landed[to].iter_mut().find(|found| found.is_none())
        {
            *free = Some([-dx, -dy]);
        }
    }
    landed
}

fn best(
    from: &Cells,
    to: &Cells,
    motion: &[Vector],
    landed: impl Iterator<Item = Vector> + Clone,
    (x, y): (usize, usize),
) -> (Vector, f32) {
    let own = motion[y * from.width + x];
    let window = from.window(x, y);
    let error = window.error(to, own);
    let mut found = (own, error);
    let is_boundary = || {
        landed.clone().any(|other| apart(other, own) > BOUNDARY)
            || spread(from, motion, (x, y)) > BOUNDARY
    };
    if error <= GOOD || !is_boundary() {
        return found;
    }
    let mut limit = PART * error - MARGIN;
    let mut tried = [[0.0; 2]; DISTANCES.len() * AROUND.len() + MOST_LANDED + 1];
    let mut count = 0;
    let around = DISTANCES
        .iter()
        .flat_map(|by| AROUND.map(|[right, down]| [right * by, down * by]));
    let around = around.filter_map(|offset| from.neighbour(x, y, offset));
    // No motion, for what stands still while all around it moves.
    let still = std::iter::once([0.0; 2]);
    for other in still.chain(around.map(|at| motion[at])).chain(landed) {
        let known = |known: &Vector| apart(*known, other) < SAME;
        if known(&own) || tried[..count].iter().any(known) {
            continue;
        }
        tried[count] = other;
        count += 1;
        if from.has(x as f32 + other[0], y as f32 + other[1]) {
            let error = window.error(to, other);
            if error < limit {
                limit = error;
                found = (other, error);
            }
        }
    }
    found
}

/// How far motions around a cell lie apart.
fn spread(cells: &Cells, motion: &[Vector], (x, y): (usize, usize)) -> f32 {
    let own = motion[y * cells.width + x];
    let (mut least, mut most) = (own, own);
    for by in NOTICED {
        for [right, down] in AROUND {
            if let Some(at) = cells.neighbour(x, y, [right * by, down * by]) {
                for axis in 0..2 {
                    least[axis] = least[axis].min(motion[at][axis]);
                    most[axis] = most[axis].max(motion[at][axis]);
                }
            }
        }
    }
    most[0] - least[0] + most[1] - least[1]
}
