//! Exact optimal transport by a multiscale network simplex: an optimal coupling, and the potentials that prove it.
//!
//! Both clouds are clustered from coarse to fine. A level starts from the coarser one's coupling, cut up among the children
//! (its arcs form a forest, and so do theirs: a basis), and is solved by the network simplex on few arcs: those between the
//! children of clusters that exchange mass, and then those whose price is wrong, found by passes over all pairs (column
//! generation; after Schmitzer 2016, *A sparse multiscale algorithm for dense optimal transport*, with passes in place of
//! shielding, so that any dimension and cost will do). What ends a level is the duality gap.

mod levels;
mod prices;
mod simplex;

use crate::cloud::Cloud;
use crate::error::Error;
use crate::interval::Interval;
use crate::power::Power;
use levels::{Levels, occupied, whole};
use prices::Least;
pub(super) use prices::{Columns, transform};
use simplex::Simplex;

/// Costs are whole multiples of a step that the largest has so many of. The bounds come from the costs themselves.
const COST_STEPS: f64 = (1u64 << 36) as f64;
/// Coarse levels only give a start: their gap need not be smaller, as a share of the cost.
const COARSE_GAP: f64 = 1e-2;
/// Passes over all pairs on one level at most; the gap says what was reached.
const MAX_ROUNDS: usize = 200;

/// Most pairs that are considered: passes over them take a second or so each.
pub const MAX_PAIRS: u64 = 1 << 30;

/// An optimal coupling, or one as near to it as was asked for.
#[derive(Debug, Clone)]
pub struct Coupling {
    /// `(source, target, share of the mass)`, in order; at most one fewer than there are points on both sides.
    pub entries: Vec<(usize, usize, f64)>,
    /// Potentials of the sources: `f_i + g_j ≤ c_ij` for all pairs of points with mass. 0 for points without.
    pub f: Vec<f64>,
    /// Of the targets.
    pub g: Vec<f64>,
    /// The dual value of the potentials and the cost of the coupling, per unit of mass: `W_p^p` lies between them.
    pub cost: Interval,
}

/// A coupling of two clouds, each taken as a probability measure, that is optimal for `|x - y|^p` up to the share `gap` of its cost; 0
/// for the optimum (the costs then being rounded to 2^-36 of the largest).
///
/// ```
/// use otinterp_ot::{Cloud, Power, exact};
/// let x = Cloud::new("source", 1, vec![0.0, 1.0], vec![1.0, 1.0])?;
/// let y = Cloud::new("target", 1, vec![3.0, 2.0], vec![1.0, 1.0])?;
/// let coupling = exact::couple(&x, &y, Power::Two, 0.0)?;
/// assert_eq!(coupling.entries, [(0, 1, 0.5), (1, 0, 0.5)]);
/// assert!((coupling.cost.upper - 4.0).abs() < 1e-12);
/// # Ok::<(), otinterp_ot::Error>(())
/// ```
///
/// # Errors
/// Clouds of different dimensions, more than [`MAX_PAIRS`] pairs, distances beyond `f64`.
pub fn couple(source: &Cloud, target: &Cloud, power: Power, gap: f64) -> Result<Coupling, Error> {
    let dimensions = source.dimensions();
    if target.dimensions() != dimensions {
        return Err(Error::Length {
            what: "coordinates of the target's points",
            expected: dimensions,
            found: target.dimensions(),
        });
    }
    let (n, m) = (occupied(source), occupied(target));
    let pairs = n as u64 * m as u64;
    if pairs > MAX_PAIRS {
        return Err(Error::TooManyPairs {
            pairs,
            most: MAX_PAIRS,
        });
    }
    let whole = whole(n, m);
    let (a, b) = (Levels::new(source, whole), Levels::new(target, whole));
    let largest = largest_cost(source, target, power);
    if !largest.is_finite() {
        return Err(Error::Parameter {
            what: "largest cost",
            value: largest,
            range: "finite",
        });
    }
    // All points in one place: any step will do.
    let step = if largest > 0.0 {
        largest / COST_STEPS
    } else {
        1.0
    };
    let last = a.starts.len().max(b.starts.len()) - 1;
    let mut flows: Vec<(u32, u32, i64)> = Vec::new();
    let mut level = None;
    for k in 0..=last {
        let at = (k.min(a.starts.len() - 1), k.min(b.starts.len() - 1));
        let (x, mass_x) = a.clusters(source, at.0);
        let (y, mass_y) = b.clusters(target, at.1);
        let (start, offered) = if k == 0 {
            let everything =
                |masses: &[i64]| std::iter::once(0..masses.len() as u32).collect::<Vec<_>>();
            let (left, right) = (everything(&mass_x), everything(&mass_y));
            cut_up(&[(0, 0, whole)], (&left, &right), (&mass_x, &mass_y))
        } else {
            let before = (
                (k - 1).min(a.starts.len() - 1),
                (k - 1).min(b.starts.len() - 1),
            );
            let children = (children(&a, before.0, at.0), children(&b, before.1, at.1));
            cut_up(&flows, (&children.0, &children.1), (&mass_x, &mass_y))
        };
        let gap = if k == last { gap } else { COARSE_GAP.max(gap) };
        let solved = Level {
            x: &x,
            y: &y,
            masses: (&mass_x, &mass_y),
            whole: whole as f64,
            dimensions,
            power,
            step,
        }
        .solve(&start, &offered, gap)?;
        flows.clone_from(&solved.flows);
        level = Some(solved);
    }
    // There is a coarsest level.
    let Some(solved) = level else {
        return Err(Error::Empty);
    };
    Ok(unpack(solved, whole as f64, (source, &a), (target, &b)))
}

