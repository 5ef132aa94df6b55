//! Pair: two neighbouring frames of a clip, their transition, and its paths through the frames around them.

use super::cuts::Held;
use super::outcome::Error;
use otinterp::picture::Picture;
use otinterp::{Interpolator, OuterMotion, Plan, Transition};
use otinterp_video::time::{Outputs, Rational, to_f64};
use std::collections::VecDeque;
use std::sync::Arc;

/// In-betweens of a pair that are rendered beside the solving of another: as many as take about as long.
const MOST_AHEAD: usize = 2;
/// Distances in time that differ no more are equal, s: containers that count milliseconds round them.
const SAME_DISTANCE_S: f64 = 0.0015;

/// Motion to a frame around a pair, and how many times as far away that is as the pair's two from one another.
pub(super) type Neighbour = (OuterMotion, f32);

/// Two neighbouring frames and what is shown from the first's time up to the second's.
pub(super) struct Pair {
    pub(super) from: Arc<Held>,
    pub(super) until: Arc<Held>,
    pub(super) interpolator: Interpolator,
    /// A cut at which nothing is blended.
    pub(super) is_held: bool,
    pub(super) outputs: Outputs,
    pub(super) needs_transition: bool,
    pub(super) transition: Option<Transition<Arc<Picture>>>,
    /// The frame before, where it is one of the same scene.
    pub(super) before: Option<Neighbour>,
    /// The first in-betweens, where they are rendered already.
    pub(super) ahead: VecDeque<(Rational, Picture)>,
}

impl Pair {
    pub(super) fn plan(&self) -> Plan {
        let picture = &self.from.picture;
        self.interpolator.plan((picture.height(), picture.width()))
    }

    /// Whether its motion may be that of the pairs beside it, too: something is solved, and no scene ends in it.
    pub(super) fn may_link(&self) -> bool {
        !self.until.is_cut && matches!(self.plan(), Plan::Motion(_))
    }

    /// What this pair, which is solved, is to the one after it.
    pub(super) fn neighbour_after(&self, next: &Self) -> Option<Neighbour> {
        let motion = self.transition.as_ref()?.backward()?;
        Some((motion, self.beside(next)))
    }

    /// What this pair, which is solved, is to the one before it.
    pub(super) fn neighbour_before(&self, last: &Self) -> Option<Neighbour> {
        let motion = self.transition.as_ref()?.forward()?;
        Some((motion, self.beside(last)))
    }

    /// Its length in time, as a multiple of another one's.
    fn beside(&self, other: &Self) -> f32 {
        let length = |pair: &Self| to_f64(pair.until.time - pair.from.time);
        let (own, other) = (length(self), length(other));
        if (own - other).abs() <= SAME_DISTANCE_S {
            return 1.0;
        }
        (own / other) as f32
    }

    /// Solves the transport, unless that has been done.
    pub(super) fn solve(&mut self) -> Result<&Transition<Arc<Picture>>, Error> {
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

    /// Lets its motion follow paths through the frames before and after.
    pub(super) fn follow(&mut self, after: Option<Neighbour>) {
        let before = self.before.take();
        if let Some(transition) = self.transition.as_mut().filter(|_| self.needs_transition) {
            let neighbours = [&before, &after];
            let [before, after] = neighbours
                .map(|found| found.as_ref().map(|(motion, distance)| (motion, *distance)));
            transition.follow(before, after);
        }
    }

    /// Renders what comes first.
    pub(super) fn render_ahead(&mut self) {
        if let Some(transition) = &self.transition {
            let positions = self.outputs.clone().filter(|output| output.is_between());
            for position in positions.map(|output| output.position).take(MOST_AHEAD) {
                let picture = transition.at(to_f64(position) as f32);
                self.ahead.push_back((position, picture));
            }
        }
    }

    /// An in-between, and the share of it that no motion explains.
    pub(super) fn render(&mut self, position: Rational) -> Result<(Picture, f32), Error> {
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

    /// The nearer of the two frames, the second halfway; one that is not asked for is not shown.
    pub(super) fn nearer(&self, position: Rational) -> &Held {
        if position < Rational::new(1, 2) || self.until.is_context {
            &self.from
        } else {
            &self.until
        }
    }
}
