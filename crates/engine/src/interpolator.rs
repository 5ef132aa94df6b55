//! Interpolator: two pictures to a transition, which renders any number of in-between frames.

use crate::frame_pyramid::{FramePyramid, PyramidCache, PyramidLevel};
use crate::layers::LayerMaps;
use crate::mass::{Mass, MassError, MassOptions};
use crate::motion::{self, Motion, SolvePlan};
use crate::picture::{Format, Picture};
use crate::plan::{Method, Plan, Preset};
use crate::probe::{Deaf, Place, Probe, Side, View};
use crate::render::{Renderer, alpha};
use crate::timings::{Stage, stage};
use crate::transition::{Transition, Variant};
use otinterp_simd::{Level as Cpu, LevelError};
use std::borrow::Borrow;
use std::sync::Arc;

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
    /// The plan that was given is not one for such pictures.
    #[error("pictures of {width}x{height} pixels cannot be rendered by the plan: {plan}")]
    Plan {
        /// Width of the pictures.
        width: usize,
        /// Height of the pictures.
        height: usize,
        /// The plan.
        plan: Box<Plan>,
    },
    /// The environment asks for a CPU level that does not exist.
    #[error(transparent)]
    Cpu(#[from] LevelError),
    /// The pictures have not what is to be transported as mass.
    #[error(transparent)]
    Mass(#[from] MassError),
}

/// Pyramids whose finest level is no finer than this are kept for a picture's next pair.
const FINEST_CACHED: usize = 2;

/// Makes transitions; holds the settings, no state. Cheap to copy, safe to share.
#[derive(Debug, Clone, Copy, Default)]
pub struct Interpolator {
    method: Method,
    preset: Preset,
    mass: MassOptions,
    /// In place of the preset's.
    plan: Option<Plan>,
}

impl Interpolator {
    /// An interpolator with a method and a preset.
    pub fn new(method: Method, preset: Preset) -> Self {
        Self {
            method,
            preset,
            ..Self::default()
        }
    }

    /// The same by one plan for pictures of every size that it fits, in place of the preset's.
    pub fn with_plan(self, plan: Plan) -> Self {
        let plan = Some(plan);
        Self { plan, ..self }
    }

    /// The same with other options for [`Method::Mass`].
    pub fn with_mass(self, mass: MassOptions) -> Self {
        Self { mass, ..self }
    }

    /// Solves the transport between two pictures of one size and format.
    ///
    /// # Errors
    /// [`Error`] if sizes or formats differ, if the plan that was given does not fit, or if `OTINTERP_CPU` names no CPU level.
    pub fn between<'a>(
        &self,
        a: &'a Picture,
        b: &'a Picture,
    ) -> Result<Transition<&'a Picture>, Error> {
        self.between_cached([a, b], [&PyramidCache::default(), &PyramidCache::default()])
    }

    /// The same, where each picture has the cache of its pyramid beside it: in a clip a picture is the second of one pair and
    /// the first of the next. A [`PyramidCache`] belongs to one picture and one preset; the result does not depend on it.
    ///
    /// # Errors
    /// As [`Interpolator::between`].
    pub fn between_cached<P: Borrow<Picture>>(
        &self,
        ends: [P; 2],
        caches: [&PyramidCache; 2],
    ) -> Result<Transition<P>, Error> {
        let [a, b] = ends.each_ref().map(Borrow::borrow);
        self.check(a, b)?;
        // Within the pool from here on: its threads need not be woken for every step.
        let variant = rayon::scope(|_| self.variant(a, b, caches, &Deaf))?;
        Ok(Transition::new(ends, variant))
    }

    /// The plan for pictures of that height and width.
    pub fn plan(&self, dim: (usize, usize)) -> Plan {
        let preset = || Plan::of(self.method, self.preset, dim);
        self.plan.unwrap_or_else(preset)
    }

    fn check(&self, a: &Picture, b: &Picture) -> Result<(), Error> {
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
        let (height, width) = (a.height(), a.width());
        let plan = self.plan((height, width));
        if !plan.fits() {
            let plan = Box::new(plan);
            return Err(Error::Plan {
                width,
                height,
                plan,
            });
        }
        Ok(())
    }

    fn variant(
        &self,
        a: &Picture,
        b: &Picture,
        caches: [&PyramidCache; 2],
        probe: &dyn Probe,
    ) -> Result<Variant, Error> {
        if a == b {
            return Ok(Variant::Still);
        }
        let premultiplied = || premultiplied(a, b);
        Ok(match self.plan((a.height(), a.width())) {
            Plan::Unsolved if self.method == Method::Hold => Variant::Hold,
            Plan::Unsolved => Variant::CrossFade(premultiplied()),
            Plan::Mass { most_cells } => {
                let _stage = stage(Stage::Mass);
                let premultiplied = premultiplied();
                let [first, second] = ends(&premultiplied, [a, b]);
                let mass = Mass::between(first, second, &self.mass, most_cells)?;
                Variant::Mass(Box::new(mass))
            }
            Plan::Motion(solve) => {
                let cpu = Cpu::current()?;
                let premultiplied = premultiplied();
                let pictures = ends(&premultiplied, [a, b]);
                let (motion, levels) = solved(cpu, solve, pictures, caches, probe);
                let renderer = Box::new(Renderer::new(cpu, motion, pictures, levels));
                Variant::Motion {
                    cpu,
                    renderer,
                    premultiplied,
                }
            }
        })
    }

    /// The frame at `t` in `(0, 1)` as [`Interpolator::between`] makes it; `probe` is given the planes that are made on the way.
    ///
    /// # Errors
    /// As [`Interpolator::between`].
    pub fn inspect(
        &self,
        a: &Picture,
        b: &Picture,
        t: f32,
        probe: &dyn Probe,
    ) -> Result<Picture, Error> {
        self.check(a, b)?;
        let caches = [&PyramidCache::default(), &PyramidCache::default()];
        rayon::scope(|_| {
            let variant = self.variant(a, b, caches, probe)?;
            Ok(variant.at([a, b], t, probe))
        })
    }

    /// The optical flow between two pictures of one size and format, both ways, by the cells of the plan: what [`Interpolator::between`]
    /// renders. Between equal pictures it is 0, and so it is with other methods than [`Method::Ot`].
    ///
    /// # Errors
    /// As [`Interpolator::between`].
    pub fn motion(&self, a: &Picture, b: &Picture) -> Result<Motion, Error> {
        let solved = |_, motion, _| motion;
        self.moved([a, b], solved, |still| still)
    }

    /// The same, and beside it what is known of the layers of each picture: what of it the other one shows, and what lies in front.
    ///
    /// # Errors
    /// As [`Interpolator::between`].
    pub fn layers(&self, a: &Picture, b: &Picture) -> Result<(Motion, [LayerMaps; 2]), Error> {
        let solved = |cpu, motion, levels: [Arc<PyramidLevel>; 2]| {
            let maps = LayerMaps::between(cpu, &motion, levels.each_ref().map(Arc::as_ref));
            (motion, maps)
        };
        self.moved([a, b], solved, |still| {
            let maps = LayerMaps::still(&still.forward);
            (still, [maps.clone(), maps])
        })
    }

    /// What `of` makes of the motion between two pictures, and of the levels of both whose pixels are its cells; `of_still` where nothing
    /// moves or nothing is solved.
    fn moved<T: Send>(
        &self,
        [a, b]: [&Picture; 2],
        of: impl FnOnce(Cpu, Motion, [Arc<PyramidLevel>; 2]) -> T + Send,
        of_still: impl FnOnce(Motion) -> T,
    ) -> Result<T, Error> {
        self.check(a, b)?;
        let cpu = Cpu::current()?;
        let dim = (a.height(), a.width());
        Ok(match self.plan(dim) {
            Plan::Motion(solve) if a != b => {
                let premultiplied = premultiplied(a, b);
                let pictures = ends(&premultiplied, [a, b]);
                let caches = [&PyramidCache::default(), &PyramidCache::default()];
                rayon::scope(|_| {
                    let (motion, levels) = solved(cpu, solve, pictures, caches, &Deaf);
                    of(cpu, motion, levels)
                })
            }
            Plan::Motion(solve) => of_still(Motion::zeros(solve.cell_log2, dim)),
            Plan::Unsolved | Plan::Mass { .. } => of_still(Motion::zeros(0, dim)),
        })
    }
}

