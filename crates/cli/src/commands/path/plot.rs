//! Plot of `path`: distances on the left, energies on the right.

use super::walk::{Frame, Walk};
use crate::plot::{LinePanel, Lines};

/// The figure.
pub fn figure(walk: &Walk) -> Lines {
    let from_start = |value: &dyn Fn(&Frame) -> f64| -> Vec<(f64, f64)> {
        let frames = walk.frames.iter().map(|f| (f.t, value(f)));
        std::iter::once((0.0, 0.0)).chain(frames).collect()
    };
    // The energy of a step stands in the middle of it.
    let half_step = 0.5 / walk.frames.len() as f64;
    let in_steps = |value: &dyn Fn(&Frame) -> f64| -> Vec<(f64, f64)> {
        let frames = walk.frames.iter();
        frames.map(|f| (f.t - half_step, value(f))).collect()
    };
    let w2 = walk.distance_px;
    Lines {
        x_label: "t",
        panels: vec![
            LinePanel {
                y_label: "W2 from the first picture, px",
                lines: [
                    ("transport", from_start(&|f| f.transport.distance_px)),
                    ("cross-fade", from_start(&|f| f.crossfade.distance_px)),
                ],
                truth: ("t · W2", vec![(0.0, 0.0), (1.0, w2)]),
                names_below: true,
            },
            LinePanel {
                y_label: "energy, px² per unit of t²",
                lines: [
                    ("transport", in_steps(&|f| f.transport.energy_px2)),
                    ("cross-fade", in_steps(&|f| f.crossfade.energy_px2)),
                ],
                truth: ("W2²", vec![(0.0, w2 * w2), (1.0, w2 * w2)]),
                names_below: false,
            },
        ],
    }
}
