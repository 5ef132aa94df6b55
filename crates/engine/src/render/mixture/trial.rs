//! Photometric error of each candidate motion at half size; selects those blended at full size.

use super::blocks::HALF_BLOCK;
use super::candidates::{Candidate, Candidates};
use super::photometric::PhotometricError;
use otinterp_simd::partial::counted;
use otinterp_simd::{Kernel, LANES, Level as Cpu, Number, Simd, Vector};

/// A neighbour's motion that differs less than this from the pixel's own, |Δx| + |Δy|, is the same, px (measured).
const SAME_MOTION_PX: f32 = 0.25;
/// Motions that differ less than this, |Δx| + |Δy|, are joined to one, px (measured: between 0 and 0.5 DAVIS and Middlebury change
/// by 0.003 dB).
const JOINED_PX: f32 = 0.25;
/// Scale of the photometric error at half size, summed over three channels in `[0, 1]` (measured:
/// between 0.01 and 0.03 it changes 0.001 dB).
const USUAL_ERROR: f32 = 0.03;
/// Share of all weights that a motion needs somewhere in a block to be blended there (measured on DAVIS: 0.1 loses 0.001 dB with
/// `balanced` and 0.008 with `best`, 0.2 0.012).
const LEAST_SHARE: f32 = 0.05;
/// Errors are means over a square of `2·1 + 1` samples with the weights of a pyramid, 1, 2, 1.
const SMOOTHING: usize = 1;

/// A rectangle of samples at half size.
#[derive(Debug, Clone, Copy)]
pub struct Tile {
    /// The first row.
    pub y0: usize,
    /// How many rows.
    pub rows: usize,
    /// The first column.
    pub x0: usize,
    /// How many columns.
    pub columns: usize,
}

impl Tile {
    fn pitch(self) -> usize {
        (self.columns + 2 * SMOOTHING).next_multiple_of(LANES)
    }
}

/// The candidates of a tile, their photometric errors and weights.
#[derive(Debug, Default)]
pub struct Trial {
    pitch: usize,
    /// Errors along the own motions of both fields and along a neighbour's, `[row][column]`, one more on every side.
    errors: [Vec<f32>; 3],
    /// Of every candidate, `[row][column]`: its prior weight, and that divided by the photometric error's penalty.
    prior_weight: Vec<Vec<f32>>,
    weights: Vec<Vec<f32>>,
    /// Whether a candidate has any weight.
    present: Vec<bool>,
    /// dx and dy of the first candidate.
    first: [Vec<f32>; 2],
    line: Vec<f32>,
    /// The largest share of each candidate in a column.
    shares: Vec<Vec<f32>>,
}

/// Measures, weighs and joins all motions of a tile.
struct TryAll<'a> {
    trial: &'a mut Trial,
    candidates: &'a Candidates,
    photometric: &'a PhotometricError,
    tile: Tile,
}

impl Kernel for TryAll<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Self {
            trial,
            candidates,
            photometric,
            tile,
        } = self;
        for (h, hypothesis) in candidates.tried.iter().enumerate() {
            trial.present[h] = trial.measure::<S>(candidates, *hypothesis, photometric, tile);
            if trial.present[h] {
                trial.weigh::<S>(candidates, *hypothesis, h, tile);
            }
        }
        trial.join::<S>(candidates, tile);
    }
}

impl Trial {
    /// Tries all motions.
    pub fn run(
        &mut self,
        cpu: Cpu,
        candidates: &Candidates,
        photometric: &PhotometricError,
        tile: Tile,
    ) {
        let tried = &candidates.tried;
        self.pitch = tile.pitch();
        let (padded, len) = (
            (tile.rows + 2 * SMOOTHING) * self.pitch,
            tile.rows * self.pitch,
        );
        for errors in &mut self.errors {
            errors.resize(padded, 0.0);
        }
        self.weights.resize_with(tried.len(), Vec::new);
        self.prior_weight.resize_with(tried.len(), Vec::new);
        self.shares.resize_with(tried.len(), Vec::new);
        self.present.clear();
        self.present.resize(tried.len(), true);
        self.line.resize(self.pitch + LANES, 0.0);
        let kept = self.weights.iter_mut().chain(&mut self.prior_weight);
        for values in kept.chain(&mut self.first) {
            values.resize(len, 0.0);
        }
        cpu.run(TryAll {
            trial: self,
            candidates,
            photometric,
            tile,
        });
    }

