//! `otinterp score` from the outside: closed forms, layouts of folders, errors, and the numbers of
//! an independent program.

use crate::common::clips::data;
use crate::common::room::Room;
use serde_json::Value;

const SIZE: (u32, u32) = (24, 16);

/// PSNR in dB of a picture that is off by `offset` grey levels everywhere.
fn psnr(offset: f64) -> f64 {
    20.0 * (255.0 / offset).log10()
}

fn triplet(room: &Room, folder: &str, names: [&str; 3], codes: [u8; 3]) {
    for (name, code) in names.iter().zip(codes) {
        room.flat(&format!("{folder}/{name}.png"), SIZE, code);
    }
}

fn json(room: &Room, args: &str) -> Value {
    room.json(&format!("score {args}"))
}

/// `(set, method, frames, mean PSNR)` of everything in a report.
fn rows(report: &Value) -> Vec<(String, String, usize, f64)> {
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let mut rows = Vec::new();
    for set in report["sets"].as_array().unwrap() {
        for method in set["methods"].as_array().unwrap() {
            rows.push((
                text(&set["set"]),
                text(&method["method"]),
                method["frames"].as_array().unwrap().len(),
                method["mean"]["psnr_db"].as_f64().unwrap(),
            ));
        }
    }
    rows
}

#[test]
fn triplets_of_flat_pictures_have_closed_forms() {
    let room = Room::new();
    triplet(&room, "set/x", ["im1", "gt", "im3"], [100, 110, 120]);
    triplet(
        &room,
        "set/y",
        ["frame10", "frame10i11", "frame11"],
        [100, 112, 120],
    );
    let report = json(&room, "set --method crossfade --method hold");
    let rows = rows(&report);
    assert_eq!(rows.len(), 2);
    // The cross-fade is 110: exact, then off by 2. Held is the second picture: off by 10 and 8.
    let expected = [
        ("crossfade", (100.0 + psnr(2.0)) / 2.0),
        ("hold", (psnr(10.0) + psnr(8.0)) / 2.0),
    ];
    for (row, (method, psnr_db)) in rows.iter().zip(expected) {
        assert_eq!((row.0.as_str(), row.1.as_str(), row.2), ("set", method, 2));
        assert!((row.3 - psnr_db).abs() < 1e-9, "{row:?} {psnr_db}");
    }
    let set = &report["sets"][0];
    assert_eq!((&set["width"], &set["height"]), (&24.into(), &16.into()));
    let first = &set["methods"][0]["frames"][0];
    assert_eq!(
        (&first["frame"], &first["ssim"]),
        (&"x".into(), &1.0.into())
    );
    assert!(first["wall_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(first["ssimulacra2"], 100.0);
    assert_eq!(first["gmsd"], 0.0);
    // These frames are flat, and near their truth: there is no sharpness to compare and nothing that could be a ghost.
    assert_eq!(first["sharpness"], Value::Null);
    assert_eq!(first["ghost"], Value::Null);
    assert_eq!(set["methods"][0]["mean"]["ghost"], Value::Null);
    // Nothing is known of layers here.
    assert_eq!(first.get("layers"), None);
}

#[test]
fn scenes_are_shown_when_asked_for() {
    let room = Room::new();
    triplet(&room, "set/far", ["im1", "gt", "im3"], [100, 120, 120]);
    triplet(&room, "set/near", ["im1", "gt", "im3"], [100, 110, 120]);
    let table = String::from_utf8(room.ok("score set --scenes --method crossfade")).unwrap();
    let starts: Vec<&str> = table
        .lines()
        .map(|l| l.split(' ').next().unwrap())
        .collect();
    assert_eq!(starts, ["set", "far", "near", "set"], "{table}");
    assert!(table.lines().nth(2).unwrap().contains("100.00"), "{table}");
}

#[test]
fn falling_under_a_floor_fails_and_names_the_set() {
    let room = Room::new();
    triplet(&room, "set/x", ["im1", "gt", "im3"], [100, 100, 100]);
    // Equal pictures come back equal: 100 dB by definition, SSIM 1.
    room.write("low.toml", b"[balanced.set]\npsnr_db = 99.9\nssim = 1.0\n");
    room.ok("score set --floors low.toml");
    room.write(
        "high.toml",
        b"[balanced.set]\npsnr_db = 100.1\nssim = 1.0\n",
    );
    room.write(
        "other.toml",
        b"[balanced.other]\npsnr_db = 1.0\nssim = 0.0\n",
    );
    let fallen = [
        ("high.toml", "set PSNR 100.000 dB < 100.1 dB"),
        ("other.toml", "other was not scored"),
    ];
    for (file, reason) in fallen {
        let output = room.run(&format!("score set --floors {file}"));
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(file) && error.contains(reason), "{error}");
        assert!(!output.stdout.is_empty(), "the table is shown all the same");
    }
}

/// Of GMSD and ghosts there may be too much; a number that is missing keeps no bound.
#[test]
fn floors_hold_what_should_be_small_too() {
    let room = Room::new();
    triplet(&room, "set/x", ["im1", "gt", "im3"], [40, 100, 160]);
    let floors = |bound: &str| {
        let text = format!("[balanced.set]\npsnr_db = 1.0\nssim = 0.0\n{bound}\n");
        room.write("floors.toml", text.as_bytes());
        let output = room.run("score set --floors floors.toml");
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.success(), said)
    };
    // A fade between flat pictures is exact: nothing of the ends is left, and no structure is lost.
    for bound in ["gmsd = 0.0", "ghost = 0.001"] {
        let (kept, said) = floors(bound);
        assert!(kept, "{bound}: {said}");
    }
    for (bound, reason) in [
        ("ghost = -0.1", "set ghost 0.0000 > -0.1"),
        ("gmsd = -0.1", "set GMSD 0.0000 > -0.1"),
        ("thing = 0.5", "set thing is not known"),
        ("one_db = 20.0", "set one is not known"),
    ] {
        let (kept, said) = floors(bound);
        assert!(!kept && said.contains(reason), "{bound}: {said}");
    }
}

