//! Fallback map and uncertainty: where the photometric error of the motion is too large (a cut, a flash, water), the picture is
//! cross-faded.
//!
//! The evidence is the transport's residual cost. Over a region of about 100 px, differences scatter by `s` pixel for
//! pixel and by `m` along the motion. Of 76 public pairs of real scenes 47 have no region that counts, and the largest share
//! of a picture is 0.29, the next 0.15; of six pairs of different scenes it is 0.43 to 0.93. There a mixture of motions is worth less than
//! the plain cross-fade, and the picture goes over to that, smoothly.

use super::importance::{full_size_grids, moved};
use super::padded::Padded;
use crate::motion::MotionField;
use crate::picture::{Picture, Plane, samples, samples_mut, sampling::Grid};
use crate::render::smooth::smooth_step;
use otinterp_simd::partial::counted;
use otinterp_simd::{Kernel, LANES, Level as Cpu, Number, Simd, Vector};
use rayon::prelude::*;

/// Side of a block, px; a region is 3 × 3 blocks.
const BLOCK_PX: usize = 32;
/// What noise and sampling leave of a perfect match: standard deviation as a share of full scale (4 codes of 255).
const NOISE: f32 = 4.0 / 255.0;
/// Shares of the scatter left along the motion at which a region's fallback begins, and is 1 (measured, see above).
const LEFT: (f32, f32) = (0.4, 0.7);

/// Side of the squares over which uncertainty is averaged, px (measured): a single pixel that goes to the cross-fade is a speckle.
const UNCERTAINTY_PX: usize = 1 << UNCERTAINTY_LEVEL;
/// These squares are pixels of this level.
pub const UNCERTAINTY_LEVEL: usize = 3;
/// Photometric errors along the best motion through a pixel, summed over three channels in `[0, 1]`, at which its uncertainty
/// begins, and is 1 (measured). What a motion shows well stays as it is, in a region that falls back as a whole too.
const ERRORS: (f32, f32) = (0.01, 0.06);
/// Distance of the neighbours whose motions are compared with a pixel's own, px; and the differences, |Δx| + |Δy| in px, at
/// which its uncertainty begins, and is 1 (measured). Letters find letters like them on a page that was turned.
const NEIGHBOUR_PX: isize = 8;
/// See [`NEIGHBOUR_PX`].
const INCOHERENCE_PX: (f32, f32) = (0.75, 3.0);

/// Fallback map: where the motion's photometric error is too large for it to be shown; 0 nowhere, 1 in full; by blocks.
#[derive(Debug, Clone)]
pub struct FallbackMap(Plane);

/// Over a block or region: the number of samples compared, and of their differences the sum and the sum of squares.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    count: f32,
    /// Along the motion.
    moved: [f32; 2],
    /// In place.
    still: [f32; 2],
}

/// `count` times the variance: a change of brightness alone is no error.
fn scatter([sum, squares]: [f32; 2], count: f32) -> f32 {
    squares - sum * sum / count
}

impl FallbackMap {
    /// Of the motion `field` that leads from `from` to `to`. Pixels whose motion leads out of the picture do not count.
    pub fn of(cpu: Cpu, field: &MotionField, from: &Picture, to: &Picture) -> Self {
        let (height, width) = (from.height(), from.width());
        let dim = (height.div_ceil(BLOCK_PX), width.div_ceil(BLOCK_PX));
        let (sources, targets) = (full_size_grids(from), full_size_grids(to));
        let rows: Vec<Vec<Sums>> = (0..dim.0)
            .into_par_iter()
            .map(|block_y| {
                cpu.run(RowOfBlocks {
                    field,
                    pictures: [&sources, &targets],
                    first_row: block_y * BLOCK_PX,
                })
            })
            .collect();
        let noise = NOISE * from.format().max_code();
        Self(Plane::from_shape_fn(dim, |at| fallback(&rows, at, noise)))
    }

    /// Whether it is 0 everywhere.
    pub fn is_zero(&self) -> bool {
        self.0.iter().all(|&u| u == 0.0)
    }

    /// Mean over the picture.
    pub fn mean(&self) -> f32 {
        self.0.iter().sum::<f32>() / self.0.len() as f32
    }

    /// `(1 - t)·self + t·second`.
    pub fn mixed(&self, second: &Self, t: f32) -> Self {
        Self(
            ndarray::Zip::from(&self.0)
                .and(&second.0)
                .map_collect(|&a, &b| (1.0 - t) * a + t * b),
        )
    }