    /// Photometric errors along a motion. False if it is nowhere other than the own.
    #[inline(always)]
    fn measure<S: Simd>(
        &mut self,
        candidates: &Candidates,
        hypothesis: Candidate,
        photometric: &PhotometricError,
        tile: Tile,
    ) -> bool {
        let Candidate { field, offset, .. } = hypothesis;
        let (height, width) = photometric.dim();
        let [own_a, own_b, other] = &mut self.errors;
        let is_own = hypothesis.is_own();
        let own: &mut Vec<f32> = if field == 0 { own_a } else { own_b };
        let v = S::V::splat;
        let left = tile.x0 as isize - SMOOTHING as isize;
        let mut any = is_own;
        for row in 0..tile.rows + 2 * SMOOTHING {
            let y = (tile.y0 + row) as isize - SMOOTHING as isize;
            let y = y.clamp(0, height as isize - 1);
            let d = candidates.fields[field].each_ref();
            let d = [
                d[0].row(y + offset.0, left + offset.1),
                d[1].row(y + offset.0, left + offset.1),
            ];
            let at_own = [
                candidates.fields[field][0].row(y, left),
                candidates.fields[field][1].row(y, left),
            ];
            let own = &mut own[row * self.pitch..][..self.pitch];
            let other = &mut other[row * self.pitch..][..self.pitch];
            for i in (0..self.pitch).step_by(LANES) {
                let d = [S::V::load(&d[0][i..]), S::V::load(&d[1][i..])];
                let mut apart = v(0.0);
                if !is_own {
                    let at_own = [S::V::load(&at_own[0][i..]), S::V::load(&at_own[1][i..])];
                    apart = distance::<S>(d, at_own);
                    if apart.largest() < SAME_MOTION_PX {
                        S::V::load(&own[i..]).store(&mut other[i..]);
                        continue;
                    }
                    any = true;
                }
                // Beyond the border stands the border's sample again.
                let x = counted::<S>((left + i as isize) as f32);
                let x = x.max(v(0.0)).min(v((width - 1) as f32));
                let half = [d[0].mul(v(0.5)), d[1].mul(v(0.5))];
                let error = photometric.difference::<S>([x, v(y as f32)], candidates.t, half);
                if is_own {
                    error.store(&mut own[i..]);
                } else {
                    let error = apart.select_less(v(SAME_MOTION_PX), S::V::load(&own[i..]), error);
                    error.store(&mut other[i..]);
                }
            }
        }
        any
    }

    /// The weights that follow from the errors around each sample.
    #[inline(always)]
    fn weigh<S: Simd>(
        &mut self,
        candidates: &Candidates,
        hypothesis: Candidate,
        h: usize,
        tile: Tile,
    ) {
        let v = S::V::splat;
        let pitch = self.pitch;
        let Candidate {
            field,
            offset,
            prior_weight,
        } = hypothesis;
        let is_own = hypothesis.is_own();
        let errors = &self.errors[if is_own { field } else { 2 }];
        let x0 = tile.x0 as isize;
        for row in 0..tile.rows {
            let y = (tile.y0 + row) as isize;
            let y = y.min(candidates.prior_weight[0].height as isize - 1);
            let around = &errors[row * pitch..][..3 * pitch];
            for i in (0..pitch).step_by(LANES) {
                let sum = S::V::load(&around[i..]).add(S::V::load(&around[2 * pitch + i..]));
                let sum = S::V::load(&around[pitch + i..]).mul_add(v(2.0), sum);
                sum.store(&mut self.line[i..]);
            }
            let prior = candidates.prior_weight[field].row(y, x0);
            let d = candidates.fields[field].each_ref().map(|p| p.row(y, x0));
            let n = candidates.fields[field]
                .each_ref()
                .map(|p| p.row(y + offset.0, x0 + offset.1));
            let weights = &mut self.weights[h][row * pitch..][..pitch];
            let prior_weights = &mut self.prior_weight[h][row * pitch..][..pitch];
            for i in (0..pitch).step_by(LANES) {
                let [a, b, c] = S::V::load_shifted::<3>(&self.line[i..]);
                let error = b.mul_add(v(2.0), a.add(c)).mul(v(1.0 / 16.0));
                let unlike = error.mul_add(v(1.0 / USUAL_ERROR), v(1.0));
                let mut prior = S::V::load(&prior[i..]).mul(v(prior_weight));
                if !is_own {
                    let apart = distance::<S>(
                        [S::V::load(&d[0][i..]), S::V::load(&d[1][i..])],
                        [S::V::load(&n[0][i..]), S::V::load(&n[1][i..])],
                    );
                    prior = apart.select_less(v(SAME_MOTION_PX), v(0.0), prior);
                }
                prior.store(&mut prior_weights[i..]);
                let weight = prior.div(unlike.mul(unlike));
                weight.store(&mut weights[i..]);
            }
        }
    }

