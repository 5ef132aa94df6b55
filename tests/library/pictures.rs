//! Pictures of the texture in many formats, and how far two are apart.

use crate::common::texture::texture;
use ndarray::{Array2, s};
use otinterp::Picture;
use otinterp::picture::{ColorModel, Format, Matrix, Range};

/// A format of Y′CbCr.
pub fn yuv(shift_x: u8, shift_y: u8, bit_depth: u8, range: Range) -> Format {
    Format {
        model: ColorModel::Yuv,
        chroma_shift_x: shift_x,
        chroma_shift_y: shift_y,
        bit_depth,
        range,
        matrix: Matrix::Bt709,
        ..Format::rgb(8)
    }
}

/// The texture moved by `(dx, dy)` px; samples lie in the middle of what they stand for. Not rounded to codes.
pub fn shifted(format: Format, (width, height): (usize, usize), dx: f64, dy: f64) -> Picture {
    let planes = (0..format.plane_count()).map(|index| {
        let (sy, sx) = format.plane_shift(index);
        let at = |i: usize, s: u8| (i as f64 + 0.5) * f64::from(1u8 << s) - 0.5;
        let scale = format.max_code() / 255.0;
        Array2::from_shape_fn(format.plane_dim(index, width, height), |(y, x)| {
            scale * texture(at(x, sx) - dx, at(y, sy) - dy, index)
        })
    });
    Picture::new(format, planes.collect()).unwrap()
}

pub fn quantized(mut picture: Picture) -> Picture {
    picture.quantize();
    picture
}

/// Largest difference `margin` pixels away from the border, in 8-bit grey levels.
pub fn worst_difference(a: &Picture, b: &Picture, margin: usize) -> f32 {
    let format = a.format();
    let planes = a.planes().iter().zip(b.planes()).enumerate();
    let worst = planes.map(|(index, (p, q))| {
        let (sy, sx) = format.plane_shift(index);
        let (my, mx) = (margin >> sy, margin >> sx);
        let (h, w) = p.dim();
        let cut = s![my..h - my, mx..w - mx];
        let pairs = p.slice(cut).into_iter().zip(q.slice(cut));
        pairs.fold(0.0f32, |worst, (a, b)| worst.max((a - b).abs()))
    });
    worst.fold(0.0, f32::max) * 255.0 / format.max_code()
}
