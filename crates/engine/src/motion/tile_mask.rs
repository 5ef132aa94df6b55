//! Tile mask: which tiles of a level are solved, and where the coarser level's prediction is kept.
//!
//! Most of a picture is predicted to a fraction of a pixel by the coarser level, which was solved and refined. There
//! a tile finds what the refinement finds as well. A tile is worth its solve where the prediction breaks (an edge of
//! motion: several candidates) or where its photometric error is larger than that of a slip which the refinement mends.

use super::field::Field;
use crate::picture::{Plane, samples};
use otinterp_ot::tile::SIDE;
use otinterp_simd::{Kernel, Level as Cpu, Simd};
use rayon::prelude::*;

/// Side of the mask's cells, px: every tile is made of four.
const CELL: usize = SIDE / 2;
/// Pixels of a cell.
const CELL_PIXELS: f32 = (CELL * CELL) as f32;

/// Mean difference of luma (white at 1) that counts as noise. This and the two below measured with `balanced`: they lose 0.01 dB on
/// DAVIS and gain 0.04 dB on Middlebury beside solving all tiles. With twice the noise and slip and no bound on the
/// spread DAVIS loses 0.5 dB more.
const NOISE: f32 = 0.01;
/// Slips of this length, px, are left to the refinement: the slip times the mean of `|dY/dx| + |dY/dy|` is allowed on top
/// of the noise.
const SLIP_PX: f32 = 0.5;
/// Predictions within a cell may differ by this much, px, along each axis.
const SPREAD_PX: f32 = 1.0;

/// The cells of a picture that need a tile, in raster order.
#[derive(Debug)]
pub struct TileMask {
    columns: usize,
    needed: Vec<bool>,
}

impl TileMask {
    fn none((height, width): (usize, usize)) -> Self {
        let columns = width.div_ceil(CELL);
        Self {
            columns,
            needed: vec![false; columns * height.div_ceil(CELL)],
        }
    }

    /// 1 for every cell that is needed, else 0.
    pub fn plane(&self) -> Plane {
        let rows = self.needed.len() / self.columns;
        Plane::from_shape_fn((rows, self.columns), |(y, x)| {
            f32::from(u8::from(self.needed[y * self.columns + x]))
        })
    }

    /// Whether one of the cells of the tile at `(x0, y0)`, a multiple of [`CELL`], is needed.
    pub fn touch_tile(&self, x0: isize, y0: isize) -> bool {
        let (column, row) = (x0 / CELL as isize, y0 / CELL as isize);
        let rows = (self.needed.len() / self.columns) as isize;
        let span = |first: isize, len: isize| first.max(0)..(first + 2).min(len);
        span(row, rows).any(|r| {
            span(column, self.columns as isize)
                .any(|c| self.needed[r as usize * self.columns + c as usize])
        })
    }
}

/// The cells where two fields of one size differ.
pub fn changed(before: &Field, after: &Field) -> TileMask {
    let (_, width) = after.dim();
    let mut cells = TileMask::none(after.dim());
    for [a, b] in [[&before.dx, &after.dx], [&before.dy, &after.dy]] {
        for (i, (a, b)) in samples(a).iter().zip(samples(b)).enumerate() {
            if a != b {
                cells.needed[i / width / CELL * cells.columns + i % width / CELL] = true;
            }
        }
    }
    cells
}

/// The cells of `source` whose prediction is not good enough.
pub fn needed(cpu: Cpu, source: &Plane, target: &Plane, prediction: &Field) -> TileMask {
    let mut cells = TileMask::none(source.dim());
    let columns = cells.columns;
    cells
        .needed
        .par_chunks_mut(columns)
        .enumerate()
        .for_each(|(row, needed)| {
            cpu.run(JudgeRow {
                dim: source.dim(),
                source: samples(source),
                target: samples(target),
                prediction: [samples(&prediction.dx), samples(&prediction.dy)],
                row,
                needed,
            });
        });
    cells
}

/// Tests one row of cells.
struct JudgeRow<'a> {
    dim: (usize, usize),
    source: &'a [f32],
    target: &'a [f32],
    prediction: [&'a [f32]; 2],
    row: usize,
    needed: &'a mut [bool],
}

