//! Hot loops of the window kernel.
//!
//! Sources stand on `height` rows of `pitch` values (a multiple of [`LANES`]); targets on
//! `height + 2·radius` rows of `pitch + 2·radius`. With offset `(oy, ox)` source `(y, x)` goes to
//! target `(y + oy, x + ox)`. Costs and kernels are `[offset][source]`, so that a half sweep is shifted
//! unit-stride multiply-adds. Source padding is forbidden (kernel zero).

use super::{FORBIDDEN, LANES, Update, gibbs};
use crate::simd::{Number, Simd, Vector, math};

/// The geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stencil {
    /// Rows of sources.
    pub height: usize,
    /// Stored length of a row of sources, a multiple of [`LANES`].
    pub pitch: usize,
    /// Half width of the window.
    pub radius: usize,
}

impl Stencil {
    /// Offsets along one axis.
    #[inline(always)]
    pub fn diameter(self) -> usize {
        2 * self.radius + 1
    }

    /// Offsets in all.
    #[inline(always)]
    pub fn offsets(self) -> usize {
        self.diameter() * self.diameter()
    }

    /// Stored sources.
    #[inline(always)]
    pub fn sources(self) -> usize {
        self.height * self.pitch
    }

    /// Stored length of a row of targets.
    #[inline(always)]
    pub fn target_pitch(self) -> usize {
        self.pitch + 2 * self.radius
    }

    /// Rows of targets.
    #[inline(always)]
    pub fn target_height(self) -> usize {
        self.height + 2 * self.radius
    }

    /// Where the costs of one offset and source row start, and where the targets that they meet.
    #[inline(always)]
    fn row(self, oy: usize, ox: usize, y: usize) -> (usize, usize) {
        (
            ((oy * self.diameter() + ox) * self.height + y) * self.pitch,
            (y + oy) * self.target_pitch() + ox,
        )
    }

    /// Length of a kernel's block: the values of [`LANES`] sources, `[oy][ox][lane]`.
    #[inline(always)]
    fn block(self) -> usize {
        self.offsets() * LANES
    }

    /// The block of a kernel that belongs to the sources from `(y, x)` on.
    #[inline(always)]
    fn block_of(self, k: &[f32], y: usize, x: usize) -> &[f32] {
        let at = (y * self.pitch + x) / LANES * self.block();
        &k[at..][..self.block()]
    }
}

/// `K = exp((f + g - c) / eps)`, 0 for forbidden pairs and padding, in blocks `[oy][ox][lane]` of 16 sources: both
/// products then read it as one stream.
#[inline(always)]
pub fn fill<S: Simd>(s: Stencil, cost: &[f32], f: &[f32], g: &[f32], inv_eps: f32, k: &mut [f32]) {
    let inv_eps = S::V::splat(inv_eps);
    for (source, block) in k.chunks_exact_mut(s.block()).enumerate() {
        let (y, x) = (source * LANES / s.pitch, source * LANES % s.pitch);
        let f = S::V::load(&f[source * LANES..]);
        for (offset, k) in block.chunks_exact_mut(LANES).enumerate() {
            let (at, to) = s.row(offset / s.diameter(), offset % s.diameter(), y);
            let (c, g) = (S::V::load(&cost[at + x..]), S::V::load(&g[to + x..]));
            gibbs::<S>(f.add(g).sub(c).mul(inv_eps), c).store(k);
        }
    }
}

/// Rows of sources that are worked on together, so that one load of `v` serves several and a
/// target is added to once for all of them.
const ROWS: usize = 8;

/// `out = K v`.
#[inline(always)]
pub fn apply<S: Simd>(s: Stencil, k: &[f32], v: &[f32], out: &mut [f32]) {
    for y in (0..s.height).step_by(ROWS) {
        multiply::<S>(s, k, v, y, out);
    }
}

