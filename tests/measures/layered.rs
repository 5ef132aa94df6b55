//! Scenes in layers: that the truth is one, who sees what, and how `otinterp score` reports them.

#[path = "../../examples/layered_scenes/scene/mod.rs"]
mod scene;

use crate::common::room::Room;
use otinterp::picture::Plane;
use otinterp::picture::still::{Still, write_png};
use scene::affine::{Affine, Point};
use scene::random::Random;
use scene::shape::Shape;
use scene::texture::Texture;
use scene::view::{Drawn, SAMPLES};
use scene::{Kind, Layer, Scene};
use serde_json::Value;

const SIZE: (usize, usize) = (96, 54);

fn small(seed: u64) -> Scene {
    Scene::of_seed(seed, SIZE.0, SIZE.1)
}

fn drawn(scene: &Scene, t: f64) -> Drawn {
    scene.at(t).draw().unwrap()
}

/// A layer that is carried without turning.
fn slide(shape: Shape, texture: Texture, from: Point, to: Point) -> Layer {
    Layer {
        kind: Kind::Object,
        shape,
        texture,
        poses: [from, to].map(|at| Affine::new(at, 0.0, 1.0)),
    }
}

/// The first numbers of the generator for the seed 1234567, as its authors' program in C gives them.
#[test]
fn random_numbers_are_those_of_the_reference() {
    let mut random = Random::new(1_234_567);
    let expected = [
        6_457_827_717_110_365_317,
        3_203_168_211_198_807_973,
        9_817_491_932_198_370_423,
    ];
    assert_eq!([(); 3].map(|()| random.bits()), expected);
}

#[test]
fn a_seed_is_one_scene() {
    let middle = |seed: u64| drawn(&small(seed), 0.5);
    let (first, again, other) = (middle(7), middle(7), middle(8));
    assert!(first.picture == again.picture && first.front == again.front);
    assert!(first.picture != other.picture);
}

/// A background that slides by whole pixels is the same picture elsewhere, at every time.
#[test]
fn a_slide_is_a_shift() {
    let texture = Texture::new(&mut Random::new(3), 60.0);
    let from = [SIZE.0 as f64 / 2.0, SIZE.1 as f64 / 2.0];
    let to = [from[0] + 8.0, from[1] - 4.0];
    let scene = Scene {
        width: SIZE.0,
        height: SIZE.1,
        layers: vec![slide(Shape::Everything, texture, from, to)],
    };
    let still = drawn(&scene, 0.0).picture;
    for (t, right, up) in [(0.25, 2, 1), (0.5, 4, 2), (1.0, 8, 4)] {
        let moved = drawn(&scene, t).picture;
        assert!(moved != still);
        for (now, then) in moved.planes().iter().zip(still.planes()) {
            for y in 0..SIZE.1 - up {
                for x in right..SIZE.0 {
                    let (now, then) = (now[[y, x]], then[[y + up, x - right]]);
                    // Coordinates round differently, which can tip a code over.
                    assert!(
                        (now - then).abs() <= 1.0,
                        "t = {t}: {now} {then} at {x}, {y}"
                    );
                }
            }
        }
    }
}

/// Points move on straight lines at constant speed, so a scene that is played backwards is the same at the mirrored time.
#[test]
fn backwards_is_mirrored_in_time() {
    for seed in 0..4 {
        let scene = small(seed);
        let mut backwards = scene.clone();
        for layer in &mut backwards.layers {
            layer.poses.reverse();
        }
        for t in [0.0, 0.25, 1.0] {
            let (a, b) = (drawn(&scene, t), drawn(&backwards, 1.0 - t));
            assert!(a.picture == b.picture && a.front == b.front, "{seed} {t}");
        }
    }
}

