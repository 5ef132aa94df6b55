//! Settling of what was spread: where little around is trusted a motion that was found may fit better than one spread from afar, and
//! single cells that differ from all around them are noise.

use super::cells::{Cells, Vector, apart, by_rows, difference};
use otinterp_simd::{Kernel, Level as Cpu, Simd};
use rayon::prelude::*;
use std::ops::Range;

/// Half width of the window in which trusted cells are counted, cells.
const COUNTED: usize = 5;
/// Above this share of trusted cells around what was spread stays.
const MOST_TRUSTED: f32 = 0.8;
/// Cells that are more hidden than this keep what was spread.
const MOST_HIDDEN: f32 = 0.3;
/// Half width of the median's window, cells.
const MEDIAN: usize = 2;
/// Cells of that window, and places for no more, whole vectors.
const PLACES: usize = 32;
/// Weight of a cell without trust in the median.
const UNTRUSTED: f32 = 0.5;
/// Cells whose colour differs by this have half the weight in the median, codes.
const ALIKE_CODES: f32 = 12.0;
/// Motions that differ more from their middle's are a reason for a median, cells.
const NOISE: f32 = 0.4;
/// Differences of motions count no more than this in the median, cells.
const MOST_APART: f32 = 3.0;

/// Takes back what was spread, where few cells around are trusted, the cell is not hidden, and the motion that was solved fits better
/// than the one that was spread: `error` is the solved one's, after boundaries were mended; beside trust its [`shares`].
pub fn keep_solved(
    [from, to]: [&Cells; 2],
    spread: &[Vector],
    solved: &[Vector],
    error: &[f32],
    (trusted, share): (&[bool], &[f32]),
    hidden: &[f32],
) -> Vec<Vector> {
    by_rows([from.width, from.height], |x, y| {
        let at = y * from.width + x;
        let stays = trusted[at]
            || spread[at] == solved[at]
            || share[at] > MOST_TRUSTED
            || hidden[at] > MOST_HIDDEN
            || from.led_to(x, y, spread[at]).is_none()
            || error[at] >= from.error_along(to, x, y, spread[at]);
        if stays { spread[at] } else { solved[at] }
    })
}

/// Share of trusted cells around each; beyond the border the border's again.
pub fn shares(trusted: &[bool], [width, height]: [usize; 2]) -> Vec<f32> {
    let within = |at: usize, len: usize| at.saturating_sub(COUNTED).min(len - 1);
    let side = 2 * COUNTED + 1;
    // Running sums over `side` rows of every column, and of these over as many columns: whole numbers, so exact.
    let mut columns = vec![0u16; width];
    let add = |columns: &mut [u16], y: usize, sign: u16| {
        let row = &trusted[within(y, height) * width..][..width];
        for (sum, &trusted) in columns.iter_mut().zip(row) {
            *sum = sum.wrapping_add(sign.wrapping_mul(trusted.into()));
        }
    };
    (0..side - 1).for_each(|y| add(&mut columns, y, 1));
    let mut out = Vec::with_capacity(width * height);
    for y in 0..height {
        add(&mut columns, y + side - 1, 1);
        let column = |x: usize| u32::from(columns[within(x, width)]);
        let mut sum: u32 = (0..side - 1).map(column).sum();
        for x in 0..width {
            sum += column(x + side - 1);
            out.push(sum as f32 / (side * side) as f32);
            sum -= column(x);
        }
        add(&mut columns, y, u16::MAX);
    }
    out
}

/// The weighted vector median of cells without trust (Sun, Roth & Black, *Secrets of optical flow estimation and their principles*,
/// 2010, §5): the motion of the window that lies nearest to all others in it, by likeness of colour.
pub fn median(cpu: Cpu, cells: &Cells, motion: &[Vector], trusted: &[bool]) -> Vec<Vector> {
    let mut out = motion.to_vec();
    out.par_chunks_mut(cells.width)
        .enumerate()
        .for_each(|(y, out)| {
            cpu.run(MedianRow {
                cells,
                motion,
                trusted,
                y,
                out,
            });
        });
    out
}

struct MedianRow<'a> {
    cells: &'a Cells,
    motion: &'a [Vector],
    trusted: &'a [bool],
    y: usize,
    out: &'a mut [Vector],
}

impl Kernel for MedianRow<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Cells { width, height, .. } = *self.cells;
        let y = self.y;
        let rows = y.saturating_sub(MEDIAN)..(y + MEDIAN + 1).min(height);
        for x in 0..width {
            let at = y * width + x;
            if self.trusted[at] {
                continue;
            }
            let columns = x.saturating_sub(MEDIAN)..(x + MEDIAN + 1).min(width);
            let mut noisy = false;
            for row in rows.clone() {
                for other in &self.motion[row * width..][columns.clone()] {
                    noisy |= apart(*other, self.motion[at]) > NOISE;
                }
            }
            if noisy {
                self.out[x] = self.median_of(at, rows.clone(), columns);
            }
        }
    }
}

