//! Places that no displacement reached: filled from their surroundings.

use super::carry::Splatted;
use crate::motion::Field;
use crate::picture::sampling::Grid;
use ndarray::Array2;

/// Below this mass a displacement is completed from the coarser level, in proportion.
const ENOUGH_MASS: f32 = 0.3;

/// Push-pull filling (Gortler et al., *The lumigraph*, 1996): means of what is there go down a pyramid
/// and come back up into the holes.
pub fn fill(splatted: &mut Splatted) {
    let (height, width) = splatted.mass.dim();
    if width <= 2 || height <= 2 || splatted.mass.iter().all(|&m| m >= ENOUGH_MASS) {
        return;
    }
    let mut coarse = pushed(splatted);
    fill(&mut coarse);
    let (gx, gy) = (Grid::new(&coarse.field.dx), Grid::new(&coarse.field.dy));
    let Splatted { field, mass } = splatted;
    ndarray::Zip::indexed(&mut field.dx)
        .and(&mut field.dy)
        .and(&*mass)
        .par_for_each(|(y, x), dx, dy, &mass| {
            if mass < ENOUGH_MASS {
                // A coarse pixel stands for the middle of its 2×2 block.
                let (cx, cy) = ((x as f32 - 0.5) * 0.5, (y as f32 - 0.5) * 0.5);
                let own = mass / ENOUGH_MASS;
                *dx = own * *dx + (1.0 - own) * gx.bilinear(cx, cy);
                *dy = own * *dy + (1.0 - own) * gy.bilinear(cx, cy);
            }
        });
}

/// The mean of every 2×2 block, weighted by mass, which counts up to 1.
fn pushed(fine: &Splatted) -> Splatted {
    let (height, width) = fine.mass.dim();
    let dim = (height.div_ceil(2), width.div_ceil(2));
    let mut coarse = Splatted {
        field: Field::zeros(dim),
        mass: Array2::zeros(dim),
    };
    for y in 0..height {
        for x in 0..width {
            let (from, to) = ((y, x), (y / 2, x / 2));
            let mass = fine.mass[from].min(1.0);
            coarse.field.dx[to] += mass * fine.field.dx[from];
            coarse.field.dy[to] += mass * fine.field.dy[from];
            coarse.mass[to] += mass;
        }
    }
    ndarray::Zip::from(&mut coarse.field.dx)
        .and(&mut coarse.field.dy)
        .and(&mut coarse.mass)
        .for_each(|dx, dy, mass| {
            if *mass > 0.0 {
                *dx /= *mass;
                *dy /= *mass;
            }
            // Half a block's worth of mass is as good as a whole pixel's.
            *mass *= 0.5;
        });
    coarse
}
