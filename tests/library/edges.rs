//! The edges of a thing between two pictures: they move evenly, at every time.

use crate::common::texture::texture;
use ndarray::Array2;
use otinterp::picture::{Format, Picture};
use otinterp::{Interpolator, Method, Preset};
use std::ops::Range;

const DIM: (usize, usize) = (128, 176);
/// First column and rows of the thing, a rectangle.
const LEFT: usize = 64;
const ROWS: Range<usize> = 36..92;
/// Rows in which edges are measured: away from the corners.
const MEASURED: Range<usize> = 44..84;
/// Columns on either side of an edge over which the picture is summed.
const REACH: usize = 20;
/// A cell of these presets at this size: a column of cells that goes to the wrong owner along a whole edge moves that edge by as much.
const CELL_PX: f64 = 2.0;
/// Less than a third of the cells along an edge may have the wrong owner. With the order of depth exchanged the edges of [`NARROW`] are
/// off by 1.0 to 6.6 px, and with nothing taken as hidden by 0.8 to 1.4 px.
const MOST_OFF_PX: f64 = CELL_PX / 3.0;
/// If a share r of these cells changes its owner for one time alone, the second difference is `2 r CELL_PX`: r is below 1/8,
/// from one tenth of the way to the next.
const MOST_BEND_PX: f64 = 0.125 * 2.0 * CELL_PX;

/// A rectangle, bright everywhere, in front of what is at least 60 codes darker; both with detail.
#[derive(Debug, Clone, Copy)]
struct Scene {
    width: usize,
    /// Motions, px rightwards: that of the thing, in whole pixels, and that of what is behind.
    front_px: f64,
    back_px: f64,
}

impl Scene {
    fn front(&self, x: f64, y: f64, t: f64) -> f32 {
        180.0 + 0.25 * texture(x - self.front_px * t + 500.0, y + 200.0, 1)
    }

    fn back(&self, x: f64, y: f64, t: f64) -> f32 {
        20.0 + 0.4 * texture(x - self.back_px * t, y, 0)
    }

    /// At 0 or 1, when the thing covers whole pixels.
    fn picture(&self, t: f64) -> Picture {
        let left = LEFT + (self.front_px * t) as usize;
        let plane = Array2::from_shape_fn(DIM, |(row, column)| {
            let is_thing = (left..left + self.width).contains(&column) && ROWS.contains(&row);
            let (x, y) = (column as f64, row as f64);
            if is_thing {
                self.front(x, y, t)
            } else {
                self.back(x, y, t)
            }
        });
        let mut picture = Picture::new(Format::gray(8), vec![plane]).unwrap();
        picture.quantize();
        picture
    }

    /// How far a picture's thing reaches beyond its true edges at `t`, px, outwards at the left and at the right one, on average over the
    /// rows: the sum of `(v - B)/(F - B)` over the columns between its middle and `REACH` px outside, of value v, thing F and background B as they
    /// truly are, less what of these columns is truly the thing's.
    fn beyond_px(&self, picture: &Picture, t: f64) -> [f64; 2] {
        let left = LEFT as f64 - 0.5 + self.front_px * t;
        let middle = (left + 0.5 * self.width as f64).round() as usize;
        let border = middle as f64 - 0.5;
        let sides = [
            (middle - self.width / 2 - REACH..middle, border - left),
            (
                middle..middle + self.width / 2 + REACH,
                left + self.width as f64 - border,
            ),
        ];
        sides.map(|(columns, true_px)| {
            let mut sum = 0.0;
            for row in MEASURED {
                for column in columns.clone() {
                    let (x, y) = (column as f64, row as f64);
                    let (front, back) = (self.front(x, y, t), self.back(x, y, t));
                    sum += f64::from((picture.planes()[0][(row, column)] - back) / (front - back));
                }
            }
            sum / MEASURED.len() as f64 - true_px
        })
    }
}

/// Covered at the leading edge and uncovered at the trailing one.
const WIDE: Scene = Scene {
    width: 44,
    front_px: 12.0,
    back_px: -4.0,
};
/// Flies farther than it is wide: on its way it hides what both pictures show, so that nothing but the order of depth puts it in front.
const NARROW: Scene = Scene {
    width: 12,
    front_px: 24.0,
    back_px: -4.0,
};

#[test]
fn the_measure_sees_a_column_more() {
    for scene in [WIDE, NARROW] {
        for t in [0.0, 1.0] {
            let off = scene.beyond_px(&scene.picture(t), t);
            // Rounding to codes.
            assert!(off.iter().all(|off| off.abs() < 0.01), "{t}: {off:?}");
        }
        // Beside where it would be a pixel later.
        let [left, right] = scene.beyond_px(&scene.picture(0.0), 1.0 / scene.front_px);
        assert!((left - 1.0).abs() < 0.2 && (right + 1.0).abs() < 0.2);
    }
}

#[test]
fn edges_move_evenly_from_one_picture_to_the_other() {
    for (scene, preset) in [WIDE, NARROW]
        .into_iter()
        .flat_map(|scene| [(scene, Preset::Balanced), (scene, Preset::Best)])
    {
        let (a, b) = (scene.picture(0.0), scene.picture(1.0));
        let interpolator = Interpolator::new(Method::Ot, preset);
        let transition = interpolator.between(&a, &b).unwrap();
        let off: Vec<[f64; 2]> = (0..51)
            .map(|fiftieths| f64::from(fiftieths) / 50.0)
            .map(|t| scene.beyond_px(&transition.at(t as f32), t))
            .collect();
        for (n, edge) in ["trailing", "leading"].into_iter().enumerate() {
            let off: Vec<f64> = off.iter().map(|off| off[n]).collect();
            let tenths: Vec<f64> = off.iter().copied().step_by(5).collect();
            let bends = tenths.windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).abs());
            let worst = off.iter().fold(0.0f64, |worst, off| worst.max(off.abs()));
            let bend = bends.fold(0.0, f64::max);
            let case = format!("{scene:?}, {preset:?}, {edge} edge: {off:.2?}");
            assert!(worst < MOST_OFF_PX, "{case}: off by {worst:.2} px");
            assert!(bend < MOST_BEND_PX, "{case}: bent by {bend:.2} px");
        }
    }
}
