//! `retime` between pipes: raw video, NUT and Matroska.

use crate::common::clips::{events, ffmpeg, otinterp, report, small_y4m};
use predicates::prelude::*;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// `retime - ARGS -o -` of these bytes, which must go well: what it wrote, and what it said.
fn through(bytes: &[u8], args: &[&str]) -> (Vec<u8>, String) {
    let assert = otinterp()
        .args(["retime", "-", "-o", "-", "--method", "hold"])
        .args(args)
        .write_stdin(bytes)
        .assert()
        .success();
    let out = assert.get_output();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    (out.stdout.clone(), said)
}

/// Every other of `2 * count` frames.
fn even(frames: &[u8], count: usize) -> Vec<u8> {
    let size = frames.len() / (2 * count);
    assert_eq!(frames.len(), 2 * count * size);
    let even = frames.chunks(size).step_by(2);
    even.flatten().copied().collect()
}

/// FFmpeg's test pattern of 66×50 at 24 a second as raw video.
fn raw(test: &str, pixel: &str, frames: usize) -> Option<Vec<u8>> {
    let count = frames.to_string();
    let source = ["-f", "lavfi", "-i", "testsrc2=size=66x50:rate=24"];
    let raw = ["-pix_fmt", pixel, "-f", "rawvideo", "-"];
    ffmpeg(
        test,
        &[&source[..], &["-frames:v", &count], &raw[..]].concat(),
    )
}

/// What FFmpeg reads of a clip, as raw video.
fn decoded(test: &str, dir: &Path, clip: &[u8], pixel: &str) -> Vec<u8> {
    let path = dir.join("decoded");
    std::fs::write(&path, clip).unwrap();
    let path = path.to_str().unwrap();
    let pixel = ["-pix_fmt", pixel, "-fps_mode", "passthrough"];
    let args = [&["-i", path][..], &pixel[..], &["-f", "rawvideo", "-"]].concat();
    ffmpeg(test, &args).unwrap()
}

/// Times of the packets, and kinds of the streams, of a clip that comes through a pipe.
fn probed(test: &str, clip: &[u8]) -> Option<(Vec<f64>, Vec<String>)> {
    let probe = |entries: &str, select: &[&str]| {
        let mut child = Command::new("ffprobe")
            .args(["-v", "error", "-of", "csv=p=0", "-show_entries", entries])
            .args(select)
            .arg("-")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let (mut stdin, clip) = (child.stdin.take().unwrap(), clip.to_vec());
        // It may close the pipe when it knows enough.
        let feeder = std::thread::spawn(move || drop(std::io::Write::write_all(&mut stdin, &clip)));
        let out = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        assert!(out.status.success());
        let text = String::from_utf8(out.stdout).unwrap();
        let lines = text.lines().map(|l| l.trim_end_matches(',').to_owned());
        Some(lines.filter(|l| !l.is_empty()).collect::<Vec<_>>())
    };
    let Some(times) = probe("packet=pts_time", &["-select_streams", "v:0"]) else {
        eprintln!("skipped: {test}: there is no ffprobe program");
        return None;
    };
    let times = times.iter().map(|t| t.parse().unwrap()).collect();
    Some((times, probe("stream=codec_type", &[])?))
}

/// A clip of 12 frames with sound.
fn with_sound(test: &str, dir: &Path) -> Option<PathBuf> {
    let path = dir.join("sound.mkv");
    let video = ["-f", "lavfi", "-i", "testsrc2=size=66x50:rate=24"];
    let sound = ["-f", "lavfi", "-i", "sine=frequency=440"];
    let codecs = ["-t", "0.5", "-c:v", "ffv1", "-c:a", "pcm_s16le"];
    let file = [path.to_str().unwrap()];
    ffmpeg(
        test,
        &[&video[..], &sound[..], &codecs[..], &file[..]].concat(),
    )?;
    Some(path)
}

