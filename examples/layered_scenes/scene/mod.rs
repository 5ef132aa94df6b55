//! Scenes in layers, of which the true picture at every time is known, and who sees what.
//!
//! Each layer is moved by `(1 − t) M₀ + t M₁`, so that all its points move on straight lines at constant speed: the true in-between is
//! unique. Lengths are in px, y down, the origin in the top left corner; the middle of a pixel is at ½.

pub mod affine;
mod classes;
#[path = "../../common/noise.rs"]
mod noise;
pub mod random;
pub mod shape;
pub mod texture;
pub mod view;

use affine::{Affine, Point};
use random::Random;
use shape::Shape;
use std::f64::consts::TAU;
use texture::Texture;

/// The picture width at which speeds are what they are given as.
const NOMINAL_WIDTH: f64 = 640.0;

/// What a layer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Behind everything, without end.
    Background,
    /// Large enough to be followed by its texture.
    Object,
    /// Small and so fast that it does not touch where it was.
    Ball,
    /// Signs that stand still.
    Overlay,
}

/// One layer.
#[derive(Debug, Clone)]
pub struct Layer {
    pub kind: Kind,
    pub shape: Shape,
    pub texture: Texture,
    /// From its plane into the picture at t = 0 and t = 1.
    pub poses: [Affine; 2],
}

/// Layers from back to front; the first covers everything.
#[derive(Debug, Clone)]
pub struct Scene {
    pub width: usize,
    pub height: usize,
    pub layers: Vec<Layer>,
}

impl Scene {
    /// The scene of a seed: a background, two to four objects, one or two balls, and sometimes an overlay.
    pub fn of_seed(seed: u64, width: usize, height: usize) -> Self {
        let mut random = Random::new(seed);
        let size = [width as f64, height as f64];
        let mut layers = vec![background(&mut random, size)];
        for _ in 0..random.whole(2, 4) {
            layers.push(object(&mut random, size));
        }
        for _ in 0..random.whole(1, 2) {
            layers.push(ball(&mut random, size));
        }
        if random.chance(0.4) {
            layers.push(overlay(&mut random, size));
        }
        Self {
            width,
            height,
            layers,
        }
    }
}

/// Still, or a slow or a fast pan, with a little turn and zoom.
fn background(random: &mut Random, [width, height]: Point) -> Layer {
    let speed = random.pick(&[0.0, 3.0, 12.0, 40.0]) * width / NOMINAL_WIDTH;
    let turn = random.around(0.0, 0.016);
    let zoom = random.around(1.0, 0.012);
    let centre = [width / 2.0, height / 2.0];
    Layer {
        kind: Kind::Background,
        shape: Shape::Everything,
        texture: Texture::new(random, width),
        poses: poses(random, centre, speed, (0.0, turn), zoom),
    }
}

fn object(random: &mut Random, size: Point) -> Layer {
    let across = random.uniform(0.15, 0.45) * size[0];
    let speed = random.pick(&[2.0, 8.0, 20.0, 45.0]) * size[0] / NOMINAL_WIDTH;
    let centre = place(random, size);
    let (angle, turn) = (random.uniform(0.0, TAU), random.around(0.0, 0.1));
    let zoom = random.around(1.0, 0.03);
    Layer {
        kind: Kind::Object,
        shape: Shape::large(random, across),
        texture: Texture::new(random, across),
        poses: poses(random, centre, speed, (angle, turn), zoom),
    }
}

/// Two to six diameters from end to end: in the middle it touches neither of the places where the pictures show it.
fn ball(random: &mut Random, size: Point) -> Layer {
    let diameter = random.uniform(0.022, 0.044) * size[0];
    let speed = diameter * random.uniform(2.0, 6.0);
    let centre = place(random, size);
    let (angle, turn) = (random.uniform(0.0, TAU), random.around(0.0, 0.1));
    Layer {
        kind: Kind::Ball,
        shape: Shape::Ball {
            radius: diameter / 2.0,
        },
        texture: Texture::new(random, diameter).tinted(random),
        poses: poses(random, centre, speed, (angle, turn), 1.0),
    }
}

fn overlay(random: &mut Random, size: Point) -> Layer {
    let [width, height] = size;
    let centre = [
        width * random.uniform(0.2, 0.8),
        height * random.uniform(0.1, 0.9),
    ];
    let across = width * random.uniform(0.12, 0.25);
    Layer {
        kind: Kind::Overlay,
        shape: Shape::marks(random, across),
        texture: Texture::plain([0.96; 3]),
        poses: [Affine::new(centre, 0.0, 1.0); 2],
    }
}

/// Where the middle of a layer is at t = ½: within the picture.
fn place(random: &mut Random, size: Point) -> Point {
    size.map(|side| side * random.uniform(0.12, 0.88))
}

/// Moved by `speed` px in a random direction, half of it before t = ½, while it turns from `angle` by `turn` and grows to `zoom`.
fn poses(
    random: &mut Random,
    [x, y]: Point,
    speed: f64,
    (angle, turn): (f64, f64),
    zoom: f64,
) -> [Affine; 2] {
    let (sin, cos) = random.uniform(0.0, TAU).sin_cos();
    let (dx, dy) = (cos * speed / 2.0, sin * speed / 2.0);
    [
        Affine::new([x - dx, y - dy], angle - turn / 2.0, 1.0),
        Affine::new([x + dx, y + dy], angle + turn / 2.0, zoom),
    ]
}
