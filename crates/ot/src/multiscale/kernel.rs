//! Soft minima of the squared distance over a window of the other grid, and what is read from the plan there.

use super::cell::Cell;
use super::window::Window;
use crate::kernel::{FORBIDDEN, LANES, padded};
use otinterp_simd::{Kernel, Number, Simd, Vector, math, partial};

/// A window holds all partners that take more than this share of a cell's mass.
const LEAST_SHARE: f32 = 1e-5;

/// Potentials of one grid, with `eps · ln mass` added, as the other grid's cells read them.
///
/// They are kept as a whole number and a rest, so that `f + g - c` is exact in `f32` up to distances of 4096 cells:
/// squared distances between cells are whole as well, and sums of whole numbers below 2^24 are not rounded.
#[derive(Debug)]
pub struct Landscape {
    whole: Vec<f32>,
    rest: Vec<f32>,
    pitch: usize,
}

impl Landscape {
    /// A grid without mass.
    pub fn new(height: usize, width: usize) -> Self {
        // A vector that starts in the last column ends before the next row.
        let pitch = padded(width) + LANES;
        Self {
            whole: vec![-FORBIDDEN; height * pitch],
            rest: vec![0.0; height * pitch],
            pitch,
        }
    }

    /// Takes over the cells' `potential`s.
    pub fn set(&mut self, cells: &[Cell], eps: f64, potential: impl Fn(&Cell) -> f64) {
        for cell in cells {
            let value = potential(cell) + eps * f64::from(cell.log_mass);
            let at = cell.y as usize * self.pitch + cell.x as usize;
            let whole = value.round();
            self.whole[at] = whole as f32;
            self.rest[at] = (value - whole) as f32;
        }
    }
}

/// Which of a cell's potentials and windows a pass works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Between {
    /// The two grids.
    Both,
    /// A grid and itself.
    Own,
}

/// What a pass does with each cell.
#[derive(Debug, Clone, Copy)]
pub enum Task {
    /// Moves the potential by `factor` of the way to its soft minimum times `lambda`.
    Update {
        /// Share of the step; above 1 it is over-relaxed.
        factor: f64,
        /// `rho / (rho + eps)`, 1 for a hard constraint.
        lambda: f64,
    },
    /// The same, and the window becomes the box around the partners that matter, and one cell on each side.
    Trim {
        /// As in `Update`.
        factor: f64,
        /// As in `Update`.
        lambda: f64,
    },
    /// Adds `sign` times the mean displacement of the plan's row to the cell's.
    Mean {
        /// 1 or -1.
        sign: f32,
    },
}

/// One task for a run of cells.
pub struct Pass<'a> {
    /// The cells.
    pub cells: &'a mut [Cell],
    /// What they are paired with.
    pub other: &'a Landscape,
    /// Height and width of the other grid.
    pub dim: (usize, usize),
    /// Entropy weight, in squared cells.
    pub eps: f64,
    /// Which potentials.
    pub between: Between,
    /// Half the side of the window around the cell itself, for [`Between::Own`].
    pub own_reach: u32,
    /// What is done.
    pub task: Task,
}

impl Kernel for Pass<'_> {
    /// Sum over the cells of mass times the share by which the plan's row missed it.
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self) -> f64 {
        let Self {
            cells,
            other,
            dim,
            eps,
            between,
            own_reach,
            task,
        } = self;
        let mut missed = 0.0;
        let mut columns = Vec::new();
        for cell in cells {
            let (window, potential) = match between {
                Between::Both => (cell.window, cell.potential),
                Between::Own => (Window::around(cell.y, cell.x, own_reach, dim), cell.own),
            };
            let row = Row::new(cell, potential, (1.0 / eps) as f32);
            let moved = match task {
                Task::Update { factor, lambda } => {
                    let sum = row.sum::<S>(other, window);
                    missed += f64::from(cell.mass) * (f64::from(sum) - 1.0).abs();
                    step(potential, sum, eps, factor, lambda)
                }
                Task::Trim { factor, lambda } => {
                    let sum = row.sum::<S>(other, window);
                    missed += f64::from(cell.mass) * (f64::from(sum) - 1.0).abs();
                    let least = LEAST_SHARE * sum;
                    if let Some((trimmed, best)) =
                        row.extent::<S>(other, window, least, &mut columns)
                    {
                        cell.window = trimmed.grown(dim);
                        cell.best = best;
                    }
                    step(potential, sum, eps, factor, lambda)
                }
                Task::Mean { sign } => {
                    let (dx, dy) = row.mean::<S>(other, window);
                    cell.dx += sign * dx;
                    cell.dy += sign * dy;
                    potential
                }
            };
            match between {
                Between::Both => cell.potential = moved,
                Between::Own => cell.own = moved,
            }
        }
        missed
    }
}

