//! Motions that meet in the cells of an in-between, and how near what each shows is to the truth.

use super::Result;
use otinterp::picture::Plane;
use otinterp::probe::{Candidate, FEATURES, Probe};
use otinterp::{Interpolator, Picture, Plan};
use std::sync::{Mutex, PoisonError};

/// Inputs of the network: features, and how they differ from the mean of the others'.
pub const INPUTS: usize = 2 * FEATURES;
/// Cells whose motions show colours that lie no farther apart tell nothing, codes.
const LEAST_APART: f32 = 8.0;
/// A motion that shows a colour so much farther from the truth than the best does is as right as wrong, codes; and how fast that
/// changes.
const AS_RIGHT: f32 = 6.0;
/// See [`AS_RIGHT`].
const SOFTNESS: f32 = 1.5;

/// A motion: what is known of it, and how right it is, in `[0, 1]`.
pub struct Row {
    pub inputs: [f64; INPUTS],
    pub right: f64,
}

/// A cell, row and column, and the motions that meet there.
type Meeting = ((usize, usize), Vec<Candidate>);

/// Keeps all motions that meet.
#[derive(Default)]
struct Met(Mutex<Vec<Meeting>>);

impl Probe for Met {
    fn is_on(&self) -> bool {
        true
    }

    fn candidates(&self, (x, y): (usize, usize), candidates: &[Candidate]) {
        let mut met = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        met.push(((y, x), candidates.to_vec()));
    }
}

/// Of the pictures at 0, t and 1, in RGB.
pub fn rows(interpolator: &Interpolator, [a, truth, b]: &[Picture; 3], t: f32) -> Result<Vec<Row>> {
    let Plan::Motion(plan) = interpolator.plan((a.height(), a.width())) else {
        return Err("a method without motion".into());
    };
    let probe = Met::default();
    interpolator.inspect(a, b, t, &probe)?;
    let mut met = probe.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    // Threads finish in any order.
    met.sort_by_key(|(cell, _)| *cell);
    let [a, truth, b] = [a, truth, b].map(|picture| Colors::of(picture, 1 << plan.cell_log2));
    let mut rows = Vec::new();
    for ((y, x), candidates) in met {
        let here = truth.at(x as f32, y as f32);
        let errors: Vec<f32> = candidates
            .iter()
            .map(|candidate| {
                let along = |by: f32| {
                    [
                        x as f32 + by * candidate.motion[0],
                        y as f32 + by * candidate.motion[1],
                    ]
                };
                let ([ax, ay], [bx, by]) = (along(-t), along(1.0 - t));
                let (first, second) = (a.at(ax, ay), b.at(bx, by));
                let shown = [0, 1, 2].map(|n| first[n] + candidate.share * (second[n] - first[n]));
                [0, 1, 2]
                    .map(|n| (shown[n] - here[n]).abs())
                    .iter()
                    .sum::<f32>()
                    / 3.0
            })
            .collect();
        let least = errors.iter().copied().fold(f32::MAX, f32::min);
        let most = errors.iter().copied().fold(0.0, f32::max);
        if candidates.len() < 2 || most - least <= LEAST_APART {
            continue;
        }
        for (own, error) in candidates.iter().zip(errors) {
            let farther = (AS_RIGHT - (error - least)) / SOFTNESS;
            rows.push(Row {
                inputs: inputs(own, &candidates),
                right: 1.0 / (1.0 + f64::from(-farther).exp()),
            });
        }
    }
    Ok(rows)
}

fn inputs(own: &Candidate, all: &[Candidate]) -> [f64; INPUTS] {
    let mut inputs = [0.0; INPUTS];
    for n in 0..FEATURES {
        let sum: f64 = all.iter().map(|c| f64::from(c.features[n])).sum();
        let feature = f64::from(own.features[n]);
        inputs[n] = feature;
        inputs[FEATURES + n] = feature - (sum - feature) / (all.len() as f64 - 1.0);
    }
    inputs
}

/// Mean colours of cells.
struct Colors(Vec<Plane>);

impl Colors {
    fn of(picture: &Picture, side: usize) -> Self {
        let dim = (
            picture.height().div_ceil(side),
            picture.width().div_ceil(side),
        );
        let mean = |plane: &Plane| {
            Plane::from_shape_fn(dim, |(y, x)| {
                let (rows, columns) = (
                    y * side..((y + 1) * side).min(picture.height()),
                    x * side..((x + 1) * side).min(picture.width()),
                );
                let count = rows.len() * columns.len();
                let cells = rows.flat_map(|y| columns.clone().map(move |x| (y, x)));
                cells.map(|at| plane[at]).sum::<f32>() / count as f32
            })
        };
        Self(picture.planes().iter().map(mean).collect())
    }

    /// Bilinear; beyond the border that of the border.
    fn at(&self, x: f32, y: f32) -> [f32; 3] {
        let (height, width) = self.0[0].dim();
        let (x, y) = (
            x.clamp(0.0, (width - 1) as f32),
            y.clamp(0.0, (height - 1) as f32),
        );
        let (column, row) = (x as usize, y as usize);
        let (fx, fy) = (x - column as f32, y - row as f32);
        let (right, below) = ((column + 1).min(width - 1), (row + 1).min(height - 1));
        [0, 1, 2].map(|n| {
            let plane = &self.0[n];
            let mix = |a: f32, b: f32, f: f32| a + f * (b - a);
            mix(
                mix(plane[(row, column)], plane[(row, right)], fx),
                mix(plane[(below, column)], plane[(below, right)], fx),
                fy,
            )
        })
    }
}
