//! Luma and two colour differences in `[0, 1]` units, full size, whatever the picture's format.

use crate::picture::sampling::Grid;
use crate::picture::{BAND_SAMPLES, ColorModel, Picture, Plane, pyramid, samples, samples_mut};
use ndarray::Array2;
use otinterp_simd::Level as Cpu;
use rayon::prelude::*;

/// Weight of `B - Y` and `R - Y` beside luma (measured on the Middlebury triplets).
const CHROMA_WEIGHT: f32 = 0.5;

/// Luma and, for colour pictures, `(B - Y)/2` and `(R - Y)/2`, with white at 1.
#[derive(Debug, Clone)]
pub struct LumaChroma {
    /// Luma, then the two colour differences if the picture has colour.
    pub planes: Vec<Plane>,
}

impl LumaChroma {
    /// Of a picture's colour planes; alpha is to be multiplied in before.
    pub fn of(picture: &Picture) -> Self {
        let planes = match picture.format().model {
            ColorModel::Gray => vec![luma_plane(picture)],
            ColorModel::Rgb => from_rgb(picture),
            ColorModel::Yuv => from_yuv(picture),
        };
        Self { planes }
    }

    /// Luma.
    pub fn luma(&self) -> &Plane {
        &self.planes[0]
    }

    /// Luma alone: the memory of all else is given back.
    pub fn into_luma(mut self) -> Plane {
        self.planes.swap_remove(0)
    }

    /// The next pyramid level: half as wide and high, rounded up.
    pub fn halved(&self, cpu: Cpu) -> Self {
        let planes = self.planes.par_iter();
        Self {
            planes: planes.map(|plane| pyramid::halve(cpu, plane)).collect(),
        }
    }
}

/// The first plane, black at 0 and white at 1.
fn luma_plane(picture: &Picture) -> Plane {
    let (offset, scale) = picture.format().luma_offset_scale();
    let mut luma = Array2::zeros(picture.planes()[0].dim());
    samples_mut(&mut luma)
        .par_chunks_mut(BAND_SAMPLES)
        .zip(samples(&picture.planes()[0]).par_chunks(BAND_SAMPLES))
        .for_each(|(luma, codes)| {
            for (y, &code) in luma.iter_mut().zip(codes) {
                *y = (code - offset) / scale;
            }
        });
    luma
}

fn from_rgb(picture: &Picture) -> Vec<Plane> {
    let (offset, scale) = picture.format().luma_offset_scale();
    let (kr, kb) = picture.format().matrix.kr_kb();
    let kg = 1.0 - kr - kb;
    let [r, g, b] = [0, 1, 2].map(|i| samples(&picture.planes()[i]).par_chunks(BAND_SAMPLES));
    let dim = picture.planes()[0].dim();
    let mut planes = vec![Array2::zeros(dim), Array2::zeros(dim), Array2::zeros(dim)];
    if let [luma, blue, red] = &mut planes[..] {
        let bands = |plane| samples_mut(plane).par_chunks_mut(BAND_SAMPLES);
        bands(luma)
            .zip(bands(blue).zip(bands(red)))
            .zip(r.zip(g.zip(b)))
            .for_each(|((luma, (blue, red)), (r, (g, b)))| {
                let out = luma.iter_mut().zip(blue).zip(red);
                for (((y, cb), cr), ((&r, &g), &b)) in out.zip(r.iter().zip(g).zip(b)) {
                    let (r, g, b) = (
                        (r - offset) / scale,
                        (g - offset) / scale,
                        (b - offset) / scale,
                    );
                    *y = kr * r + kg * g + kb * b;
                    *cb = CHROMA_WEIGHT * (b - *y);
                    *cr = CHROMA_WEIGHT * (r - *y);
                }
            });
    }
    planes
}

