//! Brightness change between two pictures, estimated and compensated: a fade, an exposure that adapts.
//!
//! Where only the brightness differs, `first ≈ gain·second + offset` for every plane. The optical flow is estimated, and its
//! photometric error taken, between pictures of one brightness; what is shown are the pictures as they are.

use crate::picture::{BAND_SAMPLES, ColorModel, Format, Picture, Plane, samples, samples_mut};
use rayon::prelude::*;
use std::borrow::Cow;

/// Side of the blocks whose means are compared, px of the full-size planes: motion moves little between them.
const BLOCK_PX: usize = 32;
/// Pictures whose block means differ by less than this share of full scale are of one brightness (2 codes of 255).
const LEAST_CHANGE: f32 = 2.0 / 255.0;
/// A change of brightness has to explain at least this share of the difference: none of 76 public pairs of moving scenes
/// passes, and 75 of them do once the second picture is darkened to 60 %.
const LEAST_EXPLAINED: f32 = 0.5;
/// Gains beyond this, or below its inverse, amplify noise rather than content.
const MOST_GAIN: f32 = 4.0;

/// Block means that scatter less than this share of full scale are those of a picture without contrast: a hundredth of a code of 255.
const FLAT: f32 = 0.01 / 255.0;

/// Gain and offsets that match the second picture's brightness to the first's: `gain·value + offset`.
#[derive(Debug, Clone, PartialEq)]
pub struct BrightnessChange {
    /// One for all planes: light scales them all alike.
    pub gain: f32,
    /// One for every colour plane, in codes.
    pub offsets: Vec<f32>,
}

impl BrightnessChange {
    /// Between pictures of one format and size. The gain is the ratio of the scatters of luma's block means (of green's,
    /// in RGB), the offsets take the means to one another; no change if that explains too little.
    pub fn between(first: &Picture, second: &Picture) -> Self {
        let [a, b] = [first, second].map(|picture| block_means(picture, 0));
        Self::between_blocks(&first.format(), [&a, &b])
    }

    /// The same from the [`block_means`] of two pictures of a format.
    pub(super) fn between_blocks(format: &Format, [first, second]: [&[Vec<f32>]; 2]) -> Self {
        let colors = first.len();
        // Green is most of luma; in Y′CbCr and grey luma is the first plane.
        let leading = if format.model == ColorModel::Rgb {
            1
        } else {
            0
        };
        let none = Self {
            gain: 1.0,
            offsets: vec![0.0; colors],
        };
        let scatters = [scatter(&first[leading]), scatter(&second[leading])];
        // Between two pictures without any contrast light differs by an offset.
        let is_flat = scatters.iter().all(|&s| s < FLAT * format.max_code());
        let gain = if is_flat {
            1.0
        } else {
            scatters[0] / scatters[1]
        };
        if !(gain < MOST_GAIN && gain > 1.0 / MOST_GAIN) {
            return none;
        }
        let offsets = first
            .iter()
            .zip(second)
            .map(|(a, b)| mean(a) - gain * mean(b));
        let changed = Self {
            gain,
            offsets: offsets.collect(),
        };
        let before = none.unlikeness(first, second);
        let after = changed.unlikeness(first, second);
        let explains = after < (1.0 - LEAST_EXPLAINED) * before;
        if before > LEAST_CHANGE * format.max_code() && explains {
            changed
        } else {
            none
        }
    }

    /// Whether both pictures are of one brightness.
    pub fn is_none(&self) -> bool {
        self.gain == 1.0 && self.offsets.iter().all(|&o| o == 0.0)
    }

    /// The second picture as bright as the first, unrounded.
    pub fn applied<'a>(&self, second: &'a Picture) -> Cow<'a, Picture> {
        if self.is_none() {
            return Cow::Borrowed(second);
        }
        let mut out = second.clone();
        for (plane, offset) in out.planes_mut().iter_mut().zip(&self.offsets) {
            samples_mut(plane)
                .par_chunks_mut(BAND_SAMPLES)
                .for_each(|band| band.iter_mut().for_each(|v| *v = self.gain * *v + offset));
        }
        Cow::Owned(out)
    }

    /// Mean over planes and blocks of what remains of the difference, in codes.
    fn unlikeness(&self, first: &[Vec<f32>], second: &[Vec<f32>]) -> f32 {
        let planes = first.iter().zip(second).zip(&self.offsets);
        let sums = planes.map(|((a, b), offset)| {
            let differences = a
                .iter()
                .zip(b)
                .map(|(a, b)| (a - (self.gain * b + offset)).abs());
            differences.sum::<f32>() / a.len() as f32
        });
        sums.sum::<f32>() / self.offsets.len() as f32
    }
}

