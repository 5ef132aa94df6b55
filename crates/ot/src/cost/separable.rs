//! The separable cost between two grids: a sum of one along `y` and one along `x`.

use super::gibbs::{GibbsKernel, LogInput, LogOutput, Memory};
use super::layout::Layout;
use super::range::{Quantum, Range};
use crate::error::Error;
use crate::kernel::{FORBIDDEN, Update, padded, separable};
use otinterp_simd::{Simd, math};

/// `c((y, x), (y', x')) = cy(y, y') + cx(x, x')` between grids: squared distance, for one. Its Gibbs
/// kernel is the product of two 1-D kernels, so a product takes two passes and no `n × n` matrix.
#[derive(Debug, Clone)]
pub struct Separable {
    x: Axis,
    y: Axis,
    range: Range,
}

/// One axis: its cost, stored for both directions.
#[derive(Debug, Clone)]
struct Axis {
    sources: usize,
    targets: usize,
    /// `[source][target]`, rows padded with [`FORBIDDEN`].
    forward: Vec<f32>,
    /// `[target][source]`, likewise.
    backward: Vec<f32>,
}

impl Axis {
    fn new(sources: usize, targets: usize, cost: &[f32], quantum: Quantum) -> Self {
        let mut forward = vec![FORBIDDEN; sources * padded(targets)];
        let mut backward = vec![FORBIDDEN; targets * padded(sources)];
        for i in 0..sources {
            for j in 0..targets {
                let c = quantum.round(f64::from(cost[i * targets + j]));
                forward[i * padded(targets) + j] = c;
                backward[j * padded(sources) + i] = c;
            }
        }
        Self {
            sources,
            targets,
            forward,
            backward,
        }
    }

    fn cost(&self, i: usize, j: usize) -> f32 {
        self.forward[i * padded(self.targets) + j]
    }

    /// The rows without padding, `[source][target]`.
    fn tight(table: &[f32], rows: usize, columns: usize) -> Vec<f32> {
        let layout = Layout {
            height: rows,
            width: columns,
            pitch: padded(columns),
        };
        layout.load(table)
    }
}

impl Separable {
    /// Any cost of this kind: `cost_y` is `[source row][target row]`, `cost_x` `[source column][target column]`;
    /// the grids' sizes are `(height, width)`.
    ///
    /// # Errors
    /// An empty grid, a wrong length, or a cost that is not finite or beyond `±1e20`.
    pub fn new(
        sources: (usize, usize),
        targets: (usize, usize),
        cost_y: &[f32],
        cost_x: &[f32],
    ) -> Result<Self, Error> {
        if sources.0 * sources.1 == 0 || targets.0 * targets.1 == 0 {
            return Err(Error::Empty);
        }
        let lengths = [
            (cost_y, sources.0 * targets.0),
            (cost_x, sources.1 * targets.1),
        ];
        let mut range = Range { min: 0.0, max: 0.0 };
        for (cost, expected) in lengths {
            if cost.len() != expected {
                return Err(Error::Length {
                    what: "cost",
                    expected,
                    found: cost.len(),
                });
            }
            if let Some(index) = cost.iter().position(|&c| c == f32::INFINITY) {
                return Err(Error::Cost {
                    index,
                    value: f32::INFINITY,
                });
            }
            let axis = Range::of(cost.iter().copied())?;
            range.min += axis.min;
            range.max += axis.max;
        }
        let largest = cost_y
            .iter()
            .chain(cost_x)
            .fold(range.max.abs(), |m, c| m.max(c.abs()));
        let quantum = Quantum::for_largest(largest);
        Ok(Self {
            y: Axis::new(sources.0, targets.0, cost_y, quantum),
            x: Axis::new(sources.1, targets.1, cost_x, quantum),
            range,
        })
    }

