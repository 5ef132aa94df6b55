//! Sweeps of the coupling of a tile, and the check that its sums are right before their time is taken.

use crate::cases::weyl;
use crate::time::median_ns;
use otinterp_ot::tile::{Options, SIDE, SOURCES, Solution, Stencil};
use otinterp_simd::{Kernel, Level, Simd};

/// Unit of costs, which are within 0 and 0.2.
const COST_STEP: f32 = 2e-5;
/// Sweeps whose time is taken; what a solve does besides is taken off.
const SWEEPS: usize = 64;

/// Nanoseconds of a sweep with a window of diameter `D`.
pub fn sweep_ns<const D: usize>(level: Level) -> f64 {
    let costs = weyl(Stencil::<D>::OFFSETS * SOURCES);
    let mut tile = Tile::<D> {
        costs: costs.iter().map(|c| (0.2 / COST_STEP * c) as u16).collect(),
        shifted: vec![0; costs.len()],
        solution: Solution::new(),
    };
    level.run(Solve(&mut tile, SWEEPS));
    tile.check();
    let [short, long] =
        [1, 1 + SWEEPS].map(|sweeps| median_ns(|| level.run(Solve(&mut tile, sweeps))));
    (long - short) / SWEEPS as f64
}

struct Tile<const D: usize> {
    costs: Vec<u16>,
    /// A solve takes each source's least cost off.
    shifted: Vec<u16>,
    solution: Solution<D>,
}

impl<const D: usize> Tile<D> {
    /// Compares the row sums with the definition in `f64`, for some sources.
    fn check(&self) {
        for source in (0..SOURCES).step_by(SOURCES / 7) {
            let terms = (0..D * D).map(|offset| {
                let (y, x) = (source / SIDE + offset / D, source % SIDE + offset % D);
                let v = self.solution.v[y * Stencil::<D>::TARGET_SIDE + x];
                f64::from(self.solution.kernel_at(offset, source)) * f64::from(v)
            });
            let (truth, got) = (terms.sum::<f64>(), f64::from(self.solution.row_sum[source]));
            assert!(
                (got - truth).abs() < 1e-5 * truth,
                "row {source}: {got} is not {truth}"
            );
        }
    }
}

struct Solve<'a, const D: usize>(&'a mut Tile<D>, usize);

impl<const D: usize> Kernel for Solve<'_, D> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let tile = self.0;
        let options = Options {
            eps: 0.01,
            rho: 0.05,
            sweeps: self.1,
            v_max: 50.0,
        };
        tile.shifted.copy_from_slice(&tile.costs);
        let masses = (&[1.0; SOURCES][..], &vec![1.0; Stencil::<D>::TARGETS][..]);
        tile.solution
            .solve::<S>(&mut tile.shifted, COST_STEP, masses, &options);
    }
}
