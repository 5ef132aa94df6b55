//! Distance of two measures: the solver's answer, with its certified interval and what else is reported of it.

use super::input::Measure;
use anyhow::bail;
use otinterp::ot::distance::gaussian::Gaussian;
use otinterp::ot::distance::grid::{self, Grid};
use otinterp::ot::distance::{Interval, debiased, line};
use otinterp::ot::{Cloud, Error, Power, exact};
use serde::Serialize;

/// The interval is at most this share of the value wide, where that can be had.
const WIDTH: f64 = 0.01;
/// Of two clouds' cost the share that may be left open: a tenth of that, since passes are dear and the simplex is not.
const GAP: f64 = 0.1 * WIDTH;
/// Blur of the Sinkhorn divergence, eps^(1/p), as a share of the diagonal (the default of GeomLoss, Feydy 2020).
const BLUR: f64 = 0.05;
/// Most cells of a Sinkhorn divergence: with soft minima along rows and columns …
const SEPARABLE_CELLS: usize = 1 << 14;
/// … and with stored costs.
const DENSE_CELLS: usize = 2048;
/// Beyond so many dimensions covariances are not taken.
const BURES_DIMENSIONS: usize = 64;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// The exponent.
    pub power: Power,
    /// Whether the Sinkhorn divergence is wanted, too.
    pub debiased: bool,
    /// Its eps, in units of the cost.
    pub eps: Option<f64>,
}

/// The Sinkhorn divergence, as a distance: `S^(1/p)`.
#[derive(Debug, Clone, Copy)]
pub struct Divergence {
    /// Holds it.
    pub interval: Interval,
    /// Weight of the entropy, in units of the cost.
    pub eps: f64,
    /// Width of the cells on which it was computed; 1 for all bins or points.
    pub cell: usize,
}

/// `--json`, and a row of the CSV.
#[derive(Debug, Clone, Serialize)]
pub struct Answer {
    /// The exponent.
    pub p: u8,
    /// The middle of the interval.
    pub value: f64,
    /// `W_p` is not less …
    pub lower: f64,
    /// … and not more.
    pub upper: f64,
    /// `W_2` of the normal distributions with the same means and covariances.
    pub bures: Option<f64>,
    /// The Sinkhorn divergence to the power `1/p`, if it was asked for.
    pub debiased: Option<f64>,
    /// It is not less …
    pub debiased_lower: Option<f64>,
    /// … and not more.
    pub debiased_upper: Option<f64>,
    /// Its eps, in units of the cost: `unit^p`.
    pub eps: Option<f64>,
    /// Width in px of the cells on which it was computed.
    pub debiased_cell: Option<usize>,
    /// `px` (pixels or bins), or `own` for that of the points' coordinates.
    pub unit: &'static str,
    /// `picture`, `histogram` or `points`.
    pub kind: &'static str,
    /// Totals of the masses, before both were divided by theirs.
    pub totals: [f64; 2],
    /// Width in px of the cells that were solved; the interval holds for the pixels all the same.
    pub cell: usize,
}

impl Answer {
    /// The distance of two measures of one kind and size.
    pub fn find(a: &Measure, b: &Measure, question: Question) -> anyhow::Result<Self> {
        let power = question.power;
        let (found, bures, divergence) = match (a, b) {
            (Measure::Points(x), Measure::Points(y))
                if x.cloud.dimensions() == y.cloud.dimensions() =>
            {
                of_points(&x.cloud, &y.cloud, question)?
            }
            (Measure::Picture(x), Measure::Picture(y))
            | (Measure::Histogram(x), Measure::Histogram(y))
                if x.dim() == y.dim() =>
            {
                of_grids(x, y, question)?
            }
            _ if a.kind() == b.kind() => {
                bail!("{} and {}; both must be of one size", a.size(), b.size())
            }
            _ => bail!("a {} and a {} have no distance", a.kind(), b.kind()),
        };
        let rooted = divergence.map(|d| Interval {
            lower: power.root(d.interval.lower),
            upper: power.root(d.interval.upper),
        });
        Ok(Self {
            p: match power {
                Power::One => 1,
                Power::Two => 2,
            },
            value: found.distance.middle(),
            lower: found.distance.lower,
            upper: found.distance.upper,
            bures,
            debiased: rooted.map(Interval::middle),
            debiased_lower: rooted.map(|r| r.lower),
            debiased_upper: rooted.map(|r| r.upper),
            eps: divergence.map(|d| d.eps),
            debiased_cell: divergence.map(|d| d.cell),
            unit: if matches!(a, Measure::Points(_)) {
                "own"
            } else {
                "px"
            },
            kind: a.kind(),
            totals: [a.total(), b.total()],
            cell: found.cell,
        })
    }

