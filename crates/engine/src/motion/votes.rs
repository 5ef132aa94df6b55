//! Votes of a level's tiles: tiles over both pictures, their candidate displacements, and the fusion of their votes into one field.

use super::field::Field;
use super::tile::{SolveTile, TileJob, TileOptions, TileResult, Votes, tent};
use super::tile_mask::TileMask;
use crate::frame_pyramid::QuantizedFeatures;
use crate::picture::{samples, samples_mut};
use crate::pool::Pool;
use otinterp_ot::tile::SIDE;
use otinterp_simd::Level as Cpu;
use rayon::prelude::*;

/// Displacements that a tile tries at most.
const CANDIDATES: usize = 3;
/// A further candidate needs this many pixels that the windows before it leave out.
const CANDIDATE_PIXELS: usize = 4;
/// How far inside a window a prediction has to lie to count as reached, px.
const WINDOW_MARGIN_PX: f32 = 0.25;
/// Tiles whose results are held at a time: some MiB, whatever the picture's size.
const BATCH_TILES: usize = 512;
/// Confidence in the prediction where a tile was not solved. Without it the uncertain rim of a solved tile overrules a
/// good prediction beside it (1.4 px off on a known pan). Measured: from 1e-4 to 1 that is cured, and from 1e-4 to 0.1
/// DAVIS scatters by 0.03 dB, in no order.
const KEPT_CONFIDENCE: f32 = 0.1;
/// Tiles are solved in strips of so many columns of half tiles (even: both lattices start anew in each), so that the
/// rows of both pictures which a row of tiles reads are still in the second-level cache for the next.
const STRIP_COLUMNS: usize = 32;
/// Rows of a field that one task adds up.
const STRIPE_ROWS: usize = 32;

/// How tiles cover a picture: on one lattice or on two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lattices {
    /// Side by side.
    One,
    /// And once more, shifted by half a tile both ways.
    Two,
}

/// Solves one level: a new motion from a predicted one.
///
/// Tiles of 16×16 lie on one or two lattices over EACH of the two pictures; each tile's plan gives displacements both ways. So every
/// pixel is seen by two or four tiles in each direction, and exchanging the pictures exchanges the fields, exactly.
///
/// With a `mask`, only the tiles that touch its cells are solved; where no tile votes the prediction stays.
pub fn solve(
    cpu: Cpu,
    [first, second]: [&QuantizedFeatures; 2],
    fields: &mut [Field; 2],
    mask: Option<&[TileMask; 2]>,
    options: &TileOptions,
    lattices: Lattices,
) {
    let mut forward = Votings::new(first.dim());
    let mut backward = Votings::new(first.dim());
    let [ahead, back] = &*fields;
    rayon::join(
        || {
            let votings = [&mut forward.own, &mut backward.other];
            let jobs = jobs(ahead, mask.map(|c| &c[0]), options.radius, lattices);
            cast_votes(cpu, [first, second], ahead, &jobs, options, votings);
        },
        || {
            let votings = [&mut backward.own, &mut forward.other];
            let jobs = jobs(back, mask.map(|c| &c[1]), options.radius, lattices);
            cast_votes(cpu, [second, first], back, &jobs, options, votings);
        },
    );
    let [ahead, back] = fields;
    rayon::join(
        || forward.fuse(ahead, mask.map(|c| &c[0])),
        || backward.fuse(back, mask.map(|c| &c[1])),
    );
}

/// Solves tiles of the first picture and adds their votes.
fn cast_votes(
    cpu: Cpu,
    codes: [&QuantizedFeatures; 2],
    prediction: &Field,
    jobs: &[TileJob],
    options: &TileOptions,
    [own, other]: [&mut Tally; 2],
) {
    let mut memory = results_for(BATCH_TILES.min(jobs.len()));
    for batch in jobs.chunks(BATCH_TILES) {
        let results = &mut memory[..batch.len()];
        results
            .par_iter_mut()
            .zip(batch)
            .for_each(|(result, &job)| {
                let tile = SolveTile {
                    codes,
                    prediction,
                    job,
                    options,
                    result,
                };
                tile.run(cpu);
            });
        let results = &*results;
        rayon::join(
            || own.add(results, |r| &r.forward),
            || other.add(results, |r| &r.backward),
        );
    }
    SPARE_RESULTS.give(memory);
}

/// Results that are used again: both pictures' tiles are solved at the same time.
static SPARE_RESULTS: Pool<Vec<TileResult>> = Pool::new(MOST_SPARE_RESULTS);
/// Of clips that are worked on at the same time.
const MOST_SPARE_RESULTS: usize = 16;

/// Room for so many results or more, whatever they hold.
fn results_for(count: usize) -> Vec<TileResult> {
    let mut results = SPARE_RESULTS.take(|_| true).unwrap_or_default();
    if results.len() < count {
        results.resize(count, TileResult::new());
    }
    results
}

