//! Second stage: interpolates between two neighbouring frames at the PTS of the output.

use super::checkpoint::{Checkpoint, SegmentEnd, Segments};
use super::cuts::{Held, Marked, Read};
use super::duplicates::Merged;
use super::outcome::{Counts, Error, Observer};
use super::pair::{Neighbour, Pair};
use super::rules::{AtCut, Paths, Rules};
use otinterp::picture::Picture;
use otinterp::{Interpolator, Method, Preset};
use otinterp_video::Shown;
use otinterp_video::time::{OutputClock, Rational};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

/// A longer time without a frame may be a fault of the clip, and is told, s: what FFmpeg takes for a discontinuity where
/// a clock may begin anew (`dts_delta_threshold`).
const LONG_GAP_S: i128 = 10;

/// From the second stage to the third.
pub(super) enum Message {
    Picture(Arc<Picture>, Shown),
    /// A picture that an earlier run has written.
    Passed(Shown),
    /// A later run can go on from here.
    SegmentEnd(Checkpoint),
    /// All is done; a queue that closes without it means that a stage failed.
    End,
}

/// The stage.
pub(super) fn render(
    frames: Receiver<Read>,
    out: SyncSender<Message>,
    clock: OutputClock,
    rules: &Rules,
    segments: Segments,
    observer: &dyn Observer,
) -> Result<Counts, Error> {
    let mut renderer = Renderer {
        out,
        clock,
        rules,
        segments,
        observer,
        frames_out: 0,
        in_betweens: 0,
        unexplained: 0.0,
        solved: None,
        ready: None,
    };
    let mut frames = Merged::new(Marked::new(frames, rules), rules.duplicates);
    let mut from = Arc::new(frames.next()?.ok_or(Error::TooShort(0))?);
    // Kept for the end, if the clip is a loop.
    let mut beginning = Vec::new();
    let mut gap_is_told = false;
    while let Some(until) = frames.next()? {
        observer.cuts(&frames.marked.cuts);
        let until = Arc::new(until);
        if until.gap > Rational::from_integer(LONG_GAP_S) && !gap_is_told && !from.is_context {
            gap_is_told = true;
            observer.gap(from.time, until.gap);
        }
        if rules.is_loop && beginning.is_empty() {
            beginning = vec![Arc::clone(&from), Arc::clone(&until)];
        }
        let end = frames.marked.end().unwrap_or(until.time);
        let pair = renderer.pair(&from, &until, end);
        renderer.take(pair)?;
        from = until;
    }
    let own_end = from.time + from.duration.unwrap_or(from.gap);
    let end = frames.marked.end().unwrap_or(own_end);
    if let [first, second] = &beginning[..] {
        renderer.close([first, second], &from, end)?;
    }
    renderer.send_waiting(None)?;
    let frames_in = frames.marked.count;
    if frames.marked.read < 2 {
        return Err(Error::TooShort(frames_in));
    }
    if !from.is_context {
        renderer.hold(&from, end)?;
    }
    let frames_out = renderer.frames_out;
    let unexplained_share = renderer.unexplained / renderer.in_betweens.max(1) as f64;
    renderer.send(Message::End)?;
    Ok(Counts {
        frames_in,
        frames_out,
        duration: end,
        unexplained_share,
        cuts_beyond: frames.marked.cuts_beyond(),
        cuts: frames.marked.cuts,
        duplicates_replaced: frames.replaced,
    })
}

struct Renderer<'a> {
    out: SyncSender<Message>,
    clock: OutputClock,
    rules: &'a Rules,
    segments: Segments,
    observer: &'a dyn Observer,
    frames_out: u64,
    in_betweens: u64,
    /// Sum over the in-betweens of what no motion explains.
    unexplained: f64,
    /// The last pair, whose paths the next one has a part in.
    solved: Option<Pair>,
    /// The one before it, where it is rendered while the next is solved.
    ready: Option<Pair>,
}

