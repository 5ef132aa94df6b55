//! Rows of the picture at time t: both pictures warped along the motions of cells, and blended.

use super::candidates::{Candidates, Layered};
use super::mix::Between;
use super::operations::{FADES, FIRST, LEANS, LEAVES, MIXES, MOVES, Plan, SECOND, kinds, plan};
use super::pixels::Pixels;
use super::places::{Lines, ROWS};
use super::widen::{RowOfCells, in_cells, widened};
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
    let kinds = kinds(cpu, candidates, (out.height(), out.width()));
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

/// Memory for some rows.
#[derive(Default)]
struct Scratch {
    /// The cells' values at the height of each row.
    rows: [CellRow; ROWS],
    /// Side of a cell in the group's planes, px, and where their first column stands, in cells.
    px: usize,
    first: f32,
    /// The rows of cells above and below, and how far down between them each row is.
    between: [usize; 2],
    fractions: [f32; ROWS],
    /// For every vector of pixels.
    plans: Vec<Plan>,
    /// The group's place and row of cells that the plans are made for.
    planned: Option<(usize, usize)>,
    /// For samples at the border.
    lines: Lines,
}

/// The cells' values at the height of a row of pixels.
#[derive(Default)]
struct CellRow {
    /// dx and dy of the first motion, then of the second, in px of the plane.
    motions: [Vec<f32>; 4],
    second: Vec<f32>,
    faded: Vec<f32>,
    /// Share of the second picture along the first motion.
    share: Vec<f32>,
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
    fn render<S: Simd, const P: usize>(self) {
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
            let scratch = &mut *self.scratch;
            scratch.prepare(
                self.candidates,
                self.kinds,
                [y, y + count - 1],
                group,
                width,
            );
            for block in 0..width.div_ceil(LANES) {
                let x = block * LANES;
                let columns = LANES.min(width - x);
                let pixels = Pixels {
                    t: self.candidates.t,
                    pictures: [firsts, seconds],
                    y,
                    x,
                    columns,
                    usual_error: self.usual_error,
                    scale: [group.shift.1, group.shift.0]
                        .map(|shift| 1.0 / f32::from(1u8 << shift)),
                };
                let values =
                    scratch.values::<S, P>(&pixels, self.candidates.layered.as_ref(), block);
                for (k, values) in values.iter().enumerate().take(count) {
                    for (&value, &index) in values.iter().zip(&group.indices) {
                        let value = self
                            .max_code
                            .map_or(value, |most| rounded::<S>(value, most));
                        let to = (done + k) * width + x;
                        store::<S>(value, &mut self.out[index][to..][..columns]);
                    }
                }
            }
            done += count;
        }
    }
}

impl Group<'_> {
    /// Where row `y` of the planes stands, in cells of the picture.
    #[inline(always)]
    fn row_in_cells(&self, candidates: &Candidates, y: usize) -> f32 {
        in_cells(candidates, y as f32, self.shift.0)
    }

    /// Rows from `y` on that lie between the same two rows of cells, up to [`ROWS`].
    #[inline(always)]
    fn rows_together(&self, candidates: &Candidates, y: usize) -> usize {
        let between = |y| self.row_in_cells(candidates, y) as usize;
        let first = between(y);
        (1..ROWS).find(|&n| between(y + n) != first).unwrap_or(ROWS)
    }
}

