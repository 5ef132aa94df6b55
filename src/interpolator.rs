//! The main door: two pictures in, any number of in-betweens out.

use crate::measure::{Content, Exposure};
use crate::motion;
use crate::picture::{Format, Picture};
use crate::render::{Displacement, alpha, cross_fade};
use crate::simd::{Level as Cpu, LevelError};

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
    /// Motion is solved down to half resolution, refined once.
    Fast,
    /// Motion is solved at full resolution, refined twice.
    #[default]
    Balanced,
    /// Motion is solved at full resolution, refined three times, and rendered along more motions.
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
    /// The environment asks for a CPU level that does not exist.
    #[error(transparent)]
    Cpu(#[from] LevelError),
}

/// Makes transitions; holds the settings, no state. Cheap to copy, safe to share.
#[derive(Debug, Clone, Copy, Default)]
pub struct Interpolator {
    method: Method,
    preset: Preset,
}

/// What lies between two pictures: solved once, rendered at any t.
#[derive(Debug)]
pub struct Transition<'a> {
    first: &'a Picture,
    second: &'a Picture,
    path: Path,
}

/// How the pictures of a transition are made.
#[derive(Debug)]
enum Path {
    /// The two are equal: so is all in between.
    Still,
    Hold,
    /// With alpha the pictures are premultiplied first.
    CrossFade(Option<Box<[Picture; 2]>>),
    Displacement {
        cpu: Cpu,
        displacement: Box<Displacement>,
        premultiplied: Option<Box<[Picture; 2]>>,
    },
}

impl Interpolator {
    /// An interpolator with a method and a preset.
    pub fn new(method: Method, preset: Preset) -> Self {
        Self { method, preset }
    }

    /// Solves the transport between two pictures of one size and format.
    ///
    /// # Errors
    /// [`Error`] if sizes or formats differ, or if `OTINTERP_CPU` names no CPU level.
    pub fn between<'a>(&self, a: &'a Picture, b: &'a Picture) -> Result<Transition<'a>, Error> {
        check(a, b)?;
        let path = if a == b {
            Path::Still
        } else {
            match self.method {
                Method::Hold => Path::Hold,
                Method::CrossFade => Path::CrossFade(premultiplied(a, b)),
                Method::Ot => {
                    let premultiplied = premultiplied(a, b);
                    let (first, second) = match &premultiplied {
                        Some(pair) => (&pair[0], &pair[1]),
                        None => (a, b),
                    };
                    let cpu = Cpu::current()?;
                    let exposure = Exposure::between(first, second);
                    let (content_a, content_b) = rayon::join(
                        || Content::of(first),
                        || Content::of(&exposure.applied(second)),
                    );
                    let motion = motion::solve(cpu, content_a, content_b, &self.settings());
                    let rings = self.rings();
                    let displacement =
                        Displacement::new(cpu, motion, first, second, exposure, rings);
                    Path::Displacement {
                        cpu,
                        displacement: Box::new(displacement),
                        premultiplied,
                    }
                }
            }
        };
        Ok(Transition {
            first: a,
            second: b,
            path,
        })
    }

    /// Rings of neighbours whose motions every pixel is rendered along.
    fn rings(&self) -> u32 {
        match self.preset {
            Preset::Fast | Preset::Balanced => 1,
            Preset::Best => 3,
        }
    }

    fn settings(&self) -> motion::Settings {
        let (skipped_levels, warps) = match self.preset {
            Preset::Fast => (1, 1),
            Preset::Balanced => (0, 2),
            Preset::Best => (0, 3),
        };
        motion::Settings {
            skipped_levels,
            refinement: motion::Iterations {
                warps,
                fixed_point: 3,
                relaxation: 4,
            },
        }
    }
}

fn check(a: &Picture, b: &Picture) -> Result<(), Error> {
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
    Ok(())
}

/// Both pictures premultiplied, if they have alpha.
fn premultiplied(a: &Picture, b: &Picture) -> Option<Box<[Picture; 2]>> {
    a.format()
        .alpha
        .then(|| Box::new([alpha::premultiplied(a), alpha::premultiplied(b)]))
}

impl Transition<'_> {
    /// Share of the picture, in `[0, 1]`, that no motion explains (a cut, a flash, water); 0 for other methods than
    /// transport. What no motion shows well there is cross-faded.
    pub fn unexplained_share(&self) -> f32 {
        match &self.path {
            Path::Displacement { displacement, .. } => displacement.unexplained_share(),
            Path::Still | Path::Hold | Path::CrossFade(_) => 0.0,
        }
    }

    /// The frame at time `t` in `[0, 1]` (clamped), in whole code values.
    ///
    /// `at(0.0)` and `at(1.0)` are the two pictures themselves, bit for bit.
    pub fn at(&self, t: f32) -> Picture {
        let (a, b) = (self.first, self.second);
        if t >= 1.0 {
            return b.clone();
        }
        if t <= 0.0 || t.is_nan() {
            return a.clone();
        }
        let mut out = match &self.path {
            Path::Still => return a.clone(),
            Path::Hold => return if t < 0.5 { a.clone() } else { b.clone() },
            Path::CrossFade(None) => cross_fade(a, b, t),
            Path::CrossFade(Some(pair)) => cross_fade(&pair[0], &pair[1], t),
            Path::Displacement {
                cpu,
                displacement,
                premultiplied,
            } => match premultiplied {
                None => displacement.at(*cpu, a, b, t),
                Some(pair) => displacement.at(*cpu, &pair[0], &pair[1], t),
            },
        };
        if out.format().alpha {
            alpha::unpremultiply(&mut out, &cross_fade(a, b, t));
        }
        out.quantize();
        out
    }
}
