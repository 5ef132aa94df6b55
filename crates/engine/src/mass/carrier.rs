//! Push-forward of one picture's mass a part of its way: every pixel is splatted as a box that stretches with the map.

use rayon::prelude::*;

/// Rows that one task fills.
const STRIPE_ROWS: usize = 16;
/// Two neighbours whose displacements differ by more than this, px, and by more than twice what is usual around them, belong to
/// pieces of the map that part: nothing is stretched across the gap.
const TORN_PX: f32 = 1.0;
/// Shear, in px per px, up to which a pixel is carried as one box, as 2×2, and as 3×3; beyond it is 4×4. A sheared pixel is no box: one box
/// instead leaves ripples of the shear's square in the density, 1 % at 0.1; so divided they stay below 1 %
/// (measured up to 0.4).
const SHEARS: [f32; 3] = [0.03, 0.12, 0.25];
/// A box is at least so wide, px: where the map folds pixels onto one place they fall into one pixel.
const LEAST_BOX_PX: f32 = 1e-3;

/// Pixels that move, and how far each edge of theirs goes.
#[derive(Debug)]
pub struct Carrier {
    height: usize,
    width: usize,
    cells: Vec<Cell>,
}

/// A pixel that moves.
#[derive(Debug, Clone, Copy)]
struct Cell {
    /// Its place in the plane.
    at: u32,
    /// Displacement of its left and right edge along x, px.
    x: [f32; 2],
    /// Displacement of its upper and lower edge along y, px.
    y: [f32; 2],
    /// How much more along x the lower edge goes than the upper one, and along y the right one than the left one, px.
    shear: [f32; 2],
}

/// Where mass arrives: planes, and how much wider than the transported pixels their image is.
pub struct Landed<'a> {
    /// The planes that are carried.
    pub planes: Vec<&'a mut [f32]>,
    /// Sums of weight.
    pub weight: &'a mut [f32],
    /// Sums of weight times the variance that the grid adds along x, px².
    pub excess_x: &'a mut [f32],
    /// The same along y.
    pub excess_y: &'a mut [f32],
}

impl Carrier {
    /// A carrier of the pixels of a `height × width` plane with a positive `share`, displaced by `dx`, `dy` px at the
    /// end of the way.
    pub fn new((height, width): (usize, usize), dx: &[f32], dy: &[f32], share: &[f32]) -> Self {
        let rows: Vec<Vec<Cell>> = (0..height)
            .into_par_iter()
            .map(|y| {
                let here = y * width..(y + 1) * width;
                let moving = here.filter(|&at| share[at] > 0.0);
                let cell = |at: usize| {
                    let along = |d: &[f32], place: usize, len: usize, step: usize| {
                        edges(|k| {
                            let to = place as isize + k;
                            if !(0..len as isize).contains(&to) {
                                return None;
                            }
                            let at = (at as isize + k * step as isize) as usize;
                            (share[at] > 0.0).then(|| d[at])
                        })
                    };
                    let x = at % width;
                    let shear = [along(dx, y, height, width), along(dy, x, width, 1)];
                    Cell {
                        at: at as u32,
                        x: along(dx, x, width, 1),
                        y: along(dy, y, height, width),
                        shear: shear.map(|[low, high]| high - low),
                    }
                };
                moving.map(cell).collect()
            })
            .collect();
        Self {
            height,
            width,
            cells: rows.concat(),
        }
    }

    /// Adds `factor` times the planes `from`, carried the part `t` of their way. Sources are added in raster order whatever
    /// the stripes, so the sums do not depend on them. Nothing is lost: what would land outside lands on the border.
    pub fn add(&self, t: f32, factor: f32, mass: &[f32], from: &[&[f32]], to: Landed<'_>) {
        let stripes = self.height.div_ceil(STRIPE_ROWS);
        let arriving = self.arriving(t, stripes);
        let stripe = STRIPE_ROWS * self.width;
        let mut planes: Vec<Vec<&mut [f32]>> = Vec::new();
        planes.resize_with(stripes, Vec::new);
        for plane in to.planes {
            for (stripe, part) in planes.iter_mut().zip(plane.chunks_mut(stripe)) {
                stripe.push(part);
            }
        }
        planes
            .into_par_iter()
            .zip(to.weight.par_chunks_mut(stripe))
            .zip(to.excess_x.par_chunks_mut(stripe))
            .zip(to.excess_y.par_chunks_mut(stripe))
            .enumerate()
            .for_each(|(n, (((planes, weight), excess_x), excess_y))| {
                let mut landed = Landed {
                    planes,
                    weight,
                    excess_x,
                    excess_y,
                };
                let cells = arriving.of(n).iter().map(|&c| self.cells[c as usize]);
                self.fill(
                    n * STRIPE_ROWS,
                    cells,
                    (t, factor),
                    (mass, from),
                    &mut landed,
                );
            });
    }

