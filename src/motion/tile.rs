//! One tile: cost, transport, and what the plan says of the displacements both ways.

use super::field::Field;
use crate::measure::Features;
use crate::ot::window::{Options, SIDE, SOURCES, Shape, Solution};
use crate::picture::samples;
use crate::simd::{Kernel, Simd, math};

/// Half side of the patch over which content is compared, 7×7 in all (measured: 5×5 loses 0.1 dB).
const PATCH_RADIUS: usize = 3;
/// Side of a tile with the patches of its border pixels.
const HALO_SIDE: usize = SIDE + 2 * PATCH_RADIUS;
/// Stored length of a halo row: `HALO_SIDE` rounded up to whole vectors of 8.
const HALO_PITCH: usize = 24;
const _: () = assert!(HALO_PITCH >= HALO_SIDE);
/// Differences of two pixels count at most this much, so that an occluded half of a patch does not
/// outvote the other (measured).
const DIFFERENCE_CAP: f32 = 0.3;
/// A patch that differs less than this is the same patch: 8-bit content differs by 1/255 in one
/// pixel and channel of 49 at least, 8e-5. It needs no sub-pixel correction.
const SAME_PATCH: f32 = 1e-6;
/// Largest share of the prior in a cost.
const PRIOR_CAP: f32 = 0.05;
/// Confidence falls by 1/e for this much cost at the mode (measured).
const CONFIDENCE_COST: f32 = 0.01;
/// A mode on the window's edge may be the flank of a better one outside: its weight.
const EDGE_WEIGHT: f32 = 0.3;

/// How a level's tiles are solved.
#[derive(Debug, Clone, Copy)]
pub struct TileOptions {
    /// Half width of the window of displacements.
    pub shape: Shape,
    /// Cost per squared pixel of distance from the predicted displacement.
    pub prior_per_px2: f32,
    /// Of the transport.
    pub transport: Options,
}

/// Where a tile lies and which displacement its window is centred on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TileJob {
    /// Left column of the tile in the source picture; may be negative.
    pub x0: isize,
    /// Top row of the tile.
    pub y0: isize,
    /// Whole displacement of the window's centre, in pixels.
    pub base: (isize, isize),
}

/// Displacements and confidences that a tile gives to a square of one picture.
#[derive(Debug, Clone)]
pub struct Votes {
    /// Left column of the square; may be negative.
    pub x0: isize,
    /// Top row of the square.
    pub y0: isize,
    /// Side of the square.
    pub side: usize,
    /// Displacement to the other picture, rightwards, px.
    pub dx: Vec<f32>,
    /// Downwards, px.
    pub dy: Vec<f32>,
    /// Confidence, ≥ 0; 0 outside the picture.
    pub weight: Vec<f32>,
}

impl Votes {
    fn new(side: usize) -> Self {
        Self {
            x0: 0,
            y0: 0,
            side,
            dx: vec![0.0; side * side],
            dy: vec![0.0; side * side],
            weight: vec![0.0; side * side],
        }
    }
}

/// What one tile's plan says.
#[derive(Debug, Clone)]
pub struct TileResult {
    /// Of the source picture's pixels: rows of the plan.
    pub forward: Votes,
    /// Of the target picture's pixels: columns of the plan.
    pub backward: Votes,
}

impl TileResult {
    /// Memory for a result.
    pub fn new(shape: Shape) -> Self {
        Self {
            forward: Votes::new(SIDE),
            backward: Votes::new(shape.target_side()),
        }
    }
}

/// Memory that solving a tile takes; one per thread, kept and used again.
#[derive(Debug)]
pub struct TileScratch {
    shape: Shape,
    source: Vec<f32>,
    target: Vec<f32>,
    prediction: [Vec<f32>; 2],
    cost: Vec<f32>,
    source_mass: Vec<f32>,
    target_mass: Vec<f32>,
    solution: Solution,
    best: Vec<f32>,
    mode: Vec<f32>,
    log_scaling: Vec<f32>,
}

impl TileScratch {
    /// Memory for tiles of one shape and number of feature planes.
    pub fn new(shape: Shape, features: usize) -> Self {
        let target_rows = HALO_SIDE + 2 * shape.radius;
        Self {
            shape,
            source: vec![0.0; features * HALO_SIDE * HALO_PITCH],
            target: vec![0.0; features * target_rows * target_pitch(shape)],
            prediction: [vec![0.0; SOURCES], vec![0.0; SOURCES]],
            cost: vec![0.0; shape.offsets() * SOURCES],
            source_mass: vec![0.0; SOURCES],
            target_mass: vec![0.0; shape.targets()],
            solution: Solution::new(shape),
            best: vec![0.0; shape.targets()],
            mode: vec![0.0; shape.targets()],
            log_scaling: vec![0.0; shape.targets()],
        }
    }
}

