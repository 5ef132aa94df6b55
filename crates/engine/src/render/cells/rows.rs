//! Rows of the picture at time t: both pictures warped along the motions of cells, and blended.

use super::candidates::Candidates;
use super::lists::Lists;
use super::mix::{Among, Mixed, Rows};
use super::operations::{FADES, LEANS, MIXES, MOVES, Plan, kinds, plan};
use super::pixels::{Pixels, blended};
use super::places::Lines;
use super::widen::{Ends, MOST_ROWS, in_cells, padded};
use crate::motion::Field;
use crate::picture::{Picture, codes, samples_mut, sampling::Grid};
use otinterp_simd::partial::store;
use otinterp_simd::{Kernel, LANES, Level as Cpu, Number, Simd};
use rayon::prelude::*;

/// Rows of the picture that one task makes.
const BAND_ROWS: usize = 16;

/// Difference of both pictures along a motion that halves its weight at a pixel, as a share of full scale.
const USUAL_ERROR: f32 = 12.0 / 255.0;

/// Planes of one size of both pictures.
struct Group<'a> {
    firsts: Vec<Grid<'a>>,
    seconds: Vec<Grid<'a>>,
    /// Their places among all planes.
    indices: Vec<usize>,
    /// How often they are halved, along y and x: alike in all.
    shift: (u8, u8),
}

/// Renders all planes of `out` from two pictures of its format and size: in whole code values, unless it has alpha.
pub fn render(
    cpu: Cpu,
    candidates: &Candidates,
    [first, second]: [&Picture; 2],
    out: &mut Picture,
) {
    let format = out.format();
    let (chroma, mut full): (Vec<usize>, Vec<usize>) =
        (0..format.plane_count()).partition(|&index| format.plane_shift(index) != (0, 0));
    let alpha = full.split_off(full.len() - usize::from(format.alpha));
    let groups: Vec<Group<'_>> = [full, chroma, alpha]
        .into_iter()
        .filter(|indices| !indices.is_empty())
        .map(|indices| Group {
            firsts: grids(first, &indices),
            seconds: grids(second, &indices),
            shift: format.plane_shift(indices[0]),
            indices,
        })
        .collect();
    let kinds = kinds(candidates);
    let mut bands: Vec<Vec<&mut [f32]>> = Vec::new();
    bands.resize_with(out.height().div_ceil(BAND_ROWS), Vec::new);
    for (index, plane) in out.planes_mut().iter_mut().enumerate() {
        let rows = (BAND_ROWS >> format.plane_shift(index).0) * plane.ncols();
        for (band, chunk) in bands.iter_mut().zip(samples_mut(plane).chunks_mut(rows)) {
            band.push(chunk);
        }
    }
    bands
        .into_par_iter()
        .enumerate()
        .for_each_init(Scratch::default, |scratch, (n, mut out)| {
            for group in &groups {
                let rows = RenderRows {
                    candidates,
                    kinds: &kinds,
                    group,
                    first_row: (n * BAND_ROWS) >> group.shift.0,
                    scratch,
                    max_code: (!format.alpha).then(|| format.max_code()),
                    usual_error: USUAL_ERROR * format.max_code(),
                    out: &mut out,
                };
                rows.run(cpu);
            }
        });
}

fn grids<'a>(picture: &'a Picture, indices: &[usize]) -> Vec<Grid<'a>> {
    let planes = indices.iter().map(|&index| &picture.planes()[index]);
    planes.map(Grid::new).collect()
}

/// Memory for the rows of pixels between two rows of cells.
#[derive(Default)]
struct Scratch {
    /// Values of the cells above and below.
    cells: [CellRow; 2],
    /// For every vector of pixels.
    plans: Vec<Plan>,
    mixed: Mixed,
    /// For samples at the border.
    lines: Lines,
}

/// Values of a row of cells.
#[derive(Default)]
struct CellRow {
    /// dx and dy of the first motion, in px of the plane.
    motion: [Vec<f32>; 2],
    /// How far its path is from the straight one, likewise; empty if all are straight.
    bend: [Vec<f32>; 2],
    /// Share of the second picture along it.
    share: Vec<f32>,
    faded: Vec<f32>,
}

struct RenderRows<'a, 'b> {
    candidates: &'a Candidates,
    /// Of all cells.
    kinds: &'a [u8],
    group: &'a Group<'a>,
    /// In the planes of the group.
    first_row: usize,
    scratch: &'a mut Scratch,
    /// Values are rounded, up to this one.
    max_code: Option<f32>,
    usual_error: f32,
    out: &'a mut [&'b mut [f32]],
}