    /// The fallback of the region times the uncertainty: the share of the cross-fade for every square of it.
    pub fn shares(&self, uncertainty: &Uncertainty) -> Plane {
        let blocks = Grid::new(&self.0);
        let to_block =
            |square: usize| (square as f32 + 0.5) * UNCERTAINTY_PX as f32 / BLOCK_PX as f32 - 0.5;
        let mut shares = uncertainty.0.clone();
        for ((y, x), share) in shares.indexed_iter_mut() {
            *share *= blocks.bilinear(to_block(x), to_block(y));
        }
        shares
    }
}

/// Moves every sample of `out` towards the cross-fade of the two pictures at `t` by the share of its square, smoothly.
pub fn fade(out: &mut Picture, [first, second]: [&Picture; 2], t: f32, shares: &Plane) {
    let format = out.format();
    for (index, plane) in out.planes_mut().iter_mut().enumerate() {
        let (sy, sx) = format.plane_shift(index);
        let columns = plane.ncols();
        let (a, b) = (&first.planes()[index], &second.planes()[index]);
        samples_mut(plane)
            .par_chunks_mut(columns)
            .zip(samples(a).par_chunks(columns))
            .zip(samples(b).par_chunks(columns))
            .enumerate()
            .for_each(|(y, ((out, a), b))| {
                let at = (y << sy) as f32 + 0.5 * f32::from(1u8 << sy);
                let (row, next, fraction) = place(at, shares.nrows());
                let (row, next) = (shares.row(row), shares.row(next));
                let share = |k: usize| row[k] + fraction * (next[k] - row[k]);
                fade_row(out, a, b, t, usize::from(sx), shares.ncols(), share);
            });
    }
}

/// The squares around a place `at` px along an axis, and how far it lies from the first to the second.
fn place(at: f32, squares: usize) -> (usize, usize, f32) {
    let at = (at / UNCERTAINTY_PX as f32 - 0.5).clamp(0.0, (squares - 1) as f32);
    let first = at as usize;
    (first, (first + 1).min(squares - 1), at - first as f32)
}

/// Fades one row of a plane that is halved `shift` times, by shares that lie between those of its squares.
fn fade_row(
    out: &mut [f32],
    a: &[f32],
    b: &[f32],
    t: f32,
    shift: usize,
    squares: usize,
    share: impl Fn(usize) -> f32,
) {
    let step = (1 << shift) as f32;
    // Samples whose middles lie between the middles of two squares: half a square first, then whole ones.
    let half = (UNCERTAINTY_PX / 2) >> shift;
    let mut from = 0;
    while from < out.len() {
        let to = if from == 0 {
            half.max(1)
        } else {
            from + 2 * half.max(1)
        };
        let to = to.min(out.len());
        let (left, right, fraction) = place((from as f32 + 0.5) * step, squares);
        let (left, right) = (share(left), share(right));
        if left != 0.0 || right != 0.0 {
            let slope = (right - left) * step / UNCERTAINTY_PX as f32;
            let start = left + (right - left) * fraction;
            let (out, a, b) = (&mut out[from..to], &a[from..to], &b[from..to]);
            for (i, ((out, &a), &b)) in out.iter_mut().zip(a).zip(b).enumerate() {
                let share = if from == 0 {
                    start
                } else {
                    start + slope * i as f32
                };
                *out += share * (a + t * (b - a) - *out);
            }
        }
        from = to;
    }
}

/// Uncertainty of the rendered pixels, 0 to 1: means over squares.
#[derive(Debug)]
pub struct Uncertainty(Plane);

impl Uncertainty {
    /// From the `error` along a pixel's best motion, or from how its neighbours' motions differ from its own in both fields;
    /// all at half size.
    pub fn of(error: &Plane, fields: &[[Padded; 2]; 2]) -> Self {
        const SIDE: usize = UNCERTAINTY_PX / 2;
        let (height, width) = error.dim();
        let dim = (height.div_ceil(SIDE), width.div_ceil(SIDE));
        let mut squares = Plane::zeros(dim);
        ndarray::Zip::indexed(&mut squares).par_for_each(|(square_y, square_x), mean| {
            let rows = square_y * SIDE..((square_y + 1) * SIDE).min(height);
            let columns = square_x * SIDE..((square_x + 1) * SIDE).min(width);
            let count = (rows.len() * columns.len()) as f32;
            let all = rows.flat_map(|y| columns.clone().map(move |x| (y, x)));
            *mean = all
                .map(|at| uncertainty(error[at], fields, at))
                .sum::<f32>()
                / count;
        });
        Self(squares)
    }
}

/// Of one sample, 0 to 1.
fn uncertainty(error: f32, fields: &[[Padded; 2]; 2], at: (usize, usize)) -> f32 {
    let apart = 0.5 * (incoherence(&fields[0], at) + incoherence(&fields[1], at));
    smooth_step(error, ERRORS).max(smooth_step(apart, INCOHERENCE_PX))
}