#[test]
fn source_frames_come_through_every_pipe_bit_for_bit() {
    let test = "source_frames_come_through_every_pipe_bit_for_bit";
    let dir = tempfile::tempdir().unwrap();
    for pixel in [
        "yuv420p",
        "yuv422p10le",
        "yuv411p",
        "yuva444p",
        "rgb24",
        "rgba64le",
        "gbrp",
        "gray",
        "gray16be",
        "nv12",
    ] {
        let Some(given) = raw(test, pixel, 4) else {
            return;
        };
        let input = ["--size", "66x50", "--source-fps", "24", "--pix-fmt", pixel];
        for format in ["raw", "nut", "mkv"] {
            let more = ["--factor", "2", "--format", format, "--json", "-q"];
            let (made, said) = through(&given, &[&input[..], &more[..]].concat());
            let said = report(said.as_bytes());
            let start = events(&said, "start")[0];
            assert_eq!(start["source_pixel_format"], pixel);
            let samples = if format == "raw" {
                assert_eq!(start["pixel_format"], pixel);
                made
            } else {
                decoded(test, dir.path(), &made, pixel)
            };
            assert!(even(&samples, 4) == given, "{pixel} {format}");
        }
    }
}

#[test]
fn a_raw_file_is_read_whatever_its_name() {
    let test = "a_raw_file_is_read_whatever_its_name";
    let Some(given) = raw(test, "yuv444p", 3) else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    for name in ["a.raw", "a.y4m"] {
        let path = dir.path().join(name);
        std::fs::write(&path, &given).unwrap();
        let output = dir.path().join("out.nut");
        otinterp()
            .args(["retime", "--size", "66x50", "--pix-fmt", "yuv444p"])
            .args(["--source-fps", "24000/1001", "--factor", "1", "-qy"])
            .args(["--codec", "ffv1", "-o"])
            .args([&output, &path])
            .assert()
            .success()
            .stderr("");
        let made = std::fs::read(&output).unwrap();
        assert!(decoded(test, dir.path(), &made, "yuv444p") == given);
        otinterp()
            .args(["retime", "--size", "66x50", "--pix-fmt", "yuv444p"])
            .args(["--source-fps", "24000/1001", "--factor", "2", "--dry-run"])
            .arg(&path)
            .assert()
            .success()
            .stdout(predicate::str::contains("3 frames (counted) at 23.976 fps"))
            .stdout(predicate::str::contains("6 frames at 47.952 fps"));
    }
}

#[test]
fn what_ffmpeg_writes_to_a_pipe_is_read_from_it() {
    let test = "what_ffmpeg_writes_to_a_pipe_is_read_from_it";
    let dir = tempfile::tempdir().unwrap();
    let Some(path) = with_sound(test, dir.path()) else {
        return;
    };
    let path = path.to_str().unwrap();
    let given = ffmpeg(test, &["-i", path, "-f", "rawvideo", "-"]).unwrap();
    for args in [
        &["-c:v", "rawvideo", "-f", "nut"][..],
        &["-c", "copy", "-f", "matroska"],
        &["-c:v", "libx264", "-qp", "0", "-c:a", "mp2", "-f", "mpegts"],
    ] {
        let clip = ffmpeg(test, &[&["-i", path][..], args, &["-"]].concat()).unwrap();
        for format in ["raw", "nut", "mkv"] {
            let (made, said) = through(&clip, &["--factor", "2", "--format", format, "-q"]);
            let video = if format == "raw" {
                made
            } else {
                let Some((times, streams)) = probed(test, &made) else {
                    return;
                };
                assert_eq!(streams, ["video"]);
                assert_eq!(times.len(), 24);
                for (k, time) in times.iter().enumerate() {
                    let off = (time - times[0] - k as f64 / 48.0).abs();
                    // Matroska's times are milliseconds, and ffprobe prints microseconds.
                    let most = if format == "mkv" { 1e-3 } else { 2e-6 };
                    assert!(off <= most, "{format} {k}: {time}");
                }
                decoded(test, dir.path(), &made, "yuv420p")
            };
            assert!(even(&video, 12) == given, "{args:?} {format}");
            let lines: Vec<&str> = said.lines().collect();
            assert_eq!(lines.len(), 1, "{said}");
            assert!(lines[0].contains("left out: stream 1 (audio"), "{said}");
        }
        // Y4M has no place for sound, from wherever it comes.
        let (made, said) = through(&clip, &["--factor", "1", "-q"]);
        assert!(decoded(test, dir.path(), &made, "yuv420p") == given);
        assert_eq!(said, "");
    }
}