/// All tiles with all their candidates.
fn jobs(
    prediction: &Field,
    mask: Option<&TileMask>,
    radius: usize,
    lattices: Lattices,
) -> Vec<TileJob> {
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
    let strips = columns.chunks(STRIP_COLUMNS);
    let tiles: Vec<(isize, isize)> = strips
        .flat_map(|columns| {
            let every = if lattices == Lattices::One { 2 } else { 1 };
            let rows = rows.iter().enumerate().step_by(every);
            rows.flat_map(move |(r, &y0)| {
                let own_lattice = columns.iter().skip(r % 2).step_by(2);
                own_lattice.map(move |&x0| (x0, y0))
            })
        })
        .filter(|&(x0, y0)| mask.is_none_or(|mask| mask.touch_tile(x0, y0)))
        .collect();
    tiles
        .par_iter()
        .map_init(Vec::new, |scratch, &(x0, y0)| {
            let (bases, n) = candidates(prediction, (x0, y0), radius, scratch);
            let job = move |base| TileJob { x0, y0, base };
            bases.into_iter().take(n).map(job)
        })
        .flatten_iter()
        .collect()
}

/// Whole displacements for a tile, and how many: the median of its predictions, then of those that lie outside the
/// window around it, and so on. Where the predictions differ so little that every window around one of them holds all,
/// it is the middle of their range.
fn candidates(
    prediction: &Field,
    (x0, y0): (isize, isize),
    radius: usize,
    scratch: &mut Vec<(f32, f32)>,
) -> ([(isize, isize); CANDIDATES], usize) {
    let (height, width) = prediction.dim();
    let span = |o: isize, len: usize| {
        o.max(0) as usize..(o + SIDE as isize).clamp(0, len as isize) as usize
    };
    let (rows, columns) = (span(y0, height), span(x0, width));
    let (dx, dy) = (samples(&prediction.dx), samples(&prediction.dy));
    let tile_row = |y: usize| y * width + columns.start..y * width + columns.end;
    let reach = radius as f32 - WINDOW_MARGIN_PX;
    let mut bases = [(0, 0); CANDIDATES];
    let (mut x_range, mut y_range) = (Range::NONE, Range::NONE);
    for y in rows.clone() {
        x_range.take_in(&dx[tile_row(y)]);
        y_range.take_in(&dy[tile_row(y)]);
    }
    // A rounded middle lies half a pixel beside the true one at most.
    if x_range.len().max(y_range.len()) <= 2.0 * (reach - 0.5) {
        bases[0] = (x_range.middle(), y_range.middle());
        return (bases, 1);
    }
    scratch.clear();
    for y in rows {
        let (dx, dy) = (&dx[tile_row(y)], &dy[tile_row(y)]);
        scratch.extend(dx.iter().zip(dy).map(|(&dx, &dy)| (dx, dy)));
    }
    let mut n = 0;
    while n < CANDIDATES {
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
        bases[n] = (x as isize, y as isize);
        n += 1;
        let before = scratch.len();
        scratch.retain(|d| (d.0 - x).abs() > reach || (d.1 - y).abs() > reach);
        if scratch.len() == before {
            break;
        }
    }
    (bases, n)
}

/// Smallest and largest of some displacements along one axis, px.
#[derive(Clone, Copy)]
struct Range {
    low: f32,
    high: f32,
}

impl Range {
    const NONE: Self = Self {
        low: f32::MAX,
        high: f32::MIN,
    };

    #[inline(always)]
    fn take_in(&mut self, values: &[f32]) {
        let lesser = |a: f32, b: f32| if a < b { a } else { b };
        let greater = |a: f32, b: f32| if a > b { a } else { b };
        let Ok(values) = <&[f32; SIDE]>::try_from(values) else {
            for &v in values {
                *self = Self {
                    low: lesser(v, self.low),
                    high: greater(v, self.high),
                };
            }
            return;
        };
        let (mut low, mut high) = (*values, *values);
        for half in [8, 4, 2, 1] {
            for i in 0..half {
                low[i] = lesser(low[i], low[i + half]);
                high[i] = greater(high[i], high[i + half]);
            }
        }
        *self = Self {
            low: lesser(low[0], self.low),
            high: greater(high[0], self.high),
        };
    }

    fn len(self) -> f32 {
        self.high - self.low
    }

