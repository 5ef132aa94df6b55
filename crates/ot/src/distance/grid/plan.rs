//! The upper bound: from a coupling of cells to one of their bins.

use super::cells::Cells;
use crate::cloud::Cloud;
use crate::error::Error;
use crate::exact::{self, Coupling};
use crate::power::Power;
use rayon::prelude::*;

/// A bin, or a part of one: `(x, y, mass)`, and the bin's index.
type Part = ([f64; 3], u32);
/// `(source bin, target bin, mass)`.
type Move = (u32, u32, f64);

/// Side of the blocks that are coupled anew at least, in bins.
const LEAST_BLOCK: usize = 8;
/// How often blocks are coupled anew at most …
const MAX_SWEEPS: usize = 4;
/// … and when less than this share is gained, no more.
const LEAST_GAIN: f64 = 5e-3;
/// The gap of a block, as a share of its cost.
const BLOCK_GAP: f64 = 1e-3;
/// Couplings of more bins than this are left as they are: a sweep over them would take half a minute.
const MAX_MOVES: usize = 1 << 20;

/// The cost, per unit of mass, of a coupling of the bins that follows the coupling of the cells.
///
/// A cell that exchanges mass with several is cut up among them along the line on which their centres spread most, as the
/// optimal partition between two targets is. What two cells exchange is coupled by Knothe's rearrangement (Villani 2009, chapter
/// 1): rows in order, then along each row. Both steps only choose a coupling, so whatever they choose its cost is an upper bound.
/// Then blocks of bins exchange what they send, until that is `enough` or gains little.
///
/// # Errors
/// [`Error::Level`].
pub(super) fn upper_bound(
    cells: &Cells<'_>,
    coupling: &Coupling,
    enough: f64,
) -> Result<f64, Error> {
    let width = cells.grid.1;
    let (source, target) = (&cells.source.1, &cells.target.1);
    let entries = &coupling.entries;
    let mut by_target: Vec<usize> = (0..entries.len()).collect();
    by_target.sort_by_key(|&e| (entries[e].1, entries[e].0));
    let mut from: Vec<Vec<Part>> = vec![Vec::new(); entries.len()];
    let mut to = from.clone();
    let in_order: Vec<usize> = (0..entries.len()).collect();
    let total = [source.cloud.total(), target.cloud.total()];
    for run in in_order.chunk_by(|&e, &f| entries[e].0 == entries[f].0) {
        let bins = parts(&source.bins[entries[run[0]].0], width, total[0]);
        let others: Vec<_> = run
            .iter()
            .map(|&e| (target.cloud.point(entries[e].1), entries[e].2))
            .collect();
        for (&e, share) in run.iter().zip(cut(bins, &others)) {
            from[e] = share;
        }
    }
    for run in by_target.chunk_by(|&e, &f| entries[e].1 == entries[f].1) {
        let bins = parts(&target.bins[entries[run[0]].1], width, total[1]);
        let others: Vec<_> = run
            .iter()
            .map(|&e| (source.cloud.point(entries[e].0), entries[e].2))
            .collect();
        for (&e, share) in run.iter().zip(cut(bins, &others)) {
            to[e] = share;
        }
    }
    let mut moves: Vec<Move> = from
        .into_par_iter()
        .zip(to)
        .flat_map_iter(|(from, to)| rearranged(from, to))
        .collect();
    let mut best = cost(cells, &moves);
    let block = LEAST_BLOCK.max(2 * cells.size);
    for sweep in 0..MAX_SWEEPS {
        if moves.len() > MAX_MOVES || best <= enough {
            break;
        }
        moves = exchanged(cells, moves, block, sweep % 2 * block / 2)?;
        let better = cost(cells, &moves);
        let gained = best - better;
        best = best.min(better);
        if gained < LEAST_GAIN * best {
            break;
        }
    }
    Ok(best)
}

