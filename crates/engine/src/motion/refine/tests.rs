//! The refinement against a plain one of the whole picture, and against other cuts of itself.

use super::energy::{BRIGHTNESS, EPSILON2, GRADIENT, RELAXATION, SMOOTHNESS, ZETA2};
use super::*;
use ndarray::Array2;

const ITERATIONS: Iterations = Iterations {
    warps: 2,
    fixed_point: 2,
    relaxation: 3,
};

/// A pattern of waves, seen at `(x, y)`, in [0, 1].
fn pattern(x: f64, y: f64) -> f64 {
    0.5 + 0.2 * (0.31 * x + 0.1 * y).sin()
        + 0.15 * (0.23 * y - 0.17 * x).cos()
        + 0.1 * (0.6 * y).sin()
}

/// Two pictures and a field a little off the truth; part of it leads out of the picture.
fn case((height, width): (usize, usize)) -> (Field, Plane, Plane) {
    let plane = |sx: f64, sy: f64| {
        Array2::from_shape_fn((height, width), |(y, x)| {
            pattern(x as f64 + sx, y as f64 + sy) as f32
        })
    };
    let ripple = |y: usize, x: usize| 0.3 * ((x * 7 + y * 13) as f32 * 0.1).sin();
    let field = Field {
        dx: Array2::from_shape_fn((height, width), |(y, x)| 1.5 + ripple(y, x)),
        dy: Array2::from_shape_fn((height, width), |(y, x)| -0.8 - ripple(x, y)),
    };
    (field, plane(0.0, 0.0), plane(-1.3, 0.6))
}

/// `rows × columns` of a function.
fn table(dim: (usize, usize), f: impl Fn(usize, usize) -> f64) -> Array2<f64> {
    Array2::from_shape_fn(dim, |(y, x)| f(y, x))
}

/// Central differences to the right and downwards; the border is repeated.
fn gradient(plane: &Array2<f64>) -> [Array2<f64>; 2] {
    let (height, width) = plane.dim();
    let (right, bottom) = (width - 1, height - 1);
    [
        table(plane.dim(), |y, x| {
            0.5 * (plane[(y, (x + 1).min(right))] - plane[(y, x.saturating_sub(1))])
        }),
        table(plane.dim(), |y, x| {
            0.5 * (plane[((y + 1).min(bottom), x)] - plane[(y.saturating_sub(1), x)])
        }),
    ]
}

/// `Ix, Iy, Iz, Ixx, Ixy, Iyy, Ixz, Iyz`, and whether the displacement stays inside.
fn derivatives(
    [u, v]: &[Array2<f64>; 2],
    source: &Plane,
    target: &Plane,
) -> ([Array2<f64>; 8], Array2<bool>) {
    let (height, width) = source.dim();
    let grid = Grid::new(target);
    let warped = table(source.dim(), |y, x| {
        f64::from(grid.bicubic((x as f64 + u[(y, x)]) as f32, (y as f64 + v[(y, x)]) as f32))
    });
    let source = source.mapv(f64::from);
    let mean = (&warped + &source) * (0.5 * 255.0);
    let iz = (&warped - &source) * 255.0;
    let [ix, iy] = gradient(&mean);
    let [ixx, ixy] = gradient(&ix);
    let [_, iyy] = gradient(&iy);
    let [ixz, iyz] = gradient(&iz);
    let inside = Array2::from_shape_fn((height, width), |(y, x)| {
        let (to_x, to_y) = (x as f64 + u[(y, x)], y as f64 + v[(y, x)]);
        to_x >= 0.0 && to_y >= 0.0 && to_x <= (width - 1) as f64 && to_y <= (height - 1) as f64
    });
    ([ix, iy, iz, ixx, ixy, iyy, ixz, iyz], inside)
}

/// `a11, a12, a22, b1, b2` of one pixel from the energy as it stands in the module's first lines.
fn data_term(d: [f64; 8], du: f64, dv: f64) -> [f64; 5] {
    let [ix, iy, iz, ixx, ixy, iyy, ixz, iyz] = d;
    let psi = |s2: f64| 1.0 / (s2 + f64::from(EPSILON2)).sqrt();
    let norm = |a: f64, b: f64| 1.0 / (a * a + b * b + f64::from(ZETA2));
    let residuals = [
        (ix, iy, iz, norm(ix, iy)),
        (ixx, ixy, ixz, norm(ixx, ixy)),
        (ixy, iyy, iyz, norm(ixy, iyy)),
    ];
    let squares = residuals.map(|(a, b, c, n)| n * (a * du + b * dv + c).powi(2));
    let brightness = f64::from(BRIGHTNESS) * psi(squares[0]);
    let gradient = f64::from(GRADIENT) * psi(squares[1] + squares[2]);
    let mut sums = [0.0; 5];
    for ((a, b, c, n), weight) in residuals.into_iter().zip([brightness, gradient, gradient]) {
        for (sum, term) in sums.iter_mut().zip([a * a, a * b, b * b, a * c, b * c]) {
            *sum += weight * n * term;
        }
    }
    sums
}

