//! Transition between two pictures: solved once, rendered at any time.

use crate::mass::Mass;
use crate::picture::Picture;
use crate::probe::{Deaf, Probe};
use crate::render::{Renderer, alpha, cross_fade};
use crate::timings::{Stage, stage};
use otinterp_simd::Level as Cpu;
use std::borrow::Borrow;

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
