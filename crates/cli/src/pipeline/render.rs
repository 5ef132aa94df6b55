//! Second stage: interpolates between two neighbouring frames at the PTS of the output.

use super::checkpoint::{Checkpoint, SegmentEnd, Segments};
use super::cuts::{Held, Marked, Read};
use super::duplicates::Merged;
use super::outcome::{Counts, Error, Observer};
use super::rules::{AtCut, Rules};
use otinterp::picture::Picture;
use otinterp::{Interpolator, Method, Plan, Preset, Transition};
use otinterp_video::Shown;
use otinterp_video::time::{Output, OutputClock, Rational, to_f64};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

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
    };
    let mut frames = Merged::new(Marked::new(frames, rules), rules.duplicates);
    let mut from = Arc::new(frames.next()?.ok_or(Error::TooShort(0))?);
    let mut last = None;
    while let Some(until) = frames.next()? {
        observer.cuts(frames.marked.cuts.len() as u64);
        let until = Arc::new(until);
        let pair = renderer.pair(&from, &until, last.as_ref());
        last = renderer.follow(last, pair)?;
        from = until;
    }
    if let Some(pair) = last {
        renderer.send_pair(pair)?;
    }
    let frames_in = frames.marked.count;
    if frames_in < 2 {
        return Err(Error::TooShort(frames_in));
    }
    let end = from.time + from.duration.unwrap_or(from.gap);
    renderer.hold(&from, end)?;
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

    /// What is shown from one frame's time up to the next's, which comes after what `last` shows.
    fn pair(&mut self, from: &Arc<Held>, until: &Arc<Held>, last: Option<&Pair>) -> Pair {
        let interpolator = if until.is_cut {
            Interpolator::new(Method::CrossFade, Preset::default())
        } else {
            self.rules.interpolator
        };
        let is_held = until.is_cut && self.rules.at_cut == AtCut::Hold;
        let outputs = std::iter::from_fn(|| self.clock.next_between(from.time, until.time));
        let outputs: Vec<Output> = outputs.collect();
        let first = self.frames_out + last.map_or(0, |last| last.outputs.len() as u64);
        let mut numbered = (first..).zip(&outputs);
        Pair {
            from: Arc::clone(from),
            until: Arc::clone(until),
            interpolator,
            needs_transition: !is_held
                && numbered.any(|(n, output)| output.is_between() && !self.segments.has(n)),
            is_held,
            outputs,
            transition: None,
            ahead: VecDeque::new(),
        }
    }

    /// Sends the last pair, and this one too unless it is worth while to render it beside the next.
    fn follow(&mut self, last: Option<Pair>, mut pair: Pair) -> Result<Option<Pair>, Error> {
        let overlaps = pair.needs_transition && pair.plan().overlaps_pairs();
        if let Some(mut last) = last {
            if overlaps {
                let (solved, ()) = rayon::join(|| pair.solve(), || last.render_ahead());
                solved?;
            }
            self.send_pair(last)?;
        }
        if overlaps {
            pair.solve()?;
            return Ok(Some(pair));
        }
        self.send_pair(pair)?;
        Ok(None)
    }

    /// All outputs of a pair.
    fn send_pair(&mut self, mut pair: Pair) -> Result<(), Error> {
        self.end_segment()?;
        for output in std::mem::take(&mut pair.outputs) {
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

/// In-betweens of a pair that are rendered beside the solving of the next: as many as take about as long.
const MOST_AHEAD: usize = 2;

/// Two neighbouring frames and what is shown from the first's time up to the second's.
struct Pair {
    from: Arc<Held>,
    until: Arc<Held>,
    interpolator: Interpolator,
    /// A cut at which nothing is blended.
    is_held: bool,
    outputs: Vec<Output>,
    needs_transition: bool,
    transition: Option<Transition<Arc<Picture>>>,
    /// The first in-betweens, where they are rendered already.
    ahead: VecDeque<(Rational, Picture)>,
}

impl Pair {
    fn plan(&self) -> Plan {
        let picture = &self.from.picture;
        self.interpolator.plan((picture.height(), picture.width()))
    }

    /// Solves the transport, unless that has been done.
    fn solve(&mut self) -> Result<&Transition<Arc<Picture>>, Error> {
        let ends = [&self.from, &self.until];
        let transition = match self.transition.take() {
            Some(solved) => solved,
            None => self.interpolator.between_cached(
                ends.map(|end| Arc::clone(&end.picture)),
                ends.map(|end| &end.pyramid),
            )?,
        };
        Ok(self.transition.insert(transition))
    }

    /// Renders what comes first.
    fn render_ahead(&mut self) {
        if let Some(transition) = &self.transition {
            let positions = self.outputs.iter().filter(|output| output.is_between());
            for position in positions.map(|output| output.position).take(MOST_AHEAD) {
                let picture = transition.at(to_f64(position) as f32);
                self.ahead.push_back((position, picture));
            }
        }
    }

    /// An in-between, and the share of it that no motion explains.
    fn render(&mut self, position: Rational) -> Result<(Picture, f32), Error> {
        let is_ahead = self.ahead.front().is_some_and(|(of, _)| *of == position);
        let ahead = is_ahead.then(|| self.ahead.pop_front()).flatten();
        let transition = self.solve()?;
        let share = transition.unexplained_share();
        let picture = ahead.map_or_else(
            || transition.at(to_f64(position) as f32),
            |(_, picture)| picture,
        );
        Ok((picture, share))
    }

    /// The nearer of the two frames, the second halfway.
    fn nearer(&self, position: Rational) -> &Held {
        if position < Rational::new(1, 2) {
            &self.from
        } else {
            &self.until
        }
    }
}
