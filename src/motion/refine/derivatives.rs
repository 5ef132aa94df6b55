//! Derivatives of the two pictures along the current displacement.

use super::checker::{BAND_ROWS, Checkered};
use crate::motion::field::Field;
use crate::picture::{Plane, samples, samples_mut, sampling::Grid};
use crate::simd::{Kernel, Level as Cpu, Simd};
use ndarray::Array2;
use rayon::prelude::*;

/// Grey levels of white, which the energy's weights are made for.
const WHITE: f32 = 255.0;

/// Number of planes in [`Derivatives`].
pub const PLANES: usize = 8;

/// Derivatives of the mean of the source and the warped target (x, y), of their difference (z):
/// `Ix, Iy, Iz, Ixx, Ixy, Iyy, Ixz, Iyz`; all 0 where the displacement leaves the picture.
pub struct Derivatives {
    /// In the order above.
    pub planes: [Checkered; PLANES],
}

impl Derivatives {
    /// Warps the target and differentiates.
    pub fn of(cpu: Cpu, field: &Field, source: &Plane, target: &Plane) -> Self {
        let dim = source.dim();
        let mut mean = Array2::zeros(dim);
        let mut difference = Array2::zeros(dim);
        bands(&mut mean, &mut difference, |y0, mean, difference| {
            cpu.run(Warp {
                field,
                source,
                target,
                y0,
                mean,
                difference,
            });
        });
        let (mut ix, mut iy) = (Array2::zeros(dim), Array2::zeros(dim));
        bands(&mut ix, &mut iy, |y0, ix, iy| {
            cpu.run(Gradient {
                plane: &mean,
                y0,
                dx: ix,
                dy: iy,
            });
        });
        drop(mean);
        let mut out = Self {
            planes: std::array::from_fn(|_| Checkered::zeros(dim)),
        };
        out.split(field, &ix, &iy, &difference);
        out
    }

    /// Second derivatives, and everything into checkered order.
    fn split(&mut self, field: &Field, ix: &Plane, iy: &Plane, iz: &Plane) {
        let layout = self.planes[0].layout;
        let (height, width) = (layout.height, layout.width);
        let (sx, sy, sz) = (samples(ix), samples(iy), samples(iz));
        let (fx, fy) = (samples(&field.dx), samples(&field.dy));
        for color in 0..2 {
            let planes = self.planes.each_mut().map(|p| {
                let body = layout.body();
                p.colors[color][body].par_chunks_mut(layout.stride)
            });
            let [a, b, c, d, e, f, g, h] = planes;
            a.zip(b)
                .zip(c)
                .zip(d)
                .zip(e)
                .zip(f)
                .zip(g)
                .zip(h)
                .enumerate()
                .for_each(|(y, (((((((ox, oy), oz), oxx), oxy), oyy), oxz), oyz))| {
                    let row = y * width;
                    let up = y.saturating_sub(1) * width;
                    let down = (y + 1).min(height - 1) * width;
                    let phase = layout.phase(y, color);
                    for k in 0..layout.count(phase) {
                        let x = 2 * k + phase;
                        let i = row + x;
                        if leaves(x as f32 + fx[i], width) || leaves(y as f32 + fy[i], height) {
                            continue;
                        }
                        let (l, r) = (row + x.saturating_sub(1), row + (x + 1).min(width - 1));
                        let o = k + 1;
                        (ox[o], oy[o], oz[o]) = (sx[i], sy[i], sz[i]);
                        oxx[o] = 0.5 * (sx[r] - sx[l]);
                        oxy[o] = 0.5 * (sx[down + x] - sx[up + x]);
                        oyy[o] = 0.5 * (sy[down + x] - sy[up + x]);
                        oxz[o] = 0.5 * (sz[r] - sz[l]);
                        oyz[o] = 0.5 * (sz[down + x] - sz[up + x]);
                    }
                });
        }
    }
}

/// Whether a coordinate lies outside a picture's axis.
#[inline(always)]
fn leaves(at: f32, len: usize) -> bool {
    !(at >= 0.0 && at <= (len - 1) as f32)
}

/// Calls `task(first row, rows of a, rows of b)` for bands of two planes, in parallel.
fn bands(a: &mut Plane, b: &mut Plane, task: impl Fn(usize, &mut [f32], &mut [f32]) + Sync) {
    let band = BAND_ROWS * a.ncols();
    samples_mut(a)
        .par_chunks_mut(band)
        .zip(samples_mut(b).par_chunks_mut(band))
        .enumerate()
        .for_each(|(n, (a, b))| task(n * BAND_ROWS, a, b));
}

/// Mean of the source and the warped target, and target minus source, in grey levels.
struct Warp<'a> {
    field: &'a Field,
    source: &'a Plane,
    target: &'a Plane,
    y0: usize,
    mean: &'a mut [f32],
    difference: &'a mut [f32],
}

impl Kernel for Warp<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let grid = Grid::new(self.target);
        let width = grid.width;
        let first = self.y0 * width;
        let n = self.mean.len();
        let (dx, dy) = (
            &samples(&self.field.dx)[first..][..n],
            &samples(&self.field.dy)[first..][..n],
        );
        let source = &samples(self.source)[first..][..n];
        for r in 0..n / width {
            for x in 0..width {
                let i = r * width + x;
                let warped = WHITE * grid.bicubic(x as f32 + dx[i], (self.y0 + r) as f32 + dy[i]);
                let here = WHITE * source[i];
                self.mean[i] = 0.5 * (warped + here);
                self.difference[i] = warped - here;
            }
        }
    }
}

/// Central differences of some rows.
struct Gradient<'a> {
    plane: &'a Plane,
    y0: usize,
    dx: &'a mut [f32],
    dy: &'a mut [f32],
}

impl Kernel for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let (height, width) = self.plane.dim();
        let plane = samples(self.plane);
        let row = |y: usize| &plane[y * width..][..width];
        for (r, (dx, dy)) in self
            .dx
            .chunks_exact_mut(width)
            .zip(self.dy.chunks_exact_mut(width))
            .enumerate()
        {
            let y = self.y0 + r;
            let (here, up, down) = (
                row(y),
                row(y.saturating_sub(1)),
                row((y + 1).min(height - 1)),
            );
            for x in 0..width {
                dy[x] = 0.5 * (down[x] - up[x]);
            }
            dx[0] = 0.5 * (here[1.min(width - 1)] - here[0]);
            for x in 1..width.max(1) - 1 {
                dx[x] = 0.5 * (here[x + 1] - here[x - 1]);
            }
            dx[width - 1] = 0.5 * (here[width - 1] - here[width.max(2) - 2]);
        }
    }
}
