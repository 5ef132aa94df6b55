//! Matching costs of a tile: capped patch differences and a prior, for every pixel and every offset of the window, in whole numbers.

use super::job::TileJob;
use crate::frame_pyramid::{MOST_FEATURES, QuantizedFeatures, STEPS};
use crate::motion::field::Field;
use crate::picture::samples;
use otinterp_ot::tile::{SIDE, SOURCES};
use otinterp_simd::math;

/// Half side of the patch over which features are compared, 7×7 in all (measured: 5×5 loses 0.1 dB).
const PATCH_RADIUS: usize = 3;
/// Pixels of a patch.
const PATCH_PIXELS: f32 = 49.0;
/// Side of a tile with the patches of its border pixels.
const HALO_SIDE: usize = SIDE + 2 * PATCH_RADIUS;
/// Half width of the largest window.
pub const MOST_RADIUS: usize = 4;
/// Offsets of the largest window.
pub const MOST_OFFSETS: usize = (2 * MOST_RADIUS + 1) * (2 * MOST_RADIUS + 1);
/// Stored length of a row, both of the tile with its halo and of what it can meet: one register of AVX-512.
const PITCH: usize = 32;
const TARGET_ROWS: usize = HALO_SIDE + 2 * MOST_RADIUS;
const _: () = assert!(PITCH >= TARGET_ROWS);
/// Cap of the cost: the difference of two pixels' features counts at most this much, so that an occluded half of a patch does
/// not outvote the other (measured). A larger one needs fewer [`STEPS`], or costs overflow 16 bits.
const DIFFERENCE_CAP: u16 = (0.3 * STEPS) as u16;
/// Cost of one step: costs are means over the patch.
pub const COST_STEP: f32 = 1.0 / (PATCH_PIXELS * STEPS);
/// Largest share of the prior in a cost.
const PRIOR_CAP: f32 = 0.05;

/// On a cache line of its own, so that no register's load straddles two.
#[derive(Debug, Clone)]
#[repr(align(64))]
struct Aligned<T>(T);

type Row = [u16; PITCH];

/// Whether the patches behind a cost differ: such costs are odd.
#[inline(always)]
pub fn is_content_different(cost: u16) -> bool {
    cost & 1 != 0
}

/// Costs of a tile and the memory that finding them takes.
#[derive(Debug, Clone)]
pub struct Costs {
    /// `[row][feature][column]`.
    source: Aligned<[[[i16; PITCH]; MOST_FEATURES]; HALO_SIDE]>,
    /// Likewise, flat and with a tail, since windows of `PITCH` start at every offset.
    target: Aligned<[i16; TARGET_ROWS * MOST_FEATURES * PITCH + PITCH]>,
    /// Differences of pixels for one horizontal offset, `[vertical offset][row]`.
    raw: Aligned<[[Row; HALO_SIDE]; 2 * MOST_RADIUS + 1]>,
    /// Sums over seven rows.
    columns: Aligned<[Row; SIDE]>,
    /// The prior's share across, `[horizontal offset][source]`, and down.
    prior: [Aligned<[[u16; SOURCES]; 2 * MOST_RADIUS + 1]>; 2],
    predicted: [[f32; SOURCES]; 2],
    /// `[offset][source]` between two margins, in steps of [`COST_STEP`].
    cost: Aligned<[u16; PITCH + MOST_OFFSETS * SOURCES + PITCH]>,
}

impl Costs {
    /// Memory for windows of any radius up to [`MOST_RADIUS`].
    pub fn new() -> Box<Self> {
        Box::new(Self {
            source: Aligned([[[0; PITCH]; MOST_FEATURES]; HALO_SIDE]),
            target: Aligned([0; TARGET_ROWS * MOST_FEATURES * PITCH + PITCH]),
            raw: Aligned([[[0; PITCH]; HALO_SIDE]; 2 * MOST_RADIUS + 1]),
            columns: Aligned([[0; PITCH]; SIDE]),
            prior: [(); 2].map(|()| Aligned([[0; SOURCES]; 2 * MOST_RADIUS + 1])),
            predicted: [[0.0; SOURCES]; 2],
            cost: Aligned([0; PITCH + MOST_OFFSETS * SOURCES + PITCH]),
        })
    }

