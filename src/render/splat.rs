//! How much every displacement counts where several arrive.

use super::carry::Carrier;
use super::texture;
use crate::motion::Field;
use crate::picture::{ColorModel, Picture, Plane, samples, samples_mut, sampling::Grid};
use ndarray::{Array2, s};
use rayon::prelude::*;

/// How fast a displacement loses its say as the two pictures differ along it: weight
/// `exp(-20·e)`, e the sum over three channels of differences in `[0, 1]` (Niklaus & Liu, *Softmax
/// splatting for video frame interpolation*, 2020, with a fixed importance metric).
const IMPORTANCE: f32 = 20.0;
/// Least weight, so that an unlike displacement still fills a place that nothing else claims.
const LEAST_WEIGHT: f32 = 1e-4;
/// Weight of a displacement that leaves the picture, where nothing can be compared.
const LEAVING_WEIGHT: f32 = 0.05;

/// A field from `source` to `target` ready to be carried, at half size and in its own px: motion is smooth, and at its boundaries the
/// rendering asks the pictures (measured: all rows and columns gain 0.01 dB).
pub fn carrier(field: &Field, source: &Picture, target: &Picture) -> Carrier {
    let weight = importance(field, source, target);
    let halved = |plane: &Plane| plane.slice(s![..;2, ..;2]).mapv(|v| 0.5 * v);
    let half = Field {
        dx: halved(&field.dx),
        dy: halved(&field.dy),
    };
    Carrier::new(half, weight)
}

/// `exp(-20·e)` by how alike the two ends of every displacement are, times what the texture counts, at every other row and column.
fn importance(field: &Field, source: &Picture, target: &Picture) -> Plane {
    let format = source.format();
    let full_size = full_size_colors(source);
    // Three channels' worth, whatever the number of planes.
    let scale = 3.0 / (full_size as f32 * format.max_code());
    let (height, width) = field.dim();
    let sources: Vec<&[f32]> = source.planes()[..full_size].iter().map(samples).collect();
    let targets: Vec<Grid<'_>> = target.planes()[..full_size].iter().map(Grid::new).collect();
    // Luma, or green in its place.
    let luma = usize::from(format.model == ColorModel::Rgb);
    let luma = Grid::new(&source.planes()[luma]);
    let to_unit = 1.0 / format.max_code();
    let (fx, fy) = (samples(&field.dx), samples(&field.dy));
    let half = (height.div_ceil(2), width.div_ceil(2));
    let mut weight = Array2::zeros(half);
    samples_mut(&mut weight)
        .par_chunks_mut(half.1)
        .enumerate()
        .for_each_init(Vec::new, |ranges, (row, weights)| {
            for (column, weight) in weights.iter_mut().enumerate() {
                let (x, y) = (2 * column, 2 * row);
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
            let y = 2 * row;
            let last = 2 * (half.0 - 1);
            let rows = [y.saturating_sub(2), y, (y + 2).min(last)].map(|y| luma.row(y));
            texture::weigh(rows, to_unit, ranges, weights);
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
