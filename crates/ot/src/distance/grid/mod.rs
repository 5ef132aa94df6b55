//! Wasserstein distances between histograms on one grid, with intervals that hold for the grid as it is.
//!
//! A small histogram is solved exactly. A large one is solved on cells of `2^k × 2^k` bins, and both bounds are then lifted to the
//! bins: so what is certified is always the distance between the histograms themselves, and coarser cells only widen the interval.
//! Cells are made smaller until it is narrow enough.
//!
//! * *Upper bound:* [`plan`] cuts every cell's bins up among the cells that it exchanges mass with, which gives a coupling of
//!   the bins.
//! * *Lower bound:* [`lift`] interpolates the cells' potentials, and makes them feasible for all pairs of bins by c-transforms.
//! * *p = 1:* by Kantorovich and Rubinstein the cost depends on the difference of the two alone, so mass that both have in a
//!   bin stays there, and only the rest is carried.

mod lift;
mod plan;

use super::Interval;
use super::gaussian::Gaussian;
use crate::cloud::total_mass;
use crate::{Cloud, Error, Power, exact};

/// Up to so many bins with mass on a side, bins are solved as they are; cells start with at most so many.
const FIRST_CELLS: usize = 2048;
/// Cells are not made smaller beyond so many on a side.
const MAX_CELLS: usize = 1 << 14;
/// What the bound from moments is lowered by, as a share of the grid's extent.
const ROUNDING: f64 = 1e-6;
/// The part of the wanted width that the gap on the cells may use up.
const GAP_PART: f64 = 0.1;

/// A histogram: masses of the bins of a grid, row by row. Bins lie one unit apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    height: usize,
    width: usize,
    /// Shares of the total.
    shares: Vec<f64>,
    total: f64,
}

impl Grid {
    /// `masses` holds `height` rows of `width`. `side` is for messages.
    ///
    /// # Errors
    /// No bins, a wrong number of masses, masses that are negative or not finite, no mass at all.
    pub fn new(
        side: &'static str,
        (height, width): (usize, usize),
        masses: Vec<f64>,
    ) -> Result<Self, Error> {
        if height * width == 0 {
            return Err(Error::Empty);
        }
        if masses.len() != height * width {
            return Err(Error::Length {
                what: "masses",
                expected: height * width,
                found: masses.len(),
            });
        }
        let total = total_mass(side, &masses)?;
        let mut shares = masses;
        for m in &mut shares {
            *m /= total;
        }
        Ok(Self {
            height,
            width,
            shares,
            total,
        })
    }

    /// Rows and columns.
    pub fn dim(&self) -> (usize, usize) {
        (self.height, self.width)
    }

    /// The masses over their total.
    pub fn shares(&self) -> &[f64] {
        &self.shares
    }

    /// The total of the masses as given.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// `(x, y)` of a bin.
    fn place(&self, bin: usize) -> [f64; 2] {
        [(bin % self.width) as f64, (bin / self.width) as f64]
    }

    /// Mean and covariance of the positions `(x, y)`.
    pub fn moments(&self) -> ([f64; 2], [[f64; 2]; 2]) {
        let mut mean = [0.0; 2];
        for (bin, m) in self.shares.iter().enumerate() {
            let p = self.place(bin);
            mean[0] += m * p[0];
            mean[1] += m * p[1];
        }
        let mut covariance = [[0.0; 2]; 2];
        for (bin, m) in self.shares.iter().enumerate() {
            let p = self.place(bin);
            let d = [p[0] - mean[0], p[1] - mean[1]];
            for (k, row) in covariance.iter_mut().enumerate() {
                for (l, c) in row.iter_mut().enumerate() {
                    *c += m * d[k] * d[l];
                }
            }
        }
        (mean, covariance)
    }

