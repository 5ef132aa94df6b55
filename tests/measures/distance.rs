//! `otinterp distance` from the outside: closed forms, exact values, files of every kind, errors.

use crate::common::room::Room;
use image::{ImageBuffer, Luma};
use pathfinding::prelude::{Matrix, kuhn_munkres_min};
use serde_json::Value;

fn json(room: &Room, args: &str) -> Value {
    room.json(&format!("distance {args}"))
}

fn number(report: &Value, key: &str) -> f64 {
    report[key]
        .as_f64()
        .unwrap_or_else(|| panic!("{key} in {report}"))
}

/// A Gaussian of this mean and covariance (xx, xy, yy) as a 16-bit picture.
fn blob(room: &Room, name: &str, (width, height): (u32, u32), mean: [f64; 2], c: [f64; 3]) {
    let det = c[0] * c[2] - c[1] * c[1];
    let picture = ImageBuffer::from_fn(width, height, |x, y| {
        let (dx, dy) = (f64::from(x) - mean[0], f64::from(y) - mean[1]);
        let q = (c[2] * dx * dx - 2.0 * c[1] * dx * dy + c[0] * dy * dy) / det;
        Luma([(65535.0 * (-0.5 * q).exp()).round() as u16])
    });
    picture.save(room.path(name)).unwrap();
}

/// Bures in two dimensions: tr of the root of a 2x2 matrix is sqrt(tr + 2 sqrt(det)).
fn bures(m: [f64; 2], a: [f64; 3], n: [f64; 2], b: [f64; 3]) -> f64 {
    let trace_ab = a[0] * b[0] + 2.0 * a[1] * b[1] + a[2] * b[2];
    let det = |c: [f64; 3]| c[0] * c[2] - c[1] * c[1];
    let cross = (trace_ab + 2.0 * (det(a) * det(b)).sqrt()).sqrt();
    let shift = (m[0] - n[0]).powi(2) + (m[1] - n[1]).powi(2);
    (shift + a[0] + a[2] + b[0] + b[2] - 2.0 * cross).sqrt()
}

#[test]
fn gaussian_blobs_are_as_far_apart_as_bures_says() {
    let room = Room::new();
    let size = (128, 112);
    let (m, a) = ([50.0, 48.0], [90.0, 30.0, 50.0]);
    blob(&room, "a.png", size, m, a);
    for (n, b) in [
        ([74.0, 60.0], [40.0, -15.0, 100.0]),
        ([50.0, 48.0], [160.0, 0.0, 160.0]),
        ([63.5, 41.25], a),
    ] {
        blob(&room, "b.png", size, n, b);
        let report = json(&room, "a.png b.png");
        let truth = bures(m, a, n, b);
        for key in ["value", "bures"] {
            let value = number(&report, key);
            assert!(
                (value - truth).abs() < 0.01 * truth,
                "{key} {value} of {truth}"
            );
        }
        let (lower, upper) = (number(&report, "lower"), number(&report, "upper"));
        assert!(upper - lower <= 0.01 * truth, "{lower} {upper} of {truth}");
        assert!(
            lower <= 1.002 * truth && 0.998 * truth <= upper,
            "{lower} {upper} of {truth}"
        );
        assert_eq!((&report["unit"], &report["p"]), (&"px".into(), &2.into()));
    }
}

/// Knuth's MMIX congruential generator, below `n`.
fn below(state: &mut u64, n: usize) -> usize {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize % n
}

#[test]
fn intervals_hold_the_exact_distances_of_random_histograms() {
    let room = Room::new();
    let mut state = 5;
    for case in 0..30 {
        let (height, width, grains) = (1 + below(&mut state, 7), 2 + below(&mut state, 7), 40);
        let mut side = |name: &str| -> Vec<usize> {
            let at: Vec<usize> = (0..grains)
                .map(|_| below(&mut state, height * width))
                .collect();
            let rows: Vec<String> = (0..height)
                .map(|y| {
                    let count = |k: usize| at.iter().filter(|&&g| g == k).count().to_string();
                    (0..width)
                        .map(|x| count(y * width + x))
                        .collect::<Vec<_>>()
                        .join(",")
                })
                .collect();
            room.write(name, rows.join("\n").as_bytes());
            at
        };
        let (from, to) = (side("a.csv"), side("b.csv"));
        for p in [1, 2] {
            // Grains of equal mass: an optimal assignment of them is an optimal plan. Costs in units of 2^-40.
            let unit = (1u64 << 40) as f64;
            let cost = Matrix::from_fn(grains, grains, |(i, j)| {
                let (dx, dy) = (
                    (from[i] % width) as f64 - (to[j] % width) as f64,
                    (from[i] / width) as f64 - (to[j] / width) as f64,
                );
                let squared = dx * dx + dy * dy;
                (unit * if p == 1 { squared.sqrt() } else { squared }).round() as i64
            });
            let cost = kuhn_munkres_min(&cost).0 as f64 / unit / grains as f64;
            let truth = if p == 1 { cost } else { cost.sqrt() };
            let report = json(&room, &format!("a.csv b.csv --p {p}"));
            let (lower, upper) = (number(&report, "lower"), number(&report, "upper"));
            assert!(
                lower <= truth + 1e-9
                    && truth <= upper + 1e-9
                    && upper - lower <= 0.01 * truth + 1e-9,
                "case {case}, p {p}: {truth} not in [{lower}, {upper}]"
            );
        }
    }
}