#[test]
fn floors_that_cannot_be_used_are_one_line() {
    let room = Room::new();
    triplet(&room, "set/x", ["im1", "gt", "im3"], [100, 100, 100]);
    room.write(
        "floors.toml",
        b"[balanced.set]\npsnr_db = 9.9\nssim = 1.0\n",
    );
    room.write("bad.toml", b"[balanced.set]\npsnr = 1.0\n");
    let fails = |args: &str, words: &[&str]| room.fails(&format!("score set {args}"), 1, words);
    fails(
        "--floors floors.toml --preset fast",
        &["floors.toml", "fast"],
    );
    fails("--floors bad.toml", &["bad.toml", "psnr"]);
    fails("--floors none.toml", &["none.toml", "no such file"]);
    // Nothing falls behind what is no number.
    for bad in [
        "psnr_db = nan\nssim = 0.5",
        "psnr_db = 9.0\nssim = -nan",
        "psnr_db = 9.0\nssim = 0.5\ngmsd = nan",
    ] {
        room.write("nan.toml", format!("[balanced.set]\n{bad}\n").as_bytes());
        fails(
            "--floors nan.toml",
            &["nan.toml", "balanced.set", "nan is no floor"],
        );
    }
}

#[test]
fn a_tree_of_sets_gives_one_row_each() {
    let room = Room::new();
    triplet(&room, "tree/one/a", ["im1", "im2", "im3"], [0, 10, 20]);
    triplet(&room, "tree/one/b", ["im1", "im2", "im3"], [0, 10, 20]);
    triplet(&room, "tree/two/deep/c", ["im1", "im2", "im3"], [0, 11, 20]);
    let rows = rows(&json(&room, "tree --method crossfade"));
    assert_eq!(rows[0], ("one".into(), "crossfade".into(), 2, 100.0));
    assert_eq!(rows[1].0, "two");
    assert!((rows[1].3 - psnr(1.0)).abs() < 1e-9);
}

#[test]
fn every_other_frame_of_a_sequence_is_rebuilt() {
    let room = Room::new();
    // 3 is off by 1 from the mean of 2 and 4; the order is that of the numbers.
    for (name, code) in [("8", 50), ("9", 60), ("10", 70), ("11", 81), ("12", 90)] {
        room.flat(&format!("walk/{name}.png"), SIZE, code);
    }
    let found = rows(&json(&room, "walk --method crossfade"));
    assert_eq!((found[0].0.as_str(), found[0].2), ("walk", 2));
    assert!((found[0].3 - (100.0 + psnr(1.0)) / 2.0).abs() < 1e-9);
    let found = rows(&json(&room, "walk --method crossfade --max 1"));
    assert_eq!((found[0].2, found[0].3), (1, 100.0));
}

#[test]
fn the_default_methods_are_transport_and_cross_fade() {
    let room = Room::new();
    triplet(&room, "set/x", ["im1", "gt", "im3"], [100, 110, 120]);
    let table = String::from_utf8(room.ok("score set")).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(
        lines[0].contains("PSNR dB") && lines[0].contains("SSIM"),
        "{table}"
    );
    assert!(
        lines[1].starts_with("set") && lines[1].contains(" ot "),
        "{table}"
    );
    assert!(
        lines[2].contains("crossfade") && lines[2].contains("100.00"),
        "{table}"
    );
    assert!(
        !lines[0].contains("thing"),
        "no scene is in layers: {table}"
    );
    // Numbers end where their heads end.
    let end = lines[0].find("PSNR dB").unwrap() + "PSNR dB".len();
    assert_eq!(&lines[2][end - 6..end], "100.00", "{table}");
}

