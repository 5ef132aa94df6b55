//! Weights of the motions at a cell: composited from front to back, each by its coverage, its support around it and its photometric
//! error. What both pictures show lies before what one of them hides, else the order of depth decides.

use super::calm::JOINED;
use super::slots::{SLOTS, Slot, Slots};
use crate::layers::{Cells, Vector, apart, difference};
use crate::render::cells::lists::{Listed, MOST};

/// How far what is hidden in one picture lies behind.
const HIDDEN_BEHIND: f32 = 1.5;
/// How far what both pictures cover lies before.
const BOTH_BEFORE: f32 = 0.3;
/// Less coverage is none.
const LEAST_COVERAGE: f32 = 0.05;
/// Less passes through to what lies behind.
const LEAST_PASSING: f32 = 0.01;
/// Photometric error at which a motion that both pictures show has half its weight, codes.
const HALF_ERROR: f32 = 20.0;
/// Photometric error from which the pictures are not the same along a motion, codes.
const SAME_ERROR: f32 = 3.0;
/// Weight of a motion that one picture alone shows, where nothing can be compared.
const ONE_SIDED: f32 = 0.2;
/// Differences count no more than this, codes.
const MOST_DIFFERENCE: f32 = 60.0;
/// Side of the squares in which a motion is to be found around, less the cell itself, cells; motions that differ less there are the same,
/// cells; and the share of the best of them at which it has all its weight.
const SUPPORT: usize = 1;
/// See [`SUPPORT`].
const SAME_MOTION: f32 = 1.0;
/// See [`SUPPORT`].
const SUPPORTED: f32 = 0.8;
/// Weight of a sample from outside the picture, beside one from inside.
const OUTSIDE: f32 = 1e-3;
/// Share of all weights below which a motion is left out.
const LEAST_WEIGHT: f32 = 0.04;
/// Weight of no motion beside 1 of all others where outlines stay in place.
const PERHAPS: f32 = 0.3;
/// Keeps a division from being one by nothing.
const TINY: f32 = 1e-6;

/// Weighs the motions of cells at one time.
pub struct Weigher<'a> {
    pub pictures: [&'a Cells; 2],
    pub t: f32,
}

impl Weigher<'_> {
    /// The list of a cell, motions in cells, of one that `stands` still as it is known; none if nothing landed there.
    #[inline(always)]
    pub fn list(
        &self,
        slots: &Slots,
        (x, y): (usize, usize),
        stands: bool,
    ) -> Option<[Listed; MOST]> {
        let own = &mut slots.at(x, y).to_owned();
        let mut count = own.iter().take_while(|slot| !slot.is_free()).count();
        if stands {
            count = stand(own, count);
        }
        let mut list = [Listed::default(); MOST];
        if count == 0 {
            return None;
        }
        if count == 1 {
            list[0] = Listed {
                motion: own[0].motion,
                weight: 1.0,
                share: self.share(&own[0], (x, y)),
            };
            return Some(list);
        }
        let mut order = [(0.0, 0); SLOTS];
        for (n, slot) in own[..count].iter().enumerate() {
            let both = slot.coverage[0].min(slot.coverage[1]).min(1.0);
            order[n] = (
                slot.order - HIDDEN_BEHIND * slot.hidden + BOTH_BEFORE * both,
                n,
            );
        }
        order[..count].sort_by(|a, b| b.0.total_cmp(&a.0));
        let (mut passing, mut left, mut used) = (1.0f32, 1.0f32, 0);
        let mut before = f32::MAX;
        for &(depth, n) in &order[..count] {
            // What lies as far in front does not hide each other.
            if depth != before {
                (before, passing) = (depth, left);
            }
            let slot = &own[n];
            let covered = slot.covered();
            if passing < LEAST_PASSING || covered < LEAST_COVERAGE {
                continue;
            }
            let motion = slot.motion;
            let share = self.share(slot, (x, y));
            let is_certain = stands && motion == [0.0; 2];
            let weight = if is_certain {
                passing * covered
            } else {
                passing * covered * self.evidence(slots, (x, y), slot, share)
            };
            left = (left - weight).max(0.0);
            used = joined(
                &mut list,
                used,
                Listed {
                    motion,
                    weight,
                    share,
                },
            );
        }
        finish(&mut list, used).then_some(list)
    }

    /// How far a motion is borne out, in `[0, 1]`: by its photometric error where both pictures show it, and by the cells around.
    #[inline(always)]
    fn evidence(&self, slots: &Slots, at: (usize, usize), slot: &Slot, share: f32) -> f32 {
        // 1 where both pictures show it alike, 0 where one alone does, at whatever time.
        let (first, second) = ((1.0 - share) / (1.0 - self.t), share / self.t);
        let shown = 4.0 * first * second / (first + second).powi(2);
        // Cells of both pictures that meet here along one motion bear it out, trusted or not.
        let both = shown.max(slot.coverage[0].min(slot.coverage[1]).min(1.0));
        let motion = slot.motion;
        let error = self.error(at, motion, false) * (1.0 / HALF_ERROR);
        let fit = both / (1.0 + error * error) + (1.0 - both) * ONE_SIDED;
        let support =
            (slots.found_around(at, SUPPORT, motion, SAME_MOTION) * (1.0 / SUPPORTED)).min(1.0);
        fit * support * support
    }

    /// How much of the second picture is shown along a slot's motion.
    #[inline(always)]
    fn share(&self, slot: &Slot, (x, y): (usize, usize)) -> f32 {
        let motion = slot.motion;
        let cells = self.pictures[0];
        let inside = |by: f32| {
            let is_inside = cells.has(x as f32 + by * motion[0], y as f32 + by * motion[1]);
            if is_inside { 1.0 } else { OUTSIDE }
        };
        let known = slot.known;
        let mut first = known[0] * inside(-self.t);
        let mut second = known[1] * inside(1.0 - self.t);
        if first.min(second) < 1.0 {
            // Where both pictures look the same along it either may be shown, whoever is hidden.
            let error = self.error((x, y), motion, true) * (1.0 / SAME_ERROR);
            let alike = (1.0 - error * error).max(0.0);
            first = first.max(alike);
            second = second.max(alike);
        }
        if first == second {
            return self.t;
        }
        let first = (1.0 - self.t) * first + TINY;
        let second = self.t * second + TINY;
        second / (first + second)
    }

    /// Photometric error of a motion through a cell, in codes: a mean over 3×3 cells, the middle twice, or over the best of the four
    /// squares of 2×2 that have the cell in a corner if that is less, so that what lies beyond an outline does not count. What lies
    /// outside the picture counts as no error, or with `repeated` as the border repeated outwards.
    #[inline(always)]
    pub fn error(&self, (x, y): (usize, usize), motion: Vector, repeated: bool) -> f32 {
        let [a, b] = self.pictures;
        let (back, on) = (-self.t, 1.0 - self.t);
        let corner = |by: f32| [0, 1].map(|n| [x, y][n] as f32 - 1.0 + by * motion[n]);
        let mut errors = [0.0; 9];
        if let (Some(first), Some(second)) = (a.nine(corner(back)), b.nine(corner(on))) {
            for n in 0..9 {
                errors[n] = difference(first[n], second[n]).min(MOST_DIFFERENCE);
            }
            return least_mean(&errors);
        }
        for (n, error) in errors.iter_mut().enumerate() {
            let (x, y) = (
                x as f32 + (n % 3) as f32 - 1.0,
                y as f32 + (n / 3) as f32 - 1.0,
            );
            let from = [x + back * motion[0], y + back * motion[1]];
            let to = [x + on * motion[0], y + on * motion[1]];
            if repeated || a.has(from[0], from[1]) && b.has(to[0], to[1]) {
                let (va, vb) = (a.bilinear(from[0], from[1]), b.bilinear(to[0], to[1]));
                *error = difference(va, vb).min(MOST_DIFFERENCE);
            }
        }
        least_mean(&errors)
    }
}