#[test]
fn unequal_totals_are_normalised_and_that_is_said() {
    let room = Room::new();
    room.write("a.csv", b"1,0,0\n0,0,0\n");
    room.write("b.csv", b"0,0,0\n0,0,3\n");
    let text = String::from_utf8(room.ok("distance a.csv b.csv")).unwrap();
    assert!(
        text.contains("W2 = 2.236") && text.contains("divided by theirs"),
        "{text}"
    );
    let report = json(&room, "a.csv b.csv");
    assert_eq!(report["totals"], serde_json::json!([1.0, 3.0]));
    let exact = 5f64.sqrt();
    assert!((number(&report, "value") - exact).abs() < 1e-9);
}

#[test]
fn points_have_their_own_unit_and_weights() {
    let room = Room::new();
    room.write("x.csv", b"x,y,weight\n0,0,1\n1,0,3\n5,5,0\n");
    room.write("y.csv", b"x;y;weight\n0;2;1\n1;2;3\n");
    for (args, truth) in [("x.csv y.csv", 2.0), ("x.csv y.csv --p 1", 2.0)] {
        let report = json(&room, args);
        assert!((number(&report, "value") - truth).abs() < 1e-9, "{report}");
        assert_eq!(report["unit"], "own");
        assert_eq!(report["kind"], "points");
    }
    // The same without names, and in three dimensions.
    room.write("u.csv", b"0 0 7 1\n1 0 7 3\n");
    room.write("v.csv", b"0 2 7 1\n1 2 7 3\n");
    let report = json(&room, "u.csv v.csv --weights --debiased");
    assert!((number(&report, "value") - 2.0).abs() < 1e-9);
    // A translation: entropy's bias cancels.
    let (low, high) = (
        number(&report, "debiased_lower"),
        number(&report, "debiased_upper"),
    );
    assert!(
        low <= 2.0 + 1e-6 && 2.0 <= high + 1e-6 && high - low < 0.02,
        "{low} {high}"
    );
    assert!(number(&report, "eps") > 0.0);
}

