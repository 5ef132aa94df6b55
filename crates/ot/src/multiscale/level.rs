//! One level of the pyramid: its sweeps from potentials near the solution, and potentials for the next finer level.

use super::kernel::{Between, Landscape, Task};
use super::side::{Side, Terms};
use super::window::Window;
use otinterp_simd::Level as Cpu;

/// The first sweeps are not over-relaxed: far from the solution it would overshoot.
const PLAIN_SWEEPS: usize = 3;
/// Then sweep k is over-relaxed by `2 - 4/(k + 4)`, at most [`MOST_RELAXED`]: what is best for `n` sweeps in all tends to 2 like
/// `2 - O(1/n)` where the slowest rate is not known (Young 1954; for Sinkhorn Thibault, Chizat, Dossal & Papadakis 2021).
const RELAXING: f64 = 4.0;
/// Nearer to 2 the local theory is no longer trusted.
const MOST_RELAXED: f64 = 1.95;
/// Windows are fitted in the first two sweeps and then every so many.
const TRIM_EVERY: usize = 5;

/// When a level is done.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Most sweeps.
    pub sweeps: usize,
    /// Share of the mass that the plan's rows miss.
    pub tolerance: f64,
}

/// The two measures of one level, with the memory of their potentials.
#[derive(Debug)]
pub struct Pair {
    /// Source and target.
    pub sides: [Side; 2],
    landscapes: [Landscape; 2],
}

impl Pair {
    /// A level without potentials.
    pub fn new(sides: [Side; 2]) -> Self {
        let (height, width) = sides[0].dim;
        let landscapes = [(); 2].map(|()| Landscape::new(height, width));
        Self { sides, landscapes }
    }

    /// Finds the potentials of each measure to itself.
    pub fn find_own(&mut self, cpu: Cpu, terms: Terms) {
        for (side, landscape) in self.sides.iter_mut().zip(&mut self.landscapes) {
            side.find_own(cpu, landscape, terms);
        }
    }

    /// Goes over to another eps: the bias changes, what is without bias does not.
    pub fn rebias(&mut self, cpu: Cpu, terms: Terms) {
        for side in &mut self.sides {
            for cell in &mut side.cells {
                cell.potential = cell.unbiased();
            }
        }
        self.find_own(cpu, terms);
        for side in &mut self.sides {
            for cell in &mut side.cells {
                cell.potential += cell.own;
            }
        }
    }

    /// Sweeps until the source's rows miss at most the tolerance. `fits_windows` is off where they hold the whole grid.
    /// Returns what they miss, and the sweeps.
    pub fn sweep(
        &mut self,
        cpu: Cpu,
        terms: Terms,
        effort: Effort,
        fits_windows: bool,
    ) -> (f64, usize) {
        let mut missed = f64::INFINITY;
        for sweep in 0..effort.sweeps {
            let factor = relaxation(sweep);
            let trims = fits_windows && (sweep < 2 || sweep % TRIM_EVERY == 0);
            let lambda = terms.lambda;
            let task = match trims {
                true => Task::Trim { factor, lambda },
                false => Task::Update { factor, lambda },
            };
            missed = self.half_sweep(cpu, terms, task, 0);
            self.half_sweep(cpu, terms, task, 1);
            if trims {
                let [source, target] = &mut self.sides;
                source.take_in(target);
                target.take_in(source);
                source.ask_neighbours();
                target.ask_neighbours();
            }
            if missed <= effort.tolerance && sweep >= 2 {
                return (missed, sweep + 1);
            }
        }
        (missed, effort.sweeps)
    }

    /// Updates one side's potentials from the other's.
    fn half_sweep(&mut self, cpu: Cpu, terms: Terms, task: Task, side: usize) -> f64 {
        let other = 1 - side;
        self.landscapes[other].set(&self.sides[other].cells, terms.eps, |c| c.potential);
        let dim = self.sides[other].dim;
        let landscape = &self.landscapes[other];
        self.sides[side].pass(cpu, (landscape, dim), terms, Between::Both, task)
    }

