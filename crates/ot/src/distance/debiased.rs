//! The Sinkhorn divergence of two clouds or two histograms, with an interval that holds it.

use super::grid::Grid;
use crate::cloud::{Cloud, unit_scale};
use crate::cost::{Dense, GibbsKernel, Separable};
use crate::error::Error;
use crate::interval::Interval;
use crate::power::Power;
use crate::problem::{Problem, single_eps};
use crate::sinkhorn::Sinkhorn;
use rayon::prelude::*;

/// Most pairs of points; their costs are stored, in `f32`, twice.
const MAX_PAIRS: usize = 1 << 24;

/// Two measures as the entropic problem sees them: shares, and soft minima in `f64` over all costs.
trait Space: Sync {
    type Kernel: GibbsKernel;

    fn kernel(&self) -> Result<Self::Kernel, Error>;
    /// `-eps·ln sum_j exp((p_j - c_ij) / eps + log_j)` for every `i`; for every `j` likewise with `transposed`.
    fn soft(&self, eps: f64, p: &[f64], log: &[f64], transposed: bool) -> Vec<f64>;
    /// An upper bound of the cost of the product of two measures of mass `theta` each, over `theta`.
    fn product_cost(&self, r: &[f64], s: &[f64], theta: f64) -> f64;
}

/// `S_eps(a, b) = OT_eps(a, b) - ½ OT_eps(a, a) - ½ OT_eps(b, b)` with `OT_eps = min sum pi·c + eps·KL(pi | a⊗b)` and `c = |x - y|^p`, of
/// clouds as probability measures (Feydy et al. 2019). In units of the cost. Each of the three values lies between a dual value and
/// the value of a plan that has the marginals, in `f64`; the interval is what they leave open.
///
/// # Errors
/// More than 2^24 pairs of different points, clouds of different dimensions, and what [`Problem::balanced`] and [`Sinkhorn::solve`] refuse.
pub fn of_clouds(a: &Cloud, b: &Cloud, power: Power, eps: f64) -> Result<Interval, Error> {
    if a.dimensions() != b.dimensions() {
        return Err(Error::Length {
            what: "coordinates of the target's points",
            expected: a.dimensions(),
            found: b.dimensions(),
        });
    }
    // Equal points have equal potentials, so the values are those of the measures with such points merged.
    let scale = unit_scale(a, b)?;
    let (a, b) = (&a.merged().scaled(scale), &b.merged().scaled(scale));
    let cost_scale = match power {
        Power::One => scale,
        Power::Two => scale * scale,
    };
    let value = |x: &Cloud, y: &Cloud| {
        let pairs = x.len() * y.len();
        if pairs > MAX_PAIRS {
            return Err(Error::TooManyPairs {
                pairs: pairs as u64,
                most: MAX_PAIRS as u64,
            });
        }
        let shares = |c: &Cloud| (0..c.len()).map(|i| c.share(i)).collect::<Vec<_>>();
        interval(
            &Clouds { x, y, power },
            &shares(x),
            &shares(y),
            eps * cost_scale,
        )
    };
    let found = divergence(value(a, b)?, value(a, a)?, value(b, b)?);
    Ok(Interval {
        lower: found.lower / cost_scale,
        upper: found.upper / cost_scale,
    })
}

/// The same of histograms for `p = 2`, on cells of `size × size` bins whose mass sits in their middle.
///
/// # Errors
/// Grids of different sizes, and what [`Problem::balanced`] and [`Sinkhorn::solve`] refuse.
pub fn of_grids(a: &Grid, b: &Grid, size: usize, eps: f64) -> Result<Interval, Error> {
    if a.dim() != b.dim() {
        return Err(Error::Length {
            what: "bins of the target",
            expected: a.shares().len(),
            found: b.shares().len(),
        });
    }
    let (height, width, a) = a.cells(size);
    let (_, _, b) = b.cells(size);
    let space = Cells {
        height,
        width,
        spacing: size as f64,
    };
    let value = |a: &[f64], b: &[f64]| interval(&space, a, b, eps);
    Ok(divergence(value(&a, &b)?, value(&a, &a)?, value(&b, &b)?))
}

fn divergence(between: Interval, within_a: Interval, within_b: Interval) -> Interval {
    Interval {
        // The divergence is never negative.
        lower: (between.lower - 0.5 * (within_a.upper + within_b.upper)).max(0.0),
        upper: (between.upper - 0.5 * (within_a.lower + within_b.lower)).max(0.0),
    }
}

