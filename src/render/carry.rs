//! Displacements carried along to time t.

use crate::motion::Field;
use crate::picture::{Plane, samples, samples_mut, sampling::Grid};
use crate::simd::{Kernel, Level as Cpu, Simd};
use rayon::prelude::*;

/// Rows that one task fills.
const STRIPE_ROWS: usize = 32;

/// A picture's motion and what it counts: all that does not depend on t. In px of whatever size it is given.
#[derive(Debug)]
pub struct Carrier {
    field: Field,
    weight: Plane,
    /// Least and largest dy of every row: which rows can reach a stripe.
    reach: Vec<(f32, f32)>,
}

/// Displacements at time t.
#[derive(Debug, Clone)]
pub struct Splatted {
    /// Displacement from the first picture to the second, px.
    pub field: Field,
    /// Weight that arrived at every pixel; about 1 where the field is smooth and right.
    pub mass: Plane,
}

impl Carrier {
    /// Of displacements and their weights.
    pub fn new(field: Field, weight: Plane) -> Self {
        let width = field.dim().1;
        let rows = samples(&field.dy).chunks_exact(width);
        let reach = rows.map(|row| {
            let start = (f32::MAX, f32::MIN);
            let wider = |(least, most): (f32, f32), &v: &f32| (least.min(v), most.max(v));
            row.iter().fold(start, wider)
        });
        Self {
            reach: reach.collect(),
            field,
            weight,
        }
    }

    /// Carries every displacement the part `t` of its way, with bilinear weights, and takes the weighted mean where several
    /// arrive. `sign` is -1 for a field from the second picture to the first, so that the result always points from the
    /// first to the second.
    pub fn at(&self, cpu: Cpu, t: f32, sign: f32) -> Splatted {
        let (height, width) = self.field.dim();
        let mut out = Splatted {
            field: Field::zeros((height, width)),
            mass: Plane::zeros((height, width)),
        };
        let stripe = STRIPE_ROWS * width;
        samples_mut(&mut out.field.dx)
            .par_chunks_mut(stripe)
            .zip(samples_mut(&mut out.field.dy).par_chunks_mut(stripe))
            .zip(samples_mut(&mut out.mass).par_chunks_mut(stripe))
            .enumerate()
            .for_each_init(Vec::new, |sums, (n, ((dx, dy), mass))| {
                cpu.run(FillStripe {
                    carrier: self,
                    first_row: n * STRIPE_ROWS,
                    t,
                    sign,
                    sums,
                    out: [dx, dy, mass],
                });
            });
        out
    }
}

/// All that lands in some rows. Sources are visited in raster order whatever the stripes, so the sums do not depend on them.
struct FillStripe<'a> {
    carrier: &'a Carrier,
    first_row: usize,
    t: f32,
    sign: f32,
    /// Of weighted displacements and of weights, with a row and a column more on every side.
    sums: &'a mut Vec<[f32; 4]>,
    out: [&'a mut [f32]; 3],
}

impl Kernel for FillStripe<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Self {
            carrier,
            first_row,
            t,
            sign,
            sums,
            out: [dx, dy, mass],
        } = self;
        let (height, width) = carrier.field.dim();
        let rows = mass.len() / width;
        let pitch = width + 2;
        sums.clear();
        sums.resize((rows + 2) * pitch, [0.0; 4]);
        let (low, high) = (first_row as f32 - 1.0, (first_row + rows) as f32);
        let right = width as f32;
        for y in 0..height {
            let (least, most) = carrier.reach[y];
            if y as f32 + t * most <= low || y as f32 + t * least >= high {
                continue;
            }
            let Field { dx: fx, dy: fy } = &carrier.field;
            let (fx, fy) = (Grid::new(fx).row(y), Grid::new(fy).row(y));
            let fw = Grid::new(&carrier.weight).row(y);
            for x in 0..width {
                let (px, py) = (
                    S::mul_add(t, fx[x], x as f32),
                    S::mul_add(t, fy[x], y as f32),
                );
                if !(py > low && py < high && px > -1.0 && px < right) {
                    continue;
                }
                // Both are positive: whole parts by truncation. The differences may round up to the bounds.
                let (px, py) = (px + 1.0, py - low);
                let (left, top) = ((px as u32).min(width as u32), (py as u32).min(rows as u32));
                let (ax, ay) = (px - left as f32, py - top as f32);
                let value = [fw[x] * fx[x], fw[x] * fy[x], fw[x], 0.0];
                let at = top as usize * pitch + left as usize;
                add::<S>(&mut sums[at], &value, (1.0 - ax) * (1.0 - ay));
                add::<S>(&mut sums[at + 1], &value, ax * (1.0 - ay));
                add::<S>(&mut sums[at + pitch], &value, (1.0 - ax) * ay);
                add::<S>(&mut sums[at + pitch + 1], &value, ax * ay);
            }
        }
        for y in 0..rows {
            let sums = &sums[(y + 1) * pitch + 1..][..width];
            let at = y * width;
            let (dx, dy) = (&mut dx[at..][..width], &mut dy[at..][..width]);
            let mass = &mut mass[at..][..width];
            for (x, &[sum_x, sum_y, weight, _]) in sums.iter().enumerate() {
                let scale = if weight > 0.0 { sign / weight } else { 0.0 };
                dx[x] = scale * sum_x;
                dy[x] = scale * sum_y;
                mass[x] = weight;
            }
        }
    }
}

#[inline(always)]
fn add<S: Simd>(sums: &mut [f32; 4], value: &[f32; 4], weight: f32) {
    for (sum, &value) in sums.iter_mut().zip(value) {
        *sum = S::mul_add(weight, value, *sum);
    }
}
