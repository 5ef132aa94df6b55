//! Mass transport of densities: McCann's displacement interpolation, from both pictures.
//!
//! With `T` the map from the first picture's mass `a` to the second's `b`, and `S` the one back, the mass at t is
//!
//! ```text
//! (1-t) · ((1-t) Id + t T)# a + t · (t Id + (1-t) S)# b,
//! ```
//! two images of one measure if `T# a = b`. Whatever the maps, the total is `(1-t)·m0 + t·m1` and the ends are the pictures: mass is
//! moved, never made. What is no mass (a floor, what slack leaves) is cross-faded in place.

mod carrier;
mod measure;
mod sharpen;

use crate::picture::{Format, Picture, Plane, samples, samples_mut};
use carrier::{Carrier, Landed};
use measure::is_rgb;
pub use measure::{Background, MassModel, MassOptions, Measure, Unbalanced, luma_codes};
use otinterp_ot::multiscale;
use rayon::prelude::*;
use sharpen::Excess;

/// Why a picture's mass cannot be transported.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum MassError {
    /// Alpha was to be the mass.
    #[error("the pictures have no alpha that could be mass; use luma")]
    NoAlpha,
    /// Red, green and blue were to be masses of their own.
    #[error("red, green and blue cannot be masses of their own in {0}; use luma")]
    NotRgb(&'static str),
    /// The solver refused.
    #[error(transparent)]
    Transport(#[from] otinterp_ot::Error),
}

/// A solved transport of mass, which can be rendered at any time.
#[derive(Debug)]
pub struct Mass {
    format: Format,
    /// What is cross-faded, of every plane of both pictures.
    staying: [Vec<Plane>; 2],
    parts: Vec<Part>,
}

/// Planes of one size that move together.
#[derive(Debug)]
struct Part {
    /// Their numbers in the picture.
    planes: Vec<usize>,
    sides: [PartSide; 2],
}

/// One picture's planes of a part.
#[derive(Debug)]
struct PartSide {
    carrier: Carrier,
    moving: Vec<Plane>,
    mass: Plane,
}

/// The solved transport of one mass: for both pictures displacement and moving share of the value.
struct Body {
    measures: [Measure; 2],
    maps: [multiscale::Map; 2],
}

impl Mass {
    /// Solves the transport between two pictures of one format and size, premultiplied if they have alpha. A level of
    /// the pyramid is solved if it has at most about `most_cells` cells with mass.
    ///
    /// # Errors
    /// [`MassError`] if the pictures have not what `options` call mass.
    pub fn between(
        first: &Picture,
        second: &Picture,
        options: &MassOptions,
        most_cells: usize,
    ) -> Result<Self, MassError> {
        let format = first.format();
        let pictures = [first, second];
        let mut mass = Self {
            format,
            staying: pictures.map(|picture| picture.planes().to_vec()),
            parts: Vec::new(),
        };
        let colors: Vec<usize> = (0..format.color_planes()).collect();
        let bodies: Vec<([Plane; 2], Vec<usize>)> = match options.model {
            // Alpha is cross-faded: an opaque picture stays opaque.
            MassModel::Luma => vec![(pictures.map(luma_codes), colors)],
            MassModel::Alpha if !format.alpha => return Err(MassError::NoAlpha),
            MassModel::Alpha => {
                let alpha = format.plane_count() - 1;
                let all = (0..=alpha).collect();
                vec![(pictures.map(|p| p.planes()[alpha].clone()), all)]
            }
            MassModel::Rgb if !is_rgb(first) => {
                return Err(MassError::NotRgb("grey or Y'CbCr pictures"));
            }
            MassModel::Rgb if format.alpha => {
                return Err(MassError::NotRgb("pictures with alpha"));
            }
            MassModel::Rgb => {
                let plane = |n: usize| (pictures.map(|p| p.planes()[n].clone()), vec![n]);
                (0..3).map(plane).collect()
            }
        };
        for (values, planes) in bodies {
            let measures = Measure::pair(values, options.background);
            if let Some(body) = Body::solve(measures, options.unbalanced, most_cells)? {
                mass.take(&body, &planes);
            }
        }
        Ok(mass)
    }

    /// Solves the transport between two fields of one size. A field is a density in its own units and may be negative below the
    /// background.
    ///
    /// # Errors
    /// [`MassError`].
    pub fn between_fields(
        fields: [&Plane; 2],
        options: &MassOptions,
        most_cells: usize,
    ) -> Result<Self, MassError> {
        let measures = Measure::pair(fields.map(Plane::clone), options.background);
        let mut mass = Self {
            format: Format::gray(16),
            staying: fields.map(|field| vec![field.clone()]),
            parts: Vec::new(),
        };
        let Some(body) = Body::solve(measures, options.unbalanced, most_cells)? else {
            return Ok(mass);
        };
        let sides = [0, 1].map(|side| {
            let (measure, map) = (&body.measures[side], &body.maps[side]);
            let mut moving = measure.mass.clone();
            for (m, share) in moving.iter_mut().zip(&map.share) {
                *m *= share;
            }
            mass.staying[side][0] -= &moving;
            PartSide {
                carrier: Carrier::new(moving.dim(), &map.dx, &map.dy, &map.share),
                mass: moving.clone(),
                moving: vec![moving],
            }
        });
        let planes = vec![0];
        mass.parts.push(Part { planes, sides });
        Ok(mass)
    }

    /// Takes the moving part out of `planes`.
    fn take(&mut self, body: &Body, planes: &[usize]) {
        let mut shifts: Vec<(u8, u8)> =
            planes.iter().map(|&n| self.format.plane_shift(n)).collect();
        shifts.dedup();
        shifts.sort_unstable();
        shifts.dedup();
        for shift in shifts {
            let of_shift = |n: &usize| self.format.plane_shift(*n) == shift;
            let planes: Vec<usize> = planes.iter().copied().filter(of_shift).collect();
            let sides = [0, 1].map(|side| {
                let small = body.reduced(side, shift);
                let moving = planes.iter().map(|&n| {
                    let zero = zero_of(self.format, n);
                    let plane = &mut self.staying[side][n];
                    let moving = ndarray::Zip::from(&*plane)
                        .and(&small.share)
                        .par_map_collect(|&v, &share| share * (v - zero));
                    ndarray::Zip::from(plane)
                        .and(&moving)
                        .par_for_each(|v, m| *v -= m);
                    moving
                });
                PartSide {
                    moving: moving.collect(),
                    carrier: Carrier::new(
                        small.share.dim(),
                        samples(&small.dx),
                        samples(&small.dy),
                        samples(&small.share),
                    ),
                    mass: small.mass,
                }
            });
            self.parts.push(Part { planes, sides });
        }
    }

    /// The picture at `t` in `(0, 1)`, unrounded.
    pub fn at(&self, t: f32) -> Vec<Plane> {
        let [first, second] = &self.staying;
        let mut out: Vec<Plane> = first
            .par_iter()
            .zip(second)
            .map(|(a, b)| {
                ndarray::Zip::from(a)
                    .and(b)
                    .map_collect(|a, b| (1.0 - t) * a + t * b)
            })
            .collect();
        for part in &self.parts {
            part.add(t, &mut out, self.format);
        }
        out
    }
}

impl Part {
    fn add(&self, t: f32, out: &mut [Plane], format: Format) {
        let dim = self.sides[0].mass.dim();
        let mut landed: Vec<Plane> = self.planes.iter().map(|_| Plane::zeros(dim)).collect();
        let [mut weight, mut excess_x, mut excess_y] = [(); 3].map(|()| Plane::zeros(dim));
        for (side, way) in self.sides.iter().zip([t, 1.0 - t]) {
            let from: Vec<&[f32]> = side.moving.iter().map(samples).collect();
            let to = Landed {
                planes: landed.iter_mut().map(samples_mut).collect(),
                weight: samples_mut(&mut weight),
                excess_x: samples_mut(&mut excess_x),
                excess_y: samples_mut(&mut excess_y),
            };
            side.carrier
                .add(way, 1.0 - way, samples(&side.mass), &from, to);
        }
        for excess in [&mut excess_x, &mut excess_y] {
            ndarray::Zip::from(excess)
                .and(&weight)
                .par_for_each(|e, &w| *e = if w > 0.0 { *e / w } else { 0.0 });
        }
        let excess = Excess {
            width: dim.1,
            x: samples(&excess_x),
            y: samples(&excess_y),
        };
        for (mut plane, &n) in landed.into_iter().zip(&self.planes) {
            excess.take_back(samples_mut(&mut plane), format.is_chroma(n));
            out[n] += &plane;
        }
    }
}

/// The code that stands for nothing: black, or neutral.
fn zero_of(format: Format, plane: usize) -> f32 {
    if format.is_chroma(plane) {
        format.chroma_offset_scale().0
    } else if plane >= format.color_planes() {
        0.0
    } else {
        format.luma_offset_scale().0
    }
}

/// A body's map at the size of a plane.
struct Reduced {
    dx: Plane,
    dy: Plane,
    mass: Plane,
    /// Moving share of the value.
    share: Plane,
}

impl Body {
    /// `None` if one of the two has no mass: then nothing can move.
    fn solve(
        measures: [Measure; 2],
        unbalanced: Unbalanced,
        most_cells: usize,
    ) -> Result<Option<Self>, MassError> {
        let masses = measures.each_ref().map(|m| samples(&m.mass));
        if masses.iter().any(|mass| mass.iter().all(|&m| m == 0.0)) {
            return Ok(None);
        }
        let finest = multiscale::finest_for(masses, most_cells);
        let slack_cells2 = match unbalanced {
            Unbalanced::Normalise => f64::INFINITY,
            // A small mass translated by d costs d², of which each side's potential bears half: it keeps exp(-d²/2 rho).
            Unbalanced::Slack { reach_px } => {
                let (height, width) = measures[0].mass.dim();
                let quarter = 0.25 * (height as f32).hypot(width as f32);
                0.5 * f64::from(reach_px.unwrap_or(quarter)).powi(2)
            }
        };
        let solver = multiscale::Multiscale {
            slack_cells2,
            finest,
            ..Default::default()
        };
        let [a, b] = &measures;
        let transport = solver.solve(a.mass.dim(), samples(&a.mass), samples(&b.mass))?;
        Ok(Some(Self {
            maps: [transport.forward, transport.backward],
            measures,
        }))
    }

    /// For planes that are subsampled so often: means over the pixels that a sample stands for, displacements weighted by mass.
    fn reduced(&self, side: usize, (shift_y, shift_x): (u8, u8)) -> Reduced {
        let (measure, map) = (&self.measures[side], &self.maps[side]);
        let (height, width) = measure.mass.dim();
        let dim = (height.div_ceil(1 << shift_y), width.div_ceil(1 << shift_x));
        let mut out = Reduced {
            dx: Plane::zeros(dim),
            dy: Plane::zeros(dim),
            mass: Plane::zeros(dim),
            share: Plane::zeros(dim),
        };
        let mut values = Plane::zeros(dim);
        for (at, (&mass, &value)) in measure.mass.iter().zip(&measure.value).enumerate() {
            let to = ((at / width) >> shift_y, (at % width) >> shift_x);
            let moving = mass * map.share[at];
            out.mass[to] += moving;
            out.share[to] += moving;
            values[to] += value;
            out.dx[to] += moving * map.dx[at];
            out.dy[to] += moving * map.dy[at];
        }
        let scale = [shift_x, shift_y].map(|s| 1.0 / f32::from(1u16 << s));
        for (planes, scale) in [(&mut out.dx, scale[0]), (&mut out.dy, scale[1])] {
            ndarray::Zip::from(planes)
                .and(&out.mass)
                .for_each(|d, &m| *d = if m > 0.0 { scale * *d / m } else { 0.0 });
        }
        ndarray::Zip::from(&mut out.share)
            .and(&values)
            .for_each(|s, &v| *s = if v > 0.0 { (*s / v).min(1.0) } else { 0.0 });
        out
    }
}
