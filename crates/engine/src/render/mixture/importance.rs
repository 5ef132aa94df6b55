//! Splatting weights of displacements: their importance where several arrive, by photometric error and texture.

use super::texture;
use crate::motion::MotionField;
use crate::picture::{ColorModel, Picture, Plane, samples_mut, sampling::Grid};
use crate::render::linear::{linear, stay};
use crate::render::splat::Carrier;
use ndarray::Array2;
use otinterp_simd::partial::{counted, store};
use otinterp_simd::{Kernel, LANES, Level as Cpu, Number, Simd, Vector, math};
use rayon::prelude::*;

/// Softmax-splatting temperature: weight `exp(-20·e)`, e the photometric error, a sum over three channels of
/// differences in `[0, 1]` (Niklaus & Liu, *Softmax
/// splatting for video frame interpolation*, 2020, with a fixed importance metric).
const IMPORTANCE: f32 = 20.0;
/// Least weight, so that a displacement of large error still fills a place that no other reaches.
const LEAST_WEIGHT: f32 = 1e-4;
/// Weight of a displacement that leaves the picture, where nothing can be compared.
const LEAVING_WEIGHT: f32 = 0.05;

/// A motion field from `source` to `target`, by cells of 2 px, ready to be splatted: motion is smooth, and at its boundaries the
/// renderer compares the pictures (measured: all rows and columns gain 0.01 dB).
pub fn carrier(cpu: Cpu, field: MotionField, source: &Picture, target: &Picture) -> Carrier {
    let weight = importance(cpu, &field, source, target);
    Carrier::new(field.into_cells(), weight)
}

/// `exp(-20·e)` of the photometric error, times the texture weight, for every cell.
fn importance(cpu: Cpu, field: &MotionField, source: &Picture, target: &Picture) -> Plane {
    let format = source.format();
    let full_size = full_size_colors(source);
    // Three channels' worth, whatever the number of planes.
    let scale = 3.0 / (full_size as f32 * format.max_code());
    let half = field.dim();
    let (sources, targets) = (full_size_grids(source), full_size_grids(target));
    // Luma, or green in its place.
    let luma = usize::from(format.model == ColorModel::Rgb);
    let luma = Grid::new(&source.planes()[luma]);
    let to_unit = 1.0 / format.max_code();
    let mut weight = Array2::zeros(half);
    samples_mut(&mut weight)
        .par_chunks_mut(half.1)
        .enumerate()
        .for_each_init(Vec::new, |ranges, (row, weights)| {
            cpu.run(RowOfWeights {
                field,
                pictures: [&sources, &targets],
                scale,
                row,
                weights,
            });
            let y = 2 * row;
            let last = 2 * (half.0 - 1);
            let rows = [y.saturating_sub(2), y, (y + 2).min(last)].map(|y| luma.row(y));
            texture::weigh(rows, to_unit, ranges, weights);
        });
    weight
}

/// `exp(-20·e)` of a row of cells.
struct RowOfWeights<'a> {
    field: &'a MotionField,
    /// The planes of the first and of the second picture: three, or one.
    pictures: [&'a [Grid<'a>]; 2],
    /// From a difference in codes, summed over the planes, to three channels in `[0, 1]`.
    scale: f32,
    row: usize,
    weights: &'a mut [f32],
}

impl Kernel for RowOfWeights<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        match self.pictures {
            [&[a, b, c], &[d, e, f]] => self.weigh::<S, 3>([[a, b, c], [d, e, f]]),
            [sources, targets] => self.weigh::<S, 1>([[sources[0]], [targets[0]]]),
        }
    }
}

