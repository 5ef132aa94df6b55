//! Measurement of a path of frames between two densities, frame by frame.

use otinterp::mass::Mass;
use otinterp::mass::MassOptions;
use otinterp::ot::multiscale::{Multiscale, finest_for};
use otinterp::picture::{Plane, samples};
use serde::Serialize;

/// One frame of a way.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Step {
    /// Total mass, in the input's units.
    pub mass: f64,
    /// `W2(mu0, mut)`, px.
    pub distance_px: f64,
    /// `(W2(mu before, mut) / dt)²`, px²: twice the kinetic energy of a unit mass that gets there at constant speed.
    pub energy_px2: f64,
}

/// A time and the frames of both ways.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Frame {
    /// In `(0, 1]`.
    pub t: f64,
    /// `t · W2(mu0, mu1)`, px.
    pub geodesic_px: f64,
    /// By displacement interpolation.
    pub transport: Step,
    /// By cross-fade.
    pub crossfade: Step,
}

/// The two ways between two masses.
#[derive(Debug)]
pub struct Walk {
    /// `W2(mu0, mu1)`, px.
    pub distance_px: f64,
    /// Total masses.
    pub masses: [f64; 2],
    /// In order of time, the last at `t = 1`.
    pub frames: Vec<Frame>,
}

impl Walk {
    /// Measures `count` frames evenly between two masses, and the second. `check` is asked now and then whether to go on,
    /// `measured` is told how many are.
    pub fn between(
        masses: &[Plane; 2],
        count: u16,
        most_cells: usize,
        check: impl Fn() -> anyhow::Result<()>,
        measured: impl Fn(usize),
    ) -> anyhow::Result<Self> {
        let [first, second] = masses;
        let mass = Mass::between_fields([first, second], &MassOptions::default(), most_cells)?;
        let solver = Multiscale {
            finest: finest_for([samples(first), samples(second)], most_cells),
            ..Default::default()
        };
        let distance = |a: &Plane, b: &Plane| -> anyhow::Result<f64> {
            check()?;
            let transport = solver.solve(a.dim(), samples(a), samples(b))?;
            Ok(transport.squared_distance.max(0.0).sqrt())
        };
        let whole_px = distance(first, second)?;
        let last = usize::from(count) + 1;
        let dt = 1.0 / last as f64;
        let mut before = [first.clone(), first.clone()];
        let mut frames = Vec::with_capacity(last);
        for k in 1..=last {
            let t = k as f64 * dt;
            let now = if k == last {
                [second.clone(), second.clone()]
            } else {
                [transported(&mass, t), faded(masses, t)]
            };
            let step = |way: usize| -> anyhow::Result<Step> {
                let speed = distance(&before[way], &now[way])? / dt;
                Ok(Step {
                    mass: total(&now[way]),
                    distance_px: if k == last {
                        whole_px
                    } else {
                        distance(first, &now[way])?
                    },
                    energy_px2: speed * speed,
                })
            };
            let (transport, crossfade) = (step(0)?, step(1)?);
            frames.push(Frame {
                t,
                geodesic_px: t * whole_px,
                transport,
                crossfade,
            });
            before = now;
            measured(k);
        }
        Ok(Self {
            distance_px: whole_px,
            masses: [total(first), total(second)],
            frames,
        })
    }

    /// Mean energy of a way, px²: at least the squared distance, on the shortest way equal to it (Benamou & Brenier 2000).
    pub fn action_px2(&self, step: impl Fn(&Frame) -> Step) -> f64 {
        let energies = self.frames.iter().map(|f| step(f).energy_px2);
        energies.sum::<f64>() / self.frames.len() as f64
    }
}

fn transported(mass: &Mass, t: f64) -> Plane {
    // A field has one plane.
    mass.at(t as f32).pop().unwrap_or_default()
}

fn faded([a, b]: &[Plane; 2], t: f64) -> Plane {
    let t = t as f32;
    ndarray::Zip::from(a)
        .and(b)
        .map_collect(|a, b| (1.0 - t) * a + t * b)
}

fn total(mass: &Plane) -> f64 {
    mass.iter().map(|&m| f64::from(m)).sum()
}
