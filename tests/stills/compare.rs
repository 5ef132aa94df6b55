//! `otinterp compare` from the outside: what the figure shows, where it goes, and errors.

use crate::common::room::Room;
use image::{Rgb, RgbImage};
use serde_json::Value;

const SIZE: (u32, u32) = (200, 120);

fn room() -> Room {
    let room = Room::new();
    room.flat("a.png", SIZE, 40);
    room.flat("b.png", SIZE, 200);
    room.flat("truth.png", SIZE, 128);
    room
}

fn figure(png: &[u8]) -> RgbImage {
    image::load_from_memory_with_format(png, image::ImageFormat::Png)
        .unwrap()
        .to_rgb8()
}

/// The tiles of a figure of flat pictures: rows of their greys, from top to bottom and left to
/// right. A tile is a run of one grey, at least 100 pixels wide, that begins below another colour.
fn tiles(figure: &RgbImage) -> Vec<Vec<u8>> {
    let (width, height) = figure.dimensions();
    let mut rows: Vec<Vec<u8>> = Vec::new();
    let mut last: Vec<u8> = Vec::new();
    for y in 0..height {
        let mut greys = Vec::new();
        let mut start = 0;
        for x in 1..=width {
            let code = figure[(start, y)];
            if x == width || figure[(x, y)] != code {
                if x - start >= 100 && code != Rgb([255; 3]) {
                    greys.push(code[0]);
                }
                start = x;
            }
        }
        if !greys.is_empty() && greys != last {
            rows.push(greys.clone());
        }
        last = greys;
    }
    rows
}

#[test]
fn two_rows_and_a_column_for_each_time() {
    let room = room();
    room.ok("compare a.png b.png");
    let found = figure(&std::fs::read(room.path("a-b.compare.png")).unwrap());
    let rows = tiles(&found);
    // A cross-fade goes straight from 40 to 200; so does transport of flat pictures, which have
    // nothing to move.
    assert_eq!(rows[0], [40, 80, 120, 160, 200]);
    assert!(rows.iter().all(|r| r.len() == 5), "{rows:?}");
    // Labels stand on white, above the tiles and left of them.
    assert_eq!(found[(0, 0)], Rgb([255; 3]));
    let ink = |x0: u32, x1: u32| {
        let inside = |x: &u32| (x0..x1).contains(x);
        found
            .enumerate_pixels()
            .any(|(x, _, p)| inside(&x) && p[0] < 100 && p[0] != 40 && p[0] != 80)
    };
    assert!(ink(0, found.width() / 12), "no row labels");
    assert!(found.width() <= 2400);
}

#[test]
fn times_and_counts_choose_the_columns() {
    let room = room();
    let first_row = |args: &str| {
        let png = room.ok(&format!("compare a.png b.png -o - {args}"));
        tiles(&figure(&png))[0].clone()
    };
    assert_eq!(first_row("-n 0"), [40, 200]);
    assert_eq!(first_row("-n 1"), [40, 120, 200]);
    assert_eq!(first_row("--times 0.75,0.25"), [160, 80]);
}

#[test]
fn the_figure_is_as_wide_as_asked_at_most() {
    let room = room();
    room.flat("wide-a.png", (1000, 300), 10);
    room.flat("wide-b.png", (1000, 300), 90);
    for width in [600, 2400] {
        let args = format!("compare wide-a.png wide-b.png --width {width} -o -");
        let found = figure(&room.ok(&args)).width();
        assert!((width - 20..=width).contains(&found), "{found} of {width}");
    }
}