    /// Finds the displacements of both sides: the plan's mean, less that of the plan from the measure to itself. The latter
    /// is what entropy alone does; where the two measures are equal nothing moves.
    pub fn find_displacements(&mut self, cpu: Cpu, terms: Terms) {
        for side in 0..2 {
            for cell in &mut self.sides[side].cells {
                (cell.dx, cell.dy) = (0.0, 0.0);
            }
            self.half_sweep(cpu, terms, Task::Mean { sign: 1.0 }, side);
            let (landscape, measure) = (&mut self.landscapes[side], &mut self.sides[side]);
            landscape.set(&measure.cells, terms.eps, |cell| cell.own);
            let dim = measure.dim;
            let task = Task::Mean { sign: -1.0 };
            measure.pass(cpu, (landscape, dim), terms, Between::Own, task);
        }
    }

    /// Potentials and windows from the next coarser level, whose displacements are known.
    pub fn start_from(&mut self, coarse: &Self) {
        for (fine, coarse) in self.sides.iter_mut().zip(&coarse.sides) {
            let dim = fine.dim;
            for cell in &mut fine.cells {
                if let Some(told) = Told::by(coarse, (cell.y, cell.x), 1) {
                    cell.potential = 4.0 * told.potential + cell.own;
                    cell.window = told.window.doubled(dim);
                }
            }
        }
    }
}

/// `ω` of a sweep.
fn relaxation(sweep: usize) -> f64 {
    let k = sweep.saturating_sub(PLAIN_SWEEPS) as f64;
    (2.0 - RELAXING / (k + RELAXING)).min(MOST_RELAXED)
}

/// Displacements of neighbours further apart than this, in cells, belong to different pieces of the map.
const TORN: f32 = 4.0;

/// What a level tells of a place on a finer one, in the level's own cells.
pub struct Told {
    /// The unbiased potential.
    pub potential: f64,
    /// Displacement along x.
    pub dx: f32,
    /// Displacement along y.
    pub dy: f32,
    /// Where its mass goes.
    window: Window,
}

impl Told {
    /// Of the cell `(y, x)`, `levels` finer.
    ///
    /// The potential's gradient is minus twice the displacement, so each coarse cell tells it to first order around itself;
    /// the four nearest are mixed with bilinear weights. Across a tear the potential is the least of both sides', as it is
    /// a minimum over partners. `None` if the level has no mass there.
    pub fn by(coarse: &Side, (y, x): (u32, u32), levels: usize) -> Option<Self> {
        let (parent_y, parent_x) = (y as usize >> levels, x as usize >> levels);
        let parent = coarse.at(parent_y, parent_x)?;
        // A coarse cell stands in the middle of its children.
        let scale = 1.0 / f64::from(1u32 << levels);
        let (at_y, at_x) = [y, x].map(|v| (f64::from(v) + 0.5) * scale - 0.5).into();
        let near = |p: usize, at: f64, len: usize| {
            let away = (at - p as f64).abs();
            let other = if at > p as f64 {
                p + 1
            } else {
                p.wrapping_sub(1)
            };
            [
                Some((p, 1.0 - away)),
                (other < len).then_some((other, away)),
            ]
        };
        let (mut weights, mut least) = (0.0, f64::INFINITY);
        let (mut potential, mut dx, mut dy) = (0.0, 0.0, 0.0);
        for (p, wy) in near(parent_y, at_y, coarse.dim.0).into_iter().flatten() {
            for (q, wx) in near(parent_x, at_x, coarse.dim.1).into_iter().flatten() {
                let Some(from) = coarse.at(p, q) else {
                    continue;
                };
                let (to_y, to_x) = (at_y - p as f64, at_x - q as f64);
                let slope = f64::from(from.dx) * to_x + f64::from(from.dy) * to_y;
                let told = from.unbiased() - 2.0 * slope;
                let apart = (from.dx - parent.dx).abs().max((from.dy - parent.dy).abs());
                if apart < TORN {
                    let weight = wy * wx;
                    weights += weight;
                    potential += weight * told;
                    dx += weight * f64::from(from.dx);
                    dy += weight * f64::from(from.dy);
                } else {
                    least = least.min(told);
                }
            }
        }
        Some(Self {
            potential: (potential / weights).min(least),
            dx: (dx / weights) as f32,
            dy: (dy / weights) as f32,
            window: parent.window,
        })
    }
}
