//! The scene of the assets: textured shapes that move over a textured ground, at any time and size.
//!
//! Lengths are in picture heights, y down, the origin in the top left corner. All motion is linear
//! in time between whole times (shapes turn back only there), so the picture at 0.5 is the true
//! middle of those at 0 and 1.

#[path = "../common/noise.rs"]
mod noise;

use noise::{mix, noise};
use otinterp::Picture;
use otinterp::picture::{Format, Plane};
use rayon::prelude::*;

/// Samples per pixel and axis: edges get `SAMPLES²` grades, finer than an 8-bit step matters.
const SAMPLES: usize = 8;

type Rgb = [f64; 3];

/// The scene at `time`, `width × height` pixels of 8-bit RGB.
pub fn shapes(width: usize, height: usize, time: f64) -> Picture {
    let scene = Shapes::at(time, width as f64 / height as f64);
    render(width, height, |x, y| scene.color(x, y))
}

/// A glowing blob on black, `width × height` pixels of 8-bit RGB; it crosses the picture from
/// time 0 to 1.
pub fn blob(width: usize, height: usize, time: f64) -> Picture {
    let aspect = width as f64 / height as f64;
    let center = (aspect * mix(0.26, 0.74, time), mix(0.62, 0.38, time));
    render(width, height, |x, y| {
        // A bright core within a wide halo; the colour goes from white to deep orange outwards.
        let r2 = (x - center.0).powi(2) + (y - center.1).powi(2);
        let core = (-r2 / (2.0 * 0.045f64.powi(2))).exp();
        let halo = (-r2 / (2.0 * 0.11f64.powi(2))).exp();
        [
            0.55 * core + 0.85 * halo,
            0.60 * core + 0.42 * halo,
            0.65 * core + 0.14 * halo,
        ]
    })
}

fn render(width: usize, height: usize, color: impl Fn(f64, f64) -> Rgb + Sync) -> Picture {
    let step = 1.0 / (height * SAMPLES) as f64;
    let pixel = |px: usize, py: usize| {
        let mut sum = [0.0; 3];
        for s in 0..SAMPLES * SAMPLES {
            let x = (px * SAMPLES + s % SAMPLES) as f64 + 0.5;
            let y = (py * SAMPLES + s / SAMPLES) as f64 + 0.5;
            for (sum, c) in sum.iter_mut().zip(color(x * step, y * step)) {
                *sum += c.clamp(0.0, 1.0);
            }
        }
        sum.map(|s| (s / (SAMPLES * SAMPLES) as f64 * 255.0).round() as f32)
    };
    let pixels: Vec<[f32; 3]> = (0..width * height)
        .into_par_iter()
        .map(|i| pixel(i % width, i / width))
        .collect();
    let plane = |c: usize| Plane::from_shape_fn((height, width), |(y, x)| pixels[y * width + x][c]);
    #[expect(
        clippy::expect_used,
        reason = "three planes of one size, as RGB asks for"
    )]
    Picture::new(Format::rgb(8), vec![plane(0), plane(1), plane(2)]).expect("three equal planes")
}

/// Where everything is at one time.
struct Shapes {
    time: f64,
    aspect: f64,
}

/// A shape's own coordinates of a point of the picture.
struct Pose {
    center: (f64, f64),
    angle: f64,
    scale: f64,
}

impl Pose {
    fn local(&self, x: f64, y: f64) -> (f64, f64) {
        let (sin, cos) = self.angle.sin_cos();
        let (dx, dy) = (
            (x - self.center.0) / self.scale,
            (y - self.center.1) / self.scale,
        );
        (cos * dx + sin * dy, cos * dy - sin * dx)
    }
}

impl Shapes {
    fn at(time: f64, aspect: f64) -> Self {
        Self { time, aspect }
    }

    /// From `from` to `to` in `duration` (a whole number of times), and back, and so on.
    fn swing(&self, from: f64, to: f64, duration: f64) -> f64 {
        let phase = (self.time / duration).rem_euclid(2.0);
        mix(from, to, if phase > 1.0 { 2.0 - phase } else { phase })
    }

    /// The shapes from front to back; the first that covers the point gives its colour.
    fn color(&self, x: f64, y: f64) -> Rgb {
        self.ball(x, y)
            .or_else(|| self.card(x, y))
            .or_else(|| self.wheel(x, y))
            .or_else(|| self.ring(x, y))
            .unwrap_or_else(|| self.ground(x, y))
    }