    /// The costs, `[offset][source]`.
    #[inline(always)]
    pub fn all_mut<const D: usize>(&mut self) -> &mut [u16] {
        &mut self.cost.0[PITCH..][..D * D * SOURCES]
    }

    /// [`SIDE`] costs of an offset from a source of row `y` on, which may lie up to a window's radius beside the tile:
    /// what is read there means nothing.
    #[inline(always)]
    pub fn row(&self, offset: usize, y: usize, x: isize) -> &[u16] {
        let at = PITCH + offset * SOURCES + y * SIDE;
        &self.cost.0[at.wrapping_add_signed(x)..][..SIDE]
    }

    /// `mean over the patch of min(sum over features |a - b|, cap) + min(alpha·|displacement - prediction|², cap)` for
    /// a window of diameter `D`.
    #[inline(always)]
    pub fn fill<const D: usize>(
        &mut self,
        [source, target]: [&QuantizedFeatures; 2],
        prediction: &Field,
        job: TileJob,
        alpha: f32,
    ) {
        self.gather::<D>([source, target], prediction, job);
        self.fill_prior::<D>(job, alpha);
        for ox in 0..D {
            self.differences::<D>(ox);
            for oy in 0..D {
                box_columns(&self.raw.0[oy], &mut self.columns.0);
                let prior = (&self.prior[0].0[ox], &self.prior[1].0[oy]);
                let cost = &mut self.cost.0[PITCH + (oy * D + ox) * SOURCES..][..SOURCES];
                box_rows(&self.columns.0, prior, cost);
            }
        }
    }

    #[inline(always)]
    fn gather<const D: usize>(
        &mut self,
        [source, target]: [&QuantizedFeatures; 2],
        prediction: &Field,
        job: TileJob,
    ) {
        let dim = source.dim();
        let (halo, radius) = (PATCH_RADIUS as isize, (D / 2) as isize);
        let corner = (job.x0 - halo, job.y0 - halo);
        for (f, plane) in source.planes().iter().enumerate().take(MOST_FEATURES) {
            let rows = self.source.0.iter_mut().map(|row| &mut row[f]);
            gather(plane, dim, corner, rows);
        }
        // A grey picture has fewer features; the memory may hold those of a coloured one.
        for f in source.planes().len()..MOST_FEATURES {
            let rows = self.source.0.iter_mut().map(|row| &mut row[f]);
            rows.for_each(|row| row.fill(0));
            let (rows, _) = self.target.0.as_chunks_mut::<PITCH>();
            let rows = rows.iter_mut().skip(f).step_by(MOST_FEATURES);
            rows.for_each(|row| row.fill(0));
        }
        let corner = (
            corner.0 + job.base.0 - radius,
            corner.1 + job.base.1 - radius,
        );
        for (f, plane) in target.planes().iter().enumerate().take(MOST_FEATURES) {
            let (rows, _) = self.target.0.as_chunks_mut::<PITCH>();
            let rows = rows.iter_mut().skip(f).step_by(MOST_FEATURES);
            gather(plane, dim, corner, rows.take(HALO_SIDE + D - 1));
        }
        for (plane, out) in [&prediction.dx, &prediction.dy]
            .into_iter()
            .zip(&mut self.predicted)
        {
            let (rows, _) = out.as_chunks_mut::<SIDE>();
            gather(samples(plane), dim, (job.x0, job.y0), rows.iter_mut());
        }
    }

    /// `alpha·(displacement - prediction)²` across and down, in steps, each at most the cap.
    #[inline(always)]
    fn fill_prior<const D: usize>(&mut self, job: TileJob, alpha: f32) {
        let cap = PRIOR_CAP / COST_STEP;
        let alpha = alpha / COST_STEP;
        let bases = [job.base.0, job.base.1];
        let axes = self.prior.iter_mut().zip(&self.predicted).zip(bases);
        for ((out, predicted), base) in axes {
            for (o, out) in out.0[..D].iter_mut().enumerate() {
                let displacement = (base + o as isize - (D / 2) as isize) as f32;
                for (out, predicted) in out.iter_mut().zip(predicted) {
                    let error = displacement - predicted;
                    let prior = alpha * (error * error);
                    let prior = if prior < cap { prior } else { cap };
                    *out = math::nearest(prior) as u16;
                }
            }
        }
    }

