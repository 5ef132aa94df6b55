//! Residual transport: pixels of large photometric error in both pictures, matched over the whole picture.
//!
//! Coarse-to-fine search loses small fast objects: at the levels where their motion is short they
//! are too small to be seen. Here the pixels whose patches differ along the motion are collected in
//! both pictures, and one KL-unbalanced transport is solved between the two sets, with the patches' difference as
//! the cost and hardly any weight on distance. That a target can be taken only once is what sorts several
//! alike objects out. Matches that are sure become predictions, which tiles then try as candidates.

use super::field::Field;
use crate::frame_pyramid::PyramidLevel;
use crate::picture::{samples, sampling::Grid};
use otinterp_ot::symmetric::{Mode, SymmetricCoupling};
use otinterp_simd::{Kernel, Level as Cpu, Simd};
use rayon::prelude::*;

/// Patches are 5×5.
const PATCH_RADIUS: isize = 2;
/// Pixels of a patch.
const PATCH_PIXELS: usize = 25;
/// Photometric error of a patch along the motion above which its pixel takes part (measured).
const UNEXPLAINED: f32 = 0.06;
/// Cost of a displacement as long as the picture's diagonal (measured).
const DISTANCE_COST: f32 = 0.05;
/// Entropy, slack and iterations of the transport (measured).
const EPS: f32 = 0.01;
/// See [`EPS`].
const RHO: f32 = 0.1;
/// See [`EPS`].
const ITERATIONS: usize = 15;
/// A match is sure if the mass is concentrated: this share of it within [`MODE_RADIUS_PX`] of the mode …
const CONCENTRATION: f32 = 0.5;
/// (in px)
const MODE_RADIUS_PX: isize = 2;
/// … if the pixel keeps this share of its mass …
const KEPT_MASS: f32 = 0.3;
/// … if it costs at most this part of what the motion costs …
const COST_RATIO: f32 = 0.7;
/// … and if so many of the 7×7 pixels around it have matches within [`AGREEMENT_PX`] of its own.
const SUPPORTERS: usize = 6;
/// (in px)
const AGREEMENT_PX: f32 = 1.5;

/// A pixel `(x, y)`.
type Pixel = (isize, isize);

/// Replaces the displacements of pixels that found a sure match, of at most `most_pixels` of each picture. Returns whether
/// there are any.
pub fn improve(
    cpu: Cpu,
    [first, second]: [&PyramidLevel; 2],
    fields: &mut [Field; 2],
    most_pixels: usize,
) -> bool {
    let (error_a, error_b) = rayon::join(
        || patch_errors(first, second, &fields[0]),
        || patch_errors(second, first, &fields[1]),
    );
    let (pixels_a, pixels_b) = (
        unexplained(&error_a, first.dim(), most_pixels),
        unexplained(&error_b, first.dim(), most_pixels),
    );
    if pixels_a.is_empty() || pixels_b.is_empty() {
        return false;
    }
    let plan = transport(cpu, first, second, &pixels_a, &pixels_b);
    let width = first.dim().1;
    let error_at = |errors: &[f32], p: Pixel| errors[p.1 as usize * width + p.0 as usize];
    let rows = plan.row_modes(cpu).into_par_iter().enumerate();
    let forward: Vec<Option<Pixel>> = rows
        .map(|(i, mode)| {
            let near =
                |mode: Mode| plan.row_mass_where(i, |j| is_near(pixels_b[j], pixels_b[mode.index]));
            let error = error_at(&error_a, pixels_a[i]);
            sure_match(mode, near, error, pixels_a[i], &pixels_b)
        })
        .collect();
    let columns = plan.column_modes(cpu).into_par_iter().enumerate();
    let backward: Vec<Option<Pixel>> = columns
        .map(|(j, mode)| {
            let near = |mode: Mode| {
                plan.column_mass_where(j, |i| is_near(pixels_a[i], pixels_a[mode.index]))
            };
            let error = error_at(&error_b, pixels_b[j]);
            sure_match(mode, near, error, pixels_b[j], &pixels_a)
        })
        .collect();
    let changed_a = apply(&mut fields[0], &pixels_a, &forward);
    let changed_b = apply(&mut fields[1], &pixels_b, &backward);
    changed_a || changed_b
}