impl Kernel for JudgeRow<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Self {
            dim: (height, width),
            source,
            target,
            prediction: [dx, dy],
            row,
            needed,
        } = self;
        let y0 = row * CELL;
        let whole_rows = y0 + CELL <= height;
        for (column, needed) in needed.iter_mut().enumerate() {
            let x0 = column * CELL;
            let whole = whole_rows && x0 + CELL <= width;
            let spread = if whole {
                spread(dx, width, x0, y0).max(spread(dy, width, x0, y0))
            } else {
                spread_at_border(dx, (height, width), x0, y0).max(spread_at_border(
                    dy,
                    (height, width),
                    x0,
                    y0,
                ))
            };
            if spread > SPREAD_PX {
                *needed = true;
                continue;
            }
            // One displacement for the cell: its predictions agree.
            let middle = (y0 + CELL / 2).min(height - 1) * width + (x0 + CELL / 2).min(width - 1);
            let (x, y) = (x0 as f32 + dx[middle], y0 as f32 + dy[middle]);
            let (left, top) = (x.floor(), y.floor());
            let fraction = (x - left, y - top);
            let inside = left >= 0.0
                && top >= 0.0
                && left as usize + CELL < width
                && top as usize + CELL < height;
            let [error, slope] = if whole && inside {
                let (own, other) = (y0 * width + x0, top as usize * width + left as usize);
                differences(&source[own..], &target[other..], width, fraction)
            } else {
                let corner = (left as isize, top as isize);
                differences_at_border(source, target, (height, width), (x0, y0), corner, fraction)
            };
            let allowed = NOISE + SLIP_PX * slope;
            *needed = error > allowed;
        }
    }
}

/// Largest less smallest value of a cell.
#[inline(always)]
fn spread(values: &[f32], width: usize, x0: usize, y0: usize) -> f32 {
    let (mut least, mut most) = ([f32::MAX; CELL], [f32::MIN; CELL]);
    for y in 0..CELL {
        let row = &values[(y0 + y) * width + x0..][..CELL];
        for x in 0..CELL {
            least[x] = if row[x] < least[x] { row[x] } else { least[x] };
            most[x] = if row[x] > most[x] { row[x] } else { most[x] };
        }
    }
    let (mut low, mut high) = (least[0], most[0]);
    for x in 1..CELL {
        low = low.min(least[x]);
        high = high.max(most[x]);
    }
    high - low
}

#[cold]
fn spread_at_border(values: &[f32], (height, width): (usize, usize), x0: usize, y0: usize) -> f32 {
    let (mut low, mut high) = (f32::MAX, f32::MIN);
    for y in y0..(y0 + CELL).min(height) {
        for &v in &values[y * width..][x0..(x0 + CELL).min(width)] {
            low = low.min(v);
            high = high.max(v);
        }
    }
    high - low
}

/// Means over a cell of `|source - target|`, the target bilinearly sampled `fraction` past its first value, and of the
/// target's slopes `|dY/dx| + |dY/dy|`. Both slices begin at the cell.
#[inline(always)]
fn differences(source: &[f32], target: &[f32], width: usize, (fx, fy): (f32, f32)) -> [f32; 2] {
    let (mut error, mut slope) = ([0.0f32; CELL], [0.0f32; CELL]);
    let level = |row: &[f32]| {
        let mut out = [0.0f32; CELL];
        for x in 0..CELL {
            out[x] = row[x] + fx * (row[x + 1] - row[x]);
        }
        out
    };
    let mut above = level(&target[..CELL + 1]);
    for y in 0..CELL {
        let a = &source[y * width..][..CELL];
        let here = &target[y * width..][..CELL + 1];
        let below = level(&target[(y + 1) * width..][..CELL + 1]);
        for x in 0..CELL {
            let down = below[x] - above[x];
            error[x] += (a[x] - (above[x] + fy * down)).abs();
            slope[x] += (here[x + 1] - here[x]).abs() + down.abs();
        }
        above = below;
    }
    [sum(&error) / CELL_PIXELS, sum(&slope) / CELL_PIXELS]
}

#[inline(always)]
fn sum(lanes: &[f32; CELL]) -> f32 {
    ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6]))
        + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))
}

