//! One pyramid level: tiles over both pictures, their candidates, and the fusion of what they say.

use super::field::{Field, Motion};
use super::tile::{SolveTile, TileJob, TileOptions, TileResult, TileScratch, Votes};
use crate::measure::Features;
use crate::ot::window::SIDE;
use crate::picture::{samples, samples_mut};
use crate::simd::Level as Cpu;
use ndarray::Array2;
use rayon::prelude::*;

/// Displacements that a tile tries at most.
const CANDIDATES: usize = 3;
/// A further candidate needs this many pixels that the windows before it leave out.
const CANDIDATE_PIXELS: usize = 4;
/// How far inside a window a prediction has to lie to count as reached, px.
const WINDOW_MARGIN_PX: f32 = 0.25;
/// Tiles whose results are held at a time: some MiB, whatever the picture's size.
const BATCH_TILES: usize = 512;
/// Rows of a field that one task adds up.
const STRIPE_ROWS: usize = 32;

/// Solves one level: a new motion from a predicted one.
///
/// Tiles of 16×16 lie on two lattices, the second shifted by half a tile both ways, over EACH of the
/// two pictures; each tile's plan gives displacements both ways. So every pixel is seen by four
/// tiles in each direction, and exchanging the pictures exchanges the fields, exactly.
pub fn solve(
    cpu: Cpu,
    first: &Features,
    second: &Features,
    prediction: &Motion,
    options: &TileOptions,
) -> Motion {
    let mut forward = Votings::new(first.dim());
    let mut backward = Votings::new(first.dim());
    cast_votes(
        cpu,
        first,
        second,
        &prediction.forward,
        options,
        &mut forward.own,
        &mut backward.other,
    );
    cast_votes(
        cpu,
        second,
        first,
        &prediction.backward,
        options,
        &mut backward.own,
        &mut forward.other,
    );
    Motion {
        forward: forward.fused(),
        backward: backward.fused(),
    }
}

/// Solves all tiles of `source` and adds what they say.
fn cast_votes(
    cpu: Cpu,
    source: &Features,
    target: &Features,
    prediction: &Field,
    options: &TileOptions,
    own: &mut Tally,
    other: &mut Tally,
) {
    let jobs = jobs(prediction, options.shape.radius);
    let mut results = vec![TileResult::new(options.shape); BATCH_TILES.min(jobs.len())];
    for batch in jobs.chunks(BATCH_TILES) {
        let results = &mut results[..batch.len()];
        results.par_iter_mut().zip(batch).for_each_init(
            || TileScratch::new(options.shape, source.planes.len()),
            |scratch, (result, &job)| {
                cpu.run(SolveTile {
                    source,
                    target,
                    prediction,
                    job,
                    options,
                    scratch,
                    result,
                });
            },
        );
        let results = &*results;
        rayon::join(
            || own.add(results, |r| &r.forward),
            || other.add(results, |r| &r.backward),
        );
    }
}

/// All tiles with all their candidates.
fn jobs(prediction: &Field, radius: usize) -> Vec<TileJob> {
    let (height, width) = prediction.dim();
    let origins = |len: usize| -> Vec<isize> {
        let half = SIDE as isize / 2;
        (0..len as isize + half)
            .step_by(SIDE / 2)
            .map(|o| o - half)
            .collect()
    };
    let columns = origins(width);
    let rows = origins(height);
    let tiles: Vec<(isize, isize)> = rows
        .iter()
        .enumerate()
        .flat_map(|(r, &y0)| {
            columns
                .iter()
                .enumerate()
                .filter(move |(c, _)| c % 2 == r % 2)
                .map(move |(_, &x0)| (x0, y0))
        })
        .collect();
    tiles
        .par_iter()
        .map_init(Vec::new, |scratch, &(x0, y0)| {
            let mut bases = Vec::with_capacity(CANDIDATES);
            candidates(prediction, x0, y0, radius, scratch, &mut bases);
            bases
                .into_iter()
                .map(|base| TileJob { x0, y0, base })
                .collect::<Vec<_>>()
        })
        .flatten_iter()
        .collect()
}

