//! Promotion of two stills to one format that loses nothing of either.

use super::Still;
use crate::picture::{ColorModel, Format, Picture, PictureError, Plane};
use std::borrow::Cow;

/// Brings both stills to the richer of their formats: RGB over grey, alpha over none, 16 bits over
/// 8. Sizes are left alone.
///
/// Every step is exact: grey becomes three equal planes, missing alpha is opaque, and an 8-bit code
/// `v` becomes `257 v` (so 255 becomes 65535). A grey profile is dropped where grey becomes RGB.
///
/// # Errors
/// [`PictureError`] only if a picture breaks its own format.
pub fn promote(a: &mut Still, b: &mut Still) -> Result<(), PictureError> {
    let target = richer(a.picture.format(), b.picture.format());
    for still in [a, b] {
        if still.picture.format().model != target.model {
            still.icc = None;
        }
        if let Cow::Owned(picture) = converted(&still.picture, target)? {
            still.picture = picture;
        }
    }
    Ok(())
}

fn richer(a: Format, b: Format) -> Format {
    let rgb = [a, b].iter().any(|f| f.model == ColorModel::Rgb);
    let depth = a.bit_depth.max(b.bit_depth);
    let format = if rgb {
        Format::rgb(depth)
    } else {
        Format::gray(depth)
    };
    Format {
        alpha: a.alpha || b.alpha,
        ..format
    }
}

/// `picture` in another depth, as RGB where `target` says so, with or without alpha. Exact from 8 to
/// 16 bits, rounded the other way; RGB is not made grey.
pub(super) fn converted(
    picture: &Picture,
    target: Format,
) -> Result<Cow<'_, Picture>, PictureError> {
    let source = picture.format();
    if source == target {
        return Ok(Cow::Borrowed(picture));
    }
    let scale = target.max_code() / source.max_code();
    let scaled = |plane: &Plane| plane.mapv(|v| (v * scale).round_ties_even());
    let mut planes: Vec<Plane> = picture.planes()[..source.color_planes()]
        .iter()
        .map(scaled)
        .collect();
    if source.model == ColorModel::Gray && target.model == ColorModel::Rgb {
        planes = vec![planes[0].clone(), planes[0].clone(), planes.swap_remove(0)];
    }
    if target.alpha {
        planes.push(match picture.alpha() {
            Some(alpha) => scaled(alpha),
            None => Plane::from_elem((picture.height(), picture.width()), target.max_code()),
        });
    }
    Picture::new(target, planes).map(Cow::Owned)
}