/// How far the motions of four neighbours lie from a sample's own: the median, since half of them may lie across the
/// boundary of something that moves as a whole.
fn incoherence([dx, dy]: &[Padded; 2], (y, x): (usize, usize)) -> f32 {
    let (y, x) = (y as isize, x as isize);
    let by = NEIGHBOUR_PX / 2;
    let own = (dx.row(y, x)[0], dy.row(y, x)[0]);
    let mut apart = [(-by, 0), (by, 0), (0, -by), (0, by)].map(|(down, right)| {
        let (y, x) = (y + down, x + right);
        (dx.row(y, x)[0] - own.0).abs() + (dy.row(y, x)[0] - own.1).abs()
    });
    apart.sort_unstable_by(f32::total_cmp);
    0.5 * (apart[1] + apart[2])
}

/// The sums of a row of blocks, over its cells of 2 px.
struct RowOfBlocks<'a> {
    field: &'a MotionField,
    /// The planes of the first and of the second picture: three, or one.
    pictures: [&'a [Grid<'a>]; 2],
    first_row: usize,
}

impl Kernel for RowOfBlocks<'_> {
    type Output = Vec<Sums>;

    #[inline(always)]
    fn run<S: Simd>(self) -> Vec<Sums> {
        match self.pictures {
            [&[a, b, c], &[d, e, f]] => self.add::<S, 3>([[a, b, c], [d, e, f]]),
            [sources, targets] => self.add::<S, 1>([[sources[0]], [targets[0]]]),
        }
    }
}

