//! The lower bound: from potentials of cells to feasible potentials of all bins, by c-transforms.

use super::cells::Cells;
use crate::cloud::Cloud;
use crate::error::Error;
use crate::exact::{Columns, Coupling, transform};
use crate::power::Power;
use rayon::prelude::*;

/// A lower bound of the cost of the bins, per unit of mass.
pub(super) fn lower_bound(cells: &Cells<'_>, coupling: &Coupling) -> Result<f64, Error> {
    match cells.power {
        Power::One => Ok(by_lipschitz(cells, coupling)),
        Power::Two => by_transforms(cells, coupling),
    }
}

/// `p = 2`: either side's potential is taken at the centres of all cells, interpolated at the bins by cubic convolution (Keys 1981),
/// which is exact for parabolas, and c-transformed there and back.
fn by_transforms(cells: &Cells<'_>, coupling: &Coupling) -> Result<f64, Error> {
    let (a, b) = (cells.source.0, cells.target.0);
    let (source, target) = (&cells.source.1.cloud, &cells.target.1.cloud);
    let (height, width) = (
        cells.grid.0.div_ceil(cells.size),
        cells.grid.1.div_ceil(cells.size),
    );
    let middle = 0.5 * (cells.size - 1) as f64;
    let centres: Vec<f64> = (0..height * width)
        .flat_map(|k| [k % width, k / width])
        .map(|k| (k * cells.size) as f64 + middle)
        .collect();
    let at_centres = |points: &[f64], potential: &[f64]| -> Result<Vec<f64>, Error> {
        let found = transform(&centres, &Columns::new(points, 2), potential, Power::Two)?;
        Ok(found.iter().map(|l| l.value).collect())
    };
    let scale = 1.0 / source.total();
    let mut best = f64::NEG_INFINITY;
    let mut raise = |coarse: &[f64], own: &[f64], other: &[f64]| {
        let mut fine = interpolated(coarse, (height, width), cells.size, cells.grid);
        mask(&mut fine, own);
        let mut back = squared_transform(&fine, cells.grid);
        mask(&mut back, other);
        let fine = squared_transform(&back, cells.grid);
        best = best.max(scale * (weighted(own, &fine) + weighted(other, &back)));
    };
    raise(&at_centres(target.points(), &coupling.g)?, a, b);
    raise(&at_centres(source.points(), &coupling.f)?, b, a);
    // Potentials of cells have kinks, as those of points have; a little entropy smooths them.
    let (mut f, mut g) = (coupling.f.clone(), coupling.g.clone());
    for blur in BLURS {
        let eps = blur * (cells.size * cells.size) as f64;
        for _ in 0..SOFT_SWEEPS {
            f = soft_transform(source.points(), target, &g, eps);
            g = soft_transform(target.points(), source, &f, eps);
        }
        raise(&soft_transform(&centres, target, &g, eps), a, b);
        raise(&soft_transform(&centres, source, &f, eps), b, a);
    }
    Ok(best)
}

/// Entropies that are tried, in squared widths of a cell: the kernel's standard deviation is then half a cell to two.
const BLURS: [f64; 3] = [0.5, 2.0, 8.0];
/// Sinkhorn sweeps at each; the exact potentials are a good start.
const SOFT_SWEEPS: usize = 3;
/// Terms below `e^-30` of the largest do not count.
const NEGLIGIBLE: f64 = -30.0;

/// `-eps·ln sum_j b_j exp((g_j - |x - y_j|²) / eps)` at every point of `x`.
fn soft_transform(x: &[f64], y: &Cloud, g: &[f64], eps: f64) -> Vec<f64> {
    let knots: Vec<[f64; 3]> = (0..y.len())
        .map(|j| [y.point(j)[0], y.point(j)[1], g[j] / eps + y.share(j).ln()])
        .collect();
    let scale = 1.0 / eps;
    x.par_chunks(2)
        .map_init(Vec::new, |z, x| {
            z.clear();
            z.extend(knots.iter().map(|k| {
                let (dx, dy) = (x[0] - k[0], x[1] - k[1]);
                k[2] - (dx * dx + dy * dy) * scale
            }));
            let most = z
                .iter()
                .fold(f64::NEG_INFINITY, |m, &z| if z > m { z } else { m });
            let terms = z.iter().map(|z| z - most).filter(|d| *d > NEGLIGIBLE);
            -eps * (most + terms.map(f64::exp).sum::<f64>().ln())
        })
        .collect()
}