fn is_near(a: Pixel, b: Pixel) -> bool {
    (a.0 - b.0).abs() <= MODE_RADIUS_PX && (a.1 - b.1).abs() <= MODE_RADIUS_PX
}

/// The displacement to a mode, if it is sure.
fn sure_match(
    mode: Mode,
    mass_near: impl Fn(Mode) -> f32,
    error: f32,
    from: Pixel,
    others: &[Pixel],
) -> Option<Pixel> {
    let sure = mode.mass > KEPT_MASS
        && mode.cost < COST_RATIO * error
        && mass_near(mode) > CONCENTRATION * mode.mass;
    let to = others[mode.index.min(others.len() - 1)];
    sure.then_some((to.0 - from.0, to.1 - from.1))
}

/// Photometric error of every pixel's patch along the field: mean over 5×5 of the summed difference of features; 0 where the
/// motion leaves the picture, since there is nothing to compare with.
fn patch_errors(source: &PyramidLevel, target: &PyramidLevel, field: &Field) -> Vec<f32> {
    let (height, width) = source.dim();
    let (dx, dy) = (samples(&field.dx), samples(&field.dy));
    let planes = source.planes.iter().zip(&target.planes);
    let pairs: Vec<_> = planes.map(|(s, t)| (samples(s), Grid::new(t))).collect();
    let mut raw = vec![0.0f32; height * width];
    raw.par_chunks_mut(width).enumerate().for_each(|(y, raw)| {
        for (x, raw) in raw.iter_mut().enumerate() {
            let i = y * width + x;
            let to = pairs[0].1.between(x as f32 + dx[i], y as f32 + dy[i]);
            *raw = pairs
                .iter()
                .map(|(s, t)| (s[i] - t.sample(&to)).abs())
                .sum();
        }
    });
    let mut means = vec![0.0; height * width];
    let radius = PATCH_RADIUS.unsigned_abs();
    means.par_chunks_mut(width).enumerate().for_each_init(
        || vec![0.0f32; width + 2 * radius],
        |columns, (y, means)| {
            let rows = y.saturating_sub(radius)..(y + radius + 1).min(height);
            let sums = &mut columns[radius..][..width];
            sums.fill(0.0);
            for row in raw[rows.start * width..rows.end * width].chunks_exact(width) {
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum += value;
                }
            }
            for (mean, around) in means.iter_mut().zip(columns.windows(2 * radius + 1)) {
                *mean = around.iter().sum();
            }
            let stays = |at: f32, len: usize| at >= 0.0 && at <= (len - 1) as f32;
            for (x, mean) in means.iter_mut().enumerate() {
                let i = y * width + x;
                let across = (x + radius + 1).min(width) - x.saturating_sub(radius);
                if stays(x as f32 + dx[i], width) && stays(y as f32 + dy[i], height) {
                    *mean /= (rows.len() * across) as f32;
                } else {
                    *mean = 0.0;
                }
            }
        },
    );
    means
}

/// The pixels with errors above the threshold, the worst of them if they are too many, in raster order.
fn unexplained(errors: &[f32], (_, width): (usize, usize), most_pixels: usize) -> Vec<Pixel> {
    let mut found: Vec<usize> = (0..errors.len())
        .filter(|&i| errors[i] > UNEXPLAINED)
        .collect();
    if found.len() > most_pixels {
        // Ties are broken by place, so that the choice is always the same.
        found.sort_unstable_by(|&i, &j| errors[j].total_cmp(&errors[i]).then(i.cmp(&j)));
        found.truncate(most_pixels);
        found.sort_unstable();
    }
    found
        .into_iter()
        .map(|i| ((i % width) as isize, (i / width) as isize))
        .collect()
}

