//! Encoders, pixel formats, images and animations in `retime`: what goes in comes out.

use crate::common::clips::{ffmpeg, names, otinterp, retime};
use crate::encoded::{TWICE, first_frame, has_encoder, hashes, made, probe};
use predicates::prelude::*;
use std::path::Path;
use std::process::Command;

#[test]
fn lossless_codecs_give_source_frames_back_bit_for_bit() {
    let test = "lossless_codecs_give_source_frames_back_bit_for_bit";
    let dir = tempfile::tempdir().unwrap();
    let ffv1: &[&str] = &["--codec", "ffv1"];
    let x264: &[&str] = &["--codec", "libx264", "--encoder-opt", "qp=0"];
    let x264rgb: &[&str] = &["--codec", "libx264rgb", "--encoder-opt", "qp=0"];
    let x265: &[&str] = &[
        "--codec",
        "libx265",
        "--encoder-opt",
        "x265-params=lossless=1",
    ];
    for (pixel, codec) in [
        ("yuv420p", ffv1),
        ("yuv444p12le", ffv1),
        ("gray", ffv1),
        ("gray10le", ffv1),
        ("yuva420p", ffv1),
        ("gbrp", ffv1),
        ("gbrp16le", ffv1),
        ("yuv422p10le", ffv1),
        ("yuv444p16le", ffv1),
        ("bgra", ffv1),
        ("yuv420p", x264),
        ("yuv444p", x264),
        ("yuv420p10le", x264),
        ("gbrp", x264rgb),
        ("yuv420p10le", x265),
    ] {
        if !has_encoder(codec[1]) {
            continue;
        }
        let (input, output) = (dir.path().join("in.nut"), dir.path().join("out.mkv"));
        if made(test, &input, 5, &["-pix_fmt", pixel, "-c:v", "rawvideo"]).is_none() {
            return;
        }
        let said = retime(&input, &[TWICE, codec, &["-y"]].concat(), &output);
        assert_eq!(said, "", "{pixel} {codec:?}");
        let (given, found) = (hashes(test, &input, pixel), hashes(test, &output, pixel));
        assert_eq!((given.len(), found.len()), (5, 10), "{pixel} {codec:?}");
        for k in 0..5 {
            assert_eq!(found[2 * k], given[k], "{pixel} {codec:?}, frame {k}");
        }
    }
}

#[test]
fn images_go_in_and_out() {
    let test = "images_go_in_and_out";
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    for (pixel, extension) in [
        ("rgb24", "png"),
        ("rgb48be", "png"),
        ("rgba", "png"),
        ("gray16be", "png"),
        ("rgb24", "tif"),
    ] {
        let from = at(&format!("{pixel}_%03d.{extension}"));
        let to = at(&format!("out_{pixel}_%04d.{extension}"));
        let few = ["-pix_fmt", pixel, "-start_number", "17"];
        if made(test, &from, 3, &few).is_none() {
            return;
        }
        let said = retime(&from, TWICE, &to);
        assert_eq!(said, "", "{pixel}");
        let path = |pattern: &str, n: u32| at(&format!("{pattern}_{pixel}_{n:04}.{extension}"));
        for k in 0..3 {
            let source = at(&format!("{pixel}_{:03}.{extension}", 17 + k));
            let made = path("out", 1 + 2 * k);
            assert_eq!(
                hashes(test, &source, pixel),
                hashes(test, &made, pixel),
                "{pixel} {k}"
            );
        }
        assert!(path("out", 6).exists() && !path("out", 7).exists());
    }
    assert!(names(dir.path()).iter().all(|n| !n.starts_with('.')));
    let before = names(dir.path());
    for (output, why) in [
        ("one.png", "one image cannot hold a clip"),
        ("out_rgb24_%04d.png", "exists already"),
    ] {
        otinterp()
            .args(["retime", "--factor", "2"])
            .arg(at("rgb24_%03d.png"))
            .arg("-o")
            .arg(at(output))
            .assert()
            .code(1)
            .stderr(predicate::str::contains(why))
            .stderr(predicate::function(|s: &str| s.lines().count() == 1));
        assert_eq!(names(dir.path()), before, "{output}");
    }
    otinterp()
        .args(["retime", "--factor", "2"])
        .arg(at("none_%03d.png"))
        .assert()
        .code(1)
        .stderr(predicate::str::contains("no file has such a name"));
    let jpeg = at("out_%d.jpg");
    retime(&at("rgb24_%03d.png"), TWICE, &jpeg);
    assert!(at("out_1.jpg").exists() && at("out_6.jpg").exists());
}

/// Mean difference of RGB samples between the first frames of two clips.
fn difference(test: &str, a: &Path, b: &Path) -> f64 {
    let raw = |path: &Path| first_frame(test, &[], path, &["-pix_fmt", "rgb24"]);
    let (a, b) = (raw(a), raw(b));
    assert_eq!(a.len(), b.len());
    let sum: f64 = a
        .iter()
        .zip(&b)
        .map(|(a, b)| f64::from(a.abs_diff(*b)))
        .sum();
    sum / a.len() as f64
}

