//! Where one scene ends and another begins.
//!
//! Two frames, reduced in size, are two scenes if no motion takes one to the other. A flash, a pan faster than
//! motion can follow and a dissolve are no cuts: a scene returns after a flash, and in the others it is not one
//! pair that stands out from its neighbours.

use super::rules::{Cuts, HandCut, Rules};
use super::{Error, Read, thumbnail};
use crate::interpolator::{Interpolator, Method, Preset};
use crate::picture::Picture;
use crate::video::time::{Rational, zero};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

/// Frames that differ by less, in the mean, are one scene (3 codes of 255).
const ALIKE: f32 = 3.0 / 255.0;
/// So are frames that differ by less than this share of their own contrast. Measured: two scenes differ by 0.5 and more.
const ALIKE_CONTRAST: f32 = 0.15;
/// A flash lasts at most so many frames; so many more are looked at where a cut is suspected.
const FLASH_FRAMES: usize = 2;
/// A scene has returned if the share left unexplained is below this part of the threshold.
const RETURNED: f32 = 0.75;
/// A pair that stands out from neither neighbour, theirs being at least this part of its own share, is no cut.
const SUSTAINED: f32 = 0.6;

/// Where one scene ends and another begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// Index of the first frame after the cut, from 0.
    pub frame: u64,
    /// Seconds from the clip's first frame to that one.
    pub time: Rational,
}

/// A source frame, at its time since the first.
pub(super) struct Held {
    pub(super) picture: Arc<Picture>,
    pub(super) time: Rational,
    /// Since the frame before; 0 at the first.
    pub(super) gap: Rational,
    pub(super) duration: Option<Rational>,
    /// Whether a scene begins here.
    pub(super) is_cut: bool,
    small: Option<Arc<Picture>>,
}

/// The frames of a clip, cuts marked.
pub(super) struct Marked<'a> {
    frames: Receiver<Read>,
    rules: &'a Rules,
    small_interpolator: Interpolator,
    start: Option<Rational>,
    last_time: Rational,
    /// Frames that were looked at before their turn.
    ahead: VecDeque<Held>,
    /// The last frame given out: its reduced picture.
    before: Option<Arc<Picture>>,
    /// What no motion explained between the two frames before.
    share_before: f32,
    /// So many pairs to come belong to a flash.
    flash_pairs: usize,
    /// Frames given out so far.
    pub(super) count: u64,
    pub(super) cuts: Vec<Cut>,
    by_hand: Vec<HandCut>,
}

impl<'a> Marked<'a> {
    pub(super) fn new(frames: Receiver<Read>, rules: &'a Rules) -> Self {
        let by_hand = match &rules.cuts {
            Cuts::Detected(_) => Vec::new(),
            Cuts::ByHand(cuts) => cuts.clone(),
        };
        Self {
            frames,
            rules,
            small_interpolator: Interpolator::new(Method::Ot, Preset::Fast),
            start: None,
            last_time: zero(),
            ahead: VecDeque::new(),
            before: None,
            share_before: 0.0,
            flash_pairs: 0,
            count: 0,
            cuts: Vec::new(),
            by_hand,
        }
    }

    /// Cuts given by hand that no frame was found for.
    pub(super) fn cuts_beyond(&self) -> usize {
        self.by_hand.len()
    }

    /// The next frame; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Held>, Error> {
        let Some(mut held) = self.ahead.pop_front().or_else(|| self.receive()) else {
            return Ok(None);
        };
        if self.count > 0 {
            held.is_cut = match self.rules.cuts {
                Cuts::Detected(threshold) => self.is_cut(&held, threshold)?,
                Cuts::ByHand(_) => self.is_by_hand(&held),
            };
        }
        if held.is_cut {
            self.cuts.push(Cut {
                frame: self.count,
                time: held.time,
            });
        }
        self.before.clone_from(&held.small);
        self.count += 1;
        Ok(Some(held))
    }

    fn receive(&mut self) -> Option<Held> {
        let Read { frame, small } = self.frames.recv().ok()?;
        let time = frame.time - *self.start.get_or_insert(frame.time);
        let gap = time - self.last_time;
        self.last_time = time;
        Some(Held {
            picture: Arc::new(frame.picture),
            time,
            gap,
            duration: frame.duration,
            is_cut: false,
            small: small.map(Arc::new),
        })
    }

    /// The reduced picture `index` frames after the one whose turn it is.
    fn small_ahead(&mut self, index: usize) -> Option<Arc<Picture>> {
        while self.ahead.len() <= index {
            let held = self.receive()?;
            self.ahead.push_back(held);
        }
        self.ahead[index].small.clone()
    }

    /// Whether a scene begins with this frame, on the evidence of the motion.
    fn is_cut(&mut self, held: &Held, threshold: f32) -> Result<bool, Error> {
        let (Some(before), Some(here)) = (self.before.clone(), held.small.clone()) else {
            return Ok(false);
        };
        if self.flash_pairs > 0 {
            self.flash_pairs -= 1;
            self.share_before = 0.0;
            return Ok(false);
        }
        let share = self.unexplained(&before, &here)?;
        let share_before = std::mem::replace(&mut self.share_before, share);
        if share < threshold {
            return Ok(false);
        }
        for frames in 1..=FLASH_FRAMES {
            let Some(after) = self.small_ahead(frames - 1) else {
                break;
            };
            if self.unexplained(&before, &after)? < RETURNED * threshold {
                self.flash_pairs = frames;
                return Ok(false);
            }
        }
        let share_after = match self.small_ahead(0) {
            Some(after) => self.unexplained(&here, &after)?,
            None => 0.0,
        };
        Ok(share_before.max(share_after) < SUSTAINED * share)
    }

    /// Share of two reduced pictures that no motion explains; 0 at once where they are obviously alike.
    fn unexplained(&self, first: &Picture, second: &Picture) -> Result<f32, Error> {
        let (difference, contrast) = thumbnail::difference_and_contrast(first, second);
        if difference < ALIKE.max(ALIKE_CONTRAST * contrast) {
            return Ok(0.0);
        }
        let transition = self.small_interpolator.between(first, second)?;
        Ok(transition.unexplained_share())
    }

    /// Whether the user says that a scene begins with this frame.
    fn is_by_hand(&mut self, held: &Held) -> bool {
        let (count, latest) = (self.count, held.time + held.gap / 2);
        let given = self.by_hand.len();
        self.by_hand.retain(|cut| match cut {
            HandCut::Frame(frame) => *frame != count,
            HandCut::Time(time) => *time > latest,
        });
        self.by_hand.len() < given
    }
}
