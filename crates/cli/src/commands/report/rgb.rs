//! Conversion of pictures of any format to what a screen shows: 8-bit R′G′B′ over white.

use crate::commands::compare::picture_rgb8;
use image::RgbImage;
use otinterp::picture::sampling::Grid;
use otinterp::picture::{ColorModel, Format, Picture, Plane};

/// The picture as 8-bit RGB. Transfer curve and primaries stay: HDR is not mapped.
///
/// # Errors
/// Those of a picture that breaks its own format.
pub fn shown(picture: &Picture) -> anyhow::Result<RgbImage> {
    if picture.format().model != ColorModel::Yuv {
        return Ok(picture_rgb8(picture)?);
    }
    Ok(picture_rgb8(&from_yuv(picture)?)?)
}

/// Y′CbCr as 8-bit R′G′B′, the inverse of [`otinterp::picture::to_yuv`]: with `Y'` in `[0, 1]` and `Cb`, `Cr` in `[-½, ½]`,
/// `R' = Y' + (2 - 2 Kr) Cr`, `B' = Y' + (2 - 2 Kb) Cb`, `G' = (Y' - Kr R' - Kb B') / (1 - Kr - Kb)`. Subsampled chroma sits on every second
/// column and amid two rows, and is bilinear between.
fn from_yuv(picture: &Picture) -> anyhow::Result<Picture> {
    let format = picture.format();
    let (kr, kb) = format.matrix.kr_kb();
    let (black, swing) = format.luma_offset_scale();
    let (zero, chroma_swing) = format.chroma_offset_scale();
    let [across, down] =
        [format.chroma_shift_x, format.chroma_shift_y].map(|n| f32::from(1u16 << n));
    let planes = picture.planes();
    let chroma = [&planes[1], &planes[2]].map(Grid::new);
    let dim = planes[0].dim();
    let mut rgb = [(); 3].map(|()| Plane::zeros(dim));
    for ((y, x), &luma) in planes[0].indexed_iter() {
        let luma = (luma - black) / swing;
        let place = (x as f32 / across, (y as f32 + 0.5) / down - 0.5);
        let [cb, cr] = chroma.map(|plane| (plane.bilinear(place.0, place.1) - zero) / chroma_swing);
        let red = luma + (2.0 - 2.0 * kr) * cr;
        let blue = luma + (2.0 - 2.0 * kb) * cb;
        let green = (luma - kr * red - kb * blue) / (1.0 - kr - kb);
        for (plane, value) in rgb.iter_mut().zip([red, green, blue]) {
            plane[(y, x)] = (255.0 * value).round().clamp(0.0, 255.0);
        }
    }
    let mut planes = rgb.to_vec();
    let mut target = Format::rgb(8);
    if let Some(alpha) = picture.alpha() {
        let scale = 255.0 / format.max_code();
        planes.push(alpha.mapv(|code| (scale * code).round()));
        target = target.with_alpha();
    }
    Ok(Picture::new(target, planes)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;
    use otinterp::picture::{Matrix, Range, to_yuv};

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
            from_yuv(&picture).unwrap().planes()[0].clone()
        };
        let step = 1.402; // 2 - 2 Kr
        let across = red(codes(8.0, 0.0));
        let down = red(codes(0.0, 8.0));
        for n in 0..6 {
            let expected = (100.0 + step * 4.0 * n as f32).round();
            assert_eq!(across[(3, n)], expected, "column {n}");
        }
        for n in 1..7 {
            let expected = (100.0 + step * 8.0 * ((n as f32 + 0.5) / 2.0 - 0.5)).round();
            assert_eq!(down[(n, 3)], expected, "row {n}");
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