#[test]
fn a_truth_adds_numbers_and_error_maps() {
    let room = room();
    let report = room.json("compare a.png b.png --truth truth.png");
    // The cross-fade's middle is 120, the truth 128.
    let psnr_db = 20.0 * (255.0f64 / 8.0).log10();
    let crossfade = &report["rows"][0];
    assert_eq!(crossfade["method"], "crossfade");
    assert!((crossfade["psnr_db"].as_f64().unwrap() - psnr_db).abs() < 1e-9);
    assert!(crossfade["ssim"].as_f64().unwrap() < 1.0);
    assert_eq!(report["rows"][1]["method"], "ot");
    assert_eq!(report["rows"][1]["unexplained_share"], 0.0);
    assert_eq!(report["output"], "a-b.compare.png");
    assert_eq!(
        report["times"],
        serde_json::json!([0.0, 0.25, 0.5, 0.75, 1.0])
    );
    let rows = tiles(&figure(
        &std::fs::read(room.path("a-b.compare.png")).unwrap(),
    ));
    // An error of 8, four times as large, darkens white by 32; the truth stands between the maps.
    let last = rows.last().unwrap();
    assert_eq!((last[0], last[1]), (255 - 32, 128), "{rows:?}");
}

#[test]
fn on_a_pipe_the_report_goes_to_stderr() {
    let room = room();
    let output = room.run("compare a.png b.png --json -o -");
    assert!(output.status.success());
    figure(&output.stdout);
    let report: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(report["output"], Value::Null);
    assert_eq!(
        (&report["width"], &report["height"]),
        (&200.into(), &120.into())
    );
}

#[test]
fn small_and_transparent_pictures_are_shown() {
    let room = room();
    room.flat("dot-a.png", (1, 1), 10);
    room.flat("dot-b.png", (1, 1), 50);
    let rows = tiles(&figure(&room.ok("compare dot-a.png dot-b.png -n 1 -o -")));
    assert_eq!(rows[0], [10, 30, 50]);
    for (name, alpha) in [("glass-a.png", 0), ("glass-b.png", 128)] {
        let picture = image::RgbaImage::from_pixel(200, 120, image::Rgba([0, 0, 0, alpha]));
        picture.save(room.path(name)).unwrap();
    }
    let rows = tiles(&figure(
        &room.ok("compare glass-a.png glass-b.png -n 0 -o -"),
    ));
    assert_eq!(
        rows[0],
        [127],
        "half-clear black over white; clear is white"
    );
}

#[test]
fn what_cannot_be_compared_is_one_line() {
    let room = room();
    room.flat("other.png", (201, 120), 0);
    room.write("text.png", b"no picture");
    room.fails(
        "compare a.png nowhere.png",
        1,
        &["nowhere.png", "no such file"],
    );
    room.fails("compare text.png b.png", 1, &["text.png", "not a picture"]);
    room.fails("compare a.png other.png", 1, &["200x120", "201x120"]);
    room.fails(
        "compare a.png b.png --truth other.png",
        1,
        &["other.png", "201x120"],
    );
    room.fails(
        "compare a.png b.png --truth nowhere.png",
        1,
        &["nowhere.png"],
    );
    room.fails("compare a.png b.png -o out.jpg", 2, &["out.jpg", ".png"]);
    room.fails("compare a.png b.png -o no/where.png", 1, &["no/where.png"]);
    room.fails("compare - - -o x.png", 2, &["standard input"]);
    room.flat("a-b.compare.png", SIZE, 0);
    room.fails("compare a.png b.png", 1, &["a-b.compare.png", "-y"]);
    room.ok("compare a.png b.png -y");
}

/// A spectrum or a slit scan is as wide as a pixel: its figure stays within a screen of the width that is asked for.
#[test]
fn figures_of_thin_pictures_stay_small() {
    let room = Room::new();
    for (name, code) in [("a.png", 40), ("b.png", 90)] {
        room.flat(name, (1, 1000), code);
        room.flat(&format!("w{name}"), (1000, 1), code);
    }
    for args in ["a.png b.png", "wa.png wb.png"] {
        room.ok(&format!(
            "compare {args} --truth {} -y -o c.png",
            &args[..args.len() / 2]
        ));
        let figure = image::open(room.path("c.png")).unwrap();
        let (width, height) = (figure.width(), figure.height());
        assert!(width <= 2400 && height <= 2700, "{width}x{height}");
    }
}
