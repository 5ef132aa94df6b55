//! `--timings`: stages nest, add up to the whole, and stand in the reports; off, nothing is said.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod common;

use common::clips::{events, otinterp, report, small_y4m};
use common::texture::texture;
use otinterp::picture::still::{self, Still};
use otinterp::picture::{Format, Picture, Plane};
use otinterp::timings::{Reading, Stage, enable, stage};
use serde_json::Value;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

fn spin(ms: u64) {
    let end = Instant::now() + Duration::from_millis(ms);
    while Instant::now() < end {}
}

/// One test, as the switch is the whole process's.
#[test]
fn stages_nest_without_counting_twice() {
    let before = Reading::now();
    drop(stage(Stage::Decode));
    assert!(before.elapsed().is_none(), "nothing is timed by default");
    enable();
    {
        let _outer = stage(Stage::Tiles);
        spin(5);
        {
            let _inner = stage(Stage::Refine);
            spin(20);
        }
        spin(5);
    }
    {
        let _cuts = stage(Stage::Cuts);
        drop(stage(Stage::Residual));
    }
    let timings = before.elapsed().unwrap();
    let calls: Vec<_> = timings.stages.iter().map(|s| (s.stage, s.calls)).collect();
    assert_eq!(calls, [("cuts", 1), ("tiles", 1), ("refine", 1)]);
    let wall = |name| {
        timings
            .stages
            .iter()
            .find(|s| s.stage == name)
            .unwrap()
            .wall_ms
    };
    assert!(wall("refine") >= 20.0 && wall("tiles") >= 10.0);
    let sum: f64 = timings.stages.iter().map(|s| s.wall_ms).sum();
    assert!(sum >= 30.0 && sum <= timings.wall_ms, "{timings:?}");
    for name in ["cuts", "tiles", "refine", "from start to end"] {
        assert!(timings.table().contains(name));
    }
}

/// A pair of textures, the second shifted.
fn pair(folder: &Path) {
    for (name, shift) in [("a.png", 0.0), ("b.png", 4.0)] {
        let plane = Plane::from_shape_fn((270, 480), |(y, x)| {
            texture(x as f64 - shift, y as f64, 0).round()
        });
        let picture = Picture::new(Format::gray(8), vec![plane]).unwrap();
        let file = File::create(folder.join(name)).unwrap();
        still::write_png(&Still::from(picture), file).unwrap();
    }
}

#[test]
fn the_stages_of_a_pair_are_nearly_all_of_it() {
    let dir = tempfile::tempdir().unwrap();
    pair(dir.path());
    let run = |args: &str| {
        let mut command = otinterp();
        command.current_dir(dir.path()).args(args.split(' '));
        command.output().unwrap()
    };
    let output = run("frames a.png b.png -n 2 -o out/ --threads 1 --json --timings");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let timings = &json["timings"];
    for (unit, least) in [("wall_ms", 0.8), ("cpu_ms", 0.8)] {
        let stages = timings["stages"].as_array().unwrap();
        let sum: f64 = stages.iter().map(|s| s[unit].as_f64().unwrap()).sum();
        let total = timings[unit].as_f64().unwrap();
        assert!(
            (least * total..=1.02 * total).contains(&sum),
            "{unit}: {sum} of {total}"
        );
    }
    // With several threads a stage's time on a core cannot be told.
    let output = run("frames a.png b.png -o mid.png --threads 2 --json --timings");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(json["timings"]["cpu_ms"].is_number());
    assert!(json["timings"]["stages"][0]["cpu_ms"].is_null());
    // A table for people; nothing by default.
    let output = run("frames a.png b.png -o table.png --timings");
    assert!(String::from_utf8_lossy(&output.stderr).contains("refine"));
    let output = run("frames a.png b.png -o off.png --json");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(json.get("timings").is_none() && output.stderr.is_empty());
}

#[test]
fn a_clip_and_several_at_once() {
    let dir = tempfile::tempdir().unwrap();
    small_y4m(dir.path(), "a.y4m", 4);
    small_y4m(dir.path(), "b.y4m", 4);
    let run = |args: &str| {
        let mut command = otinterp();
        command.current_dir(dir.path()).arg("retime");
        command.args(args.split(' ')).output().unwrap()
    };
    let output = run("a.y4m b.y4m --factor 2 --json --timings --threads 1 -q");
    let lines = report(&output.stdout);
    let done = events(&lines, "done");
    assert_eq!(done.len(), 2);
    for done in done {
        let stages = done["timings"]["stages"].as_array().unwrap();
        let calls = |name: &str| {
            let found = stages.iter().find(|s| s["stage"] == name);
            found.map_or(0, |s| s["calls"].as_u64().unwrap())
        };
        // Each clip for itself: 4 frames in, 8 out.
        assert_eq!(calls("to_samples"), 8, "{stages:?}");
        assert!(calls("decode") > 0 && calls("tiles") > 0 && calls("encode") > 0);
    }
    let output = run("a.y4m b.y4m --factor 2 -y --timings --jobs 2");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--jobs"));
}
