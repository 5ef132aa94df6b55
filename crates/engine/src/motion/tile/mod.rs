//! One tile: matching costs, entropic transport, and the displacements both ways that are read off the coupling.

mod costs;
mod job;
mod modes;
#[cfg(test)]
mod tests;

pub use job::TileJob;

use super::field::Field;
use crate::frame_pyramid::QuantizedFeatures;
use costs::{COST_STEP, Costs, is_content_different};
use modes::{ABSENT, Modes, Potentials, Reduced, log_scaled_kernel};
use otinterp_ot::tile::{Options, SIDE, SOURCES, Solution, Stencil};
use otinterp_simd::{Kernel, Level as Cpu, Simd, math};
use std::cell::RefCell;

/// Confidence falls by 1/e for this much cost at the mode (measured).
const CONFIDENCE_COST: f32 = 0.01;
/// Least confidence: where all votes are uncertain, the least uncertain counts.
const LEAST_CONFIDENCE: f32 = 1e-12;
/// A mode on the window's edge may be the flank of a better one outside: its weight.
const EDGE_WEIGHT: f32 = 0.3;
/// Half widths of windows: levels use two, see [`TileOptions::radius`].
const RADII: [usize; 2] = [2, 4];
/// Their sides: loops know them.
const DIAMETERS: [usize; 2] = [2 * RADII[0] + 1, 2 * RADII[1] + 1];

/// How a level's tiles are solved.
#[derive(Debug, Clone, Copy)]
pub struct TileOptions {
    /// Half width of the window of displacements: 2 or 4.
    pub radius: usize,
    /// Cost per squared pixel of distance from the predicted displacement.
    pub prior_per_px2: f32,
    /// Of the transport.
    pub transport: Options,
}

/// Weighted displacements that a tile gives to a square of [`SIDE`] × [`SIDE`] pixels of one picture.
#[derive(Debug, Clone)]
pub struct Votes {
    /// Left column of the square; may be negative.
    pub x0: isize,
    /// Top row of the square.
    pub y0: isize,
    /// Displacement to the other picture, rightwards, px, times weight; downwards; and weight, ≥ 0 and 0 outside the
    /// picture. The weight is confidence times a tent over the square.
    pub sums: [[f32; SOURCES]; 3],
}

impl Votes {
    fn new() -> Self {
        Self {
            x0: 0,
            y0: 0,
            sums: [[0.0; SOURCES]; 3],
        }
    }

    /// Sets row `y`: displacements of one sign or the other, their weights, and the tent.
    #[inline(always)]
    fn put(&mut self, y: usize, moves: &Moves, weight: &[f32; SIDE], sign: f32) {
        let vertical = tent(y);
        let [dx, dy, weights] = &mut self.sums;
        let (dx, dy) = (&mut dx[y * SIDE..][..SIDE], &mut dy[y * SIDE..][..SIDE]);
        let weights = &mut weights[y * SIDE..][..SIDE];
        for x in 0..SIDE {
            let w = weight[x] * (vertical * tent(x));
            dx[x] = w * sign * moves.dx[x];
            dy[x] = w * sign * moves.dy[x];
            weights[x] = w;
        }
    }
}

/// Votes of one tile, read off its coupling.
#[derive(Debug, Clone)]
pub struct TileResult {
    /// Of the source picture's pixels: rows of the coupling.
    pub forward: Votes,
    /// Of the target picture's pixels at the window's centre: columns of the coupling.
    pub backward: Votes,
}

impl TileResult {
    /// Memory for a result.
    pub fn new() -> Self {
        Self {
            forward: Votes::new(),
            backward: Votes::new(),
        }
    }
}

/// Memory that solving a tile with a window of diameter `D` takes.
#[derive(Debug)]
struct TileScratch<const D: usize> {
    costs: Box<Costs>,
    source_mass: Vec<f32>,
    target_mass: Vec<f32>,
    solution: Solution<D>,
    potentials: Box<Potentials>,
    reduced: Box<Reduced>,
}

thread_local! {
    /// This thread's, once it has met such a window.
    static NARROW: RefCell<TileScratch<{ DIAMETERS[0] }>> = RefCell::new(TileScratch::new());
    static WIDE: RefCell<TileScratch<{ DIAMETERS[1] }>> = RefCell::new(TileScratch::new());
}