/// The clusters that each consists of on the next level; itself, where there is none.
fn children(levels: &Levels, before: usize, at: usize) -> Vec<std::ops::Range<u32>> {
    if before < at {
        return levels.children(before);
    }
    (0..levels.starts[at].len() as u32 - 1)
        .map(|i| i..i + 1)
        .collect()
}

/// An upper bound of all costs: between the corners of the boxes round the clouds.
fn largest_cost(source: &Cloud, target: &Cloud, power: Power) -> f64 {
    let ends = |cloud: &Cloud, k: usize| {
        let values = (0..cloud.len()).map(|i| cloud.point(i)[k]);
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| {
            (l.min(x), h.max(x))
        })
    };
    let squared: f64 = (0..source.dimensions())
        .map(|k| {
            let ((l, h), (m, i)) = (ends(source, k), ends(target, k));
            (h - m).abs().max((i - l).abs()).powi(2)
        })
        .sum();
    match power {
        Power::One => squared.sqrt(),
        Power::Two => squared,
    }
}

/// A flow between clusters, cut up among their children in order (north-west corner), and all pairs of children of
/// clusters that exchange mass.
#[expect(
    clippy::type_complexity,
    reason = "two lists of arcs, taken apart at once"
)]
fn cut_up(
    flows: &[(u32, u32, i64)],
    children: (&[std::ops::Range<u32>], &[std::ops::Range<u32>]),
    masses: (&[i64], &[i64]),
) -> (Vec<(u32, u32, i64)>, Vec<(u32, u32)>) {
    let (mut left_a, mut left_b) = (masses.0.to_vec(), masses.1.to_vec());
    let firsts = |children: &[std::ops::Range<u32>]| -> Vec<u32> {
        children.iter().map(|c| c.start).collect()
    };
    let (mut next_a, mut next_b) = (firsts(children.0), firsts(children.1));
    let (mut start, mut offered) = (Vec::new(), Vec::new());
    for &(i, j, amount) in flows {
        let (i, j, mut amount) = (i as usize, j as usize, amount);
        while amount > 0 {
            let (a, b) = (next_a[i] as usize, next_b[j] as usize);
            let flow = amount.min(left_a[a]).min(left_b[b]);
            if flow > 0 {
                start.push((a as u32, b as u32, flow));
            }
            left_a[a] -= flow;
            left_b[b] -= flow;
            amount -= flow;
            // Of a cluster's mass there is always as much left as its flows still take.
            next_a[i] += u32::from(left_a[a] == 0 && amount > 0);
            next_b[j] += u32::from(left_b[b] == 0 && amount > 0);
        }
        // Emptied children are passed over before the next flow.
        while next_a[i] + 1 < children.0[i].end && left_a[next_a[i] as usize] == 0 {
            next_a[i] += 1;
        }
        while next_b[j] + 1 < children.1[j].end && left_b[next_b[j] as usize] == 0 {
            next_b[j] += 1;
        }
        for a in children.0[i].clone() {
            offered.extend(children.1[j].clone().map(|b| (a, b)));
        }
    }
    (start, offered)
}

/// The problem of one level.
struct Level<'a> {
    x: &'a [f64],
    y: &'a [f64],
    masses: (&'a [i64], &'a [i64]),
    whole: f64,
    dimensions: usize,
    power: Power,
    step: f64,
}

/// Its answer.
struct Solved {
    flows: Vec<(u32, u32, i64)>,
    f: Vec<f64>,
    g: Vec<f64>,
    cost: Interval,
}