fn cost(cells: &Cells<'_>, moves: &[Move]) -> f64 {
    let width = cells.grid.1 as i64;
    let costs = moves.iter().map(|&(i, j, mass)| {
        let (i, j) = (i64::from(i), i64::from(j));
        let (dx, dy) = (i % width - j % width, i / width - j / width);
        let squared = (dx * dx + dy * dy) as f64;
        mass * match cells.power {
            Power::One => squared.sqrt(),
            Power::Two => squared,
        }
    });
    costs.sum()
}

/// Couples what leaves each block of bins anew, to the places that it went to (domain decomposition, Benamou 1994; Bonafini &
/// Schmitzer 2021): with blocks that lie differently from sweep to sweep the coupling tends to an optimal one.
fn exchanged(
    cells: &Cells<'_>,
    mut moves: Vec<Move>,
    block: usize,
    offset: usize,
) -> Result<Vec<Move>, Error> {
    let width = cells.grid.1;
    let columns = width / block + 2;
    let home = |bin: u32| {
        let (x, y) = (bin as usize % width + offset, bin as usize / width + offset);
        y / block * columns + x / block
    };
    moves.sort_unstable_by_key(|m| (home(m.0), m.0, m.1));
    let blocks: Vec<&[Move]> = moves.chunk_by(|m, n| home(m.0) == home(n.0)).collect();
    let anew: Result<Vec<Vec<Move>>, Error> = blocks
        .par_iter()
        .map(|moves| {
            let (sources, x) = side("source", moves.iter().map(|m| (m.0, m.2)), width)?;
            let (targets, y) = side("target", moves.iter().map(|m| (m.1, m.2)), width)?;
            let total = x.total();
            let coupling = exact::couple(&x, &y, cells.power, BLOCK_GAP)?;
            let entries = coupling.entries.iter();
            Ok(entries
                .map(|&(i, j, share)| (sources[i], targets[j], total * share))
                .collect())
        })
        .collect();
    Ok(anew?.concat())
}

/// Bins and their masses as a cloud.
fn side(
    name: &'static str,
    masses: impl Iterator<Item = (u32, f64)>,
    width: usize,
) -> Result<(Vec<u32>, Cloud), Error> {
    let mut all: Vec<(u32, f64)> = masses.collect();
    all.sort_unstable_by_key(|m| m.0);
    let (mut bins, mut sums): (Vec<u32>, Vec<f64>) = (Vec::new(), Vec::new());
    for (bin, mass) in all {
        if bins.last() == Some(&bin) {
            let last = sums.len() - 1;
            sums[last] += mass;
        } else {
            bins.push(bin);
            sums.push(mass);
        }
    }
    let points = bins
        .iter()
        .flat_map(|&b| [b as usize % width, b as usize / width]);
    let points = points.map(|v| v as f64).collect();
    Ok((bins, Cloud::new(name, 2, points, sums)?))
}

fn parts(bins: &[(u32, f64)], width: usize, total: f64) -> Vec<Part> {
    bins.iter()
        .map(|&(bin, mass)| {
            let (x, y) = (bin as usize % width, bin as usize / width);
            ([x as f64, y as f64, mass / total], bin)
        })
        .collect()
}

/// Cuts bins up in shares of the given masses, in the order of `others`.
fn cut(mut bins: Vec<Part>, others: &[(&[f64], f64)]) -> Vec<Vec<Part>> {
    if others.len() == 1 {
        return vec![bins];
    }
    let along = direction(others);
    let place = |x: f64, y: f64| x * along[0] + y * along[1];
    bins.sort_by(|p, q| place(p.0[0], p.0[1]).total_cmp(&place(q.0[0], q.0[1])));
    let mut order: Vec<usize> = (0..others.len()).collect();
    let at = |k: usize| place(others[k].0[0], others[k].0[1]);
    order.sort_by(|&k, &l| at(k).total_cmp(&at(l)).then(k.cmp(&l)));
    let mut shares = vec![Vec::new(); others.len()];
    let mut next = 0;
    for (place, &k) in order.iter().enumerate() {
        let mut wanted = others[k].1;
        while next < bins.len() {
            let bin = &mut bins[next];
            // The last takes what rounding has left.
            if bin.0[2] <= wanted || place + 1 == order.len() {
                shares[k].push(*bin);
                wanted -= bin.0[2];
                next += 1;
            } else {
                if wanted > 0.0 {
                    shares[k].push(([bin.0[0], bin.0[1], wanted], bin.1));
                    bin.0[2] -= wanted;
                }
                break;
            }
        }
    }
    shares
}

