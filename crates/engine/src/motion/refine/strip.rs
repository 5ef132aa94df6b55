//! One warp of the refinement in a strip of columns, row after row.
//!
//! Every stage (warp, derivatives, weights and equations, each half sweep of the relaxation) follows the one before
//! a row or two behind, so a strip's rows in flight stay in the cache whatever the number of sweeps. What a
//! stage writes depends on its neighbours alone, so the result is that of stages that each pass over
//! the whole picture, bit for bit.

use super::derivatives::{Data, Firsts, data_row, gradient_row};
use super::energy::RELAXATION;
use super::relax::{Neighbours, relax_row};
use super::rows;
use super::rows::{Colors, Lanes, own_and_other, phase, repeat_ends, split};
use super::system::{Equation, Terms, assemble_row, weigh_row};
use super::warp::{Place, warp_row};
use crate::motion::plan::Iterations;
use crate::picture::sampling::Grid;
use otinterp_simd::{Kernel, LANES, Simd};

/// Rows from the warp to the first fixed-point step: the second derivatives need two rows below.
const DATA_LAG: usize = 2;

/// Rows kept of what only the derivatives need.
const PICTURE_ROWS: usize = 4;

impl Iterations {
    /// Half sweeps of the relaxation in one fixed-point step.
    fn half_sweeps(self) -> usize {
        2 * self.relaxation
    }

    /// How far a pixel's result looks: one pixel for every half sweep, one for the weights, two for the
    /// derivatives; rounded up to even, so that a strip's colours are the picture's.
    pub fn reach_px(self) -> usize {
        (self.fixed_point * self.half_sweeps() + 3).next_multiple_of(2)
    }

    /// How many rows the result is behind the warp.
    fn lag(self) -> usize {
        (DATA_LAG + self.fixed_point * self.half_sweeps())
            .saturating_sub(1)
            .max(DATA_LAG)
    }
}

/// The columns of a strip.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// First column, halo included; even.
    pub start: usize,
    /// Columns of the halo to the left.
    pub left: usize,
    /// Columns that are refined.
    pub core: usize,
    /// Columns of the halo to the right.
    pub right: usize,
}

impl Span {
    /// All columns.
    pub fn len(self) -> usize {
        self.left + self.core + self.right
    }
}

/// Memory for a strip, to be used again and again.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Whole rows: displacements, source, half mean, difference.
    natural: [Vec<f32>; 5],
    /// Half mean, difference, and the mean's derivatives.
    mean: Colors,
    iz: Colors,
    ix: Colors,
    iy: Colors,
    u: Colors,
    v: Colors,
    weights: Colors,
    data: [Vec<Data>; 2],
    equations: [Vec<Equation>; 2],
    /// By phase: columns in the picture; 0 at the last column, else 1; ω inside the strip.
    columns: [Vec<Lanes>; 2],
    has_right: [Vec<Lanes>; 2],
    relaxation: [Vec<Lanes>; 2],
    zeros: Vec<Lanes>,
}

impl Scratch {
    /// Gets ready for a strip whose rows in flight are `rows`.
    fn prepare(&mut self, span: Span, rows: usize) {
        let vectors = span.len().div_ceil(2 * LANES);
        let len = vectors * LANES;
        for row in &mut self.natural {
            row.clear();
            row.resize(2 * len, 0.0);
        }
        for colors in [&mut self.mean, &mut self.iz, &mut self.ix, &mut self.iy] {
            colors.iter_mut().for_each(|c| c.resize(PICTURE_ROWS, len));
        }
        for colors in [&mut self.u, &mut self.v, &mut self.weights] {
            colors.iter_mut().for_each(|c| c.resize(rows, len));
        }
        for color in 0..2 {
            self.data[color].resize(rows * vectors, [[0.0; LANES]; 8]);
            self.equations[color].resize(rows * vectors, [[0.0; LANES]; 5]);
        }
        self.zeros.resize(vectors, [0.0; LANES]);
        for phase in 0..2 {
            let row = |value: &dyn Fn(usize) -> f32| -> Vec<Lanes> {
                (0..vectors)
                    .map(|k| std::array::from_fn(|lane| value(2 * (k * LANES + lane) + phase)))
                    .collect()
            };
            self.columns[phase] = row(&|x| (span.start + x) as f32);
            self.has_right[phase] = row(&|x| if x + 1 < span.len() { 1.0 } else { 0.0 });
            self.relaxation[phase] = row(&|x| if x < span.len() { RELAXATION } else { 0.0 });
        }
    }
}

