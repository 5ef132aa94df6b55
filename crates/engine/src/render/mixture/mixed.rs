//! Blocks rendered as the weighted mean along several candidate motions.

use super::along::{AnyColors, Colors};
use super::blocks::{BLOCK_PX, HALF_BLOCK};
use super::candidates::{Candidate, Candidates, Ends};
use super::halved::doubled;
use super::photometric::PhotometricError;
use super::planes::{Other, Planes};
use super::still::Still;
use super::trial::{Tile, Trial};
use crate::picture::samples;
use otinterp_simd::partial::counted;
use otinterp_simd::partial::{load, store};
use otinterp_simd::{Kernel, LANES, Level as Cpu, Number, Simd, Vector};

/// Blocks that are tried together at most: what they need stays in the cache.
pub const MOST_BLOCKS: usize = 16;

/// Scale of the photometric error e, summed over three channels in `[0, 1]` (measured:
/// from 0.01 to 0.015 DAVIS gains 0.011 dB and Middlebury loses 0.003): a motion's weight is `(1 + e/0.015)^-2`. The power is scale-free: between two bad motions it is the
/// ratio of their errors that counts.
const USUAL_ERROR: f32 = 0.015;
/// Errors are means over a square of `2·3 + 1` px with the weights of a pyramid (measured), as far as it lies in the block.
const REACH_PX: usize = 3;
/// Weights of the pixels on one side, the middle one's last.
const TENT: [f32; REACH_PX + 1] = [1.0, 2.0, 3.0, 4.0];

/// Memory for a piece of a row of blocks.
#[derive(Debug, Default)]
pub struct Mixed {
    trial: Trial,
    still: Still,
    shown: Vec<Shown>,
}

/// A block sampled along one candidate motion, `[row][column]`.
#[derive(Debug, Default, Clone)]
struct Shown {
    dx: [[f32; LANES]; BLOCK_PX],
    dy: [[f32; LANES]; BLOCK_PX],
    /// At first the prior weight, then that divided by the photometric error's penalty.
    weight: [[f32; LANES]; BLOCK_PX],
    /// Photometric error; with room above and below for the smoothing.
    error: [[f32; LANES]; BLOCK_PX + 2 * REACH_PX],
    /// Of up to three colour planes.
    values: [[[f32; LANES]; BLOCK_PX]; 3],
}

/// A block.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// First row and column in the picture.
    y: usize,
    x: usize,
    /// First column of the tile at half size.
    column: usize,
    rows: usize,
    columns: usize,
}

impl Mixed {
    /// Renders some blocks of a row of blocks. `errors` and `out` hold the row's samples: of the least error of all motions at half size, and
    /// of every plane.
    ///
    /// Every step is a kernel of its own: as one they would take minutes to compile.
    pub fn render(
        &mut self,
        cpu: Cpu,
        (candidates, photometric): (&Candidates, &PhotometricError),
        planes: &Planes<'_>,
        (block_row, blocks): (usize, std::ops::Range<usize>),
        errors: &mut [f32],
        out: &mut [&mut [f32]],
    ) {
        let tile = Tile {
            y0: block_row * HALF_BLOCK,
            rows: HALF_BLOCK + 1,
            x0: blocks.start * HALF_BLOCK,
            columns: blocks.len() * HALF_BLOCK + 1,
        };
        self.trial.run(cpu, candidates, photometric, tile);
        let (height, width) = planes.dim;
        let (y, x0) = (block_row * BLOCK_PX, blocks.start * BLOCK_PX);
        let rows = BLOCK_PX.min(height - y);
        let columns = (blocks.len() * BLOCK_PX).min(width - x0);
        self.still.weigh(cpu, planes, [y, x0], [rows, columns]);
        for block in 0..blocks.len() {
            let x = x0 + block * BLOCK_PX;
            let place = Place {
                y,
                x,
                column: block * HALF_BLOCK,
                rows,
                columns: BLOCK_PX.min(width - x),
            };
            let mut bits = self.trial.counting(block);
            let count = bits.count_ones() as usize;
            if self.shown.len() < count {
                self.shown.resize_with(count, Shown::default);
            }
            let mut best = [[f32::MAX; LANES]; BLOCK_PX];
            for shown in &mut self.shown[..count] {
                let h = bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let show = Show {
                    shown,
                    trial: &self.trial,
                    candidates,
                    h,
                    place,
                    best: &mut best,
                };
                match &planes.colors {
                    AnyColors::One(colors) => cpu.run(ShowIn(show, colors)),
                    AnyColors::Three(colors) => cpu.run(ShowIn(show, colors)),
                }
            }
            let (_, half_width) = photometric.dim();
            for (row, errors) in errors.chunks_exact_mut(half_width).enumerate() {
                let columns = place.columns.div_ceil(2);
                for (k, error) in errors[x / 2..][..columns].iter_mut().enumerate() {
                    *error = best[2 * row][2 * k];
                }
            }
            cpu.run(Mix {
                t: candidates.t,
                planes,
                still: &self.still,
                shown: &self.shown[..count],
                place,
                out,
            });
        }
    }
}