/// `out = K^T u`.
#[inline(always)]
pub fn apply_transposed<S: Simd>(s: Stencil, k: &[f32], u: &[f32], out: &mut [f32]) {
    out.fill(0.0);
    for y in (0..s.height).step_by(ROWS) {
        add_transposed::<S>(s, k, u, y, out);
    }
}

/// `row_sum = K v`, `u = update(row_sum)`, `column_sum = K^T u`, reading `K` once. Returns what
/// the update measures.
#[inline(always)]
pub fn sweep<S: Simd>(
    s: Stencil,
    k: &[f32],
    v: &[f32],
    update: &Update<'_>,
    (u, row_sum, column_sum): (&mut [f32], &mut [f32], &mut [f32]),
) -> f32 {
    let mut moved = 0.0;
    column_sum.fill(0.0);
    for y in (0..s.height).step_by(ROWS) {
        let rows = y * s.pitch..s.height.min(y + ROWS) * s.pitch;
        multiply::<S>(s, k, v, y, row_sum);
        moved += update.run::<S>(rows.start, &row_sum[rows.clone()], &mut u[rows]);
        add_transposed::<S>(s, k, u, y, column_sum);
    }
    moved
}

/// `K v` for up to [`ROWS`] rows of sources from `y` on.
#[inline(always)]
fn multiply<S: Simd>(s: Stencil, k: &[f32], v: &[f32], y: usize, out: &mut [f32]) {
    let end = s.height.min(y + ROWS);
    for x in (0..s.pitch).step_by(LANES) {
        let mut y = y;
        if S::REGISTERS > 2 * ROWS && end - y == ROWS {
            multiply_block::<S, ROWS>(s, k, v, (y, x), out);
            y += ROWS;
        }
        while end - y >= ROWS / 2 {
            multiply_block::<S, { ROWS / 2 }>(s, k, v, (y, x), out);
            y += ROWS / 2;
        }
        while y < end {
            multiply_block::<S, 1>(s, k, v, (y, x), out);
            y += 1;
        }
    }
}

/// The blocks of `R` rows below each other.
#[inline(always)]
fn blocks<const R: usize>(s: Stencil, k: &[f32], (y, x): (usize, usize)) -> [&[f32]; R] {
    let mut blocks: [&[f32]; R] = [&[]; R];
    for (r, block) in blocks.iter_mut().enumerate() {
        *block = s.block_of(k, y + r, x);
    }
    blocks
}

/// `K v` for `R` blocks below each other.
#[inline(always)]
fn multiply_block<S: Simd, const R: usize>(
    s: Stencil,
    k: &[f32],
    v: &[f32],
    (y, x): (usize, usize),
    out: &mut [f32],
) {
    let mut sums = [S::V::splat(0.0); R];
    let blocks = blocks::<R>(s, k, (y, x));
    for (ox, width) in Strips::new(s) {
        let place = (y, x, ox);
        match width {
            7 => multiply_strip::<S, R, 7>(s, blocks, v, place, &mut sums),
            5 => multiply_strip::<S, R, 5>(s, blocks, v, place, &mut sums),
            4 => multiply_strip::<S, R, 4>(s, blocks, v, place, &mut sums),
            3 => multiply_strip::<S, R, 3>(s, blocks, v, place, &mut sums),
            _ => multiply_strip::<S, R, 1>(s, blocks, v, place, &mut sums),
        }
    }
    for (r, sum) in sums.into_iter().enumerate() {
        sum.store(&mut out[(y + r) * s.pitch + x..]);
    }
}

/// A window's columns, cut into strips of a width known to the compiler: `(first ox, width)`.
struct Strips {
    ox: usize,
    diameter: usize,
}

impl Strips {
    #[inline(always)]
    fn new(s: Stencil) -> Self {
        Self {
            ox: 0,
            diameter: s.diameter(),
        }
    }
}

