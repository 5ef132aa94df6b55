//! Displacements carried along to time t.

use crate::motion::Field;
use crate::picture::{Picture, Plane, samples, samples_mut, sampling::Grid};
use ndarray::Array2;
use rayon::prelude::*;

/// How fast a displacement loses its say as the two pictures differ along it: weight
/// `exp(-20·e)`, e the sum over three channels of differences in `[0, 1]` (Niklaus & Liu, *Softmax
/// splatting for video frame interpolation*, 2020, with a fixed importance metric).
const IMPORTANCE: f32 = 20.0;
/// Least weight, so that an unlike displacement still fills a place that nothing else claims.
const LEAST_WEIGHT: f32 = 1e-4;
/// Weight of a displacement that leaves the picture, where nothing can be compared.
const LEAVING_WEIGHT: f32 = 0.05;
/// Rows that one task fills.
const STRIPE_ROWS: usize = 16;

/// A field ready to be splatted: what does not depend on t.
#[derive(Debug)]
pub struct Splatter {
    field: Field,
    weight: Plane,
    /// Least and largest dy of every row, px: which rows can reach a stripe.
    reach_px: Vec<(f32, f32)>,
}

/// Displacements at time t.
#[derive(Debug, Clone)]
pub struct Splatted {
    /// Displacement from the first picture to the second, px.
    pub field: Field,
    /// Weight that arrived at every pixel; about 1 where the field is smooth and right.
    pub mass: Plane,
}

impl Splatter {
    /// Weighs the displacements `field` from `source` to `target`.
    pub fn new(field: Field, source: &Picture, target: &Picture) -> Self {
        let weight = importance(&field, source, target);
        let reach_px = field
            .dy
            .rows()
            .into_iter()
            .map(|row| {
                row.iter()
                    .fold((f32::MAX, f32::MIN), |(a, b), &v| (a.min(v), b.max(v)))
            })
            .collect();
        Self {
            field,
            weight,
            reach_px,
        }
    }

    /// Carries every displacement the part `t` of its way, with bilinear weights, and takes the
    /// weighted mean where several arrive. `sign` is -1 for a field from the second picture to
    /// the first, so that the result always points from the first to the second.
    pub fn at(&self, t: f32, sign: f32) -> Splatted {
        let (height, width) = self.weight.dim();
        let mut out = Splatted {
            field: Field::zeros((height, width)),
            mass: Array2::zeros((height, width)),
        };
        let stripe = STRIPE_ROWS * width;
        samples_mut(&mut out.field.dx)
            .par_chunks_mut(stripe)
            .zip(samples_mut(&mut out.field.dy).par_chunks_mut(stripe))
            .zip(samples_mut(&mut out.mass).par_chunks_mut(stripe))
            .enumerate()
            .for_each(|(n, ((dx, dy), mass))| {
                self.fill_stripe(n * STRIPE_ROWS, t, sign, dx, dy, mass)
            });
        out
    }

    /// All that lands in the rows from `first_row` on. Sources are visited in raster order whatever
    /// the stripes, so the sums do not depend on them.
    fn fill_stripe(
        &self,
        first_row: usize,
        t: f32,
        sign: f32,
        dx: &mut [f32],
        dy: &mut [f32],
        mass: &mut [f32],
    ) {
        let (height, width) = self.weight.dim();
        let rows = mass.len() / width;
        let (low, high) = (first_row as f32 - 1.0, (first_row + rows) as f32);
        let (fx, fy, fw) = (
            samples(&self.field.dx),
            samples(&self.field.dy),
            samples(&self.weight),
        );
        for y in 0..height {
            let (least, most) = self.reach_px[y];
            if y as f32 + t * most < low || y as f32 + t * least > high {
                continue;
            }
            for x in 0..width {
                let i = y * width + x;
                let (px, py) = (x as f32 + t * fx[i], y as f32 + t * fy[i]);
                if !(py > low && py < high && px > -1.0 && px < width as f32) {
                    continue;
                }
                let (qx, qy) = (px.floor(), py.floor());
                let (ax, ay) = (px - qx, py - qy);
                let (left, top) = (qx as isize, qy as isize - first_row as isize);
                for (row, wy) in [(top, 1.0 - ay), (top + 1, ay)] {
                    if row < 0 || row >= rows as isize {
                        continue;
                    }
                    for (column, wx) in [(left, 1.0 - ax), (left + 1, ax)] {
                        if column < 0 || column >= width as isize {
                            continue;
                        }
                        let at = row as usize * width + column as usize;
                        let weight = wx * wy * fw[i];
                        dx[at] += weight * fx[i];
                        dy[at] += weight * fy[i];
                        mass[at] += weight;
                    }
                }
            }
        }
        for ((dx, dy), &mass) in dx.iter_mut().zip(dy).zip(&*mass) {
            let scale = if mass > 0.0 { sign / mass } else { 0.0 };
            *dx *= scale;
            *dy *= scale;
        }
    }
}

/// `exp(-20·e)` by how alike the two ends of every displacement are.
fn importance(field: &Field, source: &Picture, target: &Picture) -> Plane {
    let format = source.format();
    let full_size = full_size_colors(source);
    // Three channels' worth, whatever the number of planes.
    let scale = 3.0 / (full_size as f32 * format.max_code());
    let (height, width) = field.dim();
    let sources: Vec<&[f32]> = source.planes()[..full_size].iter().map(samples).collect();
    let targets: Vec<Grid<'_>> = target.planes()[..full_size].iter().map(Grid::new).collect();
    let (fx, fy) = (samples(&field.dx), samples(&field.dy));
    let mut weight = Array2::zeros((height, width));
    samples_mut(&mut weight)
        .par_chunks_mut(width)
        .enumerate()
        .for_each(|(y, row)| {
            for (x, weight) in row.iter_mut().enumerate() {
                let i = y * width + x;
                let (tx, ty) = (x as f32 + fx[i], y as f32 + fy[i]);
                let difference: f32 = sources
                    .iter()
                    .zip(&targets)
                    .map(|(s, t)| (s[i] - t.bilinear(tx, ty)).abs())
                    .sum();
                let stays = inside(tx, width) && inside(ty, height);
                *weight = (-IMPORTANCE * scale * difference).exp().max(LEAST_WEIGHT)
                    * if stays { 1.0 } else { LEAVING_WEIGHT };
            }
        });
    weight
}

/// Number of colour planes that are full size: those that can be compared pixel by pixel.
pub fn full_size_colors(picture: &Picture) -> usize {
    let format = picture.format();
    if format.chroma_shift_x == 0 && format.chroma_shift_y == 0 {
        format.color_planes()
    } else {
        1
    }
}

/// Whether a coordinate lies on a picture's axis of `len` pixels.
#[inline(always)]
pub fn inside(at: f32, len: usize) -> bool {
    at > -0.5 && at < len as f32 - 0.5
}
