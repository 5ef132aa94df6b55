//! The main door: two pictures in, any number of in-betweens out.

use crate::frame_pyramid::{BrightnessChange, FramePyramid, LumaChroma};
use crate::mass::{Mass, MassError, MassOptions};
use crate::motion;
use crate::picture::{Format, Picture};
use crate::render::{Displacement, Light, alpha, cross_fade};
use crate::timings::{Stage, stage};
use otinterp_simd::{Level as Cpu, LevelError};
use std::borrow::Borrow;
use std::sync::{Arc, OnceLock};

pub use crate::plan::{Preset, most_mass_cells};

/// How in-between frames are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Method {
    /// Displacement interpolation by optimal transport.
    #[default]
    Ot,
    /// Displacement interpolation of luminance as mass, which is conserved: for pictures that are densities.
    Mass,
    /// `(1-t) A + t B`, sample by sample.
    CrossFade,
    /// A before t = 0.5, B from there on.
    Hold,
}

/// Why two pictures have no frames in between.
#[derive(Debug, thiserror::Error, PartialEq)]
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
    /// The pictures have not what is to be transported as mass.
    #[error(transparent)]
    Mass(#[from] MassError),
}

/// Makes transitions; holds the settings, no state. Cheap to copy, safe to share.
#[derive(Debug, Clone, Copy, Default)]
pub struct Interpolator {
    method: Method,
    preset: Preset,
    mass: MassOptions,
}

/// What has been prepared of one picture for being held against others; nothing at first.
#[derive(Debug, Default)]
pub struct PyramidCache(OnceLock<Arc<FramePyramid>>);

impl PyramidCache {
    /// Not `get_or_init`: a thread that waits for its pool there could wait for itself. Made twice it is the same.
    fn or_make(&self, make: impl FnOnce() -> FramePyramid) -> Arc<FramePyramid> {
        let made = || {
            let made = Arc::new(make());
            let _ = self.0.set(Arc::clone(&made));
            made
        };
        self.0.get().map_or_else(made, Arc::clone)
    }
}

/// What lies between two pictures, borrowed or shared: solved once, rendered at any t.
#[derive(Debug)]
pub struct Transition<P> {
    ends: [P; 2],
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
    Mass(Box<Mass>),
    Displacement {
        cpu: Cpu,
        displacement: Box<Displacement>,
        premultiplied: Option<Box<[Picture; 2]>>,
    },
    Light {
        cpu: Cpu,
        light: Box<Light>,
        premultiplied: Option<Box<[Picture; 2]>>,
    },
}

impl Interpolator {
    /// An interpolator with a method and a preset.
    pub fn new(method: Method, preset: Preset) -> Self {
        let mass = MassOptions::default();
        Self {
            method,
            preset,
            mass,
        }
    }

    /// The same with other options for [`Method::Mass`].
    pub fn with_mass(self, mass: MassOptions) -> Self {
        Self { mass, ..self }
    }

