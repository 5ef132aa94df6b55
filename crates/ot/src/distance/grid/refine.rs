//! Wasserstein distance of two histograms: cells are made smaller until the certified interval is narrow enough.

use super::cells::{Cells, occupied_cells, side};
use super::histogram::Grid;
use super::{lift, plan};
use crate::distance::gaussian::Gaussian;
use crate::error::Error;
use crate::exact;
use crate::interval::Interval;
use crate::power::Power;

/// Up to so many bins with mass on a side, bins are solved as they are; cells start with at most so many.
const FIRST_CELLS: usize = 2048;
/// Cells are not made smaller beyond so many on a side.
const MAX_CELLS: usize = 1 << 14;
/// What the bound from moments is lowered by, as a share of the grid's extent.
const ROUNDING: f64 = 1e-6;
/// The part of the wanted width that the gap on the cells may use up.
const GAP_PART: f64 = 0.1;

/// A distance between two grids.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Holds `W_p`, in bins.
    pub distance: Interval,
    /// Width of the cells that were solved, in bins; 1 if the bins themselves were.
    pub cell: usize,
}

/// `W_p` of two histograms on grids of one size, each taken as a probability measure. The interval is at most `width` times its
/// middle wide, unless that would take more than 2^14 cells.
///
/// # Errors
/// Grids of different sizes; [`Error::Level`].
pub fn wasserstein(a: &Grid, b: &Grid, power: Power, width: f64) -> Result<Found, Error> {
    if a.dim() != b.dim() {
        return Err(Error::Length {
            what: "bins of the target",
            expected: a.shares().len(),
            found: b.shares().len(),
        });
    }
    let (mut source, mut target) = (a.shares().to_vec(), b.shares().to_vec());
    if power == Power::One {
        for (s, t) in source.iter_mut().zip(&mut target) {
            let common = s.min(*t);
            *s -= common;
            *t -= common;
        }
    }
    let moved: f64 = source.iter().sum();
    if moved <= f64::EPSILON {
        let nothing = Interval {
            lower: 0.0,
            upper: 0.0,
        };
        return Ok(Found {
            distance: nothing,
            cell: 1,
        });
    }
    let occupied = |size: usize| {
        let most = |m: &[f64]| occupied_cells(m, a.dim(), size);
        most(&source).max(most(&target))
    };
    let mut size = 1;
    while occupied(size) > FIRST_CELLS {
        size *= 2;
    }
    let mut best = Interval {
        lower: first_bound(a, b, power)?,
        upper: f64::INFINITY,
    };
    loop {
        let cells = Cells {
            grid: a.dim(),
            size,
            power,
            source: (&source, side("source", &source, a.dim(), size)?),
            target: (&target, side("target", &target, a.dim(), size)?),
        };
        let found = bounds(&cells, width * GAP_PART)?;
        best.lower = best.lower.max(power.root(moved * found.lower));
        best.upper = best.upper.min(power.root(moved * found.upper));
        // Rounding may put equal bounds the wrong way round.
        best.lower = best.lower.min(best.upper);
        let done = best.width() <= width * best.middle();
        if done || size == 1 || occupied(size / 2) > MAX_CELLS {
            return Ok(Found {
                distance: best,
                cell: size,
            });
        }
        size /= 2;
    }
}

/// What the means and covariances say: `W1` is at least the distance of the means (Jensen), `W2` at least that of the
/// Gaussians (Gelbrich 1990). A little less, for rounding.
fn first_bound(a: &Grid, b: &Grid, power: Power) -> Result<f64, Error> {
    let gaussian = |g: &Grid| {
        let (mean, covariance) = g.moments();
        Gaussian {
            mean: mean.to_vec(),
            covariance: covariance.map(|row| row.to_vec()).to_vec(),
        }
    };
    let (p, q) = (gaussian(a), gaussian(b));
    let bound = match power {
        Power::One => (p.mean[0] - q.mean[0]).hypot(p.mean[1] - q.mean[1]),
        Power::Two => p.wasserstein(&q)?,
    };
    // Variances of size s² are right to 1e-13 s², so a distance is to 1e-6 s or better.
    let size = (a.dim().0 + a.dim().1) as f64;
    Ok((bound - ROUNDING * size).max(0.0))
}

/// Bounds of the cost per unit of mass, of the bins. `gap` is a share of the distance.
fn bounds(cells: &Cells<'_>, gap: f64) -> Result<Interval, Error> {
    // Of a squared distance twice the share.
    let gap = match cells.power {
        Power::One => gap,
        Power::Two => 2.0 * gap,
    };
    let (source, target) = (&cells.source.1, &cells.target.1);
    let coupling = exact::couple(&source.cloud, &target.cloud, cells.power, gap)?;
    if cells.size == 1 {
        return Ok(coupling.cost);
    }
    let lower = lift::lower_bound(cells, &coupling)?;
    // Beyond what the lower bound leaves to gain, work on the upper one is in vain.
    let enough = lower * (1.0 + gap);
    let upper = plan::upper_bound(cells, &coupling, enough)?;
    Ok(Interval { lower, upper })
}