/// Bins without mass set no bound to the other side.
fn mask(potential: &mut [f64], mass: &[f64]) {
    for (p, &m) in potential.iter_mut().zip(mass) {
        if m == 0.0 {
            *p = f64::NEG_INFINITY;
        }
    }
}

fn weighted(mass: &[f64], potential: &[f64]) -> f64 {
    let terms = mass.iter().zip(potential).filter(|(m, _)| **m > 0.0);
    terms.map(|(m, p)| m * p).sum()
}

/// Values at the centres of cells, interpolated at the bins; beyond the edge they go on in a straight line.
fn interpolated(
    coarse: &[f64],
    (height, width): (usize, usize),
    size: usize,
    grid: (usize, usize),
) -> Vec<f64> {
    let taps = |bins: usize, cells: usize| -> Vec<(isize, [f64; 4], usize)> {
        let middle = 0.5 * (size - 1) as f64;
        (0..bins)
            .map(|bin| {
                let at = (bin as f64 - middle) / size as f64;
                let low = at.floor();
                (low as isize, keys(at - low), cells)
            })
            .collect()
    };
    let value = |row: &dyn Fn(usize) -> f64, (low, weights, cells): &(isize, [f64; 4], usize)| {
        let last = *cells as isize - 1;
        let at = |k: isize| {
            let inside = k.clamp(0, last);
            let next = if k < 0 {
                1.min(last)
            } else {
                (last - 1).max(0)
            };
            let slope = row(inside as usize) - row(next as usize);
            row(inside as usize) + (k - inside).abs() as f64 * slope
        };
        (0..4).map(|t| weights[t as usize] * at(low + t - 1)).sum()
    };
    let along_x = taps(grid.1, width);
    let between: Vec<f64> = (0..height)
        .flat_map(|y| {
            let row = &coarse[y * width..][..width];
            along_x.iter().map(move |taps| value(&|k| row[k], taps))
        })
        .collect();
    let along_y = taps(grid.0, height);
    let mut fine = vec![0.0; grid.0 * grid.1];
    fine.par_chunks_mut(grid.1)
        .zip(&along_y)
        .for_each(|(row, taps)| {
            for (x, out) in row.iter_mut().enumerate() {
                *out = value(&|k| between[k * grid.1 + x], taps);
            }
        });
    fine
}

/// Weights of the samples at -1, 0, 1, 2 (Keys 1981, a = -1/2).
fn keys(t: f64) -> [f64; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [
        -0.5 * t3 + t2 - 0.5 * t,
        1.5 * t3 - 2.5 * t2 + 1.0,
        -1.5 * t3 + 2.0 * t2 + 0.5 * t,
        0.5 * t3 - 0.5 * t2,
    ]
}

/// `min_x |x - y|² - f(x)` at all bins, by lower envelopes of parabolas along rows and columns (Felzenszwalb & Huttenlocher 2012).
fn squared_transform(f: &[f64], (height, width): (usize, usize)) -> Vec<f64> {
    let mut along_x = vec![0.0; f.len()];
    along_x
        .par_chunks_mut(width)
        .zip(f.par_chunks(width))
        .for_each_init(Envelope::default, |envelope, (out, row)| {
            envelope.run(row.iter().map(|f| -f), |x, v| out[x] = v);
        });
    // Columns are turned into rows, so that each is a slice.
    let mut turned = vec![0.0; f.len()];
    turned.par_chunks_mut(height).enumerate().for_each_init(
        Envelope::default,
        |envelope, (x, column)| {
            let values = (0..height).map(|y| along_x[y * width + x]);
            envelope.run(values, |y, v| column[y] = v);
        },
    );
    along_x
        .par_chunks_mut(width)
        .enumerate()
        .for_each(|(y, row)| {
            for (x, out) in row.iter_mut().enumerate() {
                *out = turned[x * height + y];
            }
        });
    along_x
}