#[test]
fn npy_is_read_in_every_order_and_type() {
    let room = Room::new();
    let file = |descr: &str, fortran: &str, shape: &str, data: &[u8]| {
        let header =
            format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}");
        let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        bytes.extend(format!("{header:<117}\n").bytes());
        bytes.extend(data);
        bytes
    };
    let f64s = |v: &[f64]| -> Vec<u8> { v.iter().flat_map(|v| v.to_le_bytes()).collect() };
    room.write(
        "a.npy",
        &file(
            "<f8",
            "False",
            "(2, 3)",
            &f64s(&[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        ),
    );
    // Mass at row 1, column 2, column by column.
    room.write(
        "b.npy",
        &file(
            "<f8",
            "True",
            "(2, 3)",
            &f64s(&[0.0, 0.0, 0.0, 0.0, 0.0, 4.0]),
        ),
    );
    room.write(
        "c.npy",
        &file("|u1", "False", "(2, 3)", &[0, 0, 9, 0, 0, 0]),
    );
    assert!((number(&json(&room, "a.npy b.npy"), "value") - 5f64.sqrt()).abs() < 1e-9);
    assert!((number(&json(&room, "a.npy c.npy --p 1"), "value") - 2.0).abs() < 1e-9);
    // One dimension: sorted, exact.
    room.write(
        "d.npy",
        &file("<f8", "False", "(4,)", &f64s(&[1.0, 1.0, 0.0, 0.0])),
    );
    room.write("e.csv", b"0,0,1,1");
    let report = json(&room, "d.npy e.csv");
    assert_eq!(
        (number(&report, "value"), number(&report, "upper")),
        (2.0, 2.0)
    );
    for (name, bytes, reason) in [
        (
            "short.npy",
            file("<f8", "False", "(2, 3)", &[0; 40]),
            "broken or cut short",
        ),
        (
            "deep.npy",
            file("<f8", "False", "(2, 3, 1)", &[0; 48]),
            "one or two dimensions",
        ),
        (
            "text.npy",
            file("|S3", "False", "(2,)", b"abcdef"),
            "numbers are of the type",
        ),
        (
            "huge.npy",
            file("<f8", "False", "(1000000000, 3)", &[]),
            "at most",
        ),
        (
            "none.npy",
            file("<f8", "False", "(0, 3)", &[]),
            "holds no numbers",
        ),
        ("not.npy", b"hello".to_vec(), "broken or cut short"),
    ] {
        room.write(name, &bytes);
        room.fails(&format!("distance a.npy {name}"), 1, &[name, reason]);
    }
}

#[test]
fn many_files_against_one_are_a_table() {
    let room = Room::new();
    room.write("ref.csv", b"1,0,0,0");
    for k in 1..4 {
        let row: Vec<&str> = (0..4).map(|x| if x == k { "1" } else { "0" }).collect();
        room.write(&format!("h{k}.csv"), row.join(",").as_bytes());
    }
    let text =
        String::from_utf8(room.ok("distance --against ref.csv h1.csv h2.csv h3.csv --plot d.svg"))
            .unwrap();
    let mut rows = csv_rows(&text);
    let head = rows.remove(0);
    assert_eq!(head[..4], ["file", "p", "value", "lower"]);
    for (k, row) in (1..).zip(&rows) {
        assert_eq!(row[0], format!("h{k}.csv"));
        assert_eq!(row[2].parse::<f64>().unwrap(), f64::from(k));
    }
    let svg = std::fs::read_to_string(room.path("d.svg")).unwrap();
    assert!(svg.contains("<svg") && svg.contains("W2 [px]"), "{svg}");
    // What fails is told of, and the rest is done.
    room.write("bad.csv", b"1,2\n3\n");
    let output = room.run("distance --json --against ref.csv h1.csv bad.csv");
    assert_eq!(output.status.code(), Some(3));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["distances"].as_array().unwrap().len(), 1);
    assert_eq!(report["failed"][0]["file"], "bad.csv");
}

/// A blob that moves by 3 px to the right with every frame.
#[cfg(feature = "video")]
fn moving_blob(room: &Room, name: &str, frames: u32) {
    let (width, height) = (64, 48);
    let mut file = format!("YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 Cmono\n").into_bytes();
    for frame in 0..frames {
        file.extend(b"FRAME\n");
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
            let (dx, dy) = (
                f64::from(x) - 20.0 - f64::from(3 * frame),
                f64::from(y) - 24.0,
            );
            let light = (-0.5 * (dx * dx / 16.0 + dy * dy / 25.0)).exp();
            file.push((255.0 * light).round() as u8);
        }
    }
    std::fs::write(room.path(name), file).unwrap();
}

#[cfg(feature = "video")]
#[test]
fn a_clip_has_a_distance_from_frame_to_frame_and_from_its_first() {
    let room = Room::new();
    moving_blob(&room, "clip.y4m", 5);
    for (args, far) in [("", 1), ("--first", 2), ("--p 1", 1), ("--p 1 --first", 2)] {
        let text = String::from_utf8(room.ok(&format!("distance clip.y4m {args}"))).unwrap();
        let rows = csv_rows(&text);
        assert_eq!(rows[0][..4], ["frame", "against", "p", "value"], "{text}");
        assert_eq!(rows.len(), 5, "{text}");
        for (n, row) in rows[1..].iter().enumerate() {
            let against = if far == 1 { n } else { 0 };
            assert_eq!(row[..2], [(n + 1).to_string(), against.to_string()]);
            // Each is the one before, moved: W1 and W2 are both the way.
            let way = 3.0 * (n + 1 - against) as f64;
            let value: f64 = row[3].parse().unwrap();
            assert!((value - way).abs() < 0.01 * way, "{args} {row:?}");
        }
    }
    room.ok("distance clip.y4m --plot w2.svg --first");
    let plot = std::fs::read_to_string(room.path("w2.svg")).unwrap();
    assert!(plot.contains("<svg") && plot.contains("polyline"), "{plot}");
    moving_blob(&room, "one.y4m", 1);
    room.fails("distance one.y4m", 1, &["one.y4m", "fewer than two frames"]);
}

