//! One of the two measures on one level of the pyramid: its cells, and the passes over them.

use super::cell::Cell;
use super::kernel::{Between, Landscape, Pass, Task};
use super::window::Window;
use otinterp_simd::Level as Cpu;
use rayon::prelude::*;

/// Cells that one task works on: some hundred microseconds.
const CELLS: usize = 1024;
/// Steps of the symmetric iteration, from a start that is within eps. Distances and maps after 6 and after 10 agree to five digits (measured on
/// blobs and photographs).
const OWN_STEPS: usize = 6;

/// A measure on one level.
#[derive(Debug)]
pub struct Side {
    /// Height and width.
    pub dim: (usize, usize),
    /// All cells with mass, row by row.
    pub cells: Vec<Cell>,
    /// The number of each cell of the grid in `cells`; [`NONE`] without mass.
    pub index: Vec<u32>,
}

/// No cell.
pub const NONE: u32 = u32::MAX;

/// Entropy and slack of a level.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Entropy weight, in squared cells.
    pub eps: f64,
    /// `rho / (rho + eps)`, 1 for a hard constraint.
    pub lambda: f64,
    /// Half the side of the windows around the cell itself.
    pub own_reach: u32,
}

impl Side {
    /// The cells with mass of a grid; masses are shares of the total.
    pub fn new(dim: (usize, usize), mass: &[f64]) -> Self {
        let mut cells = Vec::new();
        let mut index = vec![NONE; mass.len()];
        for (at, &mass) in mass.iter().enumerate() {
            if mass > 0.0 {
                index[at] = cells.len() as u32;
                cells.push(Cell {
                    y: (at / dim.1) as u32,
                    x: (at % dim.1) as u32,
                    mass: mass as f32,
                    log_mass: mass.ln() as f32,
                    potential: 0.0,
                    own: 0.0,
                    window: Window::all(dim),
                    best: [0, 0],
                    dx: 0.0,
                    dy: 0.0,
                });
            }
        }
        Self { dim, cells, index }
    }

    /// The cell at a place of the grid.
    pub fn at(&self, y: usize, x: usize) -> Option<&Cell> {
        self.cells.get(self.index[y * self.dim.1 + x] as usize)
    }

    /// Does `task` for all cells, on the threads of rayon's pool; the sum over them, in a fixed order.
    pub fn pass(
        &mut self,
        cpu: Cpu,
        (other, dim): (&Landscape, (usize, usize)),
        terms: Terms,
        between: Between,
        task: Task,
    ) -> f64 {
        let missed: Vec<f64> = self
            .cells
            .par_chunks_mut(CELLS)
            .map(|cells| {
                cpu.run(Pass {
                    cells,
                    other,
                    dim,
                    eps: terms.eps,
                    between,
                    own_reach: terms.own_reach,
                    task,
                })
            })
            .collect();
        missed.iter().sum()
    }

    /// Finds the potential of the transport of the measure to itself, by the symmetric iteration
    /// `p ← ½ (p + λ·softmin(p))` (Feydy 2020, *Geometric data analysis*, section 3.3).
    pub fn find_own(&mut self, cpu: Cpu, landscape: &mut Landscape, terms: Terms) {
        // Exact where the mass is constant: sum_j a·exp((2p - c)/eps) = a·pi·eps·exp(2p/eps).
        for cell in &mut self.cells {
            let density = f64::from(cell.log_mass) + (std::f64::consts::PI * terms.eps).ln();
            cell.own = -0.5 * terms.eps * terms.lambda * density;
        }
        let task = Task::Update {
            factor: 0.5,
            lambda: terms.lambda,
        };
        for _ in 0..OWN_STEPS {
            landscape.set(&self.cells, terms.eps, |cell| cell.own);
            self.pass(cpu, (landscape, self.dim), terms, Between::Own, task);
        }
        landscape.set(&self.cells, terms.eps, |cell| cell.own);
    }

    /// Windows take in the cells of `other` whose largest share comes from here: no pair that one side counts on is
    /// missed by the other.
    pub fn take_in(&mut self, other: &Self) {
        for from in &other.cells {
            let [y, x] = from.best;
            let at = self.index[y as usize * self.dim.1 + x as usize];
            if let Some(cell) = self.cells.get_mut(at as usize) {
                cell.window = cell.window.with(from.y, from.x);
            }
        }
    }

    /// Windows take in where the neighbours' mass goes: tears of the map can move.
    pub fn ask_neighbours(&mut self) {
        let (height, width) = self.dim;
        for n in 0..self.cells.len() {
            let (y, x) = (self.cells[n].y as usize, self.cells[n].x as usize);
            let best = self.cells[n].best;
            let neighbours = [
                (y > 0).then(|| (y - 1, x)),
                (y + 1 < height).then(|| (y + 1, x)),
                (x > 0).then(|| (y, x - 1)),
                (x + 1 < width).then(|| (y, x + 1)),
            ];
            for (y, x) in neighbours.into_iter().flatten() {
                if let Some(cell) = self.cells.get_mut(self.index[y * width + x] as usize) {
                    cell.window = cell.window.with(best[0], best[1]);
                }
            }
        }
    }
}