/// Means over blocks of every colour plane of a picture that is halved so many times, low-passed: the blocks are the same pieces of
/// the whole, whatever the size.
pub(super) fn block_means(picture: &Picture, halvings: usize) -> Vec<Vec<f32>> {
    let side = (BLOCK_PX >> halvings).max(1);
    let format = picture.format();
    let planes = picture.planes()[..format.color_planes()].iter().enumerate();
    planes
        .map(|(index, plane)| plane_means(plane, format.plane_shift(index), side))
        .collect()
}

/// Means over squares of `side` px, fewer samples where a plane is subsampled.
fn plane_means(plane: &Plane, (shift_y, shift_x): (u8, u8), side: usize) -> Vec<f32> {
    let (rows, columns) = ((side >> shift_y).max(1), (side >> shift_x).max(1));
    let width = plane.ncols();
    let bands = samples(plane).par_chunks(rows * width);
    let means = bands.map(|band| {
        let mut sums = vec![0.0f32; width];
        for row in band.chunks_exact(width) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += value;
            }
        }
        let height = band.len() / width;
        let blocks = sums.chunks(columns);
        let means = blocks.map(|block| block.iter().sum::<f32>() / (block.len() * height) as f32);
        means.collect::<Vec<f32>>()
    });
    means.collect::<Vec<_>>().concat()
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len() as f32
}

/// Standard deviation.
fn scatter(values: &[f32]) -> f32 {
    let mean = mean(values);
    let squares = values.iter().map(|v| (v - mean) * (v - mean));
    (squares.sum::<f32>() / values.len() as f32).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Format;

    #[test]
    fn pictures_without_contrast_differ_by_an_offset() {
        let flat = |code: f32| {
            let planes = vec![Plane::from_elem((120, 200), code); 3];
            Picture::new(Format::rgb(8), planes).unwrap()
        };
        let change = BrightnessChange::between(&flat(40.0), &flat(200.0));
        assert_eq!((change.gain, &change.offsets[..]), (1.0, &[-160.0; 3][..]));
    }
    use ndarray::Array2;

    fn picture(value: impl Fn(usize, f32, f32) -> f32) -> Picture {
        let planes = (0..3)
            .map(|k| Array2::from_shape_fn((120, 200), |(y, x)| value(k, x as f32, y as f32)))
            .collect();
        Picture::new(Format::rgb(8), planes).unwrap()
    }

    /// Broad waves, 90 to 170.
    fn scene(k: usize, x: f32, y: f32) -> f32 {
        130.0 + 20.0 * (x / 30.0 + k as f32).sin() + 20.0 * (y / 25.0 - x / 60.0).cos()
    }

    #[test]
    fn a_fade_is_found_and_undone() {
        let first = picture(scene);
        let second = picture(|k, x, y| 0.6 * scene(k, x, y) + 10.0);
        let exposure = BrightnessChange::between(&first, &second);
        assert!(
            (exposure.gain - 1.0 / 0.6).abs() < 1e-3,
            "{}",
            exposure.gain
        );
        for (a, b) in first
            .planes()
            .iter()
            .zip(exposure.applied(&second).planes())
        {
            assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 0.05));
        }
    }

    #[test]
    fn motion_and_noise_are_no_change_of_brightness() {
        let first = picture(scene);
        for second in [
            first.clone(),
            picture(|k, x, y| scene(k, x - 25.0, y)),
            picture(|k, x, y| scene(k, x, y) + 1.0),
            picture(|_, _, _| 100.0),
        ] {
            let exposure = BrightnessChange::between(&first, &second);
            assert_eq!(exposure.gain, 1.0);
            assert!(exposure.offsets.iter().all(|&o| o == 0.0));
            assert!(matches!(exposure.applied(&second), Cow::Borrowed(_)));
        }
    }
}
