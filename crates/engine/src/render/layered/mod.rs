//! Renderer by layers: the motions of both pictures' layers at time t, composited by visibility and order of depth.

mod calm;
mod gate;
mod overlap;
mod slots;
mod still;
mod weigh;

use crate::frame_pyramid::PyramidLevel;
use crate::layers::{Cells, LayerMaps, Layers, Outer, Paths, layers};
use crate::motion::{Motion, MotionField};
use crate::picture::{Picture, Plane};
use crate::probe::{Place, Probe, Side, View};
use crate::render::cells::candidates::Candidates;
use crate::render::cells::errors::Both;
use crate::render::cells::lists::{Listed, Lists, MOST, room};
use crate::render::cells::photometric::FallbackMap;
use crate::render::cells::rows;
use crate::timings::{Stage, stage};
use calm::Sources;
use otinterp_simd::{Kernel, Level as Cpu, Simd};
use rayon::prelude::*;
use slots::{Landing, Slots};
use std::sync::Arc;
use still::Stands;
use weigh::Weigher;

/// Rows of cells that one task weighs.
const BAND_ROWS: usize = 16;
/// Rows more on either side, in which motions are sought around a cell.
const MARGIN_ROWS: usize = 2;

/// Up to this value of the fallback map nothing is cross-faded: layers that fit here and there look better than ghosts of both pictures.
const EXPLAINED_IN_PART: f32 = 0.8;

/// A motion between two pictures, by layers, ready to be rendered at any time.
#[derive(Debug)]
pub struct Renderer {
    cell_log2: u8,
    /// By cells, the second as bright as the first.
    levels: [Arc<PyramidLevel>; 2],
    cells: [Cells; 2],
    layers: [Arc<Layers>; 2],
    /// Where neighbouring frames tell that motion is not straight.
    paths: Option<Paths>,
    reaches: [Vec<[f32; 2]>; 2],
    sources: Sources,
    /// Of every cell.
    standing: Vec<Stands>,
    /// By the motion of either picture.
    fallback: [FallbackMap; 2],
}

impl Renderer {
    /// Of the motion between two pictures (premultiplied, if they have alpha); `levels` are theirs whose pixels are its cells, the second
    /// as bright as the first.
    pub fn new(
        cpu: Cpu,
        motion: Motion,
        pictures: [&Picture; 2],
        levels: [Arc<PyramidLevel>; 2],
    ) -> Self {
        let _stage = stage(Stage::Evidence);
        let cell_log2 = motion.forward.cell_log2;
        let [forward, backward] = [motion.forward, motion.backward].map(MotionField::into_cells);
        let [a, b] = levels.each_ref().map(Arc::as_ref);
        let fallback = rayon::join(
            || FallbackMap::of(cpu, &forward, a, b),
            || FallbackMap::of(cpu, &backward, b, a),
        );
        let cells = [Cells::of(a), Cells::of(b)];
        let layers = layers(
            cpu,
            [&cells[0], &cells[1]],
            [&forward, &backward],
            cell_log2,
        );
        let reaches = layers
            .each_ref()
            .map(|layers| slots::reach(layers, cells[0].width));
        let dim = [cells[0].width, cells[0].height];
        let standing = still::standing(cpu, pictures, cell_log2, dim);
        Self {
            cell_log2,
            sources: Sources::of(layers.each_ref(), &standing, dim),
            standing,
            levels,
            cells,
            layers: layers.map(Arc::new),
            paths: None,
            reaches,
            fallback: fallback.into(),
        }
    }

    /// Lets motions follow paths through the frames before and after, where these tell enough of them; straight ones without.
    pub fn follow(&mut self, outer: [Option<&Outer>; 2]) {
        let dim = [self.cells[0].width, self.cells[0].height];
        let cell_px = f32::from(1u8 << self.cell_log2);
        let layers = self.layers.each_ref().map(Arc::as_ref);
        self.paths = Paths::of(layers, outer, dim, cell_px);
    }

