//! Bilinear and bicubic samples between the pixels of a plane.

use super::Plane;

/// Weights of the four neighbours of a point `f` in `[0, 1)` past the second of them: cubic
/// convolution with a = -1/2, which is exact for quadratics (Keys, *Cubic convolution interpolation
/// for digital image processing*, 1981).
#[inline(always)]
pub fn cubic_weights(f: f32) -> [f32; 4] {
    let f2 = f * f;
    let f3 = f2 * f;
    [
        -0.5 * f3 + f2 - 0.5 * f,
        1.5 * f3 - 2.5 * f2 + 1.0,
        -1.5 * f3 + 2.0 * f2 + 0.5 * f,
        0.5 * f3 - 0.5 * f2,
    ]
}

/// Splits a coordinate, clamped to `len` samples, into a whole and a fraction in `[0, 1)`.
#[inline(always)]
pub fn split(at: f32, len: usize) -> (usize, f32) {
    let at = at.max(0.0).min((len - 1) as f32);
    let whole = at as u32 as usize;
    (whole, at - whole as f32)
}

/// A plane's samples as a slice with its size: what the sampling loops read.
#[derive(Debug, Clone, Copy)]
pub struct Grid<'a> {
    samples: &'a [f32],
    /// Samples in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// A place between four samples.
#[derive(Debug, Clone, Copy)]
pub struct Between {
    /// Indices of the two above, in raster order.
    top: [usize; 2],
    bottom: [usize; 2],
    /// How far right and down.
    fractions: [f32; 2],
}

impl<'a> Grid<'a> {
    /// A view of a plane.
    pub fn new(plane: &'a Plane) -> Self {
        Self {
            samples: super::samples(plane),
            width: plane.ncols(),
            height: plane.nrows(),
        }
    }

    /// The samples of row `y`.
    #[inline(always)]
    pub fn row(&self, y: usize) -> &'a [f32] {
        &self.samples[y * self.width..][..self.width]
    }

    /// So many samples from the one with index `first` in raster order on.
    #[inline(always)]
    pub fn samples_from(&self, first: usize, count: usize) -> &'a [f32] {
        &self.samples[first..][..count]
    }

    /// Bilinear sample at `(x, y)`; the border is repeated outwards.
    #[inline(always)]
    pub fn bilinear(&self, x: f32, y: f32) -> f32 {
        self.sample(&self.between(x, y))
    }

    /// Where `(x, y)` lies between the samples, of this plane and of others of its size.
    #[inline(always)]
    pub fn between(&self, x: f32, y: f32) -> Between {
        let ((x0, fx), (y0, fy)) = (split(x, self.width), split(y, self.height));
        let x1 = (x0 + 1).min(self.width - 1);
        let (top, bottom) = (y0 * self.width, (y0 + 1).min(self.height - 1) * self.width);
        Between {
            top: [top + x0, top + x1],
            bottom: [bottom + x0, bottom + x1],
            fractions: [fx, fy],
        }
    }

    /// Bilinear sample at a place.
    #[inline(always)]
    pub fn sample(&self, place: &Between) -> f32 {
        let [fx, fy] = place.fractions;
        let [a, b] = [place.top, place.bottom].map(|[left, right]| {
            self.samples[left] + fx * (self.samples[right] - self.samples[left])
        });
        a + fy * (b - a)
    }

    /// Bicubic sample at `(x, y)`; the border is repeated outwards. On a sample's own place it is
    /// that sample, exactly.
    #[inline(always)]
    pub fn bicubic(&self, x: f32, y: f32) -> f32 {
        let ((x0, fx), (y0, fy)) = (split(x, self.width), split(y, self.height));
        let (wx, wy) = (cubic_weights(fx), cubic_weights(fy));
        let inside = x0 >= 1 && y0 >= 1 && x0 + 2 < self.width && y0 + 2 < self.height;
        if inside {
            let mut columns = [0.0f32; 4];
            for (j, wy) in wy.into_iter().enumerate() {
                let row = &self.samples[(y0 + j - 1) * self.width + x0 - 1..][..4];
                for (c, s) in columns.iter_mut().zip(row) {
                    *c += wy * s;
                }
            }
            columns[0] * wx[0] + columns[1] * wx[1] + columns[2] * wx[2] + columns[3] * wx[3]
        } else {
            self.bicubic_at_border(x0, y0, wx, wy)
        }
    }

    #[cold]
    fn bicubic_at_border(&self, x0: usize, y0: usize, wx: [f32; 4], wy: [f32; 4]) -> f32 {
        let mut sum = 0.0;
        for (j, wy) in wy.into_iter().enumerate() {
            let y = (y0 + j).saturating_sub(1).min(self.height - 1);
            for (i, wx) in wx.into_iter().enumerate() {
                let x = (x0 + i).saturating_sub(1).min(self.width - 1);
                sum += wy * wx * self.samples[y * self.width + x];
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn bicubic_is_exact_on_quadratics_and_on_the_samples() {
        let f = |x: f32, y: f32| 3.0 + x - 0.5 * y + 0.25 * x * x - 0.125 * x * y + 0.0625 * y * y;
        let plane = Array2::from_shape_fn((12, 14), |(y, x)| f(x as f32, y as f32));
        let grid = Grid::new(&plane);
        for i in 0..40 {
            let (x, y) = (2.0 + 0.21 * i as f32, 2.0 + 0.17 * i as f32);
            assert!((grid.bicubic(x, y) - f(x, y)).abs() < 1e-4, "{x} {y}");
        }
        for ((y, x), &v) in plane.indexed_iter() {
            assert_eq!(grid.bicubic(x as f32, y as f32), v);
            assert_eq!(grid.bilinear(x as f32, y as f32), v);
        }
    }

    #[test]
    fn outside_is_the_border() {
        let plane = Array2::from_shape_fn((1, 3), |(_, x)| x as f32);
        let grid = Grid::new(&plane);
        assert_eq!(grid.bicubic(-7.0, 4.0), 0.0);
        assert_eq!(grid.bilinear(99.0, -4.0), 2.0);
    }
}
