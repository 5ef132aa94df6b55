//! Rows of pixels stored as the two colours of a checkerboard.
//!
//! Red-black relaxation updates all pixels of one colour from those of the other. Stored apart, each
//! colour of a row is dense, so the update is unit-stride, and one colour can be written while the
//! other is read. Pixel `(x, y)` has colour `(x + y) mod 2`; the pixels of colour `c` in row `y` are
//! `x = 2k + p` with the phase `p = (y + c) mod 2`.

use otinterp_simd::{Buffer, LANES};

/// A vector's values.
pub type Lanes = [f32; LANES];

/// Zeros in front of every row, and behind the last: the neighbours of its first and last pixel.
const PAD: usize = LANES;

/// Phase of a colour in a row.
#[inline(always)]
pub fn phase(y: usize, color: usize) -> usize {
    (y + color) & 1
}

/// Some rows of one colour of one plane; `V` is what one vector of pixels holds of it.
#[derive(Debug, Default)]
pub struct Rows {
    data: Buffer,
    stride: usize,
}

impl Rows {
    /// Room for `rows` rows of `len` values; old values are kept if the size is the same, else zero.
    pub fn resize(&mut self, rows: usize, len: usize) {
        self.stride = len + PAD;
        self.data.resize(rows * self.stride + PAD);
    }

    /// A row; with `shift` -1 or 1 the row begins one pixel before or after its first.
    #[inline(always)]
    pub fn row(&self, slot: usize, shift: isize) -> &[Lanes] {
        let first = (slot * self.stride + PAD).wrapping_add_signed(shift);
        self.data[first..][..self.stride - PAD].as_chunks().0
    }

    /// A row, to be written.
    #[inline(always)]
    pub fn row_mut(&mut self, slot: usize) -> &mut [Lanes] {
        let first = slot * self.stride + PAD;
        self.data[first..][..self.stride - PAD].as_chunks_mut().0
    }

    /// Sets the value at `at`, which may be that before the first pixel or behind the last.
    #[inline(always)]
    pub fn set(&mut self, slot: usize, at: isize, value: f32) {
        self.data[(slot * self.stride + PAD).wrapping_add_signed(at)] = value;
    }

    /// The value at `at`.
    #[inline(always)]
    pub fn get(&self, slot: usize, at: usize) -> f32 {
        self.data[slot * self.stride + PAD + at]
    }
}

/// A plane's colours.
pub type Colors = [Rows; 2];

/// The colour to be written and the one to be read.
#[inline(always)]
pub fn own_and_other(colors: &mut Colors, color: usize) -> (&mut Rows, &Rows) {
    let [a, b] = colors;
    if color == 0 { (a, b) } else { (b, a) }
}

/// Splits a row.
#[inline(always)]
pub fn split(row: &[f32], y: usize, colors: &mut Colors, slot: usize) {
    let [a, b] = colors;
    let (even, odd) = if phase(y, 0) == 0 { (a, b) } else { (b, a) };
    split_row(
        row,
        even.row_mut(slot).as_flattened_mut(),
        odd.row_mut(slot).as_flattened_mut(),
    );
}

/// The outputs are arguments of their own so that the compiler knows them to be distinct.
#[inline(always)]
fn split_row(row: &[f32], even: &mut [f32], odd: &mut [f32]) {
    let (pairs, _) = row.as_chunks::<2>();
    for ((e, o), pair) in even.iter_mut().zip(odd).zip(pairs) {
        (*e, *o) = (pair[0], pair[1]);
    }
}

/// Joins the colours of a row.
#[inline(always)]
pub fn join(colors: &Colors, slot: usize, y: usize, row: &mut [f32]) {
    let [a, b] = colors;
    let (even, odd) = if phase(y, 0) == 0 { (a, b) } else { (b, a) };
    join_row(
        even.row(slot, 0).as_flattened(),
        odd.row(slot, 0).as_flattened(),
        row,
    );
}

#[inline(always)]
fn join_row(even: &[f32], odd: &[f32], row: &mut [f32]) {
    let (pairs, _) = row.as_chunks_mut::<2>();
    for ((&e, &o), pair) in even.iter().zip(odd).zip(pairs) {
        *pair = [e, o];
    }
}

/// Repeats the first and the last of a row's `len` pixels beyond its ends.
#[inline(always)]
pub fn repeat_ends(colors: &mut Colors, slot: usize, y: usize, len: usize) {
    let even = phase(y, 0);
    let first = colors[even].get(slot, 0);
    colors[1 - even].set(slot, -1, first);
    // The last pixel has phase (len - 1) mod 2; what lies behind it, len mod 2.
    let last = colors[even ^ (len - 1) & 1].get(slot, (len - 1) / 2);
    colors[even ^ len & 1].set(slot, (len / 2) as isize, last);
}