    /// The grid in cells of `size × size` bins: `(height, width, masses)`.
    pub fn cells(&self, size: usize) -> (usize, usize, Vec<f64>) {
        let (height, width) = (self.height.div_ceil(size), self.width.div_ceil(size));
        let mut masses = vec![0.0; height * width];
        for (y, row) in self.shares.chunks_exact(self.width).enumerate() {
            for (x, m) in row.iter().enumerate() {
                masses[y / size * width + x / size] += m;
            }
        }
        (height, width, masses)
    }
}

/// A distance between two grids.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Holds `W_p`, in bins.
    pub distance: Interval,
    /// Width of the cells that were solved, in bins; 1 if the bins themselves were.
    pub cell: usize,
}

/// Masses on cells, with what leads back to the bins.
struct Side {
    /// Cells with mass, at their centres of mass.
    cloud: Cloud,
    /// For each of them its bins with mass: `(bin, share)`.
    bins: Vec<Vec<(u32, f64)>>,
}

/// One grid of masses in cells.
struct Cells<'a> {
    grid: (usize, usize),
    size: usize,
    power: Power,
    source: (&'a [f64], Side),
    target: (&'a [f64], Side),
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
            expected: a.shares.len(),
            found: b.shares.len(),
        });
    }
    let (mut source, mut target) = (a.shares.clone(), b.shares.clone());
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
        let found = cells.bounds(width * GAP_PART)?;
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
    let size = (a.height + a.width) as f64;
    Ok((bound - ROUNDING * size).max(0.0))
}

fn occupied_cells(masses: &[f64], (_, width): (usize, usize), size: usize) -> usize {
    let columns = width.div_ceil(size);
    let mut occupied = vec![false; columns];
    let mut count = 0;
    for band in masses.chunks(width * size) {
        occupied.fill(false);
        for row in band.chunks(width) {
            for (o, cell) in occupied.iter_mut().zip(row.chunks(size)) {
                *o |= cell.iter().any(|&m| m > 0.0);
            }
        }
        count += occupied.iter().filter(|&&o| o).count();
    }
    count
}

/// The cells with mass of one side.
fn side(
    name: &'static str,
    masses: &[f64],
    (height, width): (usize, usize),
    size: usize,
) -> Result<Side, Error> {
    let columns = width.div_ceil(size);
    let mut all: Vec<Vec<(u32, f64)>> = vec![Vec::new(); columns * height.div_ceil(size)];
    for (bin, &m) in masses.iter().enumerate() {
        if m > 0.0 {
            let (y, x) = (bin / width, bin % width);
            all[y / size * columns + x / size].push((bin as u32, m));
        }
    }
    let bins: Vec<_> = all.into_iter().filter(|cell| !cell.is_empty()).collect();
    let (mut points, mut sums) = (Vec::new(), Vec::new());
    for cell in &bins {
        let sum: f64 = cell.iter().map(|b| b.1).sum();
        let (mut x, mut y) = (0.0, 0.0);
        for &(bin, m) in cell {
            x += m / sum * (bin as usize % width) as f64;
            y += m / sum * (bin as usize / width) as f64;
        }
        points.extend([x, y]);
        sums.push(sum);
    }
    Ok(Side {
        cloud: Cloud::new(name, 2, points, sums)?,
        bins,
    })
}

impl Cells<'_> {
    /// Bounds of the cost per unit of mass, of the bins. `gap` is a share of the distance.
    fn bounds(&self, gap: f64) -> Result<Interval, Error> {
        // Of a squared distance twice the share.
        let gap = match self.power {
            Power::One => gap,
            Power::Two => 2.0 * gap,
        };
        let (source, target) = (&self.source.1, &self.target.1);
        let coupling = exact::couple(&source.cloud, &target.cloud, self.power, gap)?;
        if self.size == 1 {
            return Ok(coupling.cost);
        }
        let lower = lift::lower_bound(self, &coupling)?;
        // Beyond what the lower bound leaves to gain, work on the upper one is in vain.
        let enough = lower * (1.0 + gap);
        let upper = plan::upper_bound(self, &coupling, enough)?;
        Ok(Interval { lower, upper })
    }
}
