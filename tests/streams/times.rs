//! `retime`'s times: exact, to the tick, over long clips, variable rates and parts.

use crate::common::clips::{data, ffmpeg, otinterp, y4m};
use crate::common::played::ffprobe;
use crate::rules::probe::is_there;
use otinterp_video::time::Rational;
use predicates::prelude::*;
use std::path::Path;

/// 16×16 4:2:0: frames that cost next to nothing.
const TINY: &[(usize, usize)] = &[(16, 16), (8, 8), (8, 8)];

fn r(num: i128, den: i128) -> Rational {
    Rational::new(num, den)
}

fn rational(text: &str) -> Rational {
    let (num, den) = text.split_once('/').unwrap();
    r(num.parse().unwrap(), den.parse().unwrap())
}

/// Presentation times in ticks, in order, and the tick in seconds.
fn pts_ticks(test: &str, path: &Path) -> Option<(Vec<i64>, Rational)> {
    if !is_there(test) {
        return None;
    }
    let tick = ffprobe(path, "v:0", "stream=time_base");
    let mut pts: Vec<i64> = ffprobe(path, "v:0", "packet=pts")
        .iter()
        .map(|line| line.parse().unwrap())
        .collect();
    pts.sort_unstable();
    Some((pts, rational(&tick[0])))
}

#[test]
fn no_time_is_off_by_a_tick_over_ten_thousand_frames() {
    let test = "no_time_is_off_by_a_tick_over_ten_thousand_frames";
    let dir = tempfile::tempdir().unwrap();
    let count = 10_000;
    let stream = y4m("W16 H16 F24000:1001 Ip A1:1 C420jpeg", TINY, 8, count);
    let rate_in = r(24000, 1001);
    // Scenes are of no concern here, and seeking them in so many frames takes minutes.
    let no_cuts = dir.path().join("cuts.txt");
    std::fs::write(&no_cuts, "").unwrap();
    for (args, rate) in [
        (["--fps", "60000/1001"], r(60000, 1001)),
        (["--factor", "2.5"], rate_in * r(5, 2)),
        (["--fps", "25"], r(25, 1)),
        (["--factor", "0.5"], rate_in / 2),
    ] {
        for name in ["out.mp4", "out.mkv"] {
            let path = dir.path().join(name);
            otinterp()
                .args(["retime", "-", "--method", "hold", "-qy"])
                .args(["--codec", "libx264", "--encoder-preset", "ultrafast"])
                .args(args)
                .arg("--cuts")
                .arg(&no_cuts)
                .arg("-o")
                .arg(&path)
                .write_stdin(stream.clone())
                .assert()
                .success()
                .stderr("");
            let Some((pts, tick)) = pts_ticks(test, &path) else {
                return;
            };
            let duration = Rational::from_integer(count as i128) / rate_in;
            assert_eq!(pts.len() as i128, (duration * rate).ceil().to_integer());
            for (k, &pts) in pts.iter().enumerate() {
                let exact = Rational::from_integer(k as i128) / rate / tick;
                // MP4's ticks hold these rates exactly; Matroska's are milliseconds.
                let rounding = if name == "out.mp4" { r(0, 1) } else { r(1, 2) };
                let off = exact - Rational::from_integer(pts.into());
                assert!(
                    off <= rounding && -off <= rounding,
                    "{name} {args:?} {k}: {pts}"
                );
            }
        }
    }
}

/// A clip with sound whose frames stand at 0, 1/25, 5/25, 6/25, 7/25, 15/25 and 16/25 s.
fn variable(test: &str, folder: &Path) -> Option<std::path::PathBuf> {
    let path = folder.join("variable.mkv");
    let select =
        "select='not(mod(n,1))*(eq(n,0)+eq(n,1)+eq(n,5)+eq(n,6)+eq(n,7)+eq(n,15)+eq(n,16))'";
    ffmpeg(
        test,
        &[
            "-f",
            "lavfi",
            "-i",
            "testsrc2=size=64x48:rate=25:duration=0.68",
            "-f",
            "lavfi",
            "-i",
            "sine=frequency=440:duration=1",
            "-vf",
            select,
            "-fps_mode",
            "vfr",
            "-c:v",
            "ffv1",
            "-c:a",
            "flac",
            path.to_str().unwrap(),
        ],
    )?;
    Some(path)
}

