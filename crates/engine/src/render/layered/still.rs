//! Cells that stand still: both pictures show the same detail in place, as overlays do over what moves.

use crate::picture::{Picture, sampling::Grid};
use otinterp_simd::{Kernel, Level as Cpu, Simd};
use rayon::prelude::*;

/// Rows of cells that one task works on at least.
const BAND_ROWS: usize = 16;
/// Side of the squares that are compared, px. A cell is a corner of four of them, so that one lies within what stands still up to its
/// edge (Kuwahara et al., *Processing of RI-angiocardiographic images*, 1976).
const SQUARE_PX: usize = 4;
/// Mean difference in a square that is none, and the least range of values that is detail, as shares of full scale (1 and 24 codes
/// of 255).
const SAME: f32 = 1.0 / 255.0;
/// See [`SAME`].
const DETAIL: f32 = 24.0 / 255.0;

/// Pixels of an outline that stays around which a cell stands in part: strokes thinner than a square.
const LEAST_OUTLINE_PX: f32 = 2.0;

/// How much of what is around a cell stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    No,
    /// Outlines that are the same in both pictures: no motion is one of those that pixels choose from.
    InPart,
    Wholly,
}

/// Of every cell of `2^cell_log2` px whether it stands still; `width` and `height` are of the cells.
pub fn standing(
    cpu: Cpu,
    [first, second]: [&Picture; 2],
    cell_log2: u8,
    [width, height]: [usize; 2],
) -> Vec<Stands> {
    let format = first.format();
    let planes = 0..format.color_planes();
    let pairs: Vec<_> = planes
        .filter(|&index| format.plane_shift(index) == (0, 0))
        .map(|index| [first, second].map(|picture| Grid::new(&picture.planes()[index])))
        .collect();
    let max_code = format.max_code();
    let mut outlines = vec![0.0; width * height];
    outlines
        .par_chunks_mut(width)
        .with_min_len(BAND_ROWS)
        .enumerate()
        .for_each_init(Vec::new, |memory, (y, out)| {
            cpu.run(Outlines {
                pairs: &pairs,
                max_code,
                cell_log2,
                y: y << cell_log2,
                memory,
                out,
            });
        });
    let has_outline = |x: usize, y: usize| {
        let (columns, rows) = (x.saturating_sub(1)..x + 1, y.saturating_sub(1)..y + 1);
        rows.into_iter().any(|y| {
            let row = &outlines[y * width..][columns.clone()];
            row.iter().any(|count| *count >= LEAST_OUTLINE_PX)
        })
    };
    let mut out = vec![Stands::No; width * height];
    out.par_chunks_mut(width)
        .with_min_len(BAND_ROWS)
        .enumerate()
        .for_each_init(Columns::default, |columns, (y, out)| {
            for (x, stands) in out.iter_mut().enumerate() {
                if has_outline(x, y) {
                    *stands = Stands::InPart;
                }
            }
            cpu.run(RowOfCells {
                pairs: &pairs,
                max_code,
                cell_log2,
                y: y << cell_log2,
                columns,
                out,
            });
        });
    out
}

/// Counts of the pixels of outlines that stay, in the squares between cells whose upper left pixels are in row `y`: they are the same in
/// both pictures, and next to another of a different value in both.
struct Outlines<'a> {
    pairs: &'a [[Grid<'a>; 2]],
    max_code: f32,
    cell_log2: u8,
    y: usize,
    /// 1 in the columns of such pixels.
    memory: &'a mut Vec<f32>,
    out: &'a mut [f32],
}