    /// Small and fast: it moves by six of its own diameters in one time.
    fn ball(&self, x: f64, y: f64) -> Option<Rgb> {
        let pose = Pose {
            center: (
                self.aspect * self.swing(0.30, 0.88, 2.0),
                self.swing(0.16, 0.10, 1.0),
            ),
            angle: 0.0,
            scale: 0.036,
        };
        let (u, v) = pose.local(x, y);
        let r2 = u * u + v * v;
        let light = 1.0 - 0.45 * ((u + 0.35).powi(2) + (v + 0.4).powi(2)).min(1.6);
        (r2 < 1.0).then(|| shade([1.0, 0.42, 0.10], light + 0.15))
    }

    /// A striped card that slides in front of the wheel.
    fn card(&self, x: f64, y: f64) -> Option<Rgb> {
        let pose = Pose {
            center: (
                self.aspect * self.swing(0.68, 0.46, 2.0),
                self.swing(0.60, 0.64, 1.0),
            ),
            angle: -0.16,
            scale: 1.0,
        };
        let (u, v) = pose.local(x, y);
        if u.abs() > 0.155 || v.abs() > 0.20 {
            return None;
        }
        if u.abs() > 0.14 || v.abs() > 0.185 {
            return Some([0.96, 0.95, 0.90]);
        }
        let wave = (28.0 * v + 1.2 * (13.0 * u).sin()).sin();
        let grain = 0.75 + 0.35 * noise(u * 26.0, v * 26.0, 3);
        let base = if wave > 0.0 {
            [0.16, 0.33, 0.58]
        } else {
            [0.42, 0.66, 0.82]
        };
        Some(shade(base, grain))
    }

    /// A wheel of sectors that rolls and grows, and is partly hidden by the card.
    fn wheel(&self, x: f64, y: f64) -> Option<Rgb> {
        let pose = Pose {
            center: (
                self.aspect * self.swing(0.29, 0.37, 2.0),
                self.swing(0.60, 0.57, 2.0),
            ),
            angle: 0.42 * self.time,
            scale: self.swing(0.24, 0.27, 1.0),
        };
        let (u, v) = pose.local(x, y);
        let r2 = u * u + v * v;
        if r2 > 1.0 {
            return None;
        }
        if !(0.02..=0.85).contains(&r2) {
            return Some([0.30, 0.13, 0.16]);
        }
        let sector = (v.atan2(u) * 5.0 / std::f64::consts::PI)
            .floor()
            .rem_euclid(2.0);
        let base = if sector < 0.5 {
            [0.86, 0.27, 0.25]
        } else {
            [0.97, 0.84, 0.55]
        };
        Some(shade(base, 0.8 + 0.35 * noise(u * 6.0, v * 6.0, 5)))
    }

    /// A thin green ring, far back, that sinks.
    fn ring(&self, x: f64, y: f64) -> Option<Rgb> {
        let center = (self.aspect * 0.84, self.swing(0.36, 0.43, 1.0));
        let r2 = (x - center.0).powi(2) + (y - center.1).powi(2);
        let inside = r2 < 0.15f64.powi(2) && r2 > 0.085f64.powi(2);
        let grain = 0.7 + 0.5 * noise(x * 20.0, (y - center.1) * 20.0, 7);
        inside.then(|| shade([0.22, 0.55, 0.32], grain))
    }

    /// Soft hills of colour with a finer grain, under a slow pan.
    fn ground(&self, x: f64, y: f64) -> Rgb {
        let (u, v) = (
            x + self.swing(0.0, 0.06, 2.0),
            y + self.swing(0.0, -0.02, 2.0),
        );
        // Each octave is turned against the others, so that no lattice shows.
        let (p, q) = (0.8 * u + 0.6 * v, 0.8 * v - 0.6 * u);
        let hills = noise(u * 3.2, v * 3.2, 11);
        let grain =
            0.6 * noise(p * 11.0, q * 11.0, 13) + 0.4 * noise((p - q) * 19.0, (p + q) * 19.0, 17);
        let light = 0.62 + 0.30 * hills + 0.34 * (grain - 0.5);
        let base = [
            mix(0.62, 0.80, hills),
            mix(0.68, 0.74, hills),
            mix(0.66, 0.58, hills),
        ];
        shade(base, light + 0.12)
    }
}

fn shade(color: Rgb, light: f64) -> Rgb {
    color.map(|c| c * light)
}
