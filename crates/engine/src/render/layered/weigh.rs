//! Weights of the motions at a cell: each by its coverage and how likely it is what is seen there, by the order of depth, visibility,
//! photometric error and support of all that meet.

use super::calm::JOINED;
use super::gate;
use super::slots::{SLOTS, STILL_ORDER, Slot, Slots};
use crate::layers::{Cells, Vector, apart, difference, straightened};
use crate::probe::{Candidate, Probe};
use crate::render::cells::lists::{Listed, MOST};

/// Less coverage is none.
const LEAST_COVERAGE: f32 = 0.05;
/// Photometric error that is half of the largest as a feature, codes.
const HALF_ERROR: f32 = 8.0;
/// Photometric error from which the pictures are not the same along a motion, codes.
const SAME_ERROR: f32 = 3.0;
/// Differences count no more than this, codes.
const MOST_DIFFERENCE: f32 = 60.0;
/// Side of the squares in which a motion is to be found around, less the cell itself, cells; motions that differ less there are the same,
/// cells; and the share of the best of them at which it is supported wholly.
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
    /// Is given all motions that meet.
    pub probe: Option<&'a dyn Probe>,
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
        if count == 0 {
            return None;
        }
        if count == 1 {
            let share = self.share(&own[0], (x, y));
            return Some(Listed::alone(own[0].motion, own[0].bend, share));
        }
        let mut met = [Candidate::default(); SLOTS];
        let mut covered = [0.0; SLOTS];
        let mut bends = [[0.0; 2]; SLOTS];
        let mut used = 0;
        for slot in &own[..count] {
            // Beside what stands still only what lies in front of it is seen.
            let is_seen = !stands || slot.order > STILL_ORDER;
            if slot.covered() >= LEAST_COVERAGE && is_seen {
                met[used] = self.candidate(slots, (x, y), slot);
                covered[used] = slot.covered();
                bends[used] = slot.bend;
                used += 1;
            }
        }
        let weights = gate::weights_of(&met[..used]);
        if let Some(probe) = self.probe {
            probe.candidates((x, y), &met[..used]);
        }
        let mut list = [Listed::default(); MOST];
        let (mut listed, mut left) = (0, 1.0f32);
        for n in 0..used {
            let weight = covered[n] * weights[n];
            left = (left - weight).max(0.0);
            let (motion, share) = (met[n].motion, met[n].share);
            listed = joined(
                &mut list,
                listed,
                Listed {
                    motion,
                    bend: bends[n],
                    weight,
                    share,
                },
            );
        }
        if stands {
            let [still, ..] = Listed::still(self.t);
            listed = joined(
                &mut list,
                listed,
                Listed {
                    weight: left,
                    ..still
                },
            );
        }
        finish(&mut list, listed).then_some(list)
    }

    /// What is known of a motion, for the gate.
    #[inline(always)]
    fn candidate(&self, slots: &Slots, at: (usize, usize), slot: &Slot) -> Candidate {
        let share = self.share(slot, at);
        let place = straightened(at, slot.bend);
        // 1 where both pictures show it alike, 0 where one alone does, at whatever time.
        let (first, second) = ((1.0 - share) / (1.0 - self.t), share / self.t);
        let shown = 4.0 * first * second / (first + second).powi(2);
        let bounded = |error: f32| error / (error + HALF_ERROR);
        let support = slots.found_around(at, SUPPORT, slot.motion, SAME_MOTION);
        Candidate {
            motion: slot.motion,
            share,
            features: [
                bounded(self.error(place, slot.motion, false)),
                bounded(self.error(place, slot.motion, true)),
                shown,
                slot.coverage[0].min(slot.coverage[1]).min(1.0),
                slot.covered(),
                (support * (1.0 / SUPPORTED)).min(1.0),
                slot.order,
                slot.hidden,
                slot.known[0].min(slot.known[1]),
                slot.known[0].max(slot.known[1]),
            ],
        }
    }

    /// How much of the second picture is shown along a slot's motion.
    #[inline(always)]
    fn share(&self, slot: &Slot, at: (usize, usize)) -> f32 {
        let motion = slot.motion;
        let cells = self.pictures[0];
        let [x, y] = straightened(at, slot.bend);
        let inside = |by: f32| {
            let is_inside = cells.has(x + by * motion[0], y + by * motion[1]);
            if is_inside { 1.0 } else { OUTSIDE }
        };
        let known = slot.known;
        let mut first = known[0] * inside(-self.t);
        let mut second = known[1] * inside(1.0 - self.t);
        if first.min(second) < 1.0 {
            // Where both pictures look the same along it either may be shown, whoever is hidden.
            let error = self.error([x, y], motion, true) * (1.0 / SAME_ERROR);
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

    /// Photometric error of a motion through a place, in codes: a mean over 3×3 cells, the middle twice, or over the best of the four
    /// squares of 2×2 that have it in a corner if that is less, so that what lies beyond an outline does not count. What lies
    /// outside the picture counts as no error, or with `repeated` as the border repeated outwards.
    #[inline(always)]
    pub fn error(&self, [x, y]: Vector, motion: Vector, repeated: bool) -> f32 {
        let [a, b] = self.pictures;
        let (back, on) = (-self.t, 1.0 - self.t);
        let corner = |by: f32| [0, 1].map(|n| [x, y][n] - 1.0 + by * motion[n]);
        let mut errors = [0.0; 9];
        if let (Some(first), Some(second)) = (a.nine(corner(back)), b.nine(corner(on))) {
            for n in 0..9 {
                errors[n] = difference(first[n], second[n]).min(MOST_DIFFERENCE);
            }
            return least_mean(&errors);
        }
        for (n, error) in errors.iter_mut().enumerate() {
            let (x, y) = (x + (n % 3) as f32 - 1.0, y + (n / 3) as f32 - 1.0);
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
    if count == 0 || list[..count].iter().any(Listed::is_still) {
        return;
    }
    let at = count.min(MOST - 1);
    list[at] = Listed {
        weight: PERHAPS,
        share: t,
        ..Listed::default()
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
    let alike = |old: &&mut Listed| old.apart(&new) < JOINED;
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
