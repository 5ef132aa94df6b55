//! What is prepared of one picture before it is held against another.

use super::{BrightnessChange, Features, LumaChroma, QuantizedFeatures};
use crate::picture::{Format, Picture, Plane, pyramid};
use otinterp_simd::Level as Cpu;
use std::borrow::Cow;

/// A picture reduced, and what is compared of it on that level and the coarser ones. It does not depend on the other
/// picture of a pair, so one that is the second of a pair and the first of the next needs it once.
#[derive(Debug)]
pub struct FramePyramid {
    /// The colour planes at the finest level, all of one size.
    reduced: Picture,
    finest: usize,
    full_dim: (usize, usize),
    /// From the finest level to the coarsest.
    levels: Vec<PyramidLevel>,
    /// The finest level that has codes.
    finest_coded: usize,
}

/// One level of a prepared picture.
#[derive(Debug)]
pub struct PyramidLevel {
    /// What is compared pixel by pixel.
    pub features: Features,
    /// What is compared in tiles, on the levels whose tiles are solved.
    pub codes: Option<QuantizedFeatures>,
}

impl FramePyramid {
    /// Of a picture (premultiplied, if it has alpha), from level `finest` of the pyramid on, so many levels, those from
    /// `finest_coded` on for tiles. The coarsest always is. Nothing is made at full size.
    pub fn of(
        cpu: Cpu,
        picture: &Picture,
        finest: usize,
        levels: usize,
        finest_coded: usize,
    ) -> Self {
        let reduced = reduced(cpu, picture, finest);
        Self {
            levels: prepared(cpu, &reduced, levels, finest_coded.saturating_sub(finest)),
            finest_coded,
            reduced,
            finest,
            full_dim: (picture.height(), picture.width()),
        }
    }

    /// The change of brightness from this picture, the first, to another.
    pub fn brightness_change_to(&self, second: &Self) -> BrightnessChange {
        BrightnessChange::between_reduced(&self.reduced, &second.reduced, self.finest)
    }

    /// The same picture, the second of a pair, as bright as the first; nothing if it is that already.
    pub fn exposed(&self, cpu: Cpu, exposure: &BrightnessChange) -> Option<Self> {
        match exposure.applied(&self.reduced) {
            Cow::Borrowed(_) => None,
            Cow::Owned(reduced) => Some(Self {
                levels: prepared(
                    cpu,
                    &reduced,
                    self.levels.len(),
                    self.finest_coded.saturating_sub(self.finest),
                ),
                finest_coded: self.finest_coded,
                reduced,
                finest: self.finest,
                full_dim: self.full_dim,
            }),
        }
    }

    /// Height and width of the picture itself.
    pub fn full_dim(&self) -> (usize, usize) {
        self.full_dim
    }

    /// The pyramid's level that is the first of [`FramePyramid::levels`].
    pub fn finest(&self) -> usize {
        self.finest
    }

    /// What is compared, from the finest level to the coarsest.
    pub fn levels(&self) -> &[PyramidLevel] {
        &self.levels
    }
}

/// The colour planes on a level, subsampled ones no smaller than the others. Where chroma is subsampled its samples stand an eighth of
/// a pixel of level 2 (a quarter of one of level 1) away from luma's, in all pictures alike.
fn reduced(cpu: Cpu, picture: &Picture, level: usize) -> Picture {
    let format = picture.format();
    let plane = |index: usize| -> Plane {
        let (sy, sx) = format.plane_shift(index);
        let halvings = |shift: u8| level.saturating_sub(shift.into());
        let plane = &picture.planes()[index];
        pyramid::reduced(cpu, plane, halvings(sy), halvings(sx))
    };
    let full_size = Format {
        chroma_shift_x: 0,
        chroma_shift_y: 0,
        alpha: false,
        ..format
    };
    let planes = (0..format.color_planes()).map(plane).collect();
    #[expect(
        clippy::expect_used,
        reason = "ceil(ceil(n / 2) / 2) is ceil(n / 4): all planes come out as large as the first"
    )]
    Picture::new(full_size, planes).expect("planes of one size")
}

/// QuantizedFeatures from the level with the number `coded` on, and on the coarsest.
fn prepared(cpu: Cpu, reduced: &Picture, levels: usize, coded: usize) -> Vec<PyramidLevel> {
    let mut contents = vec![LumaChroma::of(reduced)];
    for level in 1..levels {
        contents.push(contents[level - 1].halved(cpu));
    }
    let level = |(n, content): (usize, LumaChroma)| PyramidLevel {
        codes: (n >= coded || n + 1 == levels).then(|| QuantizedFeatures::of(&content.planes)),
        features: Features::of(content),
    };
    contents.into_iter().enumerate().map(level).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{ColorModel, Matrix, Range};
    use ndarray::Array2;

    /// Waves of 40 px and more.
    fn wave(x: f32, y: f32, k: usize) -> f32 {
        120.0 + 40.0 * (x / 9.0 + k as f32).sin() + 30.0 * (y / 11.0 - x / 30.0).cos()
    }

    #[test]
    fn the_reduced_picture_has_the_content_of_the_whole_one_reduced() {
        let cpu = Cpu::available().pop().unwrap();
        let (height, width) = (150, 203);
        for (sx, sy) in [(0, 0), (1, 1), (1, 0), (2, 0), (2, 2)] {
            let format = Format {
                model: ColorModel::Yuv,
                chroma_shift_x: sx,
                chroma_shift_y: sy,
                range: Range::Limited,
                matrix: Matrix::Bt709,
                ..Format::rgb(8)
            };
            let planes = (0..3).map(|k| {
                let (sy, sx) = format.plane_shift(k);
                let at = |i: usize, s: u8| (i as f32 + 0.5) * f32::from(1u8 << s) - 0.5;
                Array2::from_shape_fn(format.plane_dim(k, width, height), |(y, x)| {
                    wave(at(x, sx), at(y, sy), k)
                })
            });
            let picture = Picture::new(format, planes.collect()).unwrap();
            let prepared = FramePyramid::of(cpu, &picture, 2, 3, 3);
            let mut content = LumaChroma::of(&picture).halved(cpu).halved(cpu);
            for PyramidLevel { features, .. } in prepared.levels() {
                let pairs = features.planes.iter().zip(&content.planes);
                for (k, (found, expected)) in pairs.enumerate() {
                    assert_eq!(found.dim(), expected.dim());
                    // Chroma's samples stand half of what one of them covers, less half a pixel, away; the waves' slopes are at most
                    // 5.5 codes a px along x and 2.8 along y.
                    let away_px = |shift: u8| 0.5 * (f32::from(1u8 << shift) - 1.0);
                    let codes = 5.5 * away_px(sx) + 2.8 * away_px(sy);
                    let bound = if k == 0 { 1e-5 } else { codes / 224.0 + 1e-3 };
                    for (a, b) in found.iter().zip(expected) {
                        assert!((a - b).abs() < bound, "{sx} {sy}, {k}: {a} {b}");
                    }
                }
                content = content.halved(cpu);
            }
        }
    }
}
