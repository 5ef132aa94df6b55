//! Frame pyramid of one picture, which does not depend on the other one of its pair, and its cache.

use super::{BrightnessChange, LumaChroma, PyramidLevel, QuantizedFeatures, brightness};
use crate::picture::{Format, Picture, Plane, pyramid};
use otinterp_simd::Level as Cpu;
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

/// Plan of a frame pyramid: which levels it has, and which planes are on them. Level 0 is full resolution, level 1 half, and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PyramidPlan {
    /// The finest level.
    pub finest: usize,
    /// One more than the coarsest level.
    pub end: usize,
    /// The finest level that is compared in tiles; the coarsest always is.
    pub finest_quantized: usize,
    /// The finest level that is compared pixel by pixel.
    pub finest_compared: usize,
}

/// A picture's features at halved sizes. It does not depend on the other picture of a pair, so one that
/// is the second of a pair and the first of the next needs it once.
#[derive(Debug)]
pub struct FramePyramid {
    plan: PyramidPlan,
    full_dim: (usize, usize),
    /// Means over blocks of every colour plane, codes.
    block_means: Vec<Vec<f32>>,
    format: Format,
    /// From the finest level to the coarsest.
    levels: Vec<Arc<PyramidLevel>>,
}

/// The frame pyramid of one picture, made when it is first needed.
#[derive(Debug, Default)]
pub struct PyramidCache(OnceLock<Arc<FramePyramid>>);

impl PyramidCache {
    /// Not `get_or_init`: a thread that waits for its pool there could wait for itself. Made twice it is the same.
    pub(crate) fn or_make(&self, make: impl FnOnce() -> FramePyramid) -> Arc<FramePyramid> {
        let made = || {
            let made = Arc::new(make());
            let _ = self.0.set(Arc::clone(&made));
            made
        };
        self.0.get().map_or_else(made, Arc::clone)
    }
}

impl FramePyramid {
    /// Of a picture (premultiplied, if it has alpha). Above the finest level nothing is made but halved colour planes.
    pub fn of(cpu: Cpu, picture: &Picture, plan: PyramidPlan) -> Self {
        Self::of_reduced(cpu, picture, &reduced(cpu, picture, plan.finest), plan)
    }

    /// Of the second picture of a pair, as bright as the first.
    pub fn of_matched(
        cpu: Cpu,
        picture: &Picture,
        plan: PyramidPlan,
        change: &BrightnessChange,
    ) -> Self {
        let reduced = reduced(cpu, picture, plan.finest);
        Self::of_reduced(cpu, picture, &change.applied(&reduced), plan)
    }

    /// One level of a picture alone, compared pixel by pixel, its brightness changed.
    fn level_of(
        cpu: Cpu,
        picture: &Picture,
        level: usize,
        change: Option<&BrightnessChange>,
    ) -> PyramidLevel {
        let reduced = reduced(cpu, picture, level);
        let content = match change {
            None => LumaChroma::of(&reduced),
            Some(change) => LumaChroma::of(&change.applied(&reduced)),
        };
        PyramidLevel::compared_of(content)
    }

    /// A level that is compared pixel by pixel: this pyramid's, if it has it, else made of the picture, its brightness changed.
    pub fn compared_level(
        &self,
        cpu: Cpu,
        picture: &Picture,
        level: usize,
        change: Option<&BrightnessChange>,
    ) -> Arc<PyramidLevel> {
        let own = level
            .checked_sub(self.plan.finest)
            .filter(|_| level >= self.plan.finest_compared)
            .and_then(|n| self.levels.get(n));
        own.map_or_else(
            || Arc::new(Self::level_of(cpu, picture, level, change)),
            Arc::clone,
        )
    }

    fn of_reduced(cpu: Cpu, picture: &Picture, reduced: &Picture, plan: PyramidPlan) -> Self {
        Self {
            plan,
            full_dim: (picture.height(), picture.width()),
            block_means: brightness::block_means(reduced, plan.finest),
            format: reduced.format(),
            levels: levels(cpu, reduced, plan),
        }
    }

