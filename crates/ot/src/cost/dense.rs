//! The dense cost matrix: any cost between `n` sources and `m` targets.

use super::gibbs::{GibbsKernel, LogInput, LogOutput, Memory};
use super::layout::Layout;
use super::range::Range;
use crate::error::Error;
use crate::kernel::{FORBIDDEN, Update, dense, padded};
use crate::power::Power;
use otinterp_simd::{Buffer, Simd};

/// A cost for every pair, row-major, `+∞` where mass may not go.
#[derive(Debug, Clone)]
pub struct Dense {
    rows: usize,
    columns: usize,
    /// `[row][padded column]`, forbidden pairs and padding [`FORBIDDEN`].
    cost: Buffer,
    range: Range,
    is_complete: bool,
}

impl Dense {
    /// `rows × columns` values.
    ///
    /// # Errors
    /// No rows or columns, a wrong length, or a cost that is NaN, `-∞` or beyond `±1e20`.
    pub fn new(rows: usize, columns: usize, cost: &[f32]) -> Result<Self, Error> {
        if rows == 0 || columns == 0 {
            return Err(Error::Empty);
        }
        if cost.len() != rows * columns {
            return Err(Error::Length {
                what: "cost",
                expected: rows * columns,
                found: cost.len(),
            });
        }
        let range = Range::of(cost.iter().copied())?;
        let quantum = range.quantum();
        let pitch = padded(columns);
        let mut stored = Buffer::zeros(rows * pitch);
        stored.fill(FORBIDDEN);
        let stored_rows = stored.chunks_exact_mut(pitch);
        for (row, stored) in cost.chunks_exact(columns).zip(stored_rows) {
            for (s, &c) in stored.iter_mut().zip(row) {
                if c != f32::INFINITY {
                    *s = quantum.round(f64::from(c));
                }
            }
        }
        Ok(Self {
            rows,
            columns,
            cost: stored,
            range,
            is_complete: !cost.contains(&f32::INFINITY),
        })
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

    fn cost(&self, source: usize, target: usize) -> f32 {
        seen(self.cost[source * padded(self.columns) + target])
    }

    fn range(&self) -> Range {
        self.range
    }

    fn visit_row(&self, source: usize, mut visit: impl FnMut(usize, f32)) {
        let pitch = padded(self.columns);
        let row = &self.cost[source * pitch..][..self.columns];
        for (j, &c) in row.iter().enumerate() {
            if c < FORBIDDEN {
                visit(j, c);
            }
        }
    }

    fn visit_column(&self, target: usize, mut visit: impl FnMut(usize, f32)) {
        let pitch = padded(self.columns);
        for (i, row) in self.cost.chunks_exact(pitch).enumerate() {
            if row[target] < FORBIDDEN {
                visit(i, row[target]);
            }
        }
    }

    fn is_complete(&self) -> bool {
        self.is_complete
    }

    fn allocate(&self, memory: &mut Memory) {
        memory.gibbs.resize(self.rows * padded(self.columns));
    }

    #[inline(always)]
    fn fill<S: Simd>(&self, inv_eps: f32, f: &[f32], g: &[f32], memory: &mut Memory) {
        dense::fill::<S>(&self.cost, f, g, inv_eps, &mut memory.gibbs);
    }

    #[inline(always)]
    fn softmin_rows<S: Simd>(
        &self,
        inv_eps: f32,
        targets: LogInput<'_>,
        _: &mut Memory,
        out: LogOutput<'_>,
    ) {
        let input = (targets.hi, targets.log);
        dense::softmin_rows::<S>(&self.cost, input, inv_eps, (out.hi, out.log));
    }

    #[inline(always)]
    fn softmin_columns<S: Simd>(
        &self,
        inv_eps: f32,
        sources: LogInput<'_>,
        _: &mut Memory,
        out: LogOutput<'_>,
    ) {
        let input = (sources.hi, sources.log);
        dense::softmin_columns::<S>(&self.cost, input, inv_eps, (out.hi, out.log));
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
