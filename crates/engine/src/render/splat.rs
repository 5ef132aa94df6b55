//! Splatting of displacements to time t: a forward warp of the optical flow along itself, with weights.

use crate::motion::Field;
use crate::picture::{Plane, samples, samples_mut, sampling::Grid};
use crate::probe::{Place, Probe, Side, View};
use otinterp_simd::partial::{counted, load};
use otinterp_simd::{Kernel, LANES, Level as Cpu, Number, Simd, Vector, math};
use rayon::prelude::*;

/// Rows that one task fills.
const STRIPE_ROWS: usize = 32;

/// A picture's displacements and their splatting weights: all that does not depend on t. In px of whatever size it is given.
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

/// Gives a probe the displacements of both pictures at time t, without holes, and the deficits of mass.
pub fn report(probe: &dyn Probe, level: usize, fields: &[Field; 2], masses: [&Plane; 2]) {
    if !probe.is_on() {
        return;
    }
    for (n, side) in [Side::First, Side::Second].into_iter().enumerate() {
        let place = |view| Place { view, side, level };
        let deficit = masses[n].mapv(|mass| (1.0 - mass).max(0.0));
        probe.plane(place(View::Deficit), &deficit);
        probe.motion(place(View::Candidates), &fields[n].dx, &fields[n].dy);
    }
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

    /// Splats every displacement the part `t` of its way, with bilinear weights, and takes the weighted mean where several
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

/// All that lands in some rows. Sources are visited in raster order, and stripes are the same however many threads there are: so are
/// the sums.
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
        let v = S::V::splat;
        for y in 0..height {
            let (least, most) = carrier.reach[y];
            if y as f32 + t * most <= low || y as f32 + t * least >= high {
                continue;
            }
            let Field { dx: fx, dy: fy } = &carrier.field;
            let (fx, fy) = (Grid::new(fx).row(y), Grid::new(fy).row(y));
            let fw = Grid::new(&carrier.weight).row(y);
            let mut open = Open::new(pitch);
            for first in (0..width).step_by(LANES) {
                let lanes = first..width.min(first + LANES);
                let [fx, fy, fw] = [&fx[lanes.clone()], &fy[lanes.clone()], &fw[lanes]];
                let place = [
                    load::<S>(fx).mul_add(v(t), counted::<S>(first as f32)),
                    load::<S>(fy).mul_add(v(t), v(y as f32)),
                ];
                let bounds = [[-1.0, right], [low, high]];
                let Some(landing) = Landing::of::<S>(place, bounds, load::<S>(fw)) else {
                    continue;
                };
                for lane in 0..fx.len() {
                    let weight = landing.weight[lane];
                    if weight == 0.0 {
                        continue;
                    }
                    let value = [weight * fx[lane], weight * fy[lane], weight, 0.0];
                    let at = landing.row[lane] as u32 as usize * pitch
                        + landing.column[lane] as u32 as usize;
                    open.close_unless(at, sums);
                    let shares = landing.shares.each_ref().map(|shares| shares[lane]);
                    open.add::<S>(&value, shares, sums);
                }
            }
            open.close(sums);
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

/// Where sixteen displacements land.
struct Landing {
    /// Among the sums, which begin a row and a column before the first place.
    column: [f32; LANES],
    row: [f32; LANES],
    /// Shares of the four places around, two above, two below.
    shares: [[f32; LANES]; 4],
    /// 0 where they land elsewhere.
    weight: [f32; LANES],
}

impl Landing {
    /// Of places between `bounds`, along x and y; none if there is none.
    #[inline(always)]
    fn of<S: Simd>(place: [S::V; 2], bounds: [[f32; 2]; 2], weight: S::V) -> Option<Self> {
        let v = S::V::splat;
        let mut weight = weight;
        let (mut wholes, mut fractions) = (place, place);
        for axis in 0..2 {
            let [low, high] = bounds[axis];
            let inside = place[axis].select_less(v(high), weight, v(0.0));
            weight = v(low).select_less(place[axis], inside, v(0.0));
            // The differences may round up to the bounds.
            let past = place[axis].sub(v(low)).max(v(0.0)).min(v(high - low));
            wholes[axis] = math::floor_of(past).min(v(high - low - 1.0));
            fractions[axis] = past.sub(wholes[axis]);
        }
        if weight.largest() == 0.0 {
            return None;
        }
        let mut landing = Self {
            column: [0.0; LANES],
            row: [0.0; LANES],
            shares: [[0.0; LANES]; 4],
            weight: [0.0; LANES],
        };
        wholes[0].store(&mut landing.column);
        wholes[1].store(&mut landing.row);
        weight.store(&mut landing.weight);
        let [x, y] = fractions;
        let (left, above) = (v(1.0).sub(x), v(1.0).sub(y));
        let shares = [left.mul(above), x.mul(above), left.mul(y), x.mul(y)];
        for (share, to) in shares.into_iter().zip(&mut landing.shares) {
            share.store(to);
        }
        Some(landing)
    }
}

/// The two places to the right of the last displacement that landed, one above the other. The next one mostly lands on them, too; kept
/// here, its sums need not wait until those of the last have gone to memory and come back.
struct Open {
    pitch: usize,
    /// Of the upper one.
    at: usize,
    sums: [[f32; 4]; 2],
}

impl Open {
    #[inline(always)]
    fn new(pitch: usize) -> Self {
        Self {
            pitch,
            at: 0,
            sums: [[0.0; 4]; 2],
        }
    }

    /// Adds what is kept, unless it is for the places at `at`.
    #[inline(always)]
    fn close_unless(&mut self, at: usize, sums: &mut [[f32; 4]]) {
        if self.at != at {
            self.close(sums);
            self.at = at;
            self.sums = [[0.0; 4]; 2];
        }
    }

    #[inline(always)]
    fn close(&self, sums: &mut [[f32; 4]]) {
        for (kept, at) in self.sums.iter().zip([self.at, self.at + self.pitch]) {
            for (sum, &kept) in sums[at].iter_mut().zip(kept) {
                *sum += kept;
            }
        }
    }

    /// Adds a value to the places kept, and keeps those to the right of them instead.
    #[inline(always)]
    fn add<S: Simd>(&mut self, value: &[f32; 4], [a, b, c, d]: [f32; 4], sums: &mut [[f32; 4]]) {
        let left = [(a, self.at), (c, self.at + self.pitch)];
        for ((share, at), kept) in left.into_iter().zip(&self.sums) {
            for ((sum, &value), &kept) in sums[at].iter_mut().zip(value).zip(kept) {
                *sum += S::mul_add(share, value, kept);
            }
        }
        for (kept, share) in self.sums.iter_mut().zip([b, d]) {
            for (kept, &value) in kept.iter_mut().zip(value) {
                *kept = share * value;
            }
        }
        self.at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_arrives_is_the_weighted_mean_of_all_that_lands_around() {
        // More than one stripe; smooth places, and others that scatter and leave.
        let (height, width) = (70, 45);
        let noise = |y: usize, x: usize, n: usize| ((x * 31 + y * 17 + n * 7) % 29) as f32;
        let displacement = |y: usize, x: usize, n: usize| {
            if x < 20 {
                2.25 + 0.05 * y as f32
            } else {
                noise(y, x, n) - 14.0
            }
        };
        let dim = (height, width);
        let field = Field {
            dx: Plane::from_shape_fn(dim, |(y, x)| displacement(y, x, 0)),
            dy: Plane::from_shape_fn(dim, |(y, x)| displacement(y, x, 1)),
        };
        let weight = Plane::from_shape_fn(dim, |(y, x)| 0.1 + noise(y, x, 2));
        let (t, sign) = (0.4, -1.0);
        let mut sums = vec![[0.0f64; 3]; height * width];
        for ((y, x), &w) in weight.indexed_iter() {
            let (dx, dy) = (f64::from(field.dx[(y, x)]), f64::from(field.dy[(y, x)]));
            let (px, py) = (x as f64 + f64::from(t) * dx, y as f64 + f64::from(t) * dy);
            for (i, j) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                let (qx, qy) = (px.floor() + f64::from(i), py.floor() + f64::from(j));
                let share = (1.0 - (px - qx).abs()) * (1.0 - (py - qy).abs()) * f64::from(w);
                let inside = |q: f64, len: usize| q >= 0.0 && q < len as f64;
                if inside(qx, width) && inside(qy, height) {
                    let sums = &mut sums[qy as usize * width + qx as usize];
                    for (sum, value) in sums.iter_mut().zip([dx, dy, 1.0]) {
                        *sum += share * value;
                    }
                }
            }
        }
        let carrier = Carrier::new(field, weight);
        for cpu in Cpu::available() {
            let Splatted { field, mass } = carrier.at(cpu, t, sign);
            for ((at, &mass), [dx, dy, truth]) in mass.indexed_iter().zip(&sums) {
                let error = (f64::from(mass) - truth).abs();
                assert!(error < 1e-3, "{at:?}: {mass} {truth}");
                // A mean of a sliver of mass is known as little as the sliver.
                if *truth > 0.1 {
                    for (found, sum) in [(field.dx[at], dx), (field.dy[at], dy)] {
                        let error = (f64::from(found) + sum / truth).abs();
                        assert!(error < 1e-2, "{at:?}: {found} {}", -sum / truth);
                    }
                }
            }
        }
    }
}