    /// The change of brightness from this picture, the first, to another.
    pub fn brightness_change_to(&self, second: &Self) -> BrightnessChange {
        BrightnessChange::between_blocks(&self.format, [&self.block_means, &second.block_means])
    }

    /// Height and width of the picture itself.
    pub fn full_dim(&self) -> (usize, usize) {
        self.full_dim
    }

    /// The level that is the first of [`FramePyramid::levels`].
    pub fn finest(&self) -> usize {
        self.plan.finest
    }

    /// The levels, from the finest to the coarsest.
    pub fn levels(&self) -> &[Arc<PyramidLevel>] {
        &self.levels
    }

    /// The quantised features of the `n`-th of them, if it has any, when coarser ones are done with. A pyramid that nobody else holds
    /// loses these features and the coarser levels but for those that are compared: at full size they are large.
    pub(crate) fn take_quantized(self: &mut Arc<Self>, n: usize) -> Option<Arc<QuantizedFeatures>> {
        match Arc::get_mut(self) {
            Some(own) => {
                let compared = own.plan.finest_compared.saturating_sub(own.plan.finest);
                own.levels.truncate(n.max(compared) + 1);
                match Arc::get_mut(&mut own.levels[n]) {
                    Some(level) => level.quantized.take(),
                    None => own.levels[n].quantized.clone(),
                }
            }
            None => self.levels[n].quantized.clone(),
        }
    }
}

/// The colour planes on a level, chroma no smaller than luma where it is subsampled by no more than the level. Its samples then stand
/// an eighth of a pixel of level 2 (a quarter of one of level 1) away from luma's, in all pictures alike.
fn reduced(cpu: Cpu, picture: &Picture, level: usize) -> Cow<'_, Picture> {
    let format = picture.format();
    if level == 0 {
        return Cow::Borrowed(picture);
    }
    let plane = |index: usize| -> Plane {
        let (sy, sx) = format.plane_shift(index);
        let halvings = |shift: u8| level.saturating_sub(shift.into());
        let plane = &picture.planes()[index];
        pyramid::reduced(cpu, plane, halvings(sy), halvings(sx))
    };
    let rest = |shift: u8| shift.saturating_sub(level.min(u8::MAX.into()) as u8);
    let reduced_format = Format {
        chroma_shift_x: rest(format.chroma_shift_x),
        chroma_shift_y: rest(format.chroma_shift_y),
        alpha: false,
        ..format
    };
    let planes = (0..format.color_planes()).map(plane).collect();
    #[expect(
        clippy::expect_used,
        reason = "ceil(ceil(n / 2) / 2) is ceil(n / 4): all planes come out as large as the format says"
    )]
    Cow::Owned(Picture::new(reduced_format, planes).expect("planes of the format's sizes"))
}

fn levels(cpu: Cpu, reduced: &Picture, plan: PyramidPlan) -> Vec<Arc<PyramidLevel>> {
    let mut contents = vec![LumaChroma::of(reduced)];
    for n in 1..plan.end - plan.finest {
        contents.push(contents[n - 1].halved(cpu));
    }
    let level = |(level, content): (usize, LumaChroma)| {
        let is_quantized = level >= plan.finest_quantized || level + 1 == plan.end;
        let quantized = is_quantized.then(|| QuantizedFeatures::of(&content.planes));
        let planes = if level >= plan.finest_compared {
            PyramidLevel::compared_of(content)
        } else {
            PyramidLevel::luma_of(content)
        };
        Arc::new(planes.with_quantized(quantized))
    };
    (plan.finest..).zip(contents).map(level).collect()
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
            let plan = PyramidPlan {
                finest: 2,
                end: 5,
                finest_quantized: 5,
                finest_compared: 2,
            };
            let pyramid = FramePyramid::of(cpu, &picture, plan);
            let mut content = LumaChroma::of(&picture).halved(cpu).halved(cpu);
            for level in pyramid.levels() {
                let pairs = level.planes.iter().zip(&content.planes);
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