impl RenderRows<'_, '_> {
    fn run(self, cpu: Cpu) {
        match self.group.indices.len() {
            1 => cpu.run(OfPlanes::<1>(self)),
            2 => cpu.run(OfPlanes::<2>(self)),
            _ => cpu.run(OfPlanes::<3>(self)),
        }
    }
}

/// Rows of a group of so many planes.
struct OfPlanes<'a, 'b, const P: usize>(RenderRows<'a, 'b>);

impl<const P: usize> Kernel for OfPlanes<'_, '_, P> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        self.0.render::<S, P>();
    }
}

impl RenderRows<'_, '_> {
    #[inline(always)]
    fn render<S: Simd, const P: usize>(mut self) {
        let group = self.group;
        // There are P planes, as `run` found.
        let (Ok(firsts), Ok(seconds)) = (
            <&[Grid<'_>; P]>::try_from(&group.firsts[..]),
            <&[Grid<'_>; P]>::try_from(&group.seconds[..]),
        ) else {
            return;
        };
        let width = firsts[0].width;
        let rows = self.out[group.indices[0]].len() / width;
        let mut done = 0;
        while done < rows {
            let y = self.first_row + done;
            let count = group.rows_together(self.candidates, y).min(rows - done);
            let (mut at, fractions) =
                self.scratch
                    .prepare(self.candidates, self.kinds, [y, y + count], group, width);
            for block in 0..width.div_ceil(LANES) {
                let x = block * LANES;
                at.from = x / at.px;
                let band = Rows {
                    pixels: Pixels {
                        t: self.candidates.t,
                        pictures: [firsts, seconds],
                        y,
                        x,
                        columns: LANES.min(width - x),
                    },
                    fractions: &fractions[..count],
                    usual_error: self.usual_error,
                };
                let values = self
                    .scratch
                    .values::<S, P>(&band, &self.candidates.lists, &at, block);
                for (k, values) in values.iter().enumerate().take(count) {
                    let to = (done + k) * width + x;
                    self.put::<S, P>(values, to, band.pixels.columns);
                }
            }
            done += count;
        }
    }

    /// Writes a vector of pixels.
    #[inline(always)]
    fn put<S: Simd, const P: usize>(&mut self, values: &[S::V; P], to: usize, columns: usize) {
        for (&value, &index) in values.iter().zip(&self.group.indices) {
            let value = match self.max_code {
                Some(most) => rounded::<S>(value, most),
                None => value,
            };
            store::<S>(value, &mut self.out[index][to..][..columns]);
        }
    }
}

impl Group<'_> {
    /// Where row `y` of the planes stands, in cells of the picture.
    #[inline(always)]
    fn row_in_cells(&self, candidates: &Candidates, y: usize) -> f32 {
        in_cells(candidates, y as f32, self.shift.0)
    }

    /// Rows from `y` on that lie between the same two rows of cells.
    #[inline(always)]
    fn rows_together(&self, candidates: &Candidates, y: usize) -> usize {
        let between = |y| self.row_in_cells(candidates, y) as usize;
        let first = between(y);
        (1..MOST_ROWS)
            .find(|&n| between(y + n) != first)
            .unwrap_or(MOST_ROWS)
    }
}

impl Scratch {
    /// Brings the values of the cells around rows `y` of a group's planes together: where their pixels lie among the cells, and how far
    /// down between them each row is.
    #[inline(always)]
    fn prepare(
        &mut self,
        candidates: &Candidates,
        kinds: &[u8],
        [from, to]: [usize; 2],
        group: &Group<'_>,
        width: usize,
    ) -> (Among, [f32; MOST_ROWS]) {
        let (shift_y, shift_x) = group.shift;
        let rows = candidates.share.nrows();
        let upper = (group.row_in_cells(candidates, from) as usize).min(rows - 1);
        let lower = (upper + 1).min(rows - 1);
        let scale = [shift_x, shift_y].map(|shift| 1.0 / f32::from(1u8 << shift));
        let at = Among {
            rows: [upper, lower],
            from: 0,
            px: candidates.cell_px >> shift_x,
            first: in_cells(candidates, 0.0, shift_x),
            scale,
        };
        plan(
            &mut self.plans,
            candidates,
            kinds,
            at.rows,
            shift_x,
            scale,
            width,
        );
        let len = width.next_multiple_of(LANES) / at.px + 1;
        for (out, row) in self.cells.iter_mut().zip(at.rows) {
            let Field { dx, dy } = &candidates.field;
            padded(Grid::new(dx).row(row), scale[0], len, &mut out.motion[0]);
            padded(Grid::new(dy).row(row), scale[1], len, &mut out.motion[1]);
            if let Some(Field { dx, dy }) = &candidates.bends {
                padded(Grid::new(dx).row(row), scale[0], len, &mut out.bend[0]);
                padded(Grid::new(dy).row(row), scale[1], len, &mut out.bend[1]);
            } else {
                out.bend.iter_mut().for_each(Vec::clear);
            }
            padded(
                Grid::new(&candidates.share).row(row),
                1.0,
                len,
                &mut out.share,
            );
            if let Some(faded) = &candidates.faded {
                padded(Grid::new(faded).row(row), 1.0, len, &mut out.faded);
            }
        }
        let mut fractions = [0.0; MOST_ROWS];
        for (fraction, y) in fractions.iter_mut().zip(from..to) {
            *fraction = group.row_in_cells(candidates, y) - upper as f32;
        }
        (at, fractions)
    }

