//! `retime` on many clips: which, in what order, under what names, and what is said of them.

#[allow(dead_code, reason = "each test file uses its part")]
use crate::common::clips::{SMALL, SMALL_HEAD, events, report, y4m};
use crate::common::room::Room;
use serde_json::Value;
use std::process::Output;

/// Work that takes no time, without words.
const FAST: &str = "--factor 2 --method hold -q";

/// A room with small Y4M clips of different lengths.
fn room(names: &[&str]) -> Room {
    let room = Room::new();
    for (index, name) in names.iter().enumerate() {
        room.write(name, &y4m(SMALL_HEAD, SMALL, 8, 3 + index));
    }
    room
}

/// Files below a folder of the room, hidden ones too, sorted.
fn files(room: &Room, folder: &str) -> Vec<String> {
    let root = room.path(folder);
    let below = room.listing().into_iter();
    let below = below.filter(|(path, _)| path.starts_with(&root) && path.is_file());
    below
        .map(|(path, _)| {
            path.strip_prefix(&root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect()
}

fn column(report: &[Value], kind: &str, field: &str) -> Vec<String> {
    let lines = events(report, kind).into_iter();
    lines
        .map(|line| line[field].as_str().unwrap().to_owned())
        .collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn folders_give_their_clips_in_natural_order() {
    let room = room(&[
        "in/clip10.y4m",
        "in/clip2.y4m",
        "in/b/9.Y4M",
        "in/b/c/1.y4m",
        "in/clip2.x2.y4m",
        "in/old.x3.y4m",
        "in/.hidden.y4m",
        "in/.otinterp-1.y4m",
        "in/.trash/1.y4m",
        "alone.y4m",
    ]);
    room.write("in/notes.txt", b"no clip");
    room.write("in/b/picture.png", b"no clip");
    let made = report(&room.ok(&format!(
        "retime alone.y4m in {FAST} --json --out-dir out/here"
    )));
    assert_eq!(
        column(&made, "done", "input"),
        [
            "alone.y4m",
            "in/b/9.Y4M",
            "in/b/c/1.y4m",
            "in/clip2.y4m",
            "in/clip10.y4m",
            "in/old.x3.y4m"
        ]
    );
    assert_eq!(
        files(&room, "out"),
        [
            "here/alone.x2.y4m",
            "here/b/9.x2.y4m",
            "here/b/c/1.x2.y4m",
            "here/clip10.x2.y4m",
            "here/clip2.x2.y4m",
            "here/old.x3.x2.y4m"
        ]
    );
    std::fs::create_dir(room.path("empty")).unwrap();
    room.fails(
        "retime in empty --factor 2 --out-dir none",
        1,
        &["empty", "no clip"],
    );
}

#[test]
fn outputs_are_not_taken_for_inputs() {
    let room = room(&["in/a.y4m", "in/b.y4m"]);
    let names = ["a.y4m", "b.y4m", "made/a_smooth.y4m", "made/b_smooth.y4m"];
    let beside = ["a.y4m", "a_smooth.y4m", "b.y4m", "b_smooth.y4m"];
    let name = "--name {stem}_smooth.{ext}";
    // Once anew, once over what is there.
    for _ in 0..2 {
        room.ok(&format!("retime in {FAST} -y {name} --out-dir in/made"));
        assert_eq!(files(&room, "in"), names);
    }
    std::fs::remove_dir_all(room.path("in/made")).unwrap();
    for _ in 0..2 {
        room.ok(&format!("retime in {FAST} -y {name}"));
        assert_eq!(files(&room, "in"), beside);
    }
    // Given by its name, it is meant.
    room.ok(&format!("retime in/a_smooth.y4m {FAST}"));
    // An input that would be lost stops all, even with -y.
    room.fails(
        &format!("retime in/a.y4m in/a_smooth.y4m {FAST} -y {name}"),
        1,
        &["in/a_smooth.y4m", "would overwrite"],
    );
}

#[test]
fn names_follow_the_pattern() {
    let room = room(&["in/a.y4m", "in/sub/a.y4m", "c.d.y4m"]);
    let run = |pattern: &str, target: &str| {
        let out = format!("--out-dir out --method hold -q --name {pattern}");
        room.ok(&format!("retime in c.d.y4m {target} {out}"));
        let found = files(&room, "out");
        std::fs::remove_dir_all(room.path("out")).unwrap();
        found
    };
    assert_eq!(
        run("{index}-{stem}@{target}.{ext}", "--fps 59.94"),
        [
            "1-a@59.94fps.y4m",
            "3-c.d@59.94fps.y4m",
            "sub/2-a@59.94fps.y4m"
        ]
    );
    assert_eq!(
        run("{target}{stem}{stem}.y4m", "--slow 1.5"),
        ["slow1.5aa.y4m", "slow1.5c.dc.d.y4m", "sub/slow1.5aa.y4m"]
    );
    for (args, why) in [
        ("in --name {stem}.{foo}.mp4", "{foo}"),
        ("in --name {stem.mp4", "{"),
        ("in --name stem}.mp4", "}"),
        ("in --name x/{stem}.y4m", "folder"),
        ("in --name same.y4m --out-dir out c.d.y4m", "two inputs"),
        ("in in/a.y4m --out-dir out", "two inputs"),
        ("in/a.y4m in/../in/a.y4m", "two inputs"),
        ("in -o out.y4m", "-o names one output"),
        ("in/a.y4m -o out.y4m --name {stem}.y4m", "--name"),
        ("in -y --skip-existing", "--skip-existing"),
        ("in --jobs 0", "at least 1"),
        ("in --jobs 100000", "at most 256"),
        ("in --jobs x", "whole number"),
        ("in --progress loud", "loud"),
    ] {
        room.fails(&format!("retime --factor 2 {args}"), 2, &[why]);
    }
}

#[test]
fn what_is_there_is_skipped_if_asked() {
    let room = room(&["a.y4m", "b.y4m", "c.y4m"]);
    room.write("b.x2.y4m", b"theirs");
    room.fails(
        "retime a.y4m b.y4m --factor 2",
        1,
        &["b.x2.y4m", "exists already", "--skip-existing"],
    );
    let args = "--factor 2 --method hold --skip-existing";
    // Nothing tells what made theirs.
    let output = room.run(&format!("retime a.y4m b.y4m {args}"));
    assert_eq!(output.status.code(), Some(3));
    let said = stderr(&output);
    assert!(
        said.contains("b.x2.y4m: it is there already, and nothing tells"),
        "{said}"
    );
    assert_eq!(std::fs::read(room.path("b.x2.y4m")).unwrap(), b"theirs");

    room.ok(&format!("retime b.y4m {FAST} -y"));
    std::fs::remove_file(room.path("a.x2.y4m")).unwrap();
    let made = room.listing();
    let output = room.run(&format!("retime a.y4m b.y4m c.y4m {args}"));
    assert_eq!(output.status.code(), Some(0));
    let said = stderr(&output);
    assert_eq!(said.lines().count(), 4, "{said}");
    assert!(
        said.contains("b.y4m: skipped: b.x2.y4m: it exists already\n"),
        "{said}"
    );
    assert!(said.ends_with("\n2 of 3 done, 1 skipped\n"), "{said}");
    let now = room.listing();
    assert!(made.iter().all(|file| now.contains(file)));

    let json = report(&room.ok(&format!("retime a.y4m b.y4m c.y4m {args} --json -q")));
    assert_eq!(events(&json, "skipped").len(), 3);
    let summary = json.last().unwrap();
    assert_eq!(
        (&summary["skipped"], &summary["done"]),
        (&3.into(), &0.into())
    );
    // A folder under the output's name is no output.
    std::fs::create_dir(room.path("d.x2.y4m")).unwrap();
    room.write("d.y4m", &y4m(SMALL_HEAD, SMALL, 8, 3));
    room.fails(&format!("retime d.y4m {args}"), 1, &["it is a folder"]);
}

/// The lines without what differs from run to run.
fn timeless(mut report: Vec<Value>) -> Vec<Value> {
    for line in &mut report {
        line.as_object_mut().unwrap().remove("wall_s");
    }
    report
}

#[test]
fn a_failure_ends_nothing_and_jobs_change_nothing() {
    let names = [
        "in/1.y4m",
        "in/2.y4m",
        "in/10.y4m",
        "in/11.y4m",
        "in/12.y4m",
    ];
    let room = room(&names);
    // Cut off within its third frame: a warning.
    let whole = y4m(SMALL_HEAD, SMALL, 8, 3);
    room.write("in/2.y4m", &whole[..whole.len() - 100]);
    room.write("in/3.y4m", b"no clip");
    // It takes longest, and stands first.
    room.write("in/1.y4m", &y4m(SMALL_HEAD, SMALL, 8, 200));
    let mut runs = Vec::new();
    for jobs in ["", "--jobs 2", "--jobs 9"] {
        let args = format!(
            "retime in --factor 2 --method crossfade --out-dir out --progress none --json {jobs}"
        );
        let output = room.run(&args);
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        let said = stderr(&output);
        let ends: Vec<_> = said.lines().map(|l| l.split(':').next().unwrap()).collect();
        assert!(
            ends[0].starts_with("in/1.y4m -> ") && ends[1..4].iter().all(|e| !e.contains(".1")),
            "{said}"
        );
        assert!(
            said.lines()
                .last()
                .unwrap()
                .starts_with("otinterp: 5 of 6 done, 1 failed: in/3.y4m: not a Y4M"),
            "{said}"
        );
        assert_eq!(said.matches("cut off").count(), 1, "{said}");
        // One line of each file, one warning, and the last.
        assert_eq!(said.lines().count(), 8, "{said}");
        let made = files(&room, "out");
        assert_eq!(made.len(), 5);
        let bytes: Vec<_> = made
            .iter()
            .map(|name| std::fs::read(room.path("out").join(name)).unwrap())
            .collect();
        runs.push((timeless(report(&output.stdout)), made, bytes));
        std::fs::remove_dir_all(room.path("out")).unwrap();
    }
    assert!(runs[0].1 == runs[1].1 && runs[0].2 == runs[1].2 && runs[0] == runs[2]);
    assert_eq!(runs[0].0, runs[1].0);
    let kinds: Vec<_> = runs[0].0.iter().map(|l| l["event"].as_str()).collect();
    let kinds: Vec<_> = kinds.into_iter().flatten().collect();
    assert_eq!(
        kinds.join(" "),
        "start done start warning done failed start done start done start done summary"
    );
    // Where nothing is made, no folder is left.
    room.fails_all("retime in/3.y4m none.y4m --factor 2 --out-dir new/out");
}

trait FailsAll {
    fn fails_all(&self, args: &str);
}

impl FailsAll for Room {
    /// Two inputs fail, each with its line: exit code 1, nothing made.
    fn fails_all(&self, args: &str) {
        let before = files(self, "");
        let output = self.run(args);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert_eq!(said.lines().count(), 3, "{said}");
        assert!(
            said.contains("\notinterp: 0 of 2 done, 2 failed: "),
            "{said}"
        );
        assert_eq!(files(self, ""), before);
        assert!(!self.path("new").exists());
    }
}

#[cfg(feature = "video")]
#[test]
fn a_dry_run_tells_the_truth_and_writes_nothing() {
    let room = room(&["in/a.y4m", "in/sub/b.y4m"]);
    let lossless = "--factor 1 --codec ffv1 -q -o";
    room.ok(&format!("retime in/a.y4m {lossless} in/c.mkv"));
    room.ok("retime in/sub/b.y4m --fps 25 --method hold -q -o in/sub/d.mp4");
    room.write("in/z.mp4", b"no clip");
    room.write("in/a.23.976fps.y4m", b"theirs");
    let before = files(&room, "");
    let args = "retime in --fps 23.976 --method hold --out-dir out/new";
    let dry = room.run(&format!("{args} --dry-run --json"));
    assert_eq!(dry.status.code(), Some(3));
    let text = room.run(&format!("{args} --dry-run"));
    assert_eq!(files(&room, ""), before);
    assert!(!room.path("out").exists());

    let dry = report(&dry.stdout);
    let real = report(&room.run(&format!("{args} --json -q")).stdout);
    let (planned, done) = (events(&dry, "planned"), events(&real, "done"));
    assert_eq!((planned.len(), done.len()), (4, 4));
    for (planned, done) in planned.iter().zip(done) {
        let same = [
            "input",
            "index",
            "of",
            "output",
            "width",
            "height",
            "frames_in",
            "frames_out",
            "rate",
            "duration_s",
            "codec",
            "pixel_format",
            "streams_copied",
            "streams_stretched",
        ];
        for field in same {
            assert_eq!(planned[field], done[field], "{field}: {planned} {done}");
        }
        // MP4 announces its frames, the others do not.
        let is_mp4 = planned["input"].as_str().unwrap().ends_with("mp4");
        assert_eq!(planned["frames_counted"], !is_mp4, "{planned}");
    }
    assert_eq!(
        events(&dry, "failed")[0]["error"],
        events(&real, "failed")[0]["error"]
    );
    assert_eq!(dry.last().unwrap()["dry_run"], true);

    let lines = String::from_utf8(text.stdout).unwrap();
    assert_eq!(lines.lines().count(), 4, "{lines}");
    assert!(
        lines.contains(
            "in/c.mkv: 64x48 yuv420p, 3 frames (counted) at 29.97 fps -> out/new/c.23.976fps.mkv: \
             3 frames at 23.976 fps, 0.10 s, libx264 yuv420p\n"
        ),
        "{lines}"
    );
    // Settings that the encoder refuses are found without a file.
    room.fails(
        "retime in/a.y4m --factor 2 -o a.mp4 --encoder-preset nonsense --dry-run",
        1,
        &["nonsense"],
    );
    room.fails(
        "retime in/c.mkv --factor 2 -o in/c.mkv --dry-run",
        1,
        &["source"],
    );
}
