//! No motion as a candidate: overlays that stand still while all around them moves.

use super::along::AnyColors;
use super::corners::{REACH_PX, least_means};
use super::planes::Planes;
use crate::picture::samples;
use otinterp_simd::{Kernel, Level as Cpu, Simd};

/// Prior weight of no motion, beside the motions found (measured: between 0.1 and 0.5 it changes nothing on moving
/// scenes, and overlays stand still).
const STILL_PRIOR_WEIGHT: f32 = 0.3;
/// Scale of the photometric error, summed over three channels in `[0, 1]` (measured).
const USUAL_ERROR: f32 = 0.01;

/// The weight of no motion in a piece of the picture, at full size: edges of letters are narrower than a sample at half
/// size.
#[derive(Debug, Default)]
pub struct Still {
    errors: Vec<f32>,
    weights: Vec<f32>,
    scratch: Vec<f32>,
    pitch: usize,
}

impl Still {
    /// Weighs no motion: the prior weight divided by `(1 + e/0.01)⁴`, e the error in the best of four corners, so that it counts
    /// only where nothing moves, and there up to the edge.
    pub fn weigh(&mut self, cpu: Cpu, planes: &Planes<'_>, at: [usize; 2], size: [usize; 2]) {
        cpu.run(Weigh {
            still: self,
            planes,
            at,
            size,
        });
    }

    #[inline(always)]
    fn fill(&mut self, planes: &Planes<'_>, [y0, x0]: [usize; 2], [rows, columns]: [usize; 2]) {
        let (height, width) = planes.dim;
        let (brightness, scale) = match &planes.colors {
            AnyColors::One(colors) => (colors.brightness, colors.scale),
            AnyColors::Three(colors) => (colors.brightness, colors.scale),
        };
        self.pitch = columns + 2 * REACH_PX;
        self.errors.clear();
        self.errors.resize((rows + 2 * REACH_PX) * self.pitch, 0.0);
        // Columns of the tile that lie in the picture.
        let from = REACH_PX.saturating_sub(x0);
        let first = (x0 + from) - REACH_PX;
        let to = from + (width - first).min(self.pitch - from);
        for (row, errors) in self.errors.chunks_exact_mut(self.pitch).enumerate() {
            let y = (y0 + row).saturating_sub(REACH_PX).min(height - 1);
            let inner = &mut errors[from..to];
            for index in 0..planes.full_size {
                let [a, b] = planes
                    .pictures
                    .map(|p| &samples(&p.planes()[index])[y * width + first..][..to - from]);
                let (gain, offset) = (brightness.gain, brightness.offsets[index]);
                for ((error, &a), &b) in inner.iter_mut().zip(a).zip(b) {
                    *error += (a - (gain * b + offset)).abs() * scale;
                }
            }
            let (left, right) = (errors[from], errors[to - 1]);
            errors[..from].fill(left);
            errors[to..].fill(right);
        }
        self.weights.resize(rows * self.pitch, 0.0);
        least_means(
            &self.errors,
            self.pitch,
            &mut self.weights,
            &mut self.scratch,
        );
        for weight in &mut self.weights {
            let unlike = 1.0 + *weight * (1.0 / USUAL_ERROR);
            let unlike = unlike * unlike;
            *weight = STILL_PRIOR_WEIGHT / (unlike * unlike);
        }
    }

    /// Weights in a row from column `x` of the piece on.
    #[inline(always)]
    pub fn row(&self, y: usize, x: usize) -> &[f32] {
        &self.weights[y * self.pitch + REACH_PX + x..]
    }
}

/// [`Still::weigh`].
struct Weigh<'a> {
    still: &'a mut Still,
    planes: &'a Planes<'a>,
    /// First row and column.
    at: [usize; 2],
    /// Rows and columns.
    size: [usize; 2],
}

impl Kernel for Weigh<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        self.still.fill(self.planes, self.at, self.size);
    }
}
