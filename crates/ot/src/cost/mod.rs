//! Costs, and the Gibbs kernels `K = exp(-c / eps)` that they give.
//!
//! | cost | support | memory | a product | stabilised by |
//! |---|---|---|---|---|
//! | [`Dense`] | every pair, `+∞` forbids one | `n·m` | `n·m` | absorption |
//! | [`Separable`] | every pair of two grids, `c = cy(y, y') + cx(x, x')` | two 1-D costs | `n·(w + h)` | logarithms |

mod dense;
mod gibbs;
mod layout;
mod range;
mod separable;

pub use dense::Dense;
pub use gibbs::{GibbsKernel, LogInput, LogOutput, Memory};
pub use layout::Layout;
pub use range::{Quantum, Range};
pub use separable::Separable;