#[test]
fn what_cannot_be_scored_is_one_line() {
    let room = Room::new();
    room.flat("empty/one.png", SIZE, 0);
    room.fails("score nowhere", 1, &["nowhere", "no such file"]);
    room.fails("score empty", 1, &["empty", "nothing to score"]);
    room.fails("score empty/one.png", 1, &["one.png", "single picture"]);
    triplet(&room, "odd", ["im1", "gt", "im3"], [1, 2, 3]);
    room.flat("odd/gt.png", (25, 16), 0);
    room.fails("score odd", 1, &["im1.png", "gt.png", "24x16", "25x16"]);
    triplet(&room, "cut", ["im1", "gt", "im3"], [1, 2, 3]);
    room.write("cut/im3.png", b"no picture");
    room.fails("score cut", 1, &["im3.png", "not a picture"]);
    room.flat("jump/1.png", SIZE, 0);
    room.flat("jump/2.png", (30, 16), 0);
    room.flat("jump/3.png", SIZE, 0);
    room.fails("score jump", 1, &["2.png", "24x16", "30x16"]);
    room.fails("score odd --max 0", 2, &["--max"]);
}

#[test]
fn of_several_inputs_the_good_ones_are_scored() {
    let room = Room::new();
    triplet(&room, "good", ["im1", "gt", "im3"], [100, 110, 120]);
    let output = room.run("score nowhere good --method crossfade --json");
    assert_eq!(output.status.code(), Some(3));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        rows(&report),
        [("good".into(), "crossfade".into(), 1, 100.0)]
    );
    assert_eq!(report["failed"][0]["set"], "nowhere");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 2, "{said}");
    assert!(
        said.contains("nowhere") && said.contains("1 of 2 inputs failed"),
        "{said}"
    );
}

#[cfg(not(feature = "video"))]
#[test]
fn without_video_a_clip_is_one_clear_line() {
    let clip = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/clip/24fps.mp4");
    Room::new().fails(&format!("score {clip}"), 1, &["24fps.mp4", "without video"]);
}

#[cfg(feature = "video")]
#[test]
fn every_other_frame_of_a_clip_is_rebuilt() {
    let clip = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/clip/24fps.mp4");
    let room = Room::new();
    // 47 frames: 23 of them have two neighbours.
    let all = rows(&json(&room, &format!("{clip} --method hold")));
    assert_eq!((all[0].0.as_str(), all[0].2), ("24fps.mp4", 23));
    // Shapes that move by many pixels: transport is far better than a cross-fade.
    let two = rows(&json(&room, &format!("{clip} --max 2")));
    assert_eq!((two[0].1.as_str(), two[0].2), ("ot", 2));
    assert!(two[0].3 > two[1].3 + 5.0, "{two:?}");
    room.write("text.mp4", b"no clip");
    room.fails("score text.mp4", 1, &["text.mp4"]);
}

/// PSNR and SSIM of a cross-fade as OpenCV (`addWeighted`) and scikit-image
/// (`structural_similarity`, Gaussian 11 × 11, sigma 1.5, population covariance) give them; GMSD by OpenCV's `blur` and
/// `filter2D`, ghosts by NumPy's `lstsq`.
#[test]
fn numbers_agree_with_an_independent_program() {
    let Some(data) = data("numbers_agree_with_an_independent_program") else {
        return;
    };
    let triplets = data.join("triplets");
    let room = Room::new();
    let report = json(&room, &format!("{} --method crossfade", triplets.display()));
    let expected = [
        ("davis", 15, 20.866, 0.6238, 0.18895, 0.50000),
        ("middlebury", 6, 28.116, 0.7907, 0.08688, 0.49998),
        ("ucf101", 55, 33.022, 0.9184, 0.06828, 0.50000),
    ];
    let rows = rows(&report);
    assert_eq!(rows.len(), expected.len());
    for (i, (set, frames, psnr_db, ssim, gmsd, ghost)) in expected.into_iter().enumerate() {
        assert_eq!((rows[i].0.as_str(), rows[i].2), (set, frames));
        assert!(
            (rows[i].3 - psnr_db).abs() < 1e-3,
            "{:?} {psnr_db}",
            rows[i]
        );
        let mean = &report["sets"][i]["methods"][0]["mean"];
        for (name, expected) in [("ssim", ssim), ("gmsd", gmsd), ("ghost", ghost)] {
            let found = mean[name].as_f64().unwrap();
            assert!(
                (found - expected).abs() < 1e-4,
                "{set} {name} {found} {expected}"
            );
        }
    }
}