/// A card of 20 x 10 px slides 12 px to the right over a still ground: all is known in whole numbers.
#[test]
fn classes_of_a_card_are_those_of_its_rectangles() {
    let at = |x: f64| [x, 25.0];
    let card = Shape::Card { half: [10.0, 5.0] };
    let ground = slide(
        Shape::Everything,
        Texture::plain([0.2; 3]),
        [0.0; 2],
        [0.0; 2],
    );
    let scene = Scene {
        width: SIZE.0,
        height: SIZE.1,
        layers: vec![
            ground,
            slide(card, Texture::plain([0.9; 3]), at(30.0), at(42.0)),
        ],
    };
    let middle = drawn(&scene, 0.5);
    let classes = scene.classes(&middle).unwrap();
    // Pixels of the card whose left side is at `left`.
    let covered =
        |left: i32, x: i32, y: i32| (left..left + 20).contains(&x) && (20..30).contains(&y);
    let mut seen = [0; 4];
    for y in 0..SIZE.1 as i32 {
        for x in 0..SIZE.0 as i32 {
            let now = covered(26, x, y);
            // The card hides nothing of itself; of the ground it hides what it covers.
            let [first, second] = [20, 32].map(|left| now || !covered(left, x, y));
            let class = 170 * u8::from(first) + 85 * u8::from(second);
            // From the middle of a pixel 3 px reach into the pixels up to 3 px away.
            let mut around = (-3..=3).flat_map(|dy| (-3..=3).map(move |dx| (x + dx, y + dy)));
            let inside =
                |&(x, y): &(i32, i32)| x >= 0 && y >= 0 && x < SIZE.0 as i32 && y < SIZE.1 as i32;
            let edge = around.any(|p| inside(&p) && covered(26, p.0, p.1) != now);
            let code = if edge { class.abs_diff(1) } else { class };
            assert_eq!(
                classes.planes()[0][[y as usize, x as usize]],
                f32::from(code),
                "{x}, {y}"
            );
            seen[usize::from(class / 85)] += 1;
        }
    }
    // 6 columns of 10 px on each side are uncovered or will be.
    assert_eq!(seen, [0, 60, 60, SIZE.0 * SIZE.1 - 120]);
    let mean = middle.picture.planes()[0].mean().unwrap();
    let (card, all) = (200.0, (SIZE.0 * SIZE.1) as f32);
    assert!(
        (mean - (card * 230.0 + (all - card) * 51.0) / all).abs() < 0.1,
        "{mean}"
    );
}

/// What the drawn layers of the ends say of the place where a point goes, but for samples beside an edge.
#[test]
fn classes_agree_with_what_is_drawn_at_the_ends() {
    let mut all = [0; 4];
    for seed in 0..6 {
        let scene = small(seed);
        let middle = drawn(&scene, 0.5);
        let classes = scene.classes(&middle).unwrap();
        let ends = [drawn(&scene, 0.0), drawn(&scene, 1.0)];
        for ((y, x), &code) in classes.planes()[0].indexed_iter() {
            let layer = middle.layer((y, x));
            let [from, to] = &scene.layers[layer].poses;
            let point = from
                .between(to, 0.5)
                .inverse()
                .apply([x as f64 + 0.5, y as f64 + 0.5]);
            let class = ((code + 1.0) / 85.0) as usize;
            for (pose, (end, bit)) in [from, to].iter().zip(ends.iter().zip([2, 1])) {
                let seen = class & bit != 0;
                let labels = around(end, pose.apply(point));
                if let Some(&first) = labels.first()
                    && labels.iter().all(|&label| label == first)
                {
                    assert_eq!(seen, usize::from(first) == layer, "seed {seed}, {x}, {y}");
                }
                let [right, down] = pose.apply(point);
                let (width, height) = (SIZE.0 as f64, SIZE.1 as f64);
                let inside = (0.0..width).contains(&right) && (0.0..height).contains(&down);
                assert!(inside || !seen, "outside: seed {seed}, {x}, {y}");
            }
            all[class] += 1;
        }
    }
    assert!(all[1] > 200 && all[2] > 200 && all[3] > 10_000, "{all:?}");
}

/// The layers at the samples around a place; none if it is outside the picture or on its rim.
fn around(drawn: &Drawn, at: Point) -> Vec<u8> {
    let (rows, columns) = drawn.front.dim();
    let [x, y] = at.map(|x| (x * SAMPLES as f64 - 0.5).round() as i64);
    let mut labels = Vec::new();
    for (dy, dx) in (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (dy, dx))) {
        let place = usize::try_from(y + dy)
            .ok()
            .zip(usize::try_from(x + dx).ok());
        let Some((y, x)) = place.filter(|&(y, x)| y < rows && x < columns) else {
            return Vec::new();
        };
        labels.push(drawn.front[[y, x]]);
    }
    labels
}