fn csv_rows(text: &str) -> Vec<Vec<String>> {
    text.lines()
        .map(|l| l.split(',').map(str::to_owned).collect())
        .collect()
}

/// A large picture is solved on cells, and the interval holds for its pixels: a shift costs its length.
#[test]
fn a_large_picture_has_a_certified_distance_in_bounded_memory() {
    let room = Room::new();
    let picture = |dx: u32, dy: u32| {
        ImageBuffer::from_fn(1920, 1080, |x, y| {
            let (u, v) = (x.wrapping_sub(300 + dx), y.wrapping_sub(200 + dy));
            let wave = (f64::from(u) * 0.02).sin() * (f64::from(v) * 0.03).cos();
            let inside = u < 1000 && v < 600;
            Luma([if inside {
                (120.0 + 100.0 * wave) as u8
            } else {
                0
            }])
        })
    };
    picture(0, 0).save(room.path("a.png")).unwrap();
    picture(240, 180).save(room.path("b.png")).unwrap();
    for p in [1, 2] {
        let report = json(&room, &format!("a.png b.png --p {p}"));
        let (lower, upper) = (number(&report, "lower"), number(&report, "upper"));
        assert!(lower <= 300.0 + 1e-6 && 300.0 <= upper + 1e-6, "{report}");
        assert!(upper - lower <= 3.0, "{report}");
        assert!(number(&report, "cell") > 1.0, "{report}");
    }
}

#[test]
fn what_cannot_be_compared_is_said_in_one_line() {
    let room = Room::new();
    room.flat("grey.png", (8, 6), 100);
    room.flat("black.png", (8, 6), 0);
    room.flat("wide.png", (9, 6), 100);
    room.write("h.csv", b"1,2\n3,4\n");
    room.write("empty.csv", b"");
    room.write("nan.csv", b"1,2\n3,nan\n");
    room.write("negative.csv", b"1,2\n3,-4\n");
    room.write("zero.csv", b"0,0\n0,0\n");
    room.write("words.csv", b"1,2\n3,many\n");
    room.write("ragged.csv", b"1,2\n3\n");
    room.write("binary.csv", b"\xff\xfe\x00\x01,2\n");
    room.write("p2.csv", b"x,y\n1,2\n3,4\n");
    room.write("p3.csv", b"x,y,z\n1,2,3\n");
    room.write("pw.csv", b"x,y,weight\n1,2,-1\n");
    for (args, words) in [
        ("grey.png black.png", vec!["black.png", "no light"]),
        (
            "grey.png wide.png",
            vec!["wide.png", "8x6", "9x6", "one size"],
        ),
        ("grey.png none.png", vec!["none.png", "no such file"]),
        ("h.csv none.csv", vec!["none.csv", "no such file"]),
        ("h.csv empty.csv", vec!["empty.csv", "no numbers"]),
        ("h.csv nan.csv", vec!["nan.csv", "row 2, column 2", "NaN"]),
        (
            "h.csv negative.csv",
            vec!["negative.csv", "row 2, column 2", "-4", "--points"],
        ),
        ("h.csv zero.csv", vec!["zero.csv", "all masses are 0"]),
        (
            "h.csv words.csv",
            vec!["words.csv", "line 2, field 2", "many"],
        ),
        ("h.csv ragged.csv", vec!["ragged.csv", "line 2"]),
        ("h.csv binary.csv", vec!["binary.csv", "no text"]),
        ("grey.png h.csv", vec!["picture", "histogram"]),
        ("p2.csv p3.csv", vec!["2 dimensions", "3 dimensions"]),
        ("p3.csv pw.csv", vec!["pw.csv", "row 1", "weight"]),
        ("grey.png grey.png --points", vec!["grey.png", ".npy"]),
    ] {
        room.fails(&format!("distance {args}"), 1, &words);
    }
    for (args, words) in [
        ("h.csv h.csv --p 3", vec!["--p"]),
        ("h.csv h.csv --eps 0", vec!["--eps"]),
        ("h.csv h.csv h.csv", vec!["--against"]),
        ("h.csv h.csv --plot w.jpg", vec!["w.jpg", ".svg"]),
        ("h.csv h.csv --plot w.svg", vec!["--plot"]),
    ] {
        room.fails(&format!("distance {args}"), 2, &words);
    }
    // Too many points for all pairs of them.
    let many: String = (0..40_000).map(|k| format!("{k},{}\n", k % 7)).collect();
    room.write("many.csv", many.as_bytes());
    room.fails(
        "distance many.csv many.csv --points",
        1,
        &["many.csv", "1600000000 pairs"],
    );
}
