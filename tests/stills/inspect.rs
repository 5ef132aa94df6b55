//! `otinterp inspect`, and the maps of layers of `otinterp flow`, from the outside: a bright square that moves to the right before a texture.

use crate::common::room::Room;
use crate::common::texture::texture;
use image::{GrayImage, Luma};
use otinterp_cli::data::Opened;
use otinterp_cli::flow::read_map;
use std::io::Cursor;

const SIZE: (u32, u32) = (192, 144);
const SQUARE_PX: u32 = 48;
const LEFT: u32 = 48;
const TOP: u32 = 48;
const SHIFT_PX: u32 = 32;

fn png(left: u32) -> Vec<u8> {
    let square = |v: u32, from: u32| (from..from + SQUARE_PX).contains(&v);
    let picture = GrayImage::from_fn(SIZE.0, SIZE.1, |x, y| {
        Luma([if square(x, left) && square(y, TOP) {
            let x = f64::from(x) - f64::from(left);
            (140.0 + 0.4 * texture(f64::from(y) + 300.0, x, 1)) as u8
        } else {
            (0.5 * texture(f64::from(x), f64::from(y), 0)) as u8
        }])
    });
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

fn room() -> Room {
    let room = Room::new();
    room.write("a.png", &png(LEFT));
    room.write("b.png", &png(LEFT + SHIFT_PX));
    room
}

/// Middles of the strips that the square covers and uncovers, of the square in both pictures, and a place far from it.
const COVERED: (u32, u32) = (LEFT + SQUARE_PX + SHIFT_PX / 2, TOP + SQUARE_PX / 2);
const UNCOVERED: (u32, u32) = (LEFT + SHIFT_PX / 2, TOP + SQUARE_PX / 2);
const FAR: (u32, u32) = (24, 120);
/// How far around: the strips are 32 px wide.
const REACH_PX: u32 = 8;

/// Mean of a map in grey, whose pixels are `side` px, over what lies around a place of the picture.
fn around(map: &GrayImage, side: u32, (x, y): (u32, u32)) -> u32 {
    let near = |v: u32| (v - REACH_PX) / side..(v + REACH_PX) / side;
    let codes = near(y).flat_map(|y| near(x).map(move |x| u32::from(map[(x, y)][0])));
    let (sum, count) = codes.fold((0, 0), |(sum, count), code| (sum + code, count + 1));
    sum / count
}

/// Sees that maps of one picture are true, whose pixels are `side` px.
fn are_true(is_second: bool, side: u32, seen: &GrayImage, order: &GrayImage) {
    // What the second picture uncovers the first one hides.
    let (hidden, square) = if is_second {
        (UNCOVERED, COVERED)
    } else {
        (COVERED, UNCOVERED)
    };
    let seen = [hidden, square, FAR].map(|place| around(seen, side, place));
    let order = [hidden, square, FAR].map(|place| around(order, side, place));
    // Hidden by half at least, as behind what is not known to be seen itself. 0 of the order is code 128.
    assert!(seen[0] < 150 && seen[1] > 250 && seen[2] > 250, "{seen:?}");
    assert!(
        order[0] < 100 && order[1] > 200 && order[2] < 64,
        "{order:?}"
    );
}

fn gray(room: &Room, name: &str) -> GrayImage {
    image::open(room.path(name)).unwrap().to_luma8()
}

#[test]
fn a_page_shows_what_is_seen_and_what_is_in_front() {
    let room = room();
    let report = room.json("inspect a.png b.png -o look");
    let pictures = report["pictures"].as_array().unwrap();
    let page = std::fs::read_to_string(room.path("look/index.html")).unwrap();
    for (is_second, side) in [(false, "a"), (true, "b")] {
        let [seen, order] = ["visibility", "order"].map(|what| {
            let name = format!("{what}-{side}-level2.png");
            assert!(pictures.contains(&name.as_str().into()) && page.contains(&name));
            gray(&room, &format!("look/{name}"))
        });
        assert_eq!(seen.dimensions(), (SIZE.0 / 4, SIZE.1 / 4));
        are_true(is_second, 4, &seen, &order);
    }
    assert!(page.contains("Visibility") && page.contains("Order of depth"));
}

#[test]
fn maps_of_layers_are_those_of_the_picture_the_motion_starts_at() {
    let room = room();
    for preset in ["balanced", "best"] {
        for way in ["", "--backward"] {
            let report = room.json(&format!(
                "flow a.png b.png {way} --preset {preset} -y -o visibility:v.png -o order:o.png -o order:o.npy"
            ));
            let (seen, order) = (gray(&room, "v.png"), gray(&room, "o.png"));
            assert_eq!((seen.dimensions(), order.dimensions()), (SIZE, SIZE));
            are_true(way == "--backward", 1, &seen, &order);
            // The strip that is hidden, and what is uncertain along the outline.
            let hidden = f64::from(SHIFT_PX * SQUARE_PX) / f64::from(SIZE.0 * SIZE.1);
            let told = 1.0 - report["mean_visibility"].as_f64().unwrap();
            assert!((0.5..1.3).contains(&(told / hidden)), "{told} {hidden}");
            let npy = std::fs::read(room.path("o.npy")).unwrap();
            let opened = Opened::of(Cursor::new(npy.clone())).unwrap();
            assert!(read_map(opened).is_err(), "one number a pixel, not two");
            let values = npy.len() - 128;
            assert_eq!(values, 4 * (SIZE.0 * SIZE.1) as usize);
        }
    }
}
