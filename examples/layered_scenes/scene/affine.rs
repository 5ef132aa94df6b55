//! Affine maps of the plane.

/// A point, or a displacement, in pixels: right and down.
pub type Point = [f64; 2];

/// `p ↦ L p + shift`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Affine {
    linear: [[f64; 2]; 2],
    shift: Point,
}

impl Affine {
    /// Turns by an angle in radians, enlarges, and moves the origin to `centre`.
    pub fn new(centre: Point, angle: f64, zoom: f64) -> Self {
        let (sin, cos) = angle.sin_cos();
        Self {
            linear: [[zoom * cos, -zoom * sin], [zoom * sin, zoom * cos]],
            shift: centre,
        }
    }

    /// `(1 − t) self + t other`: every point moves on a straight line at constant speed.
    pub fn between(&self, other: &Self, t: f64) -> Self {
        let mix = |a: f64, b: f64| (1.0 - t) * a + t * b;
        let row = |i: usize| [0, 1].map(|j: usize| mix(self.linear[i][j], other.linear[i][j]));
        Self {
            linear: [row(0), row(1)],
            shift: [0, 1].map(|i: usize| mix(self.shift[i], other.shift[i])),
        }
    }

    /// Where a point goes.
    pub fn apply(&self, [x, y]: Point) -> Point {
        let [[a, b], [c, d]] = self.linear;
        [a * x + b * y + self.shift[0], c * x + d * y + self.shift[1]]
    }

    /// The way back. The zooms and turns of a scene are far from a map that has none.
    pub fn inverse(&self) -> Self {
        let [[a, b], [c, d]] = self.linear;
        let determinant = a * d - b * c;
        let back = Self {
            linear: [
                [d / determinant, -b / determinant],
                [-c / determinant, a / determinant],
            ],
            shift: [0.0; 2],
        };
        let [x, y] = back.apply(self.shift);
        Self {
            shift: [-x, -y],
            ..back
        }
    }
}