/// The refinement of the whole picture, step by step, in f64.
fn plain(
    field: &Field,
    source: &Plane,
    target: &Plane,
    iterations: Iterations,
) -> [Array2<f64>; 2] {
    let dim = field.dim();
    let mut flow = [field.dx.mapv(f64::from), field.dy.mapv(f64::from)];
    for _ in 0..iterations.warps {
        let start = flow.clone();
        let (d, inside) = derivatives(&start, source, target);
        for _ in 0..iterations.fixed_point {
            let weights = table(dim, |y, x| {
                let squares = flow.each_ref().map(|w| {
                    let right = w[(y, (x + 1).min(dim.1 - 1))] - w[(y, x)];
                    let down = w[((y + 1).min(dim.0 - 1), x)] - w[(y, x)];
                    right * right + down * down
                });
                f64::from(SMOOTHNESS) / (squares[0] + squares[1] + f64::from(EPSILON2)).sqrt()
            });
            let frozen = flow.clone();
            for half in 0..2 * iterations.relaxation {
                for (y, x) in (0..dim.0).flat_map(|y| (0..dim.1).map(move |x| (y, x))) {
                    if (x + y) % 2 != half % 2 {
                        continue;
                    }
                    let at = (y, x);
                    let [u0, v0] = start.each_ref().map(|w| w[at]);
                    let term = if inside[at] {
                        let d = d.each_ref().map(|plane| plane[at]);
                        data_term(d, frozen[0][at] - u0, frozen[1][at] - v0)
                    } else {
                        [0.0; 5]
                    };
                    relax(&mut flow, &weights, at, term, [u0, v0]);
                }
            }
        }
    }
    flow
}

fn relax(
    flow: &mut [Array2<f64>; 2],
    weights: &Array2<f64>,
    (y, x): (usize, usize),
    [a11, a12, a22, b1, b2]: [f64; 5],
    [u0, v0]: [f64; 2],
) {
    let (height, width) = weights.dim();
    let mut edges = Vec::new();
    if x > 0 {
        edges.push(((y, x - 1), weights[(y, x - 1)]));
    }
    if x + 1 < width {
        edges.push(((y, x + 1), weights[(y, x)]));
    }
    if y > 0 {
        edges.push(((y - 1, x), weights[(y - 1, x)]));
    }
    if y + 1 < height {
        edges.push(((y + 1, x), weights[(y, x)]));
    }
    let total: f64 = edges.iter().map(|e| e.1).sum::<f64>() + 1e-9;
    let [su, sv] = flow.each_ref().map(|w| {
        edges
            .iter()
            .map(|&(at, weight)| weight * w[at])
            .sum::<f64>()
    });
    let omega = f64::from(RELAXATION);
    let (u, v) = (flow[0][(y, x)], flow[1][(y, x)]);
    let new_u = (su + a11 * u0 - b1 - a12 * (v - v0)) / (a11 + total);
    let u = u + omega * (new_u - u);
    let new_v = (sv + a22 * v0 - b2 - a12 * (u - u0)) / (a22 + total);
    flow[0][(y, x)] = u;
    flow[1][(y, x)] = v + omega * (new_v - v);
}

#[test]
fn the_result_is_that_of_a_plain_refinement_of_the_whole_picture() {
    // Sizes around a vector, around a strip, and too small for a second row or column.
    for dim in [
        (1, 1),
        (1, 9),
        (7, 1),
        (2, 2),
        (5, 16),
        (33, 31),
        (24, 65),
        (40, 700),
    ] {
        let (field, source, target) = case(dim);
        let expected = plain(&field, &source, &target, ITERATIONS);
        for cpu in Cpu::available() {
            let refined = refine(cpu, field.clone(), [&source, &target], ITERATIONS, 2);
            for (plane, expected) in [&refined.dx, &refined.dy].into_iter().zip(&expected) {
                let mut errors: Vec<f64> = plane
                    .iter()
                    .zip(expected)
                    .map(|(&a, b)| (f64::from(a) - b).abs())
                    .collect();
                errors.sort_by(f64::total_cmp);
                // A few pixels stand so near the border that rounding decides whether they leave it.
                let most = errors[(errors.len() - 1) * 99 / 100];
                assert!(most < 2e-3, "{dim:?} {}: {most}", cpu.name());
            }
        }
    }
}

#[test]
fn no_pixel_depends_on_where_the_strips_are_cut() {
    for iterations in [
        ITERATIONS,
        Iterations {
            warps: 1,
            fixed_point: 3,
            relaxation: 4,
        },
    ] {
        let (field, source, target) = case((37, 203));
        let (source, target) = (Grid::new(&source), Grid::new(&target));
        let cut = |columns: usize| {
            let mut field = field.clone();
            for _ in 0..iterations.warps {
                warp(cpu(), &mut field, source, target, iterations, columns);
            }
            field
        };
        let whole = cut(203);
        for columns in [2, 17, 31, 32, 64, 100, 202] {
            let cut = cut(columns);
            assert_eq!(cut.dx, whole.dx, "{columns}");
            assert_eq!(cut.dy, whole.dy, "{columns}");
        }
    }
}

fn cpu() -> Cpu {
    Cpu::available().pop().unwrap()
}

#[test]
fn a_strip_starts_at_an_even_column_and_the_cores_cover_the_width() {
    for (width, columns, reach) in [(1, 320, 28), (641, 320, 28), (1920, 320, 10), (7, 2, 4)] {
        let spans = spans(width, columns, reach);
        let mut next = 0;
        for span in &spans {
            assert_eq!(span.start % 2, 0);
            assert_eq!(span.start + span.left, next);
            assert!(span.left == reach.min(next) && span.core <= columns.next_multiple_of(2));
            next += span.core;
            assert_eq!(span.right, reach.min(width - next));
        }
        assert_eq!(next, width);
    }
}

#[test]
fn every_thread_gets_as_many_strips_where_they_are_wide_enough() {
    assert_eq!(columns(1920, 1), 640);
    assert_eq!(columns(1920, 2), 480);
    assert_eq!(columns(1920, 16), 160);
    assert_eq!(columns(3840, 4), 480);
    assert_eq!((columns(100, 8), columns(1, 3)), (100, 1));
}
