//! Slowed sound of clips whose edit lists say what is not shown: in step with the picture from the first beat to the last.

use crate::common::clips::{ffmpeg, otinterp};
use crate::common::played::{RATE, centre, ffprobe, number, samples};
use std::path::{Path, PathBuf};

/// A beep at 1, 3, 5 … s, and a flash of two frames with it.
fn beats(test: &str, folder: &Path, more: &[&str]) -> Option<PathBuf> {
    let path = folder.join("beats.mp4");
    let picture = "color=black:size=64x48:rate=25:duration=12,geq=lum='16+200*lt(mod(T+1.001,2),0.079)':cb=128:cr=128";
    let sound = "aevalsrc='0.6*sin(6000*t)*lt(mod(t+1,2),0.08)':s=48000:d=12";
    let picture = ["-f", "lavfi", "-i", picture];
    let sound = ["-f", "lavfi", "-i", sound];
    // Key frames every 0.6 s, and frames between them that are out of order.
    let coded = [
        "-c:v", "libx264", "-bf", "2", "-g", "15", "-c:a", "aac", "-b:a", "160k",
    ];
    let path_text = path.to_str().unwrap();
    ffmpeg(
        test,
        &[&picture[..], more, &sound, &coded, &[path_text]].concat(),
    )?;
    Some(path)
}

/// What a player shows: the seconds of the first frame and of the flashes, each the mean of its frames by their light.
fn flashes(test: &str, path: &Path) -> (f64, Vec<f64>) {
    let filter = "scale=1:1:flags=area,format=gray";
    let input = ["-i", path.to_str().unwrap(), "-map", "0:v:0"];
    let output = ["-vf", filter, "-fps_mode", "passthrough"];
    let raw = ["-f", "rawvideo", "-"];
    let light = ffmpeg(test, &[&input[..], &output, &raw].concat()).unwrap();
    let times = ffprobe(path, "v:0", "frame=pts_time");
    let times: Vec<f64> = times
        .iter()
        .map(|line| line.split(',').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(times.len(), light.len(), "{path:?}");
    let mut found: Vec<(f64, f64, f64)> = Vec::new();
    for (&time, &code) in times.iter().zip(&light) {
        let light = f64::from(code.saturating_sub(20));
        if light == 0.0 {
            continue;
        }
        match found.last_mut() {
            Some((last, sum, weighted)) if time - *last < 0.5 => {
                *last = time;
                *sum += light;
                *weighted += light * time;
            }
            _ => found.push((time, light, light * time)),
        }
    }
    (times[0], found.iter().map(|f| f.2 / f.1).collect())
}

/// What a player plays: how much later each beep comes than the flash that belongs to it, in seconds, about `asked`.
fn delays(test: &str, path: &Path, flashes: &[f64], asked: f64) -> Vec<f64> {
    let heard = samples(test, path);
    let start = number(path, "a:0", "frame=pts_time");
    let length = heard.len() as f64 / RATE;
    let places = flashes.iter().map(|flash| (flash, flash + asked - start));
    let inside = places.filter(|(_, place)| *place > 0.5 && place + 0.5 < length);
    inside
        .map(|(flash, place)| start + centre(&heard, place - 0.5..place + 0.5) - flash)
        .collect()
}

#[test]
fn what_is_cut_off_by_an_edit_list_shifts_no_slowed_sound() {
    let test = "what_is_cut_off_by_an_edit_list_shifts_no_slowed_sound";
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("no cuts"), "").unwrap();
    // How much later than the picture the sound begins; where the copy is cut, between two key frames or not at all.
    for (delay, cut) in [
        ("0", Some("1.7")),
        ("0", Some("2.35")),
        ("0.37", None),
        ("-0.37", None),
        ("0.37", Some("1.7")),
    ] {
        let case = format!("sound {delay} s later, cut at {cut:?}");
        let Some(whole) = beats(test, dir.path(), &["-itsoffset", delay]) else {
            return;
        };
        let input = match cut {
            None => whole,
            Some(place) => {
                let cut = at("cut.mp4");
                let from = ["-ss", place, "-i", whole.to_str().unwrap()];
                let copied = ["-c", "copy", cut.to_str().unwrap()];
                ffmpeg(test, &[&from[..], &copied].concat()).unwrap();
                cut
            }
        };
        let (first, seen) = flashes(test, &input);
        // The test sees what it means to: one frame is the middle of a flash, 40 ms that of a beep.
        let asked: f64 = delay.parse().unwrap();
        let before = delays(test, &input, &seen, asked);
        assert!(before.len() >= 4, "{case}: {before:?}");
        for offset in &before {
            assert!((offset - asked - 0.02).abs() < 0.03, "{case}: {before:?}");
        }
        for (slow, name) in [(2.0, "out.mp4"), (3.0, "out.mkv")] {
            let output = at(name);
            otinterp()
                .args(["retime", "--method", "crossfade", "-qy", "--slow"])
                .arg(slow.to_string())
                .args(["--cuts", at("no cuts").to_str().unwrap(), "-o"])
                .args([&output, &input])
                .assert()
                .success()
                .stderr("");
            let (first_out, seen_out) = flashes(test, &output);
            assert_eq!(seen_out.len(), seen.len(), "{case} {slow} {name}");
            for (out, given) in seen_out.iter().zip(&seen) {
                let off = out - first_out - slow * (given - first);
                assert!(off.abs() < 0.02, "{case} {slow} {name}: {off}");
            }
            let after = delays(test, &output, &seen_out, slow * asked);
            println!("{case}, {slow} times slower, {name}: {before:.3?} {after:.3?}");
            assert!(after.len() >= before.len(), "{case} {slow} {name}");
            let given = before[0];
            for offset in &after {
                let off = offset - slow * given;
                assert!(
                    off.abs() < 0.03,
                    "{case} {slow} {name}: {before:?} {after:?}"
                );
            }
        }
    }
}
