//! Transition between two pictures: solved once, rendered at any time.

use crate::layers::{Layers, Outer};
use crate::mass::Mass;
use crate::motion::MotionField;
use crate::picture::Picture;
use crate::probe::{Deaf, Probe};
use crate::render::{Renderer, alpha, cross_fade};
use crate::timings::{Stage, stage};
use otinterp_simd::Level as Cpu;
use std::borrow::Borrow;
use std::sync::Arc;

/// What lies between two pictures, borrowed or shared.
#[derive(Debug)]
pub struct Transition<P> {
    ends: [P; 2],
    variant: Variant,
}

/// How the pictures of a transition are made. Where pictures have alpha they are premultiplied first.
#[derive(Debug)]
pub enum Variant {
    /// The two are equal: so is all in between.
    Still,
    Hold,
    CrossFade(Option<Box<[Picture; 2]>>),
    Mass(Box<Mass>),
    Motion {
        cpu: Cpu,
        renderer: Box<Renderer>,
        premultiplied: Option<Box<[Picture; 2]>>,
    },
}

/// Motion of a picture's cells to a neighbouring frame, for the paths of a pair on its other side. Cheap to copy.
#[derive(Debug, Clone)]
pub struct OuterMotion(Option<Arc<Layers>>);

impl OuterMotion {
    /// To a frame that lies `gap` times as far away as the pair's two are from one another; none to one that repeats it.
    fn at(&self, gap: f32) -> Option<Outer> {
        let layers = Arc::clone(self.0.as_ref()?);
        Some(Outer { layers, gap })
    }
}

impl<P> Transition<P> {
    /// Motion of the first picture to the second: what the pair before needs for its paths, as the one after it. None if
    /// the method solves no motion.
    pub fn forward(&self) -> Option<OuterMotion> {
        self.outer(0)
    }

    /// Motion of the second picture to the first: what the pair after needs for its paths.
    pub fn backward(&self) -> Option<OuterMotion> {
        self.outer(1)
    }

    fn outer(&self, side: usize) -> Option<OuterMotion> {
        match &self.variant {
            Variant::Motion { renderer, .. } => Some(OuterMotion(Some(renderer.layers(side)))),
            Variant::Still => Some(OuterMotion(None)),
            _ => None,
        }
    }

    /// Of the first picture's cells and the second's: their acceleration halfway, px per interval² (the interval between the two), and what the kinetic
    /// energy `∫|p'|² dt` of their paths p is more than that of straight ones, a mean over the cells, px². None if all paths are straight.
    pub fn accelerations(&self) -> Option<[(MotionField, f64); 2]> {
        match &self.variant {
            Variant::Motion { renderer, .. } => renderer.accelerations(),
            _ => None,
        }
    }

    /// Lets everything follow a smooth path through the frames before and after the pair, where these tell of it, in place of a straight one
    /// at constant speed: the cubic through four places, or the parabola through three. Beside a frame that is repeated paths stay straight.
    ///
    /// `before` is the motion of the first picture to the frame before, [`Transition::backward`] of that pair, and how many times as far away
    /// that is as the pair's frames are from one another; `after` likewise that of the second, [`Transition::forward`] of the next pair.
    pub fn follow(
        &mut self,
        before: Option<(&OuterMotion, f32)>,
        after: Option<(&OuterMotion, f32)>,
    ) {
        if let Variant::Motion { renderer, .. } = &mut self.variant {
            let given = [before, after];
            let outer = given.map(|outer| outer.and_then(|(motion, gap)| motion.at(gap)));
            let is_still = given.iter().flatten().any(|(motion, _)| motion.0.is_none());
            let outer = outer
                .each_ref()
                .map(|outer| outer.as_ref().filter(|_| !is_still));
            rayon::scope(|_| renderer.follow(outer));
        }
    }
}

impl<P: Borrow<Picture>> Transition<P> {
    pub(crate) fn new(ends: [P; 2], variant: Variant) -> Self {
        Self { ends, variant }
    }

    /// Mean of the fallback map halfway, in `[0, 1]`: the share of the picture that no motion explains (a cut, a flash, water);
    /// 0 for other methods than transport. What no motion shows well there is cross-faded.
    pub fn unexplained_share(&self) -> f32 {
        match &self.variant {
            Variant::Motion { renderer, .. } => renderer.unexplained_share(),
            Variant::Still | Variant::Hold | Variant::CrossFade(_) | Variant::Mass(_) => 0.0,
        }
    }

    /// The frame at time `t` in `[0, 1]` (clamped), in whole code values.
    ///
    /// `at(0.0)` and `at(1.0)` are the two pictures themselves, bit for bit.
    pub fn at(&self, t: f32) -> Picture {
        let [a, b] = self.ends.each_ref().map(Borrow::borrow);
        if t >= 1.0 {
            return b.clone();
        }
        if t <= 0.0 || t.is_nan() {
            return a.clone();
        }
        match self.variant {
            Variant::Still => a.clone(),
            Variant::Hold if t < 0.5 => a.clone(),
            Variant::Hold => b.clone(),
            _ => {
                let variant = &self.variant;
                rayon::scope(|_| variant.at([a, b], t, &Deaf))
            }
        }
    }
}

impl Variant {
    /// The frame at `t` in `(0, 1)` of what is made of both.
    pub fn at(&self, [a, b]: [&Picture; 2], t: f32, probe: &dyn Probe) -> Picture {
        let making = stage(Stage::Render);
        let mut out = match self {
            Self::Still | Self::Hold => a.clone(),
            Self::CrossFade(None) => cross_fade(a, b, t),
            Self::CrossFade(Some(pair)) => cross_fade(&pair[0], &pair[1], t),
            Self::Mass(mass) => {
                let mut out = a.clone();
                for (plane, made) in out.planes_mut().iter_mut().zip(mass.at(t)) {
                    *plane = made;
                }
                out
            }
            Self::Motion {
                cpu,
                renderer,
                premultiplied,
            } => match premultiplied {
                None => renderer.at(*cpu, [a, b], t, probe),
                Some(pair) => renderer.at(*cpu, pair.each_ref(), t, probe),
            },
        };
        if out.format().alpha {
            alpha::unpremultiply(&mut out, &cross_fade(a, b, t));
        }
        drop(making);
        if out.format().alpha || !matches!(self, Self::Motion { .. }) {
            let _stage = stage(Stage::Quantize);
            out.quantize();
        }
        out
    }
}