    /// Squared distance between the points of one grid, `spacing` apart.
    ///
    /// # Errors
    /// An empty grid, or distances that are not finite or too large.
    pub fn squared_distance(height: usize, width: usize, spacing: f32) -> Result<Self, Error> {
        let axis = |n: usize| -> Vec<f32> {
            (0..n * n)
                .map(|k| ((k / n) as f32 - (k % n) as f32) * spacing)
                .map(|d| d * d)
                .collect()
        };
        Self::new(
            (height, width),
            (height, width),
            &axis(height),
            &axis(width),
        )
    }

    fn split_source(&self, i: usize) -> (usize, usize) {
        (i / self.x.sources, i % self.x.sources)
    }

    fn split_target(&self, j: usize) -> (usize, usize) {
        (j / self.x.targets, j % self.x.targets)
    }

    /// Stored lengths of the four 1-D tables: x and y forward, x and y backward.
    fn tables(&self) -> [usize; 4] {
        let (x, y) = (&self.x, &self.y);
        [
            x.backward.len(),
            y.sources * y.targets,
            x.forward.len(),
            y.sources * y.targets,
        ]
    }

    /// The parts of a 4-part table.
    #[inline(always)]
    fn part<'a>(&self, table: &'a [f32], part: usize) -> &'a [f32] {
        let lengths = self.tables();
        let start: usize = lengths[..part].iter().sum();
        &table[start..][..lengths[part]]
    }

    /// `out = K v`.
    #[inline(always)]
    fn apply<S: Simd>(&self, memory: &mut Memory, v: &[f32], out: &mut [f32]) {
        let kernels = &memory.gibbs[memory.gibbs.len() / 2..];
        let (pitch_in, pitch) = (padded(self.x.targets), padded(self.x.sources));
        let between = &mut memory.scratch[..self.y.targets * pitch];
        separable::along_x::<S>(self.part(kernels, 0), v, pitch_in, between, pitch);
        separable::along_y::<S>(
            self.part(kernels, 1),
            self.y.targets,
            between,
            &mut out[..self.y.sources * pitch],
            pitch,
        );
    }

    /// `out = K^T u`.
    #[inline(always)]
    fn apply_transposed<S: Simd>(&self, memory: &mut Memory, u: &[f32], out: &mut [f32]) {
        let kernels = &memory.gibbs[memory.gibbs.len() / 2..];
        let (pitch_in, pitch) = (padded(self.x.sources), padded(self.x.targets));
        let between = &mut memory.scratch[..self.y.sources * pitch];
        separable::along_x::<S>(self.part(kernels, 2), u, pitch_in, between, pitch);
        separable::along_y::<S>(
            self.part(kernels, 3),
            self.y.sources,
            between,
            &mut out[..self.y.targets * pitch],
            pitch,
        );
    }
}

impl GibbsKernel for Separable {
    const ABSORBS: bool = false;

    #[inline(always)]
    fn sources(&self) -> Layout {
        grid(self.y.sources, self.x.sources)
    }

    #[inline(always)]
    fn targets(&self) -> Layout {
        grid(self.y.targets, self.x.targets)
    }

    fn cost(&self, source: usize, target: usize) -> f32 {
        let ((y, x), (ty, tx)) = (self.split_source(source), self.split_target(target));
        self.y.cost(y, ty) + self.x.cost(x, tx)
    }

    fn range(&self) -> Range {
        self.range
    }

    fn visit_row(&self, source: usize, mut visit: impl FnMut(usize, f32)) {
        let (y, x) = self.split_source(source);
        for ty in 0..self.y.targets {
            for tx in 0..self.x.targets {
                visit(
                    ty * self.x.targets + tx,
                    self.y.cost(y, ty) + self.x.cost(x, tx),
                );
            }
        }
    }

    fn visit_column(&self, target: usize, mut visit: impl FnMut(usize, f32)) {
        let (ty, tx) = self.split_target(target);
        for y in 0..self.y.sources {
            for x in 0..self.x.sources {
                visit(
                    y * self.x.sources + x,
                    self.y.cost(y, ty) + self.x.cost(x, tx),
                );
            }
        }
    }

