//! Variational refinement of an optical flow field, to a fraction of a pixel.
//!
//! Minimises, over `w = (u, v)`, by fixed-point iteration and red-black successive over-relaxation,
//!
//! ```text
//! E(w) = ∫ δ·ψ(|brightness residual|²) + γ·ψ(|gradient residual|²) + α·ψ(|∇u|² + |∇v|²),   ψ(s²) = sqrt(s² + ε²)
//! ```
//! (Brox, Bruhn, Papenberg, Weickert, *High accuracy optical flow estimation based on a theory for
//! warping*, 2004, with the residuals normalised by their gradients as in Zimmer, Bruhn, Weickert,
//! *Optic flow in harmony*, 2011, and the settings of Kroeger et al., *Fast optical flow using dense
//! inverse search*, 2016.) Grey levels are on the scale 0…255, which the weights are made for.

mod derivatives;
mod energy;
mod relax;
mod rows;
mod strip;
mod system;
#[cfg(test)]
mod tests;
mod warp;

use super::field::Field;
use super::plan::Iterations;
use crate::picture::{Plane, samples_mut, sampling::Grid};
use otinterp_simd::Level as Cpu;
use rayon::prelude::*;
use std::cell::RefCell;
use strip::{Part, RefineStrip, Scratch, Span};

/// Columns of a strip at most, halo not counted (measured: 480 costs about 10 % more with the settings of `balanced`, 320 about 20 %).
const MOST_COLUMNS: usize = 640;
/// Columns that a strip should have at least: its halos are 28 wide with those settings.
const LEAST_COLUMNS: usize = 160;

thread_local! {
    /// Memory of this thread's strips.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Refines `field`, the displacements from `source` to `target` (luma, white at 1).
///
/// The picture is cut into strips of columns with halos as wide as a result looks, so what a pixel becomes does not
/// depend on the cut: `threads` says only how many work on it.
pub fn refine(
    cpu: Cpu,
    mut field: Field,
    [source, target]: [&Plane; 2],
    iterations: Iterations,
    threads: usize,
) -> Field {
    let (source, target) = (Grid::new(source), Grid::new(target));
    let columns = columns(source.width, threads);
    for _ in 0..iterations.warps {
        warp(cpu, &mut field, source, target, iterations, columns);
    }
    field
}

/// Width of the strips: as many for every thread where they are not too narrow for that.
fn columns(width: usize, threads: usize) -> usize {
    let strips = width.div_ceil(MOST_COLUMNS).next_multiple_of(threads);
    width.div_ceil(strips.min(width.div_ceil(LEAST_COLUMNS)))
}

/// One warp, in strips of at most `columns` columns.
fn warp(
    cpu: Cpu,
    field: &mut Field,
    source: Grid<'_>,
    target: Grid<'_>,
    iterations: Iterations,
    columns: usize,
) {
    let spans = spans(source.width, columns, iterations.reach_px());
    parts(field, &spans)
        .par_iter_mut()
        .zip(&spans)
        .for_each(|(part, &span)| {
            SCRATCH.with_borrow_mut(|scratch| {
                cpu.run(RefineStrip {
                    source,
                    target,
                    span,
                    part,
                    iterations,
                    scratch,
                });
            });
        });
}

/// Strips of about equal width.
fn spans(width: usize, columns: usize, reach: usize) -> Vec<Span> {
    let core = width.div_ceil(width.div_ceil(columns)).next_multiple_of(2);
    (0..width)
        .step_by(core)
        .map(|first| {
            let start = first.saturating_sub(reach);
            let end = (first + core).min(width);
            Span {
                start,
                left: first - start,
                core: end - first,
                right: (end + reach).min(width) - end,
            }
        })
        .collect()
}

/// The strips' parts of a field.
fn parts<'a>(field: &'a mut Field, spans: &[Span]) -> Vec<Part<'a>> {
    let width = field.dx.ncols();
    let mut parts: Vec<Part<'a>> = spans
        .iter()
        .map(|_| Part {
            core: Default::default(),
            left: Default::default(),
            right: Default::default(),
        })
        .collect();
    for (axis, plane) in [&mut field.dx, &mut field.dy].into_iter().enumerate() {
        for row in samples_mut(plane).chunks_exact_mut(width) {
            for (part, span) in parts.iter_mut().zip(spans) {
                let core = span.start + span.left;
                part.left[axis].extend_from_slice(&row[span.start..core]);
                part.right[axis].extend_from_slice(&row[core + span.core..][..span.right]);
            }
            let mut rest = row;
            for (part, span) in parts.iter_mut().zip(spans) {
                let (core, behind) = rest.split_at_mut(span.core);
                part.core[axis].push(core);
                rest = behind;
            }
        }
    }
    parts
}
