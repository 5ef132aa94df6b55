//! A row of blocks at time t: sampled along one motion where one is enough, else the weighted mean along all candidates.

use super::blocks::{BLOCK_PX, Blocks, HALF_BLOCK};
use super::candidates::{Candidate, Candidates};
use super::mixed::{MOST_BLOCKS, Mixed};
use super::photometric::PhotometricError;
use super::planes::{Pair, Planes};
use super::single;
use crate::picture::{Picture, Plane, samples_mut};
use otinterp_simd::Level as Cpu;
use rayon::prelude::*;

/// Renders all planes of `out`.
///
/// Returns the photometric error along the best candidate, at half size: the mean around a sample of the
/// difference, summed over three channels in `[0, 1]`.
pub fn render(
    cpu: Cpu,
    candidates: &Candidates,
    photometric: &PhotometricError,
    pair: &Pair<'_>,
    out: &mut Picture,
) -> Plane {
    let format = out.format();
    let planes = Planes::of(pair);
    let dim = planes.dim;
    let mut bands: Vec<Vec<&mut [f32]>> = Vec::new();
    bands.resize_with(dim.0.div_ceil(BLOCK_PX), Vec::new);
    for (index, plane) in out.planes_mut().iter_mut().enumerate() {
        let rows = (BLOCK_PX >> format.plane_shift(index).0) * plane.ncols();
        for (band, chunk) in bands.iter_mut().zip(samples_mut(plane).chunks_mut(rows)) {
            band.push(chunk);
        }
    }
    let blocks = Blocks::of(
        &candidates.fields,
        dim,
        Candidate::reach_px(candidates.rings),
    );
    let mut errors = Plane::zeros(photometric.dim());
    bands
        .into_par_iter()
        .zip(samples_mut(&mut errors).par_chunks_mut(HALF_BLOCK * photometric.dim().1))
        .enumerate()
        .for_each_init(Scratch::default, |scratch, (row, (out, errors))| {
            scratch.one.clear();
            scratch.one.extend_from_slice(blocks.row(row));
            RenderBlocks {
                candidates,
                photometric,
                planes: &planes,
                row,
                scratch,
                errors,
                out,
            }
            .run(cpu);
        });
    errors
}

/// Memory that a band takes; one per thread, kept and used again.
#[derive(Default)]
struct Scratch {
    /// By block, whether one motion is enough; at first by the motion alone.
    one: Vec<bool>,
    mixed: Mixed,
}

struct RenderBlocks<'a> {
    candidates: &'a Candidates,
    photometric: &'a PhotometricError,
    planes: &'a Planes<'a>,
    /// Which row of blocks.
    row: usize,
    scratch: &'a mut Scratch,
    /// Its rows of the error along the best motion, at half size.
    errors: &'a mut [f32],
    /// Its rows of every plane.
    out: Vec<&'a mut [f32]>,
}

impl RenderBlocks<'_> {
    fn run(self, cpu: Cpu) {
        let Self {
            candidates,
            photometric,
            planes,
            row,
            scratch,
            errors,
            mut out,
        } = self;
        let Scratch { one, mixed } = scratch;
        let mut from = 0;
        while let Some(run) = next_run(one, &mut from) {
            if one[run.start] {
                let at = (row, run.start);
                single::render(cpu, candidates, planes, at, &mut one[run], errors, &mut out);
            }
        }
        from = 0;
        while let Some(run) = next_run(one, &mut from) {
            if !one[run.start] {
                let at = (row, run);
                mixed.render(cpu, (candidates, photometric), planes, at, errors, &mut out);
            }
        }
    }
}

/// The next blocks from `from` on that are alike, at most [`MOST_BLOCKS`].
fn next_run(one: &[bool], from: &mut usize) -> Option<std::ops::Range<usize>> {
    let start = *from;
    let first = one.get(start)?;
    let alike = one[start..].iter().take(MOST_BLOCKS);
    *from += alike.take_while(|o| *o == first).count();
    Some(start..*from)
}
