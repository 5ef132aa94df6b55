//! A band of the picture at time t: the weighted mean of what all motions tried show.

use super::hypotheses::{Band, Ends, Hypothesis, Moment, Neighbour, Pair, Weighed, error_of};
use super::splat::full_size_colors;
use super::spline::Spline;
use crate::measure::Exposure;
use crate::picture::{Picture, Plane, samples_mut};
use crate::simd::{Kernel, Level as Cpu, Simd};
use rayon::prelude::*;

/// Rows that one task renders. A multiple of 4, so that bands of subsampled planes are whole.
const BAND_ROWS: usize = 32;

/// Renders all planes of `out` from the splines of the two pictures' planes, all of one format and size.
///
/// Returns how unlike the pictures are, at every pixel, along the motion that fits best there: the mean around it of the
/// difference, summed over three channels in `[0, 1]`.
pub fn render(
    cpu: Cpu,
    moment: &Moment,
    splines: &[Vec<Spline>; 2],
    exposure: &Exposure,
    out: &mut Picture,
) -> Plane {
    let format = out.format();
    let full_size = full_size_colors(out);
    let dim = (out.height(), out.width());
    let [firsts, seconds] = splines;
    let pair = Pair {
        firsts: &firsts[..full_size],
        seconds: &seconds[..full_size],
        scale: 3.0 / (full_size as f32 * format.max_code()),
        exposure,
    };
    let others: Vec<Other<'_>> = (full_size..format.plane_count())
        .map(|index| Other {
            first: &firsts[index],
            second: &seconds[index],
            shift: format.plane_shift(index),
        })
        .collect();
    let mut bands: Vec<Vec<&mut [f32]>> = Vec::new();
    bands.resize_with(dim.0.div_ceil(BAND_ROWS), Vec::new);
    for (index, plane) in out.planes_mut().iter_mut().enumerate() {
        let rows = (BAND_ROWS >> format.plane_shift(index).0) * plane.ncols();
        for (band, chunk) in bands.iter_mut().zip(samples_mut(plane).chunks_mut(rows)) {
            band.push(chunk);
        }
    }
    let mut error = Plane::zeros(dim);
    bands
        .into_par_iter()
        .zip(samples_mut(&mut error).par_chunks_mut(BAND_ROWS * dim.1))
        .enumerate()
        .for_each_init(Scratch::default, |scratch, (n, (out, error))| {
            let y0 = n * BAND_ROWS;
            let rows = BAND_ROWS.min(dim.0 - y0);
            cpu.run(RenderBand {
                moment,
                pair: &pair,
                others: &others,
                band: Band { y0, rows, dim },
                scratch,
                out,
                error,
            });
        });
    error
}

/// A plane that cannot be compared pixel by pixel: subsampled, or alpha.
struct Other<'a> {
    first: &'a Spline,
    second: &'a Spline,
    /// How often it is halved, along y and x.
    shift: (u8, u8),
}

/// Memory that a band takes; one per thread, kept and used again.
#[derive(Default)]
struct Scratch {
    own: Hypothesis,
    neighbour: Hypothesis,
    column: Vec<f32>,
    /// Sums of weights: of the full-size colour planes together, then of each other plane.
    weights: Vec<Vec<f32>>,
}

struct RenderBand<'a> {
    moment: &'a Moment,
    pair: &'a Pair<'a>,
    others: &'a [Other<'a>],
    band: Band,
    scratch: &'a mut Scratch,
    /// The band's rows of every plane.
    out: Vec<&'a mut [f32]>,
    /// The band's rows of the error along the best motion.
    error: &'a mut [f32],
}

