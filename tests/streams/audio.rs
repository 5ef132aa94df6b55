//! Sound and subtitles in slow motion: pitch, length, and in step with the picture.

use crate::common::clips::{ffmpeg, otinterp, retime};
use crate::common::played::{RATE, centre, ffprobe, number, samples};
use predicates::prelude::*;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A clip of 25 frames per second with the inputs and options given after its own.
fn clip(test: &str, folder: &Path, name: &str, seconds: u32, more: &[&str]) -> Option<PathBuf> {
    let path = folder.join(name);
    let picture = format!("testsrc2=size=64x48:rate=25:duration={seconds}");
    let video = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0"];
    let args = [
        &["-f", "lavfi", "-i", &picture][..],
        more,
        &video,
        &[path.to_str().unwrap()],
    ];
    ffmpeg(test, &args.concat())?;
    Some(path)
}

/// Retimes without making in-betweens, which are of no concern here; returns what is said.
fn held(input: &Path, output: &Path, args: &[&str]) -> String {
    retime(input, &[args, &["--method", "hold", "-y"]].concat(), output)
}

/// Hertz of a tone, by its zero crossings in the middle three quarters.
fn pitch(samples: &[f64]) -> f64 {
    let middle = &samples[samples.len() / 8..samples.len() * 7 / 8];
    let crossings = middle.windows(2).filter(|w| (w[0] < 0.0) != (w[1] < 0.0));
    crossings.count() as f64 / 2.0 / (middle.len() as f64 / RATE)
}

#[test]
fn a_tone_keeps_its_pitch_and_lasts_as_long_as_the_picture() {
    let test = "a_tone_keeps_its_pitch_and_lasts_as_long_as_the_picture";
    let dir = tempfile::tempdir().unwrap();
    let sound = [
        "-f",
        "lavfi",
        "-i",
        "sine=frequency=440:duration=4:sample_rate=48000",
    ];
    let marks = [
        "-metadata:s:a:0",
        "language=deu",
        "-disposition:a:0",
        "default+dub",
    ];
    for (from, codec) in [("in.mkv", "flac"), ("in.mp4", "aac"), ("mp3.mkv", "mp3")] {
        let more = [&sound[..], &["-c:a", codec], &marks].concat();
        let Some(input) = clip(test, dir.path(), from, 4, &more) else {
            return;
        };
        for (slow, to, expected) in [
            ("2", "out.mkv", codec),
            ("3", "out.mkv", codec),
            ("2.5", "out.mp4", codec),
            (
                "0.5",
                "out.mov",
                if codec == "flac" { "aac" } else { codec },
            ),
        ] {
            let output = dir.path().join(to);
            let said = held(&input, &output, &["--slow", slow]);
            assert_eq!(said, "", "{codec} {slow}");
            assert_eq!(ffprobe(&output, "a", "stream=codec_name"), [expected]);
            // QuickTime has other languages, and no such marks.
            if to != "out.mov" {
                let tags = "stream_tags=language:stream_disposition=default,dub";
                assert_eq!(
                    ffprobe(&output, "a", tags),
                    ["1,1,deu"],
                    "{codec} {slow} {to}"
                );
            }
            let factor: f64 = slow.parse().unwrap();
            let heard = samples(test, &output);
            let length = heard.len() as f64 / RATE;
            // One packet of 1152 samples at most, at both ends.
            let whole = samples(test, &input).len() as f64 / RATE;
            assert!(
                (length - factor * whole).abs() < 0.05,
                "{codec} {slow}: {length}"
            );
            let hertz = pitch(&heard);
            assert!((hertz - 440.0).abs() < 1.0, "{codec} {slow}: {hertz}");
        }
    }
}

#[test]
fn lossless_sound_is_as_long_as_the_picture_to_the_sample() {
    let test = "lossless_sound_is_as_long_as_the_picture_to_the_sample";
    let dir = tempfile::tempdir().unwrap();
    let sound = [
        "-f",
        "lavfi",
        "-i",
        "sine=frequency=440:duration=4:sample_rate=48000",
    ];
    let more = [&sound[..], &["-c:a", "pcm_s16le"]].concat();
    let Some(input) = clip(test, dir.path(), "in.mkv", 4, &more) else {
        return;
    };
    for slow in ["3", "7.3", "1001/1000"] {
        let output = dir.path().join("out.mkv");
        assert_eq!(held(&input, &output, &["--slow", slow]), "");
        let factor = match slow.split_once('/') {
            Some((a, b)) => a.parse::<f64>().unwrap() / b.parse::<f64>().unwrap(),
            None => slow.parse().unwrap(),
        };
        let count = samples(test, &output).len();
        assert_eq!(count, (4.0 * RATE * factor).round() as usize, "{slow}");
        // The same again is the same, bit for bit.
        let again = dir.path().join("again.mkv");
        held(&input, &again, &["--slow", slow]);
        assert_eq!(samples(test, &output), samples(test, &again), "{slow}");
    }
}

