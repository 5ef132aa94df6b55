//! The hierarchy of clusters of a cloud, from coarse to fine: clusters of neighbouring points, each cut into at most four on the next level.

use crate::cloud::Cloud;

/// At most so many clusters are there on the coarsest level, a power of two.
const COARSEST: u32 = 6;
/// Halvings from one level to the next.
const STEP: u32 = 2;

/// Clusters of one level are runs of a common order of the points.
#[derive(Debug)]
pub(super) struct Levels {
    /// Points with mass, in the order of the tree.
    pub order: Vec<usize>,
    /// For every level from the coarsest on: where each cluster begins, and the end.
    pub starts: Vec<Vec<usize>>,
    /// Whole masses in that order; they sum to [`whole`].
    pub masses: Vec<i64>,
}

/// All of the mass of two clouds of `n` and `m` points, in whole units: a unit is a share of about 2^-52, as fine as `f64` tells
/// a share from 1. It can be dealt out equally on either side, so that equal masses stay equal.
pub(super) fn whole(n: usize, m: usize) -> i64 {
    let pairs = (n * m) as i64;
    (1 << 52) / pairs * pairs
}

/// Number of points with mass.
pub(super) fn occupied(cloud: &Cloud) -> usize {
    cloud.masses().iter().filter(|m| **m > 0.0).count()
}

impl Levels {
    pub fn new(cloud: &Cloud, whole: i64) -> Self {
        let mut order: Vec<usize> = (0..cloud.len())
            .filter(|&i| cloud.masses()[i] > 0.0)
            .collect();
        let depth = order.len().next_power_of_two().trailing_zeros();
        let mut starts = vec![vec![0, order.len()]];
        for _ in 0..depth {
            let before = &starts[starts.len() - 1];
            let mut next = vec![0];
            for range in before.windows(2) {
                let run = &mut order[range[0]..range[1]];
                if run.len() > 1 {
                    halve(cloud, run);
                    next.push(range[0] + run.len() / 2);
                }
                next.push(range[1]);
            }
            starts.push(next);
        }
        let coarsest = depth.min(COARSEST);
        let mut kept: Vec<u32> = (coarsest..=depth).step_by(STEP as usize).collect();
        if kept.last() != Some(&depth) {
            kept.push(depth);
        }
        let starts = kept.iter().map(|&d| starts[d as usize].clone()).collect();
        let masses = whole_masses(cloud, &order, whole);
        Self {
            order,
            starts,
            masses,
        }
    }

    /// The clusters of a level as a cloud of their centres, and their whole masses.
    pub fn clusters(&self, cloud: &Cloud, level: usize) -> (Vec<f64>, Vec<i64>) {
        let starts = &self.starts[level];
        let d = cloud.dimensions();
        let mut centres = vec![0.0; d * (starts.len() - 1)];
        let mut masses = vec![0; starts.len() - 1];
        for (k, range) in starts.windows(2).enumerate() {
            let run = range[0]..range[1];
            masses[k] = self.masses[run.clone()].iter().sum();
            let total: f64 = run.clone().map(|r| cloud.share(self.order[r])).sum();
            let centre = &mut centres[k * d..][..d];
            for r in run {
                let weight = cloud.share(self.order[r]) / total;
                for (c, x) in centre.iter_mut().zip(cloud.point(self.order[r])) {
                    *c += weight * x;
                }
            }
        }
        (centres, masses)
    }

    /// For every cluster of a level the clusters of the next that it consists of.
    pub fn children(&self, level: usize) -> Vec<std::ops::Range<u32>> {
        let (starts, finer) = (&self.starts[level], &self.starts[level + 1]);
        let mut at = 0;
        let mut children = Vec::with_capacity(starts.len() - 1);
        for end in &starts[1..] {
            let first = at;
            while finer[at] < *end {
                at += 1;
            }
            children.push(first as u32..at as u32);
        }
        children
    }
}

/// Sorts a run so that its first half lies on one side of its widest dimension.
fn halve(cloud: &Cloud, run: &mut [usize]) {
    let extent = |k: usize| {
        let values = run.iter().map(|&i| cloud.point(i)[k]);
        let ends = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| {
            (l.min(x), h.max(x))
        });
        ends.1 - ends.0
    };
    let widest = (0..cloud.dimensions())
        .max_by(|&k, &l| extent(k).total_cmp(&extent(l)).then(l.cmp(&k)))
        .unwrap_or(0);
    let middle = run.len() / 2;
    run.select_nth_unstable_by(middle, |&i, &j| {
        let (x, y) = (cloud.point(i)[widest], cloud.point(j)[widest]);
        x.total_cmp(&y).then(i.cmp(&j))
    });
}

/// Shares of `whole`: the sums up to each point are rounded, so all of it is given out.
fn whole_masses(cloud: &Cloud, order: &[usize], whole: i64) -> Vec<i64> {
    let first = cloud.masses()[order[0]];
    if order.iter().all(|&i| cloud.masses()[i] == first) {
        let n = order.len() as i64;
        if whole % n == 0 {
            return vec![whole / n; order.len()];
        }
    }
    let total: f64 = order.iter().map(|&i| cloud.masses()[i]).sum();
    let (mut sum, mut given) = (0.0, 0);
    let mut masses: Vec<i64> = order
        .iter()
        .map(|&i| {
            sum += cloud.masses()[i];
            let upto = ((sum / total) * whole as f64).round() as i64;
            let mass = upto - given;
            given = upto;
            mass
        })
        .collect();
    // Sums in one order are the same: the last is the total, and its share 1.
    if let Some(last) = masses.last_mut() {
        *last += whole - given;
    }
    masses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_keep_mass_and_centre() {
        let n = 300;
        let points: Vec<f64> = (0..2 * n).map(|k| ((k * 7919) % 1000) as f64).collect();
        let masses: Vec<f64> = (0..n).map(|k| (k % 5) as f64).collect();
        let cloud = Cloud::new("source", 2, points, masses).unwrap();
        let whole = whole(n, 1);
        let levels = Levels::new(&cloud, whole);
        assert_eq!(levels.order.len(), n - n / 5);
        assert!(levels.starts.len() > 1);
        for level in 0..levels.starts.len() {
            let (centres, masses) = levels.clusters(&cloud, level);
            assert_eq!(masses.iter().sum::<i64>(), whole);
            for (k, mean) in cloud.mean().into_iter().enumerate() {
                let whole: f64 = masses
                    .iter()
                    .enumerate()
                    .map(|(i, &m)| m as f64 / whole as f64 * centres[2 * i + k])
                    .sum();
                assert!((whole - mean).abs() < 1e-9, "{whole} {mean}");
            }
            if level + 1 < levels.starts.len() {
                let children = levels.children(level);
                assert_eq!(children.len(), masses.len());
                assert_eq!(
                    children.last().unwrap().end as usize,
                    levels.starts[level + 1].len() - 1
                );
                assert!(children.iter().all(|c| !c.is_empty()));
            }
        }
        assert!(
            levels
                .starts
                .last()
                .unwrap()
                .windows(2)
                .all(|r| r[1] == r[0] + 1)
        );
    }
}
