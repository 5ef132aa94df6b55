//! Every kind of picture that can go in.

use super::support::*;
use crate::common::clips::data;
use image::{ColorType, DynamicImage};
use std::process::{Command, Stdio};

#[test]
fn a_cross_fade_is_the_mean_in_every_colour_type() {
    for color in COLORS {
        let bench = Bench::new();
        let (a, b) = bench.pair(color);
        bench.frames_ok("a.png b.png --method crossfade -o mid.png");
        let mid = bench.load("mid.png");
        assert_eq!(mid.color(), color);
        assert_eq!(samples(&mid), mean(&a, &b), "{color:?}");
    }
}

#[test]
fn the_ends_are_the_inputs_bit_for_bit() {
    for color in COLORS {
        let bench = Bench::new();
        let (a, b) = bench.pair(color);
        bench.frames_ok("a.png b.png -n 2 --endpoints -o ends");
        assert_eq!(bench.load("ends/0001.png"), a, "{color:?}");
        assert_eq!(bench.load("ends/0004.png"), b, "{color:?}");
        bench.frames_ok("a.png b.png --times 1,0 -o t%d.png");
        assert_eq!(bench.load("t1.png"), b, "{color:?}");
        assert_eq!(bench.load("t2.png"), a, "{color:?}");
    }
}

#[test]
fn transparent_ends_are_kept_whatever_their_hidden_colours() {
    let bench = Bench::new();
    let a = rgba(|i| [i as u8, (i * 7) as u8, 3, if i % 3 == 0 { 0 } else { 200 }]);
    let b = rgba(|i| [(i * 5) as u8, 1, i as u8, (i % 256) as u8]);
    bench.save("a.png", &a);
    bench.save("b.png", &b);
    bench.frames_ok("a.png b.png --times 0,1 -o t%d.png");
    assert_eq!(bench.load("t1.png"), a);
    assert_eq!(bench.load("t2.png"), b);
}

#[test]
fn colours_are_weighted_by_their_alpha() {
    // Half-way between red and nothing is red at half the alpha, whatever colour nothing has.
    let bench = Bench::new();
    bench.save("a.png", &rgba(|_| [200, 40, 10, 255]));
    bench.save("b.png", &rgba(|_| [0, 250, 0, 0]));
    // 127.5 may fall to either side in transport.
    for (method, alphas) in [("crossfade", 128..=128), ("ot", 127..=128)] {
        bench.frames_ok(&format!("a.png b.png --method {method} -y -o mid.png"));
        for pixel in bench.load("mid.png").into_rgba8().pixels() {
            assert_eq!(pixel.0[..3], [200, 40, 10], "{method}");
            assert!(alphas.contains(&pixel.0[3]), "{method} {}", pixel.0[3]);
        }
    }
}

#[test]
fn palettes_come_in_as_their_colours() {
    let bench = Bench::new();
    let palette: Vec<u8> = vec![0, 0, 0, 255, 0, 0, 0, 250, 0, 10, 20, 30];
    for (name, turn) in [("a.png", 0), ("b.png", 1)] {
        let file = std::fs::File::create(bench.path(name)).unwrap();
        let mut encoder = png::Encoder::new(file, WIDTH, HEIGHT);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_palette(palette.clone());
        encoder.set_trns(vec![255, 255, 128]);
        let indices: Vec<u8> = (0..WIDTH * HEIGHT)
            .map(|i| ((i / 5 + turn) % 4) as u8)
            .collect();
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&indices).unwrap();
        writer.finish().unwrap();
    }
    bench.frames_ok("a.png b.png --endpoints -o out");
    let first = bench.load("out/0001.png").into_rgba8();
    let colors = [
        [0, 0, 0, 255],
        [255, 0, 0, 255],
        [0, 250, 0, 128],
        [10, 20, 30, 255],
    ];
    for (i, pixel) in first.pixels().enumerate() {
        assert_eq!(pixel.0, colors[i / 5 % 4]);
    }
}

