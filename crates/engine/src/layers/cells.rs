//! Colours of a picture by cells, interleaved, and how two pictures differ along a motion.

use crate::frame_pyramid::PyramidLevel;
use crate::picture::samples;
use crate::pool::Pool;
use rayon::prelude::*;

/// Motion of a cell, rightwards and downwards, in cells.
pub type Vector = [f32; 2];

/// Rows that one task works on at least.
pub const BAND_ROWS: usize = 8;
/// Differences count no more than this, in 8-bit codes.
pub const MOST_DIFFERENCE: f32 = 40.0;
/// `|ΔY| + |ΔCb| + |ΔCr|` in `[0, 1]` units as 8-bit codes, about the mean of the differences of red, green and blue.
const CODES: f32 = 200.0;
/// Weight of the corners of a window beside its middle and the four next to it.
pub const CORNER: f32 = 0.6;
/// Cells whose colour differs from the middle's by so many codes have half the weight in its window.
pub const ALIKE_CODES: f32 = 20.0;

/// Colours of a picture, one for every cell: luma and two colour differences, scaled so that differences are about codes of 8 bits.
#[derive(Debug)]
pub struct Cells {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    colors: Vec<[f32; 4]>,
    /// The same colours as planes, each row with [`PAD`] samples more at either end, where the border is repeated.
    planes: Vec<Vec<f32>>,
    /// How far each cell's colour lies from that of the one to the right, below, below to the right and below to the left, in codes.
    steps: [Vec<f32>; 4],
}

/// See `Cells::steps`.
const STEPS: [[isize; 2]; 4] = [[1, 0], [0, 1], [1, 1], [-1, 1]];

/// Columns that the planes' rows have beyond the border.
const PAD: usize = 12;

/// `|Δx| + |Δy|`.
#[inline(always)]
pub fn apart(a: Vector, b: Vector) -> f32 {
    (a[0] - b[0]).abs() + (a[1] - b[1]).abs()
}

/// `|a + b|²`: 0 where motion `b` leads back from where `a` leads to.
#[inline(always)]
pub fn return_error(a: Vector, b: Vector) -> f32 {
    let (x, y) = (a[0] + b[0], a[1] + b[1]);
    x * x + y * y
}

/// Mean difference of two colours, in 8-bit codes.
#[inline(always)]
pub fn difference(a: [f32; 4], b: [f32; 4]) -> f32 {
    (a[0] - b[0]).abs() + (a[1] - b[1]).abs() + (a[2] - b[2]).abs()
}

/// What the colours of a picture are stored in.
struct Memory {
    colors: Vec<[f32; 4]>,
    planes: Vec<Vec<f32>>,
    steps: [Vec<f32>; 4],
}

/// For the next pairs: those of two are there while a third is solved.
static SPARE: Pool<Memory> = Pool::new(6);

impl Memory {
    /// For so many cells and planes; what colours do not have is 0, all else may be anything.
    fn of(cells: usize, planes: usize) -> Self {
        let found =
            SPARE.take(|memory| memory.colors.len() == cells && memory.planes.len() == planes);
        found.unwrap_or_else(|| Self {
            colors: vec![[0.0; 4]; cells],
            planes: vec![Vec::new(); planes],
            steps: [(); 4].map(|()| vec![0.0; cells]),
        })
    }
}

impl Drop for Cells {
    fn drop(&mut self) {
        SPARE.give(Memory {
            colors: std::mem::take(&mut self.colors),
            planes: std::mem::take(&mut self.planes),
            steps: std::mem::take(&mut self.steps),
        });
    }
}

impl Cells {
    /// Of the pyramid level whose pixels are the cells.
    pub fn of(level: &PyramidLevel) -> Self {
        let (height, width) = level.dim();
        let count = if level.has_colors() { 3 } else { 1 };
        let Memory {
            mut colors,
            mut planes,
            mut steps,
        } = Memory::of(width * height, count);
        for (n, plane) in level.planes.iter().take(count).enumerate() {
            let padded = &mut planes[n];
            padded.clear();
            padded.reserve_exact((width + 2 * PAD) * height);
            let rows = samples(plane).chunks_exact(width);
            for (row, colors) in rows.zip(colors.chunks_exact_mut(width)) {
                padded.extend([CODES * row[0]; PAD]);
                padded.extend(row.iter().map(|value| CODES * value));
                padded.extend([CODES * row[width - 1]; PAD]);
                for (color, value) in colors.iter_mut().zip(row) {
                    color[n] = CODES * value;
                }
            }
        }
        steps.iter_mut().for_each(|steps| steps.fill(0.0));
        let mut cells = Self {
            width,
            height,
            colors,
            planes,
            steps,
        };
        cells.fill_steps();
        cells
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.colors.len()
    }

