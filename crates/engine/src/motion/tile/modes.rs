//! Modes of a tile's coupling: for every pixel the partner that gets most of its mass, to a fraction of a pixel.

use super::costs::{COST_STEP, Costs, MOST_OFFSETS, MOST_RADIUS};
use otinterp_ot::tile::{SIDE, Solution};
use otinterp_simd::{Simd, math};

/// A row of pixels, one whole number each.
type Row = [u16; SIDE];
/// Stored length of a row of targets, or of sources with a margin on both sides.
const PITCH: usize = 32;
const _: () = assert!(PITCH >= SIDE + 2 * MOST_RADIUS);

/// `eps·ln` of the largest scaling that is told apart, in steps of cost: potentials are stored as their distance below
/// it, so that neither they nor their sums with costs are negative. Target scalings end at `v_max = 50`, 7300 steps.
const CEILING: f32 = 8000.0;
/// Distances end here: nothing that far down is a mode.
const FLOOR: f32 = 40_000.0;
/// The distance of what is not there. Sums saturate, so they cannot fall below it.
pub const ABSENT: u16 = u16::MAX;

/// How far the potentials lie below [`CEILING`], in steps of cost.
#[derive(Debug)]
pub struct Potentials {
    target: [[u16; PITCH]; SIDE + 2 * MOST_RADIUS],
    /// From `MOST_RADIUS` on; [`ABSENT`] in the margins.
    source: [[u16; PITCH]; SIDE],
    /// Least cost of every source, likewise.
    least: [[u16; PITCH]; SIDE],
}

impl Potentials {
    /// Memory.
    pub fn new() -> Box<Self> {
        Box::new(Self {
            target: [[ABSENT; PITCH]; SIDE + 2 * MOST_RADIUS],
            source: [[ABSENT; PITCH]; SIDE],
            least: [[0; PITCH]; SIDE],
        })
    }

    /// Takes the potentials of a solution. Without mass there is no partner.
    #[inline(always)]
    pub fn set<S: Simd, const D: usize>(&mut self, solution: &Solution<D>, eps: f32) {
        let side = SIDE + D - 1;
        let rows = self.target.iter_mut().zip(solution.v.chunks_exact(side));
        for (row, v) in rows {
            distances::<S>(v, eps, &mut row[..side]);
        }
        let minima = solution.row_min.chunks_exact(SIDE);
        let rows = self.source.iter_mut().zip(&mut self.least);
        for (((row, least), u), min) in rows.zip(solution.u.chunks_exact(SIDE)).zip(minima) {
            distances::<S>(u, eps, &mut row[MOST_RADIUS..][..SIDE]);
            least[MOST_RADIUS..][..SIDE].copy_from_slice(min);
        }
    }
}

/// `CEILING - eps·ln(scaling)`, in steps of cost; [`ABSENT`] for 0.
#[inline(always)]
fn distances<S: Simd>(scaling: &[f32], eps: f32, out: &mut [u16]) {
    let steps = eps / COST_STEP;
    for (out, &s) in out.iter_mut().zip(scaling) {
        let below = CEILING - steps * math::ln::<S>(s);
        let below = if below > 0.0 { below } else { 0.0 };
        let below = if below < FLOOR { below } else { FLOOR };
        let below = if s > 0.0 { below } else { f32::from(ABSENT) };
        *out = math::nearest(below) as u16;
    }
}

/// `ln(K·u)` of the shifted kernel's entry whose reduced cost this is.
#[inline(always)]
pub fn log_scaled_kernel(reduced: u16, eps: f32) -> f32 {
    (CEILING - f32::from(reduced)) * (COST_STEP / eps)
}

/// Costs of a row of pixels for all offsets, and their sums with the potentials of the partners.
#[derive(Debug)]
pub struct Reduced {
    /// Cost above the source's least, less the potential of the partner, `[offset]`.
    reduced: [Row; MOST_OFFSETS],
    /// Cost, `[offset]`.
    cost: [Row; MOST_OFFSETS],
}

impl Reduced {
    /// Memory.
    pub fn new() -> Box<Self> {
        Box::new(Self {
            reduced: [[0; SIDE]; MOST_OFFSETS],
            cost: [[0; SIDE]; MOST_OFFSETS],
        })
    }