/// The potential after a step.
#[inline(always)]
fn step(potential: f64, sum: f32, eps: f64, factor: f64, lambda: f64) -> f64 {
    let target = lambda * (potential - eps * f64::from(sum.min(f32::MAX)).ln());
    potential + factor * (target - potential)
}

/// A cell against the other grid.
struct Row {
    whole: f32,
    rest: f32,
    inv_eps: f32,
    x: f32,
    y: f32,
}

impl Row {
    #[inline(always)]
    fn new(cell: &Cell, potential: f64, inv_eps: f32) -> Self {
        let whole = potential.round();
        Self {
            whole: whole as f32,
            rest: (potential - whole) as f32,
            inv_eps,
            x: cell.x as f32,
            y: cell.y as f32,
        }
    }

    /// `exp((f + g - c)/eps)` for the lanes from column `x` of row `y` on.
    #[inline(always)]
    fn weights<S: Simd>(&self, other: &Landscape, y: u32, x: u32) -> (S::V, S::V) {
        let at = y as usize * other.pitch + x as usize;
        let dy = y as f32 - self.y;
        let dx = partial::counted::<S>(x as f32 - self.x);
        let whole = S::V::load(&other.whole[at..]).add(S::V::splat(self.whole - dy * dy));
        let whole = whole.sub(dx.mul(dx));
        let z = whole.add(S::V::load(&other.rest[at..]).add(S::V::splat(self.rest)));
        (math::exp_of(z.mul(S::V::splat(self.inv_eps))), dx)
    }

    #[inline(always)]
    fn sum<S: Simd>(&self, other: &Landscape, window: Window) -> f32 {
        let mut sum = S::V::splat(0.0);
        for y in window.top..window.bottom {
            let mut x = window.left;
            while x < window.right {
                sum = sum.add(self.weights::<S>(other, y, x).0);
                x += LANES as u32;
            }
        }
        sum.sum()
    }

    /// Mean of the displacement by the weights.
    #[inline(always)]
    fn mean<S: Simd>(&self, other: &Landscape, window: Window) -> (f32, f32) {
        let zero = S::V::splat(0.0);
        let (mut sum, mut sum_x, mut sum_y) = (zero, zero, zero);
        // About the window's corner, so that sums of far displacements keep their digits.
        let (corner_x, corner_y) = (window.left as f32 - self.x, window.top as f32 - self.y);
        for y in window.top..window.bottom {
            let from_top = S::V::splat((y - window.top) as f32);
            let mut x = window.left;
            while x < window.right {
                let (weight, dx) = self.weights::<S>(other, y, x);
                sum = sum.add(weight);
                sum_x = weight.mul_add(dx.sub(S::V::splat(corner_x)), sum_x);
                sum_y = weight.mul_add(from_top, sum_y);
                x += LANES as u32;
            }
        }
        let sum = sum.sum();
        (corner_x + sum_x.sum() / sum, corner_y + sum_y.sum() / sum)
    }

    /// The box around all partners with a weight above `least`, and the place of the largest weight; `None` if no weight is.
    #[inline(always)]
    fn extent<S: Simd>(
        &self,
        other: &Landscape,
        window: Window,
        least: f32,
        columns: &mut Vec<f32>,
    ) -> Option<(Window, [u32; 2])> {
        let width = (window.right - window.left) as usize;
        columns.clear();
        columns.resize(padded(width), 0.0);
        let (mut top, mut bottom) = (u32::MAX, 0);
        let (mut most, mut best_y) = (0.0, window.top);
        for y in window.top..window.bottom {
            let mut largest = S::V::splat(0.0);
            for (n, column) in columns.chunks_exact_mut(LANES).enumerate() {
                let x = window.left + (n * LANES) as u32;
                let weight = self.weights::<S>(other, y, x).0;
                largest = largest.max(weight);
                S::V::load(column).max(weight).store(column);
            }
            let largest = largest.largest();
            if largest > least {
                top = top.min(y);
                bottom = y + 1;
            }
            if largest > most {
                (most, best_y) = (largest, y);
            }
        }
        // The last vector reaches beyond the window; what lies there counts too, if it is in the grid.
        let left = columns.iter().position(|&w| w > least)?;
        let right = columns.iter().rposition(|&w| w > least)? + 1;
        let best_x = columns.iter().position(|&w| w == most).unwrap_or(left);
        let trimmed = Window {
            top,
            bottom,
            left: window.left + left as u32,
            right: window.left + right as u32,
        };
        Some((trimmed, [best_y, window.left + best_x as u32]))
    }
}
