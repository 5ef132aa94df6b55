//! Conversion of RGB and grey stills to Y'CbCr, for clips.

use super::{ColorModel, Format, Picture, PictureError, Plane};

/// A grey or RGB picture as `target`: Y'CbCr of the target's depth, range, matrix and chroma size,
/// or grey of its depth and range. Alpha is left out.
///
/// With R'G'B' in `[0, 1]`: `Y' = Kr R' + Kg G' + Kb B'`, `Cb = (B' - Y') / (2 - 2 Kb)`,
/// `Cr = (R' - Y') / (2 - 2 Kr)` (ITU-R BT.709-6, 3.2 and 3.3). Subsampled chroma is the mean over
/// the rows that it stands for; across, it sits on every second column (as in MPEG-2 and H.264) and
/// is weighted 1 2 1.
///
/// # Errors
/// [`PictureError`] only if a picture breaks its own format.
pub fn to_yuv(picture: &Picture, target: Format) -> Result<Picture, PictureError> {
    let scale = 1.0 / picture.format().max_code();
    let planes = picture.planes();
    let [red, green, blue] = match picture.format().model {
        ColorModel::Gray => [&planes[0]; 3],
        ColorModel::Rgb | ColorModel::Yuv => [&planes[0], &planes[1], &planes[2]],
    };
    let (kr, kb) = target.matrix.kr_kb();
    let mut luma = red.mapv(|r| kr * scale * r);
    luma.zip_mut_with(green, |y, g| *y += (1.0 - kr - kb) * scale * g);
    luma.zip_mut_with(blue, |y, b| *y += kb * scale * b);

    let mut out = Vec::with_capacity(3);
    if target.model != ColorModel::Gray {
        for (primary, weight) in [(blue, kb), (red, kr)] {
            let mut chroma = primary.mapv(|p| scale * p);
            chroma.zip_mut_with(&luma, |c, y| *c = (*c - y) / (2.0 - 2.0 * weight));
            let chroma = halved_down(halved_across(chroma, target), target);
            let (zero, swing) = target.chroma_offset_scale();
            out.push(chroma.mapv_into(|c| zero + swing * c));
        }
    }
    let (black, swing) = target.luma_offset_scale();
    out.insert(0, luma.mapv_into(|y| black + swing * y));
    let mut picture = Picture::new(target, out)?;
    picture.quantize();
    Ok(picture)
}

fn halved_across(plane: Plane, target: Format) -> Plane {
    if target.chroma_shift_x == 0 {
        return plane;
    }
    let (height, width) = plane.dim();
    Plane::from_shape_fn((height, width.div_ceil(2)), |(y, x)| {
        let (left, right) = ((2 * x).saturating_sub(1), (2 * x + 1).min(width - 1));
        0.25 * (plane[(y, left)] + 2.0 * plane[(y, 2 * x)] + plane[(y, right)])
    })
}

fn halved_down(plane: Plane, target: Format) -> Plane {
    if target.chroma_shift_y == 0 {
        return plane;
    }
    let (height, width) = plane.dim();
    Plane::from_shape_fn((height.div_ceil(2), width), |(y, x)| {
        0.5 * (plane[(2 * y, x)] + plane[((2 * y + 1).min(height - 1), x)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Matrix, Range};

    fn yuv(shift: u8, depth: u8, range: Range, matrix: Matrix) -> Format {
        Format {
            model: ColorModel::Yuv,
            chroma_shift_x: shift,
            chroma_shift_y: shift,
            bit_depth: depth,
            range,
            matrix,
            ..Format::rgb(depth)
        }
    }

    /// One colour everywhere, as codes of each plane.
    fn codes(rgb: [f32; 3], source_depth: u8, target: Format) -> Vec<f32> {
        let planes = rgb.map(|v| Plane::from_elem((3, 5), v)).to_vec();
        let picture = Picture::new(Format::rgb(source_depth), planes).unwrap();
        let out = to_yuv(&picture, target).unwrap();
        let first = |p: &Plane| {
            assert!(p.iter().all(|&v| v == p[(0, 0)]));
            p[(0, 0)]
        };
        out.planes().iter().map(first).collect()
    }

    #[test]
    fn primaries_have_their_standard_codes() {
        // 100 % colour bars, ITU-R BT.601 and BT.709, 8 bits limited range.
        let sd = yuv(1, 8, Range::Limited, Matrix::Bt601);
        assert_eq!(codes([255.0; 3], 8, sd), [235.0, 128.0, 128.0]);
        assert_eq!(codes([0.0; 3], 8, sd), [16.0, 128.0, 128.0]);
        assert_eq!(codes([255.0, 0.0, 0.0], 8, sd), [81.0, 90.0, 240.0]);
        assert_eq!(codes([0.0, 0.0, 255.0], 8, sd), [41.0, 240.0, 110.0]);
        let hd = yuv(0, 8, Range::Limited, Matrix::Bt709);
        assert_eq!(codes([255.0, 0.0, 0.0], 8, hd), [63.0, 102.0, 240.0]);
        assert_eq!(codes([0.0, 255.0, 0.0], 8, hd), [173.0, 42.0, 26.0]);
        // From 16 bits in one step: 32896 / 65535 is 128.0 / 255 within rounding.
        assert_eq!(codes([32_896.0; 3], 16, hd), codes([128.0; 3], 8, hd));
        // JPEG: full range.
        let jpeg = yuv(0, 8, Range::Full, Matrix::Bt601);
        assert_eq!(codes([255.0, 0.0, 0.0], 8, jpeg), [76.0, 85.0, 255.0]);
    }

    #[test]
    fn chroma_is_taken_where_it_sits() {
        // Blue columns 0 and 3 of 5: the even columns see (1+2+0)/4, 1/4 + 1/4 … of it.
        let plane = Plane::from_shape_fn((2, 5), |(_, x)| [4.0, 0.0, 0.0, 4.0, 0.0][x]);
        let half = yuv(1, 8, Range::Full, Matrix::Bt601);
        let across = halved_across(plane, half);
        assert_eq!(across.row(0).to_vec(), [3.0, 1.0, 1.0]);
        let plane = Plane::from_shape_fn((3, 1), |(y, _)| [1.0, 2.0, 7.0][y]);
        assert_eq!(halved_down(plane, half).column(0).to_vec(), [1.5, 7.0]);
    }

    #[test]
    fn gray_stays_gray() {
        let planes = vec![Plane::from_elem((2, 2), 51.0)];
        let picture = Picture::new(Format::gray(8), planes).unwrap();
        assert_eq!(to_yuv(&picture, Format::gray(8)).unwrap(), picture);
    }
}
