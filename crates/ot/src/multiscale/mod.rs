//! Multiscale Sinkhorn iteration between two measures on one grid, over any distance, from coarse to fine.
//!
//! The cost is the squared distance. On every level of a pyramid of sums over 2×2 cells the entropic problem is solved with
//! `eps` a fixed number of squared cells, so the blur shrinks with the cells: at the finest level it is about a
//! cell. Each cell looks only at a window around the partners that its mass goes to, found on the level before (Schmitzer 2019,
//! *Stabilized sparse scaling algorithms for entropy regularized transport problems*); costs are computed, nothing of
//! the plan is stored. Sweeps are soft minima, so there is nothing that could overflow, however far mass travels.
//!
//! # Debiasing
//! Entropy blurs the plan, and would shrink the image of a measure. From all that leaves the solver, what entropy does to the measure
//! *alone* is taken off: with `p` the potential of the symmetric problem between `a` and itself, `f - p` is the gradient of the Sinkhorn
//! divergence (Feydy et al. 2019), and the displacement is
//!
//! ```text
//! T(x) - x = E_pi[y | x] - E_pi_a[x' | x] = -½ ∇(f - p)(x).
//! ```
//! Between normal distributions of standard deviations `s` and `r` the error of its slope `r/s` is `eps²/(32 s³)·(1/r - 1/s)` and terms of
//! order eps⁴ (Janati, Muzellec, Peyré & Cuturi 2020, *Entropic optimal transport between unbalanced Gaussian measures has a closed
//! form*, expanded); between equal measures it is 0.

mod cell;
mod kernel;
mod level;
mod side;
mod window;

use crate::error::Error;
use level::{Effort, Pair, Told};
use otinterp_simd::Level as Cpu;
use side::{Side, Terms};

/// How a transport is solved.
#[derive(Debug, Clone, PartialEq)]
pub struct Multiscale {
    /// Entropy weight at every level, in squared cells of that level.
    pub eps_cells2: f64,
    /// `rho`, how dear it is to miss a mass, in squared cells of the grid, for both sides; ∞ for none missed.
    pub slack_cells2: f64,
    /// The finest level that is solved: 0 is the grid itself, 1 the one of 2×2 sums … Finer ones are filled in.
    pub finest: usize,
    /// Most sweeps at each eps of the grid itself; coarser levels may take more.
    pub sweeps: usize,
    /// A level is done when its rows miss at most this share of the mass.
    pub tolerance: f64,
    /// CPU level; `None` is [`Cpu::current`].
    pub level: Option<Cpu>,
}

impl Default for Multiscale {
    fn default() -> Self {
        Self {
            eps_cells2: 1.0,
            slack_cells2: f64::INFINITY,
            finest: 0,
            sweeps: 12,
            tolerance: 1e-3,
            level: None,
        }
    }
}

/// Where each cell's mass goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// Displacement along x, in cells, row by row; 0 where there is no mass.
    pub dx: Vec<f32>,
    /// The same along y.
    pub dy: Vec<f32>,
    /// Share of the cell's mass that finds a partner, in `[0, 1]`: 1 without slack; 0 where there is no mass.
    pub share: Vec<f32>,
}

/// What [`Multiscale::solve`] finds.
#[derive(Debug, Clone, PartialEq)]
pub struct Transport {
    /// From the source to the target.
    pub forward: Map,
    /// From the target to the source.
    pub backward: Map,
    /// The Sinkhorn divergence at the finest eps, in squared cells: W2² between the normalised measures, up to the error of
    /// the grid and of order eps². Without slack only.
    pub squared_distance: f64,
    /// Share of the mass that the plan's rows miss at the finest level solved.
    pub missed: f64,
    /// Sweeps at the finest level solved.
    pub sweeps: usize,
}

