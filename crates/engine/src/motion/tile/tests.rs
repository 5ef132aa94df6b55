//! A tile against the same problem solved straight from its definition, in f64 and without whole numbers.

use super::*;
use crate::frame_pyramid::LumaChroma;
use crate::picture::Plane;
use ndarray::Array2;
use otinterp_simd::Level;

const DIM: (usize, usize) = (50, 61);
const EPS: f64 = 0.01;
const RHO: f64 = 0.05;
const V_MAX: f64 = 50.0;
const TENT: f64 = 0.5;
/// Of a source outside the tile.
const ABSENT_COST: f64 = 1e3;

fn options(radius: usize) -> TileOptions {
    TileOptions {
        radius,
        prior_per_px2: 5e-4,
        transport: Options {
            eps: EPS as f32,
            rho: RHO as f32,
            sweeps: 2,
            v_max: V_MAX as f32,
        },
    }
}

/// LumaChroma of two pictures of which the second is the first moved by (1.3, -0.7) px and a patch of it changed.
fn contents() -> [LumaChroma; 2] {
    let value = |x: f64, y: f64, k: usize| {
        let k = k as f64;
        let waves = (x / (1.9 + k) + y / 7.0).sin() + (y / (2.3 - 0.3 * k) - x / 9.0).cos();
        let tones = 0.2 * waves + 0.1 * ((x + y) / 1.7).sin();
        (0.5 + tones) / (1.0 + k)
    };
    let plane = |shift: (f64, f64), changed: bool, k: usize| -> Plane {
        Array2::from_shape_fn(DIM, |(y, x)| {
            let (x, y) = (x as f64, y as f64);
            let inside = changed && (20.0..26.0).contains(&x) && (18.0..30.0).contains(&y);
            let odd = if inside { 0.3 * (1.7 * x).sin() } else { 0.0 };
            (value(x - shift.0, y - shift.1, k) + odd) as f32
        })
    };
    [((0.0, 0.0), false), ((1.3, -0.7), true)].map(|(shift, changed)| LumaChroma {
        planes: (0..3).map(|k| plane(shift, changed, k)).collect(),
    })
}

fn prediction() -> Field {
    Field {
        dx: Array2::from_shape_fn(DIM, |(_, x)| 0.5 + 0.02 * x as f32),
        dy: Array2::from_shape_fn(DIM, |(y, _)| 0.3 - 0.03 * y as f32),
    }
}

/// LumaChroma and gradients at a place, the border repeated outwards.
fn feature(content: &LumaChroma, x: isize, y: isize) -> [f64; 5] {
    let at = |k: usize, x: isize, y: isize| {
        let x = x.clamp(0, DIM.1 as isize - 1) as usize;
        let y = y.clamp(0, DIM.0 as isize - 1) as usize;
        f64::from(content.planes[k][(y, x)])
    };
    let x = x.clamp(0, DIM.1 as isize - 1);
    let y = y.clamp(0, DIM.0 as isize - 1);
    [
        at(0, x, y),
        at(1, x, y),
        at(2, x, y),
        0.5 * (at(0, x + 1, y) - at(0, x - 1, y)),
        0.5 * (at(0, x, y + 1) - at(0, x, y - 1)),
    ]
}

/// A displacement and its weight, and by how much cost the mode is ahead of all others.
#[derive(Clone, Copy)]
struct Expected {
    dx: f64,
    dy: f64,
    weight: f64,
    lead: f64,
}

/// The problem of one tile.
struct Oracle {
    job: TileJob,
    d: isize,
    /// `[offset][source]`.
    cost: Vec<f64>,
    log_u: Vec<f64>,
    log_v: Vec<f64>,
    source_mass: Vec<f64>,
    target_mass: Vec<f64>,
}

fn is_in_picture(x: isize, y: isize) -> f64 {
    let inside = (0..DIM.1 as isize).contains(&x) && (0..DIM.0 as isize).contains(&y);
    if inside { 1.0 } else { 0.0 }
}