    /// Gives the weights of motions that are nearly the same to the first of them.
    #[inline(always)]
    fn join<S: Simd>(&mut self, candidates: &Candidates, tile: Tile) {
        let tried = &candidates.tried[..];
        let v = S::V::splat;
        let pitch = self.pitch;
        let joined = v(JOINED_PX);
        let x0 = tile.x0 as isize;
        for shares in &mut self.shares {
            shares.clear();
            shares.resize(pitch, 0.0);
        }
        for row in 0..tile.rows {
            let y = (tile.y0 + row) as isize;
            let y = y.min(candidates.prior_weight[0].height as isize - 1);
            for i in (0..pitch).step_by(LANES) {
                let at = row * pitch + i;
                let own = motion::<S>(candidates, tried[0], y, x0, i);
                let second = motion::<S>(candidates, tried[1], y, x0, i);
                let apart = distance::<S>(own, second);
                let [mean_x, mean_y] = &candidates.mean;
                let mean_x = S::V::load(&mean_x.row(y, x0)[i..]);
                let mean_y = S::V::load(&mean_y.row(y, x0)[i..]);
                let (w0, w1) = (
                    S::V::load(&self.weights[0][at..]),
                    S::V::load(&self.weights[1][at..]),
                );
                let first = [
                    apart.select_less(joined, mean_x, own[0]),
                    apart.select_less(joined, mean_y, own[1]),
                ];
                first[0].store(&mut self.first[0][at..]);
                first[1].store(&mut self.first[1][at..]);
                let moved = apart.select_less(joined, w1, v(0.0));
                w0.add(moved).store(&mut self.weights[0][at..]);
                w1.sub(moved).store(&mut self.weights[1][at..]);
                let s0 = S::V::load(&self.prior_weight[0][at..]);
                let s1 = S::V::load(&self.prior_weight[1][at..]);
                let moved = apart.select_less(joined, s1, v(0.0));
                s0.add(moved).store(&mut self.prior_weight[0][at..]);
                s1.sub(moved).store(&mut self.prior_weight[1][at..]);
                let mut total = w0.add(w1);
                for h in 2..tried.len() {
                    if !self.present[h] {
                        continue;
                    }
                    let mut weight = S::V::load(&self.weights[h][at..]);
                    total = total.add(weight);
                    let mut prior = S::V::load(&self.prior_weight[h][at..]);
                    let d = motion::<S>(candidates, tried[h], y, x0, i);
                    for (g, &other) in tried.iter().enumerate().take(h) {
                        if weight.largest() == 0.0 {
                            break;
                        }
                        if !self.present[g] {
                            continue;
                        }
                        let to = if g == 0 {
                            first
                        } else {
                            motion::<S>(candidates, other, y, x0, i)
                        };
                        let taken = S::V::load(&self.weights[g][at..]);
                        let apart = distance::<S>(d, to);
                        // A motion that has no weight of its own takes none.
                        let joins = apart.select_less(joined, taken, v(0.0));
                        let moved = v(0.0).select_less(joins, weight, v(0.0));
                        taken.add(moved).store(&mut self.weights[g][at..]);
                        weight = weight.sub(moved);
                        let moved = v(0.0).select_less(joins, prior, v(0.0));
                        let taken = S::V::load(&self.prior_weight[g][at..]);
                        taken.add(moved).store(&mut self.prior_weight[g][at..]);
                        prior = prior.sub(moved);
                    }
                    weight.store(&mut self.weights[h][at..]);
                    prior.store(&mut self.prior_weight[h][at..]);
                }
                let scale = v(1.0).div(total);
                for (h, shares) in self.shares.iter_mut().enumerate() {
                    if self.present[h] {
                        let share = S::V::load(&self.weights[h][at..]).mul(scale);
                        share.max(S::V::load(&shares[i..])).store(&mut shares[i..]);
                    }
                }
            }
        }
    }

    /// The candidates that are blended in the tile's block `block`: bit `h` is candidate `h`.
    #[inline(always)]
    pub fn counting(&self, block: usize) -> u32 {
        let mut bits = 0;
        for (h, shares) in self.shares.iter().enumerate() {
            let columns = &shares[block * HALF_BLOCK..][..HALF_BLOCK + 1];
            if self.present[h] && columns.iter().any(|&s| s > LEAST_SHARE) {
                bits |= 1 << h;
            }
        }
        bits
    }

    /// Prior weight of a candidate in a row, from column `x` of the tile on.
    #[inline(always)]
    pub fn prior_weight(&self, h: usize, row: usize, x: usize) -> &[f32] {
        &self.prior_weight[h][row * self.pitch + x..]
    }

    /// dx or dy of the first candidate in a row, from column `x` of the tile on.
    #[inline(always)]
    pub fn first(&self, axis: usize, row: usize, x: usize) -> &[f32] {
        &self.first[axis][row * self.pitch + x..]
    }
}

/// `|Δx| + |Δy|` of two motions at sixteen samples.
#[inline(always)]
fn distance<S: Simd>(a: [S::V; 2], b: [S::V; 2]) -> S::V {
    let (x, y) = (a[0].sub(b[0]), a[1].sub(b[1]));
    let zero = S::V::splat(0.0);
    x.max(zero.sub(x)).add(y.max(zero.sub(y)))
}

/// A candidate's motion at sixteen samples of a row from column `x + i` on.
#[inline(always)]
fn motion<S: Simd>(
    candidates: &Candidates,
    hypothesis: Candidate,
    y: isize,
    x: isize,
    i: usize,
) -> [S::V; 2] {
    let Candidate { field, offset, .. } = hypothesis;
    let [dx, dy] = &candidates.fields[field];
    let (y, x) = (y + offset.0, x + offset.1);
    [
        S::V::load(&dx.row(y, x)[i..]),
        S::V::load(&dy.row(y, x)[i..]),
    ]
}
