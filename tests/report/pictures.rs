//! Pages of pictures.

use crate::common::room::Room;
use crate::common::texture::texture;
use crate::page::{MOST_FRAMES, Page, mean};
use image::{Rgb, RgbImage};

/// A texture that moves to the right by so many pixels.
fn textured(size: (u32, u32), shift_px: f64) -> RgbImage {
    RgbImage::from_fn(size.0, size.1, |x, y| {
        Rgb([0, 1, 2].map(|channel| texture(f64::from(x) - shift_px, f64::from(y), channel) as u8))
    })
}

fn room() -> Room {
    let room = Room::new();
    for (name, shift_px) in [("a.png", 0.0), ("b.png", 12.0), ("c.png", 24.0)] {
        textured((160, 120), shift_px)
            .save(room.path(name))
            .unwrap();
    }
    room
}

/// Mean difference of two pictures, codes.
fn difference(a: &RgbImage, b: &RgbImage) -> f64 {
    let codes = a.as_raw().iter().zip(b.as_raw());
    codes.map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / a.as_raw().len() as f64
}

#[test]
fn every_frame_is_shown_by_fade_transport_and_source() {
    let room = room();
    let report = room.json("report a.png b.png -n 3 -o page.html");
    let page = Page::read(&room, "page.html");
    page.decodes();
    assert_eq!(
        page.ways(),
        ["cross-fade", "optimal transport", "nearer picture"]
    );
    let names: Vec<_> = page
        .frames()
        .iter()
        .map(|f| f["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["t = 0", "t = 0.25", "t = 0.5", "t = 0.75", "t = 1"]);
    let [a, b] = [0.0, 12.0].map(|shift_px| textured((160, 120), shift_px));
    // What JPEG alone does to it.
    let noise = difference(&page.picture(0, 2), &a);
    assert!(noise < 3.0, "{noise}");
    for (frame, shift_px) in [(1, 3.0), (2, 6.0), (3, 9.0)] {
        let truth = textured((160, 120), shift_px);
        let transport = difference(&page.picture(frame, 1), &truth);
        let fade = difference(&page.picture(frame, 0), &truth);
        // What enters the picture at its border is known to neither.
        assert!(
            transport < 3.0 * noise && fade > 3.0 * transport,
            "{frame}: {noise} {transport} {fade}"
        );
        let source = if frame <= 2 { &a } else { &b };
        assert!(difference(&page.picture(frame, 2), source) < noise + 1.0);
    }
    // The ends are the pictures themselves, by every way, and kept once: 2 and twice 3.
    for frame in [0, 4] {
        let places = page.frames()[frame]["pictures"].as_array().unwrap();
        assert!(places.iter().all(|place| place == &places[0]));
    }
    assert_eq!(report["pictures"], 8);
    assert_eq!(report["kind"], "pictures");
    assert_eq!(report["frames"], 5);
    assert_eq!(
        (&report["width"], &report["shown_height"]),
        (&160.into(), &120.into())
    );
    assert_eq!(report["bytes"].as_u64().unwrap() as usize, page.html.len());
    assert_eq!(report["cuts"], serde_json::Value::Null);
}

#[test]
fn what_is_covered_and_uncovered_is_an_overlay() {
    let room = Room::new();
    // A square that moves by 32 px before a texture.
    for (name, left) in [("a.png", 40), ("b.png", 72)] {
        let picture = RgbImage::from_fn(192, 144, |x, y| {
            let is_square = (left..left + 48).contains(&x) && (48..96).contains(&y);
            match is_square {
                true => {
                    Rgb([(200.0 + 0.2 * texture(f64::from(x - left), f64::from(y), 1)) as u8; 3])
                }
                false => Rgb([(0.5 * texture(f64::from(x), f64::from(y), 0)) as u8; 3]),
            }
        });
        picture.save(room.path(name)).unwrap();
    }
    room.ok("report a.png b.png -n 1 -o page.html");
    let page = Page::read(&room, "page.html");
    page.decodes();
    assert!(page.frames()[1]["overlay"].is_u64());
    assert!(page.html.contains("value=\"visibility\""));
    // Nothing moves between equal pictures, and nothing is hidden.
    room.ok("report a.png a.png -n 1 -o still.html");
    let still = Page::read(&room, "still.html");
    assert!(
        still
            .frames()
            .iter()
            .all(|frame| frame["overlay"].is_null())
    );
    assert!(!still.html.contains("value=\"visibility\""));
}

#[test]
fn several_pictures_follow_one_another() {
    let room = room();
    room.ok("report a.png b.png c.png -n 1 -o page.html");
    let page = Page::read(&room, "page.html");
    page.decodes();
    let names: Vec<_> = page
        .frames()
        .iter()
        .map(|f| f["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["t = 0", "t = 0.5", "t = 1", "t = 1.5", "t = 2"]);
    let middle = textured((160, 120), 12.0);
    assert!(difference(&page.picture(2, 1), &middle) < 3.0);
    // As many in-betweens as a page holds, where none are asked for.
    let many = ["a.png", "b.png"].repeat(12).join(" ");
    let report = room.json(&format!("report {many} -o many.html --preset fast"));
    let frames = report["frames"].as_u64().unwrap() as usize;
    assert!(
        frames <= MOST_FRAMES && frames + 23 > MOST_FRAMES,
        "{frames}"
    );
}

#[test]
fn names_are_text_and_nothing_else() {
    let room = room();
    let evil = ["<script>alert(1)<", "\u{1b}[2J\"'&", "${x}{{ 7*7 }}"];
    for (name, to) in ["a.png", "b.png", "c.png"].into_iter().zip(evil) {
        std::fs::rename(room.path(name), room.path(&format!("{to}.png"))).unwrap();
    }
    let mut command = assert_cmd::Command::new(assert_cmd::cargo::cargo_bin!("otinterp"));
    command.current_dir(room.folder()).arg("report");
    command.args(evil.map(|name| format!("{name}.png")));
    command
        .args(["-n", "1", "-o", "page.html"])
        .assert()
        .success();
    let page = Page::read(&room, "page.html");
    page.decodes();
    assert!(page.html.contains("&lt;script&gt;alert(1)&lt;.png"));
    assert!(page.html.contains("\\u001b[2J&quot;&#x27;&amp;.png"));
    assert!(page.html.contains("${x}{{ 7*7 }}.png"));
    assert!(!page.html.chars().any(|c| c.is_control() && c != '\n'));
}

/// Noise as wide as is shown, as many frames as there can be: the worst that JPEG is asked for.
#[test]
fn a_page_of_noise_stays_within_its_bytes() {
    let room = Room::new();
    let mut state = 1u32;
    let mut noise = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    for name in ["a.png", "b.png"] {
        let picture = RgbImage::from_fn(480, 320, |_, _| Rgb([noise(), noise(), noise()]));
        picture.save(room.path(name)).unwrap();
    }
    let report = room.json("report a.png b.png -n 62 -o page.html --preset fast");
    let page = Page::read(&room, "page.html");
    page.decodes();
    assert_eq!(page.frames().len(), MOST_FRAMES);
    // The room that there is is used.
    let bytes = report["bytes"].as_u64().unwrap();
    assert!(bytes > 5_000_000, "{bytes}");
}

#[test]
fn large_and_clear_pictures_are_shown_smaller_and_on_white() {
    let room = Room::new();
    for (name, alpha) in [("a.png", 0), ("b.png", 255)] {
        let picture = image::RgbaImage::from_pixel(1920, 1080, image::Rgba([0, 0, 0, alpha]));
        picture.save(room.path(name)).unwrap();
    }
    let report = room.json("report a.png b.png -n 1 -o page.html --preset fast");
    assert_eq!(
        (&report["width"], &report["shown_width"]),
        (&1920.into(), &960.into())
    );
    let page = Page::read(&room, "page.html");
    page.decodes();
    let means = [0, 1, 2].map(|frame| mean(&page.picture(frame, 0)).round());
    // Half clear over white is 127 or 128.
    assert!(
        means[0] == 255.0 && (means[1] - 127.5).abs() < 2.0 && means[2] == 0.0,
        "{means:?}"
    );
}

#[test]
fn a_page_goes_down_a_pipe() {
    let room = room();
    let output = room.run("report a.png b.png -n 1 -o - --json");
    assert!(output.status.success());
    let page = Page::of(output.stdout);
    page.decodes();
    let report: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(report["output"], serde_json::Value::Null);
    let piped = room.run_with_stdin(
        "report - b.png -n 1 -o -",
        std::fs::read(room.path("a.png")).unwrap(),
    );
    assert!(piped.status.success());
    assert_eq!(Page::of(piped.stdout).frames().len(), 3);
}

#[test]
fn what_cannot_be_shown_is_one_line() {
    let room = room();
    room.flat("other.png", (161, 120), 0);
    room.write("text.png", b"no picture");
    room.write("page.html", b"mine");
    room.fails("report a.png b.png -o page.html", 1, &["page.html", "-y"]);
    room.fails("report a.png b.png -o page.png", 2, &["page.png", ".html"]);
    room.fails("report a.png b.png -o no/page.html", 1, &["no/page.html"]);
    room.fails(
        "report a.png other.png -o p.html",
        1,
        &["160x120", "161x120"],
    );
    room.fails("report a.png nowhere.png -o p.html", 1, &["nowhere.png"]);
    room.fails(
        "report a.png text.png -o p.html",
        1,
        &["text.png", "not a picture"],
    );
    room.fails("report - - -o p.html", 2, &["standard input"]);
    room.fails(
        "report - -o p.html",
        2,
        &["standard input", "several times"],
    );
    room.fails(
        "report a.png b.png -n 63 -o p.html",
        2,
        &["-n 63", "64", "62"],
    );
    room.fails(
        "report a.png b.png --factor 2 -o p.html",
        2,
        &["--factor", "-n"],
    );
    room.fails("report a.png -n 2 -o p.html", 2, &["a.png", "--factor"]);
    room.fails("report a.png b.png --score -o p.html", 2, &["--score"]);
    room.fails(
        "report a.png clip.mp4 -o p.html",
        2,
        &["clip.mp4", "a clip"],
    );
    room.fails("report a.png b.png", 2, &["--output"]);
    let many = "a.png ".repeat(33);
    room.fails(
        &format!("report {many} -o p.html"),
        2,
        &["33 pictures", "64"],
    );
    // An input is never replaced.
    std::fs::copy(room.path("a.png"), room.path("in.html")).unwrap();
    room.fails(
        "report in.html b.png -o in.html -y",
        1,
        &["in.html", "input"],
    );
    room.ok("report a.png b.png -n 1 -o page.html -y");
    Page::read(&room, "page.html");
}