impl Iterator for Strips {
    type Item = (usize, usize);

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let (ox, left) = (self.ox, self.diameter - self.ox);
        // Diameters are odd: one strip up to 7, else 5 or 7 and then fours.
        let width = match left {
            0 => return None,
            1 | 3 | 5 | 7 => left,
            _ if left % 4 == 0 => 4,
            _ if left % 4 == 1 => 5,
            _ => 7,
        };
        self.ox += width;
        Some((ox, width))
    }
}

/// Adds the products with `W` columns of the window from `ox` on.
#[inline(always)]
fn multiply_strip<S: Simd, const R: usize, const W: usize>(
    s: Stencil,
    blocks: [&[f32]; R],
    v: &[f32],
    (y, x, ox): (usize, usize, usize),
    sums: &mut [S::V; R],
) {
    let d = s.diameter();
    for t in 0..R + d - 1 {
        let row = &v[(y + t) * s.target_pitch() + x + ox..][..W - 1 + LANES];
        let mut v = [S::V::splat(0.0); W];
        for (w, v) in v.iter_mut().enumerate() {
            *v = S::V::load(&row[w..]);
        }
        for r in 0..R {
            let oy = t.wrapping_sub(r);
            if oy < d {
                let k = &blocks[r][(oy * d + ox) * LANES..][..W * LANES];
                for w in 0..W {
                    sums[r] = S::V::load(&k[w * LANES..]).mul_add(v[w], sums[r]);
                }
            }
        }
    }
}

/// Adds `K^T u` of up to [`ROWS`] rows of sources from `y` on.
#[inline(always)]
fn add_transposed<S: Simd>(s: Stencil, k: &[f32], u: &[f32], y: usize, out: &mut [f32]) {
    let end = s.height.min(y + ROWS);
    for x in (0..s.pitch).step_by(LANES) {
        if end - y == ROWS {
            add_transposed_block::<S, ROWS>(s, k, u, (y, x), out);
        } else {
            for y in y..end {
                add_transposed_block::<S, 1>(s, k, u, (y, x), out);
            }
        }
    }
}

/// Adds `K^T u` of `R` blocks below each other.
#[inline(always)]
fn add_transposed_block<S: Simd, const R: usize>(
    s: Stencil,
    k: &[f32],
    u: &[f32],
    (y, x): (usize, usize),
    out: &mut [f32],
) {
    let blocks = blocks::<R>(s, k, (y, x));
    let mut scalings: [&[f32]; R] = [&[]; R];
    for (r, scaling) in scalings.iter_mut().enumerate() {
        *scaling = &u[(y + r) * s.pitch + x..][..LANES];
    }
    for (ox, width) in Strips::new(s) {
        let place = (y, x, ox);
        match width {
            7 => add_transposed_strip::<S, R, 7>(s, blocks, scalings, place, out),
            5 => add_transposed_strip::<S, R, 5>(s, blocks, scalings, place, out),
            4 => add_transposed_strip::<S, R, 4>(s, blocks, scalings, place, out),
            3 => add_transposed_strip::<S, R, 3>(s, blocks, scalings, place, out),
            _ => add_transposed_strip::<S, R, 1>(s, blocks, scalings, place, out),
        }
    }
}

/// The same for `W` columns of the window from `ox` on. What sources send by one horizontal offset is summed
/// in its own register; the sums are then shifted over each other (as in Horner's rule, one lane at a time)
/// and added to the targets once.
#[inline(always)]
fn add_transposed_strip<S: Simd, const R: usize, const W: usize>(
    s: Stencil,
    blocks: [&[f32]; R],
    u: [&[f32]; R],
    (y, x, ox): (usize, usize, usize),
    out: &mut [f32],
) {
    let d = s.diameter();
    let zero = S::V::splat(0.0);
    for t in 0..R + d - 1 {
        let mut sums = [zero; W];
        for r in 0..R {
            let oy = t.wrapping_sub(r);
            if oy < d {
                let u = S::V::load(u[r]);
                let k = &blocks[r][(oy * d + ox) * LANES..][..W * LANES];
                for w in 0..W {
                    sums[w] = S::V::load(&k[w * LANES..]).mul_add(u, sums[w]);
                }
            }
        }
        let (mut low, mut high) = (sums[W - 1], zero);
        for w in (0..W - 1).rev() {
            high = high.shift_in(low);
            low = low.shift_in(zero).add(sums[w]);
        }
        let out = &mut out[(y + t) * s.target_pitch() + x + ox..];
        low.add(S::V::load(out)).store(out);
        if W > 1 {
            add_first::<S, W>(high, &mut out[LANES..]);
        }
    }
}