#[test]
fn every_container_is_read() {
    for (extension, color) in [
        ("jpg", ColorType::L8),
        ("jpg", ColorType::Rgb8),
        ("webp", ColorType::Rgb8),
        ("webp", ColorType::Rgba8),
        ("tif", ColorType::Rgb8),
        ("tif", ColorType::L16),
        ("tif", ColorType::Rgba16),
        ("bmp", ColorType::Rgb8),
        ("ppm", ColorType::Rgb8),
        ("pgm", ColorType::L8),
        ("pam", ColorType::Rgb16),
        ("gif", ColorType::Rgba8),
    ] {
        let bench = Bench::new();
        let (a, b) = (format!("a.{extension}"), format!("b.{extension}"));
        bench.save(&a, &picture(color, 0));
        bench.save(&b, &picture(color, 2));
        bench.frames_ok(&format!("{a} {b} --times 0,1 -o t%d.png"));
        for (input, output) in [(&a, "t1.png"), (&b, "t2.png")] {
            let (input, output) = (bench.load(input), bench.load(output));
            assert_eq!(samples(&output), samples(&input), "{extension} {color:?}");
        }
    }
}

#[test]
fn a_file_is_what_it_holds_not_what_it_is_called() {
    let bench = Bench::new();
    picture(ColorType::Rgb8, 0)
        .save_with_format(bench.path("a.jpg"), image::ImageFormat::Bmp)
        .unwrap();
    picture(ColorType::Rgb8, 0)
        .save_with_format(bench.path("noname"), image::ImageFormat::Png)
        .unwrap();
    bench.frames_ok("a.jpg noname -o mid.png");
    assert_eq!(bench.load("mid.png"), picture(ColorType::Rgb8, 0));
}

#[test]
fn unlike_inputs_are_brought_to_the_richer_format() {
    let bench = Bench::new();
    let gray = picture(ColorType::L8, 0);
    let deep = picture(ColorType::Rgba16, 0);
    bench.save("a.png", &gray);
    bench.save("b.png", &deep);
    bench.frames_ok("a.png b.png --endpoints -o out");
    assert_eq!(bench.load("out/0003.png"), deep);
    let promoted = bench.load("out/0001.png").into_rgba16();
    for (out, source) in promoted.pixels().zip(gray.into_luma8().pixels()) {
        let v = u16::from(source.0[0]) * 257;
        assert_eq!(out.0, [v, v, v, 65535]);
    }
}

#[test]
fn standard_input_is_a_picture() {
    let bench = Bench::new();
    let (a, b) = bench.pair(ColorType::Rgb8);
    let bytes = std::fs::read(bench.path("a.png")).unwrap();
    let args = "- b.png --method crossfade";
    let output = bench.frames_with_stdin(args, bytes.clone());
    assert!(output.status.success());
    assert_eq!(samples(&bench.load("stdin-b/0001.png")), mean(&a, &b));
    let output = bench.frames_with_stdin("a.png - --times 0 -o same.png", bytes);
    assert!(output.status.success());
    assert_eq!(bench.load("same.png"), a);
}

#[test]
fn profiles_go_through_byte_for_byte() {
    for (color, space) in [(ColorType::L8, b"GRAY"), (ColorType::Rgb16, b"RGB ")] {
        let bench = Bench::new();
        let icc = profile(space, 7);
        for name in ["a.png", "b.png"] {
            save_png_with_profile(&bench.path(name), &picture(color, 0), icc.clone());
        }
        for out in ["mid.png", "mid.tif", "mid.jpg"] {
            let said = bench.frames(&format!("a.png b.png -o {out}")).stderr;
            // 16 bits into a JPEG is told; the profile gives no reason to speak.
            assert!(!String::from_utf8_lossy(&said).contains("profile"));
            assert_eq!(profile_of(&bench.path(out)), Some(icc.clone()), "{out}");
        }
    }
}