    /// Values of a vector of pixels in each row.
    #[inline(always)]
    fn values<S: Simd, const P: usize>(
        &mut self,
        rows: &Rows<'_, P>,
        lists: &Lists,
        at: &Among,
        block: usize,
    ) -> [[S::V; P]; MOST_ROWS] {
        let plan = self.plans[block];
        let mut values = [[S::V::splat(0.0); P]; MOST_ROWS];
        if plan.kind & (MOVES | FADES | MIXES | LEANS) == 0 {
            let mut pixels = rows.pixels;
            for values in values.iter_mut().take(rows.fractions.len()) {
                *values = pixels.in_place::<S>();
                pixels.y += 1;
            }
            return values;
        }
        let mixes = plan.kind & MIXES != 0;
        if !(mixes && self.mixed.find(lists, at)) {
            self.along::<S, P>(rows, at, &plan, &mut values);
        }
        if mixes {
            rows.mix::<S>(&self.mixed, at, &mut values, &mut self.lines);
        }
        if plan.kind & FADES != 0 {
            let [above, below] = &self.cells;
            let shares = ends::<S>([&above.faded, &below.faded], at);
            let mut pixels = rows.pixels;
            for (values, &fraction) in values.iter_mut().zip(rows.fractions) {
                let fade = pixels.in_place::<S>();
                *values = blended::<S, P>([*values, fade], shares.at(fraction));
                pixels.y += 1;
            }
        }
        values
    }

    /// Both pictures along the first motions.
    #[inline(always)]
    fn along<S: Simd, const P: usize>(
        &mut self,
        rows: &Rows<'_, P>,
        at: &Among,
        plan: &Plan,
        values: &mut [[S::V; P]; MOST_ROWS],
    ) {
        let [above, below] = &self.cells;
        let dx = ends::<S>([&above.motion[0], &below.motion[0]], at);
        let dy = ends::<S>([&above.motion[1], &below.motion[1]], at);
        let shares = ends::<S>([&above.share, &below.share], at);
        let is_bent = !above.bend[0].is_empty();
        let bends = if is_bent {
            Some([
                ends::<S>([&above.bend[0], &below.bend[0]], at),
                ends::<S>([&above.bend[1], &below.bend[1]], at),
            ])
        } else {
            None
        };
        let mut pixels = rows.pixels;
        for (values, &fraction) in values.iter_mut().zip(rows.fractions) {
            let motion = [dx.at(fraction), dy.at(fraction)];
            let bend = match &bends {
                Some(bends) => [bends[0].at(fraction), bends[1].at(fraction)],
                None => [S::V::splat(0.0); 2],
            };
            let both = pixels.both::<S>(motion, bend, &plan.reaches, &mut self.lines);
            *values = blended::<S, P>(both, shares.at(fraction));
            pixels.y += 1;
        }
    }
}

/// The cells' values at a vector of pixels.
#[inline(always)]
fn ends<S: Simd>([above, below]: [&[f32]; 2], at: &Among) -> Ends<S::V> {
    Ends::of::<S>([&above[at.from..], &below[at.from..]], at.px, at.first)
}

/// The nearest whole number in `0..=max_code`, halves to even; what is no number becomes 0.
#[inline(always)]
fn rounded<S: Simd>(value: S::V, max_code: f32) -> S::V {
    let whole = S::V::splat(codes::WHOLE);
    let value = value.max(S::V::splat(0.0)).min(S::V::splat(max_code));
    value.add(whole).sub(whole)
}