#[test]
fn with_vfr_source_frames_keep_their_times_and_gaps_are_divided_evenly() {
    let test = "with_vfr_source_frames_keep_their_times_and_gaps_are_divided_evenly";
    let dir = tempfile::tempdir().unwrap();
    let Some(input) = variable(test, dir.path()) else {
        return;
    };
    let source = [0, 1, 5, 6, 7, 15, 16].map(|n| r(n, 25));
    // 50 a second: every gap of 1/25 s in two, of 4/25 in eight, of 8/25 in sixteen.
    let mut expected = Vec::new();
    for pair in source.windows(2) {
        let parts = ((pair[1] - pair[0]) * 50).to_integer();
        expected.extend((0..parts).map(|k| pair[0] + r(k, 50)));
    }
    expected.push(source[6]);
    for name in ["out.mp4", "out.mkv", "out.nut"] {
        let path = dir.path().join(name);
        otinterp()
            .args([
                "retime", "--fps", "50", "--vfr", "--method", "hold", "-qy", "-o",
            ])
            .args([&path, &input])
            .assert()
            .success();
        let Some((pts, tick)) = pts_ticks(test, &path) else {
            return;
        };
        let seconds: Vec<Rational> = pts.iter().map(|&p| tick * i128::from(p - pts[0])).collect();
        assert_eq!(seconds.len(), expected.len(), "{name}");
        for (found, expected) in seconds.iter().zip(&expected) {
            let off = found - expected;
            assert!(
                off <= tick / 2 && -off <= tick / 2,
                "{name}: {found} for {expected}"
            );
        }
    }
    // The last frame lasts as long as the source says, in MP4 too, where the order of decoding counts.
    let duration = ffprobe(&dir.path().join("out.mp4"), "v:0", "stream=duration");
    assert_eq!(duration, ["0.680000"]);
}

#[test]
fn where_times_cannot_be_kept_the_rate_is_constant_and_a_file_tells_the_times() {
    let test = "where_times_cannot_be_kept_the_rate_is_constant_and_a_file_tells_the_times";
    let dir = tempfile::tempdir().unwrap();
    let Some(input) = variable(test, dir.path()) else {
        return;
    };
    let frames = |out: &[u8]| out.windows(6).filter(|w| w == b"FRAME\n").count();
    let run = |args: &[&str]| {
        let mut command = otinterp();
        command.args([
            "retime", "--fps", "50", "--method", "hold", "--vfr", "-q", "-o", "-",
        ]);
        command.arg(&input).args(args).assert().success()
    };
    let constant = run(&[]).stderr(predicate::str::contains("constant rate"));
    assert_eq!(frames(&constant.get_output().stdout), 34);
    let times = dir.path().join("times.txt");
    let kept = run(&["--timecodes", times.to_str().unwrap()]).stderr("");
    let text = std::fs::read_to_string(&times).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("# timestamp format v2"));
    let times_ms: Vec<f64> = lines.map(|l| l.parse().unwrap()).collect();
    assert_eq!(frames(&kept.get_output().stdout), times_ms.len());
    assert_eq!(times_ms[..4], [0.0, 20.0, 40.0, 60.0]);
    assert_eq!(times_ms.last(), Some(&640.0));
    // It is not overwritten unasked, and nothing else is written then.
    let refused = otinterp()
        .args(["retime", "--fps", "50", "--vfr", "-o", "-", "--timecodes"])
        .args([&times, &input])
        .assert()
        .failure()
        .stderr(predicate::str::contains("times.txt"));
    assert_eq!(refused.get_output().stdout.len(), 0);
    // Nor does it name the output.
    let both = dir.path().join("both.mkv").to_str().unwrap().to_owned();
    otinterp()
        .args(["retime", "--fps", "50", "--timecodes", &both, "-o", &both])
        .arg(&input)
        .assert()
        .code(2)
        .stderr(predicate::str::contains("-o and --timecodes both name"));
    assert!(!Path::new(&both).exists());
}