/// Adds a vector of which all but the first `W - 1` lanes are zero, where there may be no room for all.
#[inline(always)]
fn add_first<S: Simd, const W: usize>(lanes: S::V, out: &mut [f32]) {
    if out.len() >= LANES {
        lanes.add(S::V::load(out)).store(out);
    } else {
        let mut array = [0.0; LANES];
        lanes.store(&mut array);
        for (out, lane) in out.iter_mut().zip(&array[..W - 1]) {
            *out += lane;
        }
    }
}

/// `hi = max (g - c)` over a source's offsets and `log = ln sum exp((g - c - hi) / eps + l)`.
#[inline(always)]
pub fn softmin_rows<S: Simd>(
    s: Stencil,
    cost: &[f32],
    (g, l): (&[f32], &[f32]),
    inv_eps: f32,
    (hi, log): (&mut [f32], &mut [f32]),
) {
    let inv_eps = S::V::splat(inv_eps);
    let d = s.diameter();
    for y in 0..s.height {
        for x in (0..s.pitch).step_by(LANES) {
            let mut most = S::V::splat(-2.0 * FORBIDDEN);
            for offset in 0..s.offsets() {
                let (at, to) = s.row(offset / d, offset % d, y);
                let (c, g) = (S::V::load(&cost[at + x..]), S::V::load(&g[to + x..]));
                most = most.max(g.sub(c));
            }
            let mut sum = S::V::splat(0.0);
            for offset in 0..s.offsets() {
                let (at, to) = s.row(offset / d, offset % d, y);
                let (c, g) = (S::V::load(&cost[at + x..]), S::V::load(&g[to + x..]));
                let z = g
                    .sub(c)
                    .sub(most)
                    .mul_add(inv_eps, S::V::load(&l[to + x..]));
                sum = sum.add(math::exp_of(z));
            }
            most.store(&mut hi[y * s.pitch + x..]);
            math::ln_of(sum).store(&mut log[y * s.pitch + x..]);
        }
    }
}

/// The same for targets: `hi = max (f - c)`, `log = ln sum exp((f - c - hi) / eps + l)`.
#[inline(always)]
pub fn softmin_columns<S: Simd>(
    s: Stencil,
    cost: &[f32],
    (f, l): (&[f32], &[f32]),
    inv_eps: f32,
    (hi, log): (&mut [f32], &mut [f32]),
) {
    let inv_eps = S::V::splat(inv_eps);
    let d = s.diameter();
    hi.fill(-2.0 * FORBIDDEN);
    log.fill(0.0);
    for pass in 0..2 {
        for offset in 0..s.offsets() {
            for y in 0..s.height {
                let (at, to) = s.row(offset / d, offset % d, y);
                for x in (0..s.pitch).step_by(LANES) {
                    let own = y * s.pitch + x;
                    let value = S::V::load(&f[own..]).sub(S::V::load(&cost[at + x..]));
                    let hi = &mut hi[to + x..];
                    if pass == 0 {
                        S::V::load(hi).max(value).store(hi);
                    } else {
                        let z = value.sub(S::V::load(hi));
                        let e = math::exp_of(z.mul_add(inv_eps, S::V::load(&l[own..])));
                        let log = &mut log[to + x..];
                        S::V::load(log).add(e).store(log);
                    }
                }
            }
        }
    }
    for log in log.chunks_exact_mut(LANES) {
        math::ln_of(S::V::load(log)).store(log);
    }
}
