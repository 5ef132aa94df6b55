//! Clips that the tests make for themselves.

use predicates::prelude::*;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A pixel format: its Y4M header, the sizes of its planes, its bits.
pub type Case<'a> = (&'a str, &'a [(usize, usize)], u32);

/// The program under test.
pub fn otinterp() -> assert_cmd::Command {
    assert_cmd::Command::cargo_bin("otinterp").unwrap()
}

/// A Y4M stream: a ramp that moves by two pixels a frame, so that all frames differ.
///
/// `colour` is the `C` tag, `planes` the width and height of each plane, `depth` the bits.
pub fn y4m(head: &str, planes: &[(usize, usize)], depth: u32, frames: usize) -> Vec<u8> {
    let mut out = format!("YUV4MPEG2 {head}\n").into_bytes();
    for frame in 0..frames {
        out.extend(frame_bytes(planes, depth, frame));
    }
    out
}

/// One frame of [`y4m`], with its `FRAME` line.
pub fn frame_bytes(planes: &[(usize, usize)], depth: u32, frame: usize) -> Vec<u8> {
    let mut out = b"FRAME\n".to_vec();
    for (index, &(width, height)) in planes.iter().enumerate() {
        for y in 0..height {
            for x in 0..width {
                // 40 to 200 of 255: within limited range.
                let code = 40 + (5 * x + 3 * y + 10 * frame + 30 * index) % 161;
                if depth > 8 {
                    out.extend(((code as u16) << (depth - 8)).to_le_bytes());
                } else {
                    out.push(code as u8);
                }
            }
        }
    }
    out
}

/// 64×48 4:2:0, 8 bit, 30000/1001 frames per second.
pub const SMALL: &[(usize, usize)] = &[(64, 48), (32, 24), (32, 24)];
pub const SMALL_HEAD: &str = "W64 H48 F30000:1001 Ip A1:1 C420jpeg";

/// Writes [`SMALL`] as a Y4M file.
pub fn small_y4m(folder: &Path, name: &str, frames: usize) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, y4m(SMALL_HEAD, SMALL, 8, frames)).unwrap();
    path
}

/// The test material, or a line that says that `test` was skipped.
pub fn data(test: &str) -> Option<PathBuf> {
    let data = std::env::var_os("OTINTERP_DATA").map(PathBuf::from);
    if data.is_none() {
        eprintln!("skipped: {test}: OTINTERP_DATA is not set");
    }
    data
}

/// Runs `ffmpeg`; `None`, and a line that says that `test` was skipped, where it is missing.
pub fn ffmpeg(test: &str, args: &[&str]) -> Option<Vec<u8>> {
    match Command::new("ffmpeg")
        .args(["-v", "error", "-y"])
        .args(args)
        .output()
    {
        Ok(out) => {
            assert!(
                out.status.success(),
                "{}",
                String::from_utf8_lossy(&out.stderr)
            );
            Some(out.stdout)
        }
        Err(_) => {
            eprintln!("skipped: {test}: there is no ffmpeg program");
            None
        }
    }
}

/// Arguments that hold no blanks.
pub fn words(args: &str) -> Vec<&str> {
    args.split_whitespace().collect()
}

/// Sees that `retime` refuses a clip of a folder with one line that names it and says `why`, and leaves nothing.
pub fn refuses(folder: &Path, name: &str, why: &str) {
    let before = names(folder);
    otinterp()
        .args(["retime", "--factor", "2"])
        .arg(folder.join(name))
        .assert()
        .code(1)
        .stdout("")
        .stderr(predicate::str::contains(why).and(predicate::str::contains(name)))
        .stderr(predicate::function(|s: &str| s.lines().count() == 1));
    assert_eq!(names(folder), before, "{name}");
}

/// `retime INPUT ARGS -o OUTPUT`, and what it wrote to stderr.
pub fn retime(input: &Path, args: &[&str], output: &Path) -> String {
    let assert = otinterp()
        .arg("retime")
        .arg(input)
        .args(args)
        .args(["-q", "-o"])
        .arg(output)
        .assert()
        .success();
    String::from_utf8_lossy(&assert.get_output().stderr).into_owned()
}

/// The names in a folder, hidden ones too.
pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The lines of a report, as [`retime --json`](../../docs/report.md) writes them.
pub fn report(bytes: &[u8]) -> Vec<serde_json::Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

/// The lines of one kind.
pub fn events<'a>(report: &'a [serde_json::Value], kind: &str) -> Vec<&'a serde_json::Value> {
    report.iter().filter(|line| line["event"] == kind).collect()
}
