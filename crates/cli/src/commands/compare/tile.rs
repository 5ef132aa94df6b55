//! Tiles of the figure: pictures as 8-bit RGB on white.

use crate::quality;
use image::{Rgb, RgbImage};
use otinterp::picture::Picture;

/// What errors are multiplied by to be seen: 64 grey levels and more are black.
pub const ERROR_GAIN: f32 = 4.0;

/// The picture as 8-bit RGB, over white where it is transparent.
pub fn from_picture(picture: &Picture) -> Result<RgbImage, quality::Error> {
    let rgb = quality::rgb8(picture)?;
    let max_code = picture.format().max_code();
    Ok(draw(&rgb, |x, y| {
        let opacity = picture.alpha().map_or(1.0, |a| a[[y, x]] / max_code);
        std::array::from_fn(|c| {
            let code = rgb.planes()[c][[y, x]];
            (255.0 + opacity * (code - 255.0)).round() as u8
        })
    }))
}

/// The absolute difference of two pictures of one size, the largest of the three colours, times
/// [`ERROR_GAIN`]: white where they agree, black where they differ by 64 grey levels or more.
pub fn error_map(picture: &Picture, truth: &Picture) -> Result<RgbImage, quality::Error> {
    let (picture, truth) = (quality::rgb8(picture)?, quality::rgb8(truth)?);
    Ok(draw(&picture, |x, y| {
        let planes = picture.planes().iter().zip(truth.planes());
        let error = planes
            .map(|(p, t)| (p[[y, x]] - t[[y, x]]).abs())
            .fold(0.0, f32::max);
        // The cast saturates.
        [255 - (ERROR_GAIN * error) as u8; 3]
    }))
}

fn draw(size: &Picture, pixel: impl Fn(usize, usize) -> [u8; 3]) -> RgbImage {
    RgbImage::from_fn(size.width() as u32, size.height() as u32, |x, y| {
        Rgb(pixel(x as usize, y as usize))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use otinterp::picture::{Format, Plane};

    fn picture(format: Format, codes: &[f32]) -> Picture {
        let planes = codes.iter().map(|&c| Plane::from_elem((1, 1), c)).collect();
        Picture::new(format, planes).unwrap()
    }

    #[test]
    fn transparency_shows_white() {
        let rgba = Format::rgb(16).with_alpha();
        let half = picture(rgba, &[0.0, 65535.0, 0.0, 32768.0]);
        assert_eq!(from_picture(&half).unwrap()[(0, 0)], Rgb([127, 255, 127]));
        let gone = picture(rgba, &[0.0, 0.0, 0.0, 0.0]);
        assert_eq!(from_picture(&gone).unwrap()[(0, 0)], Rgb([255; 3]));
    }

    #[test]
    fn errors_are_dark() {
        let error = |a: &[f32], b: &[f32]| {
            let (a, b) = (picture(Format::rgb(8), a), picture(Format::rgb(8), b));
            error_map(&a, &b).unwrap()[(0, 0)]
        };
        assert_eq!(error(&[9.0, 9.0, 9.0], &[9.0, 9.0, 9.0]), Rgb([255; 3]));
        assert_eq!(error(&[9.0, 9.0, 9.0], &[9.0, 19.0, 8.0]), Rgb([215; 3]));
        assert_eq!(error(&[0.0, 0.0, 0.0], &[200.0, 0.0, 0.0]), Rgb([0; 3]));
    }
}
