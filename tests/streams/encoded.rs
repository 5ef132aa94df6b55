//! Clips by FFmpeg's test pattern, retimed by one encoder or another, and what the ffmpeg programs say of them.

use crate::common::clips::ffmpeg;
use std::path::Path;
use std::process::Command;

/// A clip of `frames` frames at 25 per second, 64×64, made by FFmpeg's test pattern.
pub fn made(test: &str, path: &Path, frames: u32, args: &[&str]) -> Option<()> {
    let source = format!(
        "testsrc2=size=64x64:rate=25:duration={}",
        f64::from(frames) / 25.0
    );
    let path = path.to_str().unwrap();
    let all = [
        &["-f", "lavfi", "-i", &source],
        args,
        &["-threads", "1", path],
    ]
    .concat();
    ffmpeg(test, &all).map(|_| ())
}

/// The hash of every frame in a pixel format.
pub fn hashes(test: &str, path: &Path, pixel: &str) -> Vec<String> {
    let path = path.to_str().unwrap();
    let flags = "scale=flags=accurate_rnd+full_chroma_int+full_chroma_inp,format=";
    let filter = format!("{flags}{pixel}");
    let args = [
        "-i",
        path,
        "-map",
        "0:v:0",
        "-vf",
        &filter,
        "-fps_mode",
        "passthrough",
    ];
    let out = ffmpeg(test, &[&args[..], &["-f", "framemd5", "-"]].concat()).unwrap();
    let text = String::from_utf8(out).unwrap();
    let lines = text.lines().filter(|l| !l.starts_with('#'));
    lines
        .map(|l| l.rsplit(',').next().unwrap().trim().to_owned())
        .collect()
}

/// What ffprobe says of `entries` of the first video stream.
pub fn probe(path: &Path, entries: &str) -> String {
    let args = [
        "-v",
        "error",
        "-select_streams",
        "v:0",
        "-read_intervals",
        "%+#1",
    ];
    let shown = ["-show_entries", entries, "-of", "default=nk=0:nw=1"];
    let out = Command::new("ffprobe")
        .args(args)
        .args(shown)
        .arg(path)
        .output()
        .unwrap();
    String::from_utf8(out.stdout).unwrap()
}

pub fn has_encoder(name: &str) -> bool {
    let found = otinterp_video::encoders().unwrap();
    let there = found.iter().any(|e| e.name == name);
    if !there {
        eprintln!("skipped: the linked FFmpeg has no {name}");
    }
    there
}

/// Twice the frames, the cheapest way.
pub const TWICE: &[&str] = &["--factor", "2", "--method", "crossfade"];

/// The samples of the first frame, as ffmpeg gives them with these options before the clip and behind it.
pub fn first_frame(test: &str, before: &[&str], path: &Path, behind: &[&str]) -> Vec<u8> {
    let input = ["-i", path.to_str().unwrap(), "-frames:v", "1"];
    let raw = ["-f", "rawvideo", "-"];
    ffmpeg(test, &[before, &input, behind, &raw].concat()).unwrap()
}

/// glibc's heap with checks, where it is installed: what is written beyond a block ends the process.
const CHECKED_HEAP: &str = "/lib/x86_64-linux-gnu/libc_malloc_debug.so.0";

#[test]
fn x265_takes_narrow_pictures_and_many_threads() {
    let dir = tempfile::tempdir().unwrap();
    for (width, height) in [(16, 64), (32, 16), (48, 32), (64, 64)] {
        let mut clip = format!("YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 C420p10\n").into_bytes();
        for frame in 0..6u16 {
            clip.extend(b"FRAME\n");
            let codes =
                (0..width * height * 3 / 2).map(|at: u16| 200 + (at * 7 + frame * 40) % 600);
            clip.extend(codes.flat_map(u16::to_le_bytes));
        }
        std::fs::write(dir.path().join("clip.y4m"), clip).unwrap();
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("otinterp"));
        command.current_dir(dir.path());
        if Path::new(CHECKED_HEAP).exists() {
            command
                .env("LD_PRELOAD", CHECKED_HEAP)
                .env("MALLOC_CHECK_", "3");
        }
        let args = "retime clip.y4m --factor 2 --method hold --codec libx265 -o out.mp4 -y -q --threads 40";
        let done = command.args(args.split(' ')).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        if said.contains("libx265") && said.contains("has no") {
            return eprintln!("skipped: x265_takes_narrow_pictures_and_many_threads: no libx265");
        }
        assert_eq!(done.status.code(), Some(0), "{width}x{height}: {said}");
    }
}