fn transport(
    cpu: Cpu,
    first: &PyramidLevel,
    second: &PyramidLevel,
    a: &[Pixel],
    b: &[Pixel],
) -> SymmetricCoupling {
    let (height, width) = first.dim();
    let diagonal2 = (width * width + height * height) as f32;
    let descriptors_a = Descriptors::of(first, a);
    let descriptors_b = Descriptors::of(second, b);
    let fill = |i: usize, row: &mut [f32]| {
        cpu.run(Costs {
            own: &descriptors_a,
            i,
            others: &descriptors_b,
            per_px2: DISTANCE_COST / diagonal2,
            row,
        });
    };
    SymmetricCoupling::solve(cpu, (a.len(), b.len()), fill, EPS, RHO, ITERATIONS)
}

/// Patches are compared in whole numbers: so many are a difference of 1, and the patches' sum ends at a cost of 0.87, where the
/// transport's kernel has become 0 (`exp(-80)`).
const STEPS: f32 = 3000.0;
/// Pixels are compared so many at a time: a whole number of registers, in which their sums stay.
const BLOCK: usize = 64;

/// The patches around some pixels.
struct Descriptors {
    /// In steps, `[feature and place in the patch][pixel]`: rows of whole blocks.
    values: Vec<i16>,
    /// Of pixels, whole blocks of them.
    pitch: usize,
    x: Vec<f32>,
    y: Vec<f32>,
}

impl Descriptors {
    fn of(features: &PyramidLevel, pixels: &[Pixel]) -> Self {
        let (height, width) = features.dim();
        let places = (-PATCH_RADIUS..=PATCH_RADIUS)
            .flat_map(|y| (-PATCH_RADIUS..=PATCH_RADIUS).map(move |x| (x, y)));
        let pitch = pixels.len().next_multiple_of(BLOCK);
        let mut values = Vec::with_capacity(features.planes.len() * PATCH_PIXELS * pitch);
        for plane in &features.planes {
            let plane = samples(plane);
            for (px, py) in places.clone() {
                values.extend(pixels.iter().map(|&(x, y)| {
                    let y = (y + py).clamp(0, height as isize - 1) as usize;
                    let x = (x + px).clamp(0, width as isize - 1) as usize;
                    (plane[y * width + x] * STEPS).round() as i16
                }));
                values.resize(values.len().next_multiple_of(pitch), 0);
            }
        }
        Self {
            values,
            pitch,
            x: pixels.iter().map(|p| p.0 as f32).collect(),
            y: pixels.iter().map(|p| p.1 as f32).collect(),
        }
    }
}

/// From one pixel to all others: mean over the patch of the summed difference of features, and the distance's share.
struct Costs<'a> {
    own: &'a Descriptors,
    i: usize,
    others: &'a Descriptors,
    per_px2: f32,
    row: &'a mut [f32],
}

impl Kernel for Costs<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        const COST: f32 = 1.0 / (PATCH_PIXELS as f32 * STEPS);
        let (own, others) = (self.own, self.others);
        for (n, row) in self.row.chunks_mut(BLOCK).enumerate() {
            let mut sums = [0u16; BLOCK];
            let values = own.values.chunks_exact(own.pitch);
            for (own, others) in values.zip(others.values.chunks_exact(others.pitch)) {
                let (a, others) = (own[self.i], &others[n * BLOCK..][..BLOCK]);
                for x in 0..BLOCK {
                    sums[x] = sums[x].saturating_add(a.abs_diff(others[x]));
                }
            }
            for (c, sum) in row.iter_mut().zip(sums) {
                *c = f32::from(sum) * COST;
            }
        }
        let (x, y) = (own.x[self.i], own.y[self.i]);
        let places = others.x.iter().zip(&others.y);
        for (c, (to_x, to_y)) in self.row.iter_mut().zip(places) {
            let (dx, dy) = (to_x - x, to_y - y);
            *c += self.per_px2 * (dx * dx + dy * dy);
        }
    }
}