#[test]
fn a_part_is_that_part_of_the_whole_with_its_sound() {
    let test = "a_part_is_that_part_of_the_whole_with_its_sound";
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let input = at("in.mkv");
    let made = ffmpeg(
        test,
        &[
            "-f",
            "lavfi",
            "-i",
            "testsrc2=size=64x48:rate=25:duration=4",
            "-f",
            "lavfi",
            "-i",
            "sine=frequency=440:duration=4",
            "-c:v",
            "ffv1",
            "-c:a",
            "pcm_s16le",
            input.to_str().unwrap(),
        ],
    );
    if made.is_none() {
        return;
    }
    let retime = |args: &[&str], output: &Path| {
        otinterp()
            .args(["retime", "--factor", "2", "--method", "crossfade", "-qy"])
            .args(["--codec", "ffv1", "-o"])
            .args([output, &input])
            .args(args)
            .assert()
            .success()
            .stderr("");
    };
    let hashes = |path: &Path| {
        let args = ["-map", "0:v", "-f", "framemd5", "-"];
        let out = ffmpeg(test, &[&["-i", path.to_str().unwrap()][..], &args].concat()).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines = text.lines().filter(|l| !l.starts_with('#'));
        lines
            .map(|l| l.rsplit(',').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    retime(&[], &at("whole.mkv"));
    let whole = hashes(&at("whole.mkv"));
    // The same part, said in five ways: source frames 25 to 74.
    for args in [
        &["--start", "1", "--end", "3"][..],
        &["--range", "25f-75f"],
        &["--start", "0:01", "--end", "75f"],
        &["--range", "0:00:00.97-2.99"],
        &["--start", "25f", "--end", "3.0"],
    ] {
        retime(args, &at("part.mkv"));
        let part = hashes(&at("part.mkv"));
        // The last in-between too: the frame after the part is read, and not shown.
        assert_eq!(part, whole[50..150], "{args:?}");
        // Sound and picture begin together, and end together.
        for (select, end_s) in [("v:0", 2.0), ("a:0", 2.0)] {
            let times = ffprobe(&at("part.mkv"), select, "packet=pts_time");
            let times: Vec<f64> = times.iter().map(|t| t.parse().unwrap()).collect();
            assert!(times[0] < 0.03, "{args:?} {select}: {}", times[0]);
            let last = times[times.len() - 1];
            assert!(
                (end_s - 0.06..end_s).contains(&last),
                "{args:?} {select}: {last}"
            );
        }
    }
    for (args, why) in [
        (["--start", "9"], "s long; give a part"),
        (["--range", "2-1"], "no frame between"),
        (["--end", "x"], "no time such as"),
        (["--range", "5"], "no range such as"),
    ] {
        otinterp()
            .args(["retime", "--factor", "2", "-o"])
            .args([&at("none.mkv"), &input])
            .args(args)
            .assert()
            .failure()
            .stderr(predicate::str::contains(why));
        assert!(!at("none.mkv").exists());
    }
}

#[test]
fn two_hours_end_with_sound_and_picture_together() {
    let test = "two_hours_end_with_sound_and_picture_together";
    let dir = tempfile::tempdir().unwrap();
    let (input, output) = (dir.path().join("in.mkv"), dir.path().join("out.mkv"));
    // One frame in 1001/6000 s, so that a float or a rounded rate would drift; a beat of sound for each second.
    let made = ffmpeg(
        test,
        &[
            "-f",
            "lavfi",
            "-i",
            "color=size=16x16:rate=6000/1001:duration=7200",
            "-f",
            "lavfi",
            "-i",
            "anullsrc=r=8000:cl=mono:d=7200",
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-c:a",
            "pcm_s16le",
            input.to_str().unwrap(),
        ],
    );
    if made.is_none() {
        return;
    }
    otinterp()
        .args(["retime", "--fps", "15000/1001", "--method", "hold", "-qy"])
        .args(["--codec", "libx264", "--encoder-preset", "ultrafast", "-o"])
        .args([&output, &input])
        .assert()
        .success()
        .stderr("");
    let end = |path: &Path, select: &str| {
        let times = ffprobe(path, select, "packet=pts_time");
        let times = times.iter().map(|t| t.parse::<f64>().unwrap());
        times.fold(f64::MIN, f64::max)
    };
    let frame_s = 1001.0 / 15000.0;
    assert_eq!(end(&output, "a:0"), end(&input, "a:0"));
    // The last picture of the output is the first that shows the last of the source, or one of those that hold it.
    let last = end(&output, "v:0");
    let source_end = end(&input, "v:0") + 1001.0 / 6000.0;
    assert!(
        (source_end - 2.0 * frame_s..source_end).contains(&last),
        "{last} {source_end}"
    );
}

#[test]
fn real_variable_rates_keep_every_source_time() {
    let test = "real_variable_rates_keep_every_source_time";
    let Some(data) = data(test) else { return };
    let dir = tempfile::tempdir().unwrap();
    for name in [
        "vfr_rotated180.mp4",
        "derived_vfr_dropped.mkv",
        "vfr_hevc_2tracks_rot90.mp4",
    ] {
        let input = data.join("hard").join(name);
        let output = dir.path().join("out.mp4");
        otinterp()
            .args([
                "retime", "--factor", "2", "--vfr", "--method", "hold", "-qy",
            ])
            .args(["--codec", "libx264", "--encoder-preset", "ultrafast", "-o"])
            .args([&output, &input])
            .assert()
            .success();
        let seconds = |path: &Path| -> Option<Vec<f64>> {
            let (pts, tick) = pts_ticks(test, path)?;
            let tick_s = *tick.numer() as f64 / *tick.denom() as f64;
            Some(pts.iter().map(|&p| (p - pts[0]) as f64 * tick_s).collect())
        };
        let (Some(given), Some(found)) = (seconds(&input), seconds(&output)) else {
            return;
        };
        for time in &given {
            let nearest = found
                .iter()
                .map(|f| (f - time).abs())
                .fold(f64::MAX, f64::min);
            // Matroska's times are rounded to 1 ms and freed of it.
            assert!(nearest < 1.1e-3, "{name}: {time} s is {nearest} s off");
        }
    }
}
