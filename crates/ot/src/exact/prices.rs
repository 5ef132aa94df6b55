//! c-transforms of potentials, which tell whether these are feasible and where they are not: passes over all costs, which are never
//! stored.

use crate::error::Error;
use crate::power::Power;
use otinterp_simd::{Kernel, Level, Simd};
use rayon::prelude::*;

/// Rows that one task scans.
const ROWS: usize = 64;

/// Points by coordinate: all first ones, then all second ones …
#[derive(Debug)]
pub(crate) struct Columns {
    dimensions: usize,
    values: Vec<f64>,
    count: usize,
}

impl Columns {
    pub fn new(points: &[f64], dimensions: usize) -> Self {
        let count = points.len() / dimensions;
        Self {
            dimensions,
            values: (0..dimensions * count)
                .map(|k| points[k % count * dimensions + k / count])
                .collect(),
            count,
        }
    }
}

/// `min_j c(x, y_j) - g_j`, and where.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Least {
    pub value: f64,
    pub index: u32,
}

/// The c-transform of `g` at every point of `x`: the largest potential that is feasible with it.
pub(crate) fn transform(
    x: &[f64],
    y: &Columns,
    g: &[f64],
    power: Power,
) -> Result<Vec<Least>, Error> {
    let level = Level::current()?;
    let d = y.dimensions;
    let mut out = vec![
        Least {
            value: 0.0,
            index: 0
        };
        x.len() / d
    ];
    out.par_chunks_mut(ROWS)
        .zip(x.par_chunks(ROWS * d))
        .for_each_init(
            || vec![0.0; y.count],
            |buffer, (out, x)| {
                for (out, x) in out.iter_mut().zip(x.chunks_exact(d)) {
                    *out = level.run(Row {
                        x,
                        y,
                        g,
                        power,
                        buffer,
                    });
                }
            },
        );
    Ok(out)
}

/// One row.
struct Row<'a> {
    x: &'a [f64],
    y: &'a Columns,
    g: &'a [f64],
    power: Power,
    buffer: &'a mut [f64],
}

impl Kernel for Row<'_> {
    type Output = Least;

    #[inline(always)]
    fn run<S: Simd>(self) -> Least {
        let buffer = self.buffer;
        for (k, &x) in self.x.iter().enumerate() {
            let y = &self.y.values[k * self.y.count..][..self.y.count];
            for (b, &y) in buffer.iter_mut().zip(y) {
                let square = (x - y) * (x - y);
                *b = if k == 0 { square } else { *b + square };
            }
        }
        match self.power {
            Power::One => {
                for (b, &g) in buffer.iter_mut().zip(self.g) {
                    *b = b.sqrt() - g;
                }
            }
            Power::Two => {
                for (b, &g) in buffer.iter_mut().zip(self.g) {
                    *b -= g;
                }
            }
        }
        // Eight minima side by side fill the vectors; then the first place that holds the least.
        let mut least = [f64::INFINITY; 8];
        for chunk in buffer.chunks(8) {
            for (least, &b) in least.iter_mut().zip(chunk) {
                *least = if b < *least { b } else { *least };
            }
        }
        let mut value = least[0];
        for &l in &least[1..] {
            value = if l < value { l } else { value };
        }
        let mut index = 0;
        for (j, &b) in buffer.iter().enumerate() {
            if b == value {
                index = j as u32;
                break;
            }
        }
        Least { value, index }
    }
}