impl<const D: usize> TileScratch<D> {
    fn new() -> Self {
        Self {
            costs: Costs::new(),
            source_mass: vec![0.0; SOURCES],
            target_mass: vec![0.0; Stencil::<D>::TARGETS],
            solution: Solution::new(),
            potentials: Potentials::new(),
            reduced: Reduced::new(),
        }
    }
}

/// The solving of one tile.
pub struct SolveTile<'a> {
    /// Features of the picture that the tile lies in, and of the other.
    pub codes: [&'a QuantizedFeatures; 2],
    /// Predicted displacements of the source picture.
    pub prediction: &'a Field,
    /// Which tile.
    pub job: TileJob,
    /// How.
    pub options: &'a TileOptions,
    /// The answer.
    pub result: &'a mut TileResult,
}

impl SolveTile<'_> {
    /// Solves it.
    pub fn run(self, cpu: Cpu) {
        let radius = self.options.radius;
        debug_assert!(RADII.contains(&radius));
        // Nothing that a tile calls solves another: the memory is free.
        if radius == RADII[0] {
            NARROW.with_borrow_mut(|scratch| cpu.run(Sized(self, scratch)));
        } else {
            WIDE.with_borrow_mut(|scratch| cpu.run(Sized(self, scratch)));
        }
    }
}

/// A tile whose window's diameter is known when this is compiled, and the memory.
struct Sized<'a, const D: usize>(SolveTile<'a>, &'a mut TileScratch<D>);

impl<const D: usize> Kernel for Sized<'_, D> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        self.0.solve::<S, D>(self.1);
    }
}

impl SolveTile<'_> {
    #[inline(always)]
    fn solve<S: Simd, const D: usize>(self, scratch: &mut TileScratch<D>) {
        let Self {
            codes,
            prediction,
            job,
            options,
            result,
        } = self;
        let radius = D as isize / 2;
        let dim = codes[0].dim();
        presence(dim, (job.x0, job.y0), SIDE, &mut scratch.source_mass);
        let corner = (job.x0 + job.base.0 - radius, job.y0 + job.base.1 - radius);
        presence(dim, corner, SIDE + D - 1, &mut scratch.target_mass);
        let costs = &mut *scratch.costs;
        costs.fill::<D>(codes, prediction, job, options.prior_per_px2);
        scratch.solution.solve::<S>(
            costs.all_mut::<D>(),
            COST_STEP,
            (&scratch.source_mass, &scratch.target_mass),
            &options.transport,
        );
        let eps = options.transport.eps;
        scratch.potentials.set::<S, D>(&scratch.solution, eps);
        read_rows::<S, D>(scratch, job, &mut result.forward);
        read_columns::<S, D>(scratch, job, eps, &mut result.backward);
    }
}

/// 1 for grid points in the picture, 0 for those outside.
#[inline(always)]
fn presence(
    (height, width): (usize, usize),
    (x0, y0): (isize, isize),
    side: usize,
    mass: &mut [f32],
) {
    let last = side as isize;
    if x0 >= 0 && y0 >= 0 && x0 + last <= width as isize && y0 + last <= height as isize {
        mass.fill(1.0);
        return;
    }
    for (r, row) in mass.chunks_exact_mut(side).enumerate() {
        let y_inside = (0..height as isize).contains(&(y0 + r as isize));
        for (c, m) in row.iter_mut().enumerate() {
            let inside = y_inside && (0..width as isize).contains(&(x0 + c as isize));
            *m = if inside { 1.0 } else { 0.0 };
        }
    }
}

/// Vertex of the parabola through three values at -1, 0, 1; 0 where they do not curve upwards, and where one of them
/// belongs to a partner that is not there.
#[inline(always)]
fn vertex([left, right]: [u16; 2], middle: u16) -> f32 {
    let is_whole = (left < ABSENT) & (right < ABSENT);
    let [left, middle, right] = [f32::from(left), f32::from(middle), f32::from(right)];
    let curvature = left - 2.0 * middle + right;
    let at = 0.5 * (left - right) / (if curvature > 0.5 { curvature } else { 1.0 });
    let at = if at < 0.5 { at } else { 0.5 };
    let at = if at > -0.5 { at } else { -0.5 };
    if is_whole & (curvature > 0.5) {
        at
    } else {
        0.0
    }
}

/// Height of a tent over the tile: the shares of the tiles that see a pixel pass over smoothly.
#[inline(always)]
pub fn tent(i: usize) -> f32 {
    0.5 + i.min(SIDE - 1 - i) as f32
}