/// Tones of 50 ms every 2 s from 1 s on, in a clip whose sound begins `delay` seconds late.
fn beeps(test: &str, folder: &Path, seconds: u32, delay: &str) -> Option<PathBuf> {
    let beep = format!(
        "aevalsrc='0.6*sin(2*PI*1000*t)*lt(mod(t,2)-1,0.05)*gte(mod(t,2),1)':s=48000:d={seconds}"
    );
    let more = [
        "-itsoffset",
        delay,
        "-f",
        "lavfi",
        "-i",
        &beep,
        "-c:a",
        "flac",
    ];
    clip(test, folder, "beeps.mkv", seconds, &more)
}

#[test]
fn what_is_heard_comes_when_it_is_seen_and_does_not_drift() {
    let test = "what_is_heard_comes_when_it_is_seen_and_does_not_drift";
    let dir = tempfile::tempdir().unwrap();
    for delay in ["0", "0.3", "-0.3"] {
        let Some(input) = beeps(test, dir.path(), 20, delay) else {
            return;
        };
        let start = |path: &Path, select: &str| number(path, select, "stream=start_time");
        let before = start(&input, "a") - start(&input, "v");
        for slow in [2.0, 3.0] {
            let output = dir.path().join("out.mkv");
            held(&input, &output, &["--slow", &slow.to_string()]);
            let after = start(&output, "a") - start(&output, "v");
            assert!(
                (after - slow * before).abs() < 0.002,
                "{delay} {slow}: {after}"
            );
            let heard = samples(test, &output);
            for beep in 0..9 {
                let time = slow * (f64::from(2 * beep + 1) + 0.025);
                let at = centre(&heard, time - 0.4..time + 0.4);
                assert!((at - time).abs() < 0.03, "{delay} {slow}: {time} at {at}");
            }
        }
    }
}

#[test]
fn subtitles_are_slowed_to_the_tick_and_attachments_are_kept() {
    let test = "subtitles_are_slowed_to_the_tick_and_attachments_are_kept";
    let dir = tempfile::tempdir().unwrap();
    let words = dir.path().join("s.srt");
    std::fs::write(&words, "1\n00:00:01,000 --> 00:00:02,000\nhello\n").unwrap();
    let words = words.to_str().unwrap();
    let more = [
        "-i",
        words,
        "-attach",
        words,
        "-metadata:s:t",
        "mimetype=text/plain",
        "-c:s",
        "srt",
    ];
    let Some(input) = clip(test, dir.path(), "in.mkv", 3, &more) else {
        return;
    };
    let output = dir.path().join("out.mkv");
    for (slow, at, lasts) in [
        ("2", "2.000000", "2.000000"),
        ("3.5", "3.500000", "3.500000"),
    ] {
        assert_eq!(held(&input, &output, &["--slow", slow]), "");
        let cue = ffprobe(&output, "s", "packet=pts_time,duration_time");
        assert_eq!(cue, [format!("{at},{lasts}")], "{slow}");
        assert_eq!(ffprobe(&output, "t", "stream_tags=filename"), ["s.srt"]);
    }
}

#[test]
fn sound_can_be_copied_or_dropped() {
    let test = "sound_can_be_copied_or_dropped";
    let dir = tempfile::tempdir().unwrap();
    let Some(input) = beeps(test, dir.path(), 4, "0.2") else {
        return;
    };
    let output = dir.path().join("out.mkv");
    let before = samples(test, &input);
    let with_sound = |target: [&str; 2], audio: &str| {
        let args = [&target[..], &["--audio", audio]].concat();
        assert_eq!(held(&input, &output, &args), "");
    };
    for target in [["--slow", "3"], ["--factor", "2"]] {
        with_sound(target, "copy");
        assert_eq!(samples(test, &output), before, "{target:?}");
        let start = number(&output, "a", "stream=start_time");
        assert!((start - 0.2).abs() < 0.002, "{start}");
        with_sound(target, "drop");
        assert_eq!(ffprobe(&output, "a", "stream=codec_name"), [""; 0]);
    }
    // At an unchanged speed nothing is encoded again.
    for target in [["--fps", "50"], ["--slow", "1"]] {
        with_sound(target, "stretch");
        assert_eq!(samples(test, &output), before, "{target:?}");
    }
    let length = number(&output, "v", "format=duration");
    assert!((length - 4.2).abs() < 0.1, "{length}");
}