#[test]
fn profiles_that_differ_or_are_lost_are_told() {
    let bench = Bench::new();
    for (name, filling) in [("a.png", 1), ("b.png", 2)] {
        let icc = profile(b"RGB ", filling);
        save_png_with_profile(&bench.path(name), &picture(ColorType::Rgb8, 0), icc);
    }
    let said = |args: &str| String::from_utf8(bench.frames(args).stderr).unwrap();
    let line = said("a.png b.png -o mid.png");
    assert!(line.contains("warning: the pictures have different colour profiles"));
    assert_eq!(
        profile_of(&bench.path("mid.png")),
        Some(profile(b"RGB ", 1))
    );
    assert!(said("a.png a.png -o mid.bmp").contains("no colour profile; it is left out"));
    assert_eq!(said("a.png b.png -q -o quiet.bmp"), "");
}

#[test]
fn real_pictures_of_every_kind() {
    let Some(data) = data("real_pictures_of_every_kind") else {
        return;
    };
    let bench = Bench::new();
    for name in ["hard/png_pal4.png", "hard/png16_rgb.png", "hard/apng.png"] {
        let input = data.join(name);
        let status = Command::new(assert_cmd::cargo::cargo_bin!("otinterp"))
            .arg("frames")
            .args([&input, &input])
            .args(["-q", "-y", "-o"])
            .arg(bench.path("out.png"))
            .stdin(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{name}");
        let expected: DynamicImage = load(&input);
        assert_eq!(bench.load("out.png"), expected, "{name}");
    }
    let broken = data.join("hard/png_corrupt_header.png");
    bench.frames_fail(
        &format!("{0} {0} -o x.png", broken.display()),
        1,
        &["png_corrupt_header.png"],
    );
}

#[test]
fn more_pictures_make_one_path_that_shows_each_once() {
    let bench = Bench::new();
    for (n, shift) in [0, 2, 5, 9].into_iter().enumerate() {
        bench.save(&format!("{n}.png"), &picture(ColorType::Rgb8, shift));
    }
    let all = "0.png 1.png 2.png 3.png";
    let said = bench.frames_ok(&format!("{all} -n 3 --endpoints -o way/ --json"));
    let report: serde_json::Value = serde_json::from_slice(&said).unwrap();
    let times: Vec<f64> = report["frames"]
        .as_array()
        .unwrap()
        .iter()
        .map(|frame| frame["t"].as_f64().unwrap())
        .collect();
    let expected: Vec<f64> = (0..=12).map(|k| f64::from(k) / 4.0).collect();
    assert_eq!(times, expected);
    assert_eq!(report["inputs"].as_array().unwrap().len(), 4);
    assert_eq!(bench.names("way").len(), 13);
    for (n, file) in ["0001", "0005", "0009", "0013"].into_iter().enumerate() {
        let shown = bench.load(&format!("way/{file}.png"));
        assert_eq!(samples(&shown), samples(&bench.load(&format!("{n}.png"))));
    }
    // Straight, each two are as if they were alone.
    bench.frames_ok(&format!("{all} -n 3 --motion straight -o straight/"));
    bench.frames_ok("1.png 2.png -n 3 -o alone/");
    assert_eq!(bench.names("straight").len(), 9);
    for (all, alone) in [("0004", "0001"), ("0005", "0002"), ("0006", "0003")] {
        let shown = bench.load(&format!("straight/{all}.png"));
        assert_eq!(
            samples(&shown),
            samples(&bench.load(&format!("alone/{alone}.png")))
        );
    }
}

#[test]
fn more_pictures_are_of_one_size_and_brought_to_one_format() {
    let bench = Bench::new();
    bench.pair(ColorType::Rgb8);
    bench.save("c.png", &picture(ColorType::Rgba16, 6));
    bench.frames_ok("a.png b.png c.png --method crossfade -o all/");
    assert_eq!(bench.load("all/0001.png").color(), ColorType::Rgba16);
    bench.save("small.png", &rgba(|_| [1, 2, 3, 255]).crop_imm(0, 0, 9, 9));
    bench.frames_fail(
        "a.png b.png small.png -o x/",
        1,
        &["a.png", "small.png", "9x9"],
    );
    bench.frames_fail("a.png - - -o x/", 2, &["standard input"]);
}
