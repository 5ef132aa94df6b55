//! Report of `path` as a table and as JSON.

use super::spline::Spline;
use super::walk::{Frame, Step, Walk};
use serde::Serialize;
use std::fmt::Write;

/// Report of a run.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    inputs: [String; 2],
    width: usize,
    height: usize,
    /// `W2(mu0, mu1)`.
    distance_px: f64,
    /// Total masses of the two.
    masses: [f64; 2],
    frames: &'a [Frame],
    action_px2: Action,
    /// Largest `|W2(mu0, mut) - t·W2(mu0, mu1)| / W2(mu0, mu1)` of the transport.
    transport_deviation: f64,
    /// With `--before` or `--after`.
    spline: Option<Spline>,
}

/// Mean energies.
#[derive(Debug, Serialize)]
struct Action {
    transport: f64,
    crossfade: f64,
}

impl<'a> Report<'a> {
    /// Of a walk between `inputs` of `(height, width)`.
    pub fn new(
        inputs: [String; 2],
        (height, width): (usize, usize),
        walk: &'a Walk,
        spline: Option<Spline>,
    ) -> Self {
        let deviation = |f: &Frame| (f.transport.distance_px - f.geodesic_px).abs();
        let most = walk.frames.iter().map(deviation).fold(0.0, f64::max);
        Self {
            inputs,
            width,
            height,
            distance_px: walk.distance_px,
            masses: walk.masses,
            frames: &walk.frames,
            action_px2: Action {
                transport: walk.action_px2(|f| f.transport),
                crossfade: walk.action_px2(|f| f.crossfade),
            },
            transport_deviation: if walk.distance_px > 0.0 {
                most / walk.distance_px
            } else {
                0.0
            },
            spline,
        }
    }

    /// The numbers for people.
    pub fn table(&self) -> String {
        let mut out = String::new();
        let side = |s: Step| {
            format!(
                "{:>11.3} {:>12.2} {:>14.6e}",
                s.distance_px, s.energy_px2, s.mass
            )
        };
        // Writing to a string does not fail.
        let _ = writeln!(
            out,
            "W2(mu0, mu1) = {:.4} px, mass {:.6e} to {:.6e}\n",
            self.distance_px, self.masses[0], self.masses[1]
        );
        let _ = writeln!(
            out,
            "{:>6} {:>10}  {:^39}  {:^39}",
            "", "", "transport", "cross-fade"
        );
        let head = format!("{:>11} {:>12} {:>14}", "W2(mu0,mut)", "energy", "mass");
        let _ = writeln!(out, "{:>6} {:>10}  {head}  {head}", "t", "t·W2");
        for f in self.frames {
            let _ = writeln!(
                out,
                "{:>6.3} {:>10.3}  {}  {}",
                f.t,
                f.geodesic_px,
                side(f.transport),
                side(f.crossfade)
            );
        }
        let w2 = self.distance_px * self.distance_px;
        let _ = writeln!(
            out,
            "\nmean energy {:.2} px² by transport, {:.2} by cross-fade; the least possible is W2² = {w2:.2}",
            self.action_px2.transport, self.action_px2.crossfade
        );
        if let Some(spline) = &self.spline {
            let _ = writeln!(
                out,
                "energy {:.2} px² along the spline through the densities before and after: {:.2} straight and {:.2} for its bends; acceleration {:.2} px",
                spline.energy_px2, spline.geodesic_px2, spline.bending_px2, spline.acceleration_px
            );
        }
        out
    }
}