#[test]
fn every_scene_has_balls_that_leave_their_place() {
    let mut overlays = 0;
    for seed in 0..60 {
        let scene = small(seed);
        let count = |kind: Kind| {
            scene
                .layers
                .iter()
                .filter(|layer| layer.kind == kind)
                .count()
        };
        assert_eq!(
            (count(Kind::Background), scene.layers[0].kind),
            (1, Kind::Background)
        );
        assert!((2..=4).contains(&count(Kind::Object)) && (1..=2).contains(&count(Kind::Ball)));
        overlays += count(Kind::Overlay);
        for layer in &scene.layers {
            if let Shape::Ball { radius } = layer.shape {
                let [[x0, y0], [x1, y1]] = layer.poses.map(|pose| pose.apply([0.0; 2]));
                // Twice the diameter from end to end: beside its place in the middle, not over it.
                assert!(
                    (x1 - x0).hypot(y1 - y0) >= 4.0 * radius * (1.0 - 1e-9),
                    "{seed}"
                );
                assert_eq!(layer.kind, Kind::Ball);
            }
        }
    }
    assert!((10..40).contains(&overlays), "{overlays}");
}

/// Areas of the outlines, counted on a fine grid, against their formulas.
#[test]
fn outlines_have_their_areas() {
    let area = |shape: &Shape| {
        let cells = (0..400).flat_map(|y| (0..400).map(move |x| (x, y)));
        let place = |i: i32| f64::from(i - 200) * 0.5 + 0.25;
        0.25 * cells
            .filter(|&(x, y)| shape.covers([place(x), place(y)]))
            .count() as f64
    };
    let pi = std::f64::consts::PI;
    // Twelve triangles with an angle of 30 degrees between the two radii.
    let star = 12.0 * 0.5 * 80.0 * 30.0 * (pi / 6.0).sin();
    let blob = Shape::Blob {
        radius: 60.0,
        waves: vec![(0.0, 0.0), (0.2, 1.0)],
    };
    // The figure 1: each octal digit is a row of three dots.
    let one = 0o26227u16;
    let cases = [
        (Shape::Card { half: [50.0, 20.0] }, 4000.0),
        (
            Shape::Ring {
                inner: 40.0,
                outer: 80.0,
            },
            pi * 4800.0,
        ),
        (Shape::Ball { radius: 70.0 }, pi * 4900.0),
        (
            Shape::Star {
                inner: 30.0,
                outer: 80.0,
            },
            star,
        ),
        (
            Shape::Bars {
                count: 4,
                side: 120.0,
            },
            120.0 * 120.0 / 3.0,
        ),
        (blob, pi * 3600.0 * (1.0 + 0.02)),
        (
            Shape::Marks {
                signs: vec![one],
                dot: 20.0,
            },
            400.0 * f64::from(one.count_ones()),
        ),
    ];
    for (shape, expected) in cases {
        let found = area(&shape);
        assert!(
            (found / expected - 1.0).abs() < 0.01,
            "{shape:?}: {found} {expected}"
        );
        let beyond = shape.reach() + 1e-6;
        let angles = (0..360).map(|degree| f64::from(degree).to_radians());
        let mut circle = angles.map(|angle| [beyond * angle.cos(), beyond * angle.sin()]);
        assert!(!circle.any(|point| shape.covers(point)), "{shape:?}");
    }
}

fn save(room: &Room, name: &str, picture: otinterp::Picture) {
    let mut png = Vec::new();
    write_png(&Still::from(picture), &mut png).unwrap();
    room.write(name, &png);
}

/// Writes what the generator writes.
fn save_scene(room: &Room, folder: &str, scene: &Scene) {
    for (name, balls, t) in [
        ("im1", "ball0", 0.0),
        ("gt", "ball", 0.5),
        ("im3", "ball1", 1.0),
    ] {
        let drawn = drawn(scene, t);
        save(
            room,
            &format!("{folder}/{balls}.png"),
            drawn.balls(scene).unwrap(),
        );
        if t == 0.5 {
            save(
                room,
                &format!("{folder}/classes.png"),
                scene.classes(&drawn).unwrap(),
            );
        }
        save(room, &format!("{folder}/{name}.png"), drawn.picture);
    }
}