impl Oracle {
    fn solve([a, b]: &[LumaChroma; 2], field: &Field, job: TileJob, radius: isize) -> Self {
        let (d, n) = (2 * radius + 1, SIDE as isize);
        let mut cost = Vec::new();
        for o in 0..d * d {
            let move_x = job.base.0 + o % d - radius;
            let move_y = job.base.1 + o / d - radius;
            for i in 0..n * n {
                let (x, y) = (job.x0 + i % n, job.y0 + i / n);
                let mut sum = 0.0;
                for p in 0..49 {
                    let (x, y) = (x + p % 7 - 3, y + p / 7 - 3);
                    let (f, g) = (feature(a, x, y), feature(b, x + move_x, y + move_y));
                    let difference: f64 = f.iter().zip(g).map(|(f, g)| (f - g).abs()).sum();
                    sum += difference.min(0.3);
                }
                let at = (
                    y.clamp(0, DIM.0 as isize - 1) as usize,
                    x.clamp(0, DIM.1 as isize - 1) as usize,
                );
                let ex = move_x as f64 - f64::from(field.dx[at]);
                let ey = move_y as f64 - f64::from(field.dy[at]);
                cost.push(sum / 49.0 + (5e-4 * (ex * ex + ey * ey)).min(0.05));
            }
        }
        let mass = |x0: isize, y0: isize, side: isize| -> Vec<f64> {
            let place = |i: isize| is_in_picture(x0 + i % side, y0 + i / side);
            (0..side * side).map(place).collect()
        };
        let corner = (job.x0 + job.base.0 - radius, job.y0 + job.base.1 - radius);
        let mut oracle = Self {
            job,
            d,
            cost,
            log_u: vec![0.0; SOURCES],
            log_v: Vec::new(),
            source_mass: mass(job.x0, job.y0, n),
            target_mass: mass(corner.0, corner.1, n + d - 1),
        };
        oracle.scale();
        oracle
    }

    fn target(&self, o: usize, i: usize) -> usize {
        let (d, side) = (self.d as usize, SIDE + self.d as usize - 1);
        (i / SIDE + o / d) * side + i % SIDE + o % d
    }

    /// Two sweeps and a last half.
    fn scale(&mut self) {
        let lambda = RHO / (RHO + EPS);
        let mut v = self.target_mass.clone();
        let mut u = vec![0.0; SOURCES];
        for sweep in 0..3 {
            let (mut rows, mut columns) = (vec![0.0; SOURCES], vec![0.0; v.len()]);
            for (at, c) in self.cost.iter().enumerate() {
                rows[at % SOURCES] += (-c / EPS).exp() * v[self.target(at / SOURCES, at % SOURCES)];
            }
            for i in 0..SOURCES {
                u[i] = self.source_mass[i] * rows[i].powf(-lambda);
            }
            if sweep == 2 {
                break;
            }
            for (at, c) in self.cost.iter().enumerate() {
                columns[self.target(at / SOURCES, at % SOURCES)] +=
                    (-c / EPS).exp() * u[at % SOURCES];
            }
            for j in 0..v.len() {
                v[j] = self.target_mass[j] * columns[j].powf(-lambda).min(V_MAX);
            }
        }
        self.log_u = u.iter().map(|u| u.ln()).collect();
        self.log_v = v.iter().map(|v| v.ln()).collect();
    }

    /// The mode of `reduced` costs by offset, and the vertices of the parabolas through its neighbours.
    fn mode(&self, reduced: &[f64]) -> (usize, [f64; 2], f64) {
        let d = self.d as usize;
        let best = (0..reduced.len())
            .min_by(|&a, &b| reduced[a].total_cmp(&reduced[b]))
            .unwrap_or(0);
        let least = reduced[best];
        let others = (0..reduced.len()).filter(|&o| o != best);
        let lead = others.map(|o| reduced[o] - least).fold(1.0, f64::min);
        let vertex = |inside: bool, step: usize| {
            if !inside {
                return 0.0;
            }
            let (left, right) = (reduced[best - step], reduced[best + step]);
            if left.max(right) >= ABSENT_COST {
                return 0.0;
            }
            let curvature = left - 2.0 * least + right;
            (0.5 * (left - right) / curvature).clamp(-0.5, 0.5)
        };
        let inside = |o: usize| o > 0 && o + 1 < d;
        let shifts = [vertex(inside(best % d), 1), vertex(inside(best / d), d)];
        (best, shifts, lead)
    }

    fn offset_px(&self, o: usize) -> (f64, f64) {
        let (o, radius) = (o as isize, self.d / 2);
        (
            (self.job.base.0 + o % self.d - radius) as f64,
            (self.job.base.1 + o / self.d - radius) as f64,
        )
    }

    fn forward(&self, i: usize) -> Expected {
        let offsets = (self.d * self.d) as usize;
        let reduced: Vec<f64> = (0..offsets)
            .map(|o| self.cost[o * SOURCES + i] - EPS * self.log_v[self.target(o, i)])
            .collect();
        let (o, shift, lead) = self.mode(&reduced);
        let (d, (ox, oy)) = (self.d as usize, (o % self.d as usize, o / self.d as usize));
        let is_edge = ox == 0 || oy == 0 || ox + 1 == d || oy + 1 == d;
        let confidence = (-self.cost[o * SOURCES + i] / 0.01).exp();
        let (dx, dy) = self.offset_px(o);
        Expected {
            dx: dx + shift[0],
            dy: dy + shift[1],
            weight: self.source_mass[i] * confidence * if is_edge { 0.3 } else { 1.0 },
            lead,
        }
    }

