//! Clips whose clock starts again or jumps on the way: picture and sound go on together, and it is said.

use crate::common::clips::{ffmpeg, otinterp};
use crate::common::played::{RATE, ffprobe, number, samples};
use std::path::{Path, PathBuf};

/// Two seconds of picture at 25 per second, and of a tone.
const PART: &str = "-f lavfi -i testsrc2=s=64x48:r=25:d=2 -f lavfi -i sine=500:d=2:r=48000";

/// Makes a file in a folder; `{}` stands for the folder.
fn make(test: &str, folder: &Path, args: &str) -> Option<()> {
    let folder = folder.to_str().unwrap();
    let args: Vec<String> = args.split(' ').map(|a| a.replace("{}", folder)).collect();
    ffmpeg(test, &args.iter().map(String::as_str).collect::<Vec<_>>()).map(|_| ())
}

/// One file after the other.
fn join(folder: &Path, parts: &[&str], name: &str) -> PathBuf {
    let bytes = parts
        .iter()
        .flat_map(|part| std::fs::read(folder.join(part)).unwrap());
    std::fs::write(folder.join(name), bytes.collect::<Vec<u8>>()).unwrap();
    folder.join(name)
}

/// Retimes without solving anything; what is said beside the last line.
fn retime(input: &Path, args: &[&str], output: &Path) -> String {
    let ran = otinterp()
        .arg("retime")
        .arg(input)
        .args(["--method", "hold", "-y", "-q", "-o"])
        .arg(output)
        .args(args)
        .assert()
        .success();
    String::from_utf8_lossy(&ran.get_output().stderr).into_owned()
}

/// When the last of a tone is heard, s.
fn heard_until(test: &str, path: &Path) -> f64 {
    let samples = samples(test, path);
    let last = samples.iter().rposition(|s| s.abs() > 0.05).unwrap();
    let first: f64 = number(path, "a", "stream=start_time");
    first + last as f64 / RATE
}

/// Doubles and slows a clip of `parts` parts of two seconds: all of its pictures and sound come, one after the other.
fn goes_on(test: &str, input: &Path, parts: u32, said: &str) {
    let output = input.with_file_name("out.mkv");
    for (args, slowdown) in [(["--factor", "2"], 1.0), (["--slow", "2"], 2.0)] {
        let warned = retime(input, &args, &output);
        let joins = warned.lines().filter(|l| l.contains("timestamps jump by"));
        assert_eq!(joins.clone().count(), 1, "{input:?}: {warned}");
        assert!(joins.clone().all(|line| line.contains(said)), "{warned}");
        let length = f64::from(2 * parts) * slowdown;
        let end: f64 = number(&output, "v", "format=duration");
        assert!(
            (end - length).abs() < 0.2,
            "{input:?} {args:?}: {end} s, not {length}"
        );
        let end = heard_until(test, &output);
        assert!(
            (end - length).abs() < 0.2,
            "{input:?} {args:?}: heard until {end} s of {length}"
        );
        let frames = ffprobe(&output, "v", "packet=pts_time").len();
        assert!(
            frames.abs_diff(100 * parts as usize) <= 1,
            "{input:?}: {frames} frames"
        );
    }
}

#[test]
fn joined_recordings_go_on_with_picture_and_sound() {
    let test = "joined_recordings_go_on_with_picture_and_sound";
    let room = tempfile::tempdir().unwrap();
    let folder = room.path();
    let parts = [
        format!("{PART} -c:v libx264 -g 12 -c:a mp2 -f mpegts {{}}/a.ts"),
        format!("{PART} -c:v mpeg2video -bf 2 -g 12 -c:a ac3 -f vob {{}}/a.vob"),
        "-i {}/a.ts -c copy -output_ts_offset 1.5 -f mpegts {}/back.ts".to_owned(),
        "-i {}/a.ts -c copy -output_ts_offset 300 -f mpegts {}/far.ts".to_owned(),
    ];
    if parts.iter().any(|args| make(test, folder, args).is_none()) {
        return;
    }
    goes_on(
        test,
        &join(folder, &["a.ts", "a.ts"], "twice.ts"),
        2,
        "at 2 s",
    );
    goes_on(
        test,
        &join(folder, &["a.ts", "a.ts", "a.ts"], "thrice.ts"),
        3,
        "and 1 more",
    );
    goes_on(
        test,
        &join(folder, &["a.vob", "a.vob"], "twice.vob"),
        2,
        "at 2.0",
    );
    // Back by half a second, and ahead by five minutes.
    goes_on(
        test,
        &join(folder, &["a.ts", "back.ts"], "half.ts"),
        2,
        "by -0.5",
    );
    goes_on(
        test,
        &join(folder, &["a.ts", "far.ts"], "ahead.ts"),
        2,
        "by 29",
    );
}

