//! A scene at one time, and its picture.

use super::affine::{Affine, Point};
use super::{Kind, Scene};
use ndarray::Array2;
use otinterp::Picture;
use otinterp::picture::{Format, PictureError, Plane};
use rayon::prelude::*;

/// Samples per pixel and axis: edges get ten grades, as fine as the noise of a camera. Odd, so that one is in the middle.
pub const SAMPLES: usize = 3;

/// Where the layers of a scene are at one time.
pub struct View<'a> {
    scene: &'a Scene,
    placed: Vec<Placed>,
}

/// Where a layer is.
struct Placed {
    /// From its plane into the picture, and back.
    pose: Affine,
    back: Affine,
    /// Square of [`Shape::reach`](super::shape::Shape::reach).
    reach_square: f64,
}

/// The picture at one time.
pub struct Drawn {
    pub picture: Picture,
    /// The layer in front at each sample.
    pub front: Array2<u8>,
}

impl Scene {
    /// The scene at a time in [0, 1].
    pub fn at(&self, t: f64) -> View<'_> {
        let placed = self.layers.iter().map(|layer| {
            let [from, to] = &layer.poses;
            let pose = from.between(to, t);
            Placed {
                pose,
                back: pose.inverse(),
                reach_square: layer.shape.reach().powi(2),
            }
        });
        View {
            scene: self,
            placed: placed.collect(),
        }
    }
}

impl View<'_> {
    /// The layer in front at a point of the picture, and the point in that layer's own plane.
    pub fn front(&self, at: Point) -> (usize, Point) {
        let layers = (1..self.placed.len()).rev();
        let mut seen = layers.filter_map(|layer| Some((layer, self.inside(layer, at)?)));
        seen.next().unwrap_or((0, self.placed[0].back.apply(at)))
    }

    /// The point in a layer's own plane, if the layer covers it.
    fn inside(&self, layer: usize, at: Point) -> Option<Point> {
        let placed = &self.placed[layer];
        let [x, y] = placed.back.apply(at);
        let near = x * x + y * y <= placed.reach_square;
        (near && self.scene.layers[layer].shape.covers([x, y])).then_some([x, y])
    }

    /// Whether a point of a layer's own plane, which the layer covers, is in the picture with nothing in front of it.
    pub fn shows(&self, layer: usize, point: Point) -> bool {
        let at = self.placed[layer].pose.apply(point);
        let size = [self.scene.width, self.scene.height];
        let within = at
            .iter()
            .zip(size)
            .all(|(&x, side)| (0.0..side as f64).contains(&x));
        within && (layer + 1..self.placed.len()).all(|above| self.inside(above, at).is_none())
    }

    /// The picture in 8-bit RGB: the mean of 3 × 3 samples a pixel.
    pub fn draw(&self) -> Result<Drawn, PictureError> {
        let (width, height) = (self.scene.width, self.scene.height);
        let rows: Vec<_> = (0..height).into_par_iter().map(|y| self.row(y)).collect();
        let plane = |c: usize| Plane::from_shape_fn((height, width), |(y, x)| rows[y].0[x][c]);
        let picture = Picture::new(Format::rgb(8), vec![plane(0), plane(1), plane(2)])?;
        let samples = (height * SAMPLES, width * SAMPLES);
        let front = Array2::from_shape_fn(samples, |(y, x)| {
            rows[y / SAMPLES].1[y % SAMPLES * samples.1 + x]
        });
        Ok(Drawn { picture, front })
    }

    /// The codes of a row of pixels, and the layers in front in its rows of samples.
    fn row(&self, row: usize) -> (Vec<[f32; 3]>, Vec<u8>) {
        let (width, samples) = (self.scene.width, self.scene.width * SAMPLES);
        let mut sums = vec![[0.0; 3]; width];
        let mut front = Vec::with_capacity(samples * SAMPLES);
        for y in row * SAMPLES..(row + 1) * SAMPLES {
            for x in 0..samples {
                let (layer, point) = self.front([middle(x), middle(y)]);
                let color = self.scene.layers[layer].texture.color(point);
                for (sum, code) in sums[x / SAMPLES].iter_mut().zip(color) {
                    *sum += code;
                }
                front.push(layer as u8);
            }
        }
        let code = |sum: f64| (sum * 255.0 / (SAMPLES * SAMPLES) as f64).round() as f32;
        (sums.iter().map(|sum| sum.map(code)).collect(), front)
    }
}

/// The middle of a sample, in px.
fn middle(sample: usize) -> f64 {
    (sample as f64 + 0.5) / SAMPLES as f64
}

impl Drawn {
    /// The layer in the middle of a pixel.
    pub fn layer(&self, (y, x): (usize, usize)) -> usize {
        let middle = |pixel: usize| pixel * SAMPLES + SAMPLES / 2;
        self.front[[middle(y), middle(x)]].into()
    }

    /// Where balls are: 255, else 0.
    pub fn balls(&self, scene: &Scene) -> Result<Picture, PictureError> {
        let size = (scene.height, scene.width);
        let is_ball = |at| scene.layers[self.layer(at)].kind == Kind::Ball;
        let mask = Plane::from_shape_fn(size, |at| if is_ball(at) { 255.0 } else { 0.0 });
        Picture::new(Format::gray(8), vec![mask])
    }
}