impl Kernel for Outlines<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Grid { width, height, .. } = self.pairs[0][0];
        // Green, or the only one.
        let [first, second] = &self.pairs[self.pairs.len() / 2];
        self.memory.clear();
        self.memory.resize(width, 0.0);
        let marks = &mut self.memory[..width];
        let (same, detail) = (SAME * self.max_code, DETAIL * self.max_code);
        for y in self.y..(self.y + (1 << self.cell_log2)).min(height) {
            let (above, below) = (y.saturating_sub(1), (y + 1).min(height - 1));
            let (a, b) = (&first.row(y)[..width], &second.row(y)[..width]);
            let (a0, b0) = (&first.row(above)[..width], &second.row(above)[..width]);
            let (a2, b2) = (&first.row(below)[..width], &second.row(below)[..width]);
            for x in 1..width.saturating_sub(1) {
                let contrast = |own: f32, other: f32| (own - other).abs();
                let left = contrast(a[x], a[x - 1]).min(contrast(b[x], b[x - 1]));
                let right = contrast(a[x], a[x + 1]).min(contrast(b[x], b[x + 1]));
                let up = contrast(a[x], a0[x]).min(contrast(b[x], b0[x]));
                let down = contrast(a[x], a2[x]).min(contrast(b[x], b2[x]));
                let most = left.max(right).max(up.max(down));
                marks[x] = if most >= detail { 1.0 } else { 0.0 };
            }
            for [first, second] in self.pairs {
                let (a, b) = (&first.row(y)[..width], &second.row(y)[..width]);
                for x in 0..width {
                    marks[x] = if (a[x] - b[x]).abs() <= same {
                        marks[x]
                    } else {
                        0.0
                    };
                }
            }
            for (count, marks) in self.out.iter_mut().zip(marks.chunks(1 << self.cell_log2)) {
                *count += marks.iter().sum::<f32>();
            }
        }
    }
}

/// Of every column of pixels over the rows of a square: differences of the pictures, of all planes together; least and largest value of
/// the first picture, of one plane.
#[derive(Default)]
struct Columns {
    differences: Vec<f32>,
    least: Vec<f32>,
    most: Vec<f32>,
    /// Largest range of values of a plane, in the squares from each column on.
    ranges: Vec<f32>,
}

/// The cells whose upper left pixels are in row `y`.
struct RowOfCells<'a> {
    pairs: &'a [[Grid<'a>; 2]],
    max_code: f32,
    cell_log2: u8,
    y: usize,
    columns: &'a mut Columns,
    out: &'a mut [Stands],
}

impl Kernel for RowOfCells<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Grid { width, height, .. } = self.pairs[0][0];
        let count = (self.pairs.len() * SQUARE_PX * SQUARE_PX) as f32;
        let most = SAME * self.max_code * count;
        // No square crosses the border.
        for top in [self.y.checked_sub(SQUARE_PX - 1), Some(self.y)] {
            let Some(top) = top.filter(|top| top + SQUARE_PX <= height && SQUARE_PX <= width)
            else {
                continue;
            };
            self.columns.fill(self.pairs, top, width);
            let Columns {
                differences,
                ranges,
                ..
            } = &*self.columns;
            for (x, stands) in self.out.iter_mut().enumerate() {
                let x = x << self.cell_log2;
                for left in [x.checked_sub(SQUARE_PX - 1), Some(x)] {
                    let Some(left) = left.filter(|left| left + SQUARE_PX <= width) else {
                        continue;
                    };
                    let sum: f32 = differences[left..left + SQUARE_PX].iter().sum();
                    if sum <= most && ranges[left] >= DETAIL * self.max_code {
                        *stands = Stands::Wholly;
                    }
                }
            }
        }
    }
}

