//! What is known of layers, against a scene of which it is known who sees what: a textured square over a textured background, both moving.

use crate::common::texture::texture;
use ndarray::Array2;
use otinterp::picture::{Format, Picture, Plane};
use otinterp::probe::{Place, Probe, Side, View};
use otinterp::{Interpolator, LayerMaps, Method, Preset};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// The scene, in px at the scale 1.
const DIM: (usize, usize) = (144, 192);
const SQUARE_PX: isize = 56;
/// Where the square begins in the first picture.
const LEFT: isize = 56;
const TOP: isize = 44;
/// Motions, px rightwards: that of the square and that of the background.
const FRONT_PX: isize = 16;
const BACK_PX: isize = -8;
/// So near to where truth changes nothing is asked: a window of 3×3 cells of 4 px.
const BLURRED_PX: isize = 6;

/// The scene, so many times as large.
#[derive(Clone, Copy)]
struct Scene(isize);

impl Scene {
    /// Cells of 8 px need twice the room.
    fn of(preset: Preset) -> Self {
        Self(if preset == Preset::Fast { 2 } else { 1 })
    }

    fn dim(self) -> (usize, usize) {
        (DIM.0 * self.0 as usize, DIM.1 * self.0 as usize)
    }

    fn is_square(self, side: usize, x: isize, y: isize) -> bool {
        let (left, side_px) = (LEFT + FRONT_PX * side as isize, SQUARE_PX * self.0);
        (self.0 * left..self.0 * left + side_px).contains(&x)
            && (self.0 * TOP..self.0 * TOP + side_px).contains(&y)
    }

    fn picture(self, side: usize) -> Picture {
        let plane = Array2::from_shape_fn(self.dim(), |(y, x)| {
            let moved = |by: isize| x as f64 - (self.0 * by * side as isize) as f64;
            if self.is_square(side, x as isize, y as isize) {
                60.0 + 0.75 * texture(y as f64 + 300.0, moved(FRONT_PX), 1)
            } else {
                0.75 * texture(moved(BACK_PX), y as f64, 0)
            }
        });
        let mut picture = Picture::new(Format::gray(8), vec![plane]).unwrap();
        picture.quantize();
        picture
    }

    fn shown(self, side: usize, x: isize, y: isize) -> Shown {
        let there = x + self.0 * if side == 0 { BACK_PX } else { -BACK_PX };
        if self.is_square(side, x, y) {
            Shown::Square
        } else if !(0..self.dim().1 as isize).contains(&there) {
            Shown::Outside
        } else if self.is_square(1 - side, there, y) {
            Shown::Hidden
        } else {
            Shown::Seen
        }
    }
}

/// What a pixel of a picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Square,
    /// Background that the other picture shows, too.
    Seen,
    /// Background that the square hides there.
    Hidden,
    /// Background that lies outside there.
    Outside,
}

/// Of the pixels that show `what`, with none around that shows something else: how many, and their least, mean and largest value.
fn spread(scene: Scene, plane: &Plane, side: usize, what: Shown) -> (usize, f32, f32, f32) {
    let by = scene.0 * BLURRED_PX;
    let width = scene.dim().1;
    let is_inner = |x: isize, y: isize| {
        [-by, 0, by].into_iter().all(|down| {
            [-by, 0, by].into_iter().all(|right| {
                let x = (x + right).clamp(0, width as isize - 1);
                scene.shown(side, x, y + down) == what
            })
        })
    };
    let values: Vec<f32> = plane
        .indexed_iter()
        .filter(|&((y, x), _)| is_inner(x as isize, y as isize))
        .map(|(_, &v)| v)
        .collect();
    let fold = |of: fn(f32, f32) -> f32| values.iter().copied().reduce(of).unwrap();
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    (values.len(), fold(f32::min), mean, fold(f32::max))
}

fn is_true(scene: Scene, maps: &LayerMaps, side: usize, name: &str) {
    let seen = |what| spread(scene, &maps.visibility, side, what);
    let order = |what| spread(scene, &maps.order, side, what);
    for what in [Shown::Square, Shown::Seen, Shown::Hidden, Shown::Outside] {
        let ((count, _, seen, most), (_, _, order, _)) = (seen(what), order(what));
        let case = format!("{name}, picture {side}, {what:?}, {count} px: {seen}, {order}");
        assert!(count > 200, "{case}");
        match what {
            Shown::Square => assert!(seen > 0.98 && order > 0.85, "{case}"),
            Shown::Seen => assert!(seen > 0.98 && order < -0.75, "{case}"),
            // Here and there the square looks like what it hides; the fewer cells, the less they say together.
            Shown::Hidden => assert!(seen < 0.25 && order < -0.5, "{case}"),
            Shown::Outside => assert!(most == 0.0 && order < -0.75, "{case}"),
        }
    }
    let ((.., square, _), (.., first)) = (order(Shown::Square), order(Shown::Seen));
    assert!(square > first, "{name}, picture {side}: {square} {first}");
}

#[test]
fn what_a_square_hides_and_that_it_is_in_front_is_known() {
    for preset in [Preset::Fast, Preset::Balanced, Preset::Best] {
        let scene = Scene::of(preset);
        let (a, b) = (scene.picture(0), scene.picture(1));
        let interpolator = Interpolator::new(Method::Ot, preset);
        let (motion, maps) = interpolator.layers(&a, &b).unwrap();
        let alone = interpolator.motion(&a, &b).unwrap();
        assert_eq!(
            (motion.forward.dx, motion.backward.dy),
            (alone.forward.dx, alone.backward.dy)
        );
        for (side, maps) in maps.into_iter().enumerate() {
            let maps = maps.per_pixel(scene.dim());
            is_true(scene, &maps, side, &format!("{preset:?}"));
        }
    }
}

/// Keeps planes.
#[derive(Debug, Default)]
struct Kept(Mutex<BTreeMap<Place, Plane>>);

impl Probe for Kept {
    fn is_on(&self) -> bool {
        true
    }

    fn plane(&self, place: Place, plane: &Plane) {
        self.0.lock().unwrap().insert(place, plane.clone());
    }
}

#[test]
fn a_probe_is_given_the_same_maps() {
    let (a, b) = (Scene(1).picture(0), Scene(1).picture(1));
    let interpolator = Interpolator::new(Method::Ot, Preset::Balanced);
    let kept = Kept::default();
    interpolator.inspect(&a, &b, 0.3, &kept).unwrap();
    let (_, maps) = interpolator.layers(&a, &b).unwrap();
    let kept = kept.0.into_inner().unwrap();
    for (maps, side) in maps.iter().zip([Side::First, Side::Second]) {
        let level = maps.cell_log2.into();
        let plane = |view| &kept[&Place { view, side, level }];
        assert_eq!(plane(View::Visibility), &maps.visibility);
        assert_eq!(plane(View::Order), &maps.order);
    }
}

#[test]
fn where_nothing_moves_all_is_seen_and_nothing_lies_in_front() {
    let (a, b) = (Scene(1).picture(0), Scene(1).picture(1));
    for (method, b) in [(Method::Ot, &a), (Method::CrossFade, &b)] {
        let interpolator = Interpolator::new(method, Preset::Balanced);
        let (_, maps) = interpolator.layers(&a, b).unwrap();
        for maps in maps.map(|maps| maps.per_pixel(DIM)) {
            assert_eq!(maps.visibility, Plane::ones(DIM));
            assert_eq!(maps.order, Plane::zeros(DIM));
        }
    }
}