    /// All that lands in the rows from `first_row` on.
    fn fill(
        &self,
        first_row: usize,
        cells: impl Iterator<Item = Cell>,
        (t, factor): (f32, f32),
        (mass, from): (&[f32], &[&[f32]]),
        to: &mut Landed<'_>,
    ) {
        let (mut across, mut down) = (Shares::default(), Shares::default());
        for cell in cells {
            let at = cell.at as usize;
            let (y, x) = (at / self.width, at % self.width);
            let (left, right) = placed(x, cell.x, t);
            let (top, bottom) = placed(y, cell.y, t);
            let n = cell.parts(t);
            let size = 1.0 / n as f32;
            // Where part k of n lies between two edges, and how far its middle is from the pixel's, in px before it is carried.
            let part = |(low, high): (f32, f32), k: usize| {
                let step = size * (high - low);
                (low + k as f32 * step, low + (k + 1) as f32 * step)
            };
            let offset = |k: usize| (k as f32 + 0.5) * size - 0.5;
            let moved = |(low, high): (f32, f32), by: f32| (low + by, high + by);
            // A sample stands for a point, so its image is to have the variance of the box less a pixel's. The parts have that of
            // the box between them already, but for what is within each.
            let spread = |(low, high): (f32, f32)| {
                let square = (high - low) * (high - low);
                (square * (1.0 - size * size) - (square - 1.0).max(0.0)) / 12.0
            };
            let spread = [spread((left, right)), spread((top, bottom))];
            for (i, j) in (0..n * n).map(|k| (k % n, k / n)) {
                let by = [t * cell.shear[0] * offset(j), t * cell.shear[1] * offset(i)];
                across.of(moved(part((left, right), i), by[0]), self.width);
                down.of(moved(part((top, bottom), j), by[1]), self.height);
                let excess = [across.variance + spread[0], down.variance + spread[1]];
                let excess = excess.map(|e| e.max(0.0));
                let weight = factor * size * size;
                to.take(
                    first_row,
                    self.width,
                    (&across, &down),
                    (weight, excess),
                    |plane| plane.map_or(mass[at], |n| from[n][at]),
                );
            }
        }
    }

    /// Which pixels land in which stripe, in raster order.
    fn arriving(&self, t: f32, stripes: usize) -> Arriving {
        let span = |cell: &Cell| {
            let (low, high) = placed(cell.at as usize / self.width, cell.y, t);
            let slant = 0.5 * t * cell.shear[1].abs();
            let (low, high) = (low - slant, high + slant);
            let row = |at: f32| ((at + 0.5).floor().max(0.0) as usize).min(self.height - 1);
            row(low) / STRIPE_ROWS..row(high) / STRIPE_ROWS + 1
        };
        let mut starts = vec![0u32; stripes + 1];
        for cell in &self.cells {
            for stripe in span(cell) {
                starts[stripe + 1] += 1;
            }
        }
        for n in 0..stripes {
            starts[n + 1] += starts[n];
        }
        let mut next = starts.clone();
        let mut cells = vec![0u32; starts[stripes] as usize];
        for (n, cell) in self.cells.iter().enumerate() {
            for stripe in span(cell) {
                cells[next[stripe] as usize] = n as u32;
                next[stripe] += 1;
            }
        }
        Arriving { starts, cells }
    }
}

impl Cell {
    /// Parts along each axis that stand for the pixel at `t`.
    fn parts(&self, t: f32) -> usize {
        let shear = t * self.shear[0].abs().max(self.shear[1].abs());
        1 + SHEARS.iter().filter(|&&most| shear > most).count()
    }
}

impl Landed<'_> {
    /// Takes `weight` times a box that the grid makes wider by the variances `excess`. `value` is that of a plane, or without number
    /// the mass.
    #[inline(always)]
    fn take(
        &mut self,
        first_row: usize,
        width: usize,
        (across, down): (&Shares, &Shares),
        (weight, excess): (f32, [f32; 2]),
        value: impl Fn(Option<usize>) -> f32,
    ) {
        let rows = self.weight.len() / width;
        for (k, &wy) in down.shares.iter().enumerate() {
            let row = down.first + k;
            if !(first_row..first_row + rows).contains(&row) {
                continue;
            }
            let start = (row - first_row) * width + across.first;
            for (n, plane) in self.planes.iter_mut().enumerate() {
                let value = weight * wy * value(Some(n));
                let plane = &mut plane[start..][..across.shares.len()];
                for (o, &wx) in plane.iter_mut().zip(&across.shares) {
                    *o += wx * value;
                }
            }
            let mass = weight * wy * value(None);
            for (k, &wx) in across.shares.iter().enumerate() {
                self.weight[start + k] += wx * mass;
                self.excess_x[start + k] += wx * mass * excess[0];
                self.excess_y[start + k] += wx * mass * excess[1];
            }
        }
    }
}