impl Kernel for RenderBand<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Self {
            moment,
            pair,
            others,
            band,
            scratch,
            mut out,
            error: best_fit,
        } = self;
        let Scratch {
            own,
            neighbour,
            column,
            weights,
        } = scratch;
        let full_size = pair.firsts.len();
        weights.resize_with(1 + others.len(), Vec::new);
        for (weights, out) in weights.iter_mut().zip(&out[full_size - 1..]) {
            weights.clear();
            weights.resize(out.len(), 0.0);
        }
        for out in &mut out {
            out.fill(0.0);
        }
        best_fit.fill(0.0);
        for field in 0..moment.fields.len() {
            own.measure_own(moment, field, band, pair);
            let weighed = own.weigh::<S>(band, column, best_fit);
            add::<S>(&weighed, moment.t, others, band, &mut out, weights);
            for at in Neighbour::in_rings(moment.rings) {
                neighbour.measure(moment, field, at, band, pair, Some(&*own));
                let weighed = neighbour.weigh::<S>(band, column, best_fit);
                add::<S>(&weighed, moment.t, others, band, &mut out, weights);
            }
            if field == 0 {
                neighbour.measure_still(moment.t, band, pair, own);
                let weighed = neighbour.weigh_still(band, column);
                add::<S>(&weighed, moment.t, others, band, &mut out, weights);
            }
        }
        best_fit.iter_mut().for_each(|fit| *fit = error_of(*fit));
        for (index, out) in out.iter_mut().enumerate() {
            let weights = &weights[(index + 1).saturating_sub(full_size)];
            for (o, &w) in out.iter_mut().zip(weights) {
                *o /= w;
            }
        }
    }
}

/// Adds what a motion shows, times its weight, to all planes of a band.
#[inline(always)]
fn add<S: Simd>(
    weighed: &Weighed<'_>,
    t: f32,
    others: &[Other<'_>],
    band: Band,
    out: &mut [&mut [f32]],
    weights: &mut [Vec<f32>],
) {
    let (colors, rest) = out.split_at_mut(out.len() - others.len());
    add_colors::<S>(weighed, colors, &mut weights[0]);
    for ((plane, out), weights) in others.iter().zip(rest).zip(&mut weights[1..]) {
        add_other(plane, t, weighed, band, out, weights);
    }
}

#[inline(always)]
fn add_colors<S: Simd>(weighed: &Weighed<'_>, colors: &mut [&mut [f32]], weights: &mut [f32]) {
    for (sum, &w) in weights.iter_mut().zip(weighed.weight) {
        *sum += w;
    }
    for (values, out) in weighed.values.iter().zip(colors) {
        let values = &values[weighed.start..];
        for ((o, &w), &v) in out.iter_mut().zip(weighed.weight).zip(values) {
            *o = S::mul_add(w, v, *o);
        }
    }
}

/// Weights and displacements are means over the pixels that a sample stands for.
#[inline(always)]
fn add_other(
    plane: &Other<'_>,
    t: f32,
    weighed: &Weighed<'_>,
    band: Band,
    out: &mut [f32],
    weights: &mut [f32],
) {
    let (sy, sx) = plane.shift;
    let (width, own_width) = (band.dim.1, plane.first.width);
    let (to_y, to_x) = (1.0 / f32::from(1u8 << sy), 1.0 / f32::from(1u8 << sx));
    for (i, (out, weight)) in out.iter_mut().zip(weights).enumerate() {
        let (x, y) = (i % own_width, i / own_width);
        let rows = (y << sy)..((y + 1) << sy).min(band.rows);
        let columns = (x << sx)..((x + 1) << sx).min(width);
        let n = (rows.len() * columns.len()) as f32;
        let mut sums = [0.0f32; 3];
        for row in rows {
            for at in row * width + columns.start..row * width + columns.end {
                let w = weighed.weight[at];
                sums[0] += w;
                sums[1] += w * weighed.dx[at];
                sums[2] += w * weighed.dy[at];
            }
        }
        if sums[0] > 0.0 {
            let d = [to_x * sums[1] / sums[0], to_y * sums[2] / sums[0]];
            let (x, y) = (x as f32, ((band.y0 >> sy) + y) as f32);
            let value = Ends::of(x, y, t, d).blend(t, plane.first, plane.second);
            *weight += sums[0] / n;
            *out += sums[0] / n * value;
        }
    }
}
