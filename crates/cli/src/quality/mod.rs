//! Quality metrics on 8-bit RGB: PSNR, SSIM, SSIMULACRA 2, GMSD, sharpness, ghosts; scenes in layers by visibility.

mod ghost;
mod gmsd;
mod layers;
mod psnr;
mod rgb8;
mod sharpness;
mod ssim;
mod ssimulacra2;

pub(crate) use ghost::Ghost;
pub(crate) use layers::{LayerScores, LayerSums, Layers};
pub use psnr::psnr_db;
pub use rgb8::{Error, rgb8};
pub use ssim::ssim;

use gmsd::gmsd;
use otinterp::picture::Picture;
use sharpness::sharpness;
use ssimulacra2::ssimulacra2;

/// How close a picture comes to the truth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scores {
    /// [`psnr_db`], in dB.
    pub psnr_db: f64,
    /// [`ssim()`], at most 1; `None` for pictures under 11 pixels.
    pub ssim: Option<f64>,
    /// [`sharpness()`], 1 if as sharp; `None` where the truth is flat.
    pub sharpness: Option<f64>,
    /// [`ssimulacra2()`], at most 100; `None` for pictures under 8 pixels.
    pub ssimulacra2: Option<f64>,
    /// [`gmsd()`], 0 if equal.
    pub gmsd: Option<f64>,
}

/// Compares two grey or RGB pictures of any depth, both taken to 8-bit RGB by [`rgb8()`].
pub(crate) fn scores(picture: &Picture, truth: &Picture) -> Result<Scores, Error> {
    let size = |p: &Picture| (p.width(), p.height());
    if size(picture) != size(truth) {
        return Err(Error::SizesDiffer(size(picture), size(truth)));
    }
    let (picture, truth) = (rgb8(picture)?, rgb8(truth)?);
    Ok(Scores {
        psnr_db: psnr_db(picture.planes(), truth.planes()),
        ssim: ssim(picture.planes(), truth.planes()),
        sharpness: sharpness(picture.planes(), truth.planes()),
        ssimulacra2: ssimulacra2(picture.planes(), truth.planes()),
        gmsd: gmsd(picture.planes(), truth.planes()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use otinterp::picture::{Format, Plane};

    fn rgb(width: usize, height: usize, code: f32) -> Picture {
        let planes = vec![Plane::from_elem((height, width), code); 3];
        Picture::new(Format::rgb(8), planes).unwrap()
    }

    #[test]
    fn sizes_that_differ_are_named() {
        let error = scores(&rgb(4, 3, 0.0), &rgb(5, 3, 0.0)).unwrap_err();
        assert_eq!(error.to_string(), "4x3 pixels against 5x3");
    }

    #[test]
    fn grey_is_compared_as_rgb() {
        let grey = Picture::new(Format::gray(8), vec![Plane::from_elem((16, 16), 100.0)]).unwrap();
        let s = scores(&grey, &rgb(16, 16, 110.0)).unwrap();
        assert!((s.psnr_db - 20.0 * 25.5f64.log10()).abs() < 1e-12);
        assert_eq!(scores(&grey, &rgb(16, 16, 100.0)).unwrap().ssim, Some(1.0));
    }

    #[test]
    fn small_pictures_have_no_ssim() {
        let s = scores(&rgb(10, 40, 1.0), &rgb(10, 40, 1.0)).unwrap();
        assert_eq!((s.psnr_db, s.ssim), (psnr::IDENTICAL_DB, None));
    }
}