    /// Acceleration of the cells of either picture halfway, px per interval², and what the energy of their paths is more than that of straight
    /// ones, a mean, px²; none if all paths are straight.
    pub fn accelerations(&self) -> Option<[(MotionField, f64); 2]> {
        let paths = self.paths.as_ref()?;
        let bends = paths.bends(0.5);
        let px = f32::from(1u8 << self.cell_log2);
        let dim = (self.cells[0].height, self.cells[0].width);
        Some([0, 1].map(|side| {
            // A path is b(t) = -t(1-t)·L(t) from the straight one, L linear: halfway b'' = 2 L, and b = -L/4.
            let axis = |axis: usize| {
                let along = bends.of(side).map(|bend| -8.0 * px * bend[axis]);
                Plane::from_shape_vec(dim, along.collect()).unwrap_or_else(|_| Plane::zeros(dim))
            };
            let field = MotionField {
                cell_log2: self.cell_log2,
                dx: axis(0),
                dy: axis(1),
            };
            (field, f64::from(px * px) * paths.bending_energy(side))
        }))
    }

    /// What is known of the motion of the first picture to the second, or of the second to the first.
    pub fn layers(&self, side: usize) -> Arc<Layers> {
        Arc::clone(&self.layers[side])
    }

    /// Mean of the fallback map halfway.
    pub fn unexplained_share(&self) -> f32 {
        let [first, second] = &self.fallback;
        first.mixed(second, 0.5).mean()
    }

    /// The picture at `t` in `(0, 1)` between the two that it was made for, in whole code values unless it has alpha.
    pub fn at(
        &self,
        cpu: Cpu,
        [first, second]: [&Picture; 2],
        t: f32,
        probe: &dyn Probe,
    ) -> Picture {
        if probe.is_on() {
            self.report(probe);
        }
        let weighing = stage(Stage::Splat);
        let lists = self.lists(cpu, t, probe);
        drop(weighing);
        let judging = stage(Stage::Evidence);
        let fallback = self.fallback[0].mixed(&self.fallback[1], t);
        let fallback = fallback.beyond(EXPLAINED_IN_PART);
        let both = Both {
            t,
            pictures: self.levels.each_ref().map(Arc::as_ref),
        };
        let lists = self.in_px(lists);
        let candidates = Candidates::of(cpu, both, self.cell_log2.into(), lists, &fallback, probe);
        drop(judging);
        let mut out = first.alike();
        rows::render(cpu, &candidates, [first, second], &mut out);
        out
    }

    /// Gives a probe what is known of the layers of both pictures.
    fn report(&self, probe: &dyn Probe) {
        let level = self.cell_log2.into();
        for (n, side) in [Side::First, Side::Second].into_iter().enumerate() {
            let maps = LayerMaps::of(&self.cells[n], &self.layers[n], self.cell_log2);
            for (view, plane) in [
                (View::Visibility, &maps.visibility),
                (View::Order, &maps.order),
            ] {
                probe.plane(Place { view, side, level }, plane);
            }
        }
    }

    /// The lists of all cells, in px of the picture.
    fn lists(&self, cpu: Cpu, t: f32, probe: &dyn Probe) -> Vec<[Listed; MOST]> {
        let [width, height] = [self.cells[0].width, self.cells[0].height];
        let weigher = Weigher {
            pictures: self.cells.each_ref(),
            t,
            probe: probe.is_on().then_some(probe),
        };
        let layers = self.layers.each_ref().map(Arc::as_ref);
        let bends = self.paths.as_ref().map(|paths| paths.bends(t));
        let bends = bends.as_ref();
        let calm = self.sources.at(t, bends);
        let landing = Landing {
            layers,
            reaches: self.reaches.each_ref().map(Vec::as_slice),
            bends,
            width,
            t,
            calm: &calm,
        };
        let mut lists = room(width * height);
        let mut certain = overlap::room(width * height);
        lists
            .par_chunks_mut(BAND_ROWS * width)
            .zip(certain.par_chunks_mut(BAND_ROWS * width))
            .enumerate()
            .for_each_init(Slots::spare, |slots, (band, (lists, certain))| {
                let first = band * BAND_ROWS;
                let rows = first.saturating_sub(MARGIN_ROWS)
                    ..(first + BAND_ROWS + MARGIN_ROWS).min(height);
                slots.fill(&landing, rows);
                cpu.run(WeighCells {
                    weigher: &weigher,
                    landing: &landing,
                    slots,
                    first_row: first,
                    standing: &self.standing[first * width..],
                    lists,
                    certain,
                });
            });
        fill_holes(&mut lists, width, t);
        overlap::overlap(cpu, &weigher, &mut lists, certain, self.cell_log2);
        lists
    }

