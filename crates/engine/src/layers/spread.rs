//! Spread of trusted motions: a cell without trust takes that of the layer it belongs to, along the cheapest path over steps of colour
//! (a geodesic distance; Criminisi, Sharp, Rother & Pérez, *Geodesic image and video editing*, 2010, by raster sweeps). A path costs
//! more where the motion leads to a place that shows something else and that no other motion owns: what is hidden is hidden by something.

use super::cells::{Cells, Vector, difference, return_error};

/// Sweeps from all four corners.
const ROUNDS: usize = 1;
/// Cost of a step of one cell, codes; and of the largest step of colour.
const STEP: f32 = 0.6;
/// See [`STEP`].
const MOST_COLOR_STEP: f32 = 20.0;
/// Cost of an outline's strength at the start of a path, codes.
const OUTLINE: f32 = 3.0;
/// Cost of a place that tells against the motion, codes.
const AGAINST: f32 = 4.0;
/// Part of [`AGAINST`] for a place that is not trusted itself, so that it tells little.
const UNKNOWN: f32 = 0.3;
/// Times [`AGAINST`] for a place that is owned by something further back.
const BEHIND: f32 = 3.0;
/// Motions whose sum is longer are different, cells.
const DIFFERENT: f32 = 0.75;
/// Colours that differ less are alike, codes.
const ALIKE: f32 = 12.0;
/// Orders of depth that differ less are the same.
const SAME_ORDER: f32 = 0.05;
/// Farther than any path.
const FAR: f32 = 1e9;

/// One side of a pair as motions are spread on it, and what is known of the other.
pub struct Spread<'a> {
    pub from: &'a Cells,
    pub to: &'a Cells,
    pub trusted: &'a [bool],
    pub outlines: &'a [f32],
    /// Order of depth of the trusted cells, if it is known.
    pub order: Option<&'a [f32]>,
    pub back: &'a [Vector],
    pub back_trusted: &'a [bool],
    pub back_order: Option<&'a [f32]>,
}

impl Spread<'_> {
    /// The motions, where cells are not trusted those spread from trusted ones.
    pub fn over(&self, motion: &[Vector]) -> Vec<Vector> {
        let (width, height) = (self.from.width, self.from.height);
        let mut out = motion.to_vec();
        let mut order = self.order.map(<[f32]>::to_vec);
        let starts = self.trusted.iter().zip(self.outlines);
        let mut cost: Vec<f32> = starts
            .map(|(&trusted, outline)| if trusted { OUTLINE * outline } else { FAR })
            .collect();
        let open = Open::of(self.trusted, width);
        let mut idle = 0;
        for sweep in 0..4 * ROUNDS {
            let (leftwards, upwards) = (sweep & 1 == 1, sweep & 2 == 2);
            let right = if leftwards { 1 } else { -1 };
            let down = if upwards { 1 } else { -1 };
            let before = [[right, 0], [0, down], [right, down], [-right, down]];
            let steps = before.map(|offset| self.from.steps(offset));
            let mut changed = false;
            open.visit([leftwards, upwards], |x, y| {
                let at = y * width + x;
                for (n, [right, down]) in before.into_iter().enumerate() {
                    let (next_x, next_y) =
                        (x.wrapping_add_signed(right), y.wrapping_add_signed(down));
                    if next_x >= width || next_y >= height {
                        continue;
                    }
                    let next = next_y * width + next_x;
                    let length = if n < 2 { 1.0 } else { std::f32::consts::SQRT_2 };
                    let mut path = cost[next] + length * STEP;
                    if path >= cost[at] {
                        continue;
                    }
                    path += steps[n][at.min(next)].min(MOST_COLOR_STEP);
                    if path >= cost[at] {
                        continue;
                    }
                    let depth = order.as_ref().map_or(0.0, |order| order[next]);
                    path += AGAINST * self.against((x, y), out[next], depth);
                    if path < cost[at] {
                        changed = true;
                        cost[at] = path;
                        out[at] = out[next];
                        if let Some(order) = &mut order {
                            order[at] = depth;
                        }
                    }
                }
            });
            // Once no sweep of the four changes anything none will.
            idle = if changed { 0 } else { idle + 1 };
            if idle == 4 {
                break;
            }
        }
        out
    }

    /// What the place that a motion leads to tells against it.
    fn against(&self, (x, y): (usize, usize), motion: Vector, depth: f32) -> f32 {
        let Some(to) = self.from.led_to(x, y, motion) else {
            return 0.0;
        };
        if !self.back_trusted[to] {
            return UNKNOWN;
        }
        if return_error(motion, self.back[to]) > DIFFERENT * DIFFERENT {
            let owner = self.back_order.map_or(0.0, |order| order[to]);
            return if depth > owner + SAME_ORDER {
                BEHIND
            } else {
                0.0
            };
        }
        let own = self.from.color(y * self.from.width + x);
        let there = self.to.bilinear(x as f32 + motion[0], y as f32 + motion[1]);
        if difference(own, there) < ALIKE {
            0.0
        } else {
            1.0
        }
    }
}

/// Cells that are visited, row by row.
struct Open {
    /// Columns of all of them.
    columns: Vec<u32>,
    /// Where each row begins, and the last ends.
    rows: Vec<usize>,
}

impl Open {
    /// The cells without trust.
    fn of(trusted: &[bool], width: usize) -> Self {
        let (mut columns, mut rows) = (Vec::new(), vec![0]);
        for row in trusted.chunks_exact(width) {
            let open = (0..width as u32).zip(row).filter(|(_, trusted)| !**trusted);
            columns.extend(open.map(|(x, _)| x));
            rows.push(columns.len());
        }
        Self { columns, rows }
    }

    /// Visits all, column and row: rows from below if `upwards`, columns from the right if `leftwards`.
    fn visit(&self, [leftwards, upwards]: [bool; 2], mut visit: impl FnMut(usize, usize)) {
        let height = self.rows.len() - 1;
        for n in 0..height {
            let y = if upwards { height - 1 - n } else { n };
            let row = &self.columns[self.rows[y]..self.rows[y + 1]];
            if leftwards {
                row.iter().rev().for_each(|&x| visit(x as usize, y));
            } else {
                row.iter().for_each(|&x| visit(x as usize, y));
            }
        }
    }
}
