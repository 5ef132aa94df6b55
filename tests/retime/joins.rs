//! Outputs that are made in segments: stretched sound after a run that was cut short, and reordered frames at
//! variable times over the joins.

use crate::common::clips::{ffmpeg, otinterp};
use crate::common::played::{RATE, ffprobe, samples};
use crate::resumable::{CHEAP, Resumable, wait_until};
use otinterp_video::time::Rational;
use std::fs;
use std::path::Path;
use std::process::Command;

/// 12 s of 30 frames a second with a beat on a tone, in a folder.
fn with_sound(test: &str, source: &str) -> Option<Resumable> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(source);
    let picture = "testsrc2=size=64x48:rate=30:duration=12";
    let sound = "aevalsrc='0.3*sin(880*t)+0.4*sin(4000*t)*lt(mod(t,1),0.1)':s=44100:d=12";
    let inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound];
    let codecs = [
        "-c:v", "libx264", "-preset", "fast", "-g", "50", "-c:a", "aac",
    ];
    ffmpeg(
        test,
        &[&inputs[..], &codecs, &[path.to_str().unwrap()]].concat(),
    )?;
    let folder = dir.path().to_owned();
    let slowed = [&["--slow", "4", "--audio", "stretch"][..], &CHEAP].concat();
    Some(Resumable::of(folder, Some(dir), source, &slowed))
}

#[test]
fn stretched_sound_is_the_same_after_a_kill_and_an_interrupt() {
    let test = "stretched_sound_is_the_same_after_a_kill_and_an_interrupt";
    let Some(job) = with_sound(test, "source.mp4") else {
        return;
    };
    for name in ["out.mp4", "out.mkv"] {
        let whole = format!("whole-{name}");
        job.ok(&whole, &["-q"]);
        // Four times as long, and encoded anew.
        let heard = samples(test, &job.at(&whole)).len() as f64 / RATE;
        assert!((heard - 48.0).abs() < 0.2, "{name}: {heard}");

        job.cut_short(name, 2, &[]);
        let kept = job.segments(name);
        let interrupted = job.start(name, &["-q", "--resume"]);
        wait_until(|| job.segments(name) > kept);
        let id = interrupted.id().to_string();
        Command::new("kill").args(["-INT", &id]).status().unwrap();
        let stopped = interrupted.wait_with_output().unwrap();
        assert_eq!(stopped.status.code(), Some(130), "{name}");
        // All segments are there: the sound is being encoded, or is about to be.
        let mut child = job.start(name, &["-q", "--resume"]);
        wait_until(|| job.segments(name) == 1440 / 250 || job.at(name).exists());
        child.kill().unwrap();
        child.wait().unwrap();
        if !job.at(name).exists() {
            job.ok(name, &["-q", "--resume"]);
        }
        let read = |name: &str| fs::read(job.at(name)).unwrap();
        assert!(read(name) == read(&whole), "{name} differs");
        assert!(!job.work_folder(name).exists());
    }
}

/// A packet as the container tells it.
struct Told {
    pts: i64,
    /// Matroska has none; what is said of its first packets is not known.
    dts: Option<i64>,
    is_key: bool,
}

/// The packets of the picture in the order of the file, and the tick in seconds.
fn packets(path: &Path) -> (Vec<Told>, Rational) {
    let tick = &ffprobe(path, "v:0", "stream=time_base")[0];
    let (num, den) = tick.split_once('/').unwrap();
    let tick = Rational::new(num.parse().unwrap(), den.parse().unwrap());
    let lines = ffprobe(path, "v:0", "packet=pts,dts,flags");
    let told = lines.iter().map(|line| {
        let parts: Vec<&str> = line.split(',').collect();
        Told {
            pts: parts[0].parse().unwrap(),
            dts: parts[1].parse().ok(),
            is_key: parts[2].starts_with('K'),
        }
    });
    (told.collect(), tick)
}

/// The luma of every frame, in the order in which they are shown.
fn pictures(test: &str, path: &Path) -> Vec<Vec<u8>> {
    let input = ["-i", path.to_str().unwrap(), "-map", "0:v"];
    let output = ["-fps_mode", "passthrough", "-vf", "extractplanes=y"];
    let raw = ["-f", "rawvideo", "-"];
    let bytes = ffmpeg(test, &[&input[..], &output, &raw].concat()).unwrap();
    bytes.chunks(64 * 48).map(<[u8]>::to_vec).collect()
}

/// Mean difference of the pictures `a[from..to]` from those of `b` that are `shift` later.
fn difference(a: &[Vec<u8>], b: &[Vec<u8>], from: usize, to: usize, shift: isize) -> f64 {
    let mut sum = 0;
    for k in from..to {
        let other = &b[k.checked_add_signed(shift).unwrap()];
        let off = a[k].iter().zip(other).map(|(a, b)| a.abs_diff(*b));
        sum += off.map(u64::from).sum::<u64>();
    }
    sum as f64 / ((to - from) * 64 * 48) as f64
}

