//! Layers: of every cell of two pictures whether it is seen in the other one, the motion of the layer it belongs to, and which layer
//! lies in front.
//!
//! Motion as it is solved is smooth, and wrong where a picture shows what the other one hides. Here boundaries of motion are brought to
//! where the pictures' are ([`adopt`]), things that no motion explains are matched as a whole ([`segments`]), cells are trusted by forward-backward consistency and photometric error ([`trust`]), the others
//! take the motion of the layer that they belong to ([`spread`], [`settle`]), and who hides whom gives the order of depth ([`order`]).
//! All lengths are in cells.

mod adopt;
mod blocks;
mod cells;
mod differences;
mod maps;
mod order;
mod paths;
mod segments;
mod settle;
mod spread;
#[cfg(test)]
mod tests;
mod trust;

pub use cells::{Cells, Vector, apart, by_rows, difference, fill_rows};
pub use differences::Outer;
pub use maps::LayerMaps;
pub use paths::{Bends, Paths, straightened};

use crate::motion::Field;
use crate::picture::samples;
use adopt::{Adopted, adopted};
use cells::return_error;
use otinterp_simd::Level as Cpu;
use spread::Spread;

/// A hidden cell's place is owned by another motion if that leads back no nearer than this, cells.
const DIFFERENT: f32 = 0.75;
/// Photometric errors, in codes, from which a cell is taken as hidden, and from which it is wholly.
const HIDDEN: (f32, f32) = (3.0, 9.0);
/// What a place that is not trusted itself counts as the owner of one that is hidden.
const UNSURE_OWNER: f32 = 0.5;

/// What is known of the cells of one picture.
#[derive(Debug)]
pub struct Layers {
    /// Motion into the other picture, of the layer that a cell belongs to.
    pub motion: Vec<Vector>,
    /// Whether a cell's own motion is trusted: it is seen in both pictures.
    pub trusted: Vec<bool>,
    /// How far a cell is hidden in the other picture, behind something of another motion, in `[0, 1]`.
    pub hidden: Vec<f32>,
    /// Order of depth of its layer, in `(-1, 1)`, larger in front.
    pub order: Vec<f32>,
}

/// The layers of two pictures, of the motions both ways by their cells of `2^cell_log2` px.
pub fn layers(cpu: Cpu, pictures: [&Cells; 2], motion: [&Field; 2], cell_log2: u8) -> [Layers; 2] {
    let solved = motion.map(vectors);
    let [a, b] = pictures;
    let (first, second) = rayon::join(
        || adopted(cpu, a, b, &solved[0], &solved[1]),
        || adopted(cpu, b, a, &solved[1], &solved[0]),
    );
    let mut own = [first, second];
    // Of larger cells small things have too few.
    if cell_log2 <= 2 {
        segments::carry(pictures, &mut own);
    }
    let trusted = [0, 1].map(|n| trust::trusted(pictures[n], &own[n], &own[1 - n].motion));
    let outlines = [0, 1].map(|n| trust::outlines(pictures[n], &own[n].motion, &trusted[n]));
    let dim = [a.width, a.height];
    let shares = trusted
        .each_ref()
        .map(|trusted| settle::shares(trusted, dim));
    let pair = Pair {
        shares,
        pictures,
        own,
        trusted,
        outlines,
    };
    let spread = pair.spread(None);
    let mut memory = order::Memory::default();
    let order = pair.order(&spread, &mut memory);
    let spread = pair.spread(Some(&order));
    let order = pair.order(&spread, &mut memory);
    drop(memory);
    let hidden = pair.hidden(&spread);
    let settled = pair.both(|n| {
        let (from, to) = (pair.pictures[n], pair.pictures[1 - n]);
        let kept = settle::keep_solved(
            [from, to],
            &spread[n],
            &solved[n],
            &pair.own[n].error,
            (&pair.trusted[n], &pair.shares[n]),
            &hidden[n],
        );
        settle::median(cpu, from, &kept, &pair.trusted[n])
    });
    let hidden = pair.hidden(&settled);
    let mut parts = settled.into_iter().zip(pair.trusted).zip(hidden).zip(order);
    [(); 2].map(|()| {
        let (((motion, trusted), hidden), order) = parts.next().unwrap_or_default();
        Layers {
            motion,
            trusted,
            hidden,
            order,
        }
    })
}

/// Motions of the cells.
fn vectors(field: &Field) -> Vec<Vector> {
    let pairs = samples(&field.dx).iter().zip(samples(&field.dy));
    pairs.map(|(&dx, &dy)| [dx, dy]).collect()
}

/// Both pictures of a pair and what is known of their cells so far.
struct Pair<'a> {
    pictures: [&'a Cells; 2],
    own: [Adopted; 2],
    trusted: [Vec<bool>; 2],
    /// Of trusted cells around each.
    shares: [Vec<f32>; 2],
    outlines: [Vec<f32>; 2],
}

impl Pair<'_> {
    /// Of both pictures at once.
    fn both<T: Send>(&self, of: impl Fn(usize) -> T + Sync) -> [T; 2] {
        rayon::join(|| of(0), || of(1)).into()
    }

    /// Motions spread over cells without trust, by the order known so far.
    fn spread(&self, order: Option<&[Vec<f32>; 2]>) -> [Vec<Vector>; 2] {
        self.both(|n| {
            Spread {
                from: self.pictures[n],
                to: self.pictures[1 - n],
                trusted: &self.trusted[n],
                outlines: &self.outlines[n],
                order: order.map(|order| &order[n][..]),
                back: &self.own[1 - n].motion,
                back_trusted: &self.trusted[1 - n],
                back_order: order.map(|order| &order[1 - n][..]),
            }
            .over(&self.own[n].motion)
        })
    }

    fn order(&self, motion: &[Vec<Vector>; 2], memory: &mut order::Memory) -> [Vec<f32>; 2] {
        let motions = motion.each_ref().map(Vec::as_slice);
        let trusted = self.trusted.each_ref().map(Vec::as_slice);
        order::orders(self.pictures[0], motions, trusted, memory)
    }

    /// How far each cell is hidden: its place in the other picture is owned by another motion, and looks otherwise.
    fn hidden(&self, motion: &[Vec<Vector>; 2]) -> [Vec<f32>; 2] {
        self.both(|n| {
            let (from, to) = (self.pictures[n], self.pictures[1 - n]);
            by_rows([from.width, from.height], |x, y| {
                let at = y * from.width + x;
                let own = motion[n][at];
                if self.trusted[n][at] {
                    return 0.0;
                }
                let Some(place) = from.led_to(x, y, own) else {
                    return 0.0;
                };
                if return_error(own, motion[1 - n][place]) <= DIFFERENT * DIFFERENT {
                    return 0.0;
                }
                let owner = if self.trusted[1 - n][place] {
                    1.0
                } else if self.shares[1 - n][place] > 0.0 {
                    UNSURE_OWNER
                } else {
                    // Nothing is known there.
                    return 0.0;
                };
                let error = from.error_along(to, x, y, own);
                owner * ((error - HIDDEN.0) / (HIDDEN.1 - HIDDEN.0)).clamp(0.0, 1.0)
            })
        })
    }
}
