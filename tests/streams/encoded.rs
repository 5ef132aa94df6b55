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