impl Scratch {
    /// Brings the cells' values to the height of rows `first` to `last` of a group's planes; where those are fewer than [`ROWS`], the
    /// last stands for the others.
    #[inline(always)]
    fn prepare(
        &mut self,
        candidates: &Candidates,
        kinds: &[u8],
        [first, last]: [usize; 2],
        group: &Group<'_>,
        width: usize,
    ) {
        let (shift_y, shift_x) = group.shift;
        let rows = candidates.second.nrows();
        let upper = (group.row_in_cells(candidates, first) as usize).min(rows - 1);
        let lower = (upper + 1).min(rows - 1);
        let scales = [shift_x, shift_y].map(|shift| 1.0 / f32::from(1u8 << shift));
        if self.planned != Some((group.indices[0], upper)) {
            self.planned = Some((group.indices[0], upper));
            plan(
                &mut self.plans,
                candidates,
                kinds,
                [upper, lower],
                shift_x,
                scales,
                width,
            );
        }
        let all = self.plans.iter().fold(0, |all, plan| all | plan.kind);
        self.px = candidates.cell_px >> shift_x;
        self.first = in_cells(candidates, 0.0, shift_x);
        self.between = [upper, lower];
        for (k, (y, out)) in (first..).zip(&mut self.rows).enumerate() {
            self.fractions[k] = group.row_in_cells(candidates, y.min(last)) - upper as f32;
            let row = RowOfCells {
                rows: [upper, lower],
                fraction: self.fractions[k],
                len: width.next_multiple_of(LANES) / self.px + 1,
            };
            for (n, field) in candidates.fields.iter().enumerate() {
                if all & [FIRST, SECOND][n] != 0 {
                    for (axis, plane) in [&field.dx, &field.dy].into_iter().enumerate() {
                        row.of(plane, scales[axis], &mut out.motions[2 * n + axis]);
                    }
                }
            }
            if all & SECOND != 0 {
                row.of(&candidates.second, 1.0, &mut out.second);
            }
            if let Some(layered) = &candidates.layered
                && all & LEANS != 0
            {
                row.of(&layered.share, 1.0, &mut out.share);
            }
            if let Some(faded) = &candidates.faded
                && all & FADES != 0
            {
                row.of(faded, 1.0, &mut out.faded);
            }
        }
    }

    /// Values of a vector of pixels in each row.
    #[inline(always)]
    fn values<S: Simd, const P: usize>(
        &mut self,
        pixels: &Pixels<'_, P>,
        layered: Option<&Layered>,
        block: usize,
    ) -> [[S::V; P]; ROWS] {
        let plan = &self.plans[block];
        if plan.kind & (MOVES | FADES | MIXES | LEANS) == 0 {
            return pixels.in_place::<S>();
        }
        let (px, first, from) = (self.px, self.first, pixels.x / self.px);
        let mut values = [[S::V::splat(0.0); P]; ROWS];
        // Loops over two, here and below, because sampling is long and stands in the program once for each of its sizes.
        for n in 0..2 {
            if plan.kind & [FIRST, SECOND][n] == 0 {
                continue;
            }
            let mut motions = [[S::V::splat(0.0); 2]; ROWS];
            for (motion, row) in motions.iter_mut().zip(&self.rows) {
                for (d, of_row) in motion.iter_mut().zip(&row.motions[2 * n..]) {
                    *d = widened::<S>(&of_row[from..], px, first);
                }
            }
            // The shares of layers say it already.
            let leaves = plan.kind & LEAVES != 0 && layered.is_none();
            let mut shares = [S::V::splat(pixels.t); ROWS];
            if plan.kind & LEANS != 0 {
                for (share, row) in shares.iter_mut().zip(&self.rows) {
                    *share = widened::<S>(&row.share[from..], px, first);
                }
            }
            let reaches = &plan.reaches[n];
            let shown = pixels.along::<S>(motions, shares, reaches, leaves, &mut self.lines);
            if n == 0 || plan.kind & FIRST == 0 {
                values = shown;
                continue;
            }
            for k in 0..ROWS {
                let share = widened::<S>(&self.rows[k].second[from..], px, first);
                for p in 0..P {
                    values[k][p] = shown[k][p].sub(values[k][p]).mul_add(share, values[k][p]);
                }
            }
        }
        if let Some(layered) = layered
            && plan.kind & MIXES != 0
        {
            let at = Between {
                rows: self.between,
                fractions: self.fractions,
                from,
                px,
                first,
            };
            pixels.mix::<S>(&layered.lists, &at, &mut values, &mut self.lines);
        }
        if plan.kind & FADES != 0 {
            let fades = pixels.in_place::<S>();
            for k in 0..ROWS {
                let share = widened::<S>(&self.rows[k].faded[from..], px, first);
                for p in 0..P {
                    values[k][p] = fades[k][p].sub(values[k][p]).mul_add(share, values[k][p]);
                }
            }
        }
        values
    }
}

/// The nearest whole number in `0..=max_code`, halves to even; what is no number becomes 0.
#[inline(always)]
fn rounded<S: Simd>(value: S::V, max_code: f32) -> S::V {
    let whole = S::V::splat(codes::WHOLE);
    let value = value.max(S::V::splat(0.0)).min(S::V::splat(max_code));
    value.add(whole).sub(whole)
}
