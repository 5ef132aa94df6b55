//! Conversion of grey and RGB pictures to 8-bit RGB, on which quality is measured.

use otinterp::picture::{ColorModel, Format, Picture, PictureError, Plane};

/// Why two pictures cannot be compared.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The picture and the truth differ in width or height.
    #[error("{}x{} pixels against {}x{}", .0.0, .0.1, .1.0, .1.1)]
    SizesDiffer((usize, usize), (usize, usize)),
    /// Y′CbCr must be turned into RGB first; the decoder does that.
    #[error("quality is measured on RGB or grey pictures, not on Y'CbCr")]
    NotRgb,
    /// A picture breaks its own format.
    #[error(transparent)]
    Picture(#[from] PictureError),
}

/// The picture as 8-bit RGB: depths are scaled by `255 / max_code` and rounded, grey becomes
/// R = G = B, and alpha is left out (the colour under it counts).
///
/// # Errors
/// [`Error::NotRgb`] for Y′CbCr.
pub fn rgb8(picture: &Picture) -> Result<Picture, Error> {
    let format = picture.format();
    if format == Format::rgb(8) {
        return Ok(picture.clone());
    }
    let scale = 255.0 / format.max_code();
    let to8 = |p: &Plane| p.mapv(|v| (v * scale + 0.5).floor().clamp(0.0, 255.0));
    let planes: Vec<Plane> = match format.model {
        ColorModel::Rgb => picture.planes()[..3].iter().map(to8).collect(),
        ColorModel::Gray => vec![to8(&picture.planes()[0]); 3],
        ColorModel::Yuv => return Err(Error::NotRgb),
    };
    Ok(Picture::new(Format::rgb(8), planes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bits_and_alpha() {
        let plane = Plane::from_shape_vec((1, 3), vec![0.0, 257.0 * 77.0, 65535.0]).unwrap();
        let planes = vec![plane.clone(), plane.clone(), plane, Plane::zeros((1, 3))];
        let deep = Picture::new(Format::rgb(16).with_alpha(), planes).unwrap();
        let shallow = rgb8(&deep).unwrap();
        assert_eq!(shallow.format(), Format::rgb(8));
        for plane in shallow.planes() {
            assert_eq!(plane.as_slice().unwrap(), [0.0, 77.0, 255.0]);
        }
    }

    #[test]
    fn ycbcr_is_refused() {
        let format = Format {
            model: ColorModel::Yuv,
            ..Format::rgb(8)
        };
        let picture = Picture::new(format, vec![Plane::zeros((2, 2)); 3]).unwrap();
        assert_eq!(rgb8(&picture), Err(Error::NotRgb));
    }
}