/// Cells by stripe.
struct Arriving {
    starts: Vec<u32>,
    cells: Vec<u32>,
}

impl Arriving {
    fn of(&self, stripe: usize) -> &[u32] {
        &self.cells[self.starts[stripe] as usize..self.starts[stripe + 1] as usize]
    }
}

/// Displacements of a pixel's two edges on an axis, from those of the pixels `k` further along it: neighbours share an edge,
/// half-way between them, so that boxes tile; at tears and at the end of mass an edge goes on as the inside does.
fn edges(displacement: impl Fn(isize) -> Option<f32>) -> [f32; 2] {
    let here = displacement(0).unwrap_or(0.0);
    let difference = |from: isize| Some(displacement(from + 1)? - displacement(from)?);
    let [before2, before, after, after2] = [-2, -1, 0, 1].map(difference);
    let whole = |step: Option<f32>, around: [Option<f32>; 2]| {
        step.filter(|step| {
            let usual = around.map(|s| s.unwrap_or(0.0).abs());
            step.abs() <= TORN_PX + 2.0 * usual[0].max(usual[1])
        })
    };
    let (before, after) = (
        whole(before, [before2, after]),
        whole(after, [before, after2]),
    );
    let left = before.or(after).unwrap_or(0.0);
    let right = after.or(before).unwrap_or(0.0);
    [here - 0.5 * left, here + 0.5 * right]
}

/// Where a pixel's two edges are at `t`.
#[inline(always)]
fn placed(place: usize, [low, high]: [f32; 2], t: f32) -> (f32, f32) {
    let middle = place as f32 + 0.5 * t * (low + high);
    let half = 0.5 * (1.0 + t * (high - low)).max(LEAST_BOX_PX);
    (middle - half, middle + half)
}

/// How a box falls into the pixels of an axis.
#[derive(Default)]
struct Shares {
    /// The first pixel.
    first: usize,
    /// Share of the box in each pixel from there on; the sum is 1.
    shares: Vec<f32>,
    /// Variance of the shares about their mean, px².
    variance: f32,
}

impl Shares {
    /// Of the box from `low` to `high`; pixel k reaches from k - ½ to k + ½, the first and the last without end.
    fn of(&mut self, (low, high): (f32, f32), len: usize) {
        let pixel = |at: f32| ((at + 0.5).floor().max(0.0) as usize).min(len - 1);
        let (first, last) = (pixel(low), pixel(high));
        let size = high - low;
        self.first = first;
        self.shares.clear();
        let mut from = low;
        let (mut left, mut mean, mut square) = (1.0f32, 0.0, 0.0);
        for k in first..last {
            let to = k as f32 + 0.5;
            let share = (to - from) / size;
            self.shares.push(share);
            from = to;
            left -= share;
            let place = (k - first) as f32;
            mean += share * place;
            square += share * place * place;
        }
        // So that nothing is lost to rounding.
        let left = left.max(0.0);
        self.shares.push(left);
        let place = (last - first) as f32;
        mean += left * place;
        square += left * place * place;
        self.variance = (square - mean * mean).max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_shared_out_wholly() {
        let mut shares = Shares::default();
        for (low, high) in [
            (1.5, 2.5),
            (1.75, 2.75),
            (-3.0, 9.0),
            (0.2, 5.9),
            (2.0, 2.001),
        ] {
            shares.of((low, high), 6);
            let sum: f32 = shares.shares.iter().sum();
            assert!((sum - 1.0).abs() < 1e-6);
            assert!(shares.first + shares.shares.len() <= 6);
        }
        shares.of((1.75, 2.75), 6);
        assert_eq!((shares.first, &shares.shares[..]), (2, &[0.75, 0.25][..]));
        assert!((shares.variance - 0.75 * 0.25).abs() < 1e-6);
    }

    #[test]
    fn edges_are_shared_but_not_across_a_tear() {
        let of = |d: &[f32], at: isize| {
            edges(|k| usize::try_from(at + k).ok().and_then(|i| d.get(i).copied()))
        };
        let stretched = [0.0, 2.0, 4.0, 6.0];
        assert_eq!(of(&stretched, 1), [1.0, 3.0]);
        assert_eq!(of(&stretched, 0), [-1.0, 1.0]);
        let torn = [0.0, 0.0, 50.0, 50.0];
        assert_eq!(of(&torn, 1), [0.0, 0.0]);
        assert_eq!(of(&torn, 2), [50.0, 50.0]);
    }
}
