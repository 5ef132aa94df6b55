//! Coupling of two point clouds and what follows from it: barycentric map, velocities, geodesics.

use anyhow::bail;
use otinterp::ot::cost::{Dense, GibbsKernel};
use otinterp::ot::{Cloud, Power, Problem, Schedule, Sinkhorn, exact, single_eps, unit_scale};

/// Entries of an entropic coupling below this share of their row are left out of files: all of them are positive.
const LEAST_SHARE: f64 = 1e-9;
/// Most pairs whose costs are stored, in `f32`, twice.
const MAX_PAIRS: usize = 1 << 25;

/// Mass on its way from a source point.
#[derive(Debug, Clone)]
pub struct Grain {
    /// The source point.
    pub source: usize,
    /// The target point; none for a mean of several.
    pub target: Option<usize>,
    /// Share of all mass.
    pub mass: f64,
    /// Where it goes.
    pub end: Vec<f64>,
}

impl Grain {
    /// Its coordinate `k` at time `t`: `(1 - t) x + t y` (McCann 1997).
    pub fn at(&self, source: &Cloud, t: f64, k: usize) -> f64 {
        (1.0 - t) * source.point(self.source)[k] + t * self.end[k]
    }
}

/// A coupling.
#[derive(Debug)]
pub struct Plan {
    /// `(source, target, share of the mass)`.
    pub entries: Vec<(usize, usize, f64)>,
    /// What moves: the entries of an exact coupling; of an entropic one each source point towards its mean target.
    pub grains: Vec<Grain>,
    /// For each source point the mean of its targets, point after point; the point itself where it has no mass.
    pub map: Vec<f64>,
    /// `sum pi·|x - y|²`.
    pub cost: f64,
    /// A lower bound of it, of an exact coupling.
    pub cost_lower: Option<f64>,
    /// Sweeps of an entropic solve.
    pub sweeps: Option<usize>,
    /// Whether it converged.
    pub converged: Option<bool>,
    /// L1 distance of its marginals from the masses.
    pub marginal_error: Option<f64>,
}

impl Plan {
    /// The optimal coupling for `|x - y|²`.
    pub fn exact(source: &Cloud, target: &Cloud) -> anyhow::Result<Self> {
        let coupling = match exact::couple(source, target, Power::Two, 0.0) {
            Err(error @ otinterp::ot::Error::TooManyPairs { .. }) => {
                bail!("{error}; --batch couples parts of the clouds")
            }
            found => found?,
        };
        let grains = coupling.entries.iter().map(|&(i, j, mass)| Grain {
            source: i,
            target: Some(j),
            mass,
            end: target.point(j).to_vec(),
        });
        Ok(Self {
            grains: grains.collect(),
            map: means(source, target, &coupling.entries),
            cost: coupling.cost.upper,
            cost_lower: Some(coupling.cost.lower),
            entries: coupling.entries,
            sweeps: None,
            converged: None,
            marginal_error: None,
        })
    }

    /// The entropic coupling `a b exp((f + g - |x - y|²) / eps)`.
    pub fn entropic(
        source: &Cloud,
        target: &Cloud,
        eps: f64,
        iterations: usize,
    ) -> anyhow::Result<Self> {
        let (n, m) = (source.len(), target.len());
        if n * m > MAX_PAIRS {
            bail!(
                "{} pairs of points are more than the {MAX_PAIRS} that are solved with --eps; --batch couples parts of the clouds",
                n * m
            );
        }
        let cost = |i: usize, j: usize| -> f64 {
            let pairs = source.point(i).iter().zip(target.point(j));
            pairs.map(|(x, y)| (x - y) * (x - y)).sum()
        };
        // In a unit of length in which single precision holds costs and eps.
        let unit = unit_scale(source, target)?.powi(2);
        let scaled = |k: usize| (cost(k / m, k % m) * unit) as f32;
        let costs: Vec<f32> = (0..n * m).map(scaled).collect();
        let shares = |c: &Cloud| (0..c.len()).map(|i| c.share(i) as f32).collect();
        let kernel = Dense::new(n, m, &costs)?;
        let eps = single_eps(eps * unit)?;
        let extent = kernel.range().extent();
        let problem = Problem::balanced(kernel, shares(source), shares(target), eps)?;
        let sinkhorn = Sinkhorn {
            max_sweeps: iterations,
            ..Sinkhorn::default()
        };
        let sinkhorn = Sinkhorn {
            schedule: Some(schedule(extent, eps, &sinkhorn)),
            ..sinkhorn
        };
        let solution = sinkhorn.solve(&problem)?;
        let mut entries = Vec::new();
        let (mut all, mut total) = (Vec::new(), 0.0);
        for i in 0..n {
            let least = LEAST_SHARE * source.share(i);
            solution.visit_row(i, |j, mass, _| {
                total += mass * cost(i, j);
                if mass > 0.0 {
                    all.push((i, j, mass));
                }
                if mass > least {
                    entries.push((i, j, mass));
                }
            });
        }
        let map = means(source, target, &all);
        let d = source.dimensions();
        let grains = (0..n).filter(|&i| source.share(i) > 0.0).map(|i| Grain {
            source: i,
            target: None,
            mass: source.share(i),
            end: map[i * d..][..d].to_vec(),
        });
        let (left, right) = solution.marginal_errors();
        let report = solution.report();
        Ok(Self {
            grains: grains.collect(),
            map,
            cost: total,
            cost_lower: None,
            entries,
            sweeps: Some(report.sweeps),
            converged: Some(report.converged),
            marginal_error: Some(left.max(right)),
        })
    }
}

/// The stages of eps, all of which together take at most the sweeps that are asked for.
fn schedule(extent: f32, eps: f32, like: &Sinkhorn) -> Schedule {
    let most = like.max_sweeps;
    let mut schedule = Schedule::annealed(extent, eps, like.tolerance, most);
    let coarse = schedule.stages.len() - 1;
    // Half of them at least are for the eps that is asked for.
    let each = most / 2 / coarse.max(1);
    let mut left = most;
    for stage in &mut schedule.stages[..coarse] {
        stage.max_sweeps = stage.max_sweeps.min(each);
        left -= stage.max_sweeps;
    }
    if let Some(last) = schedule.stages.last_mut() {
        last.max_sweeps = left;
    }
    schedule
}

/// The barycentric projection.
fn means(source: &Cloud, target: &Cloud, entries: &[(usize, usize, f64)]) -> Vec<f64> {
    let d = source.dimensions();
    let mut sums = vec![0.0; source.points().len()];
    let mut masses = vec![0.0; source.len()];
    for &(i, j, mass) in entries {
        masses[i] += mass;
        for (sum, y) in sums[i * d..][..d].iter_mut().zip(target.point(j)) {
            *sum += mass * y;
        }
    }
    for (i, mass) in masses.into_iter().enumerate() {
        for (k, sum) in sums[i * d..][..d].iter_mut().enumerate() {
            *sum = if mass > 0.0 {
                *sum / mass
            } else {
                source.point(i)[k]
            };
        }
    }
    sums
}