#[test]
fn a_discontinuity_of_hls_goes_on_with_picture_and_sound() {
    let test = "a_discontinuity_of_hls_goes_on_with_picture_and_sound";
    let room = tempfile::tempdir().unwrap();
    let part = format!("{PART} -c:v libx264 -g 12 -c:a aac -f mpegts {{}}/a.ts");
    if make(test, room.path(), &part).is_none() {
        return;
    }
    let list = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts\n\
                #EXT-X-DISCONTINUITY\n#EXTINF:2,\na.ts\n#EXT-X-ENDLIST\n";
    let input = room.path().join("list.m3u8");
    std::fs::write(&input, list).unwrap();
    goes_on(test, &input, 2, "by -2 s at 2 s");
}

#[test]
fn flash_video_that_starts_again_goes_on() {
    let test = "flash_video_that_starts_again_goes_on";
    let room = tempfile::tempdir().unwrap();
    let part = format!("{PART} -c:v libx264 -g 12 -c:a aac -f flv {{}}/a.flv");
    if make(test, room.path(), &part).is_none() {
        return;
    }
    // Without the second header of 13 bytes, as a recorder goes on after a lost connection.
    let whole = std::fs::read(room.path().join("a.flv")).unwrap();
    std::fs::write(room.path().join("b.flv"), &whole[13..]).unwrap();
    goes_on(
        test,
        &join(room.path(), &["a.flv", "b.flv"], "twice.flv"),
        2,
        "at 2 s",
    );
}

#[test]
fn a_long_pause_that_a_container_means_is_kept_and_told_at_once() {
    let test = "a_long_pause_that_a_container_means_is_kept_and_told_at_once";
    let room = tempfile::tempdir().unwrap();
    let args = "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -vf setpts=PTS+gt(N\\,12)*60/TB -vsync vfr -c:v ffv1 {}/a.mkv";
    if make(test, room.path(), args).is_none() {
        return;
    }
    let output = room.path().join("out.mkv");
    let said = retime(&room.path().join("a.mkv"), &["--fps", "5"], &output);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("no frame for 60.04 s after 0.48 s"), "{said}");
    let end: f64 = number(&output, "v", "format=duration");
    assert!((end - 61.0).abs() < 0.3, "{end}");
}

#[test]
fn billions_of_in_betweens_need_no_memory() {
    use std::io::Write;
    // One frame in 136 years: 128 billion in-betweens to the next.
    let head = b"YUV4MPEG2 W2 H2 F1:4294967295 Cmono\n".to_vec();
    let frame = b"FRAME\n\x10\x20\x30\x40";
    let bytes = [&head[..], &frame[..], &frame[..], &frame[..]].concat();
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_otinterp"))
        .args(["retime", "-", "--fps", "30", "--method", "hold", "-o", "-"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    program.stdin.take().unwrap().write_all(&bytes).unwrap();
    // They come though the last is far: a list of all would never end.
    let mut stdout = program.stdout.take().unwrap();
    let mut taken = [0; 100_000];
    std::io::Read::read_exact(&mut stdout, &mut taken).unwrap();
    drop(stdout);
    let out = program.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(
        said.contains("no frame for 4294967295 s after 0 s"),
        "{said}"
    );
}