impl RowOfWeights<'_> {
    #[inline(always)]
    fn weigh<S: Simd, const P: usize>(self, [sources, targets]: [[Grid<'_>; P]; 2]) {
        let v = S::V::splat;
        let last = v((self.field.dim().1 - 1) as f32);
        for (n, weights) in self.weights.chunks_mut(LANES).enumerate() {
            let column = counted::<S>((n * LANES) as f32).min(last);
            let x = column.add(column);
            let (moved, stays) = moved::<S, P>(self.field, &targets, column, self.row);
            let mut difference = v(0.0);
            for p in 0..P {
                let own = S::V::pick(sources[p].row(2 * self.row), 0, x, v(0.0));
                let apart = own.sub(moved[p]);
                difference = difference.add(apart.max(v(0.0).sub(apart)));
            }
            let weight = math::exp_of(difference.mul(v(-IMPORTANCE * self.scale)));
            let weight = weight.max(v(LEAST_WEIGHT));
            let leaving = stays.select_less(v(0.5), v(LEAVING_WEIGHT), v(1.0));
            store::<S>(weight.mul(leaving), weights);
        }
    }
}

/// Samples of planes where a motion field of 2 px cells leads from sixteen cells `column` of a row, and 1 where that is in the
/// picture, else 0.
#[inline(always)]
pub fn moved<S: Simd, const P: usize>(
    field: &MotionField,
    planes: &[Grid<'_>; P],
    column: S::V,
    row: usize,
) -> ([S::V; P], S::V) {
    let v = S::V::splat;
    let (height, width) = (planes[0].height, planes[0].width);
    let dx = S::V::pick(Grid::new(&field.dx).row(row), 0, column, v(0.0));
    let dy = S::V::pick(Grid::new(&field.dy).row(row), 0, column, v(0.0));
    let to_x = column.add(column).add(dx);
    let to_y = v((2 * row) as f32).add(dy);
    let stays = stay::<S>(to_x, width).mul(stay::<S>(to_y, height));
    (linear::<S, P>(planes, to_x, to_y), stays)
}

/// The colour planes that are full size.
pub fn full_size_grids(picture: &Picture) -> Vec<Grid<'_>> {
    let planes = picture.planes()[..full_size_colors(picture)].iter();
    planes.map(Grid::new).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Format;

    #[test]
    fn weights_are_those_of_the_formula() {
        for (format, (height, width)) in [
            (Format::rgb(8), (9, 77)),
            (Format::gray(8), (6, 40)),
            (Format::gray(8), (5, 1)),
        ] {
            let picture = |seed: usize| {
                let planes = (0..format.plane_count()).map(|n| {
                    Plane::from_shape_fn((height, width), |(y, x)| {
                        ((x * 3 + y * 5 + n * 7 + seed) % 23) as f32
                    })
                });
                Picture::new(format, planes.collect()).unwrap()
            };
            let (source, target) = (picture(0), picture(3));
            let cells = (height.div_ceil(2), width.div_ceil(2));
            let field = MotionField {
                cell_log2: 1,
                dx: Plane::from_shape_fn(cells, |(y, x)| (2 * (x + y) % 9) as f32 - 4.3),
                dy: Plane::from_shape_fn(cells, |(_, x)| (2 * x % 5) as f32 - 1.6),
            };
            let (sources, targets) = (full_size_grids(&source), full_size_grids(&target));
            let scale = 3.0 / (sources.len() as f32 * 255.0);
            for cpu in Cpu::available() {
                let (row, y) = (2, 4);
                let mut weights = vec![0.0; width.div_ceil(2)];
                cpu.run(RowOfWeights {
                    field: &field,
                    pictures: [&sources, &targets],
                    scale,
                    row,
                    weights: &mut weights,
                });
                for (column, &found) in weights.iter().enumerate() {
                    let x = 2 * column;
                    let at = (row, column);
                    let to = (x as f32 + field.dx[at], y as f32 + field.dy[at]);
                    let differences = sources.iter().zip(&targets);
                    let difference: f32 = differences
                        .map(|(s, t)| (s.row(y)[x] - t.bilinear(to.0, to.1)).abs())
                        .sum();
                    let inside = |at: f32, len: usize| at > -0.5 && at < len as f32 - 0.5;
                    let stays = inside(to.0, width) && inside(to.1, height);
                    let truth = f64::from(-IMPORTANCE * scale * difference).exp().max(1e-4)
                        * if stays { 1.0 } else { 0.05 };
                    let error = (f64::from(found) / truth - 1.0).abs();
                    assert!(error < 1e-4, "{x}: {found} {truth}");
                }
            }
        }
    }
}
