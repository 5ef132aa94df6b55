//! What two pixels are compared by.

use super::Content;
use crate::picture::Plane;
use ndarray::Array2;

/// Content and the gradient of luma: planes of one size, in `[0, 1]` units.
///
/// The gradient (central differences, `(f(x+1) - f(x-1)) / 2`) makes the comparison insensitive
/// to slow changes of brightness.
#[derive(Debug)]
pub struct Features {
    /// Content's planes, then `dY/dx` and `dY/dy`.
    pub planes: Vec<Plane>,
}

impl Features {
    /// Features of one pyramid level.
    pub fn of(content: &Content) -> Self {
        let mut planes = content.planes.clone();
        let (dx, dy) = gradient(content.luma());
        planes.push(dx);
        planes.push(dy);
        Self { planes }
    }

    /// Height and width.
    pub fn dim(&self) -> (usize, usize) {
        self.planes[0].dim()
    }
}

/// Central differences along x and y; one-sided halves at the border.
fn gradient(plane: &Plane) -> (Plane, Plane) {
    let (height, width) = plane.dim();
    let mut dx = Array2::zeros((height, width));
    let mut dy = Array2::zeros((height, width));
    for y in 0..height {
        let row = plane.row(y);
        let (up, down) = (
            plane.row(y.saturating_sub(1)),
            plane.row((y + 1).min(height - 1)),
        );
        let (mut dx, mut dy) = (dx.row_mut(y), dy.row_mut(y));
        for x in 0..width {
            dx[x] = 0.5 * (row[(x + 1).min(width - 1)] - row[x.saturating_sub(1)]);
            dy[x] = 0.5 * (down[x] - up[x]);
        }
    }
    (dx, dy)
}
