//! Every place that frames can go to.

use super::support::*;
use assert_cmd::Command;
use image::metadata::LoopCount;
use image::{AnimationDecoder, ColorType, DynamicImage};
use std::io::BufReader;

#[test]
fn every_container_is_written() {
    for (name, color) in [
        ("mid.tif", ColorType::Rgb16),
        ("mid.tiff", ColorType::L8),
        ("mid.webp", ColorType::Rgb8),
        ("mid.bmp", ColorType::Rgb8),
        ("mid.ppm", ColorType::Rgb16),
        ("mid.pgm", ColorType::L16),
        ("mid.pnm", ColorType::L8),
        ("mid.pam", ColorType::Rgba16),
        ("MID.PNG", ColorType::Rgba8),
    ] {
        let bench = Bench::new();
        let (a, b) = bench.pair(color);
        bench.frames_ok(&format!("a.png b.png --method crossfade -o {name}"));
        let mid = bench.load(name);
        assert_eq!(samples(&mid), mean(&a, &b), "{name} {color:?}");
        assert_eq!(mid.color(), color, "{name}");
    }
}

#[test]
fn jpeg_is_written_close_to_the_truth() {
    let bench = Bench::new();
    let flat = |v: u8| rgba(|_| [v, 2 * v, 90, 255]);
    bench.save("a.png", &flat(40));
    bench.save("b.png", &flat(80));
    bench.frames_ok("a.png b.png --method crossfade -o mid.jpg");
    let mid = bench.load("mid.jpg").into_rgb8();
    for pixel in mid.pixels() {
        for (found, truth) in pixel.0.iter().zip([60u8, 120, 90]) {
            assert!(found.abs_diff(truth) <= 2, "{:?}", pixel.0);
        }
    }
}

#[test]
fn sixteen_bits_are_rounded_for_eight_bit_formats_with_a_word_about_it() {
    let bench = Bench::new();
    let (a, _) = bench.pair(ColorType::Rgb16);
    let output = bench.frames("a.png b.png --times 0 -o a.bmp");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("8 bits; the frames are rounded"), "{said}");
    for (found, truth) in samples(&bench.load("a.bmp")).iter().zip(samples(&a)) {
        assert_eq!(*found, (f64::from(truth) / 257.0).round() as i32);
    }
}

#[test]
fn a_pattern_numbers_in_the_order_asked_for() {
    let bench = Bench::new();
    let (a, b) = bench.pair(ColorType::L8);
    bench.frames_ok("a.png b.png --times 1,0 -o x%%_%03d.png");
    assert_eq!(
        bench.names("."),
        ["a.png", "b.png", "x%_001.png", "x%_002.png"]
    );
    assert_eq!(bench.load("x%_001.png"), b);
    assert_eq!(bench.load("x%_002.png"), a);
}

#[test]
fn a_folder_is_in_time_order() {
    let bench = Bench::new();
    let (a, b) = bench.pair(ColorType::L8);
    bench.frames_ok("a.png b.png --times 1,0.5,0 --method crossfade -o deep/er.d/");
    assert_eq!(
        bench.names("deep/er.d"),
        ["0001.png", "0002.png", "0003.png"]
    );
    assert_eq!(bench.load("deep/er.d/0001.png"), a);
    assert_eq!(samples(&bench.load("deep/er.d/0002.png")), mean(&a, &b));
    assert_eq!(bench.load("deep/er.d/0003.png"), b);
}

#[test]
fn the_default_is_a_folder_named_after_the_inputs() {
    let bench = Bench::new();
    bench.pair(ColorType::L8);
    bench.frames_ok("a.png b.png -n 3 --method hold");
    assert_eq!(bench.names("a-b"), ["0001.png", "0002.png", "0003.png"]);
    // Into the same folder again: refused, then overwritten.
    bench.frames_fail("a.png b.png -n 3", 1, &["a-b/0001.png", "-y"]);
    bench.frames_ok("a.png b.png -n 3 -y --method hold");
}

