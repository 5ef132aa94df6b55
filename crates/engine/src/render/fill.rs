//! Hole filling of splatted displacements: places that none reached are filled from their surroundings (push-pull).

use super::splat::{Carrier, Splatted};
use crate::motion::Field;
use crate::picture::{samples, samples_mut, sampling::Grid};
use ndarray::Array2;
use otinterp_simd::Level as Cpu;
use rayon::prelude::*;

/// Below this mass a displacement is completed from the coarser level, in proportion.
const ENOUGH_MASS: f32 = 0.3;

/// Rows that one task takes at least.
const BAND_ROWS: usize = 16;

/// Both pictures' displacements at time t, without holes; the mass is what arrived before they were filled.
pub fn filled(cpu: Cpu, [forward, backward]: [&Carrier; 2], t: f32) -> [Splatted; 2] {
    let filled = |carrier: &Carrier, t: f32, sign: f32| {
        let mut splatted = carrier.at(cpu, t, sign);
        fill(&mut splatted);
        splatted
    };
    rayon::join(
        || filled(forward, t, 1.0),
        || filled(backward, 1.0 - t, -1.0),
    )
    .into()
}

/// Push-pull filling (Gortler et al., *The lumigraph*, 1996): means of what is there go down a pyramid
/// and come back up into the holes.
fn fill(splatted: &mut Splatted) {
    let (height, width) = splatted.mass.dim();
    if width <= 2 || height <= 2 || splatted.mass.iter().all(|&m| m >= ENOUGH_MASS) {
        return;
    }
    let mut coarse = pushed(splatted);
    fill(&mut coarse);
    let (gx, gy) = (Grid::new(&coarse.field.dx), Grid::new(&coarse.field.dy));
    let Splatted { field, mass } = splatted;
    samples_mut(&mut field.dx)
        .par_chunks_mut(width)
        .zip(samples_mut(&mut field.dy).par_chunks_mut(width))
        .zip(samples(mass).par_chunks(width))
        .with_min_len(BAND_ROWS)
        .enumerate()
        .for_each(|(y, ((dx, dy), mass))| {
            for (x, &mass) in mass.iter().enumerate() {
                if mass < ENOUGH_MASS {
                    // A coarse pixel stands for the middle of its 2×2 block.
                    let (cx, cy) = ((x as f32 - 0.5) * 0.5, (y as f32 - 0.5) * 0.5);
                    let own = mass / ENOUGH_MASS;
                    dx[x] = own * dx[x] + (1.0 - own) * gx.bilinear(cx, cy);
                    dy[x] = own * dy[x] + (1.0 - own) * gy.bilinear(cx, cy);
                }
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
    samples_mut(&mut coarse.field.dx)
        .par_chunks_mut(dim.1)
        .zip(samples_mut(&mut coarse.field.dy).par_chunks_mut(dim.1))
        .zip(samples_mut(&mut coarse.mass).par_chunks_mut(dim.1))
        .with_min_len(BAND_ROWS)
        .enumerate()
        .for_each(|(y, ((dx, dy), mass))| {
            for row in 2 * y..(2 * y + 2).min(height) {
                let planes = [&fine.field.dx, &fine.field.dy, &fine.mass];
                let [fx, fy, fm] = planes.map(|plane| Grid::new(plane).row(row).chunks(2));
                for (x, ((fx, fy), fm)) in fx.zip(fy).zip(fm).enumerate() {
                    for ((fx, fy), fm) in fx.iter().zip(fy).zip(fm) {
                        let own = fm.min(1.0);
                        dx[x] += own * fx;
                        dy[x] += own * fy;
                        mass[x] += own;
                    }
                }
            }
            for ((dx, dy), mass) in dx.iter_mut().zip(dy).zip(mass) {
                if *mass > 0.0 {
                    *dx /= *mass;
                    *dy /= *mass;
                }
                // Half a block's worth of mass is as good as a whole pixel's.
                *mass *= 0.5;
            }
        });
    coarse
}
