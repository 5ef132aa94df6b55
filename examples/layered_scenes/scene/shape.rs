//! Outlines of layers, around the origin.

use super::affine::Point;
use super::random::Random;
use std::f64::consts::{PI, TAU};

/// What a layer covers of its own plane. Lengths in px.
#[derive(Debug, Clone)]
pub enum Shape {
    /// All of it: the background.
    Everything,
    /// A smooth outline: the radius is `radius · (1 + Σ amplitude · cos(k · angle + phase))`, k = 2, 3, ….
    Blob { radius: f64, waves: Vec<(f64, f64)> },
    /// A rectangle of these half sides.
    Card { half: Point },
    /// A star of six points between two radii.
    Star { inner: f64, outer: f64 },
    /// What is between two circles.
    Ring { inner: f64, outer: f64 },
    /// A square of upright bars with gaps twice as wide.
    Bars { count: usize, side: f64 },
    /// A disc.
    Ball { radius: f64 },
    /// A line of signs on a grid of square dots.
    Marks { signs: Vec<u16>, dot: f64 },
}

const STAR_POINTS: f64 = 6.0;
/// Part of the space between the middles of two bars that a bar takes.
const BAR_SHARE: f64 = 1.0 / 3.0;
/// Dots of a sign: three columns and five rows, and a column between two signs.
const COLUMNS: usize = 3;
const ROWS: usize = 5;
/// The figures and a colon; each octal digit is a row of three dots.
const SIGNS: [u16; 11] = [
    0o75557, 0o26227, 0o71747, 0o71717, 0o55711, 0o74717, 0o74757, 0o71111, 0o75757, 0o75717,
    0o02020,
];

impl Shape {
    /// One of the shapes that take a part of the picture, about `size` px wide.
    pub fn large(random: &mut Random, size: f64) -> Self {
        // Blobs are what most things look like, so they come three times as often.
        match random.whole(0, 6) {
            0 => Self::Card {
                half: [0.25, 0.175].map(|least| size * random.uniform(least, 0.45)),
            },
            1 => Self::Star {
                inner: 0.2 * size,
                outer: 0.45 * size,
            },
            2 => Self::Ring {
                inner: 0.24 * size,
                outer: 0.42 * size,
            },
            3 => Self::Bars {
                count: random.whole(2, 5),
                side: size,
            },
            _ => Self::Blob {
                radius: 0.36 * size,
                waves: (2..6)
                    .map(|k| {
                        let amplitude = random.around(0.0, 0.22 / f64::from(k));
                        (amplitude, random.uniform(0.0, TAU))
                    })
                    .collect(),
            },
        }
    }

    /// A line of seven random signs, `width` px wide.
    pub fn marks(random: &mut Random, width: f64) -> Self {
        let signs: Vec<u16> = (0..7).map(|_| random.pick(&SIGNS)).collect();
        let dot = width / (signs.len() * (COLUMNS + 1) - 1) as f64;
        Self::Marks { signs, dot }
    }

    /// Whether a point is covered.
    pub fn covers(&self, [x, y]: Point) -> bool {
        let square = x * x + y * y;
        match self {
            Self::Everything => true,
            Self::Blob {
                radius: mean,
                waves,
            } => {
                let angle = y.atan2(x);
                let wave = |(k, &(amplitude, phase)): (usize, &(f64, f64))| {
                    amplitude * ((k + 2) as f64 * angle + phase).cos()
                };
                square.sqrt() < mean * (1.0 + waves.iter().enumerate().map(wave).sum::<f64>())
            }
            Self::Card { half } => x.abs() < half[0] && y.abs() < half[1],
            Self::Star { inner, outer } => in_star([x, y], *inner, *outer),
            Self::Ring { inner, outer } => (inner * inner..outer * outer).contains(&square),
            Self::Bars { count, side } => {
                let (across, half) = ((x / side + 0.5) * *count as f64, side / 2.0);
                let from_middle = (across.rem_euclid(1.0) - 0.5).abs();
                x.abs() < half && y.abs() < half && from_middle < BAR_SHARE / 2.0
            }
            Self::Ball { radius: limit } => square < limit * limit,
            Self::Marks { signs, dot } => in_marks([x / dot, y / dot], signs),
        }
    }

    /// Nothing is covered further from the origin than this.
    pub fn reach(&self) -> f64 {
        match self {
            Self::Everything => f64::INFINITY,
            Self::Blob { radius, waves } => {
                let amplitudes = waves.iter().map(|(amplitude, _)| amplitude.abs());
                radius * (1.0 + amplitudes.sum::<f64>())
            }
            Self::Card { half: [x, y] } => x.hypot(*y),
            Self::Star { outer, .. } | Self::Ring { outer, .. } => *outer,
            Self::Bars { side, .. } => side * std::f64::consts::FRAC_1_SQRT_2,
            Self::Ball { radius } => *radius,
            Self::Marks { signs, dot } => dot * (signs.len() * (COLUMNS + 1) + ROWS) as f64,
        }
    }
}

/// The star is twelve equal triangles up to mirroring: in the one between a point and the notch beside it, the point lies on the
/// inner side of the edge.
fn in_star([x, y]: Point, inner: f64, outer: f64) -> bool {
    let sector = PI / STAR_POINTS;
    let turned = y.atan2(x).rem_euclid(2.0 * sector);
    let angle = turned.min(2.0 * sector - turned);
    let radius = x.hypot(y);
    let (px, py) = (radius * angle.cos(), radius * angle.sin());
    let (notch_x, notch_y) = (inner * sector.cos(), inner * sector.sin());
    (notch_x - outer) * py - notch_y * (px - outer) > 0.0
}

/// In dots, the line of signs around the origin.
fn in_marks([x, y]: Point, signs: &[u16]) -> bool {
    let width = signs.len() * (COLUMNS + 1) - 1;
    let (column, row) = (x + width as f64 / 2.0, y + ROWS as f64 / 2.0);
    if !(0.0..width as f64).contains(&column) || !(0.0..ROWS as f64).contains(&row) {
        return false;
    }
    let (column, row) = (column as usize, row as usize);
    let (sign, column) = (signs[column / (COLUMNS + 1)], column % (COLUMNS + 1));
    column < COLUMNS && sign >> (COLUMNS * (ROWS - row) - 1 - column) & 1 == 1
}
