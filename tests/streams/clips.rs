//! Pictures of clips through FFmpeg: how many, which, how large, when.

use crate::common::clips::{Case, SMALL, otinterp, retime, words, y4m};
use crate::common::through_ffmpeg::{frames, small_clip};
use ndarray::Array2;
use otinterp::picture::{Format, Picture};
use otinterp_video::time::Rational;
use otinterp_video::{RgbFrames, write_clip};

#[test]
fn lossless_files_give_back_every_format_byte_for_byte() {
    let dir = tempfile::tempdir().unwrap();
    let full: &[(usize, usize)] = &[(64, 48), (64, 48), (64, 48)];
    let cases: &[Case] = &[
        ("C420mpeg2", SMALL, 8),
        ("C420mpeg2 XCOLORRANGE=FULL", SMALL, 8),
        ("C422", &[(64, 48), (32, 48), (32, 48)], 8),
        ("C444", full, 8),
        ("C420p10", SMALL, 10),
        ("C422p10", &[(64, 48), (32, 48), (32, 48)], 10),
        ("C444p12", full, 12),
        ("Cmono", &[(64, 48)], 8),
    ];
    for (tags, planes, depth) in cases {
        let stream = y4m(
            &format!("W64 H48 F30000:1001 Ip A1:1 {tags}"),
            planes,
            *depth,
            3,
        );
        let mkv = dir.path().join("a.mkv");
        otinterp()
            .args([
                "retime", "-", "--factor", "1", "--codec", "ffv1", "-yq", "-o",
            ])
            .arg(&mkv)
            .write_stdin(stream.clone())
            .assert()
            .success()
            .stderr("");
        let out = otinterp()
            .args(["retime", "--fps", "29.97", "-q", "-o", "-"])
            .arg(&mkv)
            .assert()
            .success()
            .stderr("");
        let found = &out.get_output().stdout;
        let body = |s: &[u8]| s[s.iter().position(|&b| b == b'\n').unwrap()..].to_vec();
        assert!(body(found) == body(&stream), "{tags}");
        let head = String::from_utf8_lossy(&found[..found.len().min(100)]).into_owned();
        assert_eq!(
            head.contains("XCOLORRANGE=FULL"),
            tags.contains("FULL"),
            "{head}"
        );
    }
}

#[test]
fn source_frames_stay_and_the_duration_too() {
    let dir = tempfile::tempdir().unwrap();
    let input = small_clip(dir.path(), "a.mkv", 12);
    let given = frames(&input);
    assert_eq!(given.len(), 12);
    // Times in Matroska are rounded to 1 ms, and are freed of it.
    assert_eq!(given[11].time, Rational::new(11 * 1001, 30000));
    let duration = Rational::new(12 * 1001, 30000);
    for (args, rate, slowdown) in [
        (["--factor", "2"], Rational::new(60000, 1001), 1),
        (["--factor", "2.5"], Rational::new(75000, 1001), 1),
        (["--fps", "60"], Rational::from_integer(60), 1),
        (["--fps", "23.976"], Rational::new(24000, 1001), 1),
        (["--slow", "3"], Rational::new(30000, 1001), 3),
    ] {
        for extension in ["mkv", "mp4", "mov", "avi", "webm"] {
            let output = dir.path().join(format!("out.{extension}"));
            retime(
                &input,
                &[&args[..], &["--method", "crossfade", "-y"]].concat(),
                &output,
            );
            let made = frames(&output);
            let count = (duration * rate * Rational::from_integer(slowdown))
                .ceil()
                .to_integer();
            assert_eq!(made.len() as i128, count, "{args:?} {extension}");
            let last = made.last().unwrap();
            let end = last.time + last.duration.unwrap() - made[0].time;
            let off =
                otinterp_video::time::distance(end, duration * Rational::from_integer(slowdown));
            assert!(
                off <= rate.recip() + Rational::new(1, 1000),
                "{args:?} {extension}: {off}"
            );
        }
    }
    let output = dir.path().join("exact.mkv");
    retime(
        &input,
        &words("--factor 2 --codec ffv1 --method crossfade"),
        &output,
    );
    let made = frames(&output);
    for k in 0..12 {
        assert!(made[2 * k].picture == given[k].picture, "frame {k}");
    }
    assert!(made[1].picture != given[0].picture && made[1].picture != given[1].picture);
}

#[test]
fn odd_sizes_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let planes = &[(33, 25), (17, 13), (17, 13)];
    for (extension, note) in [
        ("mp4", true),
        ("mkv", true),
        ("webm", false),
        ("avi", false),
    ] {
        let output = dir.path().join(format!("a.{extension}"));
        let assert = otinterp()
            .args([
                "retime", "-", "--factor", "2", "-q", "--method", "hold", "-o",
            ])
            .arg(&output)
            .write_stdin(y4m("W33 H25 F10:1 C420mpeg2", planes, 8, 3))
            .assert()
            .success();
        let stderr = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        assert_eq!(
            stderr.contains("stored as yuv444p"),
            note,
            "{extension}: {stderr}"
        );
        let made = frames(&output);
        assert_eq!(made.len(), 6);
        assert_eq!(
            (made[0].picture.width(), made[0].picture.height()),
            (33, 25)
        );
    }
}

#[test]
fn pictures_become_clips_that_look_like_them() {
    let dir = tempfile::tempdir().unwrap();
    for (size, name) in [
        ((48, 64), "even.mp4"),
        ((25, 33), "odd.mkv"),
        ((48, 64), "a.webm"),
    ] {
        let flat = [200.0, 60.0, 30.0];
        let planes = flat.map(|v| Array2::from_elem(size, v)).to_vec();
        let picture = Picture::new(Format::rgb(8), planes).unwrap();
        let path = dir.path().join(name);
        write_clip(&path, vec![picture; 3], Rational::from_integer(10)).unwrap();
        let found: Vec<Picture> = RgbFrames::open(&path, otinterp_video::Access::Folder)
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(found.len(), 3, "{name}");
        for (plane, value) in found[1].planes().iter().zip(flat) {
            // 8-bit Y′CbCr rounds by up to 2 codes of RGB, the encoder by about as much.
            assert!(
                (plane[(9, 9)] - value).abs() <= 5.0,
                "{name}: {} for {value}",
                plane[(9, 9)]
            );
        }
        assert_eq!(found[0].planes()[0].dim(), size, "{name}");
    }
}

#[test]
fn a_pipe_carries_what_the_file_would() {
    let dir = tempfile::tempdir().unwrap();
    let input = small_clip(dir.path(), "clip.mkv", 4);
    let out = otinterp()
        .arg("retime")
        .arg(&input)
        .args(["--factor", "3", "--method", "crossfade", "-o", "-"])
        .assert()
        .success();
    let stream = out.get_output().stdout.clone();
    assert!(stream.starts_with(b"YUV4MPEG2 W64 H48 F90000:1001 "));
    let file = dir.path().join("piped.mkv");
    otinterp()
        .args([
            "retime", "-", "--factor", "1", "--codec", "ffv1", "-q", "-o",
        ])
        .arg(&file)
        .write_stdin(stream)
        .assert()
        .success();
    let direct = dir.path().join("direct.mkv");
    retime(
        &input,
        &words("--factor 3 --method crossfade --codec ffv1"),
        &direct,
    );
    let (piped, direct) = (frames(&file), frames(&direct));
    assert_eq!(piped.len(), 12);
    assert!(
        piped
            .iter()
            .zip(&direct)
            .all(|(a, b)| a.picture.planes() == b.picture.planes())
    );
}
