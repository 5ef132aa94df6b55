//! `retime` between Y4M pipes and files; no FFmpeg is needed.

use crate::common::clips::{
    Case, SMALL, SMALL_HEAD, events, frame_bytes, otinterp, refuses, report, small_y4m, y4m,
};
use predicates::prelude::*;

/// The frames of a Y4M stream without their `FRAME` lines, and the header line.
fn split(stream: &[u8], frame_bytes: usize) -> (String, Vec<&[u8]>) {
    let end = stream.iter().position(|&b| b == b'\n').unwrap();
    let header = String::from_utf8(stream[..end].to_vec()).unwrap();
    let frames = stream[end + 1..]
        .chunks(frame_bytes + 6)
        .map(|f| &f[6..])
        .collect();
    (header, frames)
}

#[test]
fn pipes_on_both_ends_keep_source_frames_byte_for_byte() {
    let cases: &[Case] = &[
        ("C420jpeg", SMALL, 8),
        ("C420mpeg2 XCOLORRANGE=FULL", SMALL, 8),
        ("C422", &[(64, 48), (32, 48), (32, 48)], 8),
        ("C444p10 XYSCSS=444P10", &[(64, 48), (64, 48), (64, 48)], 10),
        ("Cmono", &[(64, 48)], 8),
        ("C420p10", SMALL, 10),
        ("C411", &[(64, 48), (16, 48), (16, 48)], 8),
    ];
    for (tags, planes, depth) in cases {
        let head = format!("W64 H48 F25:1 It A4:3 {tags}");
        let input = y4m(&head, planes, *depth, 3);
        let out = otinterp()
            .args([
                "retime",
                "-",
                "--factor",
                "2",
                "--method",
                "crossfade",
                "--no-deinterlace",
                "-o",
                "-",
            ])
            .write_stdin(input.clone())
            .assert()
            .success();
        let size = frame_bytes(planes, *depth, 0).len() - 6;
        let (header, made) = split(&out.get_output().stdout, size);
        let (_, given) = split(&input, size);
        assert_eq!(
            header,
            format!("YUV4MPEG2 {}", head.replace("F25:1", "F50:1"))
        );
        assert_eq!(made.len(), 6);
        for k in 0..3 {
            assert!(made[2 * k] == given[k], "{tags}: frame {k}");
        }
        assert!(
            made[1] != given[0] && made[1] != given[1],
            "{tags}: nothing in between"
        );
        assert!(made[5] == given[2], "{tags}: the last frame is held");
    }
}

#[test]
fn odd_sizes_pass() {
    let planes = &[(31, 23), (16, 12), (16, 12)];
    let input = y4m("W31 H23 F10:1 C420", planes, 8, 2);
    otinterp()
        .args(["retime", "-", "--fps", "10", "-o", "-", "-q"])
        .write_stdin(input.clone())
        .assert()
        .success()
        .stdout(predicate::eq(&input[..]))
        .stderr("");
}

#[test]
fn files_stand_beside_their_source() {
    let dir = tempfile::tempdir().unwrap();
    let input = small_y4m(dir.path(), "a.y4m", 3);
    for (args, name, frames) in [
        (["--factor", "2"], "a.x2.y4m", 6),
        (["--factor", "5/2"], "a.x2.5.y4m", 8),
        (["--slow", "4"], "a.slow4.y4m", 12),
        (["--fps", "23.976"], "a.23.976fps.y4m", 3), // 3·1001/30000·24000/1001 = 2.4
        (["--fps", "60"], "a.60fps.y4m", 7),         // 6.006
    ] {
        otinterp()
            .arg("retime")
            .arg(&input)
            .args(args)
            .args(["--method", "hold"])
            .assert()
            .success();
        let made = std::fs::read(dir.path().join(name)).unwrap();
        let (header, found) = split(&made, 64 * 48 * 3 / 2);
        assert_eq!(found.len(), frames, "{name}");
        if name == "a.slow4.y4m" {
            assert!(header.contains(" F30000:1001 "));
        }
    }
}

#[test]
fn the_report_goes_where_no_data_goes() {
    let dir = tempfile::tempdir().unwrap();
    let input = small_y4m(dir.path(), "a.y4m", 3);
    let args = ["--factor", "2", "--method", "hold", "--json", "-q"];
    let out = otinterp()
        .arg("retime")
        .arg(&input)
        .args(args)
        .assert()
        .success();
    let json = report(&out.get_output().stdout);
    let done = events(&json, "done")[0];
    assert_eq!(done["frames_in"], 3);
    assert_eq!(done["frames_out"], 6);
    assert_eq!(done["rate"], "60000/1001");
    assert!((done["duration_s"].as_f64().unwrap() - 0.1001).abs() < 1e-9);

    let out = otinterp()
        .arg("retime")
        .arg(&input)
        .args(args)
        .args(["-o", "-"])
        .assert()
        .success();
    let json = report(&out.get_output().stderr);
    assert_eq!(events(&json, "done")[0]["output"], "-");
    assert!(out.get_output().stdout.starts_with(b"YUV4MPEG2 "));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let input = y4m("W640 H480 F25:1 Cmono", &[(640, 480)], 8, 40);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.y4m");
    std::fs::write(&path, input).unwrap();
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("otinterp"))
        .arg("retime")
        .arg(&path)
        .args(["--factor", "4", "--method", "hold", "-o", "-"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{:?}", out.status);
    assert_eq!(String::from_utf8_lossy(&out.stderr), "");
}

#[test]
fn bad_input_gets_one_line_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("text.y4m"), "hello\n").unwrap();
    std::fs::write(at("empty.y4m"), "").unwrap();
    small_y4m(dir.path(), "one.y4m", 1);
    small_y4m(dir.path(), "none.y4m", 0);
    std::fs::create_dir(at("folder.y4m")).unwrap();
    let refused = [
        ("missing.y4m", "No such file"),
        ("text.y4m", "YUV4MPEG2"),
        ("empty.y4m", "empty"),
        ("one.y4m", "only one frame"),
        ("none.y4m", "no frame"),
        ("folder.y4m", "folder"),
    ];
    for (name, why) in refused {
        refuses(dir.path(), name, why);
    }
}

#[test]
fn a_stream_cut_off_is_finished_with_a_warning() {
    let mut input = y4m(SMALL_HEAD, SMALL, 8, 3);
    input.truncate(input.len() - 100);
    let out = otinterp()
        .args([
            "retime", "-", "--factor", "2", "--method", "hold", "-o", "-", "-q",
        ])
        .write_stdin(input)
        .assert()
        .success()
        .stderr(predicate::str::contains("cut off within frame 2"));
    let (_, made) = split(&out.get_output().stdout, 64 * 48 * 3 / 2);
    assert_eq!(made.len(), 4);
}