    /// Width of the interval as a share of its middle.
    pub fn width_share(&self) -> f64 {
        if self.value > 0.0 {
            (self.upper - self.lower) / self.value
        } else {
            0.0
        }
    }

    /// Whether the interval is wider than it should be.
    pub fn is_wide(&self) -> bool {
        self.width_share() > WIDTH
    }
}

type Parts = (grid::Found, Option<f64>, Option<Divergence>);

fn of_grids(a: &Grid, b: &Grid, question: Question) -> anyhow::Result<Parts> {
    let power = question.power;
    let found = if a.dim().0 == 1 {
        let places: Vec<f64> = (0..a.dim().1).map(|x| x as f64).collect();
        let d = line::wasserstein((&places, a.shares()), (&places, b.shares()), power)?;
        grid::Found {
            distance: Interval { lower: d, upper: d },
            cell: 1,
        }
    } else {
        grid::wasserstein(a, b, power, WIDTH)?
    };
    let gaussian = |g: &Grid| {
        let (mean, covariance) = g.moments();
        Gaussian {
            mean: mean.to_vec(),
            covariance: covariance.map(|row| row.to_vec()).to_vec(),
        }
    };
    let bures = gaussian(a).wasserstein(&gaussian(b)).ok();
    let divergence = if question.debiased {
        Some(grid_divergence(a, b, question)?)
    } else {
        None
    };
    Ok((found, bures, divergence))
}

fn grid_divergence(a: &Grid, b: &Grid, question: Question) -> anyhow::Result<Divergence> {
    let (height, width) = a.dim();
    let diagonal = ((height * height + width * width) as f64).sqrt();
    let eps = question
        .eps
        .unwrap_or_else(|| power_of(BLUR * diagonal, question.power));
    let most = match question.power {
        Power::One => DENSE_CELLS,
        Power::Two => SEPARABLE_CELLS,
    };
    let mut cell = 1;
    while height.div_ceil(cell) * width.div_ceil(cell) > most {
        cell *= 2;
    }
    let interval = match question.power {
        Power::One => debiased::of_clouds(&cells(a, cell)?, &cells(b, cell)?, Power::One, eps)?,
        Power::Two => debiased::of_grids(a, b, cell, eps)?,
    };
    Ok(Divergence {
        interval,
        eps,
        cell,
    })
}

/// A grid's cells as points, at their middles.
fn cells(grid: &Grid, size: usize) -> anyhow::Result<Cloud> {
    let (_, columns, masses) = grid.cells(size);
    let points = (0..masses.len()).flat_map(|k| [k % columns, k / columns]);
    let points = points.map(|k| (k * size) as f64).collect();
    Ok(Cloud::new("histogram", 2, points, masses)?)
}

fn of_points(a: &Cloud, b: &Cloud, question: Question) -> anyhow::Result<Parts> {
    let power = question.power;
    let distance = if a.dimensions() == 1 {
        let d = line::wasserstein((a.points(), a.masses()), (b.points(), b.masses()), power)?;
        Interval { lower: d, upper: d }
    } else {
        let cost = match exact::couple(a, b, power, GAP) {
            Err(error @ Error::TooManyPairs { .. }) => bail!("{error}; give samples of them"),
            coupling => coupling?.cost,
        };
        Interval {
            lower: power.root(cost.lower.max(0.0)),
            upper: power.root(cost.upper),
        }
    };
    let bures = (a.dimensions() <= BURES_DIMENSIONS)
        .then(|| Gaussian::of(a).wasserstein(&Gaussian::of(b)).ok())
        .flatten();
    let divergence = if question.debiased {
        let eps = question
            .eps
            .unwrap_or_else(|| power_of(BLUR * diagonal(a, b), power));
        Some(Divergence {
            interval: debiased::of_clouds(a, b, power, eps)?,
            eps,
            cell: 1,
        })
    } else {
        None
    };
    let found = grid::Found { distance, cell: 1 };
    Ok((found, bures, divergence))
}

/// Of the box round both clouds; 1 if they are one point.
fn diagonal(a: &Cloud, b: &Cloud) -> f64 {
    let squared: f64 = (0..a.dimensions())
        .map(|k| {
            let values = |c: &Cloud| -> Vec<f64> { (0..c.len()).map(|i| c.point(i)[k]).collect() };
            let all: Vec<f64> = values(a).into_iter().chain(values(b)).collect();
            let least = all.iter().fold(f64::INFINITY, |m, &x| m.min(x));
            let most = all.iter().fold(f64::NEG_INFINITY, |m, &x| m.max(x));
            (most - least).powi(2)
        })
        .sum();
    if squared > 0.0 { squared.sqrt() } else { 1.0 }
}

fn power_of(x: f64, power: Power) -> f64 {
    match power {
        Power::One => x,
        Power::Two => x * x,
    }
}