impl MedianRow<'_> {
    #[inline(always)]
    fn median_of(&self, at: usize, rows: Range<usize>, columns: Range<usize>) -> Vector {
        // Places that are not used have no weight.
        let (mut dx, mut dy, mut weights) = ([0.0; PLACES], [0.0; PLACES], [0.0; PLACES]);
        let mut count = 0;
        for row in rows {
            for column in columns.clone() {
                let other = row * self.cells.width + column;
                let unlike = difference(self.cells.color(other), self.cells.color(at));
                let unlike = unlike * (1.0 / ALIKE_CODES);
                let weight = if self.trusted[other] { 1.0 } else { UNTRUSTED };
                [dx[count], dy[count]] = self.motion[other];
                weights[count] = weight / (1.0 + unlike * unlike);
                count += 1;
            }
        }
        let mut sums = [0.0; PLACES];
        for other in 0..count {
            for (candidate, sum) in sums.iter_mut().enumerate() {
                let apart = (dx[candidate] - dx[other]).abs() + (dy[candidate] - dy[other]).abs();
                *sum += weights[other]
                    * if apart < MOST_APART {
                        apart
                    } else {
                        MOST_APART
                    };
            }
        }
        let mut found = 0;
        for candidate in 1..count {
            if sums[candidate] < sums[found] {
                found = candidate;
            }
        }
        [dx[found], dy[found]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame_pyramid::PyramidLevel;
    use ndarray::Array2;

    const DIM: (usize, usize) = (9, 11);

    fn noise(x: usize, y: usize, seed: usize) -> f32 {
        ((x * 7919 + y * 104_729 + seed * 31) % 251) as f32 / 251.0
    }

    #[test]
    fn the_median_is_the_motion_of_the_window_with_the_least_weighted_sum_of_distances() {
        let level = PyramidLevel {
            planes: vec![Array2::from_shape_fn(DIM, |(y, x)| 0.3 * noise(x, y, 0))],
            quantized: None,
        };
        let cells = Cells::of(&level);
        let (height, width) = DIM;
        let places = || (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let motion: Vec<Vector> = places()
            .map(|(x, y)| [6.0 * noise(x, y, 1), 6.0 * noise(x, y, 2)])
            .collect();
        let trusted: Vec<bool> = places().map(|(x, y)| noise(x, y, 3) < 0.3).collect();
        for cpu in Cpu::available() {
            let found = median(cpu, &cells, &motion, &trusted);
            for ((x, y), found) in places().zip(found) {
                let at = y * width + x;
                if trusted[at] {
                    assert_eq!(found, motion[at]);
                    continue;
                }
                let window = || {
                    places().filter(|&(i, j)| i.abs_diff(x) <= MEDIAN && j.abs_diff(y) <= MEDIAN)
                };
                let sum = |candidate: Vector| -> f64 {
                    window()
                        .map(|(i, j)| {
                            let other = j * width + i;
                            let unlike = f64::from(difference(cells.color(other), cells.color(at)));
                            let unlike = unlike / f64::from(ALIKE_CODES);
                            let weight = if trusted[other] {
                                1.0
                            } else {
                                f64::from(UNTRUSTED)
                            };
                            let distance = apart(candidate, motion[other]).min(MOST_APART);
                            weight / (1.0 + unlike * unlike) * f64::from(distance)
                        })
                        .sum()
                };
                let least = window()
                    .map(|(i, j)| sum(motion[j * width + i]))
                    .fold(f64::MAX, f64::min);
                assert!(sum(found) < least + 1e-4, "{x},{y}: {found:?}");
            }
        }
    }

    #[test]
    fn shares_are_means_over_the_window_with_the_border_repeated() {
        for (height, width) in [(1, 1), (3, 20), (17, 9)] {
            let trusted: Vec<bool> = (0..width * height).map(|n| n * 7919 % 11 < 5).collect();
            let found = shares(&trusted, [width, height]);
            let by = COUNTED as isize;
            for (at, found) in found.into_iter().enumerate() {
                let near = |at: usize, d: isize, len: usize| {
                    (at as isize + d).clamp(0, len as isize - 1) as usize
                };
                let mut count = 0;
                for (dy, dx) in (-by..=by).flat_map(|dy| (-by..=by).map(move |dx| (dy, dx))) {
                    let (y, x) = (near(at / width, dy, height), near(at % width, dx, width));
                    count += i32::from(trusted[y * width + x]);
                }
                let truth = count as f32 / ((2 * by + 1) * (2 * by + 1)) as f32;
                assert!((found - truth).abs() < 1e-6, "{at}: {found} {truth}");
            }
        }
    }
}
