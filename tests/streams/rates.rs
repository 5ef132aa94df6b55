//! Frame rates that headers only guess, and `--source-fps`, which says them.

use crate::common::clips::{ffmpeg, names, otinterp, words};
use crate::common::played::{RATE, ffprobe, number, samples};
use std::path::{Path, PathBuf};

/// Makes a file in a folder.
fn make(test: &str, args: &str, path: &Path) -> Option<()> {
    let args: Vec<&str> = words(args)
        .into_iter()
        .chain([path.to_str().unwrap()])
        .collect();
    ffmpeg(test, &args).map(|_| ())
}

/// Retimes without solving anything; what is said beside the last line.
fn retime(input: &Path, args: &str, output: &Path) -> String {
    let ran = otinterp()
        .arg("retime")
        .arg(input)
        .args(["--method", "hold", "-y", "-q", "-o"])
        .arg(output)
        .args(words(args))
        .assert()
        .success();
    String::from_utf8_lossy(&ran.get_output().stderr).into_owned()
}

fn rate(path: &Path) -> String {
    ffprobe(path, "v", "stream=r_frame_rate")[0].clone()
}

fn frames(path: &Path) -> usize {
    ffprobe(path, "v", "packet=pts_time").len()
}

/// Sets the flags of 3:2 pulldown in an MPEG-2 elementary stream of film (ISO/IEC 13818-2, 6.2.2 and 6.2.3.1).
fn pulled_down(mut stream: Vec<u8>) -> Vec<u8> {
    let starts = stream.windows(4).enumerate();
    let starts: Vec<(usize, u8)> = starts
        .filter_map(|(at, code)| (code[..3] == [0, 0, 1]).then_some((at, code[3])))
        .collect();
    let mut pictures = 0;
    for (at, code) in starts {
        let extension = stream[at + 4] >> 4;
        match (code, extension) {
            (0xb3, _) => stream[at + 7] = (stream[at + 7] & 0xf0) | 4, // 30000/1001
            (0xb5, 1) => stream[at + 5] &= !0x08,                      // no progressive sequence
            (0xb5, 8) => {
                // Of four pictures: top field first, and the first field again.
                let (top, again) = [(1, 1), (0, 0), (0, 1), (1, 0)][pictures % 4];
                stream[at + 7] = (stream[at + 7] & !0x82) | (top << 7) | (again << 1);
                stream[at + 8] |= 0x80; // a progressive frame
                pictures += 1;
            }
            _ => {}
        }
    }
    stream
}

#[test]
fn film_with_pulldown_flags_is_doubled_as_film() {
    let test = "film_with_pulldown_flags_is_doubled_as_film";
    let room = tempfile::tempdir().unwrap();
    let at = |name: &str| room.path().join(name);
    let film = "-f lavfi -i testsrc2=s=96x64:r=24000/1001 -frames:v 36 -c:v mpeg2video -bf 0 -g 12 -q:v 8 -f mpeg2video";
    if make(test, film, &at("film.m2v")).is_none() {
        return;
    }
    let stream = pulled_down(std::fs::read(at("film.m2v")).unwrap());
    std::fs::write(at("pulled.m2v"), stream).unwrap();
    let source = at("pulled.m2v");
    let copied = |name: &str| {
        let args = format!("-fflags +genpts -i {} -c copy", source.display());
        make(test, &args, &at(name)).map(|()| at(name))
    };
    let inputs = [
        Some(source.clone()),
        copied("pulled.vob"),
        copied("pulled.mkv"),
    ];
    for input in inputs.into_iter().flatten() {
        let output = at("out.mp4");
        retime(&input, "--factor 2 --codec libx264 --crf 0", &output);
        assert_eq!(rate(&output), "48000/1001", "{input:?}");
        assert_eq!(frames(&output), 72, "{input:?}");
    }
}

/// Makes Matroska's element DefaultDuration (RFC 9559, 5.1.4.1.13) a Void of the same length.
fn without_default_duration(path: &Path) -> PathBuf {
    let mut bytes = std::fs::read(path).unwrap();
    let at = bytes
        .windows(3)
        .position(|w| w == [0x23, 0xe3, 0x83])
        .unwrap();
    let length = usize::from(bytes[at + 3] & 0x7f) + 2;
    bytes[at] = 0xec;
    bytes[at + 1] = 0x80 | length as u8;
    bytes[at + 2..at + 2 + length].fill(0);
    let made = path.with_file_name("without.mkv");
    std::fs::write(&made, bytes).unwrap();
    made
}

