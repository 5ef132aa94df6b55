//! Displacement interpolation: both pictures sampled along the motion at time t.

use super::fill::fill;
use super::splat::{Splatted, Splatter, full_size_colors, inside};
use crate::motion::{Field, Motion};
use crate::picture::{Picture, Plane, samples, samples_mut, sampling::Grid};
use crate::simd::{Kernel, Level as Cpu, Simd, math};
use ndarray::Array2;
use rayon::prelude::*;

/// How fast a motion loses its say as the two pictures' samples along it differ: `exp(-15·e)`, e as
/// for the splatting (measured).
const LIKENESS: f32 = 15.0;
/// Least likeness.
const LEAST_LIKENESS: f32 = 1e-3;
/// Mass that every motion has at least: where nothing arrived, its filled-in value still counts.
const LEAST_MASS: f32 = 0.02;
/// Share of each of the two motions that does not depend on t (measured).
const TIMELESS_SHARE: f32 = 0.2;
/// Weight of a sample from outside the picture, beside one from inside.
const OUTSIDE: f32 = 1e-3;
/// Rows that one task renders.
const BAND_ROWS: usize = 8;

/// A transition ready to be rendered at any time.
#[derive(Debug)]
pub struct Displacement {
    forward: Splatter,
    backward: Splatter,
}

/// The two motions at one time, and how much the first of them counts.
struct Moment {
    t: f32,
    from_first: Field,
    from_second: Field,
    /// In `[0, 1]`; the rest is the second's.
    share: Plane,
}

impl Displacement {
    /// Prepares the motion between two pictures (premultiplied, if they have alpha).
    pub fn new(motion: Motion, first: &Picture, second: &Picture) -> Self {
        let Motion { forward, backward } = motion;
        let (forward, backward) = rayon::join(
            || Splatter::new(forward, first, second),
            || Splatter::new(backward, second, first),
        );
        Self { forward, backward }
    }

    /// The picture at `t` in `(0, 1)`, unrounded.
    pub fn at(&self, cpu: Cpu, first: &Picture, second: &Picture, t: f32) -> Picture {
        let ((a, b), mut out) = rayon::join(
            || {
                rayon::join(
                    || filled(self.forward.at(t, 1.0)),
                    || filled(self.backward.at(1.0 - t, -1.0)),
                )
            },
            || first.clone(),
        );
        let (field_a, mass_a) = a;
        let (field_b, mass_b) = b;
        let mut moment = Moment {
            t,
            from_first: field_a,
            from_second: field_b,
            share: Array2::zeros(mass_a.dim()),
        };
        set_shares(cpu, &mut moment, [&mass_a, &mass_b], first, second);
        let format = first.format();
        let mut small: Option<Moment> = None;
        for index in 0..format.plane_count() {
            let (sy, sx) = format.plane_shift(index);
            let moment = if (sy, sx) == (0, 0) {
                &moment
            } else {
                small.get_or_insert_with(|| moment.subsampled(sy, sx))
            };
            let (a, b) = (&first.planes()[index], &second.planes()[index]);
            render_plane(cpu, moment, a, b, &mut out.planes_mut()[index]);
        }
        out
    }
}

/// A splatted field without holes, and the mass it had before.
fn filled(mut splatted: Splatted) -> (Field, Plane) {
    fill(&mut splatted);
    (splatted.field, splatted.mass)
}

impl Moment {
    /// The moment as a plane subsampled by `2^sx × 2^sy` sees it: means over blocks, displacements
    /// in the plane's own pixels.
    fn subsampled(&self, sy: u8, sx: u8) -> Self {
        let mean = |plane: &Plane, scale: f32| block_means(plane, sy, sx).mapv_into(|v| v * scale);
        let (to_x, to_y) = (1.0 / f32::from(1u8 << sx), 1.0 / f32::from(1u8 << sy));
        let field = |f: &Field| Field {
            dx: mean(&f.dx, to_x),
            dy: mean(&f.dy, to_y),
        };
        Self {
            t: self.t,
            from_first: field(&self.from_first),
            from_second: field(&self.from_second),
            share: mean(&self.share, 1.0),
        }
    }
}

fn block_means(plane: &Plane, sy: u8, sx: u8) -> Plane {
    let (height, width) = plane.dim();
    let dim = (height.div_ceil(1 << sy), width.div_ceil(1 << sx));
    let mut out = Array2::zeros(dim);
    let source = samples(plane);
    samples_mut(&mut out)
        .par_chunks_mut(dim.1)
        .enumerate()
        .for_each(|(y, row)| {
            let rows = (y << sy)..((y + 1) << sy).min(height);
            for (x, o) in row.iter_mut().enumerate() {
                let columns = (x << sx)..((x + 1) << sx).min(width);
                let n = (rows.len() * columns.len()) as f32;
                *o = rows
                    .clone()
                    .map(|yy| source[yy * width..][columns.clone()].iter().sum::<f32>())
                    .sum::<f32>()
                    / n;
            }
        });
    out
}