    /// The colour of a cell.
    #[inline(always)]
    pub fn color(&self, at: usize) -> [f32; 4] {
        self.colors[at]
    }

    fn fill_steps(&mut self) {
        let stride = self.width + 2 * PAD;
        for (steps, [right, down]) in self.steps.iter_mut().zip(STEPS) {
            for (y, steps) in steps.chunks_exact_mut(self.width).enumerate() {
                let below = (y + down as usize).min(self.height - 1);
                for plane in &self.planes {
                    let own = &plane[y * stride + PAD..][..self.width];
                    let other = &plane[below * stride + PAD.wrapping_add_signed(right)..];
                    for ((step, own), other) in steps.iter_mut().zip(own).zip(other) {
                        *step += (own - other).abs();
                    }
                }
            }
        }
    }

    /// How far colours of neighbours lie apart that are `offset` away from each other, by the one that comes first; 0 across the border.
    #[inline(always)]
    pub fn steps(&self, [right, down]: [isize; 2]) -> &[f32] {
        let direction = match (right, down) {
            (_, 0) => 0,
            (0, _) => 1,
            _ if right == down => 2,
            _ => 3,
        };
        &self.steps[direction]
    }

    /// Number of colour planes.
    pub fn plane_count(&self) -> usize {
        self.planes.len()
    }

    /// `N` samples of a plane's row from a column on; the border's are repeated outwards.
    #[inline(always)]
    pub fn row_from<const N: usize>(&self, plane: usize, column: isize, row: isize) -> &[f32; N] {
        const { assert!(N <= PAD) };
        let (width, pad) = (self.width as isize, PAD as isize);
        let row = row.clamp(0, self.height as isize - 1);
        // Further out all samples are the border's.
        let column = column.clamp(-pad, width);
        let from = (row * (width + 2 * pad) + pad + column) as usize;
        // `N <= PAD` samples from `width` on end where the row does.
        self.planes[plane][from..]
            .first_chunk()
            .unwrap_or(&[0.0; N])
    }

    /// Bilinear colour; beyond the border that of the border.
    #[inline(always)]
    pub fn bilinear(&self, x: f32, y: f32) -> [f32; 4] {
        let x = x.max(0.0).min((self.width - 1) as f32);
        let y = y.max(0.0).min((self.height - 1) as f32);
        let (column, row) = (x as usize, y as usize);
        let (fx, fy) = (x - column as f32, y - row as f32);
        let (right, below) = (
            usize::from(column + 1 < self.width),
            if row + 1 < self.height { self.width } else { 0 },
        );
        let at = row * self.width + column;
        let [a, b] = [self.colors[at], self.colors[at + right]];
        let [c, d] = [self.colors[at + below], self.colors[at + below + right]];
        mixed(mixed(a, b, fx), mixed(c, d, fx), fy)
    }

    /// Bilinear colours of 3×3 places one cell apart, the first at `(x, y)`, if all lie within the picture.
    #[inline(always)]
    pub fn nine(&self, [x, y]: [f32; 2]) -> Option<[[f32; 4]; 9]> {
        let is_inside =
            x >= 0.0 && y >= 0.0 && x < self.width as f32 - 3.0 && y < self.height as f32 - 3.0;
        if !is_inside {
            return None;
        }
        let (column, row) = (x as u32 as usize, y as u32 as usize);
        let (fx, fy) = (x - column as f32, y - row as f32);
        let mut nine = [[0.0; 4]; 9];
        let mut above = self.three(row * self.width + column, fx);
        for j in 0..3 {
            let below = self.three((row + j + 1) * self.width + column, fx);
            for i in 0..3 {
                nine[3 * j + i] = mixed(above[i], below[i], fy);
            }
            above = below;
        }
        Some(nine)
    }

    /// The same where some lie beyond the border, which is repeated outwards.
    #[cold]
    fn nine_at_border(&self, [x, y]: [f32; 2]) -> [[f32; 4]; 9] {
        std::array::from_fn(|n| self.bilinear(x + (n % 3) as f32, y + (n / 3) as f32))
    }

    /// Between four cells of a row, so far after each of the first three.
    #[inline(always)]
    fn three(&self, first: usize, fx: f32) -> [[f32; 4]; 3] {
        let colors = &self.colors[first..][..4];
        [
            mixed(colors[0], colors[1], fx),
            mixed(colors[1], colors[2], fx),
            mixed(colors[2], colors[3], fx),
        ]
    }

    /// Whether a place lies within the picture.
    #[inline(always)]
    pub fn has(&self, x: f32, y: f32) -> bool {
        x >= -0.25 && y >= -0.25 && x <= self.width as f32 - 0.75 && y <= self.height as f32 - 0.75
    }

