//! Duplicate frame detection: animation on twos, frames that a stream dropped.
//!
//! A repeat is small beside the changes on both sides of it. That holds for dark scenes as for bright ones, and
//! neither for a fade nor for slow motion, whose changes are all alike. What stands longer is a still scene.

use super::cuts::{Held, Marked};
use super::outcome::Error;
use super::rules::Duplicates;
use otinterp::picture::{Format, Picture, samples};
use otinterp::timings::{Stage, stage};
use otinterp_video::time::Rational;
use rayon::prelude::*;
use std::collections::VecDeque;

/// Frames change by the mean over that square of theirs that changes most, px of side: small things that move count.
const BLOCK_PX: usize = 16;
/// The changes before and after repeats are more than so many times theirs (chosen, and checked on encoded clips:
/// `docs/decisions/007-cuts-and-duplicates.md`).
const STANDS_OUT: f32 = 4.0;
/// Coding noise between repeats, as a share of full scale (chosen and checked likewise).
const MOST_NOISE: f32 = 4.0 / 255.0;
/// A change below this, as a share of full scale, is no motion worth an in-between.
const LEAST_MOTION: f32 = 2.0 / 255.0;
/// More repeats than this are a still scene: animation is drawn on ones to fours.
const MOST_REPEATS: usize = 3;
/// So is what stands longer than a quarter of a second.
const MOST_STANDING_S: (i128, i128) = (1, 4);

/// The frames of a clip, without those that repeat the one before where that is asked for.
pub(super) struct Merged<'a> {
    pub(super) marked: Marked<'a>,
    replaces: bool,
    /// Ready to be given out.
    ready: VecDeque<Held>,
    /// A frame and what may be its repeats. More than `MOST_REPEATS + 1` never wait.
    run: Vec<Held>,
    /// The change into the run's first frame; infinite at the start of a scene.
    change_before: f32,
    /// The largest change within the run.
    noise: f32,
    /// Frames left out so far.
    pub(super) replaced: u64,
}

impl<'a> Merged<'a> {
    pub(super) fn new(marked: Marked<'a>, duplicates: Duplicates) -> Self {
        Self {
            marked,
            replaces: duplicates == Duplicates::Replace,
            ready: VecDeque::new(),
            run: Vec::new(),
            change_before: f32::INFINITY,
            noise: 0.0,
            replaced: 0,
        }
    }

    /// The next frame; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Held>, Error> {
        if !self.replaces {
            return self.marked.next();
        }
        loop {
            if let Some(held) = self.ready.pop_front() {
                return Ok(Some(held));
            }
            match self.marked.next()? {
                Some(held) => self.take(held),
                None if self.run.is_empty() => return Ok(None),
                // Nothing follows that could stand in their place.
                None => self.ready.extend(self.run.drain(..)),
            }
        }
    }

    fn take(&mut self, held: Held) {
        let Some(last) = self.run.last() else {
            self.run.push(held);
            return;
        };
        if held.is_cut {
            self.restart(held, f32::INFINITY);
            return;
        }
        let change = rayon::scope(|_| {
            let _stage = stage(Stage::Cuts);
            change(&last.picture, &held.picture)
        });
        let has_repeats = self.run.len() > 1;
        if has_repeats && change > LEAST_MOTION && change > STANDS_OUT * self.noise {
            let repeats = self.run[1..].iter();
            self.replaced += repeats.filter(|held| !held.is_context).count() as u64;
            self.run.truncate(1);
            self.restart(held, change);
        } else if change < MOST_NOISE && STANDS_OUT * change < self.change_before {
            self.noise = self.noise.max(change);
            self.run.push(held);
            if self.is_still() {
                // The last of them may be the first of a run, with nothing that stands out before it.
                if let Some(last) = self.run.pop() {
                    self.restart(last, 0.0);
                }
            }
        } else {
            self.restart(held, change);
        }
    }

    /// Gives out the run and begins a new one.
    fn restart(&mut self, held: Held, change_before: f32) {
        self.ready.extend(self.run.drain(..));
        self.run.push(held);
        self.change_before = change_before;
        self.noise = 0.0;
    }

    fn is_still(&self) -> bool {
        let (Some(first), Some(last)) = (self.run.first(), self.run.last()) else {
            return false;
        };
        let most = Rational::new(MOST_STANDING_S.0, MOST_STANDING_S.1);
        self.run.len() - 1 > MOST_REPEATS || last.time - first.time > most
    }
}

/// By how much two pictures of one size and format differ, as a share of full scale: the mean absolute difference over the
/// square where it is largest, in the plane where it is largest.
fn change(first: &Picture, second: &Picture) -> f32 {
    let format = first.format();
    let planes = first.planes().iter().zip(second.planes()).enumerate();
    planes
        .map(|(index, (a, b))| {
            if samples(a) == samples(b) {
                return 0.0;
            }
            let width = a.ncols();
            let bands = samples(a).par_chunks(BLOCK_PX * width);
            let bands = bands.zip(samples(b).par_chunks(BLOCK_PX * width));
            let most = bands.map_init(Vec::new, |sums, (a, b)| most_in_band(a, b, width, sums));
            most.reduce(|| 0.0, f32::max) / full_scale(&format, index)
        })
        .fold(0.0, f32::max)
}

/// The largest mean absolute difference over the squares of a band; `sums` is room for a row.
fn most_in_band(a: &[f32], b: &[f32], width: usize, sums: &mut Vec<f32>) -> f32 {
    let rows = a.len() / width;
    sums.clear();
    sums.resize(width, 0.0);
    for (a, b) in a.chunks_exact(width).zip(b.chunks_exact(width)) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += (a - b).abs();
        }
    }
    let squares = sums.chunks(BLOCK_PX);
    squares
        .map(|sums| sums.iter().sum::<f32>() / (sums.len() * rows) as f32)
        .fold(0.0, f32::max)
}

fn full_scale(format: &Format, plane: usize) -> f32 {
    if format.is_chroma(plane) {
        format.chroma_offset_scale().1
    } else {
        format.luma_offset_scale().1
    }
}
