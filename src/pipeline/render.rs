//! Second stage: holds two neighbouring frames, and renders what falls between them.

use super::checkpoint::{Checkpoint, SegmentEnd, Segments};
use super::cuts::{Held, Marked};
use super::duplicates::Merged;
use super::rules::{AtCut, Rules};
use super::{Counts, Error, Observer, Read};
use crate::interpolator::{Interpolator, Method, Preset};
use crate::picture::Picture;
use crate::video::Shown;
use crate::video::time::{OutputClock, Rational, to_f64};
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
    let mut from = frames.next()?.ok_or(Error::TooShort(0))?;
    while let Some(until) = frames.next()? {
        observer.cuts(frames.marked.cuts.len() as u64);
        renderer.end_segment()?;
        renderer.between(&from, &until)?;
        from = until;
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

    /// All outputs from one frame's time up to the next's. The transport is solved only if one of
    /// them falls on neither.
    fn between(&mut self, from: &Held, until: &Held) -> Result<(), Error> {
        if until.is_cut && self.rules.at_cut == AtCut::Hold {
            return self.hold_nearer(from, until);
        }
        let interpolator = if until.is_cut {
            Interpolator::new(Method::CrossFade, Preset::default())
        } else {
            self.rules.interpolator
        };
        let mut transition = None;
        while let Some(output) = self.clock.next_between(from.time, until.time) {
            if self.passes(output.shown)? {
                continue;
            }
            if *output.position.numer() == 0 {
                self.send(Message::Picture(Arc::clone(&from.picture), output.shown))?;
                continue;
            }
            let transition = match &transition {
                Some(solved) => solved,
                None => transition.insert(interpolator.between_prepared(
                    [&*from.picture, &*until.picture],
                    [&from.preparation, &until.preparation],
                )?),
            };
            let picture = transition.at(to_f64(output.position) as f32);
            if !until.is_cut {
                self.in_betweens += 1;
                let earlier = self.segments.earlier().in_betweens;
                self.observer.in_betweens(self.in_betweens - earlier);
                self.unexplained += f64::from(transition.unexplained_share());
            }
            self.send(Message::Picture(Arc::new(picture), output.shown))?;
        }
        Ok(())
    }

    /// The same at a cut: every output is the nearer of the two frames, the second halfway.
    fn hold_nearer(&mut self, from: &Held, until: &Held) -> Result<(), Error> {
        while let Some(output) = self.clock.next_between(from.time, until.time) {
            if self.passes(output.shown)? {
                continue;
            }
            let nearer = if output.position < Rational::new(1, 2) {
                from
            } else {
                until
            };
            self.send(Message::Picture(Arc::clone(&nearer.picture), output.shown))?;
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
