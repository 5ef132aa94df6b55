//! Costs, and the Gibbs kernels `K = exp(-c / eps)` that they give.
//!
//! | cost | support | memory | a product | stabilised by |
//! |---|---|---|---|---|
//! | [`Dense`] | every pair, `+∞` forbids one | `n·m` | `n·m` | absorption |
//! | [`Window`] | targets within a window of the source's place | `n·offsets` | `n·offsets` | absorption |
//! | [`Separable`] | every pair of two grids, `c = cy(y, y') + cx(x, x')` | two 1-D costs | `n·(w + h)` | logarithms |

mod dense;
mod separable;
mod window;

pub use dense::Dense;
pub use separable::Separable;
pub use window::Window;

use super::Error;
use super::kernel::{MAX_COST, Update, padded};
use otinterp_simd::{Buffer, Simd};

/// How a vector of values per point is stored: rows of `width` points every `pitch` values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Rows.
    pub height: usize,
    /// Points in a row.
    pub width: usize,
    /// Stored length of a row.
    pub pitch: usize,
}

impl Layout {
    /// Number of points.
    pub fn points(self) -> usize {
        self.height * self.width
    }

    /// Stored length of the whole vector, a multiple of [`LANES`](super::kernel::LANES).
    pub fn stored(self) -> usize {
        padded(self.height * self.pitch)
    }

    /// Where point `index` is stored.
    #[inline(always)]
    pub fn at(self, index: usize) -> usize {
        index / self.width * self.pitch + index % self.width
    }

    /// Spreads values of points into a stored vector; padding is left as it is.
    pub fn store<T: Copy>(self, values: &[T], stored: &mut [T]) {
        for (row, values) in values.chunks_exact(self.width).enumerate() {
            stored[row * self.pitch..][..self.width].copy_from_slice(values);
        }
    }

    /// The values of the points in a stored vector.
    pub fn load<T: Copy>(self, stored: &[T]) -> Vec<T> {
        (0..self.height)
            .flat_map(|row| &stored[row * self.pitch..][..self.width])
            .copied()
            .collect()
    }
}

/// The step to which costs and absorbed potentials are rounded, a power of two.
///
/// With all of them whole multiples of a step that is `2^-23` of the largest cost or more, sums and
/// differences such as `f + g - c` are exact in `f32`, and so is the exponent `(f + g - c) / eps` of an
/// entry that matters (a small difference of large numbers). Without it `eps` = 10^-4 of the
/// cost's range would leave every entry of the plan an error of some 10^-3. The rounding moves
/// costs by at most `2^-23` of the largest, as much as `f32` itself does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantum(f64);

impl Quantum {
    /// For costs of at most this magnitude.
    pub fn for_largest(magnitude: f32) -> Self {
        if magnitude == 0.0 {
            return Self(f64::from(f32::MIN_POSITIVE));
        }
        Self((f64::from(magnitude).log2().floor() - 22.0).exp2())
    }

    /// The nearest multiple.
    #[inline]
    pub fn round(self, x: f64) -> f32 {
        ((x / self.0).round() * self.0) as f32
    }
}

/// Least and largest finite cost of a problem.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Least.
    pub min: f32,
    /// Largest.
    pub max: f32,
}

impl Range {
    /// `max - min`.
    pub fn extent(self) -> f32 {
        self.max - self.min
    }

    /// The step that costs of this range are rounded to.
    pub fn quantum(self) -> Quantum {
        Quantum::for_largest(self.min.abs().max(self.max.abs()))
    }

    /// Of the finite costs; `0..0` if there are none.
    ///
    /// # Errors
    /// NaN, `-∞` and magnitudes above [`MAX_COST`] are none.
    pub(crate) fn of(costs: impl Iterator<Item = f32>) -> Result<Self, Error> {
        let mut range = Self {
            min: f32::INFINITY,
            max: f32::NEG_INFINITY,
        };
        for (index, c) in costs.enumerate() {
            if c.is_nan() || c < -MAX_COST || (c > MAX_COST && c != f32::INFINITY) {
                return Err(Error::Cost { index, value: c });
            }
            if c != f32::INFINITY {
                range.min = range.min.min(c);
                range.max = range.max.max(c);
            }
        }
        if range.min > range.max {
            return Ok(Self { min: 0.0, max: 0.0 });
        }
        Ok(range)
    }
}

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
    /// Potentials, multiples of the problem's [`Quantum`]; `-FORBIDDEN` for points without mass.
    pub hi: &'a [f32],
    /// Logarithms of the weights.
    pub log: &'a [f32],
}

/// Soft minima: `hi + eps·log` is the log-sum-exp (see [`kernel`](super::kernel)).
#[derive(Debug)]
pub struct LogOutput<'a> {
    /// Hard maxima.
    pub hi: &'a mut [f32],
    /// The soft rest.
    pub log: &'a mut [f32],
}

/// A cost with its Gibbs kernel: products for the scaling form, soft minima for the log form.
///
/// One value serves a batch of independent problems of one shape. Point indices are row-major and
/// without padding; slices of values per point are stored by [`Layout`].
pub trait GibbsKernel: Sync {
    /// Whether potentials can be absorbed into the kernel.
    const ABSORBS: bool;

    /// How values per source are stored.
    fn sources(&self) -> Layout;
    /// How values per target are stored.
    fn targets(&self) -> Layout;
    /// Number of problems for which there are costs; `None` if one cost serves any number.
    fn problems(&self) -> Option<usize>;
    /// The cost of a pair as it is stored (see [`Quantum`]), `+∞` outside the support.
    fn cost(&self, problem: usize, source: usize, target: usize) -> f32;
    /// Least and largest finite cost.
    fn range(&self, problem: usize) -> Range;
    /// Calls `visit(target, cost)` for the support of a source.
    fn visit_row(&self, problem: usize, source: usize, visit: impl FnMut(usize, f32));
    /// Calls `visit(source, cost)` for the support of a target.
    fn visit_column(&self, problem: usize, target: usize, visit: impl FnMut(usize, f32));

    /// Whether every pair of a problem is in the support.
    fn is_complete(&self, problem: usize) -> bool;

    /// Sizes the memory.
    fn allocate(&self, memory: &mut Memory);
    /// `K_ij = exp((f_i + g_j - c_ij) / eps)`. Without [`Self::ABSORBS`] `f` and `g` must be 0.
    fn fill<S: Simd>(
        &self,
        problem: usize,
        inv_eps: f32,
        f: &[f32],
        g: &[f32],
        memory: &mut Memory,
    );
    /// `out = K v`.
    fn apply<S: Simd>(&self, memory: &mut Memory, v: &[f32], out: &mut [f32]);
    /// `out = K^T u`.
    fn apply_transposed<S: Simd>(&self, memory: &mut Memory, u: &[f32], out: &mut [f32]);
    /// Per source, over the targets.
    fn softmin_rows<S: Simd>(
        &self,
        problem: usize,
        inv_eps: f32,
        targets: LogInput<'_>,
        memory: &mut Memory,
        out: LogOutput<'_>,
    );
    /// Per target, over the sources.
    fn softmin_columns<S: Simd>(
        &self,
        problem: usize,
        inv_eps: f32,
        sources: LogInput<'_>,
        memory: &mut Memory,
        out: LogOutput<'_>,
    );

    /// `row_sum = K v`, `u = update(row_sum)`, `column_sum = K^T u`; in one pass over the kernel
    /// where that is faster. Returns what the update measures.
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
}