/// The coarsest level has at most so many cells on its longer side: small enough to look at all pairs.
const COARSEST_CELLS: usize = 24;
/// Sweeps at each eps of the coarsest level before the last.
const COARSEST_SWEEPS: usize = 40;
/// At each level eps falls to the last one through these multiples of it. Four times it is the blur of the coarser level; from there on
/// potentials settle in a third of the sweeps (measured on normal distributions and on photographs).
const STAGES: [f64; 2] = [4.0, 1.0];
/// Coarser levels cost less: each may take twice the sweeps of the finer one, up to this many.
const MOST_SWEEPS: usize = 500;
/// Windows around a cell itself reach as far as its share is above [`kernel`]'s least: `exp(-r²/eps) < 3e-7`.
const OWN_REACH: f64 = 11.5;

impl Multiscale {
    /// Transports `source` to `target`, masses of one grid of `(height, width)` cells, each side taken as shares of its total
    /// without slack, and both as shares of the larger total with slack.
    ///
    /// # Errors
    /// Lengths that do not fit, masses that are negative or not finite, no mass on a side, options out of range.
    pub fn solve(
        &self,
        (height, width): (usize, usize),
        source: &[f32],
        target: &[f32],
    ) -> Result<Transport, Error> {
        let cpu = self.check((height, width), source, target)?;
        let levels = self.levels((height, width), source, target);
        let finest = self.finest.min(levels.len() - 1);
        let mut coarse: Option<Pair> = None;
        let mut report = (0.0, 0);
        for (level, sides) in levels.into_iter().enumerate().skip(finest).rev() {
            let mut pair = Pair::new(sides);
            report = self.solve_level(cpu, &mut pair, coarse.as_ref(), level);
            coarse = Some(pair);
        }
        // There is at least one level.
        let pair = coarse.ok_or(Error::Empty)?;
        let potentials = pair.sides.iter().flat_map(|side| &side.cells);
        let divergence: f64 = potentials.map(|c| f64::from(c.mass) * c.unbiased()).sum();
        let grids = [source, target];
        let [forward, backward] =
            [0, 1].map(|n| self.map_of(&pair.sides[n], grids[n], (width, finest)));
        Ok(Transport {
            forward,
            backward,
            squared_distance: divergence * f64::from(1u32 << (2 * finest)),
            missed: report.0,
            sweeps: report.1,
        })
    }

    /// Potentials and displacements of one level; what the plan's rows miss, and the sweeps at the last eps.
    fn solve_level(
        &self,
        cpu: Cpu,
        pair: &mut Pair,
        coarse: Option<&Pair>,
        level: usize,
    ) -> (f64, usize) {
        let mut report = (0.0, 0);
        let effort = Effort {
            sweeps: (self.sweeps << level).min(MOST_SWEEPS.max(self.sweeps)),
            tolerance: self.tolerance,
        };
        for (n, stage) in STAGES.into_iter().enumerate() {
            let terms = self.terms(self.eps_cells2 * stage, level);
            if n > 0 {
                pair.rebias(cpu, terms);
            } else {
                pair.find_own(cpu, terms);
                match coarse {
                    Some(coarse) => pair.start_from(coarse),
                    None => self.start(cpu, pair, level, terms.eps),
                }
            }
            report = pair.sweep(cpu, terms, effort, true);
        }
        pair.find_displacements(cpu, self.terms(self.eps_cells2, level));
        report
    }

    /// Potentials of the coarsest level, from a blur as wide as the grid downwards.
    fn start(&self, cpu: Cpu, pair: &mut Pair, level: usize, last: f64) {
        let (height, width) = pair.sides[0].dim;
        let mut eps = (height * height + width * width) as f64;
        while eps > 2.0 * last {
            let effort = Effort {
                sweeps: COARSEST_SWEEPS,
                tolerance: self.tolerance,
            };
            pair.sweep(cpu, self.terms(eps, level), effort, false);
            eps *= 0.5;
        }
    }