#[test]
fn matroska_without_a_default_duration_has_the_rate_of_its_times() {
    let test = "matroska_without_a_default_duration_has_the_rate_of_its_times";
    let room = tempfile::tempdir().unwrap();
    let (input, output) = (room.path().join("a.mkv"), room.path().join("out.mkv"));
    for (given, doubled) in [
        ("30", "60/1"),
        ("24000/1001", "48000/1001"),
        ("50", "100/1"),
    ] {
        let args =
            format!("-f lavfi -i testsrc2=s=64x48:r={given} -frames:v 60 -c:v libx264 -bf 0");
        if make(test, &args, &input).is_none() {
            return;
        }
        retime(
            &without_default_duration(&input),
            "--factor 2 --codec ffv1",
            &output.with_extension("nut"),
        );
        assert_eq!(rate(&output.with_extension("nut")), doubled, "{given}");
    }
}

#[test]
fn streams_without_times_have_the_rate_of_their_codec_or_the_one_that_is_said() {
    let test = "streams_without_times_have_the_rate_of_their_codec_or_the_one_that_is_said";
    let room = tempfile::tempdir().unwrap();
    let output = room.path().join("out.nut");
    for (codec, name, told) in [
        ("libx264", "a.h264", "60/1"),
        ("mpeg2video", "a.m2v", "60/1"),
        // It says nothing, and FFmpeg takes 25.
        ("mjpeg", "a.mjpeg", "50/1"),
    ] {
        let input = room.path().join(name);
        let args = format!("-f lavfi -i testsrc2=s=64x48:r=30 -frames:v 30 -c:v {codec}");
        if make(test, &args, &input).is_none() {
            return;
        }
        let said = retime(&input, "--factor 2 --codec ffv1", &output);
        assert!(
            said.contains("has no times") && said.contains("--source-fps"),
            "{name}: {said}"
        );
        assert_eq!(rate(&output), told, "{name}");
        let said = retime(
            &input,
            "--factor 2 --codec ffv1 --source-fps 24000/1001",
            &output,
        );
        assert!(!said.contains("times"), "{name}: {said}");
        assert_eq!(rate(&output), "48000/1001", "{name}");
        assert_eq!(frames(&output), 60, "{name}");
    }
}

#[test]
fn source_fps_sets_the_rate_of_any_input() {
    let test = "source_fps_sets_the_rate_of_any_input";
    let room = tempfile::tempdir().unwrap();
    let at = |name: &str| room.path().join(name);
    let source = "-f lavfi -i testsrc2=s=64x48:r=25 -frames:v 12";
    for name in ["a.mp4", "a.y4m", "n_%03d.png"] {
        if make(test, source, &at(name)).is_none() {
            return;
        }
        let output = at("out.nut");
        retime(
            &at(name),
            "--factor 2 --source-fps 12 --codec ffv1",
            &output,
        );
        assert_eq!(
            (rate(&output).as_str(), frames(&output)),
            ("24/1", 24),
            "{name}"
        );
        let end: f64 = number(&output, "v", "format=duration");
        assert!((end - 1.0).abs() < 0.05, "{name}: {end}");
        let planned = otinterp()
            .args(["retime", "--factor", "2", "--source-fps", "12", "--dry-run"])
            .arg(at(name))
            .assert()
            .success();
        let planned = String::from_utf8_lossy(&planned.get_output().stdout).into_owned();
        assert!(
            planned.contains("24 frames at 24 fps, 1.00 s"),
            "{name}: {planned}"
        );
    }
}

#[test]
fn a_missing_number_is_named_before_anything_is_done() {
    let test = "a_missing_number_is_named_before_anything_is_done";
    let room = tempfile::tempdir().unwrap();
    let at = |name: &str| room.path().join(name);
    if make(
        test,
        "-f lavfi -i testsrc2=s=64x48:r=25 -frames:v 10",
        &at("f_%02d.png"),
    )
    .is_none()
    {
        return;
    }
    std::fs::remove_file(at("f_04.png")).unwrap();
    let before = names(room.path());
    let ran = otinterp()
        .args(["retime", "--factor", "2", "-o"])
        .args([at("out.mkv"), at("f_%02d.png")])
        .assert()
        .code(1);
    let said = String::from_utf8_lossy(&ran.get_output().stderr).into_owned();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("f_04.png is missing"), "{said}");
    assert_eq!(names(room.path()), before);
}

