//! A discrete measure: weighted points in any number of dimensions.

use crate::error::Error;
use std::cmp::Ordering;

/// A measure: points with masses, in `f64`. A value that exists is sound: everything is finite, masses are not
/// negative, and there is some mass.
#[derive(Debug, Clone, PartialEq)]
pub struct Cloud {
    dimensions: usize,
    points: Vec<f64>,
    masses: Vec<f64>,
    total: f64,
}

impl Cloud {
    /// `points` holds `dimensions` coordinates for each mass, point after point. `side` is for messages.
    ///
    /// # Errors
    /// No points, a wrong number of coordinates, values that are not finite, negative masses, no mass at all.
    pub fn new(
        side: &'static str,
        dimensions: usize,
        points: Vec<f64>,
        masses: Vec<f64>,
    ) -> Result<Self, Error> {
        if masses.is_empty() || dimensions == 0 {
            return Err(Error::Empty);
        }
        if points.len() != dimensions * masses.len() {
            return Err(Error::Length {
                what: "coordinates",
                expected: dimensions * masses.len(),
                found: points.len(),
            });
        }
        if let Some(at) = points.iter().position(|x| !x.is_finite()) {
            return Err(Error::Coordinate {
                index: at / dimensions,
                value: points[at] as f32,
            });
        }
        let total = total_mass(side, &masses)?;
        Ok(Self {
            dimensions,
            points,
            masses,
            total,
        })
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.masses.len()
    }

    /// Never: there is some mass.
    pub fn is_empty(&self) -> bool {
        self.masses.is_empty()
    }

    /// Coordinates of a point.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// The coordinates of point `i`.
    pub fn point(&self, i: usize) -> &[f64] {
        &self.points[i * self.dimensions..][..self.dimensions]
    }

    /// All coordinates, point after point.
    pub fn points(&self) -> &[f64] {
        &self.points
    }

    /// The masses, as given.
    pub fn masses(&self) -> &[f64] {
        &self.masses
    }

    /// Their sum.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// The mass of point `i` as a share of the total.
    pub fn share(&self, i: usize) -> f64 {
        self.masses[i] / self.total
    }

    /// Centre of mass.
    pub fn mean(&self) -> Vec<f64> {
        let mut mean = vec![0.0; self.dimensions];
        for i in 0..self.len() {
            for (m, x) in mean.iter_mut().zip(self.point(i)) {
                *m += self.share(i) * x;
            }
        }
        mean
    }

    /// The same measure with equal points as one that has their masses together; points in lexicographic order.
    #[must_use]
    pub fn merged(&self) -> Self {
        let compare = |i: &usize, j: &usize| {
            let pairs = self.point(*i).iter().zip(self.point(*j));
            // Coordinates are finite; -0 equals 0.
            let mut orders = pairs.map(|(x, y)| x.partial_cmp(y).unwrap_or(Ordering::Equal));
            let differs = orders.find(|order| order.is_ne());
            differs.unwrap_or(Ordering::Equal)
        };
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by(compare);
        let (mut points, mut masses) = (Vec::new(), Vec::new());
        for group in order.chunk_by(|i, j| compare(i, j).is_eq()) {
            points.extend_from_slice(self.point(group[0]));
            masses.push(group.iter().map(|&i| self.masses[i]).sum());
        }
        Self {
            dimensions: self.dimensions,
            points,
            masses,
            total: self.total,
        }
    }

    /// The same measure with all coordinates times `factor`.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let points = self.points.iter().map(|x| x * factor).collect();
        Self {
            points,
            ..self.clone()
        }
    }

    /// The points of these indices.
    pub fn select(&self, indices: &[usize]) -> Self {
        let points = indices.iter().flat_map(|&i| self.point(i)).copied();
        let masses: Vec<f64> = indices.iter().map(|&i| self.masses[i]).collect();
        Self {
            dimensions: self.dimensions,
            points: points.collect(),
            total: masses.iter().sum(),
            masses,
        }
    }
}

/// The power of two that brings the box round two clouds of one dimension to a diagonal of 1 to 2; 1 if it is of a usual size already,
/// so that single precision holds squared distances and shares of them.
///
/// # Errors
/// [`Error::Spread`] if squared distances are beyond `f64`.
pub fn unit_scale(a: &Cloud, b: &Cloud) -> Result<f64, Error> {
    const USUAL: std::ops::RangeInclusive<f64> = 1e-6..=1e6;
    let all = || [a, b].into_iter();
    let diagonal = (0..a.dimensions)
        .map(|k| {
            let values = || all().flat_map(|c| c.points.iter().skip(k).step_by(c.dimensions));
            let least = values().fold(f64::INFINITY, |m, &x| m.min(x));
            let most = values().fold(f64::NEG_INFINITY, |m, &x| m.max(x));
            most - least
        })
        .fold(0.0, f64::hypot);
    if diagonal == 0.0 || USUAL.contains(&diagonal) {
        return Ok(1.0);
    }
    if !(1e-150..=1e150).contains(&diagonal) {
        return Err(Error::Spread { spread: diagonal });
    }
    Ok(diagonal.log2().floor().exp2().recip())
}

/// The sum of masses, which are finite and not negative, and some of which is above 0.
pub(super) fn total_mass(side: &'static str, masses: &[f64]) -> Result<f64, Error> {
    if let Some(index) = masses.iter().position(|m| !(m.is_finite() && *m >= 0.0)) {
        return Err(Error::Mass {
            side,
            index,
            value: masses[index] as f32,
        });
    }
    let total: f64 = masses.iter().sum();
    if !total.is_finite() || total <= 0.0 {
        return Err(Error::NoMass { side });
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_points_become_one() {
        let points = vec![1.0, 2.0, 0.0, 5.0, 1.0, 2.0, -0.0, 5.0, 1.0, 3.0];
        let cloud = Cloud::new("side", 2, points, vec![1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        let merged = cloud.merged();
        assert_eq!(merged.points(), [0.0, 5.0, 1.0, 2.0, 1.0, 3.0]);
        assert_eq!(
            (merged.masses(), merged.total()),
            (&[6.0, 4.0, 5.0][..], 15.0)
        );
    }

    #[test]
    fn only_unusual_sizes_are_scaled_and_by_powers_of_two() {
        let at = |x: f64| Cloud::new("side", 1, vec![0.0, x], vec![1.0; 2]).unwrap();
        assert_eq!(unit_scale(&at(3.0), &at(700.0)), Ok(1.0));
        assert_eq!(unit_scale(&at(0.0), &at(0.0)), Ok(1.0));
        let scale = unit_scale(&at(1e12), &at(0.0)).unwrap();
        assert_eq!(scale, (-39f64).exp2());
        let vast = unit_scale(&at(1e200), &at(0.0));
        assert_eq!(vast, Err(Error::Spread { spread: 1e200 }));
    }
}
