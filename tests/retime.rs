//! `retime` on clips through FFmpeg.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]
#![cfg(feature = "video")]

mod clips;

use clips::through_ffmpeg::{frames, small_clip};
use clips::{SMALL, data, events, ffmpeg, otinterp, report, y4m};
use ndarray::Array2;
use otinterp::picture::{Format, Picture};
use otinterp_video::time::Rational;
use otinterp_video::{Frame, RgbFrames, write_clip};
use predicates::prelude::*;
use std::path::Path;

#[test]
fn lossless_files_give_back_every_format_byte_for_byte() {
    let dir = tempfile::tempdir().unwrap();
    let full: &[(usize, usize)] = &[(64, 48), (64, 48), (64, 48)];
    let cases: &[clips::Case] = &[
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
            let method = ["--method", "crossfade", "-yq", "-o"];
            otinterp()
                .arg("retime")
                .arg(&input)
                .args(args)
                .args(method)
                .arg(&output)
                .assert()
                .success();
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
    let args = [
        "--factor",
        "2",
        "--codec",
        "ffv1",
        "--method",
        "crossfade",
        "-q",
        "-o",
    ];
    otinterp()
        .arg("retime")
        .arg(&input)
        .args(args)
        .arg(&output)
        .assert()
        .success();
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
        let found: Vec<Picture> = RgbFrames::open(&path)
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
fn sound_subtitles_chapters_and_tags_are_kept() {
    let test = "sound_subtitles_chapters_and_tags_are_kept";
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(at("s.srt"), "1\n00:00:00,100 --> 00:00:00,600\nhello\n").unwrap();
    std::fs::write(
        at("m.txt"),
        ";FFMETADATA1\ntitle=A title\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=One\n",
    )
    .unwrap();
    let made = ffmpeg(
        test,
        &[
            "-f",
            "lavfi",
            "-i",
            "testsrc2=size=96x64:rate=25:duration=1",
            "-itsoffset",
            "0.21",
            "-f",
            "lavfi",
            "-i",
            "sine=frequency=440:duration=1",
            "-f",
            "lavfi",
            "-i",
            "sine=frequency=880:duration=1.5",
            "-i",
            &at("s.srt"),
            "-i",
            &at("m.txt"),
            "-map",
            "0",
            "-map",
            "1",
            "-map",
            "2",
            "-map",
            "3",
            "-map_metadata",
            "4",
            "-map_chapters",
            "4",
            "-metadata:s:a:1",
            "language=deu",
            "-vf",
            "setsar=4/3",
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-pix_fmt",
            "yuv420p",
            "-colorspace",
            "bt709",
            "-color_primaries",
            "bt709",
            "-color_trc",
            "bt709",
            "-c:a:0",
            "flac",
            "-c:a:1",
            "flac",
            "-c:s",
            "subrip",
            &at("in.mkv"),
        ],
    );
    if made.is_none() {
        return;
    }
    let hashes = |name: &str| {
        let path = at(name);
        let maps = [
            "-map",
            "0:a",
            "-map",
            "0:s?",
            "-c",
            "copy",
            "-f",
            "streamhash",
            "-",
        ];
        ffmpeg(test, &[&["-i", path.as_str()][..], &maps].concat()).unwrap()
    };
    let method = ["--factor", "2", "--method", "hold", "-q"];
    otinterp()
        .args(["retime", &at("in.mkv"), "-o", &at("out.mkv")])
        .args(method)
        .assert()
        .success()
        .stderr("");
    assert_eq!(
        String::from_utf8(hashes("in.mkv")),
        String::from_utf8(hashes("out.mkv"))
    );
    let probe = |name: &str| {
        let entries = "format_tags=title:chapter_tags=title:stream_tags=language:chapter=start_time,end_time:\
            stream=codec_name,sample_aspect_ratio,color_space,color_primaries,color_transfer,start_time";
        let args = [
            "-v",
            "error",
            "-show_entries",
            entries,
            "-of",
            "default=nk=0",
            &at(name),
        ];
        let out = std::process::Command::new("ffprobe")
            .args(args)
            .output()
            .unwrap();
        String::from_utf8(out.stdout).unwrap()
    };
    assert_eq!(probe("in.mkv"), probe("out.mkv"));

    // MP4 has no SubRip: the stream is left out, named in one line, and the rest is there.
    otinterp()
        .args(["retime", &at("in.mkv"), "-o", &at("out.mp4")])
        .args(method)
        .assert()
        .success()
        .stderr(predicate::str::contains(
            "left out: stream 3 (subtitle, subrip)",
        ))
        .stderr(predicate::function(|s: &str| s.lines().count() == 1));
    let sound = |h: Vec<u8>| -> Vec<String> {
        let text = String::from_utf8(h).unwrap();
        text.lines()
            .filter(|l| l.contains(",a,"))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(sound(hashes("out.mp4")), sound(hashes("in.mkv")));

    // Slow motion keeps all streams too, and slows them.
    otinterp()
        .args(["retime", &at("in.mkv"), "-o", &at("slow.mp4")])
        .args(["--slow", "2", "--method", "hold", "-q"])
        .assert()
        .success()
        .stderr(predicate::str::contains(
            "left out: stream 3 (subtitle, subrip); the container cannot hold",
        ))
        .stderr(predicate::function(|s: &str| s.lines().count() == 1));
    assert_eq!(
        sound(hashes("slow.mp4")).len(),
        sound(hashes("in.mkv")).len()
    );
    assert_eq!(frames(Path::new(&at("slow.mp4"))).len(), 50);
}

#[test]
fn rotation_is_kept() {
    let test = "rotation_is_kept";
    let Some(data) = data(test) else { return };
    let dir = tempfile::tempdir().unwrap();
    for name in ["rot90.mov", "rot180.mov", "rotate_and_reflect.mp4"] {
        let input = data.join("hard").join(name);
        let output = dir.path().join(name);
        let args = ["--factor", "2", "--method", "hold", "-q", "-o"];
        otinterp()
            .arg("retime")
            .arg(&input)
            .args(args)
            .arg(&output)
            .assert()
            .success();
        let matrix = |path: &Path| {
            let args = [
                "-v",
                "error",
                "-select_streams",
                "v",
                "-show_entries",
                "stream_side_data",
            ];
            let out = std::process::Command::new("ffprobe")
                .args(args)
                .arg(path)
                .output();
            out.map(|o| String::from_utf8_lossy(&o.stdout).into_owned())
        };
        let Ok(expected) = matrix(&input) else {
            return eprintln!("skipped: {test}: there is no ffprobe program");
        };
        assert!(expected.contains("rotation"), "{expected}");
        assert_eq!(matrix(&output).unwrap(), expected, "{name}");
    }
}

#[test]
fn alpha_is_kept_in_webm() {
    let Some(data) = data("alpha_is_kept_in_webm") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let output = dir.path().join("a.webm");
    let args = ["--fps", "10", "--method", "hold", "-q", "-o"];
    otinterp()
        .arg("retime")
        .arg(data.join("hard/alpha_vp9.webm"))
        .args(args)
        .arg(&output)
        .assert()
        .success()
        .stderr("");
    let given = frames(&data.join("hard/alpha_vp9.webm"));
    let made = frames(&output);
    assert_eq!(made.len(), 50);
    let mean = |p: &Picture| p.alpha().unwrap().mean().unwrap();
    let (a, b) = (mean(&given[60].picture), mean(&made[20].picture));
    assert!((a - b).abs() < 1.0 && a > 1.0 && a < 250.0, "{a} {b}");
}

/// Frames, duration and sound of real clips; `hold`, because only the frame is measured elsewhere.
#[test]
fn real_clips_keep_count_duration_and_sound() {
    let test = "real_clips_keep_count_duration_and_sound";
    let Some(data) = data(test) else { return };
    let dir = tempfile::tempdir().unwrap();
    for (name, count, sound) in [
        ("clips/foreman_h264.mp4", 120, false),
        ("clips/asl_again.mkv", 154, false),
        ("clips/blackswan.mp4", 100, false),
        ("clips/parkour.mp4", 186, true),
        ("clips/cat.mp4", 174, false),
        ("clips/newtonscradle.gif", 72, false),
        ("clips/bbb_480p24.mp4", 240, true),
        ("hard/rotate_and_reflect.mp4", 60, true),
        ("hard/vfr_rotated180.mp4", 50, true),
        ("hard/fragmented.mp4", 60, true),
        ("hard/static_black.mp4", 600, true),
        ("hard/derived_2audio_1sub.mkv", 100, true),
        ("hard/srt_ac3.mkv", 60, true),
        ("hard/yuv444_chapters.mkv", 300, true),
        ("hard/derived_vfr_dropped.mkv", 100, false),
        ("hard/invalid_nalu.mp4", 60, false),
        ("hard/corrupt_decord.mp4", 100, false),
    ] {
        let input = data.join(name);
        let stem = Path::new(name).file_name().unwrap();
        let output = dir
            .path()
            .join(stem)
            .with_extension(if name.ends_with("mkv") { "mkv" } else { "mp4" });
        let args = [
            "--factor",
            "2",
            "--method",
            "hold",
            "-q",
            "--encoder-preset",
            "ultrafast",
            "--json",
            "-o",
        ];
        let assert = otinterp()
            .arg("retime")
            .arg(&input)
            .args(args)
            .arg(&output)
            .assert()
            .success();
        let json = report(&assert.get_output().stdout);
        let (given, made) = (frames(&input), frames(&output));
        assert_eq!(made.len(), count, "{name}");
        let rate: Vec<i128> = events(&json, "done")[0]["rate"]
            .as_str()
            .unwrap()
            .split('/')
            .map(|n| n.parse().unwrap())
            .collect();
        let interval = Rational::new(rate.get(1).copied().unwrap_or(1), rate[0]);
        // A pair of frames and the rounding of Matroska's and MP4's clocks apart.
        let end = |f: &[Frame]| {
            let last = &f[f.len() - 1];
            last.time + last.duration.unwrap_or(interval * 2) - f[0].time
        };
        let off = otinterp_video::time::distance(end(&made), end(&given));
        assert!(off <= interval + Rational::new(2, 1000), "{name}: {off} s");
        if !sound {
            continue;
        }
        let hash = |path: &Path| {
            let args = [
                "-i",
                path.to_str().unwrap(),
                "-map",
                "0:a",
                "-c",
                "copy",
                "-f",
                "streamhash",
                "-",
            ];
            ffmpeg(test, &args)
        };
        let (Some(a), Some(b)) = (hash(&input), hash(&output)) else {
            return;
        };
        let values = |h: Vec<u8>| -> Vec<String> {
            let text = String::from_utf8(h).unwrap();
            text.lines()
                .map(|l| l.rsplit('=').next().unwrap().to_owned())
                .collect()
        };
        assert_eq!(values(a), values(b), "{name}");
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
    let args = [
        "--factor",
        "3",
        "--method",
        "crossfade",
        "--codec",
        "ffv1",
        "-q",
        "-o",
    ];
    otinterp()
        .arg("retime")
        .arg(&input)
        .args(args)
        .arg(&direct)
        .assert()
        .success();
    let (piped, direct) = (frames(&file), frames(&direct));
    assert_eq!(piped.len(), 12);
    assert!(
        piped
            .iter()
            .zip(&direct)
            .all(|(a, b)| a.picture.planes() == b.picture.planes())
    );
}
