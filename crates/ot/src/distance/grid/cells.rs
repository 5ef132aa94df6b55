//! Histograms in cells of `size × size` bins, with what leads back to the bins.

use crate::cloud::Cloud;
use crate::error::Error;
use crate::power::Power;

/// Masses on cells, with what leads back to the bins.
pub(super) struct Side {
    /// Cells with mass, at their centres of mass.
    pub cloud: Cloud,
    /// For each of them its bins with mass: `(bin, share)`.
    pub bins: Vec<Vec<(u32, f64)>>,
}

/// One grid of masses in cells.
pub(super) struct Cells<'a> {
    pub grid: (usize, usize),
    pub size: usize,
    pub power: Power,
    pub source: (&'a [f64], Side),
    pub target: (&'a [f64], Side),
}

/// Number of cells of `size × size` bins with mass.
pub(super) fn occupied_cells(masses: &[f64], (_, width): (usize, usize), size: usize) -> usize {
    let columns = width.div_ceil(size);
    let mut occupied = vec![false; columns];
    let mut count = 0;
    for band in masses.chunks(width * size) {
        occupied.fill(false);
        for row in band.chunks(width) {
            for (o, cell) in occupied.iter_mut().zip(row.chunks(size)) {
                *o |= cell.iter().any(|&m| m > 0.0);
            }
        }
        count += occupied.iter().filter(|&&o| o).count();
    }
    count
}

/// The cells with mass of one side.
pub(super) fn side(
    name: &'static str,
    masses: &[f64],
    (height, width): (usize, usize),
    size: usize,
) -> Result<Side, Error> {
    let columns = width.div_ceil(size);
    let mut all: Vec<Vec<(u32, f64)>> = vec![Vec::new(); columns * height.div_ceil(size)];
    for (bin, &m) in masses.iter().enumerate() {
        if m > 0.0 {
            let (y, x) = (bin / width, bin % width);
            all[y / size * columns + x / size].push((bin as u32, m));
        }
    }
    let bins: Vec<_> = all.into_iter().filter(|cell| !cell.is_empty()).collect();
    let (mut points, mut sums) = (Vec::new(), Vec::new());
    for cell in &bins {
        let sum: f64 = cell.iter().map(|b| b.1).sum();
        let (mut x, mut y) = (0.0, 0.0);
        for &(bin, m) in cell {
            x += m / sum * (bin as usize % width) as f64;
            y += m / sum * (bin as usize / width) as f64;
        }
        points.extend([x, y]);
        sums.push(sum);
    }
    Ok(Side {
        cloud: Cloud::new(name, 2, points, sums)?,
        bins,
    })
}