/// A candidate motion along which a block is to be sampled and weighted.
struct Show<'a> {
    shown: &'a mut Shown,
    trial: &'a Trial,
    candidates: &'a Candidates,
    /// Which candidate.
    h: usize,
    place: Place,
    /// The least error so far of every pixel.
    best: &'a mut [[f32; LANES]; BLOCK_PX],
}

/// The same in so many colour planes.
struct ShowIn<'a, const P: usize>(Show<'a>, &'a Colors<'a, P>);

impl<const P: usize> Kernel for ShowIn<'_, P> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Self(show, colors) = self;
        let hypothesis = (show.h, show.candidates.tried[show.h]);
        let (shown, place) = (show.shown, show.place);
        shown.find::<S>(show.trial, show.candidates, hypothesis, place);
        shown.sample::<S, P>(show.candidates.t, colors, place);
        shown.weigh::<S>(place, show.best);
    }
}

/// Writes the weighted mean along the motions.
struct Mix<'a, 'o> {
    t: f32,
    planes: &'a Planes<'a>,
    still: &'a Still,
    shown: &'a [Shown],
    place: Place,
    out: &'a mut [&'o mut [f32]],
}

impl Kernel for Mix<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Self {
            t,
            planes,
            still: stands_still,
            shown,
            place,
            out,
        } = self;
        let v = S::V::splat;
        let (_, width) = planes.dim;
        let full_size = planes.full_size;
        for row in 0..place.rows {
            let y = place.y + row;
            let mut still = [0.0; LANES];
            let weight = stands_still.row(row, 2 * place.column);
            still[..place.columns].copy_from_slice(&weight[..place.columns]);
            let mut total = S::V::load(&still);
            for shown in shown {
                total = total.add(S::V::load(&shown.weight[row]));
            }
            let scale = v(1.0).div(total);
            for (index, [a, b]) in planes.rows(y, place.x, place.columns).enumerate() {
                let (a, b) = (load::<S>(a), load::<S>(b));
                let mut sum = b.sub(a).mul_add(v(t), a).mul(S::V::load(&still));
                for shown in shown {
                    let weight = S::V::load(&shown.weight[row]);
                    sum = weight.mul_add(S::V::load(&shown.values[index][row]), sum);
                }
                let out = &mut out[index][row * width + place.x..][..place.columns];
                store::<S>(sum.mul(scale), out);
            }
            for (n, other) in planes.others.iter().enumerate() {
                if row % (1 << other.shift.0) == 0 {
                    let index = full_size + n;
                    let pictures = planes.pictures.map(|p| samples(&p.planes()[index]));
                    subsampled::<S>(t, other, pictures, shown, &still, (place, row), out[index]);
                }
            }
        }
    }
}

impl Shown {
    /// The motion and its prior weight.
    #[inline(always)]
    fn find<S: Simd>(
        &mut self,
        trial: &Trial,
        candidates: &Candidates,
        (h, hypothesis): (usize, Candidate),
        place: Place,
    ) {
        let Candidate { field, offset, .. } = hypothesis;
        let x = place.column;
        for row in 0..place.rows {
            let (upper, lower) = (row / 2, row / 2 + row % 2);
            doubled::<S>(
                trial.prior_weight(h, upper, x),
                trial.prior_weight(h, lower, x),
            )
            .store(&mut self.weight[row]);
            let axes = [&mut self.dx[row], &mut self.dy[row]];
            for (axis, line) in axes.into_iter().enumerate() {
                let (a, b) = if h == 0 {
                    (trial.first(axis, upper, x), trial.first(axis, lower, x))
                } else {
                    let plane = &candidates.fields[field][axis];
                    let column = (place.x / 2) as isize + offset.1;
                    let y = (place.y / 2) as isize + offset.0;
                    (
                        plane.row(y + upper as isize, column),
                        plane.row(y + lower as isize, column),
                    )
                };
                doubled::<S>(a, b).store(line);
            }
        }
    }

    /// Samples the full-size colour planes.
    #[inline(always)]
    fn sample<S: Simd, const P: usize>(&mut self, t: f32, colors: &Colors<'_, P>, place: Place) {
        for row in 0..place.rows {
            let d = [S::V::load(&self.dx[row]), S::V::load(&self.dy[row])];
            let (values, error) = colors.along::<S>([place.y + row, place.x], t, d);
            for (value, kept) in values.iter().zip(&mut self.values) {
                value.store(&mut kept[row]);
            }
            error.store(&mut self.error[REACH_PX + row]);
        }
        let below = &mut self.error[REACH_PX + place.rows..];
        below.fill([0.0; LANES]);
    }

