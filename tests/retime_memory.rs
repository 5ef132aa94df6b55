//! What `retime` needs of memory: so much for each pixel, however long the clip.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

use std::fs;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Peak of the memory resident, in bytes, of `otinterp retime - ARGS -o OUT` on `frames` Y4M frames of so many pixels.
fn peak_bytes(size: (usize, usize), frames: usize, out: &str, args: &[&str]) -> u64 {
    let (width, height) = size;
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("otinterp"))
        .args(["retime", "-", "-qy", "--threads", "2", "-o", out])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut to, mut from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let status = format!("/proc/{}/status", child.id());
    let writer = std::thread::spawn(move || {
        let head = format!("YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 C420jpeg\n");
        to.write_all(head.as_bytes()).unwrap();
        // Bands of light that move by 3 px a frame on a fixed grain: all stages have work.
        let luma = |x: usize, y: usize| 60 + ((x / 8 + y / 16) * 37 % 100) + (x * 7 + y * 13) % 9;
        let wide = width + 3 * frames;
        let rows: Vec<u8> = (0..height * wide)
            .map(|i| luma(i % wide, i / wide) as u8)
            .collect();
        let chroma = vec![128; width * height / 2];
        for frame in 0..frames {
            to.write_all(b"FRAME\n").unwrap();
            for row in rows.chunks_exact(wide) {
                to.write_all(&row[3 * frame..][..width]).unwrap();
            }
            to.write_all(&chroma).unwrap();
        }
    });
    let reader = std::thread::spawn(move || io::copy(&mut from, &mut io::sink()).unwrap());
    let mut peak_kib = 0;
    let done = loop {
        // The peak only grows: what is missed are the last milliseconds.
        let text = fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|l| l.strip_prefix("VmHWM:"));
        let kib = peak.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok());
        peak_kib = kib.unwrap_or(0).max(peak_kib);
        if let Some(done) = child.try_wait().unwrap() {
            break done;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(done.success());
    writer.join().unwrap();
    reader.join().unwrap();
    assert!(peak_kib > 0);
    1024 * peak_kib
}

/// Runs of each length. How full the queues are at once and where the allocator puts things differs from run to run, by some MiB;
/// what stays behind of every frame is there in every run.
const RUNS: usize = 3;

/// The least peak with four times the frames, which is no more than the largest without.
fn peak_of_long_clip(size: (usize, usize), frames: usize, out: &str, args: &[&str]) -> u64 {
    let peaks = |frames| (0..RUNS).map(move |_| peak_bytes(size, frames, out, args));
    let short = peaks(frames).max().unwrap();
    let long = peaks(4 * frames).min().unwrap();
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    println!(
        "{size:?} {args:?}: {:.1} MiB for {frames} frames, {:.1} for four times as many",
        mib(short),
        mib(long)
    );
    assert!(long as f64 <= 1.05 * short as f64);
    long
}

#[test]
fn four_times_the_frames_need_no_more_memory() {
    let fast = ["--factor", "2", "--preset", "fast", "--method", "ot"];
    let size = (1280, 720);
    // Enough frames to fill all queues in the short clip, too.
    let peak = peak_of_long_clip(size, 24, "-", &fast);
    // The program, its libraries and its threads.
    let ground = peak_bytes((64, 64), 6, "-", &fast);
    let each = (peak - ground) as f64 / (size.0 * size.1) as f64;
    println!("{each:.0} bytes for each pixel");
    // The aim of 1.5 GiB at 3840×2160, where an encoder takes its share too, is 194 bytes for each pixel.
    assert!(each <= 194.0, "{each}");
}

/// Here the clip is long, so that the encoder begins anew many times, and the in-betweens are the cheapest.
#[cfg(feature = "video")]
#[test]
fn four_times_the_segments_need_no_more_memory() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.mp4");
    let cheap = ["--factor", "2", "--method", "crossfade"];
    let coded = ["--codec", "libx264", "--encoder-preset", "veryfast"];
    let args = [&cheap[..], &coded].concat();
    peak_of_long_clip((480, 270), 400, out.to_str().unwrap(), &args);
}