    /// The lists as the rows of a picture take them.
    fn in_px(&self, mut lists: Vec<[Listed; MOST]>) -> Lists {
        let px = f32::from(1u8 << self.cell_log2);
        for listed in lists.iter_mut().flatten() {
            listed.motion = listed.motion.map(|d| px * d);
            listed.bend = listed.bend.map(|d| px * d);
        }
        Lists::new(self.cells[0].width, lists)
    }
}

/// Some rows of cells, from `first_row` on.
struct WeighCells<'a> {
    weigher: &'a Weigher<'a>,
    landing: &'a Landing<'a>,
    slots: &'a Slots,
    first_row: usize,
    standing: &'a [Stands],
    lists: &'a mut [[Listed; MOST]],
    certain: &'a mut [f32],
}

impl Kernel for WeighCells<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let cells = self.lists.iter_mut().zip(self.certain).zip(self.standing);
        let Landing {
            layers,
            bends,
            width,
            t,
            calm,
            ..
        } = *self.landing;
        for (n, ((list, certain), &stands)) in cells.enumerate() {
            let at = (n % width, self.first_row + n / width);
            let stays = stands == Stands::Wholly;
            if let Some(about) = calm.motion(at) {
                *list = if stays {
                    Listed::still(t)
                } else {
                    calm::list(layers, bends, width, t, at, about)
                };
                *certain = 1.0;
            } else {
                let found = self.weigher.list(self.slots, at, stays);
                *list = found.unwrap_or_default();
                *certain = if stays { 1.0 } else { self.slots.certain(at) };
            }
            if stands == Stands::InPart {
                weigh::may_stand(list, t);
            }
        }
    }
}

/// Gives cells where nothing landed the mean motion of their neighbours, ring by ring.
fn fill_holes(lists: &mut [[Listed; MOST]], width: usize, t: f32) {
    let is_hole = |list: &[Listed; MOST]| list[0].weight == 0.0;
    let mut holes: Vec<usize> = (0..lists.len()).filter(|&at| is_hole(&lists[at])).collect();
    let height = lists.len() / width;
    if holes.len() == lists.len() {
        lists.fill(Listed::still(t));
        return;
    }
    while !holes.is_empty() {
        let mut filled = Vec::new();
        for &at in &holes {
            let (x, y) = (at % width, at / width);
            let (mut sum, mut count) = ([0.0; 4], 0.0);
            for row in y.saturating_sub(1)..(y + 2).min(height) {
                for column in x.saturating_sub(1)..(x + 2).min(width) {
                    let list = &lists[row * width + column];
                    if !is_hole(list) {
                        let Listed {
                            motion: [dx, dy],
                            bend: [bx, by],
                            ..
                        } = list[0];
                        for (sum, value) in sum.iter_mut().zip([dx, dy, bx, by]) {
                            *sum += value;
                        }
                        count += 1.0;
                    }
                }
            }
            if count > 0.0 {
                filled.push((at, sum.map(|sum| sum / count)));
            }
        }
        for &(at, [dx, dy, bx, by]) in &filled {
            lists[at] = Listed::alone([dx, dy], [bx, by], t);
        }
        holes.retain(|&at| is_hole(&lists[at]));
    }
}