    fn middle(self) -> isize {
        (0.5 * (self.low + self.high)).round() as isize
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

    /// Replaces displacements by the weighted means of the votes. Own tiles that were not solved vote for the
    /// displacement as it is; where there is no other vote it stays, exactly.
    fn fuse(self, field: &mut Field, mask: Option<&TileMask>) {
        let width = field.dim().1;
        let stripe = STRIPE_ROWS * width;
        samples_mut(&mut field.dx)
            .par_chunks_mut(stripe)
            .zip(samples_mut(&mut field.dy).par_chunks_mut(stripe))
            .zip(self.own.stripes.into_par_iter().zip(self.other.stripes))
            .enumerate()
            .for_each(|(n, ((dx, dy), (own, other)))| {
                let Some(Sums([sum_dx, sum_dy, sum_weight])) = joined(own, other) else {
                    return;
                };
                let mut kept = vec![0.0; width];
                let rows = dx.chunks_exact_mut(width).zip(dy.chunks_exact_mut(width));
                for (r, (dx, dy)) in rows.enumerate() {
                    if let Some(mask) = mask {
                        kept_weights(mask, n * STRIPE_ROWS + r, &mut kept);
                    }
                    let weight = &sum_weight[r * width..][..width];
                    fuse_row(dx, &sum_dx[r * width..][..width], weight, &kept);
                    fuse_row(dy, &sum_dy[r * width..][..width], weight, &kept);
                }
            });
    }
}

/// The sum of both. Which is added to which makes no difference, to the bit.
fn joined(own: Option<Sums>, other: Option<Sums>) -> Option<Sums> {
    match (own, other) {
        (Some(mut own), Some(other)) => {
            for (own, other) in own.0.iter_mut().zip(&other.0) {
                for (a, b) in own.iter_mut().zip(other) {
                    *a += b;
                }
            }
            Some(own)
        }
        (one, None) | (None, one) => one,
    }
}

/// Weights of the prediction in row `y`: the tents of the own tiles that were not solved.
fn kept_weights(mask: &TileMask, y: usize, kept: &mut [f32]) {
    let half = SIDE / 2;
    for (column, kept) in kept.chunks_mut(half).enumerate() {
        kept.fill(0.0);
        let row = y / half;
        // The two tiles, one of each lattice, that a cell lies in: those whose row and column are both odd or both even.
        for (up, left) in [(0, (row + column) % 2), (1, (row + column + 1) % 2)] {
            let origin = |cell: usize, back: usize| (cell as isize - back as isize) * half as isize;
            let (x0, y0) = (origin(column, left), origin(row, up));
            if mask.touch_tile(x0, y0) {
                continue;
            }
            let vertical = KEPT_CONFIDENCE * tent((y as isize - y0) as usize);
            for (i, kept) in kept.iter_mut().enumerate() {
                *kept += vertical * tent(left * half + i);
            }
        }
    }
}

#[inline(always)]
fn fuse_row(row: &mut [f32], sums: &[f32], weights: &[f32], kept: &[f32]) {
    for (((d, &sum), &weight), &kept) in row.iter_mut().zip(sums).zip(weights).zip(kept) {
        // No weight at all: nothing is added.
        *d += (sum - weight * *d) / (weight + kept).max(f32::MIN_POSITIVE);
    }
}

/// Sums of weighted displacements, rightwards and downwards, and of weights, over a stripe.
struct Sums([Vec<f32>; 3]);

/// The sums of a picture by stripes of [`STRIPE_ROWS`]; nothing where no vote fell.
struct Tally {
    dim: (usize, usize),
    stripes: Vec<Option<Sums>>,
}

impl Tally {
    fn new(dim: (usize, usize)) -> Self {
        Self {
            dim,
            stripes: (0..dim.0.div_ceil(STRIPE_ROWS)).map(|_| None).collect(),
        }
    }

    /// Adds the votes of a batch. Stripes of rows are summed in parallel, each in the order of the
    /// tiles: the sums do not depend on the number of threads.
    fn add(&mut self, results: &[TileResult], votes: impl Fn(&TileResult) -> &Votes + Sync) {
        let (height, width) = self.dim;
        self.stripes
            .par_iter_mut()
            .enumerate()
            .for_each(|(n, stripe)| {
                let first_row = (n * STRIPE_ROWS) as isize;
                let end = height.min((n + 1) * STRIPE_ROWS) as isize;
                let rows = first_row..end;
                for votes in results.iter().map(&votes) {
                    if votes.y0 < rows.end && votes.y0 + SIDE as isize > rows.start {
                        let Sums(sums) = stripe.get_or_insert_with(|| {
                            let pixels = rows.len() * width;
                            Sums(std::array::from_fn(|_| vec![0.0; pixels]))
                        });
                        add_tile(votes, &rows, width, sums.each_mut().map(|s| &mut s[..]));
                    }
                }
            });
    }
}

/// Adds the part of a tile's votes that falls into some rows.
fn add_tile(votes: &Votes, rows: &std::ops::Range<isize>, width: usize, sums: [&mut [f32]; 3]) {
    let within = |at: isize| at.clamp(0, SIDE as isize) as usize;
    let (first, last) = (within(rows.start - votes.y0), within(rows.end - votes.y0));
    let (left, right) = (within(-votes.x0), within(width as isize - votes.x0));
    if left >= right {
        return;
    }
    for (sum, votes_of) in sums.into_iter().zip(&votes.sums) {
        for r in first..last {
            let y = (votes.y0 + r as isize - rows.start) as usize;
            let at = y * width + (votes.x0 + left as isize) as usize;
            let row = &votes_of[r * SIDE..][..SIDE];
            if right - left == SIDE {
                // The usual case, with a length that is known.
                let (sum, row) = (&mut sum[at..][..SIDE], &row[..SIDE]);
                for i in 0..SIDE {
                    sum[i] += row[i];
                }
            } else {
                for (s, v) in sum[at..].iter_mut().zip(&row[left..right]) {
                    *s += v;
                }
            }
        }
    }
}