    /// Solves the transport between two pictures of one size and format.
    ///
    /// # Errors
    /// [`Error`] if sizes or formats differ, or if `OTINTERP_CPU` names no CPU level.
    pub fn between<'a>(
        &self,
        a: &'a Picture,
        b: &'a Picture,
    ) -> Result<Transition<&'a Picture>, Error> {
        self.between_prepared([a, b], [&PyramidCache::default(), &PyramidCache::default()])
    }

    /// The same, where each picture has what is prepared of it beside it: in a clip a picture is the second of one pair and
    /// the first of the next. A [`PyramidCache`] belongs to one picture and one preset; the result does not depend on it.
    ///
    /// # Errors
    /// As [`Interpolator::between`].
    pub fn between_prepared<P: Borrow<Picture>>(
        &self,
        ends: [P; 2],
        preparations: [&PyramidCache; 2],
    ) -> Result<Transition<P>, Error> {
        let [a, b] = ends.each_ref().map(Borrow::borrow);
        check(a, b)?;
        // Within the pool from here on: its threads need not be woken for every step.
        let path = rayon::scope(|_| self.path(a, b, preparations))?;
        Ok(Transition { ends, path })
    }

    fn path(
        &self,
        a: &Picture,
        b: &Picture,
        preparations: [&PyramidCache; 2],
    ) -> Result<Path, Error> {
        Ok(if a == b {
            Path::Still
        } else {
            match self.method {
                Method::Hold => Path::Hold,
                Method::CrossFade => Path::CrossFade(premultiplied(a, b)),
                Method::Mass => {
                    let _stage = stage(Stage::Mass);
                    let premultiplied = premultiplied(a, b);
                    let [first, second] = match &premultiplied {
                        Some(pair) => [&pair[0], &pair[1]],
                        None => [a, b],
                    };
                    let most = most_mass_cells(self.preset);
                    Path::Mass(Box::new(Mass::between(first, second, &self.mass, most)?))
                }
                Method::Ot => {
                    let premultiplied = premultiplied(a, b);
                    let (first, second) = match &premultiplied {
                        Some(pair) => (&pair[0], &pair[1]),
                        None => (a, b),
                    };
                    let cpu = Cpu::current()?;
                    if self.is_light(first) {
                        let of = |preparation: &PyramidCache, picture| {
                            preparation.or_make(|| self.prepared(cpu, picture))
                        };
                        let [for_first, for_second] = preparations;
                        let prepared =
                            rayon::join(|| of(for_first, first), || of(for_second, second));
                        let light = self.light(cpu, prepared.into());
                        return Ok(Path::Light {
                            cpu,
                            light: Box::new(light),
                            premultiplied,
                        });
                    }
                    let (motion, exposure) = self.solved(cpu, first, second);
                    let rings = self.preset.rings();
                    let displacement =
                        Displacement::new(cpu, motion, first, second, exposure, rings);
                    Path::Displacement {
                        cpu,
                        displacement: Box::new(displacement),
                        premultiplied,
                    }
                }
            }
        })
    }

    /// The displacements between two pictures of one size and format, both ways, in px of the full size. Equal pictures
    /// stand still.
    ///
    /// # Errors
    /// As [`Interpolator::between`].
    pub fn motion(&self, a: &Picture, b: &Picture) -> Result<motion::Motion, Error> {
        check(a, b)?;
        let cpu = Cpu::current()?;
        if a == b {
            return Ok(motion::Motion::zeros((a.height(), a.width())));
        }
        let premultiplied = premultiplied(a, b);
        let pair = premultiplied.as_deref();
        let (first, second) = pair.map_or((a, b), |pair| (&pair[0], &pair[1]));
        Ok(rayon::scope(|_| self.solved(cpu, first, second).0))
    }

    /// Motion and change of brightness between two pictures, premultiplied if they have alpha.
    fn solved(
        &self,
        cpu: Cpu,
        first: &Picture,
        second: &Picture,
    ) -> (motion::Motion, BrightnessChange) {
        let comparing = stage(Stage::Content);
        let exposure = BrightnessChange::between(first, second);
        let (content_a, content_b) = rayon::join(
            || LumaChroma::of(first),
            || LumaChroma::of(&exposure.applied(second)),
        );
        drop(comparing);
        let settings = self.preset.settings(first.width() * first.height());
        let motion = motion::solve(cpu, content_a, content_b, &settings);
        (motion, exposure)
    }

    /// Whether a pair of such pictures is rendered from motions of cells: its steps are too short for many threads, and what it keeps
    /// is small beside the pictures.
    pub fn is_light(&self, picture: &Picture) -> bool {
        self.method == Method::Ot && self.preset.is_light((picture.height(), picture.width()))
    }

    /// What is needed of one picture (premultiplied, if it has alpha), whatever the other one of its pair.
    fn prepared(&self, cpu: Cpu, picture: &Picture) -> FramePyramid {
        let _stage = stage(Stage::Pyramid);
        let levels = motion::level_count((picture.height(), picture.width()));
        let pixels = picture.height() * picture.width();
        let cells = self.preset.cell_level(pixels);
        let coded = self.preset.settings_for_cells(pixels).finest_solved;
        FramePyramid::of(cpu, picture, cells, levels - cells, coded)
    }

    /// Solves the transport between two prepared pictures.
    fn light(&self, cpu: Cpu, [first, second]: [Arc<FramePyramid>; 2]) -> Light {
        let comparing = stage(Stage::Content);
        let exposed = second.exposed(cpu, &first.brightness_change_to(&second));
        let second = exposed.map_or(second, Arc::new);
        drop(comparing);
        let (height, width) = first.full_dim();
        let settings = self.preset.settings_for_cells(height * width);
        let motion = motion::solve_prepared(cpu, [&first, &second], &settings);
        let exchanges = self.preset.exchanges_motions();
        Light::new(cpu, motion, [first, second], exchanges)
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

impl<P: Borrow<Picture>> Transition<P> {
    /// Share of the picture, in `[0, 1]`, that no motion explains (a cut, a flash, water); 0 for other methods than
    /// transport. What no motion shows well there is cross-faded.
    pub fn unexplained_share(&self) -> f32 {
        self.path.unexplained_share()
    }

    /// The frame at time `t` in `[0, 1]` (clamped), in whole code values.
    ///
    /// `at(0.0)` and `at(1.0)` are the two pictures themselves, bit for bit.
    pub fn at(&self, t: f32) -> Picture {
        let [a, b] = self.ends.each_ref().map(Borrow::borrow);
        self.path.at([a, b], t)
    }
}

impl Path {
    fn unexplained_share(&self) -> f32 {
        match self {
            Path::Displacement { displacement, .. } => displacement.unexplained_share(),
            Path::Light { light, .. } => light.unexplained_share(),
            Path::Still | Path::Hold | Path::CrossFade(_) | Path::Mass(_) => 0.0,
        }
    }

    /// The frame at `t` between the pictures that it was made for.
    fn at(&self, [a, b]: [&Picture; 2], t: f32) -> Picture {
        if t >= 1.0 {
            return b.clone();
        }
        if t <= 0.0 || t.is_nan() {
            return a.clone();
        }
        match self {
            Path::Still => a.clone(),
            Path::Hold => {
                if t < 0.5 {
                    a.clone()
                } else {
                    b.clone()
                }
            }
            Path::CrossFade(_) | Path::Mass(_) | Path::Displacement { .. } | Path::Light { .. } => {
                rayon::scope(|_| self.made([a, b], t))
            }
        }
    }

    /// The frame at `t` in `(0, 1)` of what is made of both.
    fn made(&self, [a, b]: [&Picture; 2], t: f32) -> Picture {
        let making = stage(Stage::Render);
        let mut out = match self {
            Path::Still | Path::Hold => a.clone(),
            Path::CrossFade(None) => cross_fade(a, b, t),
            Path::CrossFade(Some(pair)) => cross_fade(&pair[0], &pair[1], t),
            Path::Mass(mass) => {
                let mut out = a.clone();
                for (plane, made) in out.planes_mut().iter_mut().zip(mass.at(t)) {
                    *plane = made;
                }
                out
            }
            Path::Displacement {
                cpu,
                displacement,
                premultiplied,
            } => match premultiplied {
                None => displacement.at(*cpu, a, b, t),
                Some(pair) => displacement.at(*cpu, &pair[0], &pair[1], t),
            },
            Path::Light {
                cpu,
                light,
                premultiplied,
            } => match premultiplied {
                None => light.at(*cpu, [a, b], t),
                Some(pair) => light.at(*cpu, pair.each_ref(), t),
            },
        };
        if out.format().alpha {
            alpha::unpremultiply(&mut out, &cross_fade(a, b, t));
        }
        drop(making);
        if out.format().alpha || !matches!(self, Path::Light { .. }) {
            let _stage = stage(Stage::Quantize);
            out.quantize();
        }
        out
    }
}