/// A row of target features is read `HALO_PITCH` long from every offset.
fn target_pitch(shape: Shape) -> usize {
    HALO_PITCH + 2 * shape.radius
}

/// The solving of one tile, as a kernel.
pub struct SolveTile<'a> {
    /// Features of the picture that the tile lies in.
    pub source: &'a Features,
    /// Features of the other.
    pub target: &'a Features,
    /// Predicted displacements of the source picture.
    pub prediction: &'a Field,
    /// Which tile.
    pub job: TileJob,
    /// How.
    pub options: &'a TileOptions,
    /// Memory.
    pub scratch: &'a mut TileScratch,
    /// The answer.
    pub result: &'a mut TileResult,
}

impl Kernel for SolveTile<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Self {
            source,
            target,
            prediction,
            job,
            options,
            scratch,
            result,
        } = self;
        gather_tile(source, target, prediction, job, scratch);
        patch_costs(scratch, source.planes.len());
        add_prior::<S>(scratch, job, options.prior_per_px2);
        let TileScratch {
            cost,
            source_mass,
            target_mass,
            solution,
            ..
        } = scratch;
        solution.solve::<S>(cost, source_mass, target_mass, &options.transport);
        read_rows::<S>(scratch, job, options, &mut result.forward);
        read_columns::<S>(scratch, job, options, &mut result.backward);
    }
}

/// Copies rows `y0..` and columns `x0..` of a plane, the border repeated outwards.
#[inline(always)]
fn gather(
    plane: &[f32],
    (height, width): (usize, usize),
    x0: isize,
    y0: isize,
    out: &mut [f32],
    pitch: usize,
) {
    let inside = x0 >= 0 && x0 + pitch as isize <= width as isize;
    for (r, out) in out.chunks_exact_mut(pitch).enumerate() {
        let y = (y0 + r as isize).clamp(0, height as isize - 1) as usize;
        let row = &plane[y * width..][..width];
        if inside {
            out.copy_from_slice(&row[x0 as usize..][..pitch]);
        } else {
            for (c, o) in out.iter_mut().enumerate() {
                *o = row[(x0 + c as isize).clamp(0, width as isize - 1) as usize];
            }
        }
    }
}

#[inline(always)]
fn gather_tile(
    source: &Features,
    target: &Features,
    prediction: &Field,
    job: TileJob,
    scratch: &mut TileScratch,
) {
    let dim = source.dim();
    let shape = scratch.shape;
    let (halo, radius) = (PATCH_RADIUS as isize, shape.radius as isize);
    let (x0, y0) = (job.x0, job.y0);
    let (target_x0, target_y0) = (x0 + job.base.0 - radius, y0 + job.base.1 - radius);
    for (plane, out) in source
        .planes
        .iter()
        .zip(scratch.source.chunks_exact_mut(HALO_SIDE * HALO_PITCH))
    {
        gather(samples(plane), dim, x0 - halo, y0 - halo, out, HALO_PITCH);
    }
    let pitch = target_pitch(shape);
    let rows = HALO_SIDE + 2 * shape.radius;
    for (plane, out) in target
        .planes
        .iter()
        .zip(scratch.target.chunks_exact_mut(rows * pitch))
    {
        gather(
            samples(plane),
            dim,
            target_x0 - halo,
            target_y0 - halo,
            out,
            pitch,
        );
    }
    for (plane, out) in [&prediction.dx, &prediction.dy]
        .into_iter()
        .zip(&mut scratch.prediction)
    {
        gather(samples(plane), dim, x0, y0, out, SIDE);
    }
    presence(dim, x0, y0, SIDE, &mut scratch.source_mass);
    presence(
        dim,
        target_x0,
        target_y0,
        shape.target_side(),
        &mut scratch.target_mass,
    );
}

/// 1 for grid points in the picture, 0 for those outside.
#[inline(always)]
fn presence((height, width): (usize, usize), x0: isize, y0: isize, side: usize, mass: &mut [f32]) {
    for (r, row) in mass.chunks_exact_mut(side).enumerate() {
        let y_inside = (0..height as isize).contains(&(y0 + r as isize));
        for (c, m) in row.iter_mut().enumerate() {
            let inside = y_inside && (0..width as isize).contains(&(x0 + c as isize));
            *m = if inside { 1.0 } else { 0.0 };
        }
    }
}