impl Columns {
    /// Of the squares from row `top` on.
    #[inline(always)]
    fn fill(&mut self, pairs: &[[Grid<'_>; 2]], top: usize, width: usize) {
        self.differences.clear();
        self.differences.resize(width, 0.0);
        self.ranges.clear();
        self.ranges.resize(width, 0.0);
        self.least.resize(width, 0.0);
        self.most.resize(width, 0.0);
        for [first, second] in pairs {
            let (a, b) = (
                square_rows(first, top, width),
                square_rows(second, top, width),
            );
            let (least, most) = (&mut self.least[..width], &mut self.most[..width]);
            let differences = &mut self.differences[..width];
            for x in 0..width {
                let upper = (a[0][x] - b[0][x]).abs() + (a[1][x] - b[1][x]).abs();
                let lower = (a[2][x] - b[2][x]).abs() + (a[3][x] - b[3][x]).abs();
                differences[x] += upper + lower;
                least[x] = a[0][x].min(a[1][x]).min(a[2][x].min(a[3][x]));
                most[x] = a[0][x].max(a[1][x]).max(a[2][x].max(a[3][x]));
            }
            let squares = width - (SQUARE_PX - 1);
            let (least, most) = (&least[..squares + 3], &most[..squares + 3]);
            for (x, range) in self.ranges[..squares].iter_mut().enumerate() {
                let lowest = least[x]
                    .min(least[x + 1])
                    .min(least[x + 2].min(least[x + 3]));
                let highest = most[x].max(most[x + 1]).max(most[x + 2].max(most[x + 3]));
                *range = range.max(highest - lowest);
            }
        }
    }
}

/// Rows of the squares from row `top` on, `width` samples each.
#[inline(always)]
fn square_rows<'a>(grid: &Grid<'a>, top: usize, width: usize) -> [&'a [f32]; SQUARE_PX] {
    [
        &grid.row(top)[..width],
        &grid.row(top + 1)[..width],
        &grid.row(top + 2)[..width],
        &grid.row(top + 3)[..width],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Format, Plane};

    #[test]
    fn what_is_the_same_in_place_stands_still_up_to_its_edge_unless_it_is_flat() {
        let (height, width) = (40, 60);
        let noise = |x: usize, y: usize| ((x * 7919 + y * 104_729) % 251) as f32;
        let picture = |moved: usize| {
            let plane = Plane::from_shape_fn((height, width), |(y, x)| match (x, y) {
                (20..40, 12..28) => noise(x, y),
                (50.., _) => 90.0,
                _ => noise(x + moved, y),
            });
            Picture::new(Format::gray(8), vec![plane]).unwrap()
        };
        let (first, second) = (picture(0), picture(5));
        for cpu in Cpu::available() {
            let found = standing(cpu, [&first, &second], 1, [width / 2, height / 2]);
            for y in 0..height / 2 {
                for x in 0..width / 2 {
                    let expected = (10..20).contains(&x) && (6..14).contains(&y);
                    assert_eq!(
                        found[y * width / 2 + x] == Stands::Wholly,
                        expected,
                        "{x},{y}"
                    );
                }
            }
        }
    }

    #[test]
    fn around_strokes_that_stay_and_are_thinner_than_a_square_cells_stand_in_part() {
        let (height, width) = (48, 64);
        let is_stroke = |x: usize, y: usize| (30..32).contains(&x) && (10..38).contains(&y);
        let picture = |moved: usize| {
            let plane = Plane::from_shape_fn((height, width), |(y, x)| {
                let texture = (((x + moved) / 3 * 7919 + y / 3 * 104_729) % 151) as f32;
                if is_stroke(x, y) { 250.0 } else { texture }
            });
            Picture::new(Format::gray(8), vec![plane]).unwrap()
        };
        let (first, second) = (picture(0), picture(7));
        for cpu in Cpu::available() {
            for cell_log2 in 1..=3u8 {
                let dim = [width >> cell_log2, height >> cell_log2];
                let found = standing(cpu, [&first, &second], cell_log2, dim);
                for (at, stands) in found.into_iter().enumerate() {
                    let (x, y) = ((at % dim[0]) << cell_log2, (at / dim[0]) << cell_log2);
                    let px = 1usize << cell_log2;
                    // The stroke lies between two columns of cells.
                    let left = 30 / px * px;
                    let is_beside = (x == left || x == left + px) && y >= 10 && y + px <= 38;
                    let is_far = x.abs_diff(31) > 16;
                    if is_beside {
                        assert_eq!(stands, Stands::InPart, "{px} px: {x},{y}");
                    } else if is_far {
                        assert_eq!(stands, Stands::No, "{px} px: {x},{y}");
                    }
                }
            }
        }
    }
}