#[test]
fn a_fast_recording_is_slowed_and_played_at_another_rate() {
    let test = "a_fast_recording_is_slowed_and_played_at_another_rate";
    let room = tempfile::tempdir().unwrap();
    let at = |name: &str| room.path().join(name);
    let source = "-f lavfi -i testsrc2=s=64x48:r=240 -f lavfi -i sine=500:r=48000 -t 0.5 -c:v libx264 -c:a flac";
    if make(test, source, &at("a.mkv")).is_none() {
        return;
    }
    retime(&at("a.mkv"), "--slow 8 --fps 30", &at("out.mkv"));
    assert_eq!(
        (rate(&at("out.mkv")).as_str(), frames(&at("out.mkv"))),
        ("30/1", 120)
    );
    let heard = samples(test, &at("out.mkv")).len() as f64 / RATE;
    assert!((heard - 4.0).abs() < 0.1, "{heard}");
    otinterp()
        .args(["retime", "--slow", "2", "--factor", "2"])
        .arg(at("a.mkv"))
        .assert()
        .code(2);
}

#[test]
fn pictures_that_change_on_the_way_are_made_like_the_first() {
    let test = "pictures_that_change_on_the_way_are_made_like_the_first";
    let room = tempfile::tempdir().unwrap();
    let at = |name: &str| room.path().join(name);
    // One grey, in limited range at one size, and then at another size, or in full range.
    let first =
        "-f lavfi -i color=0x808080:s=96x64:r=25 -frames:v 10 -c:v libx264 -crf 5 -color_range tv";
    let second = [
        (
            "larger.ts",
            "-f lavfi -i color=0x808080:s=128x96:r=25 -frames:v 10 -c:v libx264 -crf 5 -color_range tv",
        ),
        (
            "full.ts",
            "-f lavfi -i color=0x808080:s=96x64:r=25 -vf scale=out_range=pc -frames:v 10 -c:v libx264 -crf 5 \
                     -pix_fmt yuvj420p -color_range pc",
        ),
    ];
    if make(test, first, &at("first.ts")).is_none() {
        return;
    }
    for (name, args) in second {
        make(test, &format!("{args} -output_ts_offset 0.4"), &at(name)).unwrap();
        let joined = [at("first.ts"), at(name)].map(|part| std::fs::read(part).unwrap());
        std::fs::write(at("joined.ts"), joined.concat()).unwrap();
        let said = retime(&at("joined.ts"), "--fps 50 --codec ffv1", &at("out.mkv"));
        assert_eq!(
            said.matches("scaled or converted").count(),
            1,
            "{name}: {said}"
        );
        let args = [
            "-i",
            at("out.mkv").to_str().unwrap(),
            "-f",
            "rawvideo",
            "-pix_fmt",
            "yuv420p",
            "-",
        ]
        .map(str::to_owned);
        let bytes = ffmpeg(test, &args.each_ref().map(String::as_str)).unwrap();
        let frames = bytes.chunks_exact(96 * 64 * 3 / 2);
        assert!(frames.len() >= 36, "{name}");
        for frame in frames {
            // 0x80 is 126 in limited range, and would be 128 in full.
            let luma = &frame[..96 * 64];
            assert!(
                luma.iter().all(|y| (125..=127).contains(y)),
                "{name}: {:?}",
                &luma[..8]
            );
        }
        otinterp()
            .args(["retime", "--factor", "2", "--dry-run"])
            .arg(at("joined.ts"))
            .assert()
            .success();
    }
}

#[test]
fn a_clip_cut_by_an_edit_list_and_frames_dropped_from_avi_are_no_damage() {
    let test = "a_clip_cut_by_an_edit_list_and_frames_dropped_from_avi_are_no_damage";
    let room = tempfile::tempdir().unwrap();
    let at = |name: &str| room.path().join(name);
    let source = "-f lavfi -i testsrc2=s=96x64:r=25:d=2 -c:v libx264 -bf 0 -g 5";
    let dropped = "-f lavfi -i testsrc2=s=96x64:r=25:d=1 -f lavfi -i sine=d=1 -c:v mpeg4 -c:a mp3";
    if make(test, source, &at("whole.mp4")).is_none() || make(test, dropped, &at("a.avi")).is_none()
    {
        return;
    }
    let cut = format!("-ss 0.5 -i {} -t 0.6 -c copy", at("whole.mp4").display());
    make(test, &cut, &at("cut.mp4")).unwrap();
    for name in ["cut.mp4", "a.avi"] {
        assert_eq!(
            retime(&at(name), "--factor 2 --codec ffv1", &at("out.mkv")),
            "",
            "{name}"
        );
    }
    // What is really cut off is told.
    let args = format!(
        "-i {} -c copy -movflags +faststart",
        at("whole.mp4").display()
    );
    make(test, &args, &at("fast.mp4")).unwrap();
    let bytes = std::fs::read(at("fast.mp4")).unwrap();
    std::fs::write(at("short.mp4"), &bytes[..bytes.len() * 3 / 4]).unwrap();
    let said = retime(&at("short.mp4"), "--factor 2 --codec ffv1", &at("out.mkv"));
    assert!(said.contains("short.mp4") && !said.is_empty(), "{said}");
}
