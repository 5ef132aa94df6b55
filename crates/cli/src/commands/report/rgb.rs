//! Conversion of pictures of any format to what a screen shows: 8-bit R′G′B′ over white.

use crate::commands::compare::picture_rgb8;
use image::RgbImage;
use otinterp::picture::sampling::Grid;
use otinterp::picture::{ColorModel, Picture};
use rayon::prelude::*;

/// The picture as 8-bit RGB, over white where it is transparent. Transfer curve and primaries stay: HDR is not mapped.
///
/// # Errors
/// Those of a picture that breaks its own format.
pub fn shown(picture: &Picture) -> anyhow::Result<RgbImage> {
    match picture.format().model {
        ColorModel::Yuv => Ok(from_yuv(picture)),
        ColorModel::Rgb | ColorModel::Gray => Ok(picture_rgb8(picture)?),
    }
}

/// Y′CbCr as 8-bit R′G′B′, the inverse of [`otinterp::picture::to_yuv`]: with `Y'` in `[0, 1]` and `Cb`, `Cr` in `[-½, ½]`,
/// `R' = Y' + (2 - 2 Kr) Cr`, `B' = Y' + (2 - 2 Kb) Cb`, `G' = (Y' - Kr R' - Kb B') / (1 - Kr - Kb)`. Subsampled chroma sits on every second
/// column and amid two rows, and is bilinear between.
fn from_yuv(picture: &Picture) -> RgbImage {
    let format = picture.format();
    let (kr, kb) = format.matrix.kr_kb();
    let (black, swing) = format.luma_offset_scale();
    let (zero, chroma_swing) = format.chroma_offset_scale();
    let steps = [format.chroma_shift_x, format.chroma_shift_y];
    let [across, down] = steps.map(|n| f32::from(1u16 << n));
    let max_code = format.max_code();
    let planes = picture.planes();
    let [luma, cb, cr] = [0, 1, 2].map(|plane| Grid::new(&planes[plane]));
    let alpha = picture.alpha().map(Grid::new);
    let mut image = RgbImage::new(luma.width as u32, luma.height as u32);
    let rows = image.par_chunks_exact_mut(3 * luma.width).enumerate();
    rows.for_each(|(y, row)| {
        let from_y = (y as f32 + 0.5) / down - 0.5;
        for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
            let luma = (luma.row(y)[x] - black) / swing;
            let place = cb.between(x as f32 / across, from_y);
            let [cb, cr] = [cb, cr].map(|plane| (plane.sample(&place) - zero) / chroma_swing);
            let red = luma + (2.0 - 2.0 * kr) * cr;
            let blue = luma + (2.0 - 2.0 * kb) * cb;
            let green = (luma - kr * red - kb * blue) / (1.0 - kr - kb);
            let opacity = alpha.map_or(1.0, |alpha| alpha.row(y)[x] / max_code);
            for (code, value) in pixel.iter_mut().zip([red, green, blue]) {
                // The cast saturates, and rounds what is not negative.
                *code = (255.0 * (1.0 + opacity * (value.clamp(0.0, 1.0) - 1.0)) + 0.5) as u8;
            }
        }
    });
    image
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;
    use otinterp::picture::{Format, Matrix, Plane, Range, to_yuv};

    fn yuv(shift: u8, bit_depth: u8, range: Range, matrix: Matrix) -> Format {
        Format {
            model: ColorModel::Yuv,
            chroma_shift_x: shift,
            chroma_shift_y: shift,
            range,
            matrix,
            ..Format::rgb(bit_depth)
        }
    }

    #[test]
    fn colours_come_back() {
        for matrix in [Matrix::Bt601, Matrix::Bt709, Matrix::Bt2020] {
            for (shift, depth, range) in [
                (1, 8, Range::Limited),
                (0, 10, Range::Limited),
                (1, 8, Range::Full),
            ] {
                for rgb in [
                    [255, 0, 0],
                    [0, 255, 0],
                    [0, 0, 255],
                    [255; 3],
                    [0; 3],
                    [30, 120, 200],
                ] {
                    let planes = rgb
                        .map(|v: u8| Plane::from_elem((5, 7), f32::from(v)))
                        .to_vec();
                    let picture = Picture::new(Format::rgb(8), planes).unwrap();
                    let coded = to_yuv(&picture, yuv(shift, depth, range, matrix)).unwrap();
                    let found = shown(&coded).unwrap();
                    assert_eq!(found.dimensions(), (7, 5));
                    for pixel in found.pixels() {
                        for (found, expected) in pixel.0.iter().zip(rgb) {
                            // 8-bit codes of limited range are more than one code of RGB apart.
                            assert!(
                                found.abs_diff(expected) <= 2,
                                "{matrix:?} {pixel:?} {rgb:?}"
                            );
                        }
                    }
                }
            }
        }
    }

    /// Chroma that rises by 8 codes from sample to sample rises by 4 from column to column; between the rows it sits at ¼ and ¾.
    #[test]
    fn chroma_stands_where_it_was_taken() {
        let format = yuv(1, 8, Range::Full, Matrix::Bt601);
        let codes = |across: f32, down: f32| {
            Plane::from_shape_fn((4, 4), |(y, x)| 128.0 + across * x as f32 + down * y as f32)
        };
        let red = |cr: Plane| {
            let planes = vec![
                Plane::from_elem((8, 8), 100.0),
                Plane::from_elem((4, 4), 128.0),
                cr,
            ];
            let picture = Picture::new(format, planes).unwrap();
            from_yuv(&picture)
        };
        let step = 1.402; // 2 - 2 Kr
        let across = red(codes(8.0, 0.0));
        let down = red(codes(0.0, 8.0));
        for n in 0..6 {
            let expected = (100.0 + step * 4.0 * n as f32).round();
            assert_eq!(f32::from(across[(n as u32, 3)][0]), expected, "column {n}");
        }
        for n in 1..7 {
            let expected = (100.0 + step * 8.0 * ((n as f32 + 0.5) / 2.0 - 0.5)).round();
            assert_eq!(f32::from(down[(3, n as u32)][0]), expected, "row {n}");
        }
    }

    #[test]
    fn transparency_shows_white() {
        let format = yuv(0, 8, Range::Full, Matrix::Bt601).with_alpha();
        let planes = [50.0, 128.0, 128.0, 0.0]
            .map(|v| Plane::from_elem((1, 1), v))
            .to_vec();
        let clear = Picture::new(format, planes).unwrap();
        assert_eq!(shown(&clear).unwrap()[(0, 0)], Rgb([255; 3]));
    }
}