/// Writes the matches that enough neighbours agree with into the field.
fn apply(field: &mut Field, pixels: &[Pixel], matches: &[Option<Pixel>]) -> bool {
    let (height, width) = field.dim();
    let mut found: Vec<Option<Pixel>> = vec![None; height * width];
    for (&(x, y), &d) in pixels.iter().zip(matches) {
        found[y as usize * width + x as usize] = d;
    }
    let mut any = false;
    for (&(x, y), &d) in pixels.iter().zip(matches) {
        let Some((dx, dy)) = d else { continue };
        let mut supporters = 0;
        for yy in (y - 3).max(0)..=(y + 3).min(height as isize - 1) {
            for xx in (x - 3).max(0)..=(x + 3).min(width as isize - 1) {
                if let Some((qx, qy)) = found[yy as usize * width + xx as usize] {
                    let agrees = ((qx - dx) as f32).abs() <= AGREEMENT_PX
                        && ((qy - dy) as f32).abs() <= AGREEMENT_PX;
                    supporters += usize::from(agrees);
                }
            }
        }
        if supporters >= SUPPORTERS {
            let at = (y as usize, x as usize);
            (field.dx[at], field.dy[at]) = (dx as f32, dy as f32);
            any = true;
        }
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Plane;

    #[test]
    fn costs_are_those_of_the_formula_up_to_where_they_end() {
        let dim = (40, 50);
        let features = |seed: usize, scale: f32| {
            let planes = (0..5).map(|n| {
                Plane::from_shape_fn(dim, |(y, x)| {
                    scale * ((x * 37 + y * 101 + n * 13 + seed) % 97) as f32 / 96.0
                })
            });
            PyramidLevel {
                planes: planes.collect(),
                quantized: None,
            }
        };
        let pixels = |step: isize| -> Vec<Pixel> {
            (0..70).map(|i| (i * step % 50, (i * 7) % 40)).collect()
        };
        let (a, b) = (pixels(11), pixels(17));
        let per_px2 = 1e-5;
        for (first, second) in [
            (features(0, 0.2), features(5, 0.2)),
            (features(0, 1.0), features(40, -1.0)),
        ] {
            let (of_a, of_b) = (Descriptors::of(&first, &a), Descriptors::of(&second, &b));
            for cpu in Cpu::available() {
                let i = 33;
                let mut row = vec![0.0; b.len()];
                cpu.run(Costs {
                    own: &of_a,
                    i,
                    others: &of_b,
                    per_px2,
                    row: &mut row,
                });
                for (&found, &to) in row.iter().zip(&b) {
                    let at = |features: &PyramidLevel, n: usize, (x, y): Pixel, (dx, dy): Pixel| {
                        let x = (x + dx).clamp(0, 49) as usize;
                        let y = (y + dy).clamp(0, 39) as usize;
                        f64::from(features.planes[n][(y, x)])
                    };
                    let mut sum = 0.0;
                    for (n, d) in (0..5).flat_map(|n| {
                        (-2..3).flat_map(move |dy| (-2..3).map(move |dx| (n, (dx, dy))))
                    }) {
                        sum += (at(&first, n, a[i], d) - at(&second, n, to, d)).abs() / 25.0;
                    }
                    let (dx, dy) = ((to.0 - a[i].0) as f64, (to.1 - a[i].1) as f64);
                    let distance = f64::from(per_px2) * (dx * dx + dy * dy);
                    // Each of 125 differences is rounded twice, by half a step.
                    let rounding = 125.0 / 25.0 / f64::from(STEPS);
                    let end = 65_535.0 / 25.0 / f64::from(STEPS);
                    let truth = if sum < end { sum } else { end } + distance;
                    assert!(
                        (f64::from(found) - truth).abs() < rounding,
                        "{found} {truth}"
                    );
                }
            }
        }
    }
}
