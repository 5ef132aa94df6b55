//! The Gibbs kernel `K = exp(-c / eps)` of a cost: its products and its soft minima.

use super::layout::Layout;
use super::range::Range;
use crate::kernel::Update;
use otinterp_simd::{Buffer, Simd};

/// Memory of one problem: its Gibbs kernel and what products need in between.
#[derive(Debug, Default)]
pub struct Memory {
    /// The Gibbs kernel, as the cost lays it out.
    pub gibbs: Buffer,
    /// Intermediate sums.
    pub scratch: Buffer,
}

/// Potentials going into a soft minimum: `hi` in units of cost, weights as logarithms.
#[derive(Debug, Clone, Copy)]
pub struct LogInput<'a> {
    /// Potentials, multiples of the cost's [`Quantum`](super::Quantum); `-FORBIDDEN` for points without mass.
    pub hi: &'a [f32],
    /// Logarithms of the weights.
    pub log: &'a [f32],
}

/// Soft minima: `hi + eps·log` is the log-sum-exp (see [`kernel`](crate::kernel)).
#[derive(Debug)]
pub struct LogOutput<'a> {
    /// Hard maxima.
    pub hi: &'a mut [f32],
    /// The soft rest.
    pub log: &'a mut [f32],
}

/// A cost with its Gibbs kernel: products for the scaling form, soft minima for the log form.
///
/// Point indices are row-major and without padding; slices of values per point are stored by [`Layout`].
pub trait GibbsKernel: Sync {
    /// Whether potentials can be absorbed into the kernel.
    const ABSORBS: bool;

    /// How values per source are stored.
    fn sources(&self) -> Layout;
    /// How values per target are stored.
    fn targets(&self) -> Layout;
    /// The cost of a pair as it is stored (see [`Quantum`](super::Quantum)), `+∞` outside the support.
    fn cost(&self, source: usize, target: usize) -> f32;
    /// Least and largest finite cost.
    fn range(&self) -> Range;
    /// Calls `visit(target, cost)` for the support of a source.
    fn visit_row(&self, source: usize, visit: impl FnMut(usize, f32));
    /// Calls `visit(source, cost)` for the support of a target.
    fn visit_column(&self, target: usize, visit: impl FnMut(usize, f32));

    /// Whether every pair is in the support.
    fn is_complete(&self) -> bool;

    /// Sizes the memory.
    fn allocate(&self, memory: &mut Memory);
    /// `K_ij = exp((f_i + g_j - c_ij) / eps)`. Without [`Self::ABSORBS`] `f` and `g` must be 0.
    fn fill<S: Simd>(&self, inv_eps: f32, f: &[f32], g: &[f32], memory: &mut Memory);
    /// Per source, over the targets.
    fn softmin_rows<S: Simd>(
        &self,
        inv_eps: f32,
        targets: LogInput<'_>,
        memory: &mut Memory,
        out: LogOutput<'_>,
    );
    /// Per target, over the sources.
    fn softmin_columns<S: Simd>(
        &self,
        inv_eps: f32,
        sources: LogInput<'_>,
        memory: &mut Memory,
        out: LogOutput<'_>,
    );

    /// `row_sum = K v`, `u = update(row_sum)`, `column_sum = K^T u`. Returns what the update measures.
    fn sweep<S: Simd>(
        &self,
        memory: &mut Memory,
        v: &[f32],
        update: &Update<'_>,
        u: &mut [f32],
        row_sum: &mut [f32],
        column_sum: &mut [f32],
    ) -> f32;
}
