//! Optical flow between two frame pyramids, forward and backward, solved from coarse to fine.

mod field;
mod level;
mod plan;
mod refine;
mod residual;
mod tile;
mod tile_mask;
mod votes;

pub(crate) use field::{Field, upsampled};
pub use field::{Motion, MotionField};
pub use plan::{Iterations, SolvePlan, level_count};

use crate::frame_pyramid::FramePyramid;
use crate::probe::{Probe, Side, View};
use level::LevelSolver;
use otinterp_simd::Level as Cpu;
use std::sync::Arc;

/// The optical flow between two pictures whose pyramids are those of the plan, by the plan's cells. Of pyramids that nobody
/// else holds the planes of the finest level are left.
pub fn solve(
    cpu: Cpu,
    [first, second]: &mut [Arc<FramePyramid>; 2],
    plan: &SolvePlan,
    probe: &dyn Probe,
) -> Motion {
    let finest = first.finest();
    let mut fields: Option<[Field; 2]> = None;
    for n in (0..first.levels().len()).rev() {
        let quantized = first.take_quantized(n).zip(second.take_quantized(n));
        let (a, b) = (&first.levels()[n], &second.levels()[n]);
        let solver = LevelSolver {
            cpu,
            level: finest + n,
            coarsest: fields.is_none(),
            plan,
            probe,
        };
        let prediction = match fields {
            None => [Field::zeros(a.dim()), Field::zeros(a.dim())],
            Some(coarser) => finer(coarser, a.dim()),
        };
        let solved = solver.solve([a, b], quantized, prediction);
        for (field, side) in solved.iter().zip([Side::First, Side::Second]) {
            probe.motion(solver.place(View::Motion, side), &field.dx, &field.dy);
        }
        fields = Some(solved);
    }
    let mut fields = fields.unwrap_or_else(|| [(); 2].map(|()| Field::zeros(first.full_dim())));
    let cells = usize::from(plan.cell_log2);
    for level in (cells..finest).rev() {
        fields = finer(fields, level_dim(first.full_dim(), level));
    }
    let [forward, backward] =
        fields.map(|field| MotionField::of_level(field, finest.min(cells), plan.cell_log2));
    Motion { forward, backward }
}

/// The fields of the next finer level, of size `dim`.
fn finer(fields: [Field; 2], dim: (usize, usize)) -> [Field; 2] {
    let [forward, backward] = &fields;
    rayon::join(|| forward.doubled(dim), || backward.doubled(dim)).into()
}

/// Size of a level.
fn level_dim((height, width): (usize, usize), level: usize) -> (usize, usize) {
    (height.div_ceil(1 << level), width.div_ceil(1 << level))
}