/// `cost[offset][source]` = mean over the patch of `min(sum over features |a - b|, cap)`.
///
/// The box is summed by doubling (1, 2, 4, 7 terms), not by a running sum: equal patches then cost
/// exactly 0, and rounding does not drift.
#[inline(always)]
fn patch_costs(scratch: &mut TileScratch, features: usize) {
    let shape = scratch.shape;
    let (diameter, pitch) = (shape.diameter(), target_pitch(shape));
    let rows = HALO_SIDE + 2 * shape.radius;
    let mut raw = [[0.0f32; HALO_PITCH]; HALO_SIDE];
    for (offset, cost) in scratch.cost.chunks_exact_mut(SOURCES).enumerate() {
        let (oy, ox) = (offset / diameter, offset % diameter);
        for (y, raw) in raw.iter_mut().enumerate() {
            let mut sum = [0.0f32; HALO_PITCH];
            for feature in 0..features {
                let a = &scratch.source[(feature * HALO_SIDE + y) * HALO_PITCH..][..HALO_PITCH];
                let b = &scratch.target[(feature * rows + y + oy) * pitch + ox..][..HALO_PITCH];
                for x in 0..HALO_PITCH {
                    sum[x] += (a[x] - b[x]).abs();
                }
            }
            *raw = sum.map(|s| {
                if s < DIFFERENCE_CAP {
                    s
                } else {
                    DIFFERENCE_CAP
                }
            });
        }
        box_means(&raw, cost);
    }
}

/// Means over 7×7 boxes.
#[inline(always)]
fn box_means(raw: &[[f32; HALO_PITCH]; HALO_SIDE], cost: &mut [f32]) {
    const { assert!(PATCH_RADIUS == 3, "the sums below are of seven terms") };
    const SCALE: f32 = 1.0 / 49.0;
    let mut pairs = [[0.0f32; HALO_PITCH]; HALO_SIDE - 1];
    for y in 0..HALO_SIDE - 1 {
        for x in 0..HALO_PITCH {
            pairs[y][x] = raw[y][x] + raw[y + 1][x];
        }
    }
    for (y, cost) in cost.chunks_exact_mut(SIDE).enumerate() {
        let mut column = [0.0f32; HALO_PITCH];
        for x in 0..HALO_PITCH {
            column[x] = (pairs[y][x] + pairs[y + 2][x]) + (pairs[y + 4][x] + raw[y + 6][x]);
        }
        let mut two = [0.0f32; HALO_PITCH - 1];
        for x in 0..HALO_PITCH - 1 {
            two[x] = column[x] + column[x + 1];
        }
        for x in 0..SIDE {
            cost[x] = ((two[x] + two[x + 2]) + (two[x + 4] + column[x + 6])) * SCALE;
        }
    }
}

/// Adds `min(alpha·|displacement - prediction|², cap)`.
#[inline(always)]
fn add_prior<S: Simd>(scratch: &mut TileScratch, job: TileJob, alpha: f32) {
    let [px, py] = &scratch.prediction;
    for (offset, cost) in scratch.cost.chunks_exact_mut(SOURCES).enumerate() {
        let (dx, dy) = displacement(scratch.shape, job, offset);
        for ((c, &px), &py) in cost.iter_mut().zip(px).zip(py) {
            *c += prior::<S>(dx - px, dy - py, alpha);
        }
    }
}

#[inline(always)]
fn prior<S: Simd>(ex: f32, ey: f32, alpha: f32) -> f32 {
    let p = alpha * S::mul_add(ex, ex, ey * ey);
    if p < PRIOR_CAP { p } else { PRIOR_CAP }
}

/// The displacement of an offset, px.
#[inline(always)]
fn displacement(shape: Shape, job: TileJob, offset: usize) -> (f32, f32) {
    let (oy, ox) = (offset / shape.diameter(), offset % shape.diameter());
    let radius = shape.radius as isize;
    (
        (ox as isize - radius + job.base.0) as f32,
        (oy as isize - radius + job.base.1) as f32,
    )
}

/// Vertex of the parabola through three values at -1, 0, 1; 0 where they do not curve upwards.
#[inline(always)]
fn vertex(left: f32, middle: f32, right: f32) -> f32 {
    let curvature = left - 2.0 * middle + right;
    if curvature > 1e-6 {
        (0.5 * (left - right) / curvature).clamp(-0.5, 0.5)
    } else {
        0.0
    }
}

