//! Adoption of motions: next to motion boundaries a cell takes over the motion, of those around it or of the other picture's that
//! lead to it, with the least photometric error. So boundaries of motion come to lie where those of the picture are.

use super::blocks::{Block, SIDE, Values};
use super::cells::{CORNER, Cells, MOST_DIFFERENCE, Vector, apart, by_rows, difference};
use otinterp_simd::{Kernel, Level as Cpu, Simd};
use rayon::prelude::*;

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
/// Around a block motions are taken from so far away, every [`EVERY`] cells.
const AROUND: usize = 7;
/// See [`AROUND`].
const EVERY: usize = 2;
/// Motions of the other picture that are tried where they land, of a block.
const MOST_LANDED: usize = 12;
/// Motions that are tried in a block.
const MOST_TRIED: usize = 64;

/// Motions of the cells of one picture and their photometric errors, in codes.
#[derive(Debug)]
pub struct Adopted {
    pub motion: Vec<Vector>,
    pub error: Vec<f32>,
}

/// The motions of the cells of `from` into `to`, boundaries mended; `back` are those from `to` into `from`.
pub fn adopted(cpu: Cpu, from: &Cells, to: &Cells, motion: &[Vector], back: &[Vector]) -> Adopted {
    let (width, height) = (from.width, from.height);
    let differences = differences(from, to, motion);
    let mut error = means([width, height], &differences);
    let mut out = motion.to_vec();
    let ranges = Ranges::of(from, motion);
    let landed = landed(to, back, ranges.columns);
    out.par_chunks_mut(SIDE * width)
        .zip(error.par_chunks_mut(SIDE * width))
        .enumerate()
        .for_each(|(row, (out, error))| {
            for column in 0..ranges.columns {
                let landed = &landed[row * ranges.columns + column];
                let first = [column * SIDE, row * SIDE];
                let middle = motion[first[1] * width + first[0]];
                let landed = landed.iter().map_while(|found| *found);
                let is_boundary = ranges.around(column, row) > BOUNDARY
                    || landed.clone().any(|other| apart(other, middle) > BOUNDARY);
                if !is_boundary {
                    continue;
                }
                let rows = SIDE.min(height - first[1]);
                let columns = first[0]..(first[0] + SIDE).min(width);
                let fits = |row: usize| {
                    error[row * width..][columns.clone()]
                        .iter()
                        .all(|e| *e <= GOOD)
                };
                if (0..rows).all(fits) {
                    continue;
                }
                cpu.run(InBlock {
                    pictures: [from, to],
                    motion,
                    landed: landed.collect::<Tried>(),
                    first,
                    differences: &differences,
                    out,
                    error,
                });
            }
        });
    Adopted { motion: out, error }
}

/// Whether another motion's error is enough below a cell's own, codes.
#[inline(always)]
pub fn is_better(error: f32, own: f32) -> bool {
    error < PART * own - MARGIN
}

/// Differences of all cells, each along its own motion, in codes.
fn differences(from: &Cells, to: &Cells, motion: &[Vector]) -> Vec<f32> {
    by_rows([from.width, from.height], |x, y| {
        let at = y * from.width + x;
        let [dx, dy] = motion[at];
        let there = to.bilinear(x as f32 + dx, y as f32 + dy);
        difference(from.color(at), there).min(MOST_DIFFERENCE)
    })
}

/// Weighted means over 3×3 cells.
fn means([width, height]: [usize; 2], values: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; width * height];
    out.par_chunks_mut(width).enumerate().for_each(|(y, out)| {
        let row = |y: usize| &values[y * width..][..width];
        let (above, here, below) = (
            row(y.saturating_sub(1)),
            row(y),
            row((y + 1).min(height - 1)),
        );
        let outer = |x: usize| CORNER * (above[x] + below[x]) + here[x];
        for (x, out) in out.iter_mut().enumerate() {
            let (left, right) = (x.saturating_sub(1), (x + 1).min(width - 1));
            let sum = above[x] + here[x] + below[x] + outer(left) + outer(right);
            *out = sum * (1.0 / (5.0 + 4.0 * CORNER));
        }
    });
    out
}

/// Least and largest motion of every block.
struct Ranges {
    columns: usize,
    rows: usize,
    /// Least and largest along x, and along y.
    of: Vec<[f32; 4]>,
}

impl Ranges {
    fn of(cells: &Cells, motion: &[Vector]) -> Self {
        let columns = cells.width.div_ceil(SIDE);
        let nothing = [f32::MAX, f32::MIN, f32::MAX, f32::MIN];
        let bands = motion.par_chunks(SIDE * cells.width);
        let of: Vec<[f32; 4]> = bands
            .flat_map_iter(|band| {
                let mut ranges = vec![nothing; columns];
                for row in band.chunks_exact(cells.width) {
                    for (range, part) in ranges.iter_mut().zip(row.chunks(SIDE)) {
                        for [dx, dy] in part {
                            *range = joined(*range, [*dx, *dx, *dy, *dy]);
                        }
                    }
                }
                ranges
            })
            .collect();
        Self {
            columns,
            rows: of.len() / columns,
            of,
        }
    }

    /// How far motions lie apart in a block and those around it.
    fn around(&self, column: usize, row: usize) -> f32 {
        let mut all = self.of[row * self.columns + column];
        for row in row.saturating_sub(1)..(row + 2).min(self.rows) {
            for column in column.saturating_sub(1)..(column + 2).min(self.columns) {
                all = joined(all, self.of[row * self.columns + column]);
            }
        }
        all[1] - all[0] + all[3] - all[2]
    }
}