    /// Weighs the motion by its photometric error; `best` keeps the least error.
    #[inline(always)]
    fn weigh<S: Simd>(&mut self, place: Place, best: &mut [[f32; LANES]; BLOCK_PX]) {
        let v = S::V::splat;
        let mut line = [0.0; LANES + 2 * REACH_PX];
        let mut scales = [0.0; LANES];
        for (x, scale) in scales.iter_mut().enumerate() {
            *scale = 1.0 / tent_sum(x, LANES);
        }
        for (row, best) in best.iter_mut().enumerate().take(place.rows) {
            let mut sum = v(0.0);
            for n in 0..=2 * REACH_PX {
                sum = S::V::load(&self.error[row + n]).mul_add(v(tent(n)), sum);
            }
            sum.store(&mut line[REACH_PX..]);
            let near = S::V::load_shifted::<{ 2 * REACH_PX + 1 }>(&line);
            let mut sum = v(0.0);
            for (n, near) in near.iter().enumerate() {
                sum = near.mul_add(v(tent(n)), sum);
            }
            let scale = S::V::load(&scales).mul(v(1.0 / tent_sum(row, place.rows)));
            let error = sum.mul(scale);
            error.min(S::V::load(best)).store(best);
            let unlike = error.mul_add(v(1.0 / USUAL_ERROR), v(1.0));
            let weight = S::V::load(&self.weight[row]).div(unlike.mul(unlike));
            weight.store(&mut self.weight[row]);
        }
    }
}

/// Weight of the `n`-th of seven pixels.
#[inline(always)]
fn tent(n: usize) -> f32 {
    TENT[n.min(2 * REACH_PX - n)]
}

/// Sum of the weights around place `at` that lie among `len`.
#[inline(always)]
fn tent_sum(at: usize, len: usize) -> f32 {
    let mut sum = 0.0;
    for n in 0..=2 * REACH_PX {
        if at + n >= REACH_PX && at + n < len + REACH_PX {
            sum += tent(n);
        }
    }
    sum
}

/// A plane of fewer samples, or alpha: every sample moves with its first pixel.
#[inline(always)]
fn subsampled<S: Simd>(
    t: f32,
    plane: &Other<'_>,
    pictures: [&[f32]; 2],
    shown: &[Shown],
    still: &[f32; LANES],
    (place, row): (Place, usize),
    out: &mut [f32],
) {
    let v = S::V::splat;
    let (sy, sx) = plane.shift;
    let dim = (plane.first.height, plane.first.width);
    let (y, x) = ((place.y + row) >> sy, place.x >> sx);
    let n = place.columns.div_ceil(1 << sx);
    let (to_y, to_x) = (1.0 / f32::from(1u8 << sy), 1.0 / f32::from(1u8 << sx));
    let [a, b] = pictures.map(|samples| &samples[y * dim.1 + x..][..n]);
    let mut total = every::<S>(still, sx);
    let (a, b) = (load::<S>(a), load::<S>(b));
    let mut sum = b.sub(a).mul_add(v(t), a).mul(total);
    for shown in shown {
        let d = [
            every::<S>(&shown.dx[row], sx).mul(v(to_x)),
            every::<S>(&shown.dy[row], sx).mul(v(to_y)),
        ];
        let weight = every::<S>(&shown.weight[row], sx);
        let ends = Ends::<S>::of(counted::<S>(x as f32), v(y as f32), t, d);
        let value = ends.blend(t, dim, plane.first, plane.second);
        sum = value.mul_add(weight, sum);
        total = total.add(weight);
    }
    store::<S>(sum.div(total), &mut out[(row >> sy) * dim.1 + x..][..n]);
}

/// Every `2^shift`-th lane; those beyond repeat the last.
#[inline(always)]
fn every<S: Simd>(lanes: &[f32; LANES], shift: u8) -> S::V {
    let mut out = [0.0; LANES];
    for (l, out) in out.iter_mut().enumerate() {
        *out = lanes[(l << shift).min(LANES - (1 << shift))];
    }
    S::V::load(&out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use otinterp_simd::{Kernel, Level};

    /// Weighs a motion whose error is the same in a whole block of so many rows.
    struct Even(f32, usize);

    impl Kernel for Even {
        type Output = (Shown, [[f32; LANES]; BLOCK_PX]);

        #[inline(always)]
        fn run<S: Simd>(self) -> Self::Output {
            let Self(error, rows) = self;
            let place = Place {
                y: 0,
                x: 0,
                column: 0,
                rows,
                columns: LANES,
            };
            let mut shown = Shown::default();
            let mut best = [[f32::MAX; LANES]; BLOCK_PX];
            for row in 0..rows {
                shown.weight[row] = [1.5; LANES];
                shown.error[REACH_PX + row] = [error; LANES];
            }
            shown.weigh::<S>(place, &mut best);
            (shown, best)
        }
    }

    #[test]
    fn weights_fall_with_the_square_of_the_error_up_to_the_blocks_border() {
        for (error, rows) in [(0.0, 16), (0.004, 16), (0.3, 7), (3.0f32, 1)] {
            let expected = 1.5 / (1.0 + error / USUAL_ERROR).powi(2);
            let (shown, best) = Level::current().unwrap().run(Even(error, rows));
            for (weights, errors) in shown.weight.iter().zip(&best).take(rows) {
                for (weight, least) in weights.iter().zip(errors) {
                    assert!((weight / expected - 1.0).abs() < 1e-5, "{error}: {weight}");
                    assert!((least - error).abs() < 1e-6 * (1.0 + error));
                }
            }
        }
    }
}