#[test]
fn a_file_goes_to_a_pipe_with_its_sound() {
    let test = "a_file_goes_to_a_pipe_with_its_sound";
    let dir = tempfile::tempdir().unwrap();
    let Some(path) = with_sound(test, dir.path()) else {
        return;
    };
    for format in ["nut", "mkv"] {
        let out = otinterp()
            .args(["retime", "--factor", "2", "--method", "hold", "-q"])
            .args(["-o", "-", "--format", format])
            .arg(&path)
            .assert()
            .success()
            .stderr("");
        let Some((times, streams)) = probed(test, &out.get_output().stdout) else {
            return;
        };
        assert_eq!(streams, ["video", "audio"], "{format}");
        assert_eq!(times.len(), 24);
    }
}

#[test]
fn times_of_their_own_pass_through_pipes() {
    let test = "times_of_their_own_pass_through_pipes";
    // Frames at 0, 1, 3 and 4 tenths of a second.
    let source = ["-f", "lavfi", "-i", "testsrc2=size=66x50:rate=10:d=0.5"];
    let gap = ["-vf", "select='not(eq(n,2))'", "-fps_mode", "passthrough"];
    let nut = ["-c:v", "ffv1", "-f", "nut", "-"];
    let Some(clip) = ffmpeg(test, &[&source[..], &gap[..], &nut[..]].concat()) else {
        return;
    };
    for format in ["nut", "mkv"] {
        let args = ["--factor", "1", "--vfr", "-q", "--format", format];
        let (made, said) = through(&clip, &args);
        assert_eq!(said, "");
        let Some((times, _)) = probed(test, &made) else {
            return;
        };
        assert_eq!(times.first(), Some(&0.0), "{format}");
        for at in [0.1, 0.3, 0.4] {
            let is_there = times.iter().any(|t| (t - at).abs() < 1e-6);
            assert!(is_there, "{format}: {at} in {times:?}");
        }
    }
}

#[test]
fn y4m_goes_to_every_pipe() {
    let test = "y4m_goes_to_every_pipe";
    let dir = tempfile::tempdir().unwrap();
    let path = small_y4m(dir.path(), "a.y4m", 3);
    let y4m = std::fs::read(&path).unwrap();
    let path = path.to_str().unwrap();
    let Some(given) = ffmpeg(test, &["-i", path, "-f", "rawvideo", "-"]) else {
        return;
    };
    let (made, said) = through(&y4m, &["--factor", "1", "--format", "raw", "-v"]);
    assert!(made == given);
    assert!(
        said.contains("-: writes rawvideo yuv420p 64x48 at 30000/1001 fps"),
        "{said}"
    );
    for format in ["nut", "mkv"] {
        let (made, _) = through(&y4m, &["--factor", "1", "--format", format, "-q"]);
        assert!(decoded(test, dir.path(), &made, "yuv420p") == given);
    }
}

/// Runs the program with nobody at the other end of its standard output, and sees that it ends well and quietly.
fn ends_quietly(path: &Path, args: &[&str]) {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin("otinterp"))
        .arg("retime")
        .arg(path)
        .args(["--method", "hold", "-q", "-o", "-"])
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{args:?}: {:?}", out.status);
    let said = String::from_utf8_lossy(&out.stderr);
    // The container cannot say where chroma sits: told before the pipe is found closed.
    let lines: Vec<&str> = said.lines().filter(|l| !l.contains("siting")).collect();
    assert_eq!(lines, [""; 0], "{args:?}");
}

#[test]
fn a_closed_pipe_is_no_error_in_any_format() {
    let dir = tempfile::tempdir().unwrap();
    let path = small_y4m(dir.path(), "a.y4m", 40);
    for format in ["y4m", "raw", "nut", "mkv"] {
        ends_quietly(&path, &["--factor", "4", "--format", format]);
    }
}

#[test]
fn a_closed_pipe_is_no_error_with_sound() {
    let dir = tempfile::tempdir().unwrap();
    let test = "a_closed_pipe_is_no_error_with_sound";
    let Some(path) = with_sound(test, dir.path()) else {
        return;
    };
    for format in ["nut", "mkv"] {
        for audio in ["stretch", "copy"] {
            // Long enough that packets of sound are written by themselves.
            ends_quietly(
                &path,
                &["--slow", "40", "--audio", audio, "--format", format],
            );
        }
    }
}