/// All pictures of `plain` are in `coded`, each in its place, but for the coding.
fn assert_same_pictures(name: &str, coded: &[Vec<u8>], plain: &[Vec<u8>]) {
    assert_eq!(coded.len(), plain.len(), "{name}");
    for from in (1..coded.len() - 26).step_by(25) {
        let [before, same, after] =
            [-1, 0, 1].map(|shift| difference(coded, plain, from, from + 25, shift));
        assert!(
            same < 0.5 && same < before.min(after),
            "{name}, from {from}: {before} {same} {after}"
        );
    }
}

/// 16 frames of every 51 of 100 a second, one to nine hundredths of a second apart; at 3 s a pause of 2 s, so that
/// the times of decoding before and after a join are far from alike.
fn variable(test: &str, path: &Path) -> Option<Vec<Rational>> {
    // A tenth of a second's motion from frame to frame.
    let picture = "testsrc2=size=64x48:rate=10:duration=80,settb=1/100,setpts=N";
    let select = "select='lt(mod(n*n*n+3*n,17),6)*not(between(n,300,500))'";
    let args = ["-f", "lavfi", "-i", picture, "-vf", select];
    let coded = ["-fps_mode", "vfr", "-c:v", "ffv1", path.to_str().unwrap()];
    ffmpeg(test, &[&args[..], &coded].concat())?;
    let times = ffprobe(path, "v:0", "packet=pts");
    // Matroska counts milliseconds; they are whole hundredths of a second.
    let times: Vec<i128> = times.iter().map(|t| t.parse().unwrap()).collect();
    assert!(times.iter().all(|t| t % 10 == 0));
    Some(times.iter().map(|&t| Rational::new(t, 1000)).collect())
}

#[test]
fn reordered_frames_at_variable_times_keep_them_over_joins() {
    let test = "reordered_frames_at_variable_times_keep_them_over_joins";
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let Some(source) = variable(test, &at("in.mkv")) else {
        return;
    };
    // 120 a second: every gap of d seconds in round(120 d) equal parts.
    let mut expected = Vec::new();
    for pair in source.windows(2) {
        let gap = pair[1] - pair[0];
        let parts = (gap * 120).round().to_integer();
        expected.extend((0..parts).map(|k| pair[0] + gap * Rational::new(k, parts)));
    }
    expected.extend(source.last());
    assert!(expected.len() > 3 * 250, "{}", expected.len());
    fs::write(at("no cuts"), "").unwrap();
    let retime = |name: &str, codec: &[&str]| {
        otinterp()
            .current_dir(dir.path())
            .args(["retime", "in.mkv", "--fps", "120", "--vfr", "-q"])
            .args(["--method", "crossfade", "--cuts", "no cuts", "-o", name])
            .args(codec)
            .assert()
            .success()
            .stderr("");
    };
    // Pictures for themselves, in which nothing is reordered.
    retime("plain.mkv", &["--codec", "ffv1"]);
    let plain = pictures(test, &at("plain.mkv"));
    assert_eq!(plain.len(), expected.len());
    // Its lossless mode has no B-frames.
    let x264 = ["--codec", "libx264", "--crf", "1"];
    let x265 = ["--codec", "libx265", "--encoder-opt"];
    let x265 = [
        &x265[..],
        &["x265-params=lossless=1", "--encoder-preset", "fast"],
    ]
    .concat();
    let found = otinterp_video::encoders().unwrap();
    for (name, codec) in [
        ("h264.mp4", &x264[..]),
        ("h264.mkv", &x264),
        ("h264.ts", &x264),
        ("hevc.mp4", &x265),
        ("hevc.mkv", &x265),
    ] {
        if found.iter().all(|e| e.name != codec[1]) {
            println!("skipped: {name}: the linked FFmpeg has no {}", codec[1]);
            continue;
        }
        retime(name, codec);
        assert_same_pictures(name, &pictures(test, &at(name)), &plain);
        let (told, tick) = packets(&at(name));
        assert_eq!(told.len(), expected.len(), "{name}");
        assert!(
            told.windows(2).any(|w| w[1].pts < w[0].pts),
            "{name}: no B-frames"
        );
        let dts: Vec<i64> = told.iter().filter_map(|t| t.dts).collect();
        assert!(dts.windows(2).all(|w| w[0] < w[1]), "{name}: DTS");
        assert!(told.iter().all(|t| t.dts <= Some(t.pts)), "{name}");
        assert!(dts.len() == told.len() || name.ends_with("mkv"), "{name}");
        let joins = told.iter().skip(1).filter(|t| t.is_key).count();
        assert!(joins >= 3, "{name}: {joins}");
        let mut pts: Vec<i64> = told.iter().map(|t| t.pts).collect();
        pts.sort_unstable();
        for (k, (&pts_ticks, &exact)) in pts.iter().zip(&expected).enumerate() {
            let off = tick * i128::from(pts_ticks - pts[0]) - exact;
            // Source times are whole ticks of all these containers.
            let room = if source.contains(&exact) {
                Rational::from_integer(0)
            } else {
                tick / 2
            };
            assert!(
                off <= room && -off <= room,
                "{name}: frame {k} is {off} s off"
            );
        }
    }
}