impl Renderer<'_> {
    /// To be called between two pairs.
    fn end_segment(&mut self) -> Result<(), Error> {
        match self.segments.end(self.frames_out)? {
            SegmentEnd::NotYet => Ok(()),
            SegmentEnd::Earlier => {
                let checkpoint = self.segments.earlier();
                self.in_betweens = checkpoint.in_betweens;
                self.unexplained = f64::from_bits(checkpoint.unexplained_bits);
                Ok(())
            }
            SegmentEnd::Here => self.send(Message::SegmentEnd(Checkpoint {
                frames_out: self.frames_out,
                in_betweens: self.in_betweens,
                unexplained_bits: self.unexplained.to_bits(),
            })),
        }
    }

    /// Passes over a picture that is there already.
    fn passes(&mut self, shown: Shown) -> Result<bool, Error> {
        let passes = self.segments.has(self.frames_out);
        if passes {
            self.send(Message::Passed(shown))?;
        }
        Ok(passes)
    }

    /// What is shown from one frame's time up to the next's and to `end`, which comes after what waits.
    fn pair(&mut self, from: &Arc<Held>, until: &Arc<Held>, end: Rational) -> Pair {
        let interpolator = if until.is_cut {
            Interpolator::new(Method::CrossFade, Preset::default())
        } else {
            self.rules.interpolator
        };
        // What is asked for ends before the scene that is not asked for.
        let is_held = until.is_cut && (self.rules.at_cut == AtCut::Hold || until.is_context);
        let outputs = self.clock.between(from.time, until.time, end);
        let waiting = [&self.ready, &self.solved].into_iter().flatten();
        let waiting: u64 = waiting.map(|pair| pair.outputs.left()).sum();
        let frames = self.frames_out + waiting + outputs.left();
        // The last is an in-between if any is.
        let is_missing = outputs.left_between() > 0 && !self.segments.has(frames - 1);
        Pair {
            from: Arc::clone(from),
            until: Arc::clone(until),
            interpolator,
            needs_transition: !is_held && is_missing,
            is_held,
            outputs,
            transition: None,
            before: None,
            ahead: VecDeque::new(),
        }
    }

    /// Solves a pair where that is needed, lets the one before it follow its paths, and sends all that is ready.
    fn take(&mut self, mut pair: Pair) -> Result<(), Error> {
        let mut linked = self.solved.as_mut().filter(|_| pair.may_link());
        if pair.needs_transition
            && let Some(last) = &mut linked
        {
            last.solve()?;
            pair.before = last.neighbour_after(&pair);
        }
        let is_wanted = linked.is_some_and(|last| last.needs_transition);
        let mut ready = self.ready.take();
        if pair.needs_transition || is_wanted {
            let ahead = || ready.as_mut().map_or((), Pair::render_ahead);
            let (solved, ()) = rayon::join(|| pair.solve().map(drop), ahead);
            solved?;
        }
        if let Some(ready) = ready {
            self.send_pair(ready)?;
        }
        if let Some(mut last) = self.solved.take() {
            let after = if is_wanted {
                pair.neighbour_before(&last)
            } else {
                None
            };
            last.follow(after);
            self.finish(last)?;
        }
        if self.rules.paths == Paths::Curved && pair.may_link() {
            self.solved = Some(pair);
            return Ok(());
        }
        self.finish(pair)
    }

    /// Sends a pair that waits for nothing, unless it is worth while to render it beside the solving of the next.
    fn finish(&mut self, pair: Pair) -> Result<(), Error> {
        if let Some(ready) = self.ready.take() {
            self.send_pair(ready)?;
        }
        if pair.plan().overlaps_pairs() {
            self.ready = Some(pair);
            return Ok(());
        }
        self.send_pair(pair)
    }

    /// Sends what lies between the last frame and the first one, which follows it at a loop's end.
    fn close(
        &mut self,
        [first, second]: [&Arc<Held>; 2],
        last: &Arc<Held>,
        end: Rational,
    ) -> Result<(), Error> {
        let again = Arc::new(first.again_at(end));
        let pair = self.pair(last, &again, end);
        let needs_transition = pair.needs_transition;
        self.take(pair)?;
        if !needs_transition || self.rules.paths == Paths::Straight {
            return Ok(());
        }
        let next = second.again_at(end + (second.time - first.time));
        let next = Arc::new(next);
        let mut next = self.pair(&again, &next, next.time);
        let after = match &self.solved {
            Some(pair) if next.may_link() => {
                next.solve()?;
                next.neighbour_before(pair)
            }
            _ => None,
        };
        self.send_waiting(after)
    }

    /// Sends the last pairs; what comes after them, if anything does.
    fn send_waiting(&mut self, after: Option<Neighbour>) -> Result<(), Error> {
        if let Some(ready) = self.ready.take() {
            self.send_pair(ready)?;
        }
        if let Some(mut last) = self.solved.take() {
            last.follow(after);
            self.send_pair(last)?;
        }
        Ok(())
    }

    /// All outputs of a pair.
    fn send_pair(&mut self, mut pair: Pair) -> Result<(), Error> {
        self.end_segment()?;
        for output in pair.outputs.clone() {
            if self.passes(output.shown)? {
                continue;
            }
            if pair.is_held || !output.is_between() {
                let nearer = Arc::clone(&pair.nearer(output.position).picture);
                self.send(Message::Picture(nearer, output.shown))?;
                continue;
            }
            let (picture, unexplained_share) = pair.render(output.position)?;
            if !pair.until.is_cut {
                self.in_betweens += 1;
                let earlier = self.segments.earlier().in_betweens;
                self.observer.in_betweens(self.in_betweens - earlier);
                self.unexplained += f64::from(unexplained_share);
            }
            self.send(Message::Picture(Arc::new(picture), output.shown))?;
        }
        Ok(())
    }

    /// All outputs from the last frame's time up to its end.
    fn hold(&mut self, last: &Held, end: Rational) -> Result<(), Error> {
        while let Some(output) = self.clock.next_held(last.time, end) {
            self.send(Message::Picture(Arc::clone(&last.picture), output.shown))?;
        }
        Ok(())
    }

    fn send(&mut self, message: Message) -> Result<(), Error> {
        if let Message::Picture(..) | Message::Passed(_) = message {
            self.frames_out += 1;
        }
        // A closed queue means that the third stage has failed, and its error came first.
        self.out.send(message).map_err(|_| Error::Interrupted)
    }
}
