//! A discrete measure: weighted points in any number of dimensions.

use crate::error::Error;
use std::collections::BTreeMap;

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

    /// The same measure without a place twice: the masses of equal points are added, in the order in which places come first.
    pub fn merged(&self) -> Self {
        let mut places: BTreeMap<Vec<u64>, usize> = BTreeMap::new();
        let (mut points, mut masses): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
        for i in 0..self.len() {
            // With 0 added, -0 is 0; there is no NaN.
            let key = self.point(i).iter().map(|x| (x + 0.0).to_bits()).collect();
            let at = *places.entry(key).or_insert(masses.len());
            match masses.get_mut(at) {
                Some(mass) => *mass += self.masses[i],
                None => {
                    points.extend(self.point(i));
                    masses.push(self.masses[i]);
                }
            }
        }
        Self {
            dimensions: self.dimensions,
            points,
            masses,
            total: self.total,
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
    fn equal_points_are_one_and_the_measure_is_the_same() {
        let points = vec![1.0, 0.0, 2.0, 5.0, 1.0, -0.0, 2.0, 5.0, 1.0, 1.0];
        let cloud = Cloud::new("source", 2, points, vec![1.0, 2.0, 4.0, 8.0, 16.0]).unwrap();
        let merged = cloud.merged();
        assert_eq!(merged.points(), [1.0, 0.0, 2.0, 5.0, 1.0, 1.0]);
        assert_eq!(merged.masses(), [5.0, 10.0, 16.0]);
        assert_eq!(merged.total(), cloud.total());
        assert_eq!(merged.mean(), cloud.mean());
    }
}
