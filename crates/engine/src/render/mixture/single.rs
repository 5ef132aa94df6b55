//! Blocks rendered along one motion.

use super::along::{AnyColors, Colors};
use super::blocks::BLOCK_PX;
use super::candidates::{Candidates, Ends};
use super::halved::doubled;
use super::planes::{Other, Planes};
use otinterp_simd::partial::counted;
use otinterp_simd::partial::store;
use otinterp_simd::{Kernel, LANES, Level as Cpu, Number, Simd, Vector};

const _: () = assert!(BLOCK_PX == LANES, "a vector is a block's row");

/// Mean photometric error along the motion over a block, summed over three channels in `[0, 1]`, from which on other
/// candidates are tried as well (set together with the span of one motion, not swept).
const UNFIT: f32 = 0.05;

/// Renders whole blocks along the mean of the two fields. Where that does not fit, `fits` becomes false. `errors` are the row's errors
/// at half size.
pub fn render(
    cpu: Cpu,
    candidates: &Candidates,
    planes: &Planes<'_>,
    (block_row, start): (usize, usize),
    fits: &mut [bool],
    errors: &mut [f32],
    out: &mut [&mut [f32]],
) {
    let (height, width) = planes.dim;
    let rows = BLOCK_PX.min(height - block_row * BLOCK_PX);
    let columns = start * BLOCK_PX..width.min((start + fits.len()) * BLOCK_PX);
    let (of_colors, of_others) = out.split_at_mut(planes.full_size);
    let blocks = RenderColors {
        candidates,
        at: (block_row, start),
        fits,
        errors,
        out: of_colors,
    };
    match &planes.colors {
        AnyColors::One(colors) => cpu.run(RenderIn(blocks, colors)),
        AnyColors::Three(colors) => cpu.run(RenderIn(blocks, colors)),
    }
    for (plane, out) in planes.others.iter().zip(of_others) {
        cpu.run(RenderOther {
            candidates,
            plane,
            first_row: block_row * BLOCK_PX,
            rows,
            columns: columns.clone(),
            out,
        });
    }
}

/// The full-size colour planes of some blocks.
struct RenderColors<'a, 'o> {
    candidates: &'a Candidates,
    /// Row of blocks and the first block.
    at: (usize, usize),
    fits: &'a mut [bool],
    errors: &'a mut [f32],
    out: &'a mut [&'o mut [f32]],
}

/// The same in so many planes.
struct RenderIn<'a, 'o, const P: usize>(RenderColors<'a, 'o>, &'a Colors<'a, P>);

impl<const P: usize> Kernel for RenderIn<'_, '_, P> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Self(blocks, colors) = self;
        let RenderColors {
            candidates,
            at: (block_row, start),
            fits,
            errors,
            out,
        } = blocks;
        let (height, width) = (colors.firsts[0].height, colors.firsts[0].width);
        let rows = BLOCK_PX.min(height - block_row * BLOCK_PX);
        let half_width = width.div_ceil(2);
        for (n, fits) in fits.iter_mut().enumerate() {
            let first = (start + n) * BLOCK_PX;
            let columns = LANES.min(width - first);
            let mut sum = 0.0;
            for y in 0..rows {
                let at = block_row * BLOCK_PX + y;
                let d = displacement::<S>(candidates, at, first);
                let (values, difference) = colors.along::<S>([at, first], candidates.t, d);
                for (&value, out) in values.iter().zip(&mut *out) {
                    store::<S>(value, &mut out[y * width + first..][..columns]);
                }
                let mut error = [0.0; LANES];
                difference.store(&mut error);
                sum += error[..columns].iter().sum::<f32>();
                if y % 2 == 0 {
                    let errors = &mut errors[y / 2 * half_width + first / 2..];
                    for (half, error) in errors.iter_mut().zip(error[..columns].iter().step_by(2)) {
                        *half = *error;
                    }
                }
            }
            *fits = sum < UNFIT * (columns * rows) as f32;
        }
    }
}

/// A subsampled plane, or alpha, of some blocks.
struct RenderOther<'a> {
    candidates: &'a Candidates,
    plane: &'a Other<'a>,
    /// In px of the picture, as are the others.
    first_row: usize,
    rows: usize,
    columns: std::ops::Range<usize>,
    out: &'a mut [f32],
}

impl Kernel for RenderOther<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Self {
            candidates,
            plane,
            first_row,
            rows,
            columns,
            out,
        } = self;
        for y in (0..rows).step_by(1 << plane.shift.0) {
            other::<S>(candidates, plane, first_row + y, columns.clone(), out, y);
        }
    }
}

/// The row of a subsampled plane that begins with row `at` of the picture, the `y`-th of the block.
#[inline(always)]
fn other<S: Simd>(
    candidates: &Candidates,
    plane: &Other<'_>,
    at: usize,
    columns: std::ops::Range<usize>,
    out: &mut [f32],
    y: usize,
) {
    let (sy, sx) = plane.shift;
    let dim = (plane.first.height, plane.first.width);
    let row = S::V::splat((at >> sy) as f32);
    let (from, to) = (columns.start >> sx, columns.end.div_ceil(1 << sx));
    for first in (from..to).step_by(LANES) {
        let d = sample_displacement::<S>(candidates, at, first, plane.shift);
        let x = counted::<S>(first as f32);
        let ends = Ends::<S>::of(x, row, candidates.t, d);
        let value = ends.blend(candidates.t, dim, plane.first, plane.second);
        let n = LANES.min(to - first);
        store::<S>(value, &mut out[(y >> sy) * dim.1 + first..][..n]);
    }
}

/// The mean motion of sixteen pixels from an even column on.
#[inline(always)]
fn displacement<S: Simd>(candidates: &Candidates, y: usize, x: usize) -> [S::V; 2] {
    let (upper, lower) = ((y / 2) as isize, (y / 2 + y % 2) as isize);
    let x = (x / 2) as isize;
    let [dx, dy] = &candidates.mean;
    [
        doubled::<S>(dx.row(upper, x), dx.row(lower, x)),
        doubled::<S>(dy.row(upper, x), dy.row(lower, x)),
    ]
}

/// The mean motion of sixteen samples of a plane, each that of its first pixel, which in a block of one motion is hardly apart
/// from the others.
#[inline(always)]
fn sample_displacement<S: Simd>(
    candidates: &Candidates,
    y: usize,
    first: usize,
    (sy, sx): (u8, u8),
) -> [S::V; 2] {
    let mut lanes = [[0.0; LANES]; 2];
    let vectors = 1usize << sx;
    for n in 0..vectors {
        let mut wide = [[0.0; LANES]; 2];
        let x = (first << sx) + n * LANES;
        // What lies beyond the picture is not asked for.
        if x >= 2 * candidates.mean[0].width {
            break;
        }
        let [dx, dy] = displacement::<S>(candidates, y, x);
        dx.store(&mut wide[0]);
        dy.store(&mut wide[1]);
        let len = LANES >> sx;
        for (lanes, wide) in lanes.iter_mut().zip(&wide) {
            for (l, lane) in lanes[n * len..][..len].iter_mut().enumerate() {
                *lane = wide[l << sx];
            }
        }
    }
    let (to_x, to_y) = (1.0 / f32::from(1u8 << sx), 1.0 / f32::from(1u8 << sy));
    [
        S::V::load(&lanes[0]).mul(S::V::splat(to_x)),
        S::V::load(&lanes[1]).mul(S::V::splat(to_y)),
    ]
}