    /// Of the target at the window's centre for source `i`.
    fn backward(&self, i: usize) -> Expected {
        let (d, radius, n) = (self.d, self.d / 2, SIDE as isize);
        let source = |o: isize| {
            let (x, y) = (
                i as isize % n + radius - o % d,
                i as isize / n + radius - o / d,
            );
            let inside = (0..n).contains(&x) && (0..n).contains(&y);
            inside.then_some((y * n + x) as usize)
        };
        let reduced: Vec<f64> = (0..d * d)
            .map(|o| {
                source(o).map_or(ABSENT_COST, |s| {
                    self.cost[o as usize * SOURCES + s] - EPS * self.log_u[s]
                })
            })
            .collect();
        let (o, shift, lead) = self.mode(&reduced);
        let target = self.target((d * d / 2) as usize, i);
        let cost = source(o as isize).map_or(ABSENT_COST, |s| self.cost[o * SOURCES + s]);
        let brought = (-reduced[o] / EPS + self.log_v[target]).exp().min(1.0);
        let (dx, dy) = self.offset_px(o);
        Expected {
            dx: -dx - shift[0],
            dy: -dy - shift[1],
            weight: self.target_mass[target] * brought * (-cost / 0.01).exp(),
            lead,
        }
    }
}

/// Pixels whose modes are ahead by this much cost are compared: of the others the whole numbers may choose another.
const LEAD: f64 = 4e-4;

fn compare(votes: &Votes, expected: impl Fn(usize) -> Expected) -> usize {
    let tent = |i: usize| TENT + i.min(SIDE - 1 - i) as f64;
    let mut compared = 0;
    for i in 0..SOURCES {
        let e = expected(i);
        let [dx, dy, weight] = [0, 1, 2].map(|k| f64::from(votes.sums[k][i]));
        let confidence = weight / (tent(i % SIDE) * tent(i / SIDE));
        if e.weight == 0.0 {
            assert_eq!(weight, 0.0, "{i}");
            continue;
        }
        if e.lead < LEAD || e.weight < 1e-9 {
            continue;
        }
        compared += 1;
        assert!(
            (dx / weight - e.dx).abs() < 0.03,
            "{i}: {} {}",
            dx / weight,
            e.dx
        );
        assert!(
            (dy / weight - e.dy).abs() < 0.03,
            "{i}: {} {}",
            dy / weight,
            e.dy
        );
        let ratio = confidence / e.weight;
        assert!((ratio - 1.0).abs() < 0.05, "{i}: {confidence} {}", e.weight);
    }
    compared
}

#[test]
fn a_tile_agrees_with_its_definition() {
    let (contents, field) = (contents(), prediction());
    let codes = [
        QuantizedFeatures::of(&contents[0].planes),
        QuantizedFeatures::of(&contents[1].planes),
    ];
    for (radius, x0, y0, base) in [
        (2, 16, 16, (1, 0)),
        (2, -8, -8, (0, -1)),
        (2, 48, 40, (2, -1)),
        (4, 24, 24, (0, 0)),
    ] {
        let job = TileJob { x0, y0, base };
        let oracle = Oracle::solve(&contents, &field, job, radius as isize);
        for cpu in Level::available() {
            let options = options(radius);
            let mut result = TileResult::new();
            let tile = SolveTile {
                codes: [&codes[0], &codes[1]],
                prediction: &field,
                job,
                options: &options,
                result: &mut result,
            };
            tile.run(cpu);
            let here = (x0 + base.0, y0 + base.1);
            assert_eq!((result.forward.x0, result.forward.y0), (x0, y0));
            assert_eq!((result.backward.x0, result.backward.y0), here);
            let least = if (0..=40).contains(&x0) { 200 } else { 40 };
            let compared = compare(&result.forward, |i| oracle.forward(i));
            assert!(compared > least, "{compared}");
            let compared = compare(&result.backward, |i| oracle.backward(i));
            assert!(compared > least / 2, "{compared}");
        }
    }
}

#[test]
fn a_picture_at_rest_stays_exactly() {
    let [first, _] = contents();
    let codes = QuantizedFeatures::of(&first.planes);
    let options = options(2);
    let mut result = TileResult::new();
    let tile = SolveTile {
        codes: [&codes, &codes],
        prediction: &Field::zeros(DIM),
        job: TileJob {
            x0: 16,
            y0: 16,
            base: (0, 0),
        },
        options: &options,
        result: &mut result,
    };
    tile.run(Level::available()[0]);
    for votes in [&result.forward, &result.backward] {
        assert!(
            votes.sums[0]
                .iter()
                .chain(&votes.sums[1])
                .all(|d| *d == 0.0)
        );
        assert!(votes.sums[2].iter().all(|w| *w > 0.0));
    }
}