/// Holds `OT_eps(a, b)`.
///
/// *Lower bound.* With `f` the soft minimum of `g` the plan `a b exp((f + g - c) / eps)` has mass 1, and the dual value is
/// `sum a·f + sum b·g`. *Upper bound.* Lowering `g` to the soft minimum of `f` where that is less scales columns that have too much mass
/// down (Altschuler et al. 2017, algorithm 2); what then is missing, a share `theta`, is added as a product. Entropy is convex, so the
/// value of the sum is at most the mean of the values of both parts.
fn interval<S: Space>(space: &S, a: &[f64], b: &[f64], eps: f64) -> Result<Interval, Error> {
    let single = |m: &[f64]| -> Vec<f32> { m.iter().map(|&m| m as f32).collect() };
    let problem = Problem::balanced(space.kernel()?, single(a), single(b), single_eps(eps)?)?;
    let solution = Sinkhorn::default().solve(&problem)?;
    let (log_a, log_b) = (logs(a), logs(b));
    let g = solution.potentials().g.to_vec();
    let f = space.soft(eps, &g, &log_b, false);
    let lower = weighted(a, &f) + weighted(b, &g);
    let soft_g = space.soft(eps, &f, &log_a, true);
    let h: Vec<f64> = g.iter().zip(&soft_g).map(|(g, s)| g.min(*s)).collect();
    let soft_f = space.soft(eps, &h, &log_b, false);
    let part = |m: &[f64], p: &[f64], soft: &[f64]| -> Vec<f64> {
        let all = m.iter().zip(p.iter().zip(soft));
        all.map(|(&m, (p, s))| {
            if m > 0.0 {
                m * ((p - s) / eps).exp().min(1.0)
            } else {
                0.0
            }
        })
        .collect()
    };
    let (rows, columns) = (part(a, &f, &soft_f), part(b, &h, &soft_g));
    let rest = |m: &[f64], part: &[f64]| -> Vec<f64> {
        m.iter().zip(part).map(|(m, p)| (m - p).max(0.0)).collect()
    };
    let (r, s) = (rest(a, &rows), rest(b, &columns));
    let theta: f64 = r.iter().sum();
    let mut upper = weighted(&rows, &f) + weighted(&columns, &h);
    if theta > 0.0 {
        let entropy = |rest: &[f64], m: &[f64]| -> f64 {
            let used = rest.iter().zip(m).filter(|(r, _)| **r > 0.0);
            used.map(|(r, m)| r * (r / (theta * m)).ln()).sum()
        };
        upper += eps * (entropy(&r, a) + entropy(&s, b) - (1.0 - theta) * (-theta).ln_1p());
        upper += space.product_cost(&r, &s, theta);
    }
    Ok(Interval {
        lower: lower.min(upper),
        upper: upper.max(lower),
    })
}

fn logs(m: &[f64]) -> Vec<f64> {
    m.iter().map(|m| m.ln()).collect()
}

fn weighted(m: &[f64], p: &[f64]) -> f64 {
    let used = m.iter().zip(p).filter(|(m, _)| **m > 0.0);
    used.map(|(m, p)| m * p).sum()
}

/// `ln sum exp z`.
fn log_sum(z: &[f64]) -> f64 {
    let most = z.iter().fold(f64::NEG_INFINITY, |m, &z| m.max(z));
    if most == f64::NEG_INFINITY {
        return most;
    }
    most + z.iter().map(|z| (z - most).exp()).sum::<f64>().ln()
}

/// `sum r_i s_j |x_i - y_j|² / theta`, from moments about a common place.
fn product_of_squares<'a>(
    theta: f64,
    x: impl Iterator<Item = (f64, &'a [f64])>,
    y: impl Iterator<Item = (f64, &'a [f64])>,
    place: &[f64],
) -> f64 {
    let moments = |points: &mut dyn Iterator<Item = (f64, &'a [f64])>| {
        let (mut first, mut second) = (vec![0.0; place.len()], 0.0);
        for (m, p) in points {
            for (k, (x, c)) in p.iter().zip(place).enumerate() {
                first[k] += m * (x - c);
                second += m * (x - c) * (x - c);
            }
        }
        (first, second)
    };
    let ((m, mm), (n, nn)) = (moments(&mut { x }), moments(&mut { y }));
    let inner: f64 = m.iter().zip(&n).map(|(m, n)| m * n).sum();
    mm + nn - 2.0 * inner / theta
}

/// Clouds, all costs by hand.
struct Clouds<'a> {
    x: &'a Cloud,
    y: &'a Cloud,
    power: Power,
}