    /// `min(sum over features |a - b|, cap)` of the pixels of the tile and its halo, for one horizontal offset.
    #[inline(always)]
    fn differences<const D: usize>(&mut self, ox: usize) {
        let (rows, _) = self.target.0[ox..].as_chunks::<{ MOST_FEATURES * PITCH }>();
        for (ty, b) in rows[..HALO_SIDE + D - 1].iter().enumerate() {
            // A copy on cache lines of its own: it is read for every vertical offset.
            let mut aligned = Aligned([[0; PITCH]; MOST_FEATURES]);
            aligned.0.copy_from_slice(b.as_chunks::<PITCH>().0);
            let b = &aligned.0;
            for oy in (ty + 1).saturating_sub(HALO_SIDE)..D.min(ty + 1) {
                let y = ty - oy;
                let mut sum = [0u16; PITCH];
                for (a, b) in self.source.0[y].iter().zip(b) {
                    add_differences(a, b, &mut sum);
                }
                let raw = &mut self.raw.0[oy][y];
                for x in 0..PITCH {
                    raw[x] = if sum[x] < DIFFERENCE_CAP {
                        sum[x]
                    } else {
                        DIFFERENCE_CAP
                    };
                }
            }
        }
    }
}

#[inline(always)]
fn add_differences(a: &[i16; PITCH], b: &[i16; PITCH], sum: &mut Row) {
    for x in 0..PITCH {
        sum[x] = sum[x].wrapping_add(a[x].wrapping_sub(b[x]).unsigned_abs());
    }
}

/// Copies rows of a plane from a corner on, the border repeated outwards.
#[inline(always)]
fn gather<'a, T: Copy + 'a, const N: usize>(
    plane: &[T],
    (height, width): (usize, usize),
    (x0, y0): (isize, isize),
    rows: impl Iterator<Item = &'a mut [T; N]>,
) {
    let inside = x0 >= 0 && x0 + N as isize <= width as isize;
    for (r, out) in rows.enumerate() {
        let y = (y0 + r as isize).clamp(0, height as isize - 1) as usize;
        let row = &plane[y * width..][..width];
        if inside {
            out.copy_from_slice(&row[x0 as usize..][..N]);
        } else {
            for (c, o) in out.iter_mut().enumerate() {
                *o = row[(x0 + c as isize).clamp(0, width as isize - 1) as usize];
            }
        }
    }
}

/// Sums over seven rows, as running sums: whole numbers, so nothing drifts.
#[inline(always)]
fn box_columns(raw: &[Row; HALO_SIDE], columns: &mut [Row; SIDE]) {
    const { assert!(PATCH_RADIUS == 3, "the sums below are of seven terms") };
    let mut sum = raw[0];
    for above in &raw[1..6] {
        for x in 0..PITCH {
            sum[x] = sum[x].wrapping_add(above[x]);
        }
    }
    for y in 0..SIDE {
        for x in 0..PITCH {
            let whole = sum[x].wrapping_add(raw[y + 6][x]);
            columns[y][x] = whole;
            sum[x] = whole.wrapping_sub(raw[y][x]);
        }
    }
}

/// Sums over seven columns, and the prior. The last bit is set where the patches differ at all.
#[inline(always)]
fn box_rows(
    columns: &[Row; SIDE],
    (across, down): (&[u16; SOURCES], &[u16; SOURCES]),
    cost: &mut [u16],
) {
    const CAP: u16 = (PRIOR_CAP / COST_STEP) as u16;
    let (across, _) = across.as_chunks::<SIDE>();
    let (down, _) = down.as_chunks::<SIDE>();
    let (cost, _) = cost.as_chunks_mut::<SIDE>();
    for y in 0..SIDE {
        let c = &columns[y];
        for x in 0..SIDE {
            let patch = c[x]
                .wrapping_add(c[x + 1])
                .wrapping_add(c[x + 2])
                .wrapping_add(c[x + 3])
                .wrapping_add(c[x + 4])
                .wrapping_add(c[x + 5])
                .wrapping_add(c[x + 6]);
            let prior = across[y][x].wrapping_add(down[y][x]);
            let prior = if prior < CAP { prior } else { CAP };
            let flag = if patch < 1 { patch } else { 1 };
            cost[y][x] = (patch.wrapping_add(prior) & !1) | flag;
        }
    }
}
