//! Who sees what of the true middle.

use super::Scene;
use super::view::{Drawn, SAMPLES};
use ndarray::Array2;
use otinterp::Picture;
use otinterp::picture::{Format, PictureError, Plane};

/// What both pictures show, the first only, the second only; neither is 0.
const SEEN_IN: [f32; 2] = [170.0, 85.0];
/// Pixels this near to an edge of a layer, across or down, count as edges.
const EDGE_PX: usize = 3;

impl Scene {
    /// The code of each pixel of the middle, as `otinterp score` reads it: 255 if what is in the middle of the pixel is seen in both pictures, 170
    /// the first only, 85 the second only, 0 neither; within 3 px of an edge of a layer 1 less, and 1 for 0.
    pub fn classes(&self, middle: &Drawn) -> Result<Picture, PictureError> {
        let (view, ends) = (self.at(0.5), [self.at(0.0), self.at(1.0)]);
        let edges = edges(&middle.front);
        let classes = Plane::from_shape_fn((self.height, self.width), |(y, x)| {
            let (layer, point) = view.front([x as f64 + 0.5, y as f64 + 0.5]);
            let seen = ends
                .iter()
                .zip(SEEN_IN)
                .filter(|(end, _)| end.shows(layer, point));
            let code: f32 = seen.map(|(_, code)| code).sum();
            match edges[[y, x]] {
                true => (code - 1.0).abs(),
                false => code,
            }
        });
        Picture::new(Format::gray(8), vec![classes])
    }
}

/// Whether within 3 px of the middle of a pixel, across and down, there is more than one layer.
fn edges(front: &Array2<u8>) -> Array2<bool> {
    let (rows, columns) = front.dim();
    let reach = EDGE_PX * SAMPLES;
    let window = |pixel: usize, len: usize| {
        let middle = pixel * SAMPLES + SAMPLES / 2;
        middle.saturating_sub(reach)..(middle + reach + 1).min(len)
    };
    // First across, in all rows of samples, then down.
    let across = Array2::from_shape_fn((rows, columns / SAMPLES), |(y, x)| {
        extent(window(x, columns).map(|x| (front[[y, x]], front[[y, x]])))
    });
    Array2::from_shape_fn((rows / SAMPLES, columns / SAMPLES), |(y, x)| {
        let (least, greatest) = extent(window(y, rows).map(|y| across[[y, x]]));
        least < greatest
    })
}

fn extent(ranges: impl Iterator<Item = (u8, u8)>) -> (u8, u8) {
    ranges.fold((u8::MAX, 0), |(low, high), (l, h)| {
        (low.min(l), high.max(h))
    })
}
