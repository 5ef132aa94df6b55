//! Scene cut detection.
//!
//! Two frames, reduced in size, are two scenes if no motion takes one to the other. A flash, a fade, a dissolve and a
//! pan faster than motion can follow are no cuts: a scene returns after a flash, and in the others it is not one
//! pair that stands out from its neighbours.

use super::outcome::{Cut, Error};
use super::rules::{Cuts, HandCut, Rules};
use super::{pan, thumbnail};
use otinterp::picture::{Picture, PictureError};
use otinterp::timings::{Stage, stage};
use otinterp::{Interpolator, Method, Preset, PyramidCache};
use otinterp_video::Frame;
use otinterp_video::time::{Rational, zero};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

/// Frames that differ by less, in the mean, are one scene (3 codes of 255).
const ALIKE: f32 = 3.0 / 255.0;
/// So are frames that differ by less than this share of their own contrast. Measured on joined clips:
/// two scenes differ by 0.46 and more, but for two takes before one backdrop, which differ by 0.18.
const ALIKE_CONTRAST: f32 = 0.15;
/// A flash lasts at most so many frames; so many more are looked at where a cut is suspected.
const FLASH_FRAMES: usize = 2;
/// A scene has returned if the share left unexplained is below this (measured).
const RETURNED: f32 = 0.3;
/// Frames whose fine structure correlates by more, over some shift, are one scene. Measured: cuts up to 0.38, two takes before
/// one backdrop 0.59, most steps of pans and dissolves 0.4 to 1.0.
const PANNED: f32 = 0.45;
/// What a neighbouring pair shows as well, at least this part of it, marks no cut (measured).
const SUSTAINED: f32 = 0.6;
/// A frame is flat beside another if it has less than this part of its contrast: black in a fade, white in a flash.
const FLAT: f32 = 0.3;
/// Frames that differ by more than so many times their own contrast need no motion to tell that they are two scenes.
const SURE_CONTRASTS: f32 = 2.0;

/// A frame on its way from the first stage to the second.
pub(super) struct Read {
    pub(super) frame: Frame,
    /// What cuts are sought on, if they are.
    pub(super) small: Option<Small>,
}

/// A source frame, at its time since the first.
pub(super) struct Held {
    pub(super) picture: Arc<Picture>,
    /// For the pair that it ends and the one that it begins.
    pub(super) pyramid: PyramidCache,
    pub(super) time: Rational,
    /// Since the frame before; 0 at the first.
    pub(super) gap: Rational,
    pub(super) duration: Option<Rational>,
    /// Whether a scene begins here.
    pub(super) is_cut: bool,
    /// Whether it is not shown itself.
    pub(super) is_context: bool,
    small: Option<Arc<Small>>,
}

impl Held {
    /// The same picture, shown again at another time of the same scene.
    pub(super) fn again_at(&self, time: Rational) -> Self {
        Self {
            picture: Arc::clone(&self.picture),
            pyramid: PyramidCache::default(),
            time,
            gap: self.gap,
            duration: self.duration,
            is_cut: false,
            is_context: false,
            small: None,
        }
    }
}

/// A frame reduced in size, and its fine structure.
pub(super) struct Small {
    picture: Picture,
    structure: pan::Structure,
}

impl Small {
    /// Of a frame.
    pub(super) fn of(picture: &Picture) -> Result<Self, PictureError> {
        let picture = thumbnail::of(picture)?;
        Ok(Self {
            structure: pan::Structure::of(&picture),
            picture,
        })
    }
}

/// The frames of a clip, cuts marked.
pub(super) struct Marked<'a> {
    frames: Receiver<Read>,
    rules: &'a Rules,
    small_interpolator: Interpolator,
    start: Option<Rational>,
    last_time: Option<Rational>,
    /// Of the last frame that is shown.
    end: Rational,
    /// Whether a frame after that one has come.
    has_ended: bool,
    /// Frames that were looked at before their turn.
    ahead: VecDeque<Held>,
    /// The last frame given out, reduced.
    before: Option<Arc<Small>>,
    /// The two frames before, where something may be left between them that no motion explains.
    pair_before: Option<[Arc<Small>; 2]>,
    /// How much changed over the pairs before, the last one first.
    steps_before: [f32; FLASH_FRAMES],
    /// So many pairs to come belong to a flash.
    flash_pairs: usize,
    /// Frames given out so far that are shown.
    pub(super) count: u64,
    /// Frames given out so far.
    pub(super) read: u64,
    pub(super) cuts: Vec<Cut>,
    by_hand: Vec<HandCut>,
}