/// Parabolas `(x - k)² + h` that are lowest somewhere, and from where on.
#[derive(Default)]
struct Envelope {
    parabolas: Vec<(f64, f64)>,
    from: Vec<f64>,
}

impl Envelope {
    fn run(
        &mut self,
        heights: impl ExactSizeIterator<Item = f64>,
        mut put: impl FnMut(usize, f64),
    ) {
        let count = heights.len();
        self.parabolas.clear();
        self.from.clear();
        for (k, h) in heights.enumerate() {
            if h == f64::INFINITY {
                continue;
            }
            let k = k as f64;
            let mut start = f64::NEG_INFINITY;
            while let (Some(&(l, g)), Some(&from)) = (self.parabolas.last(), self.from.last()) {
                start = ((h + k * k) - (g + l * l)) / (2.0 * (k - l));
                if start > from {
                    break;
                }
                self.parabolas.pop();
                self.from.pop();
                start = f64::NEG_INFINITY;
            }
            self.parabolas.push((k, h));
            self.from.push(start);
        }
        let mut at = 0;
        for x in 0..count {
            while at + 1 < self.from.len() && self.from[at + 1] < x as f64 {
                at += 1;
            }
            let value = self
                .parabolas
                .get(at)
                .map_or(f64::INFINITY, |&(k, h)| (x as f64 - k) * (x as f64 - k) + h);
            put(x, value);
        }
    }
}

/// `p = 1`: a function of slope at most 1 that takes the cells' potentials, the mean of the largest and the least there is
/// (McShane 1934). Any such function bounds the distance (Kantorovich & Rubinstein).
fn by_lipschitz(cells: &Cells<'_>, coupling: &Coupling) -> f64 {
    let (height, width) = cells.grid;
    let (a, b) = (cells.source.0, cells.target.0);
    let (source, target) = (&cells.source.1.cloud, &cells.target.1.cloud);
    let knots = |points: &[f64], potential: &[f64]| -> Vec<[f64; 3]> {
        let points = points.chunks_exact(2).zip(potential);
        points.map(|(p, &v)| [p[0], p[1], -v]).collect()
    };
    let above = knots(target.points(), &coupling.g);
    let below = knots(source.points(), &coupling.f);
    let size = cells.size;
    let columns = width.div_ceil(size);
    let sums: Vec<f64> = (0..columns * height.div_ceil(size))
        .into_par_iter()
        .map(|cell| {
            let (y0, x0) = (cell / columns * size, cell % columns * size);
            let (y1, x1) = ((y0 + size).min(height), (x0 + size).min(width));
            let bins = (y0..y1).flat_map(|y| (x0..x1).map(move |x| y * width + x));
            let used: Vec<usize> = bins.filter(|&k| a[k] + b[k] > 0.0).collect();
            if used.is_empty() {
                return 0.0;
            }
            let block = [x0, x1, y0, y1].map(|k| k as f64);
            let (near_above, near_below) = (near(&above, block), near(&below, block));
            let value = |k: usize| {
                let (x, y) = ((k % width) as f64, (k / width) as f64);
                0.5 * (least(&near_above, x, y) - least(&near_below, x, y))
            };
            used.iter().map(|&k| (a[k] - b[k]) * value(k)).sum()
        })
        .collect();
    sums.iter().sum::<f64>() / source.total()
}

fn cone(knot: &[f64; 3], x: f64, y: f64) -> f64 {
    ((knot[0] - x).powi(2) + (knot[1] - y).powi(2)).sqrt() + knot[2]
}

fn least(knots: &[[f64; 3]], x: f64, y: f64) -> f64 {
    let values = knots.iter().map(|k| cone(k, x, y));
    values.fold(f64::INFINITY, f64::min)
}

/// The knots whose cones can be lowest in a block: within its radius each changes by no more than that.
fn near(knots: &[[f64; 3]], [x0, x1, y0, y1]: [f64; 4]) -> Vec<[f64; 3]> {
    let (x, y) = (0.5 * (x0 + x1), 0.5 * (y0 + y1));
    let radius = 0.5 * ((x1 - x0).powi(2) + (y1 - y0).powi(2)).sqrt();
    let bound = least(knots, x, y) + 2.0 * radius;
    let near = knots.iter().filter(|k| cone(k, x, y) <= bound);
    near.copied().collect()
}
