//! Sequence: pictures at equal distances in time, pair by pair, where each pair is solved once and its neighbours bend its paths.

use crate::frame_pyramid::PyramidCache;
use crate::interpolator::{Error, Interpolator};
use crate::picture::Picture;
use crate::transition::{OuterMotion, Transition};
use std::borrow::Borrow;

/// The transitions of a sequence of pictures, along smooth paths through the pictures before and after each pair
/// ([`Transition::follow`]). It keeps one transition that is ahead, and no other.
#[derive(Debug)]
pub struct Sequence<P> {
    interpolator: Interpolator,
    /// The last pair's, back from where the next begins.
    behind: Option<OuterMotion>,
    /// The next pair, which the last one needed.
    ahead: Option<Transition<P>>,
}

impl<P: Borrow<Picture> + Clone> Sequence<P> {
    /// A sequence of which no picture is known yet.
    pub fn new(interpolator: Interpolator) -> Self {
        Self {
            interpolator,
            behind: None,
            ahead: None,
        }
    }

    /// The next pair does not go on from the last one.
    pub fn restart(&mut self) {
        (self.behind, self.ahead) = (None, None);
    }

    /// The transition between the next two pictures, of which the first is the second of the last pair, unless there is none yet or the
    /// sequence was started again; `beyond` is the picture after them, the second of the next pair.
    ///
    /// # Errors
    /// As [`Interpolator::between`], of this pair and the next one.
    pub fn between(&mut self, ends: [P; 2], beyond: Option<P>) -> Result<Transition<P>, Error> {
        let solve = |ends: [P; 2]| {
            let caches = [&PyramidCache::default(), &PyramidCache::default()];
            self.interpolator.between_cached(ends, caches)
        };
        let second = ends[1].clone();
        let mut pair = match self.ahead.take() {
            Some(pair) => pair,
            None => solve(ends)?,
        };
        self.ahead = beyond.map(|beyond| solve([second, beyond])).transpose()?;
        let after = self.ahead.as_ref().and_then(Transition::forward);
        let once = |motion| (motion, 1.0);
        pair.follow(self.behind.as_ref().map(once), after.as_ref().map(once));
        self.behind = pair.backward();
        Ok(pair)
    }
}

impl Interpolator {
    /// Solves the transport between two pictures where those before and after them are known, at equal distances in time: everything follows
    /// a smooth path through all of them ([`Transition::follow`]).
    ///
    /// # Errors
    /// As [`Interpolator::between`].
    pub fn between_four<'a>(
        &self,
        before: Option<&'a Picture>,
        [a, b]: [&'a Picture; 2],
        after: Option<&'a Picture>,
    ) -> Result<Transition<&'a Picture>, Error> {
        let mut sequence = Sequence::new(*self);
        if let Some(before) = before {
            sequence.between([before, a], Some(b))?;
        }
        sequence.between([a, b], after)
    }
}
