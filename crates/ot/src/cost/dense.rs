//! Any cost between `n` sources and `m` targets.

use super::{GibbsKernel, Layout, LogInput, LogOutput, Memory, Range};
use crate::kernel::{FORBIDDEN, Update, dense, padded};
use crate::{Error, Power};
use otinterp_simd::{Buffer, Simd};

/// A cost for every pair, row-major, `+∞` where mass may not go.
#[derive(Debug, Clone)]
pub struct Dense {
    rows: usize,
    columns: usize,
    shared: bool,
    /// `[problem][row][padded column]`, forbidden pairs and padding [`FORBIDDEN`].
    cost: Buffer,
    ranges: Vec<Range>,
    complete: Vec<bool>,
}

impl Dense {
    /// One cost, `rows × columns` values, for any number of problems.
    ///
    /// # Errors
    /// No rows or columns, a wrong length, or a cost that is NaN, `-∞` or beyond `±1e20`.
    pub fn new(rows: usize, columns: usize, cost: &[f32]) -> Result<Self, Error> {
        Self::build(rows, columns, 1, cost, true)
    }

    /// A cost of its own for every problem, one after another.
    ///
    /// # Errors
    /// As [`Dense::new`]; the number of problems is `cost.len() / (rows · columns)`.
    pub fn batch(rows: usize, columns: usize, cost: &[f32]) -> Result<Self, Error> {
        let problems = cost.len() / (rows * columns).max(1);
        Self::build(rows, columns, problems, cost, false)
    }

    /// `|x_i - y_j|^p` for points in `D` dimensions, `p` 1 or 2.
    ///
    /// # Errors
    /// As [`Dense::new`].
    pub fn between<const D: usize>(
        sources: &[[f32; D]],
        targets: &[[f32; D]],
        p: Power,
    ) -> Result<Self, Error> {
        let cost: Vec<f32> = sources
            .iter()
            .flat_map(|x| targets.iter().map(move |y| p.cost(x, y) as f32))
            .collect();
        Self::new(sources.len(), targets.len(), &cost)
    }

    fn build(
        rows: usize,
        columns: usize,
        problems: usize,
        cost: &[f32],
        shared: bool,
    ) -> Result<Self, Error> {
        if rows == 0 || columns == 0 {
            return Err(Error::Empty);
        }
        let size = rows * columns;
        if problems == 0 || cost.len() != problems * size {
            return Err(Error::Length {
                what: "cost",
                expected: problems.max(1) * size,
                found: cost.len(),
            });
        }
        let pitch = padded(columns);
        let mut stored = Buffer::zeros(problems * rows * pitch);
        stored.fill(FORBIDDEN);
        let mut ranges = Vec::with_capacity(problems);
        let mut complete = Vec::with_capacity(problems);
        for (cost, stored) in cost
            .chunks_exact(size)
            .zip(stored.chunks_exact_mut(rows * pitch))
        {
            let range = Range::of(cost.iter().copied())?;
            let quantum = range.quantum();
            for (row, stored) in cost
                .chunks_exact(columns)
                .zip(stored.chunks_exact_mut(pitch))
            {
                for (s, &c) in stored.iter_mut().zip(row) {
                    if c != f32::INFINITY {
                        *s = quantum.round(f64::from(c));
                    }
                }
            }
            ranges.push(range);
            complete.push(!cost.contains(&f32::INFINITY));
        }
        Ok(Self {
            rows,
            columns,
            shared,
            cost: stored,
            ranges,
            complete,
        })
    }

    #[inline(always)]
    fn own(&self, problem: usize) -> usize {
        if self.shared { 0 } else { problem }
    }

    /// The stored cost of a problem, rows padded.
    #[inline(always)]
    fn stored(&self, problem: usize) -> &[f32] {
        let size = self.rows * padded(self.columns);
        &self.cost[self.own(problem) * size..][..size]
    }
}

/// The cost of a pair as a user sees it.
fn seen(stored: f32) -> f32 {
    if stored < FORBIDDEN {
        stored
    } else {
        f32::INFINITY
    }
}

impl GibbsKernel for Dense {
    const ABSORBS: bool = true;

    #[inline(always)]
    fn sources(&self) -> Layout {
        line(self.rows)
    }

    #[inline(always)]
    fn targets(&self) -> Layout {
        line(self.columns)
    }

    fn problems(&self) -> Option<usize> {
        (!self.shared).then_some(self.ranges.len())
    }

    fn cost(&self, problem: usize, source: usize, target: usize) -> f32 {
        seen(self.stored(problem)[source * padded(self.columns) + target])
    }

    fn range(&self, problem: usize) -> Range {
        self.ranges[self.own(problem)]
    }

    fn visit_row(&self, problem: usize, source: usize, mut visit: impl FnMut(usize, f32)) {
        let pitch = padded(self.columns);
        let row = &self.stored(problem)[source * pitch..][..self.columns];
        for (j, &c) in row.iter().enumerate() {
            if c < FORBIDDEN {
                visit(j, c);
            }
        }
    }

    fn visit_column(&self, problem: usize, target: usize, mut visit: impl FnMut(usize, f32)) {
        let pitch = padded(self.columns);
        for (i, row) in self.stored(problem).chunks_exact(pitch).enumerate() {
            if row[target] < FORBIDDEN {
                visit(i, row[target]);
            }
        }
    }

    fn is_complete(&self, problem: usize) -> bool {
        self.complete[self.own(problem)]
    }

    fn allocate(&self, memory: &mut Memory) {
        memory.gibbs.resize(self.rows * padded(self.columns));
    }

    #[inline(always)]
    fn fill<S: Simd>(
        &self,
        problem: usize,
        inv_eps: f32,
        f: &[f32],
        g: &[f32],
        memory: &mut Memory,
    ) {
        dense::fill::<S>(self.stored(problem), f, g, inv_eps, &mut memory.gibbs);
    }

    #[inline(always)]
    fn apply<S: Simd>(&self, memory: &mut Memory, v: &[f32], out: &mut [f32]) {
        dense::apply::<S>(&memory.gibbs, v, out);
    }

    #[inline(always)]
    fn apply_transposed<S: Simd>(&self, memory: &mut Memory, u: &[f32], out: &mut [f32]) {
        dense::apply_transposed::<S>(&memory.gibbs, u, out);
    }

    #[inline(always)]
    fn softmin_rows<S: Simd>(
        &self,
        problem: usize,
        inv_eps: f32,
        targets: LogInput<'_>,
        _: &mut Memory,
        out: LogOutput<'_>,
    ) {
        let input = (targets.hi, targets.log);
        dense::softmin_rows::<S>(self.stored(problem), input, inv_eps, (out.hi, out.log));
    }

    #[inline(always)]
    fn softmin_columns<S: Simd>(
        &self,
        problem: usize,
        inv_eps: f32,
        sources: LogInput<'_>,
        _: &mut Memory,
        out: LogOutput<'_>,
    ) {
        let input = (sources.hi, sources.log);
        dense::softmin_columns::<S>(self.stored(problem), input, inv_eps, (out.hi, out.log));
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
        dense::sweep::<S>(&memory.gibbs, v, update, u, row_sum, column_sum)
    }
}

/// Points in one row.
#[inline(always)]
fn line(points: usize) -> Layout {
    Layout {
        height: 1,
        width: points,
        pitch: padded(points),
    }
}