/// Whole displacements for a tile: the median of its predictions, then of those that lie outside the
/// window around it, and so on.
fn candidates(
    prediction: &Field,
    x0: isize,
    y0: isize,
    radius: usize,
    scratch: &mut Vec<(f32, f32)>,
    bases: &mut Vec<(isize, isize)>,
) {
    let (height, width) = prediction.dim();
    let span = |o: isize, len: usize| {
        o.max(0) as usize..(o + SIDE as isize).clamp(0, len as isize) as usize
    };
    let (dx, dy) = (samples(&prediction.dx), samples(&prediction.dy));
    scratch.clear();
    for y in span(y0, height) {
        let columns = span(x0, width);
        let row = y * width;
        scratch.extend(columns.map(|x| (dx[row + x], dy[row + x])));
    }
    let reach = radius as f32 - WINDOW_MARGIN_PX;
    for n in 0..CANDIDATES {
        let needed = if n == 0 { 1 } else { CANDIDATE_PIXELS };
        if scratch.len() < needed {
            break;
        }
        let middle = scratch.len() / 2;
        let x = scratch
            .select_nth_unstable_by(middle, |a, b| a.0.total_cmp(&b.0))
            .1
            .0
            .round();
        let y = scratch
            .select_nth_unstable_by(middle, |a, b| a.1.total_cmp(&b.1))
            .1
            .1
            .round();
        bases.push((x as isize, y as isize));
        let before = scratch.len();
        scratch.retain(|d| (d.0 - x).abs() > reach || (d.1 - y).abs() > reach);
        if scratch.len() == before {
            break;
        }
    }
}

/// The votes for one field, from tiles of its own picture and from those of the other, kept
/// apart so that the order of addition does not depend on which picture is the first.
struct Votings {
    own: Tally,
    other: Tally,
}

impl Votings {
    fn new(dim: (usize, usize)) -> Self {
        Self {
            own: Tally::new(dim),
            other: Tally::new(dim),
        }
    }

    /// Weighted means.
    fn fused(self) -> Field {
        let Self { mut own, other } = self;
        for (own_sum, other_sum) in [(&mut own.dx, &other.dx), (&mut own.dy, &other.dy)] {
            ndarray::Zip::from(own_sum)
                .and(other_sum)
                .and(&own.weight)
                .and(&other.weight)
                .par_for_each(|d, &b, &wa, &wb| *d = (*d + b) / (wa + wb).max(f32::MIN_POSITIVE));
        }
        Field {
            dx: own.dx,
            dy: own.dy,
        }
    }
}

/// Sums of weighted displacements and of weights.
struct Tally {
    dx: Array2<f32>,
    dy: Array2<f32>,
    weight: Array2<f32>,
}

impl Tally {
    fn new(dim: (usize, usize)) -> Self {
        Self {
            dx: Array2::zeros(dim),
            dy: Array2::zeros(dim),
            weight: Array2::zeros(dim),
        }
    }

    /// Adds the votes of a batch. Stripes of rows are summed in parallel, each in the order of the
    /// tiles: the sums do not depend on the number of threads.
    fn add(&mut self, results: &[TileResult], votes: impl Fn(&TileResult) -> &Votes + Sync) {
        let (_, width) = self.weight.dim();
        let stripe = STRIPE_ROWS * width;
        samples_mut(&mut self.dx)
            .par_chunks_mut(stripe)
            .zip(samples_mut(&mut self.dy).par_chunks_mut(stripe))
            .zip(samples_mut(&mut self.weight).par_chunks_mut(stripe))
            .enumerate()
            .for_each(|(n, ((dx, dy), weight))| {
                let first_row = (n * STRIPE_ROWS) as isize;
                let rows = first_row..first_row + (weight.len() / width) as isize;
                for result in results {
                    add_tile(votes(result), &rows, width, [dx, dy, weight]);
                }
            });
    }
}

/// Adds the part of a tile's votes that falls into some rows, weighted by a tent over the tile.
fn add_tile(votes: &Votes, rows: &std::ops::Range<isize>, width: usize, sums: [&mut [f32]; 3]) {
    let [sum_dx, sum_dy, sum_weight] = sums;
    let side = votes.side;
    let tent = |i: usize| 0.5 + i.min(side - 1 - i) as f32;
    let first = (rows.start - votes.y0).clamp(0, side as isize) as usize;
    let last = (rows.end - votes.y0).clamp(0, side as isize) as usize;
    let left = (-votes.x0).clamp(0, side as isize) as usize;
    let right = (width as isize - votes.x0).clamp(0, side as isize) as usize;
    if left >= right {
        return;
    }
    for r in first..last {
        let y = (votes.y0 + r as isize - rows.start) as usize;
        let at = y * width + (votes.x0 + left as isize) as usize;
        let n = right - left;
        let source = r * side + left;
        let (dx, dy) = (&votes.dx[source..][..n], &votes.dy[source..][..n]);
        let weight = &votes.weight[source..][..n];
        let (sx, sy, sw) = (
            &mut sum_dx[at..][..n],
            &mut sum_dy[at..][..n],
            &mut sum_weight[at..][..n],
        );
        for i in 0..n {
            let w = weight[i] * tent(r) * tent(left + i);
            sx[i] += w * dx[i];
            sy[i] += w * dy[i];
            sw[i] += w;
        }
    }
}