/// The pre-test: what two reduced pictures show without any motion.
struct Step {
    /// Mean absolute difference, as a share of full scale.
    difference: f32,
    /// Standard deviation of either.
    contrasts: [f32; 2],
}

impl Step {
    fn between(first: &Small, second: &Small) -> Self {
        let (difference, contrasts) =
            thumbnail::difference_and_contrasts(&first.picture, &second.picture);
        Self {
            difference,
            contrasts,
        }
    }

    fn mean_contrast(&self) -> f32 {
        0.5 * (self.contrasts[0] + self.contrasts[1])
    }

    fn is_alike(&self) -> bool {
        self.difference < ALIKE.max(ALIKE_CONTRAST * self.mean_contrast())
    }

    fn is_sure(&self) -> bool {
        // Two frames of one colour each may be the steps of a fade.
        let [a, b] = self.contrasts;
        !self.is_alike()
            && a.max(b) > ALIKE
            && self.difference > SURE_CONTRASTS * self.mean_contrast()
    }

    /// One of the two is flat beside the other.
    fn has_flat_side(&self) -> bool {
        let [a, b] = self.contrasts;
        a.min(b) < FLAT * a.max(b)
    }
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
            last_time: None,
            end: zero(),
            has_ended: false,
            ahead: VecDeque::new(),
            before: None,
            pair_before: None,
            steps_before: [0.0; FLASH_FRAMES],
            flash_pairs: 0,
            count: 0,
            read: 0,
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
        if self.read > 0 {
            held.is_cut = match self.rules.cuts {
                Cuts::Detected(threshold) => self.is_cut(&held, threshold)?,
                Cuts::ByHand(_) => self.is_by_hand(&held),
            };
        }
        self.read += 1;
        if held.is_cut && self.count > 0 && !held.is_context {
            self.cuts.push(Cut {
                frame: self.count,
                time: held.time,
            });
        }
        self.before.clone_from(&held.small);
        self.count += u64::from(!held.is_context);
        Ok(Some(held))
    }

    /// Where what is shown ends, once that is known.
    pub(super) fn end(&self) -> Option<Rational> {
        self.has_ended.then_some(self.end)
    }

    fn receive(&mut self) -> Option<Held> {
        if self.start.is_none() {
            self.receive_first();
            return self.ahead.pop_front();
        }
        let read = self.frames.recv().ok()?;
        Some(self.held(read))
    }

    /// The frames up to the first one that is shown: all times are counted from there.
    fn receive_first(&mut self) {
        let mut before = Vec::new();
        while let Ok(read) = self.frames.recv() {
            let is_context = read.frame.is_context;
            if !is_context {
                self.start = Some(read.frame.time);
            }
            before.push(read);
            if !is_context {
                break;
            }
        }
        for read in before {
            let held = self.held(read);
            self.ahead.push_back(held);
        }
    }

    fn held(&mut self, Read { frame, small }: Read) -> Held {
        let time = frame.time - self.start.unwrap_or(frame.time);
        let gap = self.last_time.map_or_else(zero, |last| time - last);
        self.last_time = Some(time);
        if !frame.is_context {
            self.end = time + frame.duration.unwrap_or(gap);
        }
        self.has_ended |= frame.is_context && time > zero();
        Held {
            picture: Arc::new(frame.picture),
            pyramid: PyramidCache::default(),
            time,
            gap,
            duration: frame.duration,
            is_cut: false,
            is_context: frame.is_context,
            small: small.map(Arc::new),
        }
    }

    /// The reduced picture `index` frames after the one whose turn it is.
    fn small_ahead(&mut self, index: usize) -> Option<Arc<Small>> {
        while self.ahead.len() <= index {
            let held = self.receive()?;
            self.ahead.push_back(held);
        }
        self.ahead[index].small.clone()
    }

    /// Whether a scene begins with this frame, on the evidence of the frames.
    fn is_cut(&mut self, held: &Held, threshold: f32) -> Result<bool, Error> {
        let (Some(before), Some(here)) = (self.before.clone(), held.small.clone()) else {
            return Ok(false);
        };
        let step = Step::between(&before, &here);
        let steps_before = self.steps_before;
        self.steps_before = [step.difference, steps_before[0]];
        let pair_before = self.pair_before.take();
        if self.flash_pairs > 0 {
            self.flash_pairs -= 1;
            return Ok(false);
        }
        if step.is_alike() {
            return Ok(false);
        }
        let is_sure = step.is_sure();
        if !is_sure {
            self.pair_before = Some([Arc::clone(&before), Arc::clone(&here)]);
        }
        // Tests are in the order of their price: most pairs end here, and few come to a solve.
        let panned = {
            let _stage = stage(Stage::Cuts);
            pan::correlates(&before.structure, &here.structure, PANNED)
        };
        if panned {
            return Ok(false);
        }
        let share = if is_sure {
            0.0
        } else {
            self.share(&before, &here)?
        };
        if !is_sure && share < threshold {
            return Ok(false);
        }
        if step.has_flat_side() || is_sure {
            let largest = steps_before.into_iter().chain(self.steps_ahead(&here));
            if largest.fold(0.0, f32::max) >= SUSTAINED * step.difference {
                return Ok(false);
            }
        }
        for frames in 1..=FLASH_FRAMES {
            let Some(after) = self.small_ahead(frames - 1) else {
                break;
            };
            if self.unexplained(&before, &after)? < RETURNED.min(threshold) && !is_sure {
                self.flash_pairs = frames;
                return Ok(false);
            }
        }
        if is_sure {
            return Ok(true);
        }
        let share_after = match self.small_ahead(0) {
            Some(after) => self.unexplained(&here, &after)?,
            None => 0.0,
        };
        if share_after >= SUSTAINED * share {
            return Ok(false);
        }
        let share_before = match pair_before {
            Some([first, second]) => self.share(&first, &second)?,
            None => 0.0,
        };
        Ok(share_before < SUSTAINED * share)
    }

    /// How much changes over the pairs that follow this frame, as many as a flash may last.
    fn steps_ahead(&mut self, here: &Small) -> Vec<f32> {
        let mut steps = Vec::with_capacity(FLASH_FRAMES);
        let mut last: Option<Arc<Small>> = None;
        for index in 0..FLASH_FRAMES {
            let Some(next) = self.small_ahead(index) else {
                break;
            };
            steps.push(Step::between(last.as_deref().unwrap_or(here), &next).difference);
            last = Some(next);
        }
        steps
    }

    /// Share of two reduced pictures that no motion explains; 0 at once where they are obviously alike.
    fn unexplained(&self, first: &Small, second: &Small) -> Result<f32, Error> {
        if Step::between(first, second).is_alike() {
            return Ok(0.0);
        }
        self.share(first, second)
    }

    fn share(&self, first: &Small, second: &Small) -> Result<f32, Error> {
        let interpolator = self.small_interpolator;
        let (first, second) = (&first.picture, &second.picture);
        // Within the pool, so that the solve's own stages are begun on the same thread.
        rayon::scope(|_| {
            let _stage = stage(Stage::Cuts);
            Ok(interpolator.between(first, second)?.unexplained_share())
        })
    }

    /// Whether the user says that a scene begins with this frame.
    fn is_by_hand(&mut self, held: &Held) -> bool {
        if held.time < zero() {
            return false;
        }
        let (count, latest) = (self.count, held.time + held.gap / 2);
        let given = self.by_hand.len();
        self.by_hand.retain(|cut| match cut {
            HandCut::Frame(frame) => *frame != count,
            HandCut::Time(time) => *time > latest,
        });
        self.by_hand.len() < given
    }
}