/// Cb is `(B - Y) / (2 (1 - Kb))` and Cr likewise (ITU-R BT.709-6 §3), so only a factor is missing.
fn from_yuv(picture: &Picture) -> Vec<Plane> {
    let format = picture.format();
    let (offset, scale) = format.chroma_offset_scale();
    let (kr, kb) = format.matrix.kr_kb();
    let (height, width) = (picture.height(), picture.width());
    let shift = (
        u32::from(format.chroma_shift_y),
        u32::from(format.chroma_shift_x),
    );
    let chroma = |index: usize, k: f32| {
        let plane = &picture.planes()[index];
        let factor = 2.0 * (1.0 - k) * CHROMA_WEIGHT / scale;
        upsampled(plane, (height, width), shift, |v| (v - offset) * factor)
    };
    vec![luma_plane(picture), chroma(1, kb), chroma(2, kr)]
}

/// Bilinear enlargement of a subsampled plane, samples centred on the block that they stand for; `map` is linear.
fn upsampled(
    plane: &Plane,
    dim: (usize, usize),
    shift: (u32, u32),
    map: impl Fn(f32) -> f32 + Sync,
) -> Plane {
    let place = |i: usize, small: usize, shift: u32| -> (usize, usize, f32) {
        let at = (i as f32 + 0.5) / (1u32 << shift) as f32 - 0.5;
        let at = at.clamp(0.0, (small - 1) as f32);
        let low = at as usize;
        (low, (low + 1).min(small - 1), at - low as f32)
    };
    let columns: Vec<_> = (0..dim.1)
        .map(|x| place(x, plane.ncols(), shift.1))
        .collect();
    let source = Grid::new(plane);
    let mut out = Array2::zeros(dim);
    samples_mut(&mut out)
        .par_chunks_mut(dim.1)
        .enumerate()
        .for_each_init(Vec::new, |line, (y, out)| {
            let (y0, y1, fraction) = place(y, source.height, shift.0);
            let rows = source.row(y0).iter().zip(source.row(y1));
            line.clear();
            line.extend(rows.map(|(&a, &b)| map(a + fraction * (b - a))));
            if shift.1 == 0 {
                out.copy_from_slice(line);
                return;
            }
            for (out, &(x0, x1, fraction)) in out.iter_mut().zip(&columns) {
                *out = line[x0] + fraction * (line[x1] - line[x0]);
            }
        });
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Format, Matrix, Range};

    #[test]
    fn rgb_and_its_yuv_have_the_same_content() {
        let rgb = [200.0f32, 90.0, 30.0];
        let one = |v: f32| Array2::from_elem((1, 1), v);
        let picture = Picture::new(Format::rgb(8), rgb.iter().map(|&v| one(v)).collect()).unwrap();
        let format = Format {
            model: ColorModel::Yuv,
            range: Range::Limited,
            matrix: Matrix::Bt601,
            ..Format::rgb(8)
        };
        // ITU-R BT.601 by hand.
        let y = (0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]) / 255.0;
        let cb = (rgb[2] / 255.0 - y) / 1.772;
        let cr = (rgb[0] / 255.0 - y) / 1.402;
        let codes = vec![
            one(16.0 + 219.0 * y),
            one(128.0 + 224.0 * cb),
            one(128.0 + 224.0 * cr),
        ];
        let yuv = Picture::new(format, codes).unwrap();
        for (a, b) in LumaChroma::of(&picture)
            .planes
            .iter()
            .zip(&LumaChroma::of(&yuv).planes)
        {
            assert!((a[(0, 0)] - b[(0, 0)]).abs() < 1e-6);
        }
    }

    #[test]
    fn a_ramp_stays_a_ramp_when_enlarged() {
        let small = Array2::from_shape_fn((4, 5), |(y, x)| 10.0 * y as f32 + 2.0 * x as f32);
        let large = upsampled(&small, (8, 10), (1, 1), |v| v);
        for y in 1..7 {
            for x in 1..9 {
                let truth =
                    10.0 * ((y as f32 + 0.5) / 2.0 - 0.5) + 2.0 * ((x as f32 + 0.5) / 2.0 - 0.5);
                assert!((large[(y, x)] - truth).abs() < 1e-5);
            }
        }
    }
}