#[test]
fn an_existing_folder_is_one_even_with_a_dot_in_its_name() {
    let bench = Bench::new();
    bench.pair(ColorType::L8);
    std::fs::create_dir(bench.path("shots.png")).unwrap();
    bench.frames_ok("a.png b.png -o shots.png");
    assert_eq!(bench.names("shots.png"), ["0001.png"]);
}

#[test]
fn existing_files_are_overwritten_only_when_asked() {
    let bench = Bench::new();
    let (a, _) = bench.pair(ColorType::Rgb8);
    for name in ["mid.png", "mid.gif", "mid_2.png"] {
        std::fs::write(bench.path(name), "precious").unwrap();
    }
    for (args, file) in [
        ("-o mid.png", "mid.png"),
        ("-o mid.gif", "mid.gif"),
        // The second of three: nothing may be written before it is found.
        ("-n 3 -o mid_%d.png", "mid_2.png"),
    ] {
        bench.frames_fail(&format!("a.png b.png {args}"), 1, &[file, "-y overwrites"]);
    }
    bench.frames_ok("a.png b.png --times 0 -y -o mid.png");
    assert_eq!(bench.load("mid.png"), a);
}

#[test]
fn gray_gifs_are_exact_and_loop() {
    let bench = Bench::new();
    let (a, b) = bench.pair(ColorType::L8);
    bench.frames_ok("a.png b.png -n 1 --endpoints --method crossfade --fps 10 -o x.gif");
    let file = std::fs::File::open(bench.path("x.gif")).unwrap();
    let decoder = image::codecs::gif::GifDecoder::new(BufReader::new(file)).unwrap();
    assert!(matches!(decoder.loop_count(), LoopCount::Infinite));
    let frames = decoder.into_frames().collect_frames().unwrap();
    let expected = [samples(&a), mean(&a, &b), samples(&b)];
    assert_eq!(frames.len(), expected.len());
    for (frame, expected) in frames.iter().zip(expected) {
        assert_eq!(frame.delay().numer_denom_ms(), (100, 1));
        let found: Vec<i32> = frame.buffer().pixels().map(|p| i32::from(p.0[0])).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn gif_delays_keep_the_rate_on_average() {
    let bench = Bench::new();
    bench.pair(ColorType::L8);
    bench.frames_ok("a.png b.png -n 12 --method hold --fps 24 -o x.gif");
    let file = std::fs::File::open(bench.path("x.gif")).unwrap();
    let decoder = image::codecs::gif::GifDecoder::new(BufReader::new(file)).unwrap();
    let frames = decoder.into_frames().collect_frames().unwrap();
    let delays_ms = frames.iter().map(|f| f.delay().numer_denom_ms().0);
    assert_eq!(delays_ms.sum::<u32>(), 500);
}

#[test]
fn gif_transparency_is_on_or_off() {
    let bench = Bench::new();
    let a = rgba(|i| [250, 10, 10, if i % 2 == 0 { 255 } else { 20 }]);
    bench.save("a.png", &a);
    bench.frames_ok("a.png a.png -o x.gif");
    for (i, pixel) in bench.load("x.gif").into_rgba8().pixels().enumerate() {
        if i % 2 == 0 {
            assert_eq!(pixel.0, [250, 10, 10, 255]);
        } else {
            assert_eq!(pixel.0[3], 0);
        }
    }
}

#[test]
fn animated_pngs_are_exact_at_any_depth() {
    for color in COLORS {
        let bench = Bench::new();
        let (a, b) = bench.pair(color);
        bench.frames_ok("a.png b.png --endpoints --method crossfade --fps 12.5 -o x.apng");
        let file = BufReader::new(std::fs::File::open(bench.path("x.apng")).unwrap());
        let mut reader = png::Decoder::new(file).read_info().unwrap();
        let control = *reader.info().animation_control().unwrap();
        assert_eq!((control.num_frames, control.num_plays), (3, 0));
        for expected in [samples(&a), mean(&a, &b), samples(&b)] {
            let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
            reader.next_frame(&mut bytes).unwrap();
            let frame = reader.info().frame_control().unwrap();
            let delay = f64::from(frame.delay_num) / f64::from(frame.delay_den);
            assert_eq!(delay, 0.08);
            let found: Vec<i32> = if color.bytes_per_pixel() / color.channel_count() == 2 {
                let pairs = bytes.chunks_exact(2);
                pairs
                    .map(|c| i32::from(c[0]) << 8 | i32::from(c[1]))
                    .collect()
            } else {
                bytes.iter().map(|&b| i32::from(b)).collect()
            };
            assert_eq!(found, expected, "{color:?}");
        }
    }
}

#[test]
fn a_pipe_carries_one_png_after_another() {
    let bench = Bench::new();
    let (a, b) = bench.pair(ColorType::Rgb16);
    let bytes = bench.frames_ok("a.png b.png --times 0,0.5,1 --method crossfade -o -");
    let mut rest = std::io::Cursor::new(bytes.as_slice());
    for expected in [samples(&a), mean(&a, &b), samples(&b)] {
        // Cut after each IEND chunk.
        let tail = &bytes[rest.position() as usize..];
        let end = tail.windows(4).position(|w| w == b"IEND").unwrap() + 8;
        let picture = image::load_from_memory(&tail[..end]).unwrap();
        assert_eq!(samples(&picture), expected);
        rest.set_position(rest.position() + end as u64);
    }
    assert_eq!(rest.position() as usize, bytes.len());
}

#[test]
fn a_pipe_carries_bare_rgb() {
    let bench = Bench::new();
    let (a, b) = bench.pair(ColorType::L8);
    let bytes = bench.frames_ok("a.png b.png --times 0,1 --format rgb24 -o -");
    let expected: Vec<u8> = [a, b]
        .into_iter()
        .flat_map(|p: DynamicImage| p.into_rgb8().into_raw())
        .collect();
    assert_eq!(bytes, expected);
}

#[test]
fn json_tells_what_was_done() {
    let bench = Bench::new();
    bench.pair(ColorType::La16);
    let stdout = bench.frames_ok("a.png b.png -n 3 --json --preset fast --method crossfade -o out");
    let json: serde_json::Value = serde_json::from_slice(&stdout).unwrap();
    assert_eq!(json["inputs"], serde_json::json!(["a.png", "b.png"]));
    assert_eq!(json["output"], "out/");
    assert_eq!(
        (&json["width"], &json["height"]),
        (&WIDTH.into(), &HEIGHT.into())
    );
    assert_eq!(json["bit_depth"], 16);
    assert_eq!(json["color"], "gray");
    assert_eq!(json["alpha"], true);
    assert_eq!(json["method"], "crossfade");
    assert_eq!(json["preset"], "fast");
    let frames = json["frames"].as_array().unwrap();
    assert_eq!(frames.len(), 3);
    assert_eq!(frames[0]["t"], 0.25);
    assert_eq!(frames[0]["path"], "out/0001.png");
    assert!(json["solve_s"].as_f64().unwrap() >= 0.0);
    assert!(json["render_s"].as_f64().unwrap() > 0.0);
}

#[test]
fn json_makes_way_for_data() {
    let bench = Bench::new();
    bench.pair(ColorType::L8);
    let output = bench.frames("a.png b.png --json -o -");
    assert_eq!(&output.stdout[1..4], b"PNG");
    let json: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(json["output"], "standard output");
}

#[test]
fn one_line_sums_up_unless_quiet() {
    let bench = Bench::new();
    bench.pair(ColorType::L8);
    let said = String::from_utf8(bench.frames("a.png b.png -n 2 -o out").stderr).unwrap();
    assert!(said.starts_with("2 frames in out/ ("), "{said}");
    assert_eq!(said.lines().count(), 1);
    assert!(
        bench
            .frames("a.png b.png -n 2 -q -y -o out")
            .stderr
            .is_empty()
    );
}

/// Flat pictures of one colour each.
fn flat_pair(bench: &Bench, a: [u8; 3], b: [u8; 3], (width, height): (u32, u32)) {
    for (name, color) in [("a.png", a), ("b.png", b)] {
        let flat = image::RgbImage::from_pixel(width, height, image::Rgb(color));
        bench.save(name, &flat.into());
    }
}

#[test]
fn y4m_is_full_range_444() {
    let bench = Bench::new();
    flat_pair(&bench, [255, 0, 0], [255, 255, 255], (5, 3));
    let bytes = bench.frames_ok("a.png b.png --times 0,1 --fps 23.976 --format y4m -o -");
    // ITU-T T.871 (JPEG), red and white.
    let header = b"YUV4MPEG2 W5 H3 F24000:1001 Ip A1:1 C444 XCOLORRANGE=FULL\n";
    let mut expected = header.to_vec();
    for codes in [[76, 85, 255], [255, 128, 128]] {
        expected.extend(b"FRAME\n");
        codes.iter().for_each(|&code| expected.extend([code; 15]));
    }
    assert_eq!(bytes, expected);
}

#[test]
fn y4m_keeps_gray_and_depth() {
    let bench = Bench::new();
    let (a, _) = bench.pair(ColorType::L16);
    bench.frames_ok("a.png b.png --times 0 -o x.y4m");
    let bytes = std::fs::read(bench.path("x.y4m")).unwrap();
    let start = bytes.windows(6).position(|w| w == b"FRAME\n").unwrap();
    let header = String::from_utf8_lossy(&bytes[..start]);
    assert!(header.contains(" Cmono16 "), "{header}");
    let pairs = bytes[start + 6..].chunks_exact(2);
    let found: Vec<i32> = pairs
        .map(|c| i32::from(c[1]) << 8 | i32::from(c[0]))
        .collect();
    assert_eq!(found, samples(&a));
}

#[cfg(feature = "video")]
#[test]
fn clips_hold_every_frame_in_its_colour() {
    // Odd sides too: encoders refuse halved chroma there.
    for (name, size) in [
        ("x.mp4", (64, 48)),
        ("x.mkv", (65, 49)),
        ("x.webm", (64, 48)),
    ] {
        let bench = Bench::new();
        flat_pair(&bench, [200, 60, 40], [40, 160, 220], size);
        bench.frames_ok(&format!(
            "a.png b.png --endpoints --method crossfade --fps 10 -o {name}"
        ));
        let mut clip =
            otinterp_video::RgbFrames::open(&bench.path(name), otinterp_video::Access::Folder)
                .unwrap();
        for truth in [
            [200.0, 60.0, 40.0],
            [120.0, 110.0, 130.0],
            [40.0, 160.0, 220.0],
        ] {
            let frame = clip.next().unwrap().unwrap();
            assert_eq!(
                (frame.width(), frame.height()),
                (size.0 as usize, size.1 as usize)
            );
            for (plane, truth) in frame.planes().iter().zip(truth) {
                let worst = plane.iter().fold(0.0f32, |m, v| m.max((v - truth).abs()));
                assert!(worst <= 4.0, "{name}: {worst} off {truth}");
            }
        }
        assert!(clip.next().is_none(), "{name}");
    }
}

#[test]
fn every_cpu_level_makes_the_same_picture() {
    let pair = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/pair");
    for preset in ["fast", "balanced", "best"] {
        let made = otinterp_simd::Level::available().into_iter().map(|level| {
            let output = Command::new(assert_cmd::cargo::cargo_bin!("otinterp"))
                .env("OTINTERP_CPU", level.name())
                .args(["frames", "a.png", "b.png", "--preset", preset, "-o", "-"])
                .current_dir(pair)
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", level.name());
            (level.name(), output.stdout)
        });
        let made: Vec<_> = made.collect();
        for (name, picture) in &made[1..] {
            assert!(*picture == made[0].1, "{preset}: {}, {name}", made[0].0);
        }
    }
}
