//! What goes wrong in `retime`: one clear line, the right exit code, nothing left behind.

use crate::common::clips::{events, names, otinterp, refuses, report};
use crate::common::through_ffmpeg::{frames, small_clip};
use ndarray::Array2;
use otinterp::picture::{Format, Picture};
use otinterp_video::time::Rational;
use otinterp_video::write_clip;
use predicates::prelude::*;
use std::path::Path;

#[test]
fn bad_clips_get_one_line_and_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let clip = small_clip(dir.path(), "clip.mkv", 4);
    let bytes = std::fs::read(&clip).unwrap();
    std::fs::write(at("cut.mkv"), &bytes[..200]).unwrap();
    std::fs::write(at("text.mp4"), "hello, this is no clip\n").unwrap();
    std::fs::write(at("empty.mp4"), "").unwrap();
    small_clip(dir.path(), "one.mkv", 2);
    let one = vec![Picture::new(Format::rgb(8), vec![Array2::zeros((16, 16)); 3]).unwrap()];
    std::fs::remove_file(at("one.mkv")).unwrap();
    write_clip(&at("one.mp4"), one, Rational::from_integer(25)).unwrap();
    std::fs::create_dir(at("folder")).unwrap();
    let refused = [
        ("missing.mp4", "No such file"),
        ("folder", "folder"),
        ("text.mp4", "not a clip"),
        ("empty.mp4", "not a clip"),
        ("cut.mkv", ""),
        ("one.mp4", "only one frame"),
    ];
    for (name, why) in refused {
        refuses(dir.path(), name, why);
    }
}

#[test]
fn bad_arguments_get_one_line_and_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let clip = small_clip(dir.path(), "clip.mkv", 4);
    std::fs::write(dir.path().join("there.mp4"), "theirs").unwrap();
    let before = names(dir.path());
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let there = path("there.mp4");
    let refused: [(&str, &str); 10] = [
        ("--codec nonsense", "no video encoder 'nonsense'"),
        ("--codec aac", "no video encoder 'aac'"),
        ("--codec ffv1 --crf 3", "ffv1 has no crf"),
        (
            "--codec libx264 --encoder-preset x",
            "libx264 has no preset 'x'",
        ),
        (&format!("-o {there}"), "exists already; -y overwrites"),
        (&format!("-o {}", path("a.nonsense")), "no container"),
        (
            &format!("-o {}", path("no/folder/a.mp4")),
            "there is no folder",
        ),
        (&format!("-y -o {}", path("clip.mkv")), "its own source"),
        (&format!("-o {}", dir.path().display()), "it is a folder"),
        (
            &format!("--codec libx264 -o {}", path("a.webm")),
            "cannot hold libx264",
        ),
    ];
    for (args, why) in refused {
        otinterp()
            .arg("retime")
            .arg(&clip)
            .args(["--factor", "2"])
            .args(args.split(' '))
            .assert()
            .code(1)
            .stdout("")
            .stderr(predicate::str::contains(why))
            .stderr(predicate::function(|s: &str| s.lines().count() == 1));
        assert_eq!(names(dir.path()), before, "{args:?}");
    }
    for args in [
        vec![],
        vec!["--fps", "0"],
        vec!["--fps", "-3"],
        vec!["--factor", "nan"],
        vec!["--fps", "60", "--factor", "2"],
        vec!["--factor", "2", "-o", "a.mp4", "--out-dir", "b"],
        vec!["other.mp4", "--factor", "2", "-o", "a.mp4"],
    ] {
        otinterp()
            .arg("retime")
            .arg(&clip)
            .args(&args)
            .assert()
            .code(2)
            .stdout("");
        assert_eq!(names(dir.path()), before, "{args:?}");
    }
    assert_eq!(std::fs::read(there).unwrap(), b"theirs");
}

