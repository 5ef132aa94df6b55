//! Thumbnails by box filter: what is alike and what is another scene shows there at little cost.

use ndarray::Array2;
use otinterp::picture::{ColorModel, Format, Picture, PictureError, Plane, samples};
use otinterp::render::alpha;

/// Short side of the reduced picture, px. Measured: motion still explains what moves, and a solve takes about 15 ms on two cores.
const SHORT_SIDE_PX: usize = 96;

/// The colour planes of a picture, all of one size whose short side is at most [`SHORT_SIDE_PX`].
pub(crate) fn of(picture: &Picture) -> Result<Picture, PictureError> {
    let premultiplied = picture
        .format()
        .alpha
        .then(|| alpha::premultiplied(picture));
    let source = premultiplied.as_ref().unwrap_or(picture);
    let (width, height) = (source.width(), source.height());
    let short = width.min(height);
    let reduced = |side: usize| {
        if short <= SHORT_SIDE_PX {
            side
        } else {
            (side * SHORT_SIDE_PX).div_ceil(short)
        }
    };
    let dim = (reduced(height), reduced(width));
    let format = source.format();
    let planes = &source.planes()[..format.color_planes()];
    let full_size = Format {
        chroma_shift_x: 0,
        chroma_shift_y: 0,
        alpha: false,
        ..format
    };
    Picture::new(
        full_size,
        planes.iter().map(|p| box_means(p, dim)).collect(),
    )
}

/// Means over equal boxes, or the nearest sample where there are fewer than boxes.
pub(super) fn box_means(plane: &Plane, dim: (usize, usize)) -> Plane {
    let (height, width) = plane.dim();
    let source = samples(plane);
    let span = |i: usize, from: usize, to: usize| {
        let start = i * from / to;
        start..((i + 1) * from / to).max(start + 1)
    };
    let columns: Vec<_> = (0..dim.1).map(|x| span(x, width, dim.1)).collect();
    let mut out = Array2::zeros(dim);
    let mut column_sums = vec![0.0f32; width];
    for (y, mut line) in out.outer_iter_mut().enumerate() {
        let rows = span(y, height, dim.0);
        column_sums.fill(0.0);
        for row in source[rows.start * width..rows.end * width].chunks_exact(width) {
            for (sum, value) in column_sums.iter_mut().zip(row) {
                *sum += value;
            }
        }
        for (mean, columns) in line.iter_mut().zip(&columns) {
            let sum: f32 = column_sums[columns.clone()].iter().sum();
            *mean = sum / (columns.len() * rows.len()) as f32;
        }
    }
    out
}

/// Luma, or green, which is most of it.
pub(super) fn leading_plane(picture: &Picture) -> &Plane {
    &picture.planes()[usize::from(picture.format().model == ColorModel::Rgb)]
}

/// How far two reduced pictures of one size are apart: mean absolute difference of their leading planes, and
/// each of those planes' standard deviation, all as shares of full scale.
pub(super) fn difference_and_contrasts(first: &Picture, second: &Picture) -> (f32, [f32; 2]) {
    let (a, b) = (
        samples(leading_plane(first)),
        samples(leading_plane(second)),
    );
    let count = a.len() as f32;
    let difference: f32 = a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum();
    let deviation = |values: &[f32]| {
        let mean = values.iter().sum::<f32>() / count;
        let squares: f32 = values.iter().map(|v| (v - mean).powi(2)).sum();
        (squares / count).sqrt()
    };
    let scale = first.format().luma_offset_scale().1;
    (
        difference / count / scale,
        [deviation(a) / scale, deviation(b) / scale],
    )
}