impl RowOfBlocks<'_> {
    #[inline(always)]
    fn add<S: Simd, const P: usize>(self, [sources, targets]: [[Grid<'_>; P]; 2]) -> Vec<Sums> {
        const {
            assert!(
                BLOCK_PX == 2 * LANES,
                "a vector of every other pixel is one of a block"
            )
        };
        let v = S::V::splat;
        let (height, width) = self.field.dim();
        let first_row = self.first_row / 2;
        let end = height.min(first_row + LANES);
        let mut all = Vec::with_capacity(width.div_ceil(LANES));
        for first in (0..width).step_by(LANES) {
            let column = counted::<S>(first as f32);
            let within = column.select_less(v(width as f32), v(1.0), v(0.0));
            let column = column.min(v((width - 1) as f32));
            let x = column.add(column);
            let mut sums = [v(0.0); 5];
            for row in first_row..end {
                let y = 2 * row;
                let (moved, stays) = moved::<S, P>(self.field, &targets, column, row);
                let stays = stays.mul(within);
                for p in 0..P {
                    let own = S::V::pick(sources[p].row(y), 0, x, v(0.0));
                    let there = S::V::pick(targets[p].row(y), 0, x, v(0.0));
                    let (moved, still) = (own.sub(moved[p]), own.sub(there));
                    let terms = [stays, moved, moved.mul(moved), still, still.mul(still)];
                    sums[0] = sums[0].add(terms[0]);
                    for n in 1..5 {
                        sums[n] = terms[n].mul_add(stays, sums[n]);
                    }
                }
            }
            let [count, moved, moved_squares, still, still_squares] = sums;
            all.push(Sums {
                count: count.sum(),
                moved: [moved.sum(), moved_squares.sum()],
                still: [still.sum(), still_squares.sum()],
            });
        }
        all
    }
}

/// Fallback of a block, from the region around it: a smooth step of the share of the scatter that the motion leaves.
fn fallback(rows: &[Vec<Sums>], (y, x): (usize, usize), noise: f32) -> f32 {
    let mut all = Sums::default();
    for row in &rows[y.saturating_sub(1)..(y + 2).min(rows.len())] {
        for sums in &row[x.saturating_sub(1)..(x + 2).min(row.len())] {
            all.count += sums.count;
            for i in 0..2 {
                all.moved[i] += sums.moved[i];
                all.still[i] += sums.still[i];
            }
        }
    }
    let still = scatter(all.still, all.count);
    let excess = scatter(all.moved, all.count) - noise * noise * all.count;
    if all.count == 0.0 || excess <= 0.0 || still <= 0.0 {
        return 0.0;
    }
    smooth_step((excess / still).sqrt(), LEFT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_over_every_other_pixel_of_every_other_row() {
        use crate::picture::Format;
        let (height, width) = (37, 75);
        let picture = |seed: usize| {
            let plane = Plane::from_shape_fn((height, width), |(y, x)| {
                ((x * 3 + y * 5 + seed) % 23) as f32
            });
            Picture::new(Format::gray(8), vec![plane]).unwrap()
        };
        let (from, to) = (picture(0), picture(4));
        let cells = (height.div_ceil(2), width.div_ceil(2));
        let field = MotionField {
            cell_log2: 1,
            dx: Plane::from_shape_fn(cells, |(y, x)| (2 * (x + y) % 9) as f32 - 4.3),
            dy: Plane::from_shape_fn(cells, |(_, x)| (2 * x % 5) as f32 - 1.6),
        };
        let (sources, targets) = (full_size_grids(&from), full_size_grids(&to));
        let inside = |at: f32, len: usize| at > -0.5 && at < len as f32 - 0.5;
        for cpu in Cpu::available() {
            for first_row in [0, BLOCK_PX] {
                let found = cpu.run(RowOfBlocks {
                    field: &field,
                    pictures: [&sources, &targets],
                    first_row,
                });
                assert_eq!(found.len(), 3);
                for (block, found) in found.iter().enumerate() {
                    let mut truth = [0.0f64; 5];
                    for y in (first_row..height.min(first_row + BLOCK_PX)).step_by(2) {
                        for x in (block * BLOCK_PX..width.min((block + 1) * BLOCK_PX)).step_by(2) {
                            let at = (y / 2, x / 2);
                            let (to_x, to_y) = (x as f32 + field.dx[at], y as f32 + field.dy[at]);
                            if !(inside(to_x, width) && inside(to_y, height)) {
                                continue;
                            }
                            let own = sources[0].row(y)[x];
                            let moved = f64::from(own - targets[0].bilinear(to_x, to_y));
                            let still = f64::from(own - targets[0].row(y)[x]);
                            let terms = [1.0, moved, moved * moved, still, still * still];
                            for (sum, term) in truth.iter_mut().zip(terms) {
                                *sum += term;
                            }
                        }
                    }
                    let Sums {
                        count,
                        moved,
                        still,
                    } = *found;
                    let found = [count, moved[0], moved[1], still[0], still[1]];
                    for (found, truth) in found.into_iter().zip(truth) {
                        let error = (f64::from(found) - truth).abs();
                        assert!(error < 1e-4 * (1.0 + truth.abs()), "{found} {truth}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_moves_as_a_whole_and_fits_is_not_in_doubt_up_to_its_edge() {
        // The left half moves by 5 px, the right half not at all.
        let half = (20, 30);
        let field = |down: f32| {
            let dx = Plane::from_shape_fn(half, |(_, x)| if x < 15 { 5.0 } else { 0.0 });
            let mut dy = Plane::zeros(half);
            dy[(10, 5)] = down;
            [Padded::of(&dx, |v| v), Padded::of(&dy, |v| v)]
        };
        let none = Uncertainty::of(&Plane::zeros(half), &[field(0.0), field(0.0)]);
        assert!(none.0.iter().all(|&d| d == 0.0));
        // A sample that differs from all around it is, and so is one that does not fit.
        let fields = [field(9.0), field(9.0)];
        let mut error = Plane::zeros(half);
        error[(2, 2)] = 0.2;
        for (at, expected) in [((10, 5), 1.0), ((2, 2), 1.0), ((10, 20), 0.0)] {
            assert_eq!(uncertainty(error[at], &fields, at), expected);
        }
        // A square has the mean of its own.
        let uncertainty = Uncertainty::of(&error, &fields).0;
        assert_eq!(
            uncertainty[(0, 0)],
            4.0 / (UNCERTAINTY_PX * UNCERTAINTY_PX) as f32
        );
        assert_eq!(uncertainty[(4, 7)], 0.0);
    }

    #[test]
    fn a_row_fades_smoothly_from_square_to_square() {
        let (a, b) = (vec![0.0; 40], vec![1.0; 40]);
        for shift in [0usize, 1] {
            let len = 40 >> shift;
            let mut out = vec![0.5; len];
            let shares = [0.0, 0.0, 1.0, 1.0, 0.0];
            fade_row(&mut out, &a[..len], &b[..len], 0.75, shift, 5, |k| {
                shares[k]
            });
            for (i, &v) in out.iter().enumerate() {
                // Bilinear between the middles of squares of 8 px.
                let at = (((i as f32 + 0.5) * (1 << shift) as f32) / 8.0 - 0.5).clamp(0.0, 4.0);
                let k = (at as usize).min(3);
                let share = shares[k] + (at - k as f32) * (shares[k + 1] - shares[k]);
                assert!((v - (0.5 + 0.25 * share)).abs() < 1e-5, "{shift} {i}: {v}");
            }
        }
    }
}