/// The direction in which weighted points spread most: the first eigenvector of their covariance.
fn direction(points: &[(&[f64], f64)]) -> [f64; 2] {
    let total: f64 = points.iter().map(|p| p.1).sum();
    let mean = |k: usize| points.iter().map(|p| p.0[k] * p.1).sum::<f64>() / total;
    let (mx, my) = (mean(0), mean(1));
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for (p, m) in points {
        let (dx, dy) = (p[0] - mx, p[1] - my);
        xx += m * dx * dx;
        xy += m * dx * dy;
        yy += m * dy * dy;
    }
    let angle = 0.5 * (2.0 * xy).atan2(xx - yy);
    [angle.cos(), angle.sin()]
}

/// Knothe's rearrangement of one set of parts to another: rows in order, then along the row. Their masses are equal up to
/// rounding.
fn rearranged(mut from: Vec<Part>, mut to: Vec<Part>) -> Vec<Move> {
    for parts in [&mut from, &mut to] {
        parts.sort_by(|p, q| p.0[1].total_cmp(&q.0[1]).then(p.0[0].total_cmp(&q.0[0])));
    }
    let (rows_a, rows_b) = (rows(&from), rows(&to));
    let mut moves = Vec::new();
    let (mut i, mut j) = (0, 0);
    let (mut left_a, mut left_b) = (row_mass(rows_a.first()), row_mass(rows_b.first()));
    while i < rows_a.len() && j < rows_b.len() {
        let mass = left_a.min(left_b);
        if mass > 0.0 {
            couple_rows(rows_a[i], rows_b[j], mass, &mut moves);
        }
        left_a -= mass;
        left_b -= mass;
        if left_a <= 0.0 {
            i += 1;
            left_a = row_mass(rows_a.get(i));
        } else {
            j += 1;
            left_b = row_mass(rows_b.get(j));
        }
    }
    moves
}

fn rows(parts: &[Part]) -> Vec<&[Part]> {
    parts.chunk_by(|p, q| p.0[1] == q.0[1]).collect()
}

fn row_mass(row: Option<&&[Part]>) -> f64 {
    row.map_or(0.0, |row| row.iter().map(|p| p.0[2]).sum())
}

/// The monotone coupling of a share of two rows, of the given mass.
fn couple_rows(a: &[Part], b: &[Part], mass: f64, moves: &mut Vec<Move>) {
    let total = |row: &[Part]| row.iter().map(|p| p.0[2]).sum::<f64>();
    let (scale_a, scale_b) = (mass / total(a), mass / total(b));
    let (mut i, mut j) = (0, 0);
    let (mut left_a, mut left_b) = (a[0].0[2] * scale_a, b[0].0[2] * scale_b);
    loop {
        let mass = left_a.min(left_b);
        if mass > 0.0 {
            moves.push((a[i].1, b[j].1, mass));
        }
        left_a -= mass;
        left_b -= mass;
        if left_a <= 0.0 && i + 1 < a.len() {
            i += 1;
            left_a = a[i].0[2] * scale_a;
        } else if left_b <= 0.0 && j + 1 < b.len() {
            j += 1;
            left_b = b[j].0[2] * scale_b;
        } else {
            return;
        }
    }
}