/// [`differences`] of a cell that reaches beyond a picture's border, which is repeated outwards.
#[cold]
fn differences_at_border(
    source: &[f32],
    target: &[f32],
    (height, width): (usize, usize),
    (x0, y0): (usize, usize),
    (left, top): (isize, isize),
    (fx, fy): (f32, f32),
) -> [f32; 2] {
    let at = |x: isize, y: isize| {
        let x = x.clamp(0, width as isize - 1) as usize;
        target[y.clamp(0, height as isize - 1) as usize * width + x]
    };
    let (mut error, mut slope, mut n) = (0.0, 0.0, 0.0);
    for y in 0..CELL.min(height - y0) {
        for x in 0..CELL.min(width - x0) {
            let (tx, ty) = (left + x as isize, top + y as isize);
            let (p, q) = (at(tx, ty), at(tx + 1, ty));
            let (r, s) = (at(tx, ty + 1), at(tx + 1, ty + 1));
            let (above, below) = (p + fx * (q - p), r + fx * (s - r));
            error += (source[(y0 + y) * width + x0 + x] - (above + fy * (below - above))).abs();
            slope += (q - p).abs() + (below - above).abs();
            n += 1.0;
        }
    }
    [error / n, slope / n]
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    const DIM: (usize, usize) = (45, 67);

    /// Waves of 9 px and more.
    fn scene(x: f32, y: f32) -> f32 {
        0.5 + 0.2 * (x / 1.5).sin() + 0.2 * (y / 2.0 - x / 7.0).cos()
    }

    fn shifted(by: f32) -> Plane {
        Array2::from_shape_fn(DIM, |(y, x)| scene(x as f32 - by, y as f32))
    }

    fn uniform(dx: f32) -> Field {
        Field {
            dx: Array2::from_elem(DIM, dx),
            dy: Array2::zeros(DIM),
        }
    }

    fn judge(target: &Plane, prediction: &Field) -> TileMask {
        let cpu = Cpu::available()[0];
        needed(cpu, &shifted(0.0), target, prediction)
    }

    #[test]
    fn what_is_predicted_needs_no_tile() {
        // A picture at rest, to the border.
        let cells = judge(&shifted(0.0), &uniform(0.0));
        assert!(cells.needed.iter().all(|n| !n));
        // A quarter of a pixel beside the truth; content that leaves the picture is not tested here.
        let cells = judge(&shifted(-3.25), &uniform(-3.0));
        let row = &cells.needed[..cells.columns];
        assert!(row[1..].iter().all(|n| !n));
    }

    #[test]
    fn slips_and_edges_of_motion_need_tiles() {
        let cells = judge(&shifted(3.0), &uniform(0.0));
        assert!(cells.needed.iter().all(|&n| n));
        // The right half moves another way: the cell that the edge cuts, and the tiles that touch it.
        let mut edge = uniform(0.0);
        edge.dx.slice_mut(ndarray::s![.., 20..]).fill(9.0);
        let cells = judge(&Array2::from_elem(DIM, 0.5), &edge);
        assert!(cells.needed[2]);
        let flat = needed(
            Cpu::available()[0],
            &Array2::from_elem(DIM, 0.5),
            &Array2::from_elem(DIM, 0.5),
            &edge,
        );
        let touched: Vec<isize> = (-1..9).filter(|c| flat.touch_tile(8 * c, -8)).collect();
        assert_eq!(touched, [1, 2]);
    }

    #[test]
    fn cells_inside_are_judged_as_those_at_the_border() {
        let (source, target) = (shifted(0.0), shifted(1.3));
        for (place, corner, fraction) in [
            ((8, 8), (9, 7), (0.25, 0.75)),
            ((32, 16), (20, 30), (0.0, 0.5)),
        ] {
            let (a, b) = (samples(&source), samples(&target));
            let own = place.1 * DIM.1 + place.0;
            let other = corner.1 as usize * DIM.1 + corner.0 as usize;
            let fast = differences(&a[own..], &b[other..], DIM.1, fraction);
            let plain = differences_at_border(a, b, DIM, place, corner, fraction);
            for (fast, plain) in fast.iter().zip(plain) {
                assert!((fast - plain).abs() < 1e-5, "{fast} {plain}");
            }
        }
    }
}
