//! Maps of layers: visibility and order of depth as planes, by cells or for every pixel.

use super::{Cells, Layers, layers};
use crate::frame_pyramid::PyramidLevel;
use crate::motion::{Motion, MotionField, upsampled};
use crate::picture::Plane;
use otinterp_simd::Level as Cpu;

/// What is known of the layers of one picture, by cells that stand as those of a [`MotionField`](crate::motion::MotionField).
#[derive(Debug, Clone)]
pub struct LayerMaps {
    /// Cells are squares of `2^cell_log2` px: 0 for pixels.
    pub cell_log2: u8,
    /// How far a cell is seen in the other picture, in `[0, 1]`: `1 - h`, where `h` is how far something of another motion hides it there;
    /// 0 where its layer's motion leads out of the other picture.
    pub visibility: Plane,
    /// Order of depth of a cell's layer, in `(-1, 1)`, larger in front: `(f - b)/(f + b + 5)`, of `f` cells that tell that the layer hides
    /// another one and `b` that it is hidden; 0 where nothing tells.
    pub order: Plane,
}

impl LayerMaps {
    /// Those of both pictures, of the motion between them; `levels` are the pictures' whose pixels are its cells, the second as bright
    /// as the first.
    pub(crate) fn between(cpu: Cpu, motion: &Motion, levels: [&PyramidLevel; 2]) -> [Self; 2] {
        let cells = levels.map(Cells::of);
        let fields = [&motion.forward, &motion.backward].map(|field| field.clone().into_cells());
        let found = layers(
            cpu,
            cells.each_ref(),
            fields.each_ref(),
            motion.forward.cell_log2,
        );
        [0, 1].map(|n| Self::of(&cells[n], &found[n], motion.forward.cell_log2))
    }

    /// Those of a picture between which and the other nothing moves: all is seen, nothing lies in front.
    pub(crate) fn still(motion: &MotionField) -> Self {
        let dim = motion.dx.dim();
        Self {
            cell_log2: motion.cell_log2,
            visibility: Plane::ones(dim),
            order: Plane::zeros(dim),
        }
    }

    /// Those of one picture's cells.
    pub(crate) fn of(cells: &Cells, layers: &Layers, cell_log2: u8) -> Self {
        let dim = (cells.height, cells.width);
        let at = |(y, x)| y * cells.width + x;
        let visibility = Plane::from_shape_fn(dim, |(y, x)| {
            let [dx, dy] = layers.motion[at((y, x))];
            if cells.has(x as f32 + dx, y as f32 + dy) {
                1.0 - layers.hidden[at((y, x))]
            } else {
                0.0
            }
        });
        let order = Plane::from_shape_fn(dim, |place| layers.order[at(place)]);
        Self {
            cell_log2,
            visibility,
            order,
        }
    }

    /// Upsampled to every pixel of a picture of that height and width, bilinear between cells.
    pub fn per_pixel(self, dim: (usize, usize)) -> Self {
        Self {
            cell_log2: 0,
            visibility: upsampled(self.visibility, self.cell_log2, dim),
            order: upsampled(self.order, self.cell_log2, dim),
        }
    }
}