/// The motion between two pictures (premultiplied, if they have alpha), and their levels whose pixels are its cells, the second's as
/// bright as the first's.
fn solved(
    cpu: Cpu,
    solve: SolvePlan,
    [first, second]: [&Picture; 2],
    [for_first, for_second]: [&PyramidCache; 2],
    probe: &dyn Probe,
) -> (Motion, [Arc<PyramidLevel>; 2]) {
    let halving = stage(Stage::Pyramid);
    let plan = solve.pyramid((first.height(), first.width()));
    // Finer ones are large beside what it takes to make them again for the next pair.
    let of = |cache: &PyramidCache, picture| {
        let make = || FramePyramid::of(cpu, picture, plan);
        if plan.finest >= FINEST_CACHED {
            cache.or_make(make)
        } else {
            Arc::new(make())
        }
    };
    let (a, b) = rayon::join(|| of(for_first, first), || of(for_second, second));
    drop(halving);
    let comparing = stage(Stage::Content);
    let change = a.brightness_change_to(&b);
    let b = if change.is_none() {
        b
    } else {
        Arc::new(FramePyramid::of_matched(cpu, second, plan, &change))
    };
    drop(comparing);
    for (pyramid, side) in [(&a, Side::First), (&b, Side::Second)] {
        for (level, planes) in (pyramid.finest()..).zip(pyramid.levels()) {
            let view = View::Pyramid;
            probe.plane(Place { view, side, level }, planes.luma());
        }
    }
    let mut pyramids = [a, b];
    let motion = motion::solve(cpu, &mut pyramids, &solve, probe);
    let level = usize::from(solve.cell_log2);
    let [a, b] = pyramids;
    let levels = rayon::join(
        || a.compared_level(cpu, first, level, None),
        || b.compared_level(cpu, second, level, Some(&change)),
    );
    (motion, levels.into())
}

/// Both pictures premultiplied, if they have alpha.
fn premultiplied(a: &Picture, b: &Picture) -> Option<Box<[Picture; 2]>> {
    a.format()
        .alpha
        .then(|| Box::new([alpha::premultiplied(a), alpha::premultiplied(b)]))
}

/// The premultiplied pictures, if they are, else the pictures themselves.
fn ends<'a>(
    premultiplied: &'a Option<Box<[Picture; 2]>>,
    pictures: [&'a Picture; 2],
) -> [&'a Picture; 2] {
    match premultiplied {
        Some(pair) => pair.each_ref(),
        None => pictures,
    }
}