/// A field's part in a strip: what is refined, and copies of what its neighbours refine.
pub struct Part<'a> {
    /// Rows of the core, of dx and dy.
    pub core: [Vec<&'a mut [f32]>; 2],
    /// Rows to the left of the core, of dx and dy.
    pub left: [Vec<f32>; 2],
    /// Rows to the right.
    pub right: [Vec<f32>; 2],
}

/// Refines the core of a strip in place: as if the strip were the whole picture.
pub struct RefineStrip<'a, 'b> {
    /// Source picture.
    pub source: Grid<'a>,
    /// Target picture.
    pub target: Grid<'a>,
    /// The strip's columns.
    pub span: Span,
    /// The field there.
    pub part: &'a mut Part<'b>,
    /// How often.
    pub iterations: Iterations,
    /// Memory.
    pub scratch: &'a mut Scratch,
}

impl Kernel for RefineStrip<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Self {
            source,
            target,
            span,
            part,
            iterations,
            scratch,
        } = self;
        let height = source.height;
        let lag = iterations.lag();
        // The row before the last in flight is still a neighbour.
        let ring = lag + 2;
        scratch.prepare(span, ring);
        let mut flight = Flight {
            source,
            target,
            span,
            height,
            ring,
            vectors: scratch.zeros.len(),
            memory: scratch,
        };
        for now in 0..height + lag {
            if now < height {
                flight.fetch::<S>(now, part);
            }
            if let Some(y) = flight.row_at(now, 1) {
                flight.gradient::<S>(y);
            }
            if let Some(y) = flight.row_at(now, DATA_LAG) {
                flight.data::<S>(y);
            }
            for step in 0..iterations.fixed_point {
                let lag = DATA_LAG + step * iterations.half_sweeps();
                if let Some(y) = flight.row_at(now, lag) {
                    flight.assemble::<S>(y);
                }
                for half in 0..iterations.half_sweeps() {
                    if let Some(y) = flight.row_at(now, lag + half) {
                        flight.relax::<S>(y, half & 1);
                    }
                }
            }
            if let Some(y) = flight.row_at(now, lag) {
                flight.deliver(y, part);
            }
        }
    }
}

/// A strip under way.
struct Flight<'a> {
    source: Grid<'a>,
    target: Grid<'a>,
    span: Span,
    height: usize,
    ring: usize,
    vectors: usize,
    memory: &'a mut Scratch,
}