/// Sets `share` from mass, time and how alike the pictures are along each motion.
fn set_shares(cpu: Cpu, moment: &mut Moment, mass: [&Plane; 2], first: &Picture, second: &Picture) {
    let full_size = full_size_colors(first);
    let width = first.width();
    let likeness = -LIKENESS * 3.0 / (full_size as f32 * first.format().max_code());
    let firsts: Vec<Grid<'_>> = first.planes()[..full_size].iter().map(Grid::new).collect();
    let seconds: Vec<Grid<'_>> = second.planes()[..full_size].iter().map(Grid::new).collect();
    let Moment {
        t,
        from_first,
        from_second,
        share,
    } = moment;
    let (t, fields) = (*t, [&*from_first, &*from_second]);
    samples_mut(share)
        .par_chunks_mut(BAND_ROWS * width)
        .enumerate()
        .for_each(|(n, share)| {
            let y0 = n * BAND_ROWS;
            cpu.run(Shares {
                t,
                fields,
                mass,
                firsts: &firsts,
                seconds: &seconds,
                likeness,
                y0,
                share,
            });
        });
}

struct Shares<'a> {
    t: f32,
    fields: [&'a Field; 2],
    mass: [&'a Plane; 2],
    firsts: &'a [Grid<'a>],
    seconds: &'a [Grid<'a>],
    likeness: f32,
    y0: usize,
    share: &'a mut [f32],
}

impl Kernel for Shares<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Self {
            t,
            fields,
            mass,
            firsts,
            seconds,
            likeness,
            y0,
            share,
        } = self;
        let width = firsts[0].width;
        let first = y0 * width;
        let [a, b] = fields.map(|f| [&samples(&f.dx)[first..], &samples(&f.dy)[first..]]);
        let [mass_a, mass_b] = mass.map(|m| &samples(m)[first..]);
        let (time_a, time_b) = (TIMELESS_SHARE + 1.0 - t, TIMELESS_SHARE + t);
        for (i, share) in share.iter_mut().enumerate() {
            let (x, y) = ((i % width) as f32, (y0 + i / width) as f32);
            let weight_a = (mass_a[i].min(1.0) + LEAST_MASS)
                * alike::<S>(firsts, seconds, x, y, t, [a[0][i], a[1][i]], likeness)
                * time_a;
            let weight_b = (mass_b[i].min(1.0) + LEAST_MASS)
                * alike::<S>(firsts, seconds, x, y, t, [b[0][i], b[1][i]], likeness)
                * time_b;
            *share = weight_a / (weight_a + weight_b);
        }
    }
}

/// How alike the two pictures are at the two ends of a displacement through `(x, y)` at time `t`.
#[inline(always)]
fn alike<S: Simd>(
    firsts: &[Grid<'_>],
    seconds: &[Grid<'_>],
    x: f32,
    y: f32,
    t: f32,
    [dx, dy]: [f32; 2],
    likeness: f32,
) -> f32 {
    let (ax, ay) = (x - t * dx, y - t * dy);
    let (bx, by) = (x + (1.0 - t) * dx, y + (1.0 - t) * dy);
    let mut difference = 0.0;
    for (a, b) in firsts.iter().zip(seconds) {
        difference += (a.bicubic(ax, ay) - b.bicubic(bx, by)).abs();
    }
    math::exp::<S>(likeness * difference).max(LEAST_LIKENESS)
}

/// Renders one plane.
fn render_plane(cpu: Cpu, moment: &Moment, first: &Plane, second: &Plane, out: &mut Plane) {
    let width = out.ncols();
    let (first, second) = (Grid::new(first), Grid::new(second));
    samples_mut(out)
        .par_chunks_mut(BAND_ROWS * width)
        .enumerate()
        .for_each(|(n, out)| {
            cpu.run(RenderRows {
                moment,
                first,
                second,
                y0: n * BAND_ROWS,
                out,
            });
        });
}

struct RenderRows<'a> {
    moment: &'a Moment,
    first: Grid<'a>,
    second: Grid<'a>,
    y0: usize,
    out: &'a mut [f32],
}

impl Kernel for RenderRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Self {
            moment,
            first,
            second,
            y0,
            out,
        } = self;
        let (width, t) = (first.width, moment.t);
        let start = y0 * width;
        let [a, b] = [&moment.from_first, &moment.from_second]
            .map(|f| [&samples(&f.dx)[start..], &samples(&f.dy)[start..]]);
        let share = &samples(&moment.share)[start..];
        for (i, out) in out.iter_mut().enumerate() {
            let (x, y) = ((i % width) as f32, (y0 + i / width) as f32);
            let (va, vb) = (
                blend(&first, &second, x, y, t, [a[0][i], a[1][i]]),
                blend(&first, &second, x, y, t, [b[0][i], b[1][i]]),
            );
            *out = vb + (va - vb) * share[i];
        }
    }
}

/// Both ends of a displacement through `(x, y)` at time `t`, mixed by time; an end outside the picture
/// hardly counts.
#[inline(always)]
fn blend(first: &Grid<'_>, second: &Grid<'_>, x: f32, y: f32, t: f32, [dx, dy]: [f32; 2]) -> f32 {
    let (ax, ay) = (x - t * dx, y - t * dy);
    let (bx, by) = (x + (1.0 - t) * dx, y + (1.0 - t) * dy);
    let wa = (1.0 - t) * visibility(ax, ay, first);
    let wb = t * visibility(bx, by, first);
    let (va, vb) = (first.bicubic(ax, ay), second.bicubic(bx, by));
    // As a correction to the one sample: two equal samples give exactly that value.
    va + (vb - va) * (wb / (wa + wb))
}

#[inline(always)]
fn visibility(x: f32, y: f32, grid: &Grid<'_>) -> f32 {
    if inside(x, grid.width) && inside(y, grid.height) {
        1.0
    } else {
        OUTSIDE
    }
}