/// Of 3×3 errors: the least of their mean, the middle twice, and the means of the four squares of 2×2, the middle twice.
#[inline(always)]
fn least_mean(errors: &[f32; 9]) -> f32 {
    let [a, b, c, d, middle, f, g, h, i] = *errors;
    let all = 0.1 * (a + b + c + d + f + g + h + i) + 0.2 * middle;
    let square =
        |corner: f32, across: f32, down: f32| 0.4 * middle + 0.2 * (corner + across + down);
    let above = square(a, b, d).min(square(c, b, f));
    let below = square(g, h, d).min(square(i, h, f));
    all.min(above.min(below))
}

/// Puts no motion in the place of what is nearly none, or beside the `count` motions of a cell; the number that there are then.
#[inline(always)]
fn stand(slots: &mut [Slot; SLOTS], count: usize) -> usize {
    let mut kept = 0;
    for n in 0..count {
        if apart(slots[n].motion, [0.0; 2]) >= JOINED {
            slots[kept] = slots[n];
            kept += 1;
        }
    }
    let at = kept.min(SLOTS - 1);
    slots[at] = Slot::still();
    at + 1
}

/// Adds no motion to a list, unless it has it or is empty; in place of the last if there are as many as there can be.
#[inline(always)]
pub fn may_stand(list: &mut [Listed; MOST], t: f32) {
    let count = list.iter().take_while(|listed| listed.weight > 0.0).count();
    let is_still = |listed: &Listed| listed.motion == [0.0; 2];
    if count == 0 || list[..count].iter().any(is_still) {
        return;
    }
    let at = count.min(MOST - 1);
    list[at] = Listed {
        motion: [0.0; 2],
        weight: PERHAPS,
        share: t,
    };
    let total: f32 = list.iter().map(|listed| listed.weight).sum();
    list.iter_mut().for_each(|listed| listed.weight /= total);
}

/// Adds a motion to the `used` first of a list; the number that is used then.
#[inline(always)]
fn joined(list: &mut [Listed; MOST], used: usize, new: Listed) -> usize {
    if new.weight <= 0.0 {
        return used;
    }
    let alike = |old: &&mut Listed| apart(old.motion, new.motion) < JOINED;
    if let Some(old) = list[..used].iter_mut().find(alike) {
        old.join(&new, new.weight);
        return used;
    }
    if used < MOST {
        list[used] = new;
        return used + 1;
    }
    used
}

/// Sorts a list by weight, leaves out what has little, and brings the sum to 1. False if nothing has weight.
#[inline(always)]
fn finish(list: &mut [Listed; MOST], used: usize) -> bool {
    let total: f32 = list[..used].iter().map(|l| l.weight).sum();
    if total <= 0.0 {
        return false;
    }
    list.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let least = LEAST_WEIGHT * total;
    list.iter_mut()
        .filter(|listed| listed.weight < least)
        .for_each(|listed| *listed = Listed::default());
    let total: f32 = list.iter().map(|l| l.weight).sum();
    for listed in list.iter_mut() {
        listed.weight /= total;
    }
    true
}