impl Level<'_> {
    fn cost(&self, i: u32, j: u32) -> f64 {
        let d = self.dimensions;
        let (x, y) = (
            &self.x[i as usize * d..][..d],
            &self.y[j as usize * d..][..d],
        );
        let squared: f64 = x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum();
        match self.power {
            Power::One => squared.sqrt(),
            Power::Two => squared,
        }
    }

    fn whole_cost(&self, i: u32, j: u32) -> i64 {
        (self.cost(i, j) / self.step).round() as i64
    }

    fn solve(
        &self,
        start: &[(u32, u32, i64)],
        offered: &[(u32, u32)],
        gap: f64,
    ) -> Result<Solved, Error> {
        let (n, m) = (self.masses.0.len(), self.masses.1.len());
        let start: Vec<_> = start
            .iter()
            .map(|&(i, j, flow)| (i, j, self.whole_cost(i, j), flow))
            .collect();
        let mut simplex = Simplex::new(n, m, &start, 2 * COST_STEPS as i64);
        for &(i, j) in offered {
            simplex.add(i, j, self.whole_cost(i, j));
        }
        let columns = Columns::new(self.y, self.dimensions);
        let rows = Columns::new(self.x, self.dimensions);
        let mut best = Solved::nothing();
        for _ in 0..MAX_ROUNDS {
            simplex.solve();
            let (f, g) = simplex.potentials();
            let f: Vec<f64> = f.map(|p| p as f64 * self.step).collect();
            let g: Vec<f64> = g.map(|p| p as f64 * self.step).collect();
            let least_f = transform(self.x, &columns, &g, self.power)?;
            let least_g = transform(self.y, &rows, &f, self.power)?;
            let mut added = 0;
            for (i, (least, f)) in (0..).zip(least_f.iter().zip(&f)) {
                if least.value - f < -self.step {
                    simplex.add(i, least.index, self.whole_cost(i, least.index));
                    added += 1;
                }
            }
            for (j, (least, g)) in (0..).zip(least_g.iter().zip(&g)) {
                if least.value - g < -self.step {
                    simplex.add(least.index, j, self.whole_cost(least.index, j));
                    added += 1;
                }
            }
            best.improve(self, simplex.flows().collect());
            best.raise(self, values(&least_f), g);
            best.raise(self, f, values(&least_g));
            if added == 0 || best.cost.width() <= gap * best.cost.upper {
                break;
            }
        }
        Ok(best)
    }
}

fn values(least: &[Least]) -> Vec<f64> {
    least.iter().map(|l| l.value).collect()
}

impl Solved {
    fn nothing() -> Self {
        Self {
            flows: Vec::new(),
            f: Vec::new(),
            g: Vec::new(),
            cost: Interval {
                lower: f64::NEG_INFINITY,
                upper: f64::INFINITY,
            },
        }
    }

    /// Takes the flow, which is cheaper than those before: it is the optimum of more arcs.
    fn improve(&mut self, level: &Level<'_>, flows: Vec<(u32, u32, i64)>) {
        let terms = flows.iter().map(|&(i, j, m)| m as f64 * level.cost(i, j));
        self.cost.upper = terms.sum::<f64>() / level.whole;
        self.flows = flows;
    }

    /// Takes feasible potentials if they prove more.
    fn raise(&mut self, level: &Level<'_>, f: Vec<f64>, g: Vec<f64>) {
        let dual = |mass: &[i64], potential: &[f64]| -> f64 {
            let terms = mass.iter().zip(potential).map(|(&m, p)| m as f64 * p);
            terms.sum::<f64>() / level.whole
        };
        let lower = dual(level.masses.0, &f) + dual(level.masses.1, &g);
        if lower > self.cost.lower {
            (self.cost.lower, self.f, self.g) = (lower, f, g);
        }
    }
}

/// From the order of the trees back to that of the points.
fn unpack(
    solved: Solved,
    whole: f64,
    (source, a): (&Cloud, &Levels),
    (target, b): (&Cloud, &Levels),
) -> Coupling {
    let spread = |count: usize, order: &[usize], values: &[f64]| {
        let mut out = vec![0.0; count];
        for (&i, &v) in order.iter().zip(values) {
            out[i] = v;
        }
        out
    };
    let mut entries: Vec<(usize, usize, f64)> = solved
        .flows
        .iter()
        .map(|&(i, j, m)| (a.order[i as usize], b.order[j as usize], m as f64 / whole))
        .collect();
    entries.sort_unstable_by_key(|e| (e.0, e.1));
    // An arc may have been offered twice.
    entries.dedup_by(|later, earlier| {
        let same = (later.0, later.1) == (earlier.0, earlier.1);
        if same {
            earlier.2 += later.2;
        }
        same
    });
    Coupling {
        entries,
        f: spread(source.len(), &a.order, &solved.f),
        g: spread(target.len(), &b.order, &solved.g),
        cost: Interval {
            // Rounding may put equal bounds the wrong way round.
            lower: solved.cost.lower.min(solved.cost.upper),
            upper: solved.cost.upper,
        },
    }
}