#[test]
fn raw_video_that_is_cut_off_is_finished_with_a_warning() {
    let test = "raw_video_that_is_cut_off_is_finished_with_a_warning";
    let Some(given) = raw(test, "yuv420p", 3) else {
        return;
    };
    let format = ["--pix-fmt", "yuv420p", "--source-fps", "24"];
    let size = ["--size", "66x50", "--factor", "1", "--format", "raw", "-q"];
    let short = &given[..given.len() - 1];
    let (made, said) = through(short, &[&format[..], &size[..]].concat());
    assert_eq!(made, given[..given.len() / 3 * 2]);
    assert!(said.contains("-: the stream is cut off within frame 2"));

    // A size that is not that of the stream shows as a part of a frame at its end.
    let size = ["--size", "64x50", "--factor", "1", "--format", "raw", "-q"];
    let (made, said) = through(&given, &[&format[..], &size[..]].concat());
    assert_eq!(made.len(), 64 * 50 * 3 / 2 * 3);
    assert!(said.contains("-: the stream is cut off within frame 3"));

    let size = ["--size", "6600x5000", "--factor", "1"];
    otinterp()
        .args(["retime", "-", "-o", "-"])
        .args(format)
        .args(size)
        .write_stdin(given)
        .assert()
        .code(1)
        .stdout("")
        .stderr(predicate::str::contains("does not hold one frame"));
}

#[test]
fn what_makes_no_sense_gets_one_line() {
    let raw = ["--size", "8x8", "--pix-fmt", "gray", "--source-fps", "25"];
    let cases: &[(&[&str], i32, &str)] = &[
        (&["--size", "8x8"], 2, "--source-fps"),
        (&["--size", "8x8", "--pix-fmt", "gray"], 2, "--source-fps"),
        (&["--source-fps", "25"], 1, "neither Y4M"),
        (&raw[2..], 1, "--size"),
        (
            &["--size", "8x8", "--pix-fmt", "no", "--source-fps", "25"],
            2,
            "no such pixel format",
        ),
        (&["--format", "raw", "--codec", "ffv1"], 2, "--codec"),
        (&[], 1, "neither Y4M nor a clip"),
        (&["--format", "nut", "--codec", "nothing"], 1, "neither Y4M"),
        (&raw, 1, "does not hold one frame"),
    ];
    for (args, code, why) in cases {
        otinterp()
            .args(["retime", "-", "--factor", "2", "-o", "-"])
            .args(*args)
            .write_stdin("no clip at all, only text\n")
            .assert()
            .code(*code)
            .stdout("")
            .stderr(predicate::str::contains(*why))
            .stderr(predicate::function(|s: &str| s.lines().count() == 1));
    }
    otinterp()
        .args(["retime", "a.y4m", "--factor", "2", "--format", "nut"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("--format is for -o -"));
    otinterp()
        .args(["retime", "-", "--factor", "2", "-o", "-"])
        .write_stdin("")
        .assert()
        .code(1)
        .stderr(predicate::str::contains("the pipe is empty"));
}

/// Bare samples in NUT need a code for their pixel format; where it has none they are coded, and nothing is lost.
#[test]
fn what_nut_cannot_name_is_coded() {
    let test = "what_nut_cannot_name_is_coded";
    let dir = tempfile::tempdir().unwrap();
    let Some(given) = raw(test, "yuv440p12le", 2) else {
        return;
    };
    let input = [
        "--size",
        "66x50",
        "--source-fps",
        "24",
        "--pix-fmt",
        "yuv440p12le",
    ];
    let nut = ["--factor", "2", "--format", "nut", "-q"];
    let (made, _) = through(&given, &[&input[..], &nut[..]].concat());
    let made = decoded(test, dir.path(), &made, "yuv440p12le");
    assert!(even(&made, 2) == given);
    otinterp()
        .args(["retime", "-", "-o", "-", "--codec", "rawvideo"])
        .args(input)
        .args(nut)
        .write_stdin(given)
        .assert()
        .code(1)
        .stdout("")
        .stderr(predicate::str::contains("cannot say"));
}
