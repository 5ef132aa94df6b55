//! What the ffmpeg programs play of a clip, and when.

use crate::common::clips::ffmpeg;
use std::path::Path;
use std::process::Command;

/// Samples a second of what is heard.
pub const RATE: f64 = 48_000.0;

/// What ffprobe says of `entries`, one line for each.
pub fn ffprobe(path: &Path, select: &str, entries: &str) -> Vec<String> {
    let args = ["-v", "error", "-of", "csv=p=0", "-select_streams", select];
    let out = Command::new("ffprobe")
        .args(args)
        .args(["-show_entries", entries])
        .arg(path)
        .output()
        .unwrap();
    assert!(out.status.success(), "{path:?}");
    let text = String::from_utf8(out.stdout).unwrap();
    let lines = text.lines().map(|l| l.trim_end_matches(',').to_owned());
    lines.filter(|l| !l.is_empty()).collect()
}

/// The first of these numbers.
pub fn number(path: &Path, select: &str, entries: &str) -> f64 {
    ffprobe(path, select, entries)[0].parse().unwrap()
}

/// The first sound as mono samples at 48 kHz.
pub fn samples(test: &str, path: &Path) -> Vec<f64> {
    let args = [
        "-map", "0:a:0", "-ac", "1", "-ar", "48000", "-f", "s16le", "-",
    ];
    let bytes = ffmpeg(test, &[&["-i", path.to_str().unwrap()][..], &args].concat()).unwrap();
    let samples = bytes.chunks_exact(2);
    samples
        .map(|b| f64::from(i16::from_le_bytes([b[0], b[1]])) / 32768.0)
        .collect()
}

/// Seconds at which the energy of what is loud within `around` has its centre.
pub fn centre(samples: &[f64], around: std::ops::Range<f64>) -> f64 {
    let (mut sum, mut weighted) = (0.0, 0.0);
    for (index, value) in samples.iter().enumerate() {
        let time = index as f64 / RATE;
        if around.contains(&time) && value.abs() > 0.05 {
            sum += value * value;
            weighted += value * value * time;
        }
    }
    assert!(sum > 0.0, "nothing is heard in {around:?}");
    weighted / sum
}