#[test]
fn a_dry_run_says_what_becomes_of_sound() {
    let test = "a_dry_run_says_what_becomes_of_sound";
    let dir = tempfile::tempdir().unwrap();
    let Some(input) = beeps(test, dir.path(), 2, "0") else {
        return;
    };
    for (output, args, expected) in [
        (
            "out.mkv",
            &["--slow", "2"][..],
            "; 1 other stream stretched\n",
        ),
        ("out.mkv", &["--factor", "2"], "; 1 other stream copied\n"),
        (
            "out.mkv",
            &["--slow", "2", "--audio", "copy"],
            "; 1 other stream copied\n",
        ),
        (
            "out.mkv",
            &["--factor", "2", "--audio", "drop"],
            "; left out: stream 1 (audio, flac)\n",
        ),
        (
            "out.gif",
            &["--factor", "2"],
            "; left out: stream 1 (audio, flac)\n",
        ),
    ] {
        otinterp()
            .args(["retime", "--dry-run", "-o", output])
            .arg(&input)
            .args(args)
            .assert()
            .success()
            .stdout(predicate::str::ends_with(expected));
    }
}

#[test]
fn a_part_has_the_sound_of_that_part() {
    let test = "a_part_has_the_sound_of_that_part";
    let dir = tempfile::tempdir().unwrap();
    let Some(input) = beeps(test, dir.path(), 12, "0") else {
        return;
    };
    for name in ["part.mkv", "part.mp4"] {
        let output = dir.path().join(name);
        assert_eq!(
            held(&input, &output, &["--slow", "3", "--range", "4.4-7.4"]),
            ""
        );
        let heard = samples(test, &output);
        // The beeps at 5 and 7 s, counted from 4.4 s.
        for beep in [5.0, 7.0] {
            let time = 3.0 * (beep - 4.4 + 0.025);
            let at = centre(&heard, time - 0.4..time + 0.4);
            assert!((at - time).abs() < 0.03, "{name}: {time} at {at}");
        }
        let start = number(&output, "a", "stream=start_time");
        let length = start + heard.len() as f64 / RATE;
        assert!(
            start.abs() < 0.03 && (length - 9.0).abs() < 0.1,
            "{name}: {start} {length}"
        );
    }
}

#[test]
fn a_hole_in_the_sound_stays_where_it_is() {
    let test = "a_hole_in_the_sound_stays_where_it_is";
    let dir = tempfile::tempdir().unwrap();
    let Some(whole) = beeps(test, dir.path(), 8, "0") else {
        return;
    };
    // The packets from 1.5 to 2.5 s are missing.
    let input = dir.path().join("hole.mkv");
    let hole = [
        "-c",
        "copy",
        "-bsf:a",
        r"noise=drop=between(pts*tb\,1.5\,2.5)",
    ];
    let (from, to) = (whole.to_str().unwrap(), input.to_str().unwrap());
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-i", from])
        .args(hole)
        .arg(to)
        .output();
    if !made.is_ok_and(|out| out.status.success()) {
        return eprintln!("skipped: {test}: this ffmpeg drops no packets");
    }
    let output = dir.path().join("out.mkv");
    held(&input, &output, &["--slow", "2"]);
    let heard = samples(test, &output);
    for beep in [1.0, 3.0, 5.0, 7.0] {
        let time = 2.0 * (beep + 0.025);
        let at = centre(&heard, time - 0.4..time + 0.4);
        assert!((at - time).abs() < 0.03, "{time} at {at}");
    }
}

#[test]
fn a_clip_without_sound_and_a_container_without_place_for_it_work() {
    let test = "a_clip_without_sound_and_a_container_without_place_for_it_work";
    let dir = tempfile::tempdir().unwrap();
    let Some(silent) = clip(test, dir.path(), "in.mkv", 1, &[]) else {
        return;
    };
    let output = dir.path().join("out.mkv");
    for audio in ["stretch", "copy", "drop"] {
        assert_eq!(
            held(&silent, &output, &["--slow", "2", "--audio", audio]),
            ""
        );
        assert_eq!(ffprobe(&output, "v", "stream=codec_name"), ["h264"]);
    }
    let Some(input) = beeps(test, dir.path(), 2, "0") else {
        return;
    };
    let said = held(
        &input,
        &dir.path().join("out.gif"),
        &["--slow", "2", "--range", "0-0.2"],
    );
    assert!(said.contains("left out: stream 1 (audio, flac)"), "{said}");
    let lines = said.lines().filter(|line| line.contains("left out"));
    assert_eq!(lines.count(), 1, "{said}");
    otinterp()
        .args(["retime", "--slow", "2", "--audio", "louder", "a.mkv"])
        .assert()
        .failure()
        .stderr(predicate::str::contains("stretch, copy, drop"));
}
