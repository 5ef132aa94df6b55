//! Pages of scores: the numbers are those of `score`, the truth is shown.

use crate::common::room::Room;
use crate::common::texture::texture;
use crate::page::Page;
use image::{Rgb, RgbImage};
use serde_json::Value;

fn frame(shift_px: f64) -> RgbImage {
    RgbImage::from_fn(96, 80, |x, y| {
        Rgb([0, 1, 2].map(|channel| texture(f64::from(x) - shift_px, f64::from(y), channel) as u8))
    })
}

/// Numbered pictures of a texture that moves by 6 px from one to the next.
fn room(count: usize) -> Room {
    let room = Room::new();
    std::fs::create_dir(room.path("seq")).unwrap();
    for k in 0..count {
        frame(6.0 * k as f64)
            .save(room.path(&format!("seq/{k:03}.png")))
            .unwrap();
    }
    room
}

fn values(page: &Page, measure: usize, series: usize) -> Vec<Option<f64>> {
    let values = &page.data["measures"][measure]["series"][series]["values"];
    values
        .as_array()
        .unwrap()
        .iter()
        .map(Value::as_f64)
        .collect()
}

#[test]
fn numbers_are_those_of_score() {
    let room = room(7);
    let made = room.json("report seq --score -o page.html");
    let scored = room.json("score seq");
    let page = Page::read(&room, "page.html");
    page.decodes();
    assert_eq!(
        page.ways(),
        [
            "truth",
            "optimal transport",
            "cross-fade",
            "frame before",
            "frame after"
        ]
    );
    assert_eq!(
        (made["kind"].as_str(), page.frames().len()),
        (Some("score"), 3)
    );
    let methods = scored["sets"][0]["methods"].as_array().unwrap();
    assert_eq!(
        [&methods[0]["method"], &methods[1]["method"]],
        ["ot", "crossfade"]
    );
    for (measure, key) in ["psnr_db", "ssim", "ghost"].into_iter().enumerate() {
        for (series, method) in methods.iter().enumerate() {
            let frames = method["frames"].as_array().unwrap();
            let expected: Vec<_> = frames.iter().map(|frame| frame[key].as_f64()).collect();
            assert_eq!(values(&page, measure, series), expected, "{key}");
            // The ways of the series: the truth comes before them.
            let way = &page.data["measures"][measure]["series"][series]["way"];
            assert_eq!(*way, series + 1);
            assert_eq!(
                made["score"]["methods"][series]["mean"][key],
                method["mean"][key]
            );
        }
    }
    let psnr = values(&page, 0, 0)[1].unwrap();
    assert!(page.html.contains(&format!("<td>{psnr:.2}</td>")));
    assert!(
        page.html.contains("seq/003.png</button>")
            || page.html.contains("seq&#x2f;003.png</button>"),
        "names of the frames"
    );
}

#[test]
fn the_truth_is_beside_what_was_made() {
    let room = room(5);
    room.ok("report seq --score -o page.html");
    let page = Page::read(&room, "page.html");
    for (index, at) in [(0, 1.0), (1, 3.0)] {
        for (way, shift) in [(0, 6.0 * at), (3, 6.0 * (at - 1.0)), (4, 6.0 * (at + 1.0))] {
            let (found, expected) = (page.picture(index, way), frame(shift));
            let codes = found.as_raw().iter().zip(expected.as_raw());
            let off: u64 = codes.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
            assert!(
                off < 3 * expected.as_raw().len() as u64,
                "{index} {way} {off}"
            );
        }
    }
    // A frame between two that are left out is kept once.
    let after = &page.frames()[0]["pictures"][4];
    assert_eq!(*after, page.frames()[1]["pictures"][3]);
}

#[test]
fn long_sequences_are_shown_in_part_and_said_so() {
    let room = room(85);
    let made = room.json("report seq --score --preset fast -o page.html");
    assert_eq!(made["frames"], 40);
    let page = Page::read(&room, "page.html");
    page.decodes();
    assert!(page.html.contains("No more than 40 are rebuilt"));
}

#[test]
fn what_cannot_be_scored_is_one_line() {
    let room = room(2);
    room.fails(
        "report seq --score -o p.html",
        1,
        &["seq", "nothing to score"],
    );
    room.fails(
        "report seq/000.png --score -o p.html",
        1,
        &["single picture"],
    );
    room.fails("report nowhere --score -o p.html", 1, &["nowhere"]);
    room.fails(
        "report seq seq --score -o p.html",
        2,
        &["one clip or folder"],
    );
    for folder in ["tree/one", "tree/two"] {
        for name in ["1.png", "2.png", "3.png"] {
            room.flat(&format!("{folder}/{name}"), (8, 8), 0);
        }
    }
    room.fails("report tree --score -o p.html", 1, &["2 sets", "one, two"]);
    room.flat("mixed/1.png", (8, 8), 0);
    room.flat("mixed/2.png", (9, 8), 0);
    room.flat("mixed/3.png", (8, 8), 0);
    room.fails("report mixed --score -o p.html", 1, &["9x8"]);
}