/// The displacements of a row of pixels in the one direction, and the cost of the mode.
struct Moves {
    dx: [f32; SIDE],
    dy: [f32; SIDE],
    /// [`EDGE_WEIGHT`] where the mode lies on the window's edge, else 1.
    edge: [f32; SIDE],
    cost: [f32; SIDE],
}

impl Moves {
    /// The modes' offsets, refined by parabolas, unless the patches are equal: there the cost is the prior's alone, and there is
    /// nothing to refine by.
    #[inline(always)]
    fn of<const D: usize>(modes: &Modes, base: (isize, isize)) -> Self {
        let mut moves = Self {
            dx: [0.0; SIDE],
            dy: [0.0; SIDE],
            edge: [0.0; SIDE],
            cost: [0.0; SIDE],
        };
        let radius = D as isize / 2;
        let (left, top) = ((base.0 - radius) as f32, (base.1 - radius) as f32);
        for x in 0..SIDE {
            let (oy, ox) = (modes.at[x] / D as u16, modes.at[x] % D as u16);
            let differs = is_content_different(modes.cost[x]);
            let right = vertex(
                [modes.beside[0][0][x], modes.beside[0][1][x]],
                modes.least[x],
            );
            let down = vertex(
                [modes.beside[1][0][x], modes.beside[1][1][x]],
                modes.least[x],
            );
            moves.dx[x] = left + f32::from(ox) + if differs { right } else { 0.0 };
            moves.dy[x] = top + f32::from(oy) + if differs { down } else { 0.0 };
            let last = D as u16 - 1;
            let inside = (ox > 0) & (ox < last) & (oy > 0) & (oy < last);
            moves.edge[x] = if inside { 1.0 } else { EDGE_WEIGHT };
            moves.cost[x] = f32::from(modes.cost[x]) * COST_STEP;
        }
        moves
    }
}

/// Displacements of the sources: the mode of each row of the coupling, refined by a parabola through the potential-corrected
/// cost `c - eps·ln v` of its neighbours.
#[inline(always)]
fn read_rows<S: Simd, const D: usize>(
    scratch: &mut TileScratch<D>,
    job: TileJob,
    votes: &mut Votes,
) {
    (votes.x0, votes.y0) = (job.x0, job.y0);
    for y in 0..SIDE {
        scratch
            .reduced
            .rows::<D>(&scratch.costs, &scratch.potentials, y);
        let modes = Modes::of::<D>(&scratch.reduced);
        let moves = Moves::of::<D>(&modes, job.base);
        let mass = &scratch.source_mass[y * SIDE..][..SIDE];
        let mut weight = [0.0; SIDE];
        for x in 0..SIDE {
            weight[x] = mass[x] * moves.edge[x] * confidence::<S>(moves.cost[x]);
        }
        votes.put(y, &moves, &weight, 1.0);
    }
}

/// Displacements of the targets, likewise from the columns; weighted also by how much of a target's
/// mass the mode brings.
#[inline(always)]
fn read_columns<S: Simd, const D: usize>(
    scratch: &mut TileScratch<D>,
    job: TileJob,
    eps: f32,
    votes: &mut Votes,
) {
    (votes.x0, votes.y0) = (job.x0 + job.base.0, job.y0 + job.base.1);
    let (radius, side) = (D / 2, SIDE + D - 1);
    for y in 0..SIDE {
        scratch
            .reduced
            .columns::<D>(&scratch.costs, &scratch.potentials, y);
        let modes = Modes::of::<D>(&scratch.reduced);
        let moves = Moves::of::<D>(&modes, job.base);
        let at = (y + radius) * side + radius;
        let mass = &scratch.target_mass[at..][..SIDE];
        let scaling = &scratch.solution.v[at..][..SIDE];
        let mut weight = [0.0; SIDE];
        for x in 0..SIDE {
            let brought = scaling[x] * math::exp::<S>(log_scaled_kernel(modes.least[x], eps));
            let brought = if brought < 1.0 { brought } else { 1.0 };
            weight[x] = mass[x] * brought * confidence::<S>(moves.cost[x]);
        }
        votes.put(y, &moves, &weight, -1.0);
    }
}

#[inline(always)]
fn confidence<S: Simd>(cost: f32) -> f32 {
    let confidence = math::exp::<S>(cost * (-1.0 / CONFIDENCE_COST));
    if confidence > LEAST_CONFIDENCE {
        confidence
    } else {
        LEAST_CONFIDENCE
    }
}