#[test]
fn animations_go_in_and_out() {
    let test = "animations_go_in_and_out";
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let input = at("in.mkv");
    let sound = ["-f", "lavfi", "-i", "sine=duration=1", "-shortest"];
    let video = ["-c:v", "ffv1", "-pix_fmt", "yuv420p"];
    if made(test, &input, 10, &[&sound[..], &video].concat()).is_none() {
        return;
    }
    for (name, again) in [("a.gif", "b.gif"), ("a.apng", "b.apng")] {
        let said = retime(&input, TWICE, &at(name));
        assert!(said.contains("left out: stream 1 (audio"), "{said}");
        let said = retime(
            &at(name),
            &["--factor", "1", "--method", "hold"],
            &at(again),
        );
        // GIF has no pixels but those of a palette, whatever comes in.
        assert_eq!(said.is_empty(), name.ends_with("apng"), "{said}");
        let (first, second) = (
            hashes(test, &at(name), "rgb24"),
            hashes(test, &at(again), "rgb24"),
        );
        assert_eq!(first.len(), 20, "{name}");
        // Pictures of at most 256 colours, or any in PNG, come back as they are.
        assert_eq!(second.len(), 20, "{again}");
        if name.ends_with("apng") {
            assert_eq!(first, second);
        }
    }
    // FFmpeg's fixed palette is about 20 codes off, one for the clip about two.
    let off = difference(test, &at("a.apng"), &at("a.gif"));
    assert!(off < 5.0, "{off}");
    if has_encoder("libwebp_anim") {
        retime(&input, TWICE, &at("a.webp"));
        let bytes = std::fs::read(at("a.webp")).unwrap();
        let frames = bytes.windows(4).filter(|w| w == b"ANMF").count();
        // The last picture is held for the time of two, which WebP stores as one.
        assert!(bytes.starts_with(b"RIFF") && frames == 19, "{frames}");
    }
}

#[test]
fn options_of_the_encoder_are_passed_on_or_refused() {
    let test = "options_of_the_encoder_are_passed_on_or_refused";
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in.mkv");
    if made(test, &input, 3, &["-c:v", "ffv1", "-pix_fmt", "yuv420p"]).is_none() {
        return;
    }
    for (args, why) in [
        (vec!["--pix-fmt", "nonsense"], "no pixel format 'nonsense'"),
        (
            vec!["--codec", "libvpx-vp9", "--pix-fmt", "gray16le"],
            "cannot encode gray16le; it takes yuv420p",
        ),
        (
            vec!["--codec", "ffv1", "--encoder-opt", "nonsense=1"],
            "ffv1 has no option 'nonsense'",
        ),
        (
            vec!["--codec", "nonsense"],
            "no video encoder 'nonsense'; for .mkv there are",
        ),
        (vec!["--encoder-opt", "nonsense"], "key=value"),
        (
            vec!["--video-stream", "1"],
            "no video stream 1, but only one, 0",
        ),
    ] {
        otinterp()
            .arg("retime")
            .arg(&input)
            .args(["--factor", "2", "-o"])
            .arg(dir.path().join("out.mkv"))
            .args(&args)
            .assert()
            .failure()
            .stdout("")
            .stderr(predicate::str::contains(why))
            .stderr(predicate::function(|s: &str| s.lines().count() == 1));
        assert_eq!(names(dir.path()), ["in.mkv"], "{args:?}");
    }
    let output = dir.path().join("out.mkv");
    let args = [
        "--codec",
        "ffv1",
        "--pix-fmt",
        "yuv422p10le",
        "--encoder-opt",
        "g=1",
    ];
    retime(&input, &[TWICE, &args].concat(), &output);
    assert!(probe(&output, "stream=pix_fmt").contains("yuv422p10le"));
}

#[test]
fn the_encoders_are_listed() {
    let out = otinterp().args(["codecs", "--json"]).assert().success();
    let json: serde_json::Value = serde_json::from_slice(&out.get_output().stdout).unwrap();
    let all = json["encoders"].as_array().unwrap();
    let of = |name: &str| all.iter().find(|e| e["name"] == name).unwrap();
    let has = |e: &serde_json::Value, key: &str, value: &str| {
        e[key].as_array().unwrap().iter().any(|v| v == value)
    };
    let ffv1 = of("ffv1");
    assert_eq!(
        (&ffv1["lossless"], &ffv1["alpha"]),
        (&"yes".into(), &true.into())
    );
    assert!(has(ffv1, "containers", "mkv") && !has(ffv1, "containers", "webm"));
    assert!(has(ffv1, "pixel_formats", "yuv420p10le"));
    assert!(has(of("png"), "containers", "%d.png") && has(of("gif"), "containers", "gif"));
    let formats = predicate::str::contains("yuv420p10le");
    let (named, short) = (
        predicate::str::contains("ffv1"),
        otinterp().arg("codecs").assert(),
    );
    short.success().stdout(named.and(formats.clone().not()));
    let long = otinterp().args(["codecs", "-v"]).assert();
    long.success().stdout(formats);
}

#[test]
fn one_of_several_video_streams() {
    let test = "one_of_several_video_streams";
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in.mkv");
    let path = input.to_str().unwrap();
    let args = [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=64x64:rate=25:duration=0.4",
        "-f",
        "lavfi",
        "-i",
        "testsrc=size=80x64:rate=25:duration=0.4",
        "-map",
        "0",
        "-map",
        "1",
        "-c:v",
        "ffv1",
        "-pix_fmt",
        "yuv420p",
        path,
    ];
    if ffmpeg(test, &args).is_none() {
        return;
    }
    let counts = |path: &Path| -> Vec<String> {
        let args = [
            "-v",
            "error",
            "-count_packets",
            "-show_entries",
            "stream=width,nb_read_packets",
        ];
        let out = Command::new("ffprobe")
            .args(args)
            .args(["-of", "csv=p=0"])
            .arg(path)
            .output();
        let text = String::from_utf8(out.unwrap().stdout).unwrap();
        text.lines().map(str::to_owned).collect()
    };
    for (n, expected) in [("0", ["64,20", "80,10"]), ("1", ["64,10", "80,20"])] {
        let output = dir.path().join(format!("out{n}.mkv"));
        retime(
            &input,
            &[TWICE, &["--codec", "ffv1", "--video-stream", n]].concat(),
            &output,
        );
        assert_eq!(counts(&output), expected);
    }
}