fn joined(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
    [
        a[0].min(b[0]),
        a[1].max(b[1]),
        a[2].min(b[2]),
        a[3].max(b[3]),
    ]
}

/// Up to [`MOST_LANDED`] different motions of the other picture that end in each block, turned round.
fn landed(cells: &Cells, back: &[Vector], columns: usize) -> Vec<[Option<Vector>; MOST_LANDED]> {
    let width = cells.width;
    let mut landed = vec![[None; MOST_LANDED]; columns * cells.height.div_ceil(SIDE)];
    for (y, row) in back.chunks_exact(width).enumerate() {
        for (x, &[dx, dy]) in row.iter().enumerate() {
            let Some(to) = cells.led_to(x, y, [dx, dy]) else {
                continue;
            };
            let (to_x, to_y) = (to % width, to / width);
            let found = &mut landed[to_y / SIDE * columns + to_x / SIDE];
            let turned = [-dx, -dy];
            for place in found {
                match place {
                    Some(known) if apart(*known, turned) < SAME => break,
                    Some(_) => {}
                    None => {
                        *place = Some(turned);
                        break;
                    }
                }
            }
        }
    }
    landed
}

/// Motions to try, no two alike.
struct Tried {
    motions: [Vector; MOST_TRIED],
    count: usize,
}

impl Tried {
    #[inline(always)]
    fn add(&mut self, motion: Vector) {
        let known = &self.motions[..self.count];
        if self.count < MOST_TRIED && !known.iter().any(|known| apart(*known, motion) < SAME) {
            self.motions[self.count] = motion;
            self.count += 1;
        }
    }
}

impl FromIterator<Vector> for Tried {
    fn from_iter<I: IntoIterator<Item = Vector>>(motions: I) -> Self {
        let mut tried = Self {
            motions: [[0.0; 2]; MOST_TRIED],
            count: 0,
        };
        motions.into_iter().for_each(|motion| tried.add(motion));
        tried
    }
}

/// The cells of one block.
struct InBlock<'a> {
    pictures: [&'a Cells; 2],
    motion: &'a [Vector],
    landed: Tried,
    first: [usize; 2],
    /// Of all cells, along their own motions.
    differences: &'a [f32],
    /// Rows of cells from the block's on.
    out: &'a mut [Vector],
    error: &'a mut [f32],
}

impl Kernel for InBlock<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self) {
        let [from, to] = self.pictures;
        let (width, height) = (from.width, from.height);
        let [left, top] = self.first;
        let tried = self.tried();
        let block = Block::of(from, self.first);
        let mut limits: Values = [[-1.0; SIDE + 2]; SIDE];
        let (columns, rows) = (SIDE.min(width - left), SIDE.min(height - top));
        self.judge_own(&block, &mut limits, [rows, columns]);
        let mut best: Values = [[-1.0; SIDE + 2]; SIDE];
        for (n, &motion) in tried.motions[..tried.count].iter().enumerate() {
            let errors = block.errors(to, motion);
            for j in 0..SIDE {
                let y_within = from.has(0.0, (top + j) as f32 + motion[1]);
                for i in 0..SIDE + 2 {
                    let within = y_within & from.has((left + i) as f32 + motion[0], 0.0);
                    let better = within & (errors[j][i] < limits[j][i]);
                    limits[j][i] = if better { errors[j][i] } else { limits[j][i] };
                    best[j][i] = if better { n as f32 } else { best[j][i] };
                }
            }
        }
        for j in 0..rows {
            for i in 0..columns {
                if best[j][i] >= 0.0 {
                    self.out[j * width + left + i] = tried.motions[best[j][i] as usize];
                    self.error[j * width + left + i] = limits[j][i];
                }
            }
        }
    }
}

impl InBlock<'_> {
    /// Writes the errors of the cells' own motions, and what others' have to stay below; below [`GOOD`] none has to.
    #[inline(always)]
    fn judge_own(&mut self, block: &Block, limits: &mut Values, [rows, columns]: [usize; 2]) {
        let Cells { width, height, .. } = *self.pictures[0];
        let [left, top] = self.first;
        let mut around = [[0.0; SIDE + 4]; SIDE + 2];
        for (j, around) in around.iter_mut().enumerate() {
            let y = (top + j).saturating_sub(1).min(height - 1);
            for (i, around) in around[..SIDE + 2].iter_mut().enumerate() {
                let x = (left + i).saturating_sub(1).min(width - 1);
                *around = self.differences[y * width + x];
            }
        }
        let own = block.means(&around);
        for j in 0..rows {
            for i in 0..columns {
                let error = own[j][i];
                self.error[j * width + left + i] = error;
                if error > GOOD {
                    limits[j][i] = PART * error - MARGIN;
                }
            }
        }
    }

    /// No motion, for what stands still while all around it moves, those around, and those of the other picture that land there.
    #[inline(always)]
    fn tried(&self) -> Tried {
        let Cells { width, height, .. } = *self.pictures[0];
        let mut tried: Tried = std::iter::once([0.0; 2]).collect();
        let from = self.first.map(|at| at as isize - AROUND as isize);
        for down in (0..=2 * AROUND + SIDE).step_by(EVERY) {
            for right in (0..=2 * AROUND + SIDE).step_by(EVERY) {
                let (x, y) = (from[0] + right as isize, from[1] + down as isize);
                let is_there =
                    (0..width as isize).contains(&x) && (0..height as isize).contains(&y);
                if is_there {
                    tried.add(self.motion[y as usize * width + x as usize]);
                }
            }
        }
        for &motion in &self.landed.motions[..self.landed.count] {
            tried.add(motion);
        }
        tried
    }
}