#[cfg(unix)]
#[test]
fn an_output_that_cannot_be_written_is_one_line() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let clip = small_clip(dir.path(), "clip.mkv", 4);
    let locked = dir.path().join("locked");
    std::fs::create_dir(&locked).unwrap();
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o555)).unwrap();
    if std::fs::write(locked.join("probe"), "").is_ok() {
        return eprintln!("skipped: an_output_that_cannot_be_written_is_one_line: running as root");
    }
    otinterp()
        .args(["retime", "--factor", "2", "-o"])
        .arg(locked.join("a.mp4"))
        .arg(&clip)
        .assert()
        .code(1)
        .stderr(predicate::str::contains("Permission denied"));
}

#[test]
fn a_batch_goes_on_after_a_failure() {
    let dir = tempfile::tempdir().unwrap();
    let good = small_clip(dir.path(), "good.mkv", 3);
    let other = small_clip(dir.path(), "other.mkv", 3);
    let bad = dir.path().join("bad.mp4");
    std::fs::write(&bad, "no clip").unwrap();
    let out = dir.path().join("made/here");
    let run = |inputs: &[&Path]| {
        let mut command = otinterp();
        command.args([
            "retime",
            "--fps",
            "60",
            "--method",
            "hold",
            "--json",
            "-yq",
            "--out-dir",
        ]);
        command.arg(&out).args(inputs).assert()
    };
    let assert = run(&[&good, &bad, &other]).code(3);
    assert_eq!(names(&out), ["good.60fps.mkv", "other.60fps.mkv"]);
    let json = report(&assert.get_output().stdout);
    let done = events(&json, "done");
    assert_eq!(done[0]["frames_out"], 7);
    let failed = events(&json, "failed");
    assert!(failed[0]["error"].as_str().unwrap().contains("not a clip"));
    assert_eq!(done[1]["codec"], "libx264");
    let order: Vec<_> = json.iter().map(|line| line["index"].as_u64()).collect();
    assert!(order[..order.len() - 1].is_sorted(), "{order:?}");
    let stderr = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(
        stderr.contains("bad.mp4") && stderr.contains("2 of 3 done, 1 failed: "),
        "{stderr}"
    );
    run(&[&bad, &dir.path().join("none.mp4")]).code(1);
    run(&[&good, &good])
        .code(2)
        .stderr(predicate::str::contains("two inputs"));
}

#[test]
fn existing_outputs_stop_a_batch_before_it_starts() {
    let dir = tempfile::tempdir().unwrap();
    let clips = ["a.mkv", "b.mkv"].map(|name| small_clip(dir.path(), name, 3));
    std::fs::write(dir.path().join("b.x2.mkv"), "theirs").unwrap();
    let before = names(dir.path());
    let args = ["retime", "--factor", "2", "--method", "hold", "-q"];
    otinterp()
        .args(args)
        .args(&clips)
        .assert()
        .code(1)
        .stderr(predicate::str::contains("b.x2.mkv"));
    assert_eq!(names(dir.path()), before);
    otinterp()
        .args(args)
        .args(&clips)
        .arg("-y")
        .assert()
        .success();
    assert_eq!(frames(&dir.path().join("b.x2.mkv")).len(), 6);
}

#[cfg(unix)]
#[test]
fn an_interrupt_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let clip = small_clip(dir.path(), "clip.mkv", 30);
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("otinterp"))
        .arg("retime")
        .arg(&clip)
        // Minutes of work, so that it cannot end by itself first.
        .args(["--slow", "20000", "--method", "crossfade"])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // The pending file says that the work has begun.
    let start = std::time::Instant::now();
    while names(dir.path()).len() < 2 && start.elapsed().as_secs() < 30 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(names(dir.path()).len(), 2, "no work was seen");
    let id = child.id().to_string();
    std::process::Command::new("kill")
        .args(["-INT", &id])
        .status()
        .unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    let mut stderr = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut stderr).unwrap();
    assert!(
        stderr.contains("interrupted") && stderr.lines().count() == 1,
        "{stderr}"
    );
    assert_eq!(names(dir.path()), ["clip.mkv"]);
}