    fn terms(&self, eps: f64, level: usize) -> Terms {
        let rho = self.slack_cells2 / f64::from(1u32 << (2 * level));
        Terms {
            eps,
            lambda: if rho.is_finite() {
                rho / (rho + eps)
            } else {
                1.0
            },
            own_reach: (OWN_REACH * eps).sqrt().ceil() as u32,
        }
    }

    fn check(
        &self,
        (height, width): (usize, usize),
        source: &[f32],
        target: &[f32],
    ) -> Result<Cpu, Error> {
        for (side, mass) in [("source", source), ("target", target)] {
            if mass.len() != height * width {
                return Err(Error::Length {
                    what: "masses",
                    expected: height * width,
                    found: mass.len(),
                });
            }
            if let Some(index) = mass.iter().position(|m| !(m.is_finite() && *m >= 0.0)) {
                return Err(Error::Mass {
                    side,
                    index,
                    value: mass[index],
                });
            }
            if mass.iter().all(|&m| m == 0.0) {
                return Err(Error::NoMass { side });
            }
        }
        Ok(match self.level {
            Some(level) => level,
            None => Cpu::current()?,
        })
    }

    /// Both measures at all levels, finest first.
    fn levels(&self, dim: (usize, usize), source: &[f32], target: &[f32]) -> Vec<[Side; 2]> {
        let total = |mass: &[f32]| mass.iter().map(|&m| f64::from(m)).sum::<f64>();
        let totals = [total(source), total(target)];
        let larger = totals[0].max(totals[1]);
        let mut masses = [(source, totals[0]), (target, totals[1])].map(|(mass, total)| {
            let unit = if self.slack_cells2.is_infinite() {
                total
            } else {
                larger
            };
            mass.iter()
                .map(|&m| f64::from(m) / unit)
                .collect::<Vec<f64>>()
        });
        let mut dim = dim;
        let mut levels = Vec::new();
        loop {
            let [a, b] = &masses;
            levels.push([Side::new(dim, a), Side::new(dim, b)]);
            if dim.0.max(dim.1) <= COARSEST_CELLS {
                return levels;
            }
            masses = masses.map(|mass| halved(dim, &mass));
            dim = (dim.0.div_ceil(2), dim.1.div_ceil(2));
        }
    }

    /// The map of all cells with `mass`, from a level that is `levels` coarser.
    fn map_of(&self, side: &Side, mass: &[f32], (width, levels): (usize, usize)) -> Map {
        let mut map = Map {
            dx: vec![0.0; mass.len()],
            dy: vec![0.0; mass.len()],
            share: vec![0.0; mass.len()],
        };
        let size = (1u32 << levels) as f32;
        let rho = self.slack_cells2 / f64::from(size * size);
        for at in (0..mass.len()).filter(|&at| mass[at] > 0.0) {
            let place = ((at / width) as u32, (at % width) as u32);
            let Some(told) = Told::by(side, place, levels) else {
                continue;
            };
            (map.dx[at], map.dy[at]) = (size * told.dx, size * told.dy);
            // What KL-slack leaves of the mass is exp(-f/rho) (Chizat et al. 2018).
            map.share[at] = (-told.potential / rho).exp().min(1.0) as f32;
        }
        map
    }
}

/// The finest level on which both measures have about `most_cells` cells with mass at most.
pub fn finest_for(measures: [&[f32]; 2], most_cells: usize) -> usize {
    let count = |mass: &[f32]| mass.iter().filter(|&&m| m > 0.0).count();
    let cells = measures.map(count).into_iter().fold(0, usize::max);
    let mut finest = 0;
    while (cells >> (2 * finest)) > most_cells {
        finest += 1;
    }
    finest
}

/// Sums over 2×2 cells.
fn halved((height, width): (usize, usize), mass: &[f64]) -> Vec<f64> {
    let half = width.div_ceil(2);
    let mut out = vec![0.0; height.div_ceil(2) * half];
    for (y, row) in mass.chunks_exact(width).enumerate() {
        for (x, m) in row.iter().enumerate() {
            out[y / 2 * half + x / 2] += m;
        }
    }
    out
}
