//! Alpha premultiplication, and back.
//!
//! Colour under transparency carries no light; mixing it in would leave fringes. Therefore pictures
//! with alpha are interpolated premultiplied (Porter & Duff, *Compositing digital images*, 1984).

use crate::picture::{ColorModel, Picture, Plane};
use ndarray::Array2;

/// The picture with every colour sample moved towards black (chroma: towards neutral) by its alpha.
/// Without alpha it is returned as it is.
pub fn premultiplied(picture: &Picture) -> Picture {
    let mut out = picture.clone();
    for_each_color(&mut out, |value, zero, alpha| zero + (value - zero) * alpha);
    out
}

/// The inverse of [`premultiplied`]; where alpha is 0, the colour of `fallback`.
pub fn unpremultiply(picture: &mut Picture, fallback: &Picture) {
    let planes: Vec<Plane> = fallback.planes().to_vec();
    let mut index = 0;
    for_each_plane(picture, |plane, alpha, zero| {
        ndarray::Zip::from(plane)
            .and(alpha)
            .and(&planes[index])
            .for_each(|value, &alpha, &fallback| {
                *value = if alpha > 0.0 {
                    zero + (*value - zero) / alpha
                } else {
                    fallback
                };
            });
        index += 1;
    });
}

fn for_each_color(picture: &mut Picture, change: impl Fn(f32, f32, f32) -> f32) {
    for_each_plane(picture, |plane, alpha, zero| {
        ndarray::Zip::from(plane)
            .and(alpha)
            .for_each(|value, &alpha| *value = change(*value, zero, alpha));
    });
}

/// Calls `task(plane, alpha in [0, 1] at the plane's size, code of black or neutral)` for every
/// colour plane of a picture with alpha.
fn for_each_plane(picture: &mut Picture, mut task: impl FnMut(&mut Plane, &Plane, f32)) {
    let format = picture.format();
    let Some(alpha) = picture.alpha().map(|a| a / format.max_code()) else {
        return;
    };
    let small = alpha_of_chroma(&alpha, picture);
    let colors = format.color_planes();
    for index in 0..colors {
        let (alpha, zero) = match &small {
            Some(small) if format.is_chroma(index) => (small, format.chroma_offset_scale().0),
            _ if format.is_chroma(index) => (&alpha, format.chroma_offset_scale().0),
            _ => (&alpha, format.luma_offset_scale().0),
        };
        task(&mut picture.planes_mut()[index], alpha, zero);
    }
}

/// Alpha at the size of subsampled chroma: the mean over each block.
fn alpha_of_chroma(alpha: &Plane, picture: &Picture) -> Option<Plane> {
    let format = picture.format();
    let (sy, sx) = (format.chroma_shift_y, format.chroma_shift_x);
    if format.model != ColorModel::Yuv || (sy, sx) == (0, 0) {
        return None;
    }
    let dim = picture.planes()[1].dim();
    Some(Array2::from_shape_fn(dim, |(y, x)| {
        let (mut sum, mut n) = (0.0, 0.0);
        for yy in (y << sy)..((y + 1) << sy).min(alpha.nrows()) {
            for xx in (x << sx)..((x + 1) << sx).min(alpha.ncols()) {
                sum += alpha[(yy, xx)];
                n += 1.0;
            }
        }
        sum / n
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Format;

    #[test]
    fn premultiplication_is_undone_where_there_is_any_alpha() {
        let plane = |values: [f32; 3]| Array2::from_shape_vec((1, 3), values.to_vec()).unwrap();
        let format = Format::gray(8).with_alpha();
        let picture = Picture::new(
            format,
            vec![plane([200.0, 100.0, 50.0]), plane([255.0, 51.0, 0.0])],
        )
        .unwrap();
        let mut there = premultiplied(&picture);
        assert_eq!(there.planes()[0], plane([200.0, 20.0, 0.0]));
        unpremultiply(&mut there, &picture);
        there.quantize();
        assert_eq!(there, picture);
    }
}