/// A ball over a plain ground that passes 20 px at each half, drawn, scored, and held against its closed form.
#[test]
fn score_reports_layers() {
    let room = Room::new();
    let ball = Layer {
        kind: Kind::Ball,
        ..slide(
            Shape::Card { half: [4.0, 4.0] },
            Texture::plain([0.8; 3]),
            [20.0, 27.0],
            [60.0, 27.0],
        )
    };
    let ground = slide(
        Shape::Everything,
        Texture::plain([0.2; 3]),
        [0.0; 2],
        [0.0; 2],
    );
    let scene = Scene {
        width: SIZE.0,
        height: SIZE.1,
        layers: vec![ground, ball],
    };
    save_scene(&room, "set/a", &scene);
    let args = "score set --method crossfade --method hold";
    let report = room.json(args);
    let of = |method: usize| report["sets"][0]["methods"][method]["mean"].clone();
    let near = |value: &Value, expected: f64| {
        let found = value.as_f64().unwrap();
        assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    };
    // Ground 51, ball 204, the difference 153; in the cross-fade half of that, rounded up: 77 above the ground (127.5 is 128).
    let psnr = |square: f64| 10.0 * (255.0f64.powi(2) / square).log10();
    let fade = of(0);
    near(&fade["ghost"], 0.5);
    near(&fade["layers"]["thing"], 0.0);
    near(&fade["layers"]["trace_db"], psnr(77.0 * 77.0));
    // Where the ball was and will be, 128 px, the ground is seen in one picture.
    near(&fade["layers"]["one_db"], psnr(77.0 * 77.0));
    // The ball and a rim of 3 px around it: 14 x 14 px less the 2 x 2 px in its middle.
    near(
        &fade["layers"]["edge_db"],
        psnr(153.0 * 153.0 * 60.0 / 192.0),
    );
    // Of what both show no more than the middle of the ball is wrong.
    let both = (SIZE.0 * SIZE.1 - 128 - 192) as f64;
    near(&fade["layers"]["both_db"], psnr(153.0 * 153.0 * 4.0 / both));
    // The second picture has all of its ball where the truth has none.
    let hold = of(1);
    near(&hold["ghost"], 0.5);
    near(&hold["layers"]["trace_db"], psnr(153.0 * 153.0 / 2.0));
    let table = String::from_utf8(room.ok(args)).unwrap();
    let head = table.lines().next().unwrap();
    for column in ["one dB", "edge dB", "thing", "trace dB"] {
        assert!(head.contains(column), "{table}");
    }
}

/// Two scenes are pooled by their pixels, and one without classes counts for the means only.
#[test]
fn scenes_in_layers_are_pooled() {
    let room = Room::new();
    // Large enough for balls to be more than a few pixels.
    for seed in 0..2 {
        let scene = Scene::of_seed(seed, 320, 180);
        save_scene(&room, &format!("set/{seed}"), &scene);
    }
    for (name, code) in [("im1", 10), ("gt", 60), ("im3", 110)] {
        room.flat(&format!("set/z/{name}.png"), (320, 180), code);
    }
    let report = room.json("score set --method crossfade");
    let method = &report["sets"][0]["methods"][0];
    let frames = method["frames"].as_array().unwrap();
    assert_eq!(frames.len(), 3);
    assert!(frames[2].get("layers").is_none(), "{}", frames[2]);
    // Edges of both scenes: MSE by counts, read back from the classes.
    let edges = |folder: &str| {
        let file = room.path(&format!("set/{folder}/classes.png"));
        let classes = otinterp::picture::still::read(&file).unwrap().picture;
        let is_edge = |code: &&f32| **code % 85.0 != 0.0;
        let plane: &Plane = &classes.planes()[0];
        plane.iter().filter(is_edge).count() as f64
    };
    let square = |value: &Value| 10f64.powf(-value["layers"]["edge_db"].as_f64().unwrap() / 10.0);
    let (n, m) = (edges("0"), edges("1"));
    let pooled = (n * square(&frames[0]) + m * square(&frames[1])) / (n + m);
    assert!((square(&method["mean"]) / pooled - 1.0).abs() < 1e-9);
    assert!((square(&frames[0]) / square(&frames[1]) - 1.0).abs() > 1e-3);
    let thing = method["mean"]["layers"]["thing"].as_f64().unwrap();
    // There a cross-fade has the background, but for rounding to whole codes.
    assert!(thing.abs() < 0.01, "{thing}");
}

#[test]
fn what_lies_beside_a_scene_must_fit() {
    let room = Room::new();
    for name in ["im1", "gt", "im3"] {
        room.flat(&format!("set/a/{name}.png"), (24, 16), 100);
    }
    // Of three channels, then of another size.
    room.flat("set/a/classes.png", (24, 16), 255);
    room.fails("score set", 1, &["classes.png", "grey"]);
    let plane = Plane::zeros((16, 23));
    let small = otinterp::Picture::new(otinterp::picture::Format::gray(8), vec![plane]);
    save(&room, "set/a/classes.png", small.unwrap());
    room.fails("score set", 1, &["classes.png", "24x16", "23x16"]);
}
