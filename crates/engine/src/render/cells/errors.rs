//! Photometric error of the cells at time t: how two pictures differ along a motion.

use crate::frame_pyramid::PyramidLevel;
use crate::motion::Field;
use crate::picture::{Plane, samples_mut, sampling::Grid};
use crate::render::linear::linear;
use otinterp_simd::partial::{counted, load, store};
use otinterp_simd::{Kernel, LANES, Level as Cpu, Number, Simd};
use rayon::prelude::*;

/// Two pictures, by cells, seen from time t between them.
#[derive(Clone, Copy)]
pub struct Both<'a> {
    pub t: f32,
    pub pictures: [&'a PyramidLevel; 2],
}

impl Both<'_> {
    /// Photometric error along motions, in cells, that pass through the cells from `(x, y)` on at time t.
    #[inline(always)]
    pub fn error<S: Simd>(&self, motion: [S::V; 2], from: [usize; 2]) -> S::V {
        if self.pictures[0].has_colors() {
            self.error_of::<S, 3>(motion, from)
        } else {
            self.error_of::<S, 1>(motion, from)
        }
    }

    #[inline(always)]
    fn error_of<S: Simd, const P: usize>(&self, [dx, dy]: [S::V; 2], [x, y]: [usize; 2]) -> S::V {
        let v = S::V::splat;
        let [a, b] = self.pictures;
        let (x, y) = (counted::<S>(x as f32), v(y as f32));
        let (back, on) = (v(-self.t), v(1.0 - self.t));
        let va = linear::<S, P>(&content(a), dx.mul_add(back, x), dy.mul_add(back, y));
        let vb = linear::<S, P>(&content(b), dx.mul_add(on, x), dy.mul_add(on, y));
        let mut sum = v(0.0);
        for p in 0..P {
            let apart = va[p].sub(vb[p]);
            sum = sum.add(apart.max(v(0.0).sub(apart)));
        }
        sum
    }
}

/// Photometric error of every cell at time t along a motion.
pub fn errors(cpu: Cpu, both: Both<'_>, field: &Field) -> Plane {
    let (height, width) = both.pictures[0].dim();
    let mut out = Plane::zeros((height, width));
    samples_mut(&mut out)
        .par_chunks_mut(width)
        .enumerate()
        .for_each(|(y, out)| {
            cpu.run(ErrorRow {
                both,
                field,
                y,
                out,
            });
        });
    out
}

struct ErrorRow<'a> {
    both: Both<'a>,
    field: &'a Field,
    y: usize,
    out: &'a mut [f32],
}

impl Kernel for ErrorRow<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let (both, y) = (self.both, self.y);
        let Field { dx, dy } = self.field;
        let (dx, dy) = (Grid::new(dx).row(y), Grid::new(dy).row(y));
        let width = self.out.len();
        for first in (0..width).step_by(LANES) {
            let lanes = first..width.min(first + LANES);
            let motion = [load::<S>(&dx[lanes.clone()]), load::<S>(&dy[lanes.clone()])];
            store::<S>(both.error::<S>(motion, [first, y]), &mut self.out[lanes]);
        }
    }
}

/// Luma and, where three planes are asked for, colour differences.
pub fn content<const P: usize>(features: &PyramidLevel) -> [Grid<'_>; P] {
    std::array::from_fn(|p| Grid::new(&features.planes[p]))
}