impl Flight<'_> {
    /// The row that is `lag` rows behind, if it is one of the picture.
    #[inline(always)]
    fn row_at(&self, now: usize, lag: usize) -> Option<usize> {
        now.checked_sub(lag).filter(|&y| y < self.height)
    }

    /// Where row `y` stands among those in flight.
    #[inline(always)]
    fn slot(&self, y: usize) -> usize {
        (y as u32 % self.ring as u32) as usize
    }

    /// Reads a row and warps the target.
    #[inline(always)]
    fn fetch<S: Simd>(&mut self, y: usize, part: &Part<'_>) {
        let (slot, n) = (self.slot(y), self.span.len());
        let Span {
            start,
            left,
            core,
            right,
        } = self.span;
        let m = &mut *self.memory;
        let [dx, dy, source, mean, difference] = &mut m.natural;
        for ((row, part_left), (part_core, part_right)) in [&mut *dx, &mut *dy]
            .into_iter()
            .zip(&part.left)
            .zip(part.core.iter().zip(&part.right))
        {
            row[..left].copy_from_slice(&part_left[y * left..][..left]);
            row[left..][..core].copy_from_slice(part_core[y]);
            row[left + core..n].copy_from_slice(&part_right[y * right..][..right]);
        }
        source[..n].copy_from_slice(&self.source.row(y)[start..][..n]);
        split(dx, y, &mut m.u, slot);
        split(dy, y, &mut m.v, slot);
        let whole = n.next_multiple_of(LANES);
        // Lanes behind the last pixel go where it goes, so that they do not cost a sample of their own.
        for row in [&mut *dx, &mut *dy] {
            let last = row[n - 1];
            row[n..whole].fill(last);
        }
        warp_row::<S>(
            self.target,
            &Place { y, x: start },
            [&dx[..whole], &dy[..whole], &source[..whole]],
            &mut mean[..whole],
            &mut difference[..whole],
        );
        for row in [dx, dy] {
            row[n..whole].fill(0.0);
        }
        let slot = y % PICTURE_ROWS;
        split(mean, y, &mut m.mean, slot);
        split(difference, y, &mut m.iz, slot);
        repeat_ends(&mut m.mean, slot, y, n);
        repeat_ends(&mut m.iz, slot, y, n);
    }

    /// Slots of a row, the one above and the one below; the border is repeated.
    #[inline(always)]
    fn picture_slots(&self, y: usize) -> [usize; 3] {
        [y, y.saturating_sub(1), (y + 1).min(self.height - 1)].map(|y| y % PICTURE_ROWS)
    }

    #[inline(always)]
    fn gradient<S: Simd>(&mut self, y: usize) {
        let [here, up, down] = self.picture_slots(y);
        let m = &mut *self.memory;
        for color in 0..2 {
            let p = phase(y, color) as isize;
            let other = &m.mean[1 - color];
            // The pixel above the first row is itself, and so on: of its own colour.
            let above = &m.mean[if up == here { color } else { 1 - color }];
            let below = &m.mean[if down == here { color } else { 1 - color }];
            let near = [
                other.row(here, p - 1),
                other.row(here, p),
                above.row(up, 0),
                below.row(down, 0),
            ];
            gradient_row::<S>(near, m.ix[color].row_mut(here), m.iy[color].row_mut(here));
        }
        repeat_ends(&mut m.ix, here, y, self.span.len());
        repeat_ends(&mut m.iy, here, y, self.span.len());
    }

    #[inline(always)]
    fn data<S: Simd>(&mut self, y: usize) {
        let [here, up, down] = self.picture_slots(y);
        let (slot, vectors) = (self.slot(y), self.vectors);
        let m = &mut *self.memory;
        for color in 0..2 {
            let p = phase(y, color);
            let above = if up == here { color } else { 1 - color };
            let below = if down == here { color } else { 1 - color };
            let (left, right) = (p as isize - 1, p as isize);
            let firsts = Firsts {
                here: [
                    m.ix[color].row(here, 0),
                    m.iy[color].row(here, 0),
                    m.iz[color].row(here, 0),
                ],
                ix: [
                    m.ix[1 - color].row(here, left),
                    m.ix[1 - color].row(here, right),
                    m.ix[above].row(up, 0),
                    m.ix[below].row(down, 0),
                ],
                iy: [m.iy[above].row(up, 0), m.iy[below].row(down, 0)],
                iz: [
                    m.iz[1 - color].row(here, left),
                    m.iz[1 - color].row(here, right),
                    m.iz[above].row(up, 0),
                    m.iz[below].row(down, 0),
                ],
                u: m.u[color].row(slot, 0),
                v: m.v[color].row(slot, 0),
                columns: &m.columns[p],
                row: y as f32,
                last: (
                    (self.target.width - 1) as f32,
                    (self.target.height - 1) as f32,
                ),
            };
            data_row::<S>(&firsts, &mut m.data[color][slot * vectors..][..vectors]);
        }
    }

    /// Weights, then equations.
    #[inline(always)]
    fn assemble<S: Simd>(&mut self, y: usize) {
        let (slot, vectors) = (self.slot(y), self.vectors);
        let has_down = y + 1 < self.height;
        let m = &mut *self.memory;
        for color in 0..2 {
            let p = phase(y, color);
            let below = if has_down { 1 - color } else { color };
            let down = if has_down {
                (y as u32 + 1) % self.ring as u32
            } else {
                slot as u32
            } as usize;
            weigh_row::<S>(
                [
                    m.u[color].row(slot, 0),
                    m.u[1 - color].row(slot, p as isize),
                    m.u[below].row(down, 0),
                ],
                [
                    m.v[color].row(slot, 0),
                    m.v[1 - color].row(slot, p as isize),
                    m.v[below].row(down, 0),
                ],
                &m.has_right[p],
                m.weights[color].row_mut(slot),
            );
        }
        for color in 0..2 {
            let p = phase(y, color);
            let up = if y == 0 {
                &m.zeros[..]
            } else {
                m.weights[1 - color].row(((y as u32 - 1) % self.ring as u32) as usize, 0)
            };
            let terms = Terms {
                data: &m.data[color][slot * vectors..][..vectors],
                u: m.u[color].row(slot, 0),
                v: m.v[color].row(slot, 0),
                weights: [
                    m.weights[1 - color].row(slot, p as isize - 1),
                    m.weights[color].row(slot, 0),
                    up,
                ],
                has_right: &m.has_right[p],
                has_down: if has_down { 1.0 } else { 0.0 },
                relaxation: &m.relaxation[p],
            };
            assemble_row::<S>(&terms, &mut m.equations[color][slot * vectors..][..vectors]);
        }
    }

    #[inline(always)]
    fn relax<S: Simd>(&mut self, y: usize, color: usize) {
        let (slot, vectors) = (self.slot(y), self.vectors);
        let (up, down) = (self.slot(y + self.ring - 1), self.slot(y + 1));
        let m = &mut *self.memory;
        let p = phase(y, color) as isize;
        let (u, u_other) = own_and_other(&mut m.u, color);
        let (v, v_other) = own_and_other(&mut m.v, color);
        let zeros = &m.zeros[..];
        let (first, last) = (y == 0, y + 1 == self.height);
        let near = Neighbours {
            u: [
                u_other.row(slot, p - 1),
                u_other.row(slot, p),
                if first { zeros } else { u_other.row(up, 0) },
                if last { zeros } else { u_other.row(down, 0) },
            ],
            v: [
                v_other.row(slot, p - 1),
                v_other.row(slot, p),
                if first { zeros } else { v_other.row(up, 0) },
                if last { zeros } else { v_other.row(down, 0) },
            ],
            weights: [
                m.weights[1 - color].row(slot, p - 1),
                m.weights[color].row(slot, 0),
                if first {
                    zeros
                } else {
                    m.weights[1 - color].row(up, 0)
                },
            ],
        };
        let equations = &m.equations[color][slot * vectors..][..vectors];
        relax_row::<S>(equations, near, u.row_mut(slot), v.row_mut(slot));
    }

    /// Writes a row that is done.
    #[inline(always)]
    fn deliver(&mut self, y: usize, part: &mut Part<'_>) {
        let slot = self.slot(y);
        let Span { left, core, .. } = self.span;
        let m = &mut *self.memory;
        let row = &mut m.natural[3];
        for (colors, core_rows) in [&m.u, &m.v].into_iter().zip(&mut part.core) {
            rows::join(colors, slot, y, row);
            core_rows[y].copy_from_slice(&row[left..][..core]);
        }
    }
}