/// Displacements of the sources: the mode of each row, refined by a parabola through the potential-
/// corrected cost `c - eps·ln v` of its neighbours.
#[inline(always)]
fn read_rows<S: Simd>(
    scratch: &mut TileScratch,
    job: TileJob,
    options: &TileOptions,
    votes: &mut Votes,
) {
    let TileScratch {
        shape,
        prediction,
        cost,
        source_mass,
        solution,
        best,
        mode,
        log_scaling,
        ..
    } = scratch;
    let (diameter, side) = (shape.diameter(), shape.target_side());
    let eps = options.transport.eps;
    solution.row_modes(&mut best[..SOURCES], &mut mode[..SOURCES]);
    for (l, &v) in log_scaling.iter_mut().zip(&solution.v) {
        *l = eps * math::ln::<S>(v);
    }
    (votes.x0, votes.y0) = (job.x0, job.y0);
    for i in 0..SOURCES {
        let offset = mode[i] as usize;
        let (oy, ox) = (offset / diameter, offset % diameter);
        let (y, x) = (i / SIDE, i % SIDE);
        let (mut dx, mut dy) = displacement(*shape, job, offset);
        let here = cost[offset * SOURCES + i];
        let content = here
            - prior::<S>(
                dx - prediction[0][i],
                dy - prediction[1][i],
                options.prior_per_px2,
            );
        let (inside_x, inside_y) = (ox > 0 && ox + 1 < diameter, oy > 0 && oy + 1 < diameter);
        if content > SAME_PATCH {
            let (c, l) = (offset * SOURCES + i, (y + oy) * side + x + ox);
            let middle = cost[c] - log_scaling[l];
            if inside_x {
                let (left, right) = (
                    cost[c - SOURCES] - log_scaling[l - 1],
                    cost[c + SOURCES] - log_scaling[l + 1],
                );
                dx += vertex(left, middle, right);
            }
            if inside_y {
                let row = diameter * SOURCES;
                let (up, down) = (
                    cost[c - row] - log_scaling[l - side],
                    cost[c + row] - log_scaling[l + side],
                );
                dy += vertex(up, middle, down);
            }
        }
        (votes.dx[i], votes.dy[i]) = (dx, dy);
        let edge = if inside_x && inside_y {
            1.0
        } else {
            EDGE_WEIGHT
        };
        votes.weight[i] =
            source_mass[i] * edge * math::exp::<S>(-here / CONFIDENCE_COST).max(1e-12);
    }
}

/// Displacements of the targets, likewise from the columns; weighted also by how much of a target's
/// mass the mode brings.
#[inline(always)]
fn read_columns<S: Simd>(
    scratch: &mut TileScratch,
    job: TileJob,
    options: &TileOptions,
    votes: &mut Votes,
) {
    let TileScratch {
        shape,
        cost,
        target_mass,
        solution,
        best,
        mode,
        log_scaling,
        prediction,
        ..
    } = scratch;
    let (diameter, side) = (shape.diameter(), shape.target_side());
    let radius = shape.radius as isize;
    let eps = options.transport.eps;
    solution.column_modes(best, mode);
    // The shifted kernel's u lacks exp(row_min / eps); here costs of different rows are compared.
    for ((l, &u), &min) in log_scaling
        .iter_mut()
        .zip(&solution.u)
        .zip(&solution.row_min)
    {
        *l = S::mul_add(eps, math::ln::<S>(u), min);
    }
    (votes.x0, votes.y0) = (job.x0 + job.base.0 - radius, job.y0 + job.base.1 - radius);
    for j in 0..side * side {
        let reach = best[j] * target_mass[j];
        if reach <= 0.0 {
            votes.weight[j] = 0.0;
            continue;
        }
        let offset = mode[j] as usize;
        let (oy, ox) = (offset / diameter, offset % diameter);
        let (y, x) = (j / side - oy, j % side - ox);
        let i = y * SIDE + x;
        let (mut dx, mut dy) = displacement(*shape, job, offset);
        let here = cost[offset * SOURCES + i];
        let content = here
            - prior::<S>(
                dx - prediction[0][i],
                dy - prediction[1][i],
                options.prior_per_px2,
            );
        if content > SAME_PATCH {
            let c = offset * SOURCES + i;
            let middle = cost[c] - log_scaling[i];
            // A longer displacement to the same target starts one source further left (or up).
            if ox > 0 && ox + 1 < diameter && x > 0 && x + 1 < SIDE {
                let left = cost[c - SOURCES + 1] - log_scaling[i + 1];
                let right = cost[c + SOURCES - 1] - log_scaling[i - 1];
                dx += vertex(left, middle, right);
            }
            if oy > 0 && oy + 1 < diameter && y > 0 && y + 1 < SIDE {
                let row = diameter * SOURCES;
                let up = cost[c - row + SIDE] - log_scaling[i + SIDE];
                let down = cost[c + row - SIDE] - log_scaling[i - SIDE];
                dy += vertex(up, middle, down);
            }
        }
        (votes.dx[j], votes.dy[j]) = (-dx, -dy);
        let mass = (reach * solution.v[j]).min(1.0);
        votes.weight[j] = mass * math::exp::<S>(-here / CONFIDENCE_COST).max(1e-12);
    }
}