    /// The cell nearest to where a motion leads from `(x, y)`, if that is within the picture.
    #[inline(always)]
    pub fn led_to(&self, x: usize, y: usize, [dx, dy]: Vector) -> Option<usize> {
        let (x, y) = (x as f32 + dx, y as f32 + dy);
        if !self.has(x, y) {
            return None;
        }
        let column = ((x + 0.5).max(0.0) as usize).min(self.width - 1);
        let row = ((y + 0.5).max(0.0) as usize).min(self.height - 1);
        Some(row * self.width + column)
    }

    /// The cell `(right, down)` cells away, if there is one.
    #[inline(always)]
    pub fn neighbour(&self, x: usize, y: usize, [right, down]: [isize; 2]) -> Option<usize> {
        let (x, y) = (x.checked_add_signed(right)?, y.checked_add_signed(down)?);
        (x < self.width && y < self.height).then(|| y * self.width + x)
    }

    /// The cells around `(x, y)` that a photometric error is a mean over.
    pub fn window(&self, x: usize, y: usize) -> Window {
        let middle = self.color(y * self.width + x);
        let mut window = Window {
            first: [x as f32 - 1.0, y as f32 - 1.0],
            colors: [[0.0; 4]; 9],
            weights: [0.0; 9],
        };
        let mut total = 0.0;
        let is_inside = x > 0 && y > 0 && x + 1 < self.width && y + 1 < self.height;
        if is_inside {
            for (j, colors) in window.colors.chunks_exact_mut(3).enumerate() {
                colors.copy_from_slice(&self.colors[(y + j - 1) * self.width + x - 1..][..3]);
            }
            for n in 0..9 {
                let unlike = difference(window.colors[n], middle) * (1.0 / ALIKE_CODES);
                let base = if n % 2 == 0 && n != 4 { CORNER } else { 1.0 };
                window.weights[n] = base / (1.0 + unlike * unlike);
                total += window.weights[n];
            }
            window
                .weights
                .iter_mut()
                .for_each(|weight| *weight /= total);
            return window;
        }
        for (n, (color, weight)) in window
            .colors
            .iter_mut()
            .zip(&mut window.weights)
            .enumerate()
        {
            let offset = [n as isize % 3 - 1, n as isize / 3 - 1];
            let Some(at) = self.neighbour(x, y, offset) else {
                continue;
            };
            *color = self.color(at);
            let unlike = difference(*color, middle) * (1.0 / ALIKE_CODES);
            let is_corner = offset[0] != 0 && offset[1] != 0;
            *weight = if is_corner { CORNER } else { 1.0 } / (1.0 + unlike * unlike);
            total += *weight;
        }
        window
            .weights
            .iter_mut()
            .for_each(|weight| *weight /= total);
        window
    }

    /// Photometric error of a motion from cell `(x, y)` of this picture into `to`, in codes.
    pub fn error_along(&self, to: &Self, x: usize, y: usize, motion: Vector) -> f32 {
        self.window(x, y).error(to, motion)
    }
}

/// 3×3 cells of a picture.
#[derive(Debug)]
pub struct Window {
    /// The upper left one, which may lie outside.
    first: [f32; 2],
    colors: [[f32; 4]; 9],
    /// Those that look like the middle one have the most; their sum is 1.
    weights: [f32; 9],
}

impl Window {
    /// Photometric error of a motion into another picture: the weighted mean difference, in codes.
    #[inline(always)]
    pub fn error(&self, to: &Cells, [dx, dy]: Vector) -> f32 {
        let (x, y) = (self.first[0] + dx, self.first[1] + dy);
        let nine = match to.nine([x, y]) {
            Some(nine) => nine,
            None => to.nine_at_border([x, y]),
        };
        let mut sum = 0.0;
        for ((own, found), weight) in self.colors.iter().zip(nine).zip(self.weights) {
            sum += weight * difference(*own, found).min(MOST_DIFFERENCE);
        }
        sum
    }
}

/// Between two colours.
#[inline(always)]
fn mixed(a: [f32; 4], b: [f32; 4], f: f32) -> [f32; 4] {
    let mut mixed = a;
    for n in 0..4 {
        mixed[n] += f * (b[n] - a[n]);
    }
    mixed
}

/// A value for every cell, made row by row.
pub fn by_rows<T: Send + Sync + Copy + Default>(
    [width, height]: [usize; 2],
    value: impl Fn(usize, usize) -> T + Sync,
) -> Vec<T> {
    let mut out = vec![T::default(); width * height];
    fill_rows(&mut out, width, value);
    out
}

/// The same in memory that is there.
pub fn fill_rows<T: Send>(out: &mut [T], width: usize, value: impl Fn(usize, usize) -> T + Sync) {
    out.par_chunks_mut(width)
        .with_min_len(BAND_ROWS)
        .enumerate()
        .for_each(|(y, row)| {
            for (x, out) in row.iter_mut().enumerate() {
                *out = value(x, y);
            }
        });
}