    /// Of row `y` of the sources.
    #[inline(always)]
    pub fn rows<const D: usize>(&mut self, costs: &Costs, potentials: &Potentials, y: usize) {
        let least = &potentials.least[y][MOST_RADIUS..][..SIDE];
        for oy in 0..D {
            let row = &potentials.target[y + oy];
            for ox in 0..D {
                let o = oy * D + ox;
                let (c, p) = (costs.row(o, y, 0), &row[ox..][..SIDE]);
                let (reduced, cost) = (&mut self.reduced[o], &mut self.cost[o]);
                for x in 0..SIDE {
                    reduced[x] = c[x].saturating_add(p[x]);
                    cost[x] = c[x].wrapping_add(least[x]);
                }
            }
        }
    }

    /// Of the row of targets `y` rows below the window's centre for the uppermost sources. Sources outside the tile
    /// are absent.
    #[inline(always)]
    pub fn columns<const D: usize>(&mut self, costs: &Costs, potentials: &Potentials, y: usize) {
        let radius = D / 2;
        for oy in 0..D {
            let from = (y + radius).wrapping_sub(oy);
            if from >= SIDE {
                for ox in 0..D {
                    self.reduced[oy * D + ox] = [ABSENT; SIDE];
                }
                continue;
            }
            for ox in 0..D {
                let o = oy * D + ox;
                let left = radius as isize - ox as isize;
                let at = MOST_RADIUS.wrapping_add_signed(left);
                let c = costs.row(o, from, left);
                let p = &potentials.source[from][at..][..SIDE];
                let least = &potentials.least[from][at..][..SIDE];
                let (reduced, cost) = (&mut self.reduced[o], &mut self.cost[o]);
                for x in 0..SIDE {
                    reduced[x] = c[x].saturating_add(p[x]);
                    cost[x] = c[x].wrapping_add(least[x]);
                }
            }
        }
    }
}

/// Modes of a row of pixels.
#[derive(Debug, Clone, Copy)]
pub struct Modes {
    /// Offset.
    pub at: Row,
    /// Its reduced cost.
    pub least: Row,
    /// Its cost.
    pub cost: Row,
    /// Reduced costs of the offsets one to the left and to the right, and of those one above and below; those of the
    /// mode itself at the window's edge.
    pub beside: [[Row; 2]; 2],
}

impl Modes {
    /// The first offset with the least reduced cost, for every pixel of a row.
    #[inline(always)]
    pub fn of<const D: usize>(all: &Reduced) -> Self {
        let mut m = Self {
            at: [0; SIDE],
            least: [ABSENT; SIDE],
            cost: [ABSENT; SIDE],
            beside: [[[ABSENT; SIDE]; 2]; 2],
        };
        for oy in 0..D {
            for ox in 0..D {
                let o = oy * D + ox;
                let (here, cost) = (&all.reduced[o], &all.cost[o]);
                let dx = if ox > 0 && ox + 1 < D { 1 } else { 0 };
                let dy = if oy > 0 && oy + 1 < D { D } else { 0 };
                let (left, right) = (&all.reduced[o - dx], &all.reduced[o + dx]);
                let (up, down) = (&all.reduced[o - dy], &all.reduced[o + dy]);
                for x in 0..SIDE {
                    let better = u16::from(here[x] < m.least[x]).wrapping_neg();
                    // By bits: of `if` the compiler makes a choice between two addresses, and a loop pixel by pixel.
                    let pick = |new: u16, old: u16| old ^ ((old ^ new) & better);
                    m.least[x] = pick(here[x], m.least[x]);
                    m.at[x] = pick(o as u16, m.at[x]);
                    m.cost[x] = pick(cost[x], m.cost[x]);
                    m.beside[0][0][x] = pick(left[x], m.beside[0][0][x]);
                    m.beside[0][1][x] = pick(right[x], m.beside[0][1][x]);
                    m.beside[1][0][x] = pick(up[x], m.beside[1][0][x]);
                    m.beside[1][1][x] = pick(down[x], m.beside[1][1][x]);
                }
            }
        }
        m
    }
}