impl Clouds<'_> {
    fn cost(&self, i: usize, j: usize) -> f64 {
        let pairs = self.x.point(i).iter().zip(self.y.point(j));
        let squared: f64 = pairs.map(|(x, y)| (x - y) * (x - y)).sum();
        match self.power {
            Power::One => squared.sqrt(),
            Power::Two => squared,
        }
    }
}

impl Space for Clouds<'_> {
    type Kernel = Dense;

    fn kernel(&self) -> Result<Dense, Error> {
        let (n, m) = (self.x.len(), self.y.len());
        let cost: Vec<f32> = (0..n * m)
            .into_par_iter()
            .map(|k| self.cost(k / m, k % m) as f32)
            .collect();
        Dense::new(n, m, &cost)
    }

    fn soft(&self, eps: f64, p: &[f64], log: &[f64], transposed: bool) -> Vec<f64> {
        let count = if transposed {
            self.y.len()
        } else {
            self.x.len()
        };
        let mut out = vec![0.0; count];
        out.par_iter_mut()
            .enumerate()
            .for_each_init(Vec::new, |z, (k, out)| {
                let cost = |l: usize| {
                    if transposed {
                        self.cost(l, k)
                    } else {
                        self.cost(k, l)
                    }
                };
                z.clear();
                z.extend(
                    p.iter()
                        .zip(log)
                        .enumerate()
                        .map(|(l, (p, log))| (p - cost(l)) / eps + log),
                );
                *out = -eps * log_sum(z);
            });
        out
    }

    fn product_cost(&self, r: &[f64], s: &[f64], theta: f64) -> f64 {
        let points = |c: &'_ Cloud, m: &[f64]| -> Vec<(f64, Vec<f64>)> {
            (0..c.len()).map(|i| (m[i], c.point(i).to_vec())).collect()
        };
        let (x, y) = (points(self.x, r), points(self.y, s));
        let squares = product_of_squares(
            theta,
            x.iter().map(|(m, p)| (*m, p.as_slice())),
            y.iter().map(|(m, p)| (*m, p.as_slice())),
            &self.x.mean(),
        );
        match self.power {
            // Cauchy and Schwarz.
            Power::One => (theta * squares).max(0.0).sqrt(),
            Power::Two => squares,
        }
    }
}

/// Cells of a grid, `p = 2`: soft minima go along rows, then along columns.
struct Cells {
    height: usize,
    width: usize,
    spacing: f64,
}

impl Space for Cells {
    type Kernel = Separable;

    fn kernel(&self) -> Result<Separable, Error> {
        Separable::squared_distance(self.height, self.width, self.spacing as f32)
    }

    fn soft(&self, eps: f64, p: &[f64], log: &[f64], _: bool) -> Vec<f64> {
        let (height, width) = (self.height, self.width);
        let start: Vec<f64> = p.iter().zip(log).map(|(p, log)| p / eps + log).collect();
        let scale = self.spacing * self.spacing / eps;
        let along = |from: &dyn Fn(usize) -> f64, count: usize, out: &mut [f64]| {
            let mut z = vec![0.0; count];
            for (x, out) in out.iter_mut().enumerate() {
                for (k, z) in z.iter_mut().enumerate() {
                    let d = x as f64 - k as f64;
                    *z = from(k) - d * d * scale;
                }
                *out = log_sum(&z);
            }
        };
        let mut rows = vec![0.0; height * width];
        rows.par_chunks_mut(width)
            .zip(start.par_chunks(width))
            .for_each(|(out, row)| along(&|k| row[k], width, out));
        let mut turned = vec![0.0; height * width];
        turned
            .par_chunks_mut(height)
            .enumerate()
            .for_each(|(x, out)| along(&|k| rows[k * width + x], height, out));
        (0..height * width)
            .map(|k| -eps * turned[k % width * height + k / width])
            .collect()
    }

    fn product_cost(&self, r: &[f64], s: &[f64], theta: f64) -> f64 {
        let place = |k: usize| [k % self.width, k / self.width].map(|v| v as f64 * self.spacing);
        let places: Vec<[f64; 2]> = (0..r.len()).map(place).collect();
        let centre = place(r.len() / 2);
        product_of_squares(
            theta,
            r.iter().zip(&places).map(|(m, p)| (*m, p.as_slice())),
            s.iter().zip(&places).map(|(m, p)| (*m, p.as_slice())),
            &centre,
        )
    }
}