    fn is_complete(&self) -> bool {
        true
    }

    /// `gibbs` holds the four 1-D costs, then the four kernels.
    fn allocate(&self, memory: &mut Memory) {
        let (x, y) = (&self.x, &self.y);
        let mut costs = x.backward.clone();
        costs.extend(Axis::tight(&y.forward, y.sources, y.targets));
        costs.extend_from_slice(&x.forward);
        costs.extend(Axis::tight(&y.backward, y.targets, y.sources));
        let size = costs.len();
        memory.gibbs.resize(2 * size);
        memory.gibbs[..size].copy_from_slice(&costs);
        let between = (y.targets * padded(x.sources)).max(y.sources * padded(x.targets));
        memory.scratch.resize(2 * between);
    }

    #[inline(always)]
    fn fill<S: Simd>(&self, inv_eps: f32, _: &[f32], _: &[f32], memory: &mut Memory) {
        let half = memory.gibbs.len() / 2;
        let (costs, kernels) = memory.gibbs.split_at_mut(half);
        for (k, &c) in kernels.iter_mut().zip(&*costs) {
            let e = math::exp::<S>(-c * inv_eps);
            *k = if c < FORBIDDEN { e } else { 0.0 };
        }
    }

    #[inline(always)]
    fn sweep<S: Simd>(
        &self,
        memory: &mut Memory,
        v: &[f32],
        update: &Update<'_>,
        u: &mut [f32],
        row_sum: &mut [f32],
        column_sum: &mut [f32],
    ) -> f32 {
        self.apply::<S>(memory, v, row_sum);
        let moved = update.run::<S>(0, row_sum, u);
        self.apply_transposed::<S>(memory, u, column_sum);
        moved
    }

    #[inline(always)]
    fn softmin_rows<S: Simd>(
        &self,
        inv_eps: f32,
        targets: LogInput<'_>,
        memory: &mut Memory,
        out: LogOutput<'_>,
    ) {
        let costs = &memory.gibbs[..memory.gibbs.len() / 2];
        softmin::<S>(
            (self.part(costs, 0), self.part(costs, 1)),
            (self.y.targets, padded(self.x.targets)),
            padded(self.x.sources),
            inv_eps,
            targets,
            &mut memory.scratch,
            out,
        );
    }

    #[inline(always)]
    fn softmin_columns<S: Simd>(
        &self,
        inv_eps: f32,
        sources: LogInput<'_>,
        memory: &mut Memory,
        out: LogOutput<'_>,
    ) {
        let costs = &memory.gibbs[..memory.gibbs.len() / 2];
        softmin::<S>(
            (self.part(costs, 2), self.part(costs, 3)),
            (self.y.sources, padded(self.x.sources)),
            padded(self.x.targets),
            inv_eps,
            sources,
            &mut memory.scratch,
            out,
        );
    }
}

/// Both passes of a soft minimum over a grid of `height_in` rows stored `pitch_in` long.
#[inline(always)]
fn softmin<S: Simd>(
    (cx, cy): (&[f32], &[f32]),
    (height_in, pitch_in): (usize, usize),
    pitch: usize,
    inv_eps: f32,
    input: LogInput<'_>,
    scratch: &mut [f32],
    out: LogOutput<'_>,
) {
    let (hi, log) = scratch.split_at_mut(scratch.len() / 2);
    let size = height_in * pitch;
    let (hi, log) = (&mut hi[..size], &mut log[..size]);
    separable::softmin_along_x::<S>(
        cx,
        (input.hi, input.log),
        pitch_in,
        inv_eps,
        (&mut *hi, &mut *log),
        pitch,
    );
    separable::softmin_along_y::<S>(cy, height_in, (hi, log), inv_eps, (out.hi, out.log), pitch);
}

#[inline(always)]
fn grid(height: usize, width: usize) -> Layout {
    Layout {
        height,
        width,
        pitch: padded(width),
    }
}
