//! Settling of what was spread: where little around is trusted a motion that was found may fit better than one spread from afar, and
//! single cells that differ from all around them are noise.

use super::cells::{Cells, Vector, apart, by_rows, difference};

/// Half width of the window in which trusted cells are counted, cells.
const COUNTED: usize = 5;
/// Above this share of trusted cells around what was spread stays.
const MOST_TRUSTED: f32 = 0.8;
/// Cells that are more hidden than this keep what was spread.
const MOST_HIDDEN: f32 = 0.3;
/// Half width of the median's window, cells.
const MEDIAN: isize = 2;
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
            || share[at] > MOST_TRUSTED
            || hidden[at] > MOST_HIDDEN
            || from.led_to(x, y, spread[at]).is_none()
            || error[at] >= from.error_along(to, x, y, spread[at]);
        if stays { spread[at] } else { solved[at] }
    })
}

/// Share of trusted cells around each; beyond the border the border's again.
pub fn shares(trusted: &[bool], [width, height]: [usize; 2]) -> Vec<f32> {
    let near = |at: usize, by: usize, len: usize| (at + by).saturating_sub(COUNTED).min(len - 1);
    let across = by_rows([width, height], |x, y| {
        let row = &trusted[y * width..][..width];
        let count = (0..=2 * COUNTED)
            .filter(|&by| row[near(x, by, width)])
            .count();
        count as f32
    });
    let side = (2 * COUNTED + 1) as f32;
    by_rows([width, height], |x, y| {
        let rows = (0..=2 * COUNTED).map(|by| across[near(y, by, height) * width + x]);
        rows.sum::<f32>() / (side * side)
    })
}

/// The weighted vector median of cells without trust (Sun, Roth & Black, *Secrets of optical flow estimation and their principles*,
/// 2010, §5): the motion of the window that lies nearest to all others in it, by likeness of colour.
pub fn median(cells: &Cells, motion: &[Vector], trusted: &[bool]) -> Vec<Vector> {
    by_rows([cells.width, cells.height], |x, y| {
        let at = y * cells.width + x;
        if trusted[at] {
            return motion[at];
        }
        const WINDOW: usize = ((2 * MEDIAN + 1) * (2 * MEDIAN + 1)) as usize;
        let mut window = [([0.0; 2], 0.0); WINDOW];
        let (mut count, mut noisy) = (0, false);
        for down in -MEDIAN..=MEDIAN {
            for right in -MEDIAN..=MEDIAN {
                let Some(other) = cells.neighbour(x, y, [right, down]) else {
                    continue;
                };
                let unlike = difference(cells.color(other), cells.color(at)) * (1.0 / ALIKE_CODES);
                let weight = if trusted[other] { 1.0 } else { UNTRUSTED };
                window[count] = (motion[other], weight / (1.0 + unlike * unlike));
                count += 1;
                noisy |= apart(motion[other], motion[at]) > NOISE;
            }
        }
        if !noisy {
            return motion[at];
        }
        let window = &window[..count];
        let (mut least, mut found) = (f32::MAX, motion[at]);
        for &(candidate, _) in window {
            let distances = window
                .iter()
                .map(|(other, weight)| weight * apart(candidate, *other).min(MOST_APART));
            let sum = distances.sum::<f32>();
            if sum < least {
                (least, found) = (sum, candidate);
            }
        }
        found
    })
}
