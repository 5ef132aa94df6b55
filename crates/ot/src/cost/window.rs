//! A cost whose support is a window around every source.

use super::{GibbsKernel, Layout, LogInput, LogOutput, Memory, Range};
use crate::Error;
use crate::kernel::window::{self, Stencil};
use crate::kernel::{FORBIDDEN, LANES, Update, padded};
use otinterp_simd::{Buffer, Simd};

/// Sources on a grid, targets on a grid that is wider by `radius` on every side; source `(y, x)` with
/// offset `(oy, ox)`, both in `0..=2·radius`, goes to target `(y + oy, x + ox)`. Offset
/// `(radius, radius)` is its own place.
#[derive(Debug, Clone)]
pub struct Window {
    width: usize,
    stencil: Stencil,
    /// `[problem][offset][stored source]`, forbidden pairs and padding [`FORBIDDEN`].
    cost: Buffer,
    ranges: Vec<Range>,
}

impl Window {
    /// Costs of one problem or several, `[problem][offset][source]`, `+∞` where mass may not go.
    ///
    /// # Errors
    /// An empty grid, a wrong length, or a cost that is NaN, `-∞` or beyond `±1e20`.
    pub fn new(height: usize, width: usize, radius: usize, cost: &[f32]) -> Result<Self, Error> {
        if height == 0 || width == 0 {
            return Err(Error::Empty);
        }
        let pitch = padded(width);
        let stencil = Stencil {
            height,
            pitch,
            radius,
            // More than the sources: at a stride of a power of two all offsets of a source would fall into one
            // set of the cache.
            cost_stride: height * pitch + LANES,
        };
        let size = stencil.offsets() * height * width;
        if cost.is_empty() || !cost.len().is_multiple_of(size) {
            return Err(Error::Length {
                what: "cost",
                expected: size,
                found: cost.len(),
            });
        }
        let problem_len = stencil.offsets() * stencil.cost_stride;
        let mut stored = Buffer::zeros(cost.len() / size * problem_len);
        stored.fill(FORBIDDEN);
        let mut ranges = Vec::with_capacity(cost.len() / size);
        let problems = cost.chunks_exact(size);
        for (cost, stored) in problems.zip(stored.chunks_exact_mut(problem_len)) {
            let range = Range::of(cost.iter().copied())?;
            let quantum = range.quantum();
            for (row, cost) in cost.chunks_exact(width).enumerate() {
                let at = row / height * stencil.cost_stride + row % height * pitch;
                for (s, &c) in stored[at..].iter_mut().zip(cost) {
                    if c != f32::INFINITY {
                        *s = quantum.round(f64::from(c));
                    }
                }
            }
            ranges.push(range);
        }
        Ok(Self {
            width,
            stencil,
            cost: stored,
            ranges,
        })
    }

    /// Half width of the window.
    pub fn radius(&self) -> usize {
        self.stencil.radius
    }

    #[inline(always)]
    fn stored(&self, problem: usize) -> &[f32] {
        let size = self.stencil.offsets() * self.stencil.cost_stride;
        &self.cost[problem * size..][..size]
    }

    /// The stored cost of an offset and a source.
    fn stored_cost(&self, problem: usize, (oy, ox): (usize, usize), source: usize) -> f32 {
        let offset = oy * self.stencil.diameter() + ox;
        self.stored(problem)[offset * self.stencil.cost_stride + self.sources().at(source)]
    }

    fn place(&self, source: usize) -> (usize, usize) {
        (source / self.width, source % self.width)
    }
}

impl GibbsKernel for Window {
    const ABSORBS: bool = true;

    #[inline(always)]
    fn sources(&self) -> Layout {
        Layout {
            height: self.stencil.height,
            width: self.width,
            pitch: self.stencil.pitch,
        }
    }

    #[inline(always)]
    fn targets(&self) -> Layout {
        Layout {
            height: self.stencil.target_height(),
            width: self.width + 2 * self.stencil.radius,
            pitch: self.stencil.target_pitch(),
        }
    }

    fn problems(&self) -> Option<usize> {
        Some(self.ranges.len())
    }

    fn cost(&self, problem: usize, source: usize, target: usize) -> f32 {
        let targets = self.targets();
        let (y, x) = self.place(source);
        let (ty, tx) = (target / targets.width, target % targets.width);
        let d = self.stencil.diameter();
        let offset = (ty.wrapping_sub(y), tx.wrapping_sub(x));
        if offset.0 >= d || offset.1 >= d {
            return f32::INFINITY;
        }
        let c = self.stored_cost(problem, offset, source);
        if c < FORBIDDEN { c } else { f32::INFINITY }
    }

    fn range(&self, problem: usize) -> Range {
        self.ranges[problem]
    }

    fn visit_row(&self, problem: usize, source: usize, mut visit: impl FnMut(usize, f32)) {
        let (y, x) = self.place(source);
        let (d, width) = (self.stencil.diameter(), self.targets().width);
        for oy in 0..d {
            for ox in 0..d {
                let c = self.stored_cost(problem, (oy, ox), source);
                if c < FORBIDDEN {
                    visit((y + oy) * width + x + ox, c);
                }
            }
        }
    }

    fn visit_column(&self, problem: usize, target: usize, mut visit: impl FnMut(usize, f32)) {
        let width = self.targets().width;
        let (ty, tx) = (target / width, target % width);
        let reach = 2 * self.stencil.radius;
        for y in ty.saturating_sub(reach)..=ty.min(self.stencil.height - 1) {
            for x in tx.saturating_sub(reach)..=tx.min(self.width - 1) {
                let source = y * self.width + x;
                let c = self.stored_cost(problem, (ty - y, tx - x), source);
                if c < FORBIDDEN {
                    visit(source, c);
                }
            }
        }
    }

    fn is_complete(&self, _: usize) -> bool {
        false
    }

    fn allocate(&self, memory: &mut Memory) {
        let s = self.stencil;
        memory.gibbs.resize(s.kernel_len());
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
        let cost = self.stored(problem);
        window::fill::<S>(self.stencil, cost, f, g, inv_eps, &mut memory.gibbs);
    }

    #[inline(always)]
    fn apply<S: Simd>(&self, memory: &mut Memory, v: &[f32], out: &mut [f32]) {
        window::apply::<S>(self.stencil, &memory.gibbs, v, out);
    }

    #[inline(always)]
    fn apply_transposed<S: Simd>(&self, memory: &mut Memory, u: &[f32], out: &mut [f32]) {
        window::apply_transposed::<S>(self.stencil, &memory.gibbs, u, out);
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
        let results = (u, row_sum, column_sum);
        window::sweep::<S>(self.stencil, &memory.gibbs, v, update, results)
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
        let (cost, input) = (self.stored(problem), (targets.hi, targets.log));
        window::softmin_rows::<S>(self.stencil, cost, input, inv_eps, (out.hi, out.log));
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
        let (cost, input) = (self.stored(problem), (sources.hi, sources.log));
        window::softmin_columns::<S>(self.stencil, cost, input, inv_eps, (out.hi, out.log));
    }
}
